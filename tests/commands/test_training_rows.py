"""`evaluate` knows its training rows again, by digests that lead to no row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.run import row_digests
from mlpcli.run.row_digests import MARKS, RowDigests
from tests.support.running import arrays, ok, write_config, write_table


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def train(**sections: Any) -> None:
    write_config(Path("c.yaml"), **sections)
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")


def lines_of(part: str) -> list[str]:
    """The lines of the table that are in a part of the run."""
    lines = Path("t.csv").read_text("utf-8").splitlines()
    with Path("run/splits.csv").open(encoding="utf-8", newline="") as file:
        return [lines[int(row["row"])] for row in csv.DictReader(file) if row["part"] == part]


def evaluated(lines: list[str], *flags: str) -> tuple[str, int | None]:
    """What evaluate notes about rows, and the number in its JSON document."""
    header = Path("t.csv").read_text("utf-8").splitlines()[0]
    Path("some.csv").write_text("\n".join([header, *lines, ""]), "utf-8")
    done = ok("evaluate", "run/model.npz", "some.csv", "--json", *flags)
    others = [line for line in done.err.splitlines(keepends=True) if "never predicted" not in line]
    return "".join(others), done.document().get("training_rows")


def note(count: str, rows: int, equal: str = ", or equal to one") -> str:
    says = "what they score says little about new rows"
    return f"{count} of {rows} rows were training rows{equal}: {says}\n"


TARGETS: list[dict[str, Any]] = [
    {"data": {"target": "kind"}},
    {"data": {"target": "size"}},
    {"data": {"target": "two"}, "loss": {"name": "cross_entropy", "label_smoothing": 0.1}},
    {"data": {"target": "two"}, "loss": "hinge"},
    {"data": {"target": ["size", "w"]}, "training": {"dtype": "float64"}},
]


@pytest.mark.parametrize("sections", TARGETS, ids=str)
def test_training_rows_are_counted_wherever_they_are(sections: dict[str, Any]) -> None:
    data = {**sections["data"], "features": ["length", "width", "colour"], "test": 0.3}
    train(**{**sections, "data": data})
    trained, tested = lines_of("train"), lines_of("test")
    assert evaluated([*tested[:5], *trained[:20]])[0].startswith(note("20", 25))
    assert evaluated(trained[::-1]) == (note("28", 28), 28)
    assert evaluated(tested) == ("", 0)
    assert evaluated(trained, "-q") == ("", 28)


def test_the_training_file_itself_is_known_by_its_hash() -> None:
    """Also rows that equal a training row and did not train: here every row is there twice."""
    header, *lines = Path("t.csv").read_text("utf-8").splitlines()
    Path("t.csv").write_text("\n".join([header, *lines, *lines, ""]), "utf-8")
    train(data={"test": 0.3})
    done = ok("evaluate", "run/model.npz", "t.csv", "--json")
    assert (done.err, done.document()["training_rows"]) == (note("56", 80, ""), 56)


def test_a_row_with_another_target_or_input_is_another_row() -> None:
    train(data={"test": 0.3, "features": ["length"]})
    row = lines_of("train")[0].split(",")
    other = {"ash": "elm", "elm": "oak", "oak": "ash"}
    assert evaluated([",".join([*row[:4], other[row[4]], *row[5:]])])[1] == 0
    assert evaluated([",".join([row[0], f"{row[1]}1", *row[2:]])])[1] == 0
    assert evaluated([",".join(["another", row[1], "7", *row[3:]])])[1] == 1  # these are no inputs


def test_a_model_without_digests_knows_no_rows() -> None:
    """As those of the first version are: they have the hash of a file, which nobody computes any more."""
    golden = Path(__file__).parents[1] / "reference"
    done = ok("evaluate", golden / "golden_model.npz", golden / "golden_rows.csv", "--json")
    assert "training_rows" not in done.document()
    assert "training rows" not in done.err


def test_python_predicts_without_a_look_at_them() -> None:
    train()
    found = arrays(Path("run"))
    assert found["training.digests"].shape == (40,)
    assert (np.diff(found["training.digests"]) > 0).all()
    data = json.loads(found["meta"].tobytes())["data"]
    assert (data["rows"], data["digests"]["count"], data["digests"]["below"]) == (40, 40, MARKS)


# --- a sample of many rows ----------------------------------------------------------------------------------


def table(rows: int, seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 5)).astype(np.float32), rng.integers(2, size=(rows, 1)).astype(np.float32)


def test_of_many_rows_a_sample_tells_about_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within four standard deviations of a binomial number of them, and without one false alarm."""
    monkeypatch.setattr(row_digests, "MOST", 1000)
    (x, y), (new_x, new_y) = table(50_000, 0), table(50_000, 1)
    known = RowDigests.of(x, y)
    assert known.below < MARKS
    assert 990 <= len(known.digests) <= 1000
    assert known.overlap(new_x, new_y).found == 0
    mixed = known.overlap(np.vstack([x[:30_000], new_x]), np.vstack([y[:30_000], new_y]))
    assert mixed.is_sample
    spread = 80_000 * np.sqrt(0.375 * 0.625 / mixed.checked)
    assert abs(mixed.training_rows - 30_000) < 4 * spread
    sum_of_parts = known.overlap(x[:30_000], y[:30_000]) + known.overlap(new_x, new_y)
    assert sum_of_parts == mixed


def test_the_note_says_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_digests, "MOST", 10)
    train(data={"test": 0.3})
    said, count = evaluated(lines_of("train"))
    assert said == note("about 28", 28)
    assert count == 28
    assert len(arrays(Path("run"))["training.digests"]) == 10


def test_no_row_of_a_sample_is_looked_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of which none has a mark below the bound are none that the model can know."""
    monkeypatch.setattr(row_digests, "MOST", 1)
    train(data={"test": 0.3})
    found = [evaluated([line]) for line in lines_of("train")]
    says = "what they score says little about new rows"
    assert max(found) == (f"1 of 1 row was a training row, or equal to one: {says}\n", 1)
    assert found.count(("", 0)) == 27


def test_equal_rows_have_one_digest_whatever_their_zeros() -> None:
    x = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]])
    known = RowDigests.of(x, np.zeros((3, 1)))
    assert len(known.digests) == 2
    assert known.overlap(x, np.zeros((3, 1))).found == 3


def test_models_of_different_rows_have_no_digests_in_common() -> None:
    """Whoever has two models cannot tell which rows both were trained on, nor prepare a list of digests."""
    x, y = table(100, 0)
    first, second = RowDigests.of(x, y), RowDigests.of(x[1:], y[1:])
    assert not np.isin(first.digests, second.digests).any()
    assert np.array_equal(RowDigests.of(x[::-1], y[::-1]).digests, first.digests)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = table(1000, 0)
    whole = RowDigests.of(x, y)
    monkeypatch.setattr(row_digests, "BLOCK", 7)
    assert np.array_equal(RowDigests.of(x, y).digests, whole.digests)


def test_marks_are_spread_evenly_also_of_rows_that_are_nearly_equal() -> None:
    """Counts and 0/1 columns have few bits: of 2^16 rows as many as expected are in each of 64 cells."""
    numbers = np.arange(1 << 16)
    x = np.stack([numbers & 255, numbers >> 8], axis=1).astype(np.float32)
    marks = row_digests._marks(x, np.zeros((len(x), 1), np.float32))
    cells = np.bincount(marks >> np.uint32(26), minlength=64)
    chi_squared = ((cells - 1024.0) ** 2 / 1024).sum()
    assert 25 < chi_squared < 120  # 63 degrees of freedom: beyond either end once in 100,000 times
    assert len(np.unique(marks)) > len(marks) - 20
