"""D1: tables with all that CSV allows and much that it does not, judged by the csv module and float()."""

from __future__ import annotations

import csv
import io
import math
import random
import re
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from mlpcli.errors import DataError
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import read_whole
from mlpcli.tables.source import DataFile
from mlpcli.tables.table import Table, Wanted
from tests.faults.figure import Figure

QUICK, FULL = 1_000, 10_000
SEPARATORS = (",", ",", ";", "\t", "|")
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
ENDS = ("\n", "\n", "\r\n")
NUMBERS = [
    "0", "-0", "1", "007", "1.0", "5.", ".5", "+.5", "1e5", "1E-3", "1e-400", "-999", "1e308", "4.9e-324",
    "0.1", "9007199254740993", "9223372036854775808", "18446744073709551616",
    "123456789012345678901234567890",
]  # fmt: skip
NO_NUMBERS = [
    "nan", "NaN", "inf", "-Infinity", "1e400", "True", "NA", "None", "null", "#N/A", "1_0", "0x1", "1.5.2",
    "1e", "2020-01-01", "1j", "٣", "\xa05", ".", "-",
]  # fmt: skip
SIGNS = 'a01.,;|\t"\n\r é—\u2028x'
FOREIGN = re.compile(r"[^\x00-\x7f]|_")  # float() takes foreign digits and underscores, no file format does
Rows = list[list[str]]


def run(times: int) -> Iterator[Figure]:
    """Tables that are well formed, which must be read as they are, and damaged ones, which may be refused."""
    yield of_kind("well-formed tables", times, 0.0)
    yield of_kind("damaged tables: ragged rows, stray quotes, lost and added characters", times, 1.0)


def of_kind(what: str, times: int, damaged: float) -> Figure:
    """So many tables, this share of them damaged."""
    figure = Figure("D1", what, "equal to csv and float(), or an error; 0 silent changes", least=times)
    figure.facts |= {"read": 0, "refused": 0}
    rng = random.Random(f"{what}")
    for number in range(times):
        separator = rng.choice(SEPARATORS)
        content = written(rng, separator)
        if rng.random() < damaged:
            content = damage(rng, content, separator)
        judge(content, separator, figure, f"table {number}")
    if not damaged:
        figure.check(figure.facts["refused"] == 0, "well-formed tables were refused")
    return figure


def judge(content: bytes, separator: str, figure: Figure, name: str) -> None:
    """Read a table both ways and compare every cell, as text and as number."""
    figure.count += 1
    file = DataFile("t.csv", lambda: io.BytesIO(content), regular=True)
    form = CsvFormat(separator=separator, empty_rows=True)
    try:
        table = read_whole(
            file, form, lambda reader: Wanted(texts=reader.header.names, numbers=reader.header.names)
        )
    except DataError as error:
        figure.add("refused")
        figure.check(str(error).startswith("mlp: error: t.csv"), f"{name}: {error}")
        return
    except Exception as error:  # whatever it is, it is what is looked for
        figure.check(False, f"{name}: {type(error).__name__}: {error}: {content!r}")
        return
    figure.add("read")
    rows = expected(content, separator)
    width = len(table.header.names)
    names = [header.strip() or f"Unnamed: {i}" for i, header in enumerate(rows[0][:width])]
    rows[0] = names
    if names != list(table.header.names):
        figure.check(False, f"{name}: header {table.header.names} of {content!r}")
    elif any(any(row[width:]) or len(row) < width for row in rows) or not same(table.table, rows, width):
        figure.check(False, f"{name}: cells of {content!r}")


def expected(content: bytes, separator: str) -> Rows:
    """What the csv module reads, the lines that hold nothing left out before the header and at the end."""
    text = content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    while not rows[-1]:
        rows.pop()
    first = next(i for i, line in enumerate(text.splitlines()) if line.strip(" \t,;|"))
    return rows[first:]


def same(table: Table, rows: Rows, width: int) -> bool:
    """Whether every cell is the text, and as a number the float, that it is in `rows`."""
    for column, name in enumerate(rows[0][:width]):
        cells = [row[column] for row in rows[1:]]
        if table.text(name).texts().tolist() != cells:
            return False
        numbers = table.number(name)
        values = [number(cell) for cell in cells]
        if not np.array_equal(numbers.values, values, equal_nan=True):
            return False
        if numbers.bad.rows.tolist() != [i for i, cell in enumerate(cells) if cell and math.isnan(values[i])]:
            return False
    return True


def number(text: str) -> float:
    """What float() makes of a text; NaN where that is no finite number."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and not FOREIGN.search(text) else math.nan


def written(rng: random.Random, separator: str) -> bytes:
    """A table as the csv module or a careless program writes it."""
    width = rng.randrange(1, 6)
    kinds = rng.choices((NUMBERS, (*NUMBERS, *NO_NUMBERS, ""), ()), k=width)
    rows = [[_cell(rng, kind) for kind in kinds] for _ in range(rng.randrange(1, 12))]
    header = [f"h{i}" + rng.choice(("", " é", ' "q"')) for i in range(width)]
    out = io.StringIO(newline="")
    # the writer does not quote a lone carriage return of its own accord
    quoting = csv.QUOTE_ALL if "\r" in str.join("", map("".join, rows)) else rng.choice(QUOTING)
    writer = csv.writer(out, delimiter=separator, lineterminator=rng.choice(ENDS), quoting=quoting)
    writer.writerows([header, *rows])
    text = out.getvalue()
    if rng.random() < 0.2:
        text = text.rstrip("\r\n") if rows[-1][-1] else text + "\n\n"
    return ("\ufeff" * (rng.random() < 0.2) + text).encode()


def _cell(rng: random.Random, kind: Sequence[str]) -> str:
    if kind:
        return rng.choice(kind) if rng.random() < 0.6 else repr(_any_float(rng))
    return "".join(rng.choices(SIGNS, k=rng.randrange(6)))


def _any_float(rng: random.Random) -> float:
    value = struct.unpack("d", rng.randbytes(8))[0]
    return value if math.isfinite(value) else 0.1


def damage(rng: random.Random, content: bytes, separator: str) -> bytes:
    """The table with some signs of CSV put in, lost, or doubled where they are not expected."""
    text = list(content.decode())
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        match rng.randrange(3):
            case 0:
                text[at] = ""
            case 1:
                text[at] *= 2
            case _:
                text[at] += rng.choice((separator, '"', "\n", "\r", " ", "x", separator * 2, '""'))
    return "".join(text).encode()
