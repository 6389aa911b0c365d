"""A crew whose members are processes, forked from this one: nothing but shared memory and bells joins them.

Python runs one thread of a process at a time; processes do not wait for each other, and so even steps of a
millisecond can be shared. A member's process knows the tasks as they were when it was forked. Where this
process ends, whatever ends it, a pipe is closed, and with that the others end too.
"""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import perf_counter, process_time
from typing import Final, NoReturn, Self

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.errors import MemoryLimitError
from mlpcli.parallel import shared_memory
from mlpcli.parallel.fork import Fork, fork_with_pipes, let_go, silence
from mlpcli.parallel.pacing import Rest
from mlpcli.parallel.pool import Crew, Job, Task
from mlpcli.parallel.thread_pool import InThreads
from mlpcli.parallel.threads import available

OUT_OF_MEMORY: Final = b"M"  # written by a process that gives up; anything else says what went wrong
# so often a member that has a processor to itself looks whether there is something for it before it sleeps:
# to be woken takes longer than what there is to wait for between two halves of a step
LOOKS: Final = 500
KILLED: Final = "a process that took part in the training was killed"
REMEDY: Final = "where memory was short, use --threads 1, smaller layers, or a smaller batch"


def processes(size: int) -> Crew:
    """Such a crew on Linux, else one of threads: other systems' libraries do not bear a fork."""
    return InProcesses(size) if hasattr(os, "eventfd") else InThreads(size)


class InProcesses:
    """Members in processes of their own, but for the first; this one stands in where one cannot be forked."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._tasks: list[Task] = []
        self._hands: list[Hand] | None = None  # none are hired yet
        self._entered = False
        self._rest = Rest()

    def job(self, task: Task) -> Job:
        """Every process does its part; this one the first, and those that no process has begun by then."""
        assert self._hands is None  # else there are processes that do not know this one
        self._tasks.append(task)
        return partial(self._do, len(self._tasks) - 1)

    def _do(self, number: int, argument: int) -> list[float]:
        task, hands, waited = self._tasks[number], self._free_hands(), 0.0
        for hand in hands.values():
            hand.order(number, argument)
        try:
            begun = process_time()
            values = {m: task(m, argument) for m in range(self.size) if m not in hands}
            worked = process_time() - begun
            for member in [*hands]:
                hand = hands.pop(member)
                if hand.gives_back():
                    values[member] = task(member, argument)
                else:
                    since = perf_counter()
                    values[member] = hand.answer()
                    waited += perf_counter() - since
        finally:
            for hand in hands.values():
                hand.finish()
        self._rest.after(worked, waited)
        return [values[member] for member in range(self.size)]

    def _free_hands(self) -> dict[int, Hand]:
        """Those who take part in the next job, by their members; they are hired for the first."""
        if self._hands is None and self._entered:
            self._hands = []
            self._hire(self._hands)
        return {} if self._rest.jobs else dict(enumerate(self._hands or (), 1))

    def _hire(self, hands: list[Hand]) -> None:
        looks = LOOKS if self.size <= available() else 0
        for member in range(1, self.size):
            hand = hired(self._tasks, member, looks)
            if hand is None:
                break
            hands.append(hand)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Shared."""
        return shared_memory.zeros(shape, dtype)

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_error: object) -> None:
        self._entered = False
        while self._hands:
            self._hands.pop().dismiss()


@dataclass(frozen=True)
class Desk:
    """What joins two processes: an order and its answer in shared memory, and bells that say they are there.

    A bell is an eventfd. A pipe would do for both, but the system takes its writer to be about to sleep, and
    wakes the reader on the very processor that the writer goes on to work on.
    """

    order: Array  # the task, and the number that it takes
    answer: Array
    ordered: int
    answered: int
    looks: int

    @classmethod
    def new(cls, looks: int) -> Desk:
        """An empty one; raises OSError."""
        order, answer = shared_memory.zeros((2,), np.int64), shared_memory.zeros((1,), np.float64)
        ordered = os.eventfd(0, os.EFD_NONBLOCK)
        try:
            return cls(order, answer, ordered, os.eventfd(0, os.EFD_NONBLOCK), looks)
        except OSError:
            os.close(ordered)
            raise

    def hears(self, bell: int, pipe: int) -> bool:
        """Wait for the bell; whether it rang before the pipe's other end was closed, or said something."""
        waiting = select.poll()
        waiting.register(bell, select.POLLIN)
        waiting.register(pipe, select.POLLIN)
        while True:
            looked = (waiting.poll(0) for _ in range(self.looks))
            if bell not in dict(next(filter(None, looked), []) or waiting.poll()):
                return False
            if taken(bell):
                return True

    def close(self) -> None:
        """Take the bells away."""
        os.close(self.ordered)
        os.close(self.answered)


@dataclass(frozen=True)
class Hand:
    """A member's process, what joins it to this one, and the ends of two pipes.

    `life` is open as long as this process lives; `death` is its own, and says how it ended.
    """

    process: int
    desk: Desk
    life: int
    death: int

    def order(self, task: int, number: int) -> None:
        """Let it begin."""
        self.desk.order[:] = task, number
        os.eventfd_write(self.desk.ordered, 1)

    def gives_back(self) -> bool:
        """Take the order back, if it has not begun: it may be asleep, or its processor busy."""
        return taken(self.desk.ordered)

    def answer(self) -> float:
        """Wait for what it came to; raises what was raised there, MemoryLimitError where it was killed."""
        if self.desk.hears(self.desk.answered, self.death):
            value: float = self.desk.answer.item()
            return value
        reason = os.read(self.death, select.PIPE_BUF)
        if not reason:
            raise MemoryLimitError.of(KILLED, hint=REMEDY)
        if reason == OUT_OF_MEMORY:
            raise MemoryError
        raise RuntimeError(reason.decode("utf-8", "replace"))

    def finish(self) -> None:
        """Let it do nothing more of what was ordered, whatever it came to."""
        if not self.gives_back():
            self.desk.hears(self.desk.answered, self.death)

    def dismiss(self) -> None:
        """End it, whatever state it is in: it holds nothing that could be lost."""
        for end in (self.life, self.death):
            os.close(end)
        self.desk.close()
        with suppress(ChildProcessError, ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)


def hired(tasks: Sequence[Task], member: int, looks: int) -> Hand | None:
    """A new process that does a member's part of these tasks; None where the system has none to give."""
    try:
        desk = Desk.new(looks)
    except OSError:
        return None
    forked = fork_with_pipes()
    if forked is None:
        desk.close()
        return None
    if forked.process == 0:
        serve_and_end(tasks, member, desk, forked)
    return Hand(forked.process, desk, forked.outgoing, forked.incoming)


def serve_and_end(tasks: Sequence[Task], member: int, desk: Desk, forked: Fork) -> NoReturn:
    """Do what is ordered until the pipe is closed: without a word, and without what is the parent's to do."""
    life, death = forked.incoming, forked.outgoing
    try:
        needed = {desk.ordered, desk.answered, life, death}
        silence(needed)
        let_go(needed)
        with np.errstate(all="ignore"):  # whoever gets the numbers looks at them
            while desk.hears(desk.ordered, life):
                task, number = desk.order.tolist()
                desk.answer.fill(tasks[task](member, number))
                os.eventfd_write(desk.answered, 1)
    except MemoryError:
        os.write(death, OUT_OF_MEMORY)
    except BaseException:
        os.write(death, traceback.format_exc()[-select.PIPE_BUF // 2 :].encode(errors="replace"))
    finally:
        os._exit(0)


def taken(bell: int) -> bool:
    """Whether the bell has rung and nobody else has heard it: only one of two processes does."""
    try:
        os.eventfd_read(bell)
    except BlockingIOError:
        return False
    return True
