"""The bytes of a data file: a path, a FIFO or standard input, unpacked where they are gzip."""

from __future__ import annotations

import errno
import gzip
import io
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mlpcli.config.file_names import is_database
from mlpcli.errors import DataError, Place
from mlpcli.tables import zstandard
from mlpcli.tables.decoding import Text, decoded
from mlpcli.tables.shell_commands import Mending

# larger ones cost memory and pages that are new every time, smaller ones pandas' work for each column again
CHUNK = 5 << 19
# what a gzip file may unpack to: this much always, and beyond it this many times its own size
ALWAYS_UNPACKED = 64 << 20
UNPACKED_RATIO = 200

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
UNPACK, A_TABLE = "unpack it first; .gz and .zst are read as they are", "a table as text is expected (CSV)"
A_PAGE = "download the file itself: the address gave a page about it"
# by what a file begins with: what it is, and what to do where something else was expected
MAGIC = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", "unpack it, or save the table as CSV"),
    (b"\xfd7zXZ\x00", "an xz file", UNPACK),
    (b"\x89PNG", "a PNG picture", A_TABLE),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the table as CSV"),
    (b"%PDF-", "a PDF document", A_TABLE),
    (b"BZh91AY&SY", "a bzip2 file", UNPACK),
    (b"\x93NUMPY", "a NumPy array", A_TABLE),
    (b"PAR1", "a Parquet file", "give it a name that ends in .parquet"),
    (b"PARE", "an encrypted Parquet file", "write it without encryption"),
    (b"ARROW1", "an Arrow file", "give it a name that ends in .arrow"),
    (b"FEA1", "a Feather file of the first version", "write it again as Parquet, or as Feather of today"),
    (b"SQLite format 3\0", "an SQLite database", "give it a name that ends in .sqlite"),
    (b"<!DOCTYPE", "a web page", A_PAGE),
    (b"<!doctype", "a web page", A_PAGE),
    (b"<html", "a web page", A_PAGE),
    (b'{"', "a JSON document", "give it a name that ends in .jsonl, if it has an object a line"),
    (b'[{"', "a JSON document", "of an array: jq -c '.[]' makes a .jsonl of it, an object a line"),
    (b"<?xml", "an XML document", "save the table as CSV"),
    (b"version https://", "a pointer of Git LFS", "git lfs pull"),
)
DAMAGES: tuple[type[Exception], ...] = (
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    *zstandard.damages(),
)
BEGINS_AS = {"a JSON Lines file": "a JSON document"}
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Chosen:
    """Which rows of a database are meant: a table, or what a query gives; one of the two."""

    table: str | None = None
    query: str | None = None


ALL_THERE_IS = Chosen()  # of a database the only table


@dataclass(frozen=True)
class DataFile:
    """A file of data that has been found, under the name that messages call it."""

    name: str
    open: Callable[[], BinaryIO]
    regular: bool
    chosen: Chosen = ALL_THERE_IS
    parts: tuple[DataFile, ...] = ()  # where it stands for several

    def kept(self) -> DataFile:
        """The same file, readable more than once: what is no regular file is held in memory."""
        if self.regular:
            return self
        if self.parts:
            return one_of([part.kept() for part in self.parts])
        with self.open() as handle:
            content = handle.read()
        return DataFile(self.name, lambda: io.BytesIO(content), regular=True)


def find(path: str | Path, chosen: Chosen = ALL_THERE_IS) -> DataFile:
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
        raise DataError.of("is a directory; a file was expected", place)
    if is_database(name) and not stat.S_ISREG(mode):
        raise DataError.of("is no regular file, which a database has to be", place)
    return DataFile(name, lambda: _opened(name), stat.S_ISREG(mode), chosen)


def one_of(files: Sequence[DataFile]) -> DataFile:
    """What stands for files whose rows are read one after the other, as if they were in one."""
    first = files[0]
    if len(files) == 1:
        return first
    more = f"{len(files) - 1} more file{'s' if len(files) > 2 else ''}"
    regular = all(file.regular for file in files)
    return DataFile(f"{first.name} and {more}", first.open, regular, parts=tuple(files))


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


class Peeked(io.RawIOBase):
    """A handle that counts every byte read through it; its first bytes can be looked at."""

    def __init__(self, handle: BinaryIO) -> None:
        super().__init__()
        self._handle = handle
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
        self.size += len(content)
        return content


def text_of(source: Peeked, name: str, encoding: str, expected: str = "a CSV file") -> Text:
    """The content of a file as valid UTF-8 in large pieces, whatever its encoding and however compressed."""
    head = source.head
    refuse_other_formats(head, name, expected)
    if head.startswith(GZIP):
        pieces, command = _unpacked(gzip.GzipFile(fileobj=source, mode="rb"), source, name), ["gunzip -c"]
    elif head.startswith(ZSTANDARD):
        pieces, command = _unpacked(zstandard.unpacking(source, name), source, name), ["zstd -dc"]
    else:
        pieces, command = _plain(source), []
    return decoded(_readable(pieces, name), Mending(name, tuple(command)), encoding)


def refuse_other_formats(head: bytes, name: str, expected: str) -> None:
    """DataError where the first bytes of a file are those of another format than the one expected."""
    for magic, what, hint in MAGIC:
        if head.startswith(magic) and what != BEGINS_AS.get(expected):
            raise DataError.of(f"is {what}, not {expected}", Place(name), hint)


def _readable(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    try:
        yield from pieces
    except DAMAGES as error:
        why = "it ends too early" if isinstance(error, EOFError) else str(error)
        raise DataError.of(f"is a damaged compressed file: {why}", Place(name)) from error
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise
        if error.errno is None:  # as pyarrow says it of what it unpacks
            raise DataError.of(f"is a damaged compressed file: {error}", Place(name)) from error
        raise DataError.of(f"cannot be read: {reason(error)}", Place(name)) from error


def _plain(source: Peeked) -> Iterator[bytes]:
    yield from iter(lambda: source.read(CHUNK), b"")


def _unpacked(content: Any, source: Peeked, name: str) -> Iterator[bytes]:
    """What a compressed file holds, to be read with `content`."""
    unpacked = 0
    with content as handle:
        while piece := bytes(handle.read(CHUNK)):
            unpacked += len(piece)
            if unpacked > max(ALWAYS_UNPACKED, UNPACKED_RATIO * source.size):
                message = f"unpacks to more than {UNPACKED_RATIO} times its size"
                raise DataError.of(message, Place(name), "unpack it first if that is right")
            yield piece
