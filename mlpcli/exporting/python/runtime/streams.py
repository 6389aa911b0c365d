"""A filter: standard input is read, standard output written, and what goes wrong is told."""

from __future__ import annotations

import argparse
import csv
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator

from mlpcli.exporting.python.runtime.cells import UnusableError
from mlpcli.exporting.python.runtime.csv_text import rows_of


def filtered(
    predicted: Callable[[Iterator[list[str]], bool], Iterator[str]], form: tuple[str | None, str]
) -> int:
    """Write what is predicted of the rows on standard input, as `mlp predict` does; the exit code.

    That is 4 where the rows are wrong, 6 where nothing can be written; Ctrl-C ends it silently. `predicted`
    makes lines of rows, and is told whether bad ones are left empty; `form` is what stands between fields,
    where that is known, and the encoding.
    """
    parser = argparse.ArgumentParser(description="Predict rows of a table: python FILE < in.csv > out.csv")
    parser.add_argument("--on-bad-row", choices=["error", "empty"], default="error")
    asked = parser.parse_args()
    csv.field_size_limit(1 << 30)
    if sys.stdin is None:
        return told("standard input is closed", 4)
    if sys.stdout is None:
        return told("standard output is closed", 6)
    given = io.TextIOWrapper(sys.stdin.buffer, encoding=form[1], newline="")
    written = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        write(predicted(rows_of(given, form[0]), asked.on_bad_row == "empty"), written)
    except (UnusableError, UnicodeDecodeError, csv.Error) as error:
        return told(error, 4)
    except OSError as error:
        return unwritten(error)
    except KeyboardInterrupt:
        return died(signal.SIGINT)
    finally:
        given.detach()
        written.detach()
    return 0


def write(lines: Iterator[str], written: io.TextIOWrapper) -> None:
    """Write the header and the rows, those before a wrong one too; where the first is wrong, nothing."""
    try:
        header = next(lines)
        for line in lines:
            written.write(header + line)
            header = ""
        written.write(header)
    finally:
        written.flush()


def told(what: object, code: int) -> int:
    """Say what went wrong; `code`."""
    if sys.stderr is not None:
        sys.stderr.write(f"error: {what}\n")
    return code


def unwritten(error: OSError) -> int:
    """Say why nothing more is written; where the reader of a pipe has gone, end silently by its signal."""
    if isinstance(error, BrokenPipeError) and hasattr(signal, "SIGPIPE"):
        return died(signal.SIGPIPE)
    # what is left in the buffers is written when Python ends, and must not fail again
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return told(error.strerror, 6)


def died(number: int) -> int:
    """End by a signal, as programs do that know nothing of it; a shell says 128 and its number."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number
