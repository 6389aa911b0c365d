"""A pool whose workers are processes, forked from this one: nothing but shared memory and events joins them.

Python runs one thread of a process at a time; processes do not wait for each other, and so even steps of a
millisecond can be shared. A worker's process knows the tasks as they were when it was forked. Where this
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
from mlpcli.parallel.pacing import Backoff
from mlpcli.parallel.pool import Job, LocalPool, Task, WorkerPool
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.parallel.threads import available

OUT_OF_MEMORY: Final = b"M"  # written by a process that gives up; anything else says what went wrong
# so often a worker that has a processor to itself looks whether there is something for it before it sleeps:
# to be woken takes longer than what there is to wait for between two halves of a step
POLLS: Final = 500
KILLED: Final = "a process that took part in the training was killed"
REMEDY: Final = "where memory was short, use --threads 1, smaller layers, or a smaller batch"


def process_pool(size: int) -> WorkerPool:
    """Such a pool on Linux, else one of threads: other systems' libraries do not bear a fork."""
    return ProcessPool(size) if hasattr(os, "eventfd") else ThreadPool(size)


class ProcessPool(LocalPool):
    """Workers in processes of their own, but for the first; this one stands in where one cannot be forked."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._tasks: list[Task] = []
        self._workers: list[Worker] | None = None  # none are started yet
        self._entered = False
        self._backoff = Backoff()

    def job(self, task: Task) -> Job:
        """Every process does its part; this one the first, and those that no process has begun by then."""
        assert self._workers is None  # else there are processes that do not know this one
        self._tasks.append(task)
        return partial(self._do, len(self._tasks) - 1)

    def _do(self, number: int, argument: int) -> list[float]:
        task, workers, waited = self._tasks[number], self._free_workers(), 0.0
        for worker in workers.values():
            worker.send(number, argument)
        try:
            begun = process_time()
            values = {m: task(m, argument) for m in range(self.size) if m not in workers}
            worked = process_time() - begun
            for rank in [*workers]:
                worker = workers.pop(rank)
                if worker.withdraw():
                    values[rank] = task(rank, argument)
                else:
                    since = perf_counter()
                    values[rank] = worker.answer()
                    waited += perf_counter() - since
        finally:
            for worker in workers.values():
                worker.finish()
        self._backoff.after(worked, waited)
        return [values[rank] for rank in range(self.size)]

    def _free_workers(self) -> dict[int, Worker]:
        """Those who take part in the next job, by rank; they are started for the first."""
        if self._workers is None and self._entered:
            self._workers = []
            self._spawn(self._workers)
        return {} if self._backoff.jobs else dict(enumerate(self._workers or (), 1))

    def _spawn(self, workers: list[Worker]) -> None:
        polls = POLLS if self.size <= available() else 0
        for rank in range(1, self.size):
            worker = spawned(self._tasks, rank, polls)
            if worker is None:
                break
            workers.append(worker)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Shared."""
        return shared_memory.zeros(shape, dtype)

    def sees(self, array: Array) -> bool:
        """A process has what it wrote elsewhere to itself."""
        return self.size == 1 or shared_memory.is_shared(array)

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_error: object) -> None:
        self._entered = False
        while self._workers:
            self._workers.pop().terminate()


@dataclass(frozen=True)
class Channel:
    """What joins two processes: an order and its answer in shared memory, and events that say they are there.

    An event is an eventfd. A pipe would do for both, but the system takes its writer to be about to sleep,
    and wakes the reader on the very processor that the writer goes on to work on.
    """

    order: Array  # the task, and the number that it takes
    answer: Array
    requested: int
    answered: int
    polls: int

    @classmethod
    def new(cls, polls: int) -> Channel:
        """An empty one; raises OSError."""
        order, answer = shared_memory.zeros((2,), np.int64), shared_memory.zeros((1,), np.float64)
        requested = os.eventfd(0, os.EFD_NONBLOCK)
        try:
            return cls(order, answer, requested, os.eventfd(0, os.EFD_NONBLOCK), polls)
        except OSError:
            os.close(requested)
            raise

    def wait_for(self, event: int, pipe: int) -> bool:
        """Wait for the event; whether it came before the pipe's other end was closed, or said something."""
        waiting = select.poll()
        waiting.register(event, select.POLLIN)
        waiting.register(pipe, select.POLLIN)
        while True:
            polled = (waiting.poll(0) for _ in range(self.polls))
            if event not in dict(next(filter(None, polled), []) or waiting.poll()):
                return False
            if shared_memory.consumed(event):
                return True

    def close(self) -> None:
        """Take the events away."""
        os.close(self.requested)
        os.close(self.answered)


@dataclass(frozen=True)
class Worker:
    """A worker's process, what joins it to this one, and the ends of two pipes.

    `lifeline` is open as long as this process lives; `last_words` is the worker's, and says how it ended.
    """

    process: int
    channel: Channel
    lifeline: int
    last_words: int

    def send(self, task: int, number: int) -> None:
        """Let it begin."""
        self.channel.order[:] = task, number
        os.eventfd_write(self.channel.requested, 1)

    def withdraw(self) -> bool:
        """Take the order back, if it has not begun: it may be asleep, or its processor busy."""
        return shared_memory.consumed(self.channel.requested)

    def answer(self) -> float:
        """Wait for what it came to; raises what was raised there, MemoryLimitError where it was killed."""
        if self.channel.wait_for(self.channel.answered, self.last_words):
            value: float = self.channel.answer.item()
            return value
        reason = os.read(self.last_words, select.PIPE_BUF)
        if not reason:
            raise MemoryLimitError.of(KILLED, hint=REMEDY)
        if reason == OUT_OF_MEMORY:
            raise MemoryError
        raise RuntimeError(reason.decode("utf-8", "replace"))

    def finish(self) -> None:
        """Let it do nothing more of what was ordered, whatever it came to."""
        if not self.withdraw():
            self.channel.wait_for(self.channel.answered, self.last_words)

    def terminate(self) -> None:
        """End it, whatever state it is in: it holds nothing that could be lost."""
        for end in (self.lifeline, self.last_words):
            os.close(end)
        self.channel.close()
        with suppress(ChildProcessError, ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)


def spawned(tasks: Sequence[Task], rank: int, polls: int) -> Worker | None:
    """A new process that does a worker's part of these tasks; None where the system has none to give."""
    try:
        channel = Channel.new(polls)
    except OSError:
        return None
    forked = fork_with_pipes()
    if forked is None:
        channel.close()
        return None
    if forked.process == 0:
        serve_and_end(tasks, rank, channel, forked)
    return Worker(forked.process, channel, forked.outgoing, forked.incoming)


def serve_and_end(tasks: Sequence[Task], rank: int, channel: Channel, forked: Fork) -> NoReturn:
    """Do what is ordered until the pipe is closed: without a word, and without what is the parent's to do."""
    lifeline, last_words = forked.incoming, forked.outgoing
    try:
        needed = {channel.requested, channel.answered, lifeline, last_words}
        silence(needed)
        let_go(needed)
        with np.errstate(all="ignore"):  # whoever gets the numbers looks at them
            while channel.wait_for(channel.requested, lifeline):
                task, number = channel.order.tolist()
                channel.answer.fill(tasks[task](rank, number))
                os.eventfd_write(channel.answered, 1)
    except MemoryError:
        os.write(last_words, OUT_OF_MEMORY)
    except BaseException:
        os.write(last_words, traceback.format_exc()[-select.PIPE_BUF // 2 :].encode(errors="replace"))
    finally:
        os._exit(0)
