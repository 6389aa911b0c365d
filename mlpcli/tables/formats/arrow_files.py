"""What files of Arrow have in common, Parquet and IPC: how they are opened, and what is said of damage."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Mapped:
    """A file whose bytes are in memory only while somebody looks at them."""

    pages: mmap.mmap

    @classmethod
    def of(cls, handle: BinaryIO) -> Mapped | None:
        """The file that is open; None for what is no file."""
        try:
            return cls(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):
            return None

    def forget(self) -> None:
        """Let go of the pages that have been looked at; they are read again where they are wanted again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self.pages.madvise(mmap.MADV_DONTNEED)


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
    damages: tuple[Any, ...] = (import_module("pyarrow").ArrowException, OSError, UnicodeDecodeError)
    try:
        yield
    except MemoryError:
        raise
    except damages as error:
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise DataError.of(f"{what}: {said}", Place(name)) from error
