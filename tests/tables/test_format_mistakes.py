"""What is wrong with a file of any format is said in a sentence, with the place."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import DataError, MlpError, UsageError
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats import json_lines
from mlpcli.tables.reader import Reader, read_whole
from mlpcli.tables.source import ALL_THERE_IS, Chosen, DataFile, find
from mlpcli.tables.table import Table, Wanted
from tests.support.formats import (
    generated,
    write_arrow,
    write_duckdb,
    write_parquet,
    write_sqlite,
    write_stream,
)

ROWS = generated(3, 30)


def read(path: Path, wanted: Wanted | None = None, chosen: Chosen = ALL_THERE_IS) -> Table:
    """All columns, as what they are."""
    return read_whole(
        find(path, chosen), CsvFormat(), lambda reader: wanted or Wanted(either=reader.header.names)
    ).table


def refusal(path: Path, chosen: Chosen = ALL_THERE_IS) -> str:
    """What is said of a file, without its directory."""
    with pytest.raises(DataError) as caught:
        read(path, chosen=chosen)
    return "\n".join(caught.value.lines()).replace(f"{path.parent}/", "")


# --- JSON Lines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "mlp: error: t.jsonl: is empty; expected an object a line"),
        (b"\n\n", "mlp: error: t.jsonl: is empty; expected an object a line"),
        (
            b'{"a": 1, "b": 2}\n\n{"a": 1}\n',
            "mlp: error: t.jsonl:3: the key 'b' of the first line is not there\n"
            "hint: every line has the same keys: write null where there is no value",
        ),
        (
            b'{"a": 1}\n{"a": 1, "c": 2}\n',
            "mlp: error: t.jsonl:2: the key 'c' is not one of the first line\n"
            "hint: every line has the same keys: write null where there is no value",
        ),
        (
            b'{"a": 1, "a": 2}\n',
            "mlp: error: t.jsonl:1: the key 'a' is there twice\nhint: take one of the two away",
        ),
        (
            b'{"a": 1}\n{"a": 2, "a": 2}\n',
            "mlp: error: t.jsonl:2: the key 'a' is there twice\nhint: take one of the two away",
        ),
        (
            b'[{"a": 1}]\n',
            "mlp: error: t.jsonl:1: expected a JSON object\n"
            "hint: an object a line is expected; of an array: jq -c '.[]' t.jsonl > rows.jsonl",
        ),
        (
            b'[\n{"a": 1}\n]\n',
            "mlp: error: t.jsonl:1: expected a JSON object, found something else at "
            "character 2: Expecting value\n"
            "hint: an object a line is expected; of an array: jq -c '.[]' t.jsonl > rows.jsonl",
        ),
        (
            b'{"a": 1}\n{"a": tru}\n',
            "mlp: error: t.jsonl:2: expected a JSON object, found something else at "
            "character 7: Expecting value",
        ),
        (
            b'{"a": 1}\n{"a": "\\ud800"}\n',
            "mlp: error: t.jsonl:2: half of a surrogate pair, which is no character",
        ),
        (
            b'{"a": 1, "b": "x"}\n{"a": 1.50, "b": "\\uD800 "}\n',
            "mlp: error: t.jsonl:2: half of a surrogate pair, which is no character",
        ),
        (b'{"a": 1}\n{}\n', "mlp: error: t.jsonl:2: the key 'a' of the first line is not there"),
        (
            b'{"a": 1, "b": 2}\n{"b": 1, "a": 2, "b": 3}\n',
            "mlp: error: t.jsonl:2: the key 'b' is there twice\nhint: take one of the two away",
        ),
        (b'{"a": 1}\n' + b'{"a": ' * 200_000, "mlp: error: t.jsonl:2: a value within too many others"),
        (
            b'{"a": 1}\n{"a": [1, 2]}\n',
            "mlp: error: t.jsonl:2: column 'a': expected a text or a number, found a list\n"
            "hint: a cell is one text, number or date: take the column apart, or leave it out (`exclude`)",
        ),
        (
            b'{"a": {"b": 1}}\n',
            "mlp: error: t.jsonl:1: column 'a': expected a text or a number, found an object\n"
            "hint: a cell is one text, number or date: take the column apart, or leave it out (`exclude`)",
        ),
        (b"{}\n", "mlp: error: t.jsonl: has no columns"),
        (
            b"PAR1 and so on",
            "mlp: error: t.jsonl: is a Parquet file, not a JSON Lines file\n"
            "hint: give it a name that ends in .parquet",
        ),
        (
            b"a,b\n1,2\n",
            "mlp: error: t.jsonl:1: expected a JSON object, found something else at "
            "character 1: Expecting value",
        ),
        (b'{"a": "\xff"}\n', "mlp: error: t.jsonl:1: expected text in utf-8, found the byte 0xff"),
    ],
)
def test_json_lines(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(content)
    assert refusal(tmp_path / "t.jsonl").startswith(says)


def test_json_keeps_what_python_would_change(tmp_path: Path) -> None:
    """Digits, a mark at the front, the order of keys; what is no number is a bad cell."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"a": 1.50, "b": 9007199254740993, "c": true}\r\n'
        b'{"c": null, "a": NaN, "b": 1E400}\n{"a": -0, "b": 2, "c": "\\u00e4\\ud83d\\ude42"}'
    )
    table = read(path, Wanted(texts=("a", "b", "c")))
    assert table.text("a").texts().tolist() == ["1.50", "nan", "-0"]
    assert table.text("b").texts().tolist() == ["9007199254740993", "1E400", "2"]
    assert table.text("c").texts().tolist() == ["true", "", "ä🙂"]
    numbers = read(path, Wanted(numbers=("a", "b"))).numbers
    assert numbers["a"][0].bad.texts.tolist() == ["nan"]
    assert numbers["b"][0].bad.texts.tolist() == ["1E400"]


def test_json_has_numbers_of_any_length_and_any_mark(tmp_path: Path) -> None:
    """Longer than Python makes integers of texts; with a comma where the files write one."""
    digits = "1234567890" * 500
    path = tmp_path / "t.jsonl"
    path.write_text(f'{{"a": {digits}, "b": 2.50}}\n{{"a": -1, "b": -3.0e1}}\n{{"a": 7, "b": "0.5"}}\n')
    table = read(path, Wanted(numbers=("a",)))
    np.testing.assert_array_equal(table.number("a").values, [np.nan, -1.0, 7.0])
    assert table.number("a").bad.texts.tolist() == [digits]
    form = CsvFormat(decimal=",")
    commas = read_whole(find(path), form, lambda _: Wanted(texts=("a", "b"))).table
    assert commas.text("a").texts().tolist() == [digits, "-1", "7"]
    assert commas.text("b").texts().tolist() == ["2,50", "-3,0e1", "0.5"]


def test_a_line_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 100)
    (tmp_path / "t.jsonl").write_bytes(b'{"a": 1}\n{"a": "' + b"x" * 1000)
    assert refusal(tmp_path / "t.jsonl").startswith("mlp: error: t.jsonl:2: is longer than")


# --- compression --------------------------------------------------------------------------------------------


def zstandard(content: bytes) -> bytes:
    arrow = pytest.importorskip("pyarrow")
    sink = arrow.BufferOutputStream()
    with arrow.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    found: bytes = sink.getvalue().to_pybytes()
    return found


@pytest.mark.parametrize("cut", [-1, 10])
def test_a_damaged_zstandard_file(cut: int, tmp_path: Path) -> None:
    (tmp_path / "t.csv.zst").write_bytes(zstandard(b"a,b\n" + os.urandom(500).hex().encode())[:cut])
    assert refusal(tmp_path / "t.csv.zst").startswith("mlp: error: t.csv.zst: is a damaged compressed file: ")


def test_zstandard_without_a_codec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv.zst").write_bytes(zstandard(b"a,b\n1,2\n"))
    if sys.version_info < (3, 14):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(UsageError, match=r"reading \.zst takes pyarrow, which is not installed"):
            read(tmp_path / "t.csv.zst")


# --- Parquet and Arrow --------------------------------------------------------------------------------------


def arrow_table(**columns: Any) -> Any:
    arrow = pytest.importorskip("pyarrow")
    return arrow.table(columns)


def stored(table: Any, path: Path) -> Path:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, path)
    return path


@pytest.mark.parametrize(
    ("name", "write", "kind"),
    [
        ("t.parquet", write_parquet, "a Parquet file"),
        ("t.arrow", write_arrow, "an Arrow file"),
        ("t.feather", write_stream, "an Arrow file"),
    ],
)
def test_what_is_no_arrow(name: str, write: Callable[..., None], kind: str, tmp_path: Path) -> None:
    """Nothing, something else, a half, and something else in the middle of it."""
    pytest.importorskip("pyarrow")
    path = tmp_path / name
    write(path, ROWS)
    whole = path.read_bytes()
    for content, says in (
        (b"", "is empty"),
        (b"a,b\n1,2\n", f"is not {kind}"),
        (b"SQLite format 3\0 and more", f"is an SQLite database, not {kind}"),
        (b"PARE and more", f"is an encrypted Parquet file, not {kind}\nhint: write it without encryption"),
        (whole[: len(whole) // 2], None),
        (whole[:200] + b"\0" * 300 + whole[500:], None),
        (whole[:-20], None),
    ):
        path.write_bytes(content)
        if says is None:
            try:
                read(path)
            except DataError as error:  # a stream may come to an end anywhere between two batches
                assert "damaged" in str(error) or "cannot be read" in str(error)
        else:
            assert refusal(path).startswith(f"mlp: error: {name}: {says}")


def test_a_compressed_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write_parquet(tmp_path / "t.parquet", ROWS)
    packed = tmp_path / "t.parquet.gz"
    packed.write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    assert refusal(packed) == (
        "mlp: error: t.parquet.gz: is compressed (.gz)\nhint: unpack it: such files are compressed inside"
    )


def test_columns_that_no_csv_could_have(tmp_path: Path) -> None:
    """They are told by name and row; left alone they do no harm."""
    arrow = pytest.importorskip("pyarrow")
    kinds = {
        "a list": arrow.array([None, [1]]),
        "an object": arrow.array([None, {"a": 1}]),
        "binary data": arrow.array([None, b"x"]),
        "a duration": arrow.array([None, 5], arrow.duration("s")),
    }
    for what, array in kinds.items():
        path = stored(arrow_table(x=array, y=["a", "b"]), tmp_path / "t.parquet")
        assert refusal(path).startswith(
            f"mlp: error: t.parquet:2: column 'x': expected a text or a number, found {what}"
        )
        assert read(path, Wanted(texts=("y",))).rows == 2
    twice = arrow.table([arrow.array([1]), arrow.array([2])], names=["a", "a"])
    assert refusal(stored(twice, tmp_path / "t.parquet")) == (
        "mlp: error: t.parquet: several columns are called 'a'\nhint: rename all but one of them"
    )
    assert refusal(stored(arrow_table(a=arrow.array([], "int64")), tmp_path / "t.parquet")) == (
        "mlp: error: t.parquet: there are no rows"
    )


def test_types_that_few_have(tmp_path: Path) -> None:
    """Floats of 32 and 16 bits, unsigned integers, times with a zone, a column of nulls, views."""
    import datetime

    arrow = pytest.importorskip("pyarrow")
    zone = datetime.UTC
    table = arrow_table(
        half=arrow.array([0.1, None], arrow.float32()),
        small=arrow.array([0.5, float("nan")], arrow.float16()),
        unsigned=arrow.array([2**64 - 1, None], arrow.uint64()),
        when=arrow.array(
            [datetime.datetime(2024, 1, 31, 10, tzinfo=zone), None], arrow.timestamp("s", "UTC")
        ),
        nothing=arrow.nulls(2),
        view=arrow.array(["a", None], arrow.string_view()),
    )
    with arrow.ipc.new_file(str(tmp_path / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    found = read(tmp_path / "t.arrow", Wanted(texts=tuple(table.column_names)))
    assert {name: column.texts().tolist() for name, column in found.texts.items()} == {
        "half": ["0.1", ""],
        "small": ["0.5", "nan"],
        "unsigned": ["18446744073709551615", ""],
        "when": ["2024-01-31 10:00:00+00:00", ""],
        "nothing": ["", ""],
        "view": ["a", ""],
    }
    numbers = read(tmp_path / "t.arrow", Wanted(numbers=("unsigned", "small", "nothing"))).numbers
    assert numbers["unsigned"][0].values[0] == float(2**64 - 1)
    assert numbers["small"][0].bad.texts.tolist() == ["nan"]


def written_in_arrow(path: Path, **columns: Any) -> Path:
    """An Arrow file of these columns."""
    arrow = pytest.importorskip("pyarrow")
    table = arrow_table(**columns)
    with arrow.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    return path


def test_layouts_and_extensions_that_few_have(tmp_path: Path) -> None:
    """Runs, small decimals, nanoseconds, UUIDs, booleans of eight bits."""
    from decimal import Decimal

    arrow = pytest.importorskip("pyarrow")
    flags = arrow.array([1, 0, None], arrow.int8())
    path = written_in_arrow(
        tmp_path / "t.arrow",
        runs=arrow.RunEndEncodedArray.from_arrays(arrow.array([2, 3], arrow.int32()), ["a", "b"]),
        price=arrow.array([Decimal("1.50"), None, Decimal("-0.01")], arrow.decimal32(5, 2)),
        clock=arrow.array([1500, None, 3_000_000_000], arrow.time64("ns")),
        who=arrow.array([bytes(range(16)), None, bytes(16)], arrow.uuid()),
        flag=arrow.ExtensionArray.from_storage(arrow.bool8(), flags),
    )
    found = read(path, Wanted(texts=("runs", "price", "clock", "who", "flag")))
    assert {name: column.texts().tolist() for name, column in found.texts.items()} == {
        "runs": ["a", "a", "b"],
        "price": ["1.50", "", "-0.01"],
        "clock": ["00:00:00.000001500", "", "00:00:03"],
        "who": ["00010203-0405-0607-0809-0a0b0c0d0e0f", "", "00000000-0000-0000-0000-000000000000"],
        "flag": ["true", "false", ""],
    }


def test_a_float_of_few_bits_is_the_number_that_its_text_is(tmp_path: Path) -> None:
    """0.1, as a CSV has it and not 0.100000001490116; in a dictionary, which only Arrow keeps, too."""
    duckdb = pytest.importorskip("duckdb")
    arrow = pytest.importorskip("pyarrow")
    values = [0.1, None, -16777216.0, 1e-45, 3.4e38, 0.0]
    array = arrow.array(values, arrow.float32())
    columns = {"x": array, "d": array.dictionary_encode()}
    paths = [
        written_in_arrow(tmp_path / "t.arrow", **columns),
        stored(arrow_table(**columns), tmp_path / "t.parquet"),
        tmp_path / "t.duckdb",
    ]
    with duckdb.connect(str(paths[2])) as connection:
        connection.execute("CREATE TABLE t (x FLOAT, d FLOAT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [[value, value] for value in values])
    for path in paths:
        table = read(path)
        for name in ("x", "d"):
            found = table.number(name).values
            np.testing.assert_array_equal(found, [np.nan if v is None else v for v in values], name)
        texts = read(path, Wanted(texts=("x",))).text("x").texts().tolist()
        assert texts == ["0.1", "", "-16777216.0", "1e-45", "3.4e+38", "0.0"]


def test_times_that_python_does_not_have(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    for array, says in (
        (
            arrow.array([0, None, 10**12], arrow.timestamp("s")),
            "3: column 'x': expected a text or a number, found a time beyond the years 1 to 9999",
        ),
        (
            arrow.array([0, -(10**7)], arrow.date32()),
            "2: column 'x': expected a text or a number, found a time beyond the years 1 to 9999",
        ),
        (
            arrow.array([None, 0], arrow.timestamp("s", "Mars/Olympus")),
            "2: column 'x': expected a text or a "
            "number, found a time of the zone 'Mars/Olympus', which is not known",
        ),
    ):
        path = written_in_arrow(tmp_path / "t.arrow", x=array)
        assert refusal(path).startswith(f"mlp: error: t.arrow:{says}\n")


def test_buffers_that_are_not_those_of_their_type(tmp_path: Path) -> None:
    """Text that is not UTF-8, which Parquet has too; places beyond the end; told with the row in the file."""
    arrow = pytest.importorskip("pyarrow")

    def strings(offsets: list[int], content: bytes) -> Any:
        places = arrow.py_buffer(np.array(offsets, np.int32).tobytes())
        return arrow.Array.from_buffers(
            arrow.string(), len(offsets) - 1, [None, places, arrow.py_buffer(content)]
        )

    latin = strings([0, 1, 2, 4], b"a\xe4bb")
    says = ":2: column 'x': expected text in UTF-8"
    assert refusal(written_in_arrow(tmp_path / "t.arrow", x=latin)) == f"mlp: error: t.arrow{says}"
    assert refusal(stored(arrow_table(x=latin), tmp_path / "t.parquet")) == f"mlp: error: t.parquet{says}"
    far = strings([0, 1, 900, 2], b"aaaa")
    assert refusal(written_in_arrow(tmp_path / "t.arrow", x=far)).startswith(
        "mlp: error: t.arrow:2: column 'x': is damaged: "
    )
    levels = arrow.DictionaryArray.from_arrays(arrow.array([0, 0]), latin)
    assert refusal(written_in_arrow(tmp_path / "t.arrow", x=levels)) == (
        "mlp: error: t.arrow:1: column 'x': expected text in UTF-8"
    )
    whole = written_in_arrow(tmp_path / "t.arrow", xyzxyz=["a"]).read_bytes()
    (tmp_path / "t.arrow").write_bytes(whole.replace(b"xyzxyz", b"xyz\xffyz"))
    assert refusal(tmp_path / "t.arrow").startswith("mlp: error: t.arrow: is a damaged Arrow file: 'utf-8'")
    many = arrow.chunked_array([["ok"] * 300, latin])
    assert (
        read(written_in_arrow(tmp_path / "t.arrow", x=many, y=[1] * 303), Wanted(numbers=("y",))).rows == 303
    )
    assert refusal(tmp_path / "t.arrow") == "mlp: error: t.arrow:302: column 'x': expected text in UTF-8"


def test_a_row_group_that_is_large_comes_by_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.tables.formats import parquet

    pytest.importorskip("pyarrow")
    write_parquet(tmp_path / "t.parquet", ROWS)
    expected = read(tmp_path / "t.parquet", Wanted(texts=("big", "word")))
    monkeypatch.setattr(parquet, "WHOLE_GROUP", 1)
    monkeypatch.setattr(parquet, "BLOCK_ROWS", 2)
    found = read(tmp_path / "t.parquet", Wanted(texts=("big", "word")))
    for name in ("big", "word"):
        assert found.text(name).texts().tolist() == expected.text(name).texts().tolist()


def test_a_text_that_parquet_has_once_does_not_make_blocks_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row group of few bytes is many where a dictionary has long texts: it comes by batches."""
    from mlpcli.tables.formats import arrow_columns, parquet
    from mlpcli.tables.reader import open_table

    pytest.importorskip("pyarrow")
    path = stored(arrow_table(w=["x" * 1000] * 600, n=list(range(600))), tmp_path / "t.parquet")
    monkeypatch.setattr(parquet, "WHOLE_GROUP", 100_000)
    monkeypatch.setattr(parquet, "BATCH", 50_000)
    monkeypatch.setattr(arrow_columns, "BLOCK_BYTES", 80_000)
    assert path.stat().st_size < 10_000
    with open_table(find(path), CsvFormat()) as reader:
        tables = list(reader.tables(Wanted(texts=("w",), numbers=("n",))))
    assert max(table.rows for table in tables) < 150
    numbers = np.concatenate([table.number("n").values for table in tables])
    np.testing.assert_array_equal(numbers, np.arange(600))


def test_a_large_record_batch_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in pieces, of a file and of a stream; what is in memory anyway is not mapped."""
    from mlpcli.tables.formats import arrow_ipc

    arrow = pytest.importorskip("pyarrow")
    table = arrow_table(w=["a", None, "ä"] * 50, n=list(range(150)))
    paths = [tmp_path / "t.arrow", tmp_path / "t.feather"]
    for path, opened in zip(paths, (arrow.ipc.new_file, arrow.ipc.new_stream), strict=True):
        with opened(str(path), table.schema) as writer:
            writer.write_table(table)
    monkeypatch.setattr(arrow_ipc, "LARGE_BATCH", 0)
    monkeypatch.setattr(arrow_ipc, "BLOCK_ROWS", 40)
    held = DataFile("t.arrow", lambda: io.BytesIO(paths[0].read_bytes()), regular=True)
    for file, size in ((find(paths[0]), 40), (find(paths[1]), 40), (held, 150)):
        batches = arrow_ipc.ArrowBatches(file)
        assert batches.first(1).rows == 1
        assert batches.skip(120) == (0 if size == 150 else 120)
        batches.close()
        found = read_whole(file, CsvFormat(), lambda _: Wanted(texts=("w",), numbers=("n",))).table
        assert found.text("w").texts().tolist() == ["a", "", "ä"] * 50
        np.testing.assert_array_equal(found.number("n").values, np.arange(150))


def test_a_pipe_is_held_in_memory(tmp_path: Path) -> None:
    """Parquet has its table of contents at the end."""
    pytest.importorskip("pyarrow")
    write_parquet(tmp_path / "real.parquet", ROWS)
    os.mkfifo(tmp_path / "t.parquet")
    content = (tmp_path / "real.parquet").read_bytes()
    writer = threading.Thread(target=(tmp_path / "t.parquet").write_bytes, args=(content,))
    writer.start()
    assert read(tmp_path / "t.parquet").rows == len(ROWS)
    writer.join()


# --- databases ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["t.sqlite", "t.duckdb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database of either kind with the table `rows`."""
    path = tmp_path / str(request.param)
    if path.suffix == ".duckdb":
        pytest.importorskip("duckdb")
        write_duckdb(path, ROWS)
    else:
        write_sqlite(path, ROWS)
    return path


def test_a_table_or_a_query_is_chosen(database: Path) -> None:
    assert read(database, chosen=Chosen(table="rows")).rows == len(ROWS)
    query = "SELECT y, small AS n FROM rows WHERE small > 0 ORDER BY n;"
    table = read(database, Wanted(numbers=("n",)), Chosen(query=query))
    values = table.number("n").values.tolist()
    assert values == sorted(row["small"] for row in ROWS if row["small"] > 0)
    whole = read_whole(
        find(database, Chosen(query="SELECT * FROM rows")), CsvFormat(), lambda _: Wanted(("small",))
    )
    assert "has no ORDER BY" in whole.header.warnings[0]
    ordered = "SELECT * FROM rows /* ; */ ORDER BY small -- ; really"
    whole = read_whole(find(database, Chosen(query=ordered)), CsvFormat(), lambda _: Wanted(("small",)))
    assert not whole.header.warnings


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (Chosen(table="row"), "there is no table 'row'\nhint: did you mean 'rows'?"),
        (Chosen(table="zzz"), "there is no table 'zzz'\nhint: the tables are: rows"),
        (Chosen(query="DELETE FROM rows"), "expected a query that reads, found DELETE"),
        (Chosen(query="-- SELECT 1"), "expected a query that reads, found nothing"),
        (Chosen(query="SELECT 1; DROP TABLE rows"), "expected one query, found several statements"),
        (Chosen(query="WITH a AS (SELECT 1) DELETE FROM rows"), "the query failed: "),
        (Chosen(query="SELECT nope FROM rows ORDER BY 1"), "the query failed: "),
        (Chosen(query="SELECT y, y FROM rows ORDER BY 1"), "several columns are called 'y'"),
        (Chosen(query="SELECT y FROM rows WHERE y = 'never' ORDER BY 1"), "there are no rows"),
    ],
)
def test_what_is_not_a_table_or_a_query(database: Path, chosen: Chosen, says: str) -> None:
    before = database.read_bytes()
    assert refusal(database, chosen).startswith(f"mlp: error: {database.name}: {says}")
    assert database.read_bytes() == before
    assert {path.name for path in database.parent.iterdir()} == {database.name}


def test_rows_of_long_texts_come_in_small_blocks(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many characters at a time, whatever the number of rows, which are told in their order."""
    from mlpcli.tables.formats import databases
    from mlpcli.tables.reader import open_table

    def blocks() -> list[int]:
        with open_table(find(database, Chosen(query=query)), CsvFormat()) as reader:
            assert len(reader.sample) == shown
            return [table.rows for table in reader.tables(Wanted(texts=("w",)))]

    query = "SELECT repeat('x', 100) AS w FROM rows UNION ALL SELECT 'y' ORDER BY w"
    if database.suffix == ".sqlite":
        query = query.replace("repeat('x', 100)", "printf('%0100d', 0)")
    shown = 31
    assert blocks() == [31]
    monkeypatch.setattr(databases, "PIECE", 4)
    monkeypatch.setattr(databases, "SAMPLED", 1)
    monkeypatch.setattr(databases, "CHARACTERS", 900)
    shown = 12
    assert blocks() == [24, 7]


@pytest.mark.parametrize("query", ["SELECT * FROM pragma_database_list", "SELECT load_extension('x')"])
def test_sqlite_reads_and_nothing_else(query: str, tmp_path: Path) -> None:
    write_sqlite(tmp_path / "t.db", ROWS)
    assert "the query failed: " in refusal(tmp_path / "t.db", Chosen(query=query))


@pytest.mark.parametrize("query", ["FROM '/etc/passwd'", "FROM read_csv('/etc/passwd')"])
def test_duckdb_reads_no_other_file(query: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    write_duckdb(tmp_path / "t.duckdb", ROWS)
    assert "the query failed: " in refusal(tmp_path / "t.duckdb", Chosen(query=query))


def test_duckdb_databases_are_read_by_several_at_once(tmp_path: Path) -> None:
    """By threads of one process, which share what DuckDB has of a file, and its settings."""
    pytest.importorskip("duckdb")
    path = tmp_path / "t.duckdb"
    write_duckdb(path, ROWS)

    def meanwhile(reader: Reader) -> Wanted:
        texts = Wanted(texts=reader.header.names)
        assert read(path, texts, Chosen(query="SELECT * FROM rows ORDER BY 1")).rows == len(ROWS)
        return texts

    assert read_whole(find(path), CsvFormat(), meanwhile).table.rows == len(ROWS)


def test_duckdb_times_are_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a zone, wherever the machine stands; with the nanoseconds that Python has not; in their order."""
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "t.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER, zoned TIMESTAMPTZ, fine TIMESTAMP_NS)")
        rows = [(n, f"2024-01-31 10:00:0{n}+02", f"2024-01-31 10:00:00.12345678{n}") for n in (2, 1)]
        rows += [(3, "2024-01-31 10:00:03.5+02", "2024-01-31 10:00:00.5"), (4, None, None)]
        rows += [(5, "2024-01-31 10:00:05+02", "2024-01-31 00:00:00")]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    monkeypatch.setenv("TZ", "America/New_York")
    query = "SELECT zoned, fine FROM t ORDER BY n -- in time"
    found = read(path, Wanted(texts=("zoned", "fine")), Chosen(query=query))
    assert found.text("zoned").texts().tolist() == [
        "2024-01-31 08:00:01+00:00",
        "2024-01-31 08:00:02+00:00",
        "2024-01-31 08:00:03.500000+00:00",
        "",
        "2024-01-31 08:00:05+00:00",
    ]
    assert found.text("fine").texts().tolist() == [
        "2024-01-31 10:00:00.123456781",
        "2024-01-31 10:00:00.123456782",
        "2024-01-31 10:00:00.500000",
        "",
        "2024-01-31",
    ]


@pytest.mark.parametrize(("name", "kind"), [("t.db", "SQLite"), ("t.duckdb", "DuckDB")])
def test_what_is_no_database(name: str, kind: str, tmp_path: Path) -> None:
    if kind == "DuckDB":
        pytest.importorskip("duckdb")
    path = tmp_path / name
    path.write_bytes(b"a,b\n1,2\n" * 10)
    assert refusal(path) == f"mlp: error: {name}: is no {kind} database"
    path.write_bytes(b"PAR1" + b"\0" * 100)
    assert refusal(path).startswith(f"mlp: error: {name}: is a Parquet file, not a")
    path.unlink()
    os.mkfifo(path)
    assert refusal(path) == f"mlp: error: {name}: is no regular file, which a database has to be"


def test_several_tables_and_none(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE b (x)")
        connection.execute("CREATE VIEW a AS SELECT * FROM b")
    connection.close()
    assert refusal(path) == (
        "mlp: error: t.db: holds 2 tables: a, b\n"
        "hint: say which: `table: NAME` or `query: SELECT ...` under `data`; --table or --query of a command"
    )
    (tmp_path / "u.db").write_bytes(b"")
    for chosen in (ALL_THERE_IS, Chosen(table="a")):
        assert refusal(tmp_path / "u.db", chosen) == "mlp: error: u.db: holds no table"


def test_a_damaged_database(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "t.db", ROWS)
    content = (tmp_path / "t.db").read_bytes()
    (tmp_path / "t.db").write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert refusal(tmp_path / "t.db").startswith("mlp: error: t.db: cannot be read: ")


def test_cells_of_a_database_that_are_no_cells(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.execute("CREATE TABLE b (x)")
        connection.executemany("INSERT INTO b VALUES (?)", [(1,), (b"blob",)])
    connection.close()
    assert refusal(tmp_path / "t.db").startswith(
        "mlp: error: t.db:2: column 'x': expected a text or a number, found binary data"
    )


def test_values_of_duckdb_that_few_have(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 170141183460469231731687303715884105727::HUGEINT AS huge, "
            "'00000000-0000-0000-0000-000000000001'::UUID AS id, 'NaN'::DOUBLE AS none, [1] AS several, "
            "INTERVAL 1 DAY AS span, 'a'::ENUM('a', 'b') AS choice"
        )
    path = tmp_path / "t.duckdb"
    found = read(path, Wanted(texts=("huge", "id", "none", "choice"))).texts
    assert [column.texts()[0] for column in found.values()] == [
        "170141183460469231731687303715884105727",
        "00000000-0000-0000-0000-000000000001",
        "nan",
        "a",
    ]
    for name, what in (("several", "a list"), ("span", "a duration")):
        with pytest.raises(DataError, match=f"column '{name}': expected a text or a number, found {what}"):
            read(path, Wanted(texts=(name,)))


@pytest.mark.parametrize(
    ("name", "package", "extra"), [("t.parquet", "pyarrow", "arrow"), ("t.duckdb", "duckdb", "duckdb")]
)
def test_a_package_that_is_not_there(
    name: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(MlpError) as caught:
        read(tmp_path / name)
    assert caught.value.exit_code == 2
    assert caught.value.problems[0].hint == f"pip install 'mlpcli[{extra}]'"


def test_a_file_that_changes_while_it_is_read() -> None:
    """A column that turns out to hold text is read once more, from what is there then."""
    contents = [b'{"a": 1}\n' * 300 + b'{"a": "x"}\n', b'{"a": 1}\n' * 200]
    file = DataFile("t.jsonl", lambda: io.BytesIO(contents.pop(0)), regular=True)
    with pytest.raises(DataError, match=r"t\.jsonl: changed while it was being read"):
        read_whole(file, CsvFormat(), lambda _: Wanted(either=("a",)))
