"""The edges of the process: streams that cannot break a result, and one exit code for every end."""

from __future__ import annotations

import errno
import faulthandler
import gc
import io
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from mlpcli import __version__
from mlpcli.errors import ExitCode, MemoryLimitError, MlpError, OutputError, Place
from mlpcli.signals import StoppedBySignal, die_by, die_on_signals, leave_on_signals
from mlpcli.terminal.console import Console
from mlpcli.terminal.screen import write

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT, STDERR = 1, 2  # their file descriptors
OF_THE_DEVICE = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # never a bug, wherever they come up
# what is loaded stays: looking for garbage in it makes a start 4 % longer, and once more as the process ends
# 14 to 21 % (python tests/benchmarks/decisions.py --only start)
SELDOM = (50_000, 10, 10)


class ResultStream(io.FileIO):
    """Standard output, for which a full device is an OutputError, whoever it is that writes.

    After a failure the rest is dropped: what a buffer still holds must not fail again as the process ends.
    """

    failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        if self.failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self.failed = True
            raise
        except OSError as error:
            self.failed = True
            raise OutputError.of(f"cannot write: {error.strerror}", Place("standard output")) from error


class RemarkStream(io.FileIO):
    """Standard error, for which a full device loses a remark and nothing else, also as the process ends."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Let every character be written whatever the locale, and C crashes leave a trace."""
    if sys.stdout is not None:
        raw = ResultStream(STDOUT, "wb", closefd=False)
        by_line = sys.stdout.isatty()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding="utf-8", newline="\n", line_buffering=by_line
        )
    if isinstance(sys.stderr, io.TextIOWrapper):
        remarks = io.BufferedWriter(RemarkStream(STDERR, "wb", closefd=False))
        sys.stderr = io.TextIOWrapper(
            remarks,
            encoding=sys.stderr.encoding,
            errors="backslashreplace",
            newline="\n",
            line_buffering=True,
        )
        try:
            faulthandler.enable()
        except (OSError, ValueError):
            return


def guarded(command: Callable[[], object]) -> NoReturn:
    """Run a command and leave with its exit code, or by the signal that stopped it."""
    try:
        leave_on_signals()
        gc.set_threshold(*SELDOM)
        # what others have installed for something else neither runs here nor is searched for
        os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
        prepare_streams()
        code = outcome(command)
        die_on_signals()
    except StoppedBySignal as stopped:
        try:
            die_by(stopped.number)
        except StoppedBySignal as another:  # that came in this very moment
            die_by(another.number)
    gc.freeze()
    sys.exit(code)


def outcome(command: Callable[[], object]) -> int:
    """Run a command and give its exit code; every failure becomes a message, none a traceback.

    Raises StoppedBySignal, with SIGPIPE where the reader of a pipe has gone: as `cat` does, say nothing.
    """
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as leaving:
        # typer turns the error of a broken pipe into a SystemExit
        if isinstance(leaving, SystemExit) and not isinstance(leaving.__context__, BrokenPipeError):
            raise
        raise StoppedBySignal(signal.SIGPIPE) from None
    except Exception as error:
        return report(error)
    return int(code) if isinstance(code, int) else ExitCode.DONE


def report(error: Exception) -> ExitCode:
    """Say what went wrong on stderr and give the code for it."""
    if os.environ.get("MLP_DEBUG") == "1":
        write(sys.stderr, traceback.format_exc())
    known = as_mlp_error(error)
    if known is not None:
        Console().error(known)
        return known.exit_code
    name, where = type(error).__name__, f"mlp {__version__}, Python {platform.python_version()}"
    write(sys.stderr, f"mlp: error: this is a bug in mlp ({where}): {name}\n")
    write(sys.stderr, "hint: run it again with MLP_DEBUG=1 set and report what it prints\n")
    return ExitCode.BUG


def as_mlp_error(error: Exception) -> MlpError | None:
    """The error as a person is told of it; None where it is a bug."""
    if isinstance(error, MlpError):
        return error
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return MemoryLimitError.of("out of memory", hint="use smaller layers, fewer rows, or a smaller batch")
    if isinstance(error, OSError) and error.errno in OF_THE_DEVICE:
        return OutputError.of(f"a file could not be written or closed: {error.strerror}")
    return None
