"""Reading a file that nobody vouches for: opened once, a regular file of bounded size, never waited for."""

from __future__ import annotations

import codecs
import os
import stat
from contextlib import suppress
from pathlib import Path

# messages about what is in a file are escaped with this codec: loaded now, refusing a file opens no other one
codecs.lookup("unicode_escape")

MAX_BYTES = 1 << 30


class FileFormatError(Exception):
    """A file is not what it should be. Whoever asked for the file knows which MlpError that is."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_regular_file(path: Path, max_bytes: int = MAX_BYTES) -> bytearray:
    """Every byte of a regular file; raises FileFormatError for anything else, a pipe or a device included."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody who writes into it
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise FileFormatError(f"could not open it: {_reason(error)}") from error
    try:
        return _read(handle, max_bytes)
    except OSError as error:
        raise FileFormatError(f"could not read it: {_reason(error)}") from error
    finally:
        with suppress(OSError):  # everything is read by then, or the failure is told already
            os.close(handle)


def _read(handle: int, max_bytes: int) -> bytearray:
    status = os.fstat(handle)
    if stat.S_ISDIR(status.st_mode):
        raise FileFormatError("expected a file, found a directory", "name the file in it: model.npz")
    if not stat.S_ISREG(status.st_mode):
        raise FileFormatError("expected a regular file, found a pipe or a device")
    if status.st_size > max_bytes:
        raise FileFormatError(f"the file has {status.st_size} bytes, more than the {max_bytes} allowed")
    buffer = bytearray(status.st_size)
    rest = memoryview(buffer)
    while rest:
        count = os.readv(handle, [rest])
        if count == 0:
            raise FileFormatError("the file became shorter while it was being read")
        rest = rest[count:]
    return buffer


def _reason(error: OSError | ValueError) -> str:
    return (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)).lower()
