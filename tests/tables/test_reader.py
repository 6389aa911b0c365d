"""What is read is what Python's csv module and float() read, cell by cell, or it is refused."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.leading_zeros import columns_of_codes
from mlpcli.tables.reader import open_table
from mlpcli.tables.table import Wanted
from tests.support.tables import content_file, read

CHUNKS = st.sampled_from([16, 50, 300, 1 << 20])
TEXTS = st.text(st.sampled_from('a01.,;"\n x\té—'), max_size=6)
NUMBERS = [
    "1", "1.0", "-0", "007", "1e5", "1E-3", "+.5", "5.", " 7", "8 ", "\t3", "0", "-999", "-999.0", "1e-400",
    "9007199254740993", "18446744073709551615", "9223372036854775808", "123456789012345678901234567890",
]  # fmt: skip
NO_NUMBERS = [
    "nan", "NaN", "inf", "-Infinity", "1e400", "True", "true", "FALSE", "NA", "None", "null", "#N/A", "abc",
    "1_0", "0x1", "1.5.2", "1,5", "1e", "2020-01-01", "1j", "٣", "\xa05", "  ", ".", "-",
]  # fmt: skip
FINITE = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("d", struct.pack("Q", bits))[0])
CELLS = st.one_of(
    st.sampled_from(NUMBERS), st.sampled_from([*NO_NUMBERS, ""]), FINITE.filter(math.isfinite).map(repr)
)


def written(rows: list[list[str]], quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> bytes:
    """A header h0, h1, ... and rows as the csv module writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator=end)
    writer.writerow([f"h{i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    return out.getvalue().encode()


def tables_of(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Rows of the same width."""
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
    )


def holds_something(row: list[str]) -> bool:
    """Whether a row is more than separators and spaces, as it is written without needless quotes."""
    return len(row) == 1 or any(cell.strip(" \t") for cell in row) or any("," in cell for cell in row)


def up_to_the_last_cell(rows: list[list[str]]) -> list[list[str]]:
    """The rows without the last ones that hold nothing."""
    kept = list(rows)
    while kept and not holds_something(kept[-1]):
        kept.pop()
    return kept


# how a file may be laid out: what goes before a table written with a line end, and how its text becomes bytes
LAYOUTS = st.sampled_from(
    [
        (before, end, encoding, pack)
        for before in ("", "\ufeff", "\n", " \n,,\n", "sep=,\n", "\ufeffsep=,\n\n")
        for end in ("\n", "\r\n", "\r")
        for encoding in ("utf-8", "utf-16")
        for pack in (bytes, gzip.compress)
    ]
)


@given(tables_of(TEXTS), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), LAYOUTS, CHUNKS)
def test_texts_are_those_of_the_csv_module(
    rows: list[list[str]], quoting: int, layout: tuple[str, str, str, Callable[[bytes], bytes]], chunk: int
) -> None:
    """Separators, quotes and line ends within quotes included; whatever encoding and line ends are."""
    before, end, encoding, pack = layout
    if end == "\r":
        rows = [[cell.replace("\n", "") for cell in row] for row in rows]
    kept = rows if quoting == csv.QUOTE_ALL else up_to_the_last_cell(rows)
    assume(kept)
    text = before.replace("\n", end) + written(rows, quoting, end).decode()
    file = read(pack(text.encode(encoding)), chunk=chunk)
    columns = [file.table.texts[f"h{i}"].texts().tolist() for i in range(len(rows[0]))]
    assert [list(row) for row in zip(*columns, strict=True)] == kept
    assert any("at the end" in note for note in file.header.notes) == (len(kept) < len(rows))
    lines = [file.table.lines.of(row) for row in range(len(kept))] if file.table.lines else []
    assert lines[0] == 2 + before.count("\n")


@given(tables_of(TEXTS), CHUNKS)
def test_rows_know_their_lines(rows: list[list[str]], chunk: int) -> None:
    """The line where a row begins, whatever line ends stand within its fields."""
    content = written(rows)
    reader = csv.reader(map(bytes.decode, io.BytesIO(content)))
    ends = [reader.line_num for _ in reader]
    kept = up_to_the_last_cell(rows)
    assume(kept)
    lines = read(content, chunk=chunk).table.lines
    assert lines
    assert [lines.of(row) for row in range(len(kept))] == [end + 1 for end in ends[: len(kept)]]


@given(st.binary(max_size=60).map(lambda some: b"h0,h1\n" + some), CHUNKS)
def test_any_bytes_are_read_or_refused(content: bytes, chunk: int) -> None:
    """Nothing but a DataError comes out of bytes that are no table."""
    try:
        read(content, chunk=chunk)
    except DataError as error:
        assert str(error).startswith("mlp: error: t.csv")


@given(st.text(st.sampled_from('a1,",\n\r ;x'), max_size=40), CHUNKS)
def test_what_is_accepted_is_what_the_csv_module_reads(body: str, chunk: int) -> None:
    """Malformed quotes and ragged rows are refused, never read in another way."""
    content = "h0,h1\n" + body
    try:
        table = read(content, chunk=chunk).table
    except DataError:
        return
    rows = list(csv.reader(io.StringIO(content, newline="")))[1:]
    while not rows[-1] or not holds_something(rows[-1]):
        rows.pop()
    found = zip(table.texts["h0"].texts(), table.texts["h1"].texts(), strict=True)
    assert [list(row) for row in found] == [row[:2] for row in rows]
    assert not any(any(row[2:]) for row in rows)


def number(text: str) -> float | None:
    """What float() makes of a text, None where that is no finite number; 1_0 and foreign digits are none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and text.isascii() and "_" not in text else None


@given(
    tables_of(CELLS),
    st.lists(st.sampled_from(["NA", "-999", "inf", "nan", "None", "1.0"]), max_size=2),
    CHUNKS,
)
def test_numbers_are_those_of_float(rows: list[list[str]], na_values: list[str], chunk: int) -> None:
    """Every cell is a number, missing, or bad with its text; the texts and numbers named mean missing."""
    form = CsvFormat(na_values=tuple(na_values))
    names = tuple(f"h{i}" for i in range(len(rows[0])))
    table = read(written(rows, csv.QUOTE_ALL), Wanted(numbers=names, texts=names[:1]), form, chunk).table
    for i, name in enumerate(names):
        cells = [row[i] for row in rows]
        column = table.number(name)
        gone = {number(word) for word in na_values} - {None}
        missing = [cell in {"", *na_values} or number(cell) in gone for cell in cells]
        bad = [j for j, cell in enumerate(cells) if not missing[j] and number(cell) is None]
        expected = [
            math.nan if absent or number(cell) is None else number(cell)
            for cell, absent in zip(cells, missing, strict=True)
        ]
        np.testing.assert_array_equal(column.values, np.array(expected, dtype=float))
        assert column.missing.tolist() == missing
        assert column.bad.rows.tolist() == bad
        assert column.bad.texts.tolist() == [cells[j] for j in bad]
    assert table.texts["h0"].texts().tolist() == [row[0] for row in rows]


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@given(rows=tables_of(st.sampled_from(["1", "08001", "0.5", "0", "x,0", "1\n02", 'q"', "00", "-01", "a 07"])))
def test_codes_are_found_in_their_own_columns(rows: list[list[str]], quoting: int) -> None:
    """Commas and line ends in quotes are no fields and no lines."""
    content = written(rows, quoting).split(b"\n", 1)[1]
    found = [i for i, column in enumerate(zip(*rows, strict=True)) if {"08001", "00"} & set(column)]
    assert set(found) <= set(columns_of_codes(content, ",").tolist())
    if '"' not in content.decode() or quoting == csv.QUOTE_ALL:
        assert set(columns_of_codes(content, ",").tolist()) <= {
            i for i, column in enumerate(zip(*rows, strict=True)) if re.search(r"\b0[0-9]", " ".join(column))
        }


def test_a_number_that_means_missing_goes_by_its_value() -> None:
    """-999.0 is the number -999; what is no finite number is a text, and that text alone."""
    form = CsvFormat(na_values=("-999", "inf"))
    table = read("a,b\n-999,1\n-999.0,inf\n2,Infinity\n", Wanted(numbers=("a", "b")), form).table
    assert table.number("a").missing.tolist() == [True, True, False]
    assert table.number("b").missing.tolist() == [False, True, False]
    assert table.number("b").bad.texts.tolist() == ["Infinity"]


@given(tables_of(CELLS), CHUNKS)
def test_a_column_of_either_kind_is_text_if_a_cell_is(rows: list[list[str]], chunk: int) -> None:
    """Wherever it stands, the cells before keep their texts; `nan` and `1e400` make no text of a column.

    A code does that begins with 0, as 007.
    """
    names = tuple(f"h{i}" for i in range(len(rows[0])))
    table = read(written(rows, csv.QUOTE_ALL), Wanted(either=names), chunk=chunk).table
    for i, name in enumerate(names):
        cells = [row[i] for row in rows]
        if all(cell == "" or (not is_text(cell) and not re.fullmatch("0[0-9]+", cell)) for cell in cells):
            assert name in table.numbers and name not in table.texts
        else:
            assert name not in table.numbers
            assert table.texts[name].texts().tolist() == cells


def is_text(cell: str) -> bool:
    """Whether a text does not even stand for something infinite."""
    try:
        float(cell)
    except ValueError:
        return True
    return "_" in cell or not cell.isascii()


def test_a_text_after_many_numbers_turns_the_whole_column() -> None:
    """The first block reads numbers, the last one finds a text: the first cells still keep their zeros."""
    cells = [f"{i:03d}" for i in range(1000)] + ["x"]
    file = read("a,b\n" + "".join(f"{cell},1\n" for cell in cells), Wanted(either=("a", "b")), chunk=512)
    assert file.table.texts["a"].texts().tolist() == cells
    assert set(file.table.numbers) == {"b"}
    assert len(file.table.number("b").values) == 1001


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n\r\n"])
def test_blank_lines_at_the_end_do_not_count(end: str) -> None:
    """Nor does a missing line end."""
    table = read("a,b\n1,2\n3,4" + end, chunk=16).table
    assert table.texts["b"].texts().tolist() == ["2", "4"]


@pytest.mark.parametrize("content", ["a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4,\n", 'a,b\n"1",2,""\n3,4,\n'])
def test_a_separator_at_every_line_end_is_no_column(content: str) -> None:
    """It is said, and nothing shifts."""
    file = read(content)
    assert file.header.names == ("a", "b")
    assert file.table.texts["a"].texts().tolist() == ["1", "3"]
    assert file.header.notes == (
        "t.csv: a separator at the end of every line: the empty column after it is left out",
    )


def test_several_unnamed_columns_may_end_every_line() -> None:
    """As spreadsheets leave them."""
    assert read("a,b,,\n1,2,,\n3,4,,\n").table.texts["b"].texts().tolist() == ["2", "4"]


def test_gzip_is_known_by_its_content() -> None:
    """Whatever the name; several members are one file; its rows have the digest that they have elsewhere."""
    packed = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    file = read(packed)
    assert file.table.texts["b"].texts().tolist() == ["2", "4"]
    assert file.digest == read(b"a,b\n1,2\n3,4\n").digest


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32"]
)
@pytest.mark.parametrize("chunk", [16, 17, 1 << 20])
def test_encodings(encoding: str, chunk: int) -> None:
    """A text reads the same in every encoding that is stated, also where a piece ends within a character."""
    content = "näme,b\n" + "é,ü\n" * 20
    file = read(content.encode(encoding), form=CsvFormat(encoding=encoding), chunk=chunk)
    assert file.header.names == ("näme", "b")
    assert file.table.texts["näme"].counts() == {"é": 20}


def test_the_digest_is_that_of_the_rows() -> None:
    """Whatever stands around them, and however they are cut into blocks."""
    rows = [f"{i},{'x' if i == 90 else i}\n" for i in range(100)]
    wanted = Wanted(either=("a", "b"))
    expected = read("a,b\n" + "".join(rows), wanted).digest
    assert expected.columns.keys() == {("number", "a"), ("text", "b")}
    for text in ("a,b\n" + "".join(rows) + "\n\n", "\ufeffa,b\r\n" + "\r\n".join(rows).replace("\n\r", "\r")):
        for chunk in (32, 500):
            assert read(text, wanted, chunk=chunk).digest == expected


def test_only_wanted_columns_are_judged() -> None:
    """What an excluded column holds does not matter."""
    table = read("a,b,c\n1,x,2\n3,,4\n", Wanted(numbers=("c", "a"))).table
    assert table.number("c").values.tolist() == [2, 4]
    assert table.number("a").values.tolist() == [1, 3]


def test_blocks_come_with_their_lines() -> None:
    """A row of a later block is found in the whole file."""
    content = "a\n" + "".join(f"{i}\n" for i in range(100))
    with open_table(content_file(content), CsvFormat()) as reader:
        tables = list(reader.tables(Wanted(numbers=("a",))))
    assert sum(table.rows for table in tables) == 100
    assert tables[0].lines.of(0) == 2
    values = [value for table in tables for value in table.number("a").values]
    assert values == list(range(100))


def test_ten_thousand_columns_are_read() -> None:
    """The limit itself is allowed."""
    names = [f"c{i}" for i in range(10_000)]
    table = read(
        ",".join(names) + "\n" + ",".join(["1.5"] * 10_000) + "\n", Wanted(numbers=tuple(names))
    ).table
    assert table.number("c9999").values.tolist() == [1.5]
