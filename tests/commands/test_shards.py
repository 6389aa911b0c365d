"""`mlp predict --shard`: the outputs of all shards, one after the other, are that of the whole input."""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path
from typing import Any

import pytest

from mlpcli.data import encoding
from mlpcli.tables import csv_rows, source
from tests.support.running import Done, mlp, ok, write_config, write_table

MODELS: dict[str, dict[str, Any]] = {
    "kind": {"data": {"id": ["id"]}},
    "size": {"data": {"target": "size"}},
}
SMALL = {"layers": ["auto", 4, "auto"]}
TEN = {"ensemble": {"members": 10}, "model": SMALL}
# whatever else becomes of scores
MORE: dict[str, dict[str, Any]] = {
    "ten for two classes": {**TEN, "data": {"target": "two"}},
    "ten for three classes": TEN,
    "ten numbers": {**TEN, "data": {"target": "size"}},
    "ten counts": {**TEN, "data": {"target": "count"}, "loss": "poisson"},
    "intervals by folds": {
        "data": {"target": "size"},
        "ensemble": {"folds": 9},
        "intervals": [0.9],
        "model": SMALL,
    },
    "every encoding": {
        "data": {
            "features": {
                "length": "quantile",
                "count": "log1p",
                "colour": "embed",
                "width": "piecewise_linear",
                "w": "robust_clip",
            },
            "validation": 0.3,
        },
        "calibration": "temperature",
        "model": {**SMALL, "numeric_embedding": "periodic", "scaling": True},
    },
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and a model of each kind."""
    directory = tmp_path_factory.mktemp("trained")
    write_table(directory)
    for name, config in MODELS.items():
        write_config(directory / f"{name}.yaml", **config)
        ok("train", directory / f"{name}.yaml", "-o", directory / name, "--no-plots", "-q")
    return directory


@pytest.fixture(autouse=True)
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the table and the models, where a file is read in many pieces."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_bytes((trained / "t.csv").read_bytes())
    for name in MODELS:
        (tmp_path / f"{name}.npz").write_bytes((trained / name / "model.npz").read_bytes())
    monkeypatch.setattr(source, "CHUNK", 150)
    monkeypatch.setattr(csv_rows, "SAMPLE", 150)
    return tmp_path


def shards(count: int, *arguments: object) -> list[Done]:
    """What each shard prints."""
    return [ok("predict", *arguments, "--shard", f"{number}/{count}") for number in range(1, count + 1)]


def assert_the_shards_are_the_whole(count: int, *arguments: object) -> None:
    """On standard output: all bytes, in their order."""
    whole = ok("predict", *arguments)
    assert "".join(done.out for done in shards(count, *arguments)) == whole.out


def lines_of_table() -> list[str]:
    return Path("t.csv").read_text("utf-8").splitlines()


# --- one after the other ------------------------------------------------------------------------------------


@pytest.mark.kernels
@pytest.mark.parametrize("model", MODELS)
def test_the_shards_are_the_whole(model: str) -> None:
    whole = ok("predict", f"{model}.npz", "t.csv").out
    for count in (1, 2, 3, 8):
        assert "".join(done.out for done in shards(count, f"{model}.npz", "t.csv")) == whole


@pytest.mark.parametrize("count", [9, 12])
def test_there_may_be_as_many_shards_as_rows_and_more(count: int, place: Path) -> None:
    """Some of which are then empty."""
    (place / "few.csv").write_text("\n".join(lines_of_table()[:10]) + "\n", "utf-8")
    assert_the_shards_are_the_whole(count, "kind.npz", "few.csv")


@pytest.mark.kernels
@pytest.mark.parametrize("model", MORE)
def test_a_row_alone_gives_what_it_gives_in_the_whole(model: str, place: Path) -> None:
    """As many shards as rows."""
    config = write_config(place / "more.yaml", **MORE[model], training={"epochs": 1})
    ok("train", config, "-o", "more", "--no-plots", "-q")
    (place / "few.csv").write_text("\n".join(lines_of_table()[:9]) + "\n", "utf-8")
    asked = ("--interval", "0.9") if "intervals" in MORE[model] else ()
    assert_the_shards_are_the_whole(8, "more/model.npz", "few.csv", *asked)


@pytest.mark.kernels
def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ok("predict", "kind.npz", "t.csv").out
    for answers in (3, 21, 1 << 18):
        monkeypatch.setattr(encoding, "ANSWERS", answers)
        assert "".join(done.out for done in shards(3, "kind.npz", "t.csv")) == whole


def quoted(lines: list[str]) -> bytes:
    """Ids with all that a quoted text may hold: line ends, separators, quotes."""
    rows = list(csv.reader(lines))
    awkward = ['say "hi"', "two\nlines", "comma,", "\n\n\n", " spaced ", "é漢", '"', ",\n,", "plain"]
    for number, row in enumerate(rows[1:]):
        row[0] = awkward[number % len(awkward)]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def encoded(text: str, encoding_name: str = "utf-8") -> bytes:
    return text.encode(encoding_name)


SHAPES: dict[str, Any] = {
    "quoted line ends": quoted,
    "CRLF": lambda lines: encoded("\r\n".join(lines) + "\r\n"),
    "CR": lambda lines: encoded("\r".join(lines) + "\r"),
    "no last line end": lambda lines: encoded("\n".join(lines)),
    "blank lines first": lambda lines: encoded("\n\n" + "\n".join(lines) + "\n"),
    "empty lines last": lambda lines: encoded("\n".join(lines) + "\n,,,,,,,,\n\n \n"),
    "sep=": lambda lines: encoded("sep=,\n" + "\n".join(lines) + "\n"),
    "a mark": lambda lines: encoded("\ufeff" + "\n".join(lines) + "\n"),
    "UTF-16": lambda lines: encoded("\n".join(lines) + "\n", "utf-16"),
    "a separator at each end": lambda lines: encoded(",\n".join(lines) + ",\n"),
    "a quote within a text": lambda lines: encoded("\n".join([lines[0], *('5"' + r for r in lines[1:])])),
    "one row": lambda lines: encoded("\n".join(lines[:2])),
    "no rows": lambda lines: encoded(lines[0] + "\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_however_the_file_is_written(shape: str, packed: bool) -> None:
    content = SHAPES[shape](lines_of_table())
    path = Path("shaped.csv.gz" if packed else "shaped.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert_the_shards_are_the_whole(3 if packed else 5, "kind.npz", path, "--include-inputs")


def test_a_tsv_is_read_and_written_with_tabs(place: Path) -> None:
    (place / "t.tsv").write_text("\n".join(line.replace(",", "\t") for line in lines_of_table()), "utf-8")
    ok("train", write_config(place / "c.yaml", data={"train": "t.tsv"}), "-o", "tabs", "--no-plots", "-q")
    ok("predict", "tabs/model.npz", "t.tsv", "--id", "id", "-o", "whole.tsv")
    for number in (1, 2, 3):
        part = f"p{number}.tsv"
        ok("predict", "tabs/model.npz", "t.tsv", "--id", "id", "-o", part, "--shard", f"{number}/3")
    assert b"".join(Path(f"p{n}.tsv").read_bytes() for n in (1, 2, 3)) == Path("whole.tsv").read_bytes()
    assert b"\t" in Path("whole.tsv").read_bytes()


def test_files_hold_what_standard_output_has_and_gzip_members_join(place: Path) -> None:
    whole = ok("predict", "kind.npz", "t.csv").out.encode()
    printed = [done.out.encode() for done in shards(8, "kind.npz", "t.csv")]
    for number in range(1, 9):
        for name in (f"p{number}.csv", f"p{number}.csv.gz"):
            ok("predict", "kind.npz", "t.csv", "-o", name, "--shard", f"{number}/8")
    assert [(place / f"p{number}.csv").read_bytes() for number in range(1, 9)] == printed
    packed = b"".join((place / f"p{number}.csv.gz").read_bytes() for number in range(1, 9))
    assert gzip.decompress(packed) == whole


def test_an_empty_shard_is_an_empty_file_and_the_first_has_the_header(place: Path) -> None:
    (place / "few.csv").write_text("\n".join(lines_of_table()[:3]) + "\n", "utf-8")
    found = [done.out for done in shards(5, "size.npz", "few.csv")]
    assert [len(text.splitlines()) for text in found] == [2, 0, 1, 0, 0]
    assert "".join(found) == ok("predict", "size.npz", "few.csv").out
    (place / "none.csv").write_text(lines_of_table()[0] + "\n", "utf-8")
    assert [done.out for done in shards(3, "size.npz", "none.csv")] == ["prediction\n", "", ""]


# --- what is said -------------------------------------------------------------------------------------------


def test_lines_in_messages_are_those_of_the_whole_file(place: Path) -> None:
    lines = lines_of_table()
    lines[12] = '"two\nlines"' + lines[12][lines[12].index(",") :]
    cells = lines[30].split(",")
    lines[30] = ",".join([cells[0], "long", *cells[2:]])
    (place / "bad.csv").write_text("\n".join(lines) + "\n", "utf-8")
    whole = mlp("predict", "kind.npz", "bad.csv")
    assert "bad.csv:32: column 'length': expected a number, found 'long'" in whole.err
    found = [mlp("predict", "kind.npz", "bad.csv", "--shard", f"{number}/4") for number in range(1, 5)]
    assert [done.code for done in found] == [0, 0, 4, 0]
    assert found[2].err == whole.err
    assert_the_shards_are_the_whole(4, "kind.npz", "bad.csv", "--on-bad-row", "empty")
    warned = [done.err for done in shards(4, "kind.npz", "bad.csv", "--on-bad-row", "empty")]
    assert warned == ["", "", "mlp: warning: 1 row could not be predicted: left empty\n", ""]


def test_a_row_that_cannot_be_told_apart_ends_every_shard(place: Path) -> None:
    """Nobody knows how many rows there are."""
    (place / "bad.csv").write_text("\n".join([*lines_of_table(), 'r40,"1,2,red,ash']) + "\n", "utf-8")
    whole = mlp("predict", "kind.npz", "bad.csv")
    assert whole.code == 4
    for number in (1, 2, 3):
        done = mlp("predict", "kind.npz", "bad.csv", "--shard", f"{number}/3")
        assert done == Done(4, "", whole.err)


def test_a_ragged_row_ends_the_shard_that_has_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK", 1 << 14)
    lines = lines_of_table()
    lines += [*lines[1:] * 100, lines[1] + ",more"]  # farther than anybody looks ahead
    (place / "bad.csv").write_text("\n".join(lines) + "\n", "utf-8")
    whole = mlp("predict", "kind.npz", "bad.csv")
    found = [mlp("predict", "kind.npz", "bad.csv", "--shard", f"{number}/2") for number in (1, 2)]
    assert [done.code for done in found] == [0, 4]
    assert found[1].err == whole.err


def test_standard_input_and_pipes_are_refused(place: Path) -> None:
    says = "mlp: error: shard 1/2: {} can be read only once, and its rows are counted first\n"
    hint = "hint: write it to a file, and name that\n"
    done = mlp("predict", "kind.npz", "-", "--shard", "1/2", stdin=(place / "t.csv").read_bytes())
    assert done == Done(2, "", says.format("stdin") + hint)
    os.mkfifo("pipe.csv")
    assert mlp("predict", "kind.npz", "pipe.csv", "--shard", "1/2").err == says.format("pipe.csv") + hint


@pytest.mark.parametrize(
    ("shard", "says"),
    [
        ("0/8", "expected a shard from 1/8 to 8/8, found 0/8"),
        ("9/8", "expected a shard from 1/8 to 8/8, found 9/8"),
        ("a/b", "expected I/N, such as 2/8 for the second of eight, found 'a/b'"),
    ],
)
def test_a_shard_that_is_none_is_refused(shard: str, says: str) -> None:
    done = mlp("predict", "kind.npz", "t.csv", "--shard", shard)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"mlp: error: invalid value for '--shard': {says}\n")
