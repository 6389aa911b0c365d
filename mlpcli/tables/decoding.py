"""The text of a data file as UTF-8, in pieces: whatever its encoding, byte order mark and line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.shell_commands import Mending

CARRIAGE_RETURN, LINE_FEED = b"\r", b"\n"
# so much of a file tells how its lines end, if that much holds no line feed
SEEN = 1 << 20
# the longer ones first: the mark of UTF-32 begins as one of UTF-16 does
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
LONGEST_MARK = 4
# encodings in which a mark at the front of a file is what it should begin with
WIDE = ("utf-16", "utf-32")


@dataclass(frozen=True)
class Text:
    """Pieces of UTF-8 whose lines end in a line feed, and what a person should know about them."""

    pieces: Iterator[bytes]
    notes: tuple[str, ...]
    mending: Mending
    encoding: str


def marked_encoding(head: bytes) -> str | None:
    """The encoding that a byte order mark at the front of a file names."""
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def decoded(pieces: Iterator[bytes], mending: Mending, encoding: str) -> Text:
    """The text of a file's unpacked bytes. A mark of UTF-16 or UTF-32 counts more than what is stated."""
    head = b""
    while len(head) < LONGEST_MARK and (piece := next(pieces, b"")):
        head += piece
    marked, stated = marked_encoding(head), codecs.lookup(encoding).name
    notes, stages = [], list(mending.stages)
    if marked in WIDE and not stated.startswith(WIDE):
        wide = marked.upper()
        notes.append(f"{mending.name}: is {wide}, not {encoding}: it is read as what it is")
        encoding = marked
    if stated.startswith(WIDE) or encoding in WIDE:
        stages.append(f"iconv -f {_iconv_name(encoding)} -t UTF-8")
    elif marked == "utf-8-sig":
        stages.append("tail -c +4")
    decoder = Decoder(Mending(mending.name, tuple(stages)), encoding)
    texts = filter(None, map(decoder, _with_end(_after([head], pieces))))
    return _with_line_feeds(decoder, texts, tuple(notes))


def _after(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Those that were looked at, none of which is kept, and then the rest."""
    while first:
        yield first.pop(0)
    yield from rest


def _with_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def _with_line_feeds(decoder: Decoder, texts: Iterator[bytes], notes: tuple[str, ...]) -> Text:
    """The text with a line feed for each carriage return, if there is no line feed at its front."""
    seen: list[bytes] = []
    size = 0
    for text in texts:
        seen.append(text)
        size += len(text)
        if LINE_FEED in text or size >= SEEN:
            break
    head = seen[0] if len(seen) == 1 else b"".join(seen)
    mending = decoder.mending
    whole = _after(seen, texts)
    if LINE_FEED in head or CARRIAGE_RETURN not in head:
        return Text(whole, notes, mending, decoder.encoding)
    note = f"{mending.name}: its lines end in a carriage return"
    mended = Mending(mending.name, (*mending.stages, r"tr '\r' '\n'"))
    decoder.end_lines_with(CARRIAGE_RETURN, head)
    return Text(_translated(whole, mending), (*notes, note), mended, decoder.encoding)


def _translated(texts: Iterator[bytes], mending: Mending) -> Iterator[bytes]:
    line = 1
    for text in texts:
        if LINE_FEED in text:
            line += text.count(CARRIAGE_RETURN, 0, text.index(LINE_FEED))
            message = "a line feed, where all lines before end in a carriage return"
            hint = f"make them alike: {mending.through(MAKE_ALIKE, 'unix')}"
            raise DataError.of(message, Place(mending.name, line), hint)
        line += text.count(CARRIAGE_RETURN)
        yield text.replace(CARRIAGE_RETURN, LINE_FEED)


# one line end for each that there is, of whatever kind
MAKE_ALIKE = r"tr -s '\r' '\n'"


class Decoder:
    """Decodes the pieces of a file, and counts their bytes and lines on the way; it keeps none of them."""

    def __init__(self, mending: Mending, encoding: str) -> None:
        self.mending = mending
        self._name = mending.name
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._plain = codecs.lookup(encoding).name == "utf-8"
        self._fed, self._lines, self._line_end = 0, 1, LINE_FEED

    def end_lines_with(self, sign: bytes, so_far: bytes) -> None:
        """Count lines that end with this sign: the text so far, and what comes."""
        self._line_end, self._lines = sign, 1 + so_far.count(sign)

    def __call__(self, piece: bytes) -> bytes:
        """The piece as UTF-8, but for a character that goes on in the next one; the last piece is empty."""
        self._fed += len(piece)
        ascii_only = self._plain and piece.isascii() and not self._decoder.getstate()[0]
        content = piece if ascii_only else self._decoded(piece)
        if b"\0" in content:
            line = self._lines + content.count(self._line_end, 0, content.index(b"\0"))
            raise self._no_text(Place(self._name, line), piece)
        # as bytes.count does, several times faster
        self._lines += int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord(self._line_end)))
        return content

    def _decoded(self, piece: bytes) -> bytes:
        try:
            return self._decoder.decode(piece, final=not piece).encode()
        except UnicodeDecodeError as error:
            before = _text_of(error.object[: error.start], self.encoding)
            line = self._lines + before.count(self._line_end.decode())
            raise self._undecodable(Place(self._name, line), error) from error
        except UnicodeError as error:  # of encodings that are made for host names and the like
            message = f"expected text in {self.encoding}: {error}"
            raise DataError.of(message, Place(self._name)) from error

    def _undecodable(self, place: Place, error: UnicodeDecodeError) -> DataError:
        byte = error.object[error.start : error.start + 1]
        found = f"the byte 0x{byte.hex()} at offset {self._fed - len(error.object) + error.start}"
        hint = "the file is cut off within a character, or in another encoding"
        if not self.encoding.startswith(WIDE):
            others = ("utf-8", "cp1252") if self.encoding != "utf-8" else ("cp1252",)
            rest = {"utf-8": error.object[error.start :], "cp1252": byte}
            other = next((one for one in others if _fits(rest[one], one)), "latin-1")
            hint = f"write `encoding: {other}` under `data`"
            if other != "utf-8":
                command = self.mending.through(f"iconv -f {_iconv_name(other)} -t UTF-8", "utf8")
                hint = f"{hint}, or: {command}"
        return DataError(Problem(f"expected text in {error.encoding}, found {found}", place, hint))

    def _no_text(self, place: Place, piece: bytes) -> DataError:
        """The error about a character that no text holds: every second byte is one in UTF-16."""
        command = self.mending.through(r"tr -d '\000'", "table")
        hint = f"save the table as CSV, or take such characters out: {command}"
        for encoding, zeros in (("utf-16-le", piece[1::2]), ("utf-16-be", piece[::2])):
            if len(zeros) > 1 and zeros.count(0) > len(zeros) // 2:
                command = self.mending.through(f"iconv -f {_iconv_name(encoding)} -t UTF-8", "utf8")
                hint = f"write `encoding: {encoding}` under `data`, or: {command}"
        return DataError(Problem("expected text, found a NUL character", place, hint))


def _fits(content: bytes, encoding: str) -> bool:
    """Whether it begins as text in an encoding does, which may be cut off at the end."""
    try:
        return bool(codecs.getincrementaldecoder(encoding)().decode(content))
    except UnicodeDecodeError:
        return False


def _text_of(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding, "ignore")
    except UnicodeError:  # of an encoding that cannot ignore anything
        return content.decode("latin-1")


def _iconv_name(encoding: str) -> str:
    """What the command calls an encoding."""
    known = codecs.lookup(encoding).name.upper()
    return known.replace("UTF-16-", "UTF-16").replace("UTF-32-", "UTF-32")
