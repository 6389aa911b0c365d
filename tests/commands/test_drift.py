"""`mlp drift`: resampled training rows have not moved, shifted ones have; claims end in exit 10."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.running import Done, mlp, ok, write_config, write_table

FEATURES = ["length", "width", "colour"]
RUNS: dict[str, dict[str, Any]] = {
    "classes": {"data": {"target": "kind", "features": FEATURES}, "ensemble": {"folds": 2}},
    "numbers": {"data": {"target": "size", "features": FEATURES}},
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("drifting")
    write_table(where, rows=200)
    for name, sections in RUNS.items():
        ok("train", write_config(where / f"{name}.yaml", **sections), "-o", where / name, "-q", "--no-plots")
    with (where / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rng = np.random.default_rng(0)
    again = [rows[k] for k in rng.integers(0, 200, 150)]
    write(where / "again.csv", again)
    moved = [row | {"length": str(float(row["length"]) + 2), "colour": "pink"} for row in again]
    write(where / "moved.csv", moved)
    return where


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def drifted(directory: Path, run: str, source: str, *arguments: object) -> Done:
    return mlp("drift", directory / run / "model.npz", directory / source, *arguments)


@pytest.mark.parametrize("run", RUNS)
def test_training_rows_have_not_moved(directory: Path, run: str) -> None:
    document = drifted(directory, run, "t.csv", "--json").document()
    assert (document["rows"], document["training_rows"], document["moved"]) == (200, 200, [])
    assert list(document["columns"]) == FEATURES
    for one in (*document["columns"].values(), *document["predictions"].values()):
        assert one["psi"] == pytest.approx(0.0, abs=1e-9)
        assert one["distance"] in (None, pytest.approx(0.0, abs=1e-9))
    resampled = drifted(directory, run, "again.csv", "--json", "--assert", "psi<0.3")
    assert resampled.code == 0 and resampled.document()["moved"] == []


@pytest.mark.parametrize("run", RUNS)
def test_what_has_moved_is_said(directory: Path, run: str) -> None:
    document = drifted(directory, run, "moved.csv", "--json").document()
    assert sorted(document["moved"]) == ["colour", "length"]
    assert document["psi"] == max(one["psi"] for one in document["columns"].values())
    assert document["columns"]["colour"]["unseen"] == 1.0
    (predicted,) = document["predictions"].values()
    assert predicted["moved"]
    length = document["columns"]["length"]
    assert length["distance"] > 1 and length["psi"] > length["chance"]["upper"] > length["chance"]["mean"]
    lines = drifted(directory, run, "moved.csv").out.splitlines()
    assert lines[0] == "150 rows beside the 200 that trained the model"
    assert lines[1] in {"moved: colour, length", "moved: length, colour"}
    assert sum(line.endswith(" moved") for line in lines) == 3
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("claim", "code", "message"),
    [
        ("psi<0.1", 10, "expected psi < 0.1, found "),
        ("psi.length < 0.1", 10, "expected psi.length < 0.1, found "),
        ("psi.width<0.5", 0, ""),
        ("psi.kind>0", 0, ""),
        ("psi.lenght<1", 2, "the model has no column 'lenght'\nhint: did you mean `length`?"),
        ("accuracy>0.5", 2, "drift has no 'accuracy'"),
        ("psi", 2, "expected a metric, one of"),
    ],
)
def test_claims(directory: Path, claim: str, code: int, message: str) -> None:
    done = drifted(directory, "classes", "moved.csv", "-q", "--assert", claim)
    assert (done.code, done.out) == (code, "") and message in done.err


def test_columns_have_any_name(tmp_path: Path) -> None:
    rows = [{"länge (m) <x>": str(k % 17), "y": str(k)} for k in range(60)]
    write(tmp_path / "t.csv", rows)
    write_config(tmp_path / "c.yaml", data={"target": "y", "features": None})
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "-q", "--no-plots")
    done = mlp(
        "drift", tmp_path / "run" / "model.npz", tmp_path / "t.csv", "--assert", "psi.länge (m) <x> > 1"
    )
    assert done.code == 10 and "expected psi.länge (m) <x> > 1.0, found 0" in done.err


def test_rows_need_no_target_and_come_from_anywhere(directory: Path) -> None:
    lines = "length,width,colour\n" + "".join(f"{k / 9},{k / 7},red\n" for k in range(30))
    model = directory / "numbers" / "model.npz"
    done = ok("drift", model, "-", "--json", stdin=lines.encode())
    assert json.loads(done.out)["rows"] == 30


def test_nothing_to_compare(directory: Path) -> None:
    done = mlp("drift", directory / "numbers" / "model.npz", "-", stdin=b"length,width,colour\n")
    assert done.code == 4 and "there are no rows after the header" in done.err


def test_a_cell_that_cannot_be_used_is_an_error(directory: Path) -> None:
    done = mlp("drift", directory / "numbers" / "model.npz", "-", stdin=b"length,width,colour\nx,1,red\n")
    assert done.code == 4 and "column 'length'" in done.err


def test_a_model_of_the_first_version_says_what_to_do() -> None:
    reference = Path(__file__).parents[1] / "reference"
    done = mlp("drift", reference / "golden_model.npz", reference / "golden_rows.csv")
    assert (done.code, done.out) == (5, "")
    assert "does not know how its training rows were distributed" in done.err
