"""`mlp explain`: the metric of `mlp evaluate`, the means of `mlp predict`, and no training rows unasked."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.running import Done, mlp, ok, write_config

REFERENCE = Path(__file__).parents[1] / "reference"
FEATURES = {
    "a": {"encode": "standardize", "missing": "median", "indicator": True},
    "b": {"encode": "quantile"},
    "c": {"encode": "one_hot", "missing": "category"},
    "d": {"encode": "datetime"},
    "e": {"encode": "embed"},
    "twin": {"encode": "standardize"},
}


def write_rows(path: Path, rows: int, seed: int) -> None:
    """What is predicted depends on `a` and `c`; `twin` says the same as `b`."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows)).round(3)
    c, e = rng.choice(["x", "y", ""], rows), rng.choice(["p, q", "r"], rows)
    days = rng.integers(1, 28, rows)
    size = 3 * a + 2 * (c == "x") + 0.1 * rng.normal(size=rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "d", "e", "twin", "size", "kind"])
        for k in range(rows):
            first = "" if k % 9 == 0 else a[k]
            kind = "abc"[int(np.digitize(size[k], [0, 2]))]
            writer.writerow([first, b[k], c[k], f"2024-01-{days[k]:02}", e[k], 2 * b[k], size[k], kind])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, one of folds with classes and one with numbers, and other rows of the same kind."""
    where = tmp_path_factory.mktemp("explained")
    write_rows(where / "t.csv", 90, 0)
    write_rows(where / "new.csv", 40, 1)
    common: dict[str, Any] = {
        "model": {"layers": ["auto", 6, "auto"]},
        "training": {"epochs": 60},
        "optimizer": {"name": "adam", "learning_rate": 0.02},
    }
    data = {"features": FEATURES, "target": "size"}
    write_config(where / "numbers.yaml", data=data, **common)
    data = {"features": FEATURES, "target": "kind"}
    write_config(where / "classes.yaml", data=data, ensemble={"folds": 2}, **common)
    for name in ("numbers", "classes"):
        ok("train", where / f"{name}.yaml", "-o", where / name, "-q", "--no-plots")
    return where


def explained(directory: Path, name: str, *arguments: object, source: str = "new.csv") -> Done:
    return mlp("explain", directory / name / "model.npz", directory / source, *arguments)


@pytest.mark.parametrize(("name", "metric"), [("numbers", "r2"), ("numbers", "mae"), ("classes", "accuracy")])
def test_it_begins_with_what_evaluate_says(directory: Path, name: str, metric: str) -> None:
    document = explained(directory, name, "--json", "--metric", metric).document()
    known = ok(
        "evaluate",
        directory / name / "model.npz",
        directory / "new.csv",
        "--json",
        "--assert",
        f"{metric}>-99",
    )
    assert document["value"] == pytest.approx(known.document()["metrics"][metric], rel=1e-9)
    assert (document["rows"], document["of_rows"], document["training_rows"]) == (40, 40, 0)
    columns = [one["columns"] for one in document["importance"]]
    assert sorted(columns) == [[column] for column in FEATURES] and columns[0] == ["a"]
    assert document["importance"][0]["mean"] > 0 and len(document["importance"][0]["values"]) == 10
    assert document["alike"] == [{"columns": ["b", "twin"], "correlation": pytest.approx(1.0, abs=1e-5)}]


@pytest.mark.parametrize("name", ["numbers", "classes"])
@pytest.mark.parametrize("column", ["a", "c", "d", "e"])
def test_dependence_is_the_mean_of_what_predict_says(
    directory: Path, tmp_path: Path, name: str, column: str
) -> None:
    """Where every row has the cell: numbers, categories, dates, missing ones, by one network or several."""
    (found,) = explained(directory, name, "--json", "--pdp", f'"{column}"').document()["dependence"]
    (asked,) = found["columns"]
    with (directory / "new.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [0, len(asked["cells"]) // 2, len(asked["cells"]) - 1]
    for index in chosen:
        cell = asked["cells"][index]
        path = tmp_path / f"{index}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {column: "" if cell is None else cell} for row in rows)
        said = ok("predict", directory / name / "model.npz", path).rows()
        heads = [f"probability_{one}" for one in found["outputs"]] if name == "classes" else ["prediction"]
        expected = [np.mean([float(row[head]) for row in said]) for head in heads]
        assert found["mean"][index] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert (asked["cells"][-1] is None) == (column in {"a", "c"})


def test_a_person_sees_bars_twins_and_tables_within_80_columns(directory: Path) -> None:
    done = explained(directory, "classes", "--pdp", "a", "--pdp", "b,c", "--pdp", "c,d")
    assert done.code == 0 and max(map(len, done.out.splitlines())) <= 100
    lines = done.out.splitlines()
    assert lines[0].startswith("accuracy ") and "on 40 rows" in lines[0]
    assert any(line.startswith("a ") and line.endswith("██") for line in lines)
    assert any("b and twin say nearly the same (rank correlation 1.00)" in line for line in lines)
    assert "mean probability by b and c, over 40 rows" in lines
    assert any(line.endswith("missing") for line in lines) and any(" * " in line for line in lines)
    numbers = explained(directory, "numbers", "--pdp", "b").out
    assert "mean prediction by b, over 40 rows" in numbers
    assert explained(directory, "numbers", "-q").out == ""


def test_columns_may_be_shuffled_together(directory: Path) -> None:
    document = explained(directory, "numbers", "--group", "b, twin", "--json", "--repeats", "3").document()
    assert ["b", "twin"] in [one["columns"] for one in document["importance"]]
    assert (document["alike"], document["repeats"]) == ([], 3)


def test_the_same_seed_is_the_same_explanation(directory: Path) -> None:
    first, again, other = (
        explained(directory, "numbers", "--json", "--seed", seed).out for seed in (7, 7, 8)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--metric", "accuracy"], 2, "--metric accuracy: metric 'accuracy' is not for regression"),
        (["--group", "a"], 2, "--group 'a': expected two columns or more, found 1"),
        (["--group", "a,b", "--group", "b,c"], 2, "--group: column 'b' is in two groups"),
        (["--group", "a,a"], 2, "--group 'a,a': a column is named twice"),
        (["--pdp", "a,b,c"], 2, "--pdp 'a,b,c': expected one column or two, found 3"),
        (["--pdp", "A"], 2, "--pdp 'A': the model has no column 'A'\nhint: did you mean `a`?"),
        (["--repeats", "0"], 2, "--repeats"),
    ],
)
def test_wrong_questions(directory: Path, arguments: list[str], code: int, message: str) -> None:
    done = explained(directory, "numbers", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_rows_that_trained_are_refused_unless_they_are_few(directory: Path, tmp_path: Path) -> None:
    refused = explained(directory, "numbers", source="t.csv")
    assert refused.code == 4
    assert "90 of 90 rows trained the model, or are equal to one that did" in refused.err
    assert "or --force" in refused.err
    forced = explained(directory, "numbers", "--force", "--json", source="t.csv")
    assert forced.document()["training_rows"] == 90
    # other bytes, the same rows: known by their digests
    lines = [(directory / name).read_text("utf-8").splitlines() for name in ("t.csv", "new.csv")]
    for known, code in ((30, 4), (2, 0)):
        mixed = tmp_path / f"{known}.csv"
        mixed.write_text("\n".join([*lines[0][: known + 1], *lines[1][1:]]) + "\n", encoding="utf-8")
        done = mlp("explain", directory / "numbers" / "model.npz", mixed, "--json")
        assert done.code == code
        assert f"{known} of {40 + known} rows trained the model" in done.err


def test_of_a_long_file_a_sample_is_used(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.commands.explain.MOST_ROWS", 15)
    monkeypatch.setattr("mlpcli.data.encoding.BATCH_ENTRIES", 70)
    document = explained(directory, "numbers", "--json").document()
    assert (document["rows"], document["of_rows"]) == (15, 40)
    assert "on 15 rows of 40" in explained(directory, "numbers").out


def test_an_empty_file_explains_nothing(directory: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text((directory / "new.csv").read_text("utf-8").splitlines()[0] + "\n", encoding="utf-8")
    done = mlp("explain", directory / "numbers" / "model.npz", empty)
    assert done.code == 4 and "no row has a target" in done.err


def test_a_model_of_the_first_version_has_importance_and_no_grid() -> None:
    golden, rows = REFERENCE / "golden_model.npz", REFERENCE / "golden_rows.csv"
    assert ok("explain", golden, rows, "--json", "--force").document()["importance"]
    done = mlp("explain", golden, rows, "--force", "--pdp", "size")
    assert (done.code, done.out) == (5, "")
    assert "this model does not know how its training rows were distributed" in done.err
