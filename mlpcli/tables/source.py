"""The bytes of a data file: a path, a FIFO or standard input, unpacked where they are gzip."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mlpcli.errors import DataError, Place
from mlpcli.tables.decoding import Text, decoded
from mlpcli.tables.shell_commands import Mending

# larger ones cost memory and pages that are new every time, smaller ones pandas' work for each column again
CHUNK = 5 << 19
# what a gzip file may unpack to: this much always, and beyond it this many times its own size
ALWAYS_UNPACKED = 64 << 20
UNPACKED_RATIO = 200

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
REFUSED_MAGIC = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", "unpack it, or save the table as CSV"),
    (b"\xfd7zXZ\x00", "an xz file", "unpack it first; only .gz is read as it is"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it first; only .gz is read as it is"),
    (b"\x89PNG", "a PNG picture", "a table as text is expected (CSV)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the table as CSV"),
    (b"%PDF-", "a PDF document", "a table as text is expected (CSV)"),
    (b"BZh91AY&SY", "a bzip2 file", "unpack it first; only .gz is read as it is"),
    (b"\x93NUMPY", "a NumPy array", "a table as text is expected (CSV)"),
    (b"PAR1", "a Parquet file", "a table as text is expected (CSV)"),
    (b"<!DOCTYPE", "a web page", "download the file itself: the address gave a page about it"),
    (b"<!doctype", "a web page", "download the file itself: the address gave a page about it"),
    (b"<html", "a web page", "download the file itself: the address gave a page about it"),
    (b'{"', "a JSON document", "save the table as CSV"),
    (b'[{"', "a JSON document", "save the table as CSV"),
    (b"<?xml", "an XML document", "save the table as CSV"),
    (b"version https://", "a pointer of Git LFS", "git lfs pull"),
)


@dataclass(frozen=True)
class DataFile:
    """A file of data that has been found, under the name that messages call it."""

    name: str
    open: Callable[[], BinaryIO]
    regular: bool

    def kept(self) -> DataFile:
        """The same file, readable more than once: what is no regular file is held in memory."""
        if self.regular:
            return self
        with self.open() as handle:
            content = handle.read()
        return DataFile(self.name, lambda: io.BytesIO(content), regular=True)


def find(path: str | Path) -> DataFile:
    """The data file of a path; `-` is standard input. DataError if there is nothing to read."""
    name = str(path)
    if name == "-":
        return DataFile("stdin", _standard_input, regular=False)
    place = Place(name)
    if URL.match(name):
        raise DataError.of("is a URL; only local files are read", place, "download it first")
    try:
        mode = Path(name).stat().st_mode
    except (OSError, ValueError) as error:
        raise DataError.of(f"cannot be read: {reason(error)}", place) from error
    if stat.S_ISDIR(mode):
        raise DataError.of("is a directory; a CSV file was expected", place)
    return DataFile(name, lambda: _opened(name), stat.S_ISREG(mode))


def reason(error: Exception) -> str:
    """What went wrong, in the system's words."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise DataError.of(f"cannot be read: {reason(error)}", Place(name)) from error


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise DataError.of("standard input is closed", Place("stdin"))
    return sys.stdin.buffer


class Hashed(io.RawIOBase):
    """A handle that hashes and counts every byte read through it; its first bytes can be looked at."""

    def __init__(self, handle: BinaryIO) -> None:
        super().__init__()
        self._handle = handle
        self._hash = hashlib.sha256()
        self._hashing = True
        self.size = 0
        self.head = self._handle.read(16)
        self._ahead = self.head

    def readable(self) -> bool:
        """Whether it can be read, which is always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end."""
        end = len(self._ahead) if size < 0 else size
        content, self._ahead = self._ahead[:end], self._ahead[end:]
        content += self._handle.read(size - len(content) if size >= 0 else -1)
        if self._hashing:
            self._hash.update(content)
        self.size += len(content)
        return content

    def stop_hashing(self) -> None:
        """Nobody will ask for the hash: it is half of the time of passing over rows."""
        self._hashing = False

    @property
    def sha256(self) -> str:
        """The hash of what has been read so far, in hex."""
        return self._hash.hexdigest()


def text_of(source: Hashed, name: str, encoding: str) -> Text:
    """The content of a file as valid UTF-8 in large pieces, whatever its encoding; unpacked if it is gzip."""
    _refuse_other_formats(source.head, name)
    packed = source.head.startswith(b"\x1f\x8b")
    pieces = _readable(_unpacked(source, name) if packed else _plain(source), name)
    return decoded(pieces, Mending(name, ("gunzip -c",) if packed else ()), encoding)


def _refuse_other_formats(head: bytes, name: str) -> None:
    for magic, what, hint in REFUSED_MAGIC:
        if head.startswith(magic):
            raise DataError.of(f"is {what}, not a CSV file", Place(name), hint)


def _readable(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from pieces
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        why = "it ends too early" if isinstance(error, EOFError) else str(error)
        raise DataError.of(f"is a damaged gzip file: {why}", Place(name)) from error
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise
        raise DataError.of(f"cannot be read: {reason(error)}", Place(name)) from error


def _plain(source: Hashed) -> Iterator[bytes]:
    yield from iter(lambda: source.read(CHUNK), b"")


def _unpacked(source: Hashed, name: str) -> Iterator[bytes]:
    unpacked = 0
    with gzip.GzipFile(fileobj=source, mode="rb") as handle:
        while piece := handle.read(CHUNK):
            unpacked += len(piece)
            if unpacked > max(ALWAYS_UNPACKED, UNPACKED_RATIO * source.size):
                message = f"unpacks to more than {UNPACKED_RATIO} times its size"
                raise DataError.of(message, Place(name), "unpack it first if that is right")
            yield piece
