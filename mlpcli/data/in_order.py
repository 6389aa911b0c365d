"""Work on the next thing in a thread of its own while the last result is used; results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import NoReturn, TypeVar

from mlpcli.threads import available

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def in_order(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Result]:
    """What `work` makes of each thing, begun as soon as the result before it is waited for.

    No more than two things are there at a time, or their results. An error comes when its turn does, whether
    `work` raises it or `things`: as without a thread, and one thing alone, or one processor, has none.
    """
    calls = _calls(work, things)
    ahead = deque(islice(calls, 2))
    if len(ahead) < 2 or available() == 1:
        while ahead:
            yield ahead.popleft()()
            ahead.extend(islice(calls, 1))
        return
    pool = ThreadPoolExecutor(1)
    try:
        ahead.extend(_begun(pool, ahead.popleft()) for _ in range(2))
        while ahead:
            yield ahead.popleft()()
            ahead.extend(_begun(pool, call) for call in islice(calls, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _calls(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Callable[[], Result]]:
    """The work on each thing; in place of things that an error keeps from coming, that error."""
    try:
        for thing in things:
            yield partial(work, thing)
    except Exception as error:
        yield partial(_fail, error)


def _fail(error: Exception) -> NoReturn:
    raise error


def _begun(pool: ThreadPoolExecutor, call: Callable[[], Result]) -> Callable[[], Result]:
    """What waits for the result of a call; the call itself where no thread can be had."""
    try:
        return pool.submit(call).result
    except RuntimeError:
        return call
