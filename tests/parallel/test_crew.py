"""Tasks side by side: what came of each in their order, who is asked to stop, and which error is told."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mlpcli.errors import DataError, MemoryLimitError
from mlpcli.parallel import crew
from mlpcli.parallel.crew import InterruptedTaskError, side_by_side
from mlpcli.parallel.fork import fork_with_pipes

Tell = Callable[[Any], None]
Stop = Callable[[], bool]
MOST = [1, 2, 3]
PATIENCE = 20_000_000


def square(number: int, tell: Tell, _: Stop) -> tuple[int, int]:
    """The square, and the process that found it."""
    tell(f"{number} begins")
    tell(number / 2)
    return number * number, os.getpid()


def wait_to_stop(tell: Tell, stop_requested: Stop) -> None:
    """Go on until somebody asks to stop; after seconds in which nobody did, for ever would be too long."""
    tell("begun")
    for _ in range(PATIENCE):
        if stop_requested():
            raise InterruptedTaskError("epoch 7")
    raise TimeoutError("nobody asked to stop")


def fail(words: str, *_: object) -> None:
    raise DataError.of(words)


def never() -> bool:
    return False


def ignored(*_: object) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("most", MOST)
@pytest.mark.parametrize("count", [0, 1, 5])
def test_results_are_in_the_order_of_the_tasks(count: int, most: int) -> None:
    heard: list[tuple[int, Any]] = []
    tasks = [partial(square, number) for number in range(count)]
    results = side_by_side(tasks, most, lambda number, message: heard.append((number, message)), never)
    assert [result for result, _ in results] == [number * number for number in range(count)]
    for number in range(count):  # each in its own order, whatever the others say between
        assert [message for who, message in heard if who == number] == [f"{number} begins", number / 2]


def test_each_has_a_process_of_its_own_and_one_at_a_time_none() -> None:
    tasks = [partial(square, number) for number in range(4)]
    others = {process for _, process in side_by_side(tasks, 2, ignored, never)}
    assert len(others) == 4
    assert os.getpid() not in others
    for few, most in ((tasks, 1), (tasks[:1], 2)):
        assert {process for _, process in side_by_side(few, most, ignored, never)} == {os.getpid()}


def test_where_the_system_has_no_process_to_give_this_one_does_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gives = iter([True, False, False])
    monkeypatch.setattr(crew, "fork_with_pipes", lambda: fork_with_pipes() if next(gives) else None)
    results = side_by_side([partial(square, number) for number in range(3)], 2, ignored, never)
    assert [result for result, _ in results] == [0, 1, 4]
    assert [process == os.getpid() for _, process in results] == [False, True, True]


def test_results_of_any_length_come_whole() -> None:
    lengths = [0, crew.PIECE - 1, crew.PIECE + 1, 3 * crew.PIECE]
    tasks = [partial(lambda length, *_: bytes(length), length) for length in lengths]
    assert [len(result) for result in side_by_side(tasks, 4, ignored, never)] == lengths


def test_an_error_of_one_ends_the_others_and_is_told() -> None:
    """Without the error the first would never end."""
    with pytest.raises(DataError, match="no such column"):
        side_by_side([wait_to_stop, partial(fail, "no such column")], 2, ignored, never)


@pytest.mark.parametrize("most", MOST)
def test_of_several_errors_the_first_in_order_is_told(most: int) -> None:
    def wait_and_fail(tell: Tell, stop_requested: Stop) -> None:
        if most > 1:  # alone it would wait for what never comes
            with pytest.raises(InterruptedTaskError):
                wait_to_stop(tell, stop_requested)
        fail("the first")

    tasks = [wait_and_fail, partial(fail, "the second")]
    with pytest.raises(DataError, match="the first"):
        side_by_side(tasks, most, ignored, never)


def test_an_error_that_nobody_expected_comes_with_its_own_traceback() -> None:
    def divide(tell: Tell, _: Stop) -> float:
        tell("about to")
        return 1 / 0

    with pytest.raises(RuntimeError, match=r"in divide(?s:.*)ZeroDivisionError"):
        side_by_side([divide, wait_to_stop], 2, ignored, never)


@pytest.mark.parametrize("most", [2, 3])
def test_a_stop_is_told_to_those_that_work_and_no_other_begins(most: int) -> None:
    begun: set[int] = set()
    with pytest.raises(InterruptedTaskError, match="epoch 7"):
        side_by_side(
            [wait_to_stop] * 5, most, lambda number, _: begun.add(number), lambda: len(begun) == most
        )
    assert begun == set(range(most))


def test_a_stop_before_a_task_began_is_a_stop_of_the_whole() -> None:
    """Those that worked have all they were to do, and still not all has been done."""
    begun: set[int] = set()
    tasks = [partial(square, number) for number in range(3)]
    with pytest.raises(InterruptedTaskError, match="before it began"):
        side_by_side(tasks, 2, lambda number, _: begun.add(number), lambda: True)
    assert begun == {0, 1}


@pytest.mark.parametrize("die", [lambda *_: os.kill(os.getpid(), signal.SIGKILL), lambda *_: os._exit(0)])
def test_a_process_that_ends_without_a_word_had_too_little_memory(die: Callable[..., None]) -> None:
    with pytest.raises(MemoryLimitError) as error:
        side_by_side([wait_to_stop, die], 2, ignored, never)
    assert error.value.problems[0].message == crew.KILLED
    assert error.value.problems[0].hint == crew.REMEDY


def test_where_the_listener_fails_no_process_is_left() -> None:
    workers: list[int] = []

    def say_who(tell: Tell, stop_requested: Stop) -> None:
        tell(os.getpid())
        wait_to_stop(tell, stop_requested)

    def hear(_: int, message: Any) -> None:
        workers.append(message)
        if len(workers) == 2:
            raise KeyError(message)

    with pytest.raises(KeyError):
        side_by_side([say_who, say_who], 2, hear, never)
    for process in {worker for worker in workers if isinstance(worker, int)}:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
