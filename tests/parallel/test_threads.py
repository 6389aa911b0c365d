"""How many threads a matrix product has is one number for the whole process, whoever trains in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import NoReturn

import numpy as np
import pytest
import threadpoolctl

from mlpcli import memory
from mlpcli.errors import MemoryLimitError
from mlpcli.parallel import threads
from mlpcli.parallel.fork import fork
from mlpcli.parallel.per_thread import PerThread


def of_products() -> int:
    """The threads that a product has now."""
    (number,) = {
        info["num_threads"] for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"
    }
    return int(number)


@pytest.fixture(autouse=True)
def three() -> Iterator[None]:
    """Whatever the machine has: a number that nobody asks for below."""
    np.ones((2, 2)).dot(np.ones(2))  # the library is there
    before = of_products()
    openblas(3)
    yield
    openblas(before)


def openblas(number: int) -> None:
    """Set the number from a thread that ends, so that none has it to itself."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threadpoolctl.threadpool_limits, limits=number, user_api="blas").result()


def test_several_threads_have_the_number_that_they_want_one_after_the_other() -> None:
    """And then it is the one from before, whoever was the last."""

    def work(number: int) -> list[int]:
        with threads.limited(number):
            return [of_products() for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, [1, 2] * 10))
    assert found == [[1] * 4, [2] * 4] * 10
    assert of_products() == 3


def test_the_number_comes_back_after_a_failure() -> None:
    with pytest.raises(KeyError), threads.limited(1):
        raise KeyError
    assert of_products() == 3


def test_some_have_one_thread_together_while_others_wait() -> None:
    """Whoever leaves last sets the number back."""
    together = Barrier(3, timeout=30)

    def work() -> list[int]:
        with threads.limited(1):
            together.wait()
            return [of_products()]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: work(), range(3))) == [[1]] * 3
    assert of_products() == 3


def test_who_is_alone_may_have_another_number_for_a_while() -> None:
    with threads.limited(2):
        with threads.limited(1):
            assert of_products() == 1
        assert of_products() == 2
    assert of_products() == 3


def test_who_shares_cannot_have_more() -> None:
    """It would wait for itself."""
    with threads.limited(1):
        with pytest.raises(RuntimeError, match="cannot have more"), threads.limited(2):
            pass
        with threads.limited(1):
            assert of_products() == 1
    assert of_products() == 3


def with_two_threads_and_end() -> NoReturn:
    """Exit code 0 where it has two."""
    right = False
    try:
        with threads.limited(2):
            right = of_products() == 2
    finally:
        os._exit(0 if right else 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_wait_for_its_parents_threads() -> None:
    begun, over = Event(), Event()

    def parent() -> None:
        with threads.limited(1):
            begun.set()
            over.wait()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(parent)
        begun.wait()
        child = fork()
        if child == 0:
            with_two_threads_and_end()
        over.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_each_thread_has_its_own_and_keeps_it() -> None:
    made = PerThread(lambda: object())
    with ThreadPoolExecutor(1) as other:
        there = [other.submit(made.own).result() for _ in range(2)]
    here = [made.own() for _ in range(2)]
    assert here[0] is here[1] and there[0] is there[1]
    assert here[0] is not there[0]


def test_more_threads_than_a_limit_leaves_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenBLAS would end the process, or wait for ever."""
    monkeypatch.setattr(memory, "left_of_limit", lambda: 100_000_000)
    with pytest.raises(MemoryLimitError, match="for 4 threads: about 126 MB needed, 100 MB available"):
        threads.limited(4).__enter__()
    with threads.limited(3):
        assert of_products() == 3
