"""Work on several things at a time, one on each processor; results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Generic, NoReturn, TypeVar

from mlpcli.memory import threads_that_fit
from mlpcli.parallel.threads import MOST, available

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def in_order(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Result]:
    """What `work` makes of each thing. Threads work ahead, and so does the caller's where it would wait.

    No more things are there at a time, or their results, than there are processors, and one. An error comes
    when its turn does, whether `work` raises it or `things`: as without a thread, and one thing alone, or one
    processor, has none.
    """
    calls = _calls(work, things)
    processors = 1 + threads_that_fit(min(available(), MOST) - 1)
    first = deque(islice(calls, 2))
    if len(first) < 2 or processors == 1:
        while first:
            yield first.popleft()()
            first.extend(islice(calls, 1))
        return
    pool = ThreadPoolExecutor(processors - 1)
    try:
        ahead = deque(_Task(pool, first.popleft()) for _ in range(2))
        while ahead:
            ahead.extend(_Task(pool, call) for call in islice(calls, processors + 1 - len(ahead)))
            _await(ahead)
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Task(Generic[Result]):
    """A call that a thread will make, unless the caller's own does before."""

    def __init__(self, pool: ThreadPoolExecutor, call: Callable[[], Result]) -> None:
        self._call = call
        self._done: Future[Result] = Future()
        try:
            self._done = pool.submit(call)
        except RuntimeError:  # no thread can be had
            self.take()

    def take(self) -> bool:
        """Make the call here and now if no thread has begun it."""
        if not self._done.cancel():
            return False
        self._done = Future()
        try:
            self._done.set_result(self._call())
        except Exception as error:
            self._done.set_exception(error)
        return True

    def done(self) -> bool:
        """Whether the call has been made."""
        return self._done.done()

    def result(self) -> Result:
        """What came of the call, once it has been made."""
        return self._done.result()


def _await(ahead: Iterable[_Task[Result]]) -> None:
    """Wait for the first; until it is done, take what no thread has begun."""
    tasks = list(ahead)
    while not tasks[0].done() and any(task.take() for task in tasks):
        pass


def _calls(work: Callable[[Thing], Result], things: Iterable[Thing]) -> Iterator[Callable[[], Result]]:
    """The work on each thing; in place of things that an error keeps from coming, that error."""
    try:
        for thing in things:
            yield partial(work, thing)
    except Exception as error:
        yield partial(_fail, error)


def _fail(error: Exception) -> NoReturn:
    raise error
