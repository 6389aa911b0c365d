"""`mlp predict -o`: the suffix says the format, and every format says the same."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.artifacts import atomic
from mlpcli.errors import OutputError
from mlpcli.run.table_files import write_table
from tests.support.running import mlp, ok, write_config
from tests.support.running import write_table as write_data

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table whose ids are of every sort, one cell of it empty, and a model."""
    directory = tmp_path_factory.mktemp("trained")
    lines = write_data(directory).read_text("utf-8").splitlines(keepends=True)
    texts = ['"a ""b"", c"', '"two\nlines"', "007", "9007199254740993", "grün ☃", "=1+1", ""]
    for row, text in enumerate(texts, start=1):
        lines[row] = lines[row].replace(f"r{row - 1},", f"{text},", 1)
    write_config(directory / "c.yaml", data={"id": ["id"]})
    (directory / "t.csv").write_text("".join(lines), "utf-8")
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    broken = [*lines[:9], lines[9].replace("red", "").replace("green", "").replace("blue", ""), *lines[10:]]
    broken[12] = ",".join(["x", "", *broken[12].split(",")[2:]])  # without a length there is no prediction
    (directory / "t.csv").write_text("".join(broken), "utf-8")
    return directory


@pytest.fixture(autouse=True)
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("t.csv", "run/model.npz"):
        Path(Path(name).name).write_bytes((trained / name).read_bytes())


def predicted(out: str) -> Path:
    ok("predict", "model.npz", "t.csv", "--on-bad-row", "empty", "-q", "-o", out)
    return Path(out)


def as_csv(content: bytes) -> Rows:
    return [
        {name: cell or None for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]


def numbers_as_csv(rows: Rows) -> Rows:
    """Numbers as the CSV spells them."""
    return [{n: repr(cell) if isinstance(cell, float) else cell for n, cell in row.items()} for row in rows]


def json_rows(content: bytes) -> Rows:
    assert content.endswith(b"}\n")
    return [json.loads(line) for line in content.splitlines()]


def zstd(content: bytes) -> bytes:
    arrow = pytest.importorskip("pyarrow")
    with arrow.CompressedInputStream(arrow.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


def parquet_rows(content: bytes) -> Rows:
    pytest.importorskip("pyarrow")
    import pyarrow as arrow
    import pyarrow.parquet

    found: Rows = arrow.parquet.read_table(arrow.BufferReader(content)).to_pylist()
    return found


def arrow_rows(content: bytes) -> Rows:
    pytest.importorskip("pyarrow")
    import pyarrow as arrow
    import pyarrow.ipc

    found: Rows = arrow.ipc.open_file(arrow.BufferReader(content)).read_all().to_pylist()
    return found


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("p.csv.gz", lambda data: as_csv(gzip.decompress(data))),
        ("p.csv.zst", lambda data: as_csv(zstd(data))),
        ("p.jsonl", json_rows),
        ("P.NDJSON", json_rows),
        ("p.jsonl.gz", lambda data: json_rows(gzip.decompress(data))),
        ("p.jsonl.zst", lambda data: json_rows(zstd(data))),
        ("p.parquet", parquet_rows),
        ("p.arrow", arrow_rows),
        ("p.feather", arrow_rows),
    ],
)
def test_every_format_says_what_the_csv_says(name: str, read: Callable[[bytes], Rows]) -> None:
    """Texts as they are, numbers to the last digit, empty cells as null."""
    expected = as_csv(predicted("p.csv").read_bytes())
    assert [row["id"] for row in expected[:7]] == [
        'a "b", c',
        "two\nlines",
        "007",
        "9007199254740993",
        "grün ☃",
        "=1+1",
        None,
    ]
    assert expected[11]["prediction"] is expected[11]["probability_oak"] is None
    if ".zst" in name:
        pytest.importorskip("pyarrow")
    if Path(name).suffix in {".parquet", ".arrow", ".feather"}:
        pytest.importorskip("pyarrow")
    found = read(predicted(name).read_bytes())
    assert numbers_as_csv(found) == expected
    assert {type(row["probability_ash"]) for row in found if row["probability_ash"]} <= {float, str}
    assert predicted(name).read_bytes() == predicted(f"again.{name}").read_bytes()


def test_row_groups_do_not_depend_on_how_rows_come(monkeypatch: pytest.MonkeyPatch) -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("mlpcli.run.predictions_arrow.ROW_GROUP", 5)
    numbers = np.arange(13.0)
    for step in (1, 4, 13):
        parts = [[numbers[i : i + step]] for i in range(0, 13, step)]
        write_table(Path(f"{step}.parquet"), ["x"], parts)
    assert len({Path(f"{step}.parquet").read_bytes() for step in (1, 4, 13)}) == 1
    file = arrow.ParquetFile("1.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [5, 5, 3]


@pytest.mark.parametrize("name", ["p.jsonl", "p.parquet", "p.arrow", "p.csv"])
def test_no_rows_are_a_file_without_rows(name: str) -> None:
    header = Path("t.csv").read_text("utf-8").splitlines()[0]
    Path("none.csv").write_text(f"{header}\n", "utf-8")
    if name in {"p.parquet", "p.arrow"}:
        pytest.importorskip("pyarrow")
    ok("predict", "model.npz", "none.csv", "-o", name)
    content = Path(name).read_bytes()
    if name == "p.csv":
        assert content == b"id,prediction,probability_ash,probability_elm,probability_oak\n"
    elif name == "p.jsonl":
        assert content == b""
    else:
        assert (parquet_rows if name == "p.parquet" else arrow_rows)(content) == []


def test_types_do_not_depend_on_whether_there_are_rows() -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    header = Path("t.csv").read_text("utf-8").splitlines()[0]
    Path("none.csv").write_text(f"{header}\n", "utf-8")
    ok("predict", "model.npz", "none.csv", "-o", "none.parquet")
    assert arrow.read_schema("none.parquet") == arrow.read_schema(predicted("p.parquet"))


@pytest.mark.parametrize("name", ["p.db", "p.sqlite", "p.duckdb", "p.parquet.gz", "p.arrow.zst"])
def test_what_is_not_written_is_refused_before_anything_is_read(name: str) -> None:
    done = mlp("predict", "there/is/no.npz", "t.csv", "-o", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"mlp: error: -o {name}: no table is written as {name.removeprefix('p')}\n"
        "hint: write .csv, .tsv, .jsonl (each with .gz or .zst), .parquet, .arrow\n"
    )


def test_a_missing_package_is_named_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = mlp("predict", "there/is/no.npz", "t.csv", "-o", "p.parquet")
    assert (done.code, done.err) == (
        2,
        "mlp: error: -o p.parquet: writing .parquet takes pyarrow, which is not installed\n"
        "hint: pip install 'mlpcli[arrow]'\n",
    )
    assert not Path("p.parquet").exists()


@pytest.mark.parametrize("name", ["p.jsonl", "p.parquet", "p.arrow", "p.csv.zst"])
def test_a_bad_row_leaves_what_was_there(name: str) -> None:
    if name != "p.jsonl":
        pytest.importorskip("pyarrow")
    Path(name).write_text("before", "utf-8")
    assert mlp("predict", "model.npz", "t.csv", "-o", name).code == 4
    assert Path(name).read_text("utf-8") == "before"
    assert not [path for path in Path().iterdir() if "mlp-tmp" in path.name]


@pytest.mark.parametrize("name", ["p.parquet", "p.arrow", "p.csv.zst"])
def test_a_full_disk_is_an_output_error_in_every_format(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.DISK, "write", full, raising=False)
    with pytest.raises(OutputError, match="No space left"):
        write_table(Path(name), ["x"], [[np.arange(5.0)]])
    assert not list(Path().glob("*.mlp-tmp"))
    assert not Path(name).exists()
