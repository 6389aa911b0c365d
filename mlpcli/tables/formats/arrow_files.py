"""What files of Arrow have in common, Parquet and IPC: how they are opened, and what is said of damage."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, BinaryIO

from mlpcli.config.file_names import compression_of
from mlpcli.errors import DataError, Place
from mlpcli.tables.source import DataFile, refuse_other_formats


def seekable(file: DataFile) -> BinaryIO:
    """The open file; what is no regular file is held in memory."""
    if compression_of(file.name):
        hint = "unpack it: such files are compressed inside"
        raise DataError.of(f"is compressed ({compression_of(file.name)})", Place(file.name), hint)
    if file.regular:
        return file.open()
    with file.open() as handle:
        return io.BytesIO(handle.read())


def refuse_others(handle: BinaryIO, magics: Iterable[bytes], name: str, expected: str) -> bytes:
    """The first bytes of a file, which is at its front: DataError where they are none of `magics`."""
    head = handle.read(16)
    handle.seek(0)
    if not head:
        raise DataError.of("is empty", Place(name))
    if not any(head.startswith(magic) for magic in magics):
        refuse_other_formats(head, name, expected)
        raise DataError.of(f"is not {expected}", Place(name))
    return head


@contextmanager
def told(name: str, what: str) -> Iterator[None]:
    """What pyarrow says of a file that it cannot read is told with its place."""
    damages: tuple[Any, ...] = (import_module("pyarrow").ArrowException, OSError)
    try:
        yield
    except MemoryError:
        raise
    except damages as error:
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise DataError.of(f"{what}: {said}", Place(name)) from error
