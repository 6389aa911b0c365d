"""Work on several things at a time, in threads, and its results in the order of the things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

from mlpcli.threads import available

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def in_order(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Result]:
    """What `work` makes of each thing, while it is at work on the next ones already.

    No more than three things are there at a time, or their results. An error comes when its turn
    does, whether `work` raises it or `things`: as if there were one thread. A single thing needs none.
    """
    calls = _calls(work, things)
    ahead = deque(islice(calls, 2))
    if len(ahead) < 2 or available() == 1:
        while ahead:
            yield ahead.popleft()()
            ahead.extend(islice(calls, 1))
        return
    pool = ThreadPoolExecutor(available())
    try:
        ahead = deque(_submitted(pool, ahead.popleft()) for _ in range(len(ahead)))
        while ahead:
            ahead.extend(_submitted(pool, call) for call in islice(calls, 1))
            yield ahead.popleft()()
    finally:
        pool.shutdown(cancel_futures=True)


def _calls(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Callable[[], Result]]:
    """The work on each thing; instead of a thing that an error keeps from coming, that error."""
    try:
        for thing in things:
            yield partial(work, thing)
    except Exception as error:
        yield partial(_fail, error)


def _fail(error: Exception) -> Result:  # type: ignore[type-var]
    raise error


def _submitted(pool: ThreadPoolExecutor, call: Callable[[], Result]) -> Callable[[], Result]:
    """What waits for the result of a call that a thread makes, or makes it where no thread can be had."""
    try:
        return pool.submit(call).result
    except RuntimeError:
        return call
