"""The bytes of a data file: a path, a FIFO or standard input, unpacked where they are gzip."""

from __future__ import annotations

import codecs
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

import numpy as np

from mlpcli.errors import DataError, Place, Problem

# larger ones cost memory and pages that are new every time, smaller ones pandas' work for each column again
CHUNK = 5 << 19
NEWLINE = ord("\n")
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
)
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
        self._hash.update(content)
        self.size += len(content)
        return content

    @property
    def sha256(self) -> str:
        """The hash of what has been read so far, in hex."""
        return self._hash.hexdigest()


def chunks(source: Hashed, name: str, encoding: str) -> Iterator[bytes]:
    """The content of a file as valid UTF-8 in large pieces, whatever its encoding; unpacked if it is gzip."""
    _refuse_other_formats(source.head, name, encoding)
    pieces = _unpacked(source, name) if source.head.startswith(b"\x1f\x8b") else _plain(source)
    try:
        yield from filter(None, map(_Utf8(name, encoding), _with_end(pieces)))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        why = "it ends too early" if isinstance(error, EOFError) else str(error)
        raise DataError.of(f"is a damaged gzip file: {why}", Place(name)) from error
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise
        raise DataError.of(f"cannot be read: {reason(error)}", Place(name)) from error


def _refuse_other_formats(head: bytes, name: str, encoding: str) -> None:
    for magic, what, hint in REFUSED_MAGIC:
        if head.startswith(magic):
            raise DataError.of(f"is {what}, not a CSV file", Place(name), hint)
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    if head.startswith(UTF16_MARKS) and not wide:
        hint = "write `encoding: utf-16` under `data`, or save the file as UTF-8"
        raise DataError.of(f"is UTF-16, and its stated encoding is {encoding}", Place(name), hint)


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


class _Utf8:
    """Decodes the pieces of a file, and counts their bytes and lines on the way; it keeps none of them."""

    def __init__(self, name: str, encoding: str) -> None:
        self._name = name
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._plain = codecs.lookup(encoding).name == "utf-8"
        self._fed, self._lines = 0, 1

    def __call__(self, piece: bytes) -> bytes:
        """The piece as UTF-8, but for a character that goes on in the next one; the last piece is empty."""
        self._fed += len(piece)
        ascii_only = self._plain and piece.isascii() and not self._decoder.getstate()[0]
        content = piece if ascii_only else self._decoded(piece)
        if b"\0" in content:
            raise _no_text(Place(self._name, self._lines + content.count(b"\n", 0, content.index(b"\0"))))
        # as bytes.count does, several times faster
        self._lines += int(np.count_nonzero(np.frombuffer(content, np.uint8) == NEWLINE))
        return content

    def _decoded(self, piece: bytes) -> bytes:
        try:
            return self._decoder.decode(piece, final=not piece).encode()
        except UnicodeDecodeError as error:
            line = self._lines + _line_ends(error.object[: error.start], self._encoding)
            raise _undecodable(Place(self._name, line), self._fed, error) from error
        except UnicodeError as error:  # of encodings that are made for host names and the like
            message = f"expected text in {self._encoding}: {error}"
            raise DataError.of(message, Place(self._name)) from error


def _line_ends(content: bytes, encoding: str) -> int:
    try:
        return content.decode(encoding, "ignore").count("\n")
    except UnicodeError:  # of an encoding that cannot ignore anything
        return content.count(b"\n")


def _with_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def _undecodable(place: Place, fed: int, error: UnicodeDecodeError) -> DataError:
    offset = fed - len(error.object) + error.start
    found = f"the byte 0x{error.object[error.start]:02x} at offset {offset}"
    message = f"expected text in {error.encoding}, found {found}"
    hint = "state its encoding, `encoding: cp1252` under `data` for example, or save it as UTF-8"
    return DataError(Problem(message, place, hint))


def _no_text(place: Place) -> DataError:
    hint = "state its encoding (`encoding` under `data`), or save the table as CSV"
    return DataError(Problem("expected text, found a NUL character", place, hint))
