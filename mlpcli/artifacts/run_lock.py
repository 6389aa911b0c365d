"""The lock of a run, in a file beside its directory: held by one living process, freed by its death."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from mlpcli.errors import BusyError

HOLDER_BYTES = 4096


@contextmanager
def run_lock(directory: Path) -> Iterator[None]:
    """Hold the lock of a run directory; raises BusyError when another process does, OSError for a bad place.

    The file says who holds the lock. One that a dead process left behind is no obstacle: what locks is
    the kernel's flock on it, which ends with the process.
    """
    path = directory.with_name(f".{directory.name}.lock")
    handle = _acquire(path, directory)
    try:
        start = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "start": start}
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(holder).encode())
        os.fsync(handle)  # shows a full or a read-only disk before anything is moved
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def _acquire(path: Path, directory: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still_named(handle, path):
                return handle
        except BlockingIOError:
            holder = _holder(os.pread(handle, HOLDER_BYTES, 0))
            os.close(handle)
            raise BusyError.of(
                f"{directory} is in use by another run{holder}",
                hint="wait until it ends, or write elsewhere with -o DIR",
            ) from None
        except OSError:
            os.close(handle)
            raise
        os.close(handle)


def _still_named(handle: int, path: Path) -> bool:
    """Whether the file locked is the one that others will open; its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(text: bytes) -> str:
    try:
        holder = json.loads(text)
        return f": process {int(holder['pid'])} on {holder['host']}, started {holder['start']}"
    except (ValueError, TypeError, KeyError):
        return ""
