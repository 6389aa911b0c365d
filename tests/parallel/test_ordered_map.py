"""Work in a thread ahead of its turn: results and errors come as if there were no thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from mlpcli.parallel import ordered_map as module
from mlpcli.parallel.ordered_map import in_order


class SlipError(Exception):
    """An error of the things or of the work."""


def things(count: int, wrong: int | None = None) -> Iterator[int]:
    """Numbers from 0; an error in the place of one."""
    for number in range(count):
        if number == wrong:
            raise SlipError(f"thing {number}")
        yield number


def work(number: int) -> int:
    """The square; an error for 7."""
    if number == 7:
        raise SlipError("work 7")
    return number**2


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_results_are_in_order(count: int, processors: int) -> None:
    """Also where there are fewer things than can be under way."""
    with patch.object(module, "available", lambda: processors):
        assert list(in_order(work, things(count))) == [number**2 for number in range(count)]


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize("wrong", [0, 1, 6, 7, 8, None])
def test_the_first_error_by_position_is_the_one(wrong: int | None, processors: int) -> None:
    """After all results before it, whether a thing does not come or the work on one fails."""
    found: list[int] = []
    with patch.object(module, "available", lambda: processors), pytest.raises(SlipError) as caught:
        found.extend(in_order(work, things(20, wrong)))
    first = 7 if wrong is None else min(wrong, 7)
    assert found == [number**2 for number in range(first)]
    assert str(caught.value) == (f"thing {wrong}" if wrong is not None and wrong <= 7 else "work 7")


@pytest.mark.parametrize("processors", [2, 3])
def test_no_more_things_are_there_at_a_time_than_processors_and_one(processors: int) -> None:
    """However many there are: they may be large."""
    taken = 0

    def counted() -> Iterator[int]:
        nonlocal taken
        for number in range(10):
            taken += 1
            yield number

    with patch.object(module, "available", lambda: processors):
        for index, _ in enumerate(in_order(abs, counted())):
            assert taken <= index + processors + 1


def test_the_callers_thread_works_where_it_would_wait() -> None:
    """A thread that is at the first thing until the second is done cannot do that one too."""
    second = threading.Event()

    def work(number: int) -> threading.Thread:
        if number == 0:
            assert second.wait(60)
        elif number == 1:
            second.set()
        return threading.current_thread()

    with patch.object(module, "available", lambda: 2):
        assert threading.current_thread() in list(in_order(work, range(3)))


def test_one_thing_needs_no_thread_and_no_thread_stays() -> None:
    """Where what uses the results gives up, the thread ends too."""
    with patch.object(module, "available", lambda: 2):
        before = set(threading.enumerate())
        assert list(in_order(lambda _: threading.current_thread(), [1])) == [threading.current_thread()]
        results = in_order(lambda _: threading.current_thread(), range(5))
        next(results)
        results.close()
        assert set(threading.enumerate()) == before


def test_where_no_thread_can_be_had_the_work_is_done_all_the_same() -> None:
    """As under a limit on processes or memory."""
    with (
        patch.object(module, "available", lambda: 2),
        patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")),
    ):
        assert list(in_order(work, things(5))) == [0, 1, 4, 9, 16]
