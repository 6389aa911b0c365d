"""Tasks of a second or an hour side by side, each in a process of its own; none waits for another.

A process is forked for each task as another one ends, so that no more run than there are processors, and
knows everything that this one knew. It tells through a pipe how far it is, and at last what came of the task
or why nothing did. Where this process ends, whatever ends it, the others end too.
"""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from select import select
from typing import Any, Final, Generic, NoReturn, Protocol, TypeVar

from mlpcli.arrays import Array
from mlpcli.errors import MemoryLimitError, MlpError
from mlpcli.parallel import shared_memory
from mlpcli.parallel.fork import Fork, fork_with_pipes, let_go, silence

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

KILLED: Final = "a process that trained a member was killed"
REMEDY: Final = "where memory was short, use --threads 1, smaller layers, or fewer rows"
LENGTH: Final = 8  # bytes before a message, which say how long it is
PIECE: Final = 1 << 20
WATCH: Final = 0.1  # seconds after which the one who waits looks whether it is to stop
TOLD, DONE, FAILED, BROKEN = "told", "done", "failed", "broken"


class InterruptedTaskError(Exception):
    """A task was asked to stop, and has saved what it needs to go on: says where that was."""


class Task(Protocol[Result_co]):
    """Something to do: it tells how far it is, and asks now and then whether it is to stop."""

    def __call__(self, tell: Callable[[Any], None], stop_requested: Callable[[], bool], /) -> Result_co: ...


Hear = Callable[[int, Any], None]
"""Is told what the task of a number tells."""


def nothing_again(_number: int) -> bool:
    """No task begins again."""
    return False


def side_by_side(
    tasks: Sequence[Task[Result]],
    most: int,
    hear: Hear,
    stop_requested: Callable[[], bool],
    again: Callable[[int], bool] = nothing_again,
) -> list[Result]:
    """What came of each task. No more than `most` run at a time; one at a time run in this process.

    InterruptedTaskError where not all have been done. Where one fails, the others are asked to stop, and what
    it raised is raised when they have; of several the first in their order. Where the process of a task was
    killed, `again` says whether the task of that number begins anew.
    """
    if most < 2 or len(tasks) < 2 or not hasattr(os, "fork"):
        return [_here(task, number, hear, stop_requested) for number, task in enumerate(tasks)]
    crew = _Crew(tasks, hear, again)
    with ExitStack() as ends:
        ends.callback(crew.end)
        return crew.results(most, stop_requested)


def _here(task: Task[Result], number: int, hear: Hear, stop_requested: Callable[[], bool]) -> Result:
    return task(lambda message: hear(number, message), stop_requested)


@dataclass(eq=False)
class _Crew(Generic[Result]):
    """Processes at work, by the end of a pipe that their messages come from."""

    tasks: Sequence[Task[Result]]
    hear: Hear
    again: Callable[[int], bool]
    stopping: Array = field(default_factory=lambda: shared_memory.zeros((1,), "int8"))
    working: dict[int, _Process] = field(default_factory=dict)
    outcomes: dict[int, Result | BaseException] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)

    def results(self, most: int, stop_requested: Callable[[], bool]) -> list[Result]:
        """Start and hear them until all have ended, or are to stop and have."""
        self.waiting.extend(range(len(self.tasks)))
        while self.working or (self.waiting and not self.stopping[0]):
            while self.waiting and len(self.working) < most and not self.stopping[0]:
                self._start(self.waiting.popleft(), stop_requested)
            ready, _, _ = select(list(self.working), [], [], WATCH)
            for end in ready:
                self._listen(end)
            if stop_requested():
                self.stopping[0] = 1
        return self._in_order(begun=not self.waiting)

    def _start(self, number: int, stop_requested: Callable[[], bool]) -> None:
        task, forked = self.tasks[number], fork_with_pipes()
        if forked is None:  # the system has no process to give: this one does it
            self.outcomes[number] = _here(task, number, self.hear, stop_requested)
            return
        if forked.process == 0:
            _work_and_end(task, forked, self.stopping)
        self.working[forked.incoming] = _Process(number, forked)

    def _listen(self, end: int) -> None:
        process = self.working[end]
        for kind, content in process.messages():
            if kind == TOLD:
                self.hear(process.number, content)
            else:
                self.outcomes[process.number] = content if kind != BROKEN else RuntimeError(content)
                self.stopping[0] |= kind != DONE
        if process.has_ended:
            self.working.pop(end).end()
            if process.number not in self.outcomes:
                self._killed(process.number)

    def _killed(self, number: int) -> None:
        if self.again(number):
            self.waiting.append(number)
            return
        self.outcomes[number] = MemoryLimitError.of(KILLED, hint=REMEDY)
        self.stopping[0] = 1

    def _in_order(self, *, begun: bool) -> list[Result]:
        """What came of all; raises what one raised, rather than that others were asked to stop for it."""
        found = [self.outcomes[number] for number in sorted(self.outcomes)]
        errors = [outcome for outcome in found if isinstance(outcome, BaseException)]
        for error in sorted(errors, key=lambda error: isinstance(error, InterruptedTaskError)):
            raise error
        if not begun:
            raise InterruptedTaskError("before it began")
        return [outcome for outcome in found if not isinstance(outcome, BaseException)]

    def end(self) -> None:
        """End those that still work: what they were to save is saved."""
        while self.working:
            self.working.popitem()[1].end()


@dataclass(eq=False)
class _Process:
    """A process at a task, and what has come of the messages that it sends."""

    number: int
    forked: Fork
    has_ended: bool = False
    _received: bytearray = field(default_factory=bytearray)

    def messages(self) -> Iterator[tuple[str, Any]]:
        """Those that are whole by now."""
        piece = os.read(self.forked.incoming, PIECE)
        self.has_ended = not piece
        self._received += piece
        while len(self._received) >= LENGTH:
            stop = LENGTH + int.from_bytes(self._received[:LENGTH])
            if len(self._received) < stop:
                break
            yield pickle.loads(bytes(self._received[LENGTH:stop]))
            del self._received[:stop]

    def end(self) -> None:
        """End it, whatever state it is in."""
        for pipe in (self.forked.incoming, self.forked.outgoing):
            os.close(pipe)
        with suppress(ChildProcessError, ProcessLookupError):
            os.kill(self.forked.process, signal.SIGKILL)
            os.waitpid(self.forked.process, 0)


def _work_and_end(task: Task[Any], forked: Fork, stopping: Array) -> NoReturn:
    """In a process of its own: do the task, say what came of it, nothing of what is the parent's to do."""
    parent = os.getppid()

    def send(kind: str, content: object) -> None:
        message = pickle.dumps((kind, content), pickle.HIGHEST_PROTOCOL)
        left = memoryview(len(message).to_bytes(LENGTH) + message)
        while left:
            left = left[os.write(forked.outgoing, left) :]

    def stop_requested() -> bool:
        return bool(stopping[0]) or os.getppid() != parent

    try:
        needed = {forked.incoming, forked.outgoing}
        silence(needed)
        let_go(needed)
        send(DONE, task(lambda message: send(TOLD, message), stop_requested))
    except (MlpError, MemoryError, InterruptedTaskError) as error:
        with suppress(OSError):
            send(FAILED, error)
    except BaseException:
        with suppress(OSError):
            send(BROKEN, traceback.format_exc())
    finally:
        os._exit(0)
