"""Stopping on a signal: finish what is under way, save, then die by that very signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """Whether a signal has asked this process to stop, and which."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __call__(self) -> bool:
        return self.signal is not None

    def agree(self, number: int | None) -> None:
        """Take over what another process was asked by a signal, if it was."""
        if number and self.signal is None:
            self.signal = signal.Signals(number)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Handle the first signal; the second of its kind kills at once."""
        self.signal = signal.Signals(number)
        signal.signal(number, signal.SIG_DFL)


class StoppedBySignal(BaseException):
    """The process is to die by `number` once it has left what it holds; what is worth saving is saved."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.number = number


def leave_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise StoppedBySignal, so that nothing half-written stays.

    The second of its kind kills at once; one that was ignored at the start stays ignored.
    """
    _answer_with(_leave)


def die_on_signals() -> None:
    """From now on these signals kill at once, as there is nothing left to be saved."""
    _answer_with(signal.SIG_DFL)


def _answer_with(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Let every signal that asks to stop do this, but for those that were ignored at the start."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    raise StoppedBySignal(signal.Signals(number))


@contextmanager
def stop_on_signals(request: StopRequest | None = None) -> Iterator[StopRequest]:
    """Turn SIGINT, SIGTERM and SIGHUP into a request; one that was ignored at the start stays ignored.

    A request raises StoppedBySignal at the end if nothing else has done so before. Only the main thread can
    handle signals: in another one no request ever comes.
    """
    request = StopRequest() if request is None else request
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    _answer_with(request.receive)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if request.signal is not None:
        raise StoppedBySignal(request.signal)


def die_by(number: int) -> NoReturn:
    """End this process as the signal would have, so that the caller sees it died by it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(128 + number)  # reached only where the signal is blocked
