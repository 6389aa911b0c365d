"""JSON Lines: an object a line, all with the same keys; numbers keep the text that they have there."""

from __future__ import annotations

import json
from codecs import BOM_UTF8 as BOM
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.cells import Members, PythonColumn, Writing
from mlpcli.tables.formats.typed_reader import CellBlock, TypedReader
from mlpcli.tables.source import CHUNK, DataFile, Peeked, text_of
from mlpcli.tables.table import Lines

LONGEST_LINE = 64 << 20
NULL_HINT = "every line has the same keys: write null where there is no value"
ARRAY_HINT = "an object a line is expected; of an array: jq -c '.[]' {name} > rows.jsonl"

# what the file says, where Python would take 1.50 for 1.5 and -0 for 0: the bytes of a number, which no other
# value of JSON is, and which come several times as fast as objects of a class written in Python
DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_float=str.encode, parse_int=str.encode)


class JsonColumn(PythonColumn):
    """Some rows of a column, as `DECODER` makes them: numbers are their bytes in the file, NaN is a float."""

    numeric = frozenset((bytes, float))

    def text(self, value: object, writing: Writing) -> str:
        """The text that a value would be in a CSV; raises UnusableValueError."""
        if isinstance(value, bytes):
            return value.decode().replace(".", writing.mark)
        return writing.text(value)


def json_lines_reader(file: DataFile, form: CsvFormat) -> TypedReader:
    """The reader of a JSON Lines file, compressed or not."""
    return TypedReader(JsonLines(file, form.encoding), form)


class JsonLines:
    """An open JSON Lines file: the keys of its first line are the columns."""

    def __init__(self, file: DataFile, encoding: str) -> None:
        self.name = file.name
        self.warnings: Sequence[str] = ()
        self._handle = file.open()
        try:
            text = text_of(Peeked(self._handle), file.name, encoding, "a JSON Lines file")
            self._lines = self._numbered(text.pieces)
            line, content = next(self._lines, (1, b""))
            if not content:
                raise DataError.of("is empty; expected an object a line", Place(self.name))
            first = self._object(line, content)
            self.names = tuple(key for key, _ in first)
            self._refuse_twice(line, self.names)
        except BaseException:
            self._handle.close()
            raise
        self._known = frozenset(self.names)
        self._waiting = deque([(line, content)])

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def first(self, rows: int) -> CellBlock:
        """Some rows at the front; they are still to come."""
        while len(self._waiting) < rows and self._pull():
            pass
        return self._block(list(islice(self._waiting, rows)), self.names)

    def skip(self, most: float) -> int:
        """Pass over so many lines at the front, which are not decoded: how many there were."""
        passed = 0
        while passed < most and (self._waiting or self._pull()):
            self._waiting.popleft()
            passed += 1
        return passed

    def blocks(self, names: Sequence[str]) -> Iterator[CellBlock]:
        """The rows that are left, some at a time, with these columns."""
        size, gathered = 0, list[tuple[int, bytes]]()
        while self._waiting or self._pull():
            gathered.append(self._waiting.popleft())
            size += len(gathered[-1][1])
            if size >= CHUNK:
                yield self._block(gathered, names)
                size, gathered = 0, []
        if gathered:
            yield self._block(gathered, names)

    def _pull(self) -> bool:
        """Have one more line waiting; whether there is one."""
        line = next(self._lines, None)
        if line is not None:
            self._waiting.append(line)
        return line is not None

    def _block(self, lines: Sequence[tuple[int, bytes]], names: Sequence[str]) -> CellBlock:
        rows = [self._values(line, content) for line, content in lines]
        columns = dict(zip(self.names, zip(*rows, strict=True), strict=True)) if rows else {}
        starts = [i for i, (line, _) in enumerate(lines) if not i or line != lines[i - 1][0] + 1]
        where = Lines(tuple(starts), tuple(lines[i][0] for i in starts))
        return CellBlock(len(rows), where, {name: JsonColumn(columns.get(name, ())) for name in names})

    def _values(self, line: int, content: bytes) -> Sequence[Any]:
        """The values of a line in the order of the columns."""
        members = self._object(line, content)
        keys, values = zip(*members, strict=True) if members else ((), ())
        if keys == self.names:
            return values
        self._refuse_twice(line, keys)
        found = dict(members)
        lacking = next((name for name in self.names if name not in found), None)
        if lacking is not None:
            raise self._error(line, f"the key '{lacking}' of the first line is not there", NULL_HINT)
        other = next((key for key in found if key not in self._known), None)
        if other is not None:
            raise self._error(line, f"the key '{other}' is not one of the first line", NULL_HINT)
        return [found[name] for name in self.names]

    def _object(self, line: int, content: bytes) -> Members:
        """The members of the object in a line."""
        try:
            found = DECODER.decode(content.decode())
            if b"\\ud" in content or b"\\uD" in content:
                json.dumps(found, ensure_ascii=False, default=bytes.decode).encode()
        except json.JSONDecodeError as error:
            hint = ARRAY_HINT.format(name=self.name) if content.strip() in {b"[", b"{"} else None
            message = f"expected a JSON object, found something else at character {error.colno}: {error.msg}"
            raise self._error(line, message, hint) from error
        except UnicodeEncodeError as error:
            raise self._error(line, "half of a surrogate pair, which is no character") from error
        except RecursionError as error:
            raise self._error(line, "a value within too many others") from error
        if not isinstance(found, Members):
            raise self._error(line, "expected a JSON object", ARRAY_HINT.format(name=self.name))
        return found

    def _refuse_twice(self, line: int, keys: Sequence[str]) -> None:
        if len({*keys}) < len(keys):
            twice = next(key for i, key in enumerate(keys) if key in keys[:i])
            raise self._error(line, f"the key '{twice}' is there twice", "take one of the two away")

    def _error(self, line: int, message: str, hint: str | None = None) -> DataError:
        return DataError(Problem(message, Place(self.name, line), hint))

    def _numbered(self, pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        """The lines that hold something, with their numbers."""
        rest, line = b"", 0
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for content in whole:
                line += 1
                content = content.removeprefix(BOM) if line == 1 else content
                if content.strip():
                    yield line, content
            if len(rest) > LONGEST_LINE:
                raise self._error(line + 1, f"is longer than {LONGEST_LINE >> 20} MiB", "is it JSON Lines?")
        if rest.strip():
            yield line + 1, rest
