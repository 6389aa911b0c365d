"""The report of a run of any kind: valid, the run's own numbers, and scikit-learn's where it counts anew."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from sklearn import metrics as judge
from sklearn.calibration import calibration_curve

from mlpcli.report.document import read_document, report_schema
from mlpcli.report.network_parts import ClassSurface, FittedCurve, NumberSurface
from mlpcli.report.page import render
from mlpcli.run.facts import source_rows
from tests.support.reported_runs import SHAPES, Reported, document_again, reported
from tests.support.running import write_table

OF_CLASSES = [("two classes", "test"), ("three classes", "test"), ("folds", "fold")]
VALIDATOR = Draft202012Validator(report_schema())


class Runs:
    """The runs of this module, each trained when it is first asked for."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._known: dict[str, Reported] = {}

    def __getitem__(self, name: str) -> Reported:
        if name not in self._known:
            self._known[name] = reported(self.place, f"run{len(self._known)}", **SHAPES[name])
        return self._known[name]

    @property
    def table(self) -> list[dict[str, str]]:
        """The rows of the table that all have."""
        with (self.place / "t.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    place = tmp_path_factory.mktemp("reports")
    path = write_table(place, rows=120)
    header, *rows = path.read_text("utf-8").splitlines()
    labels = [f"{row},{number % 2},{int(row.split(',')[1] > '0')}" for number, row in enumerate(rows)]
    path.write_text("\n".join([f"{header},odd,long", *labels]) + "\n", "utf-8")
    return Runs(place)


@pytest.mark.parametrize("name", SHAPES)
def test_a_run_of_any_kind_has_a_report(runs: Runs, name: str) -> None:
    run = runs[name]
    document, content = run.document, run.document.content()
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(content))] == []
    assert read_document(content) == document
    assert document_again(run.trained).content() == content
    assert render([document]) == render([read_document(content)])
    assert str(run.directory.parent).encode() not in content
    own = {part.part: {one.metric: one for one in part.scores} for part in document.parts}
    for part, scores in own.items():
        for metric, found in scores.items():
            assert found.value == run.metrics[part][metric]
            assert found.baseline == run.metrics[part]["baseline"].get(metric)
    judged = document.summary.judged
    main = own[judged.part][document.summary.main.metric]
    assert document.summary.main == main
    assert judged.rows == next(part.rows for part in document.parts if part.part == judged.part)
    if main.low is not None and main.high is not None and main.value is not None:
        assert main.low <= main.value <= main.high


def inputs(runs: Runs, rows: list[dict[str, str]], column: str) -> Any:
    """Numbers of the table in the rows of predictions."""
    return np.array([float(runs.table[int(row["row"]) - 1][column]) for row in rows])


def held_out(run: Reported, part: str = "test") -> list[dict[str, str]]:
    """The rows of predictions.csv that judge a run; of folds those of out_of_fold.csv."""
    name = "out_of_fold.csv" if part == "fold" else "predictions.csv"
    with (run.directory / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if part in {"fold", row.get("part")}]


def numbers(rows: list[dict[str, str]], column: str) -> Any:
    return np.array([float(row[column]) for row in rows])


@pytest.mark.parametrize(("name", "part"), OF_CLASSES)
def test_classes_are_counted_as_scikit_learn_does(runs: Runs, name: str, part: str) -> None:
    run = runs[name]
    rows, found = held_out(run, part), run.document.classes
    assert found is not None
    assert found.confusion is not None
    target = run.document.summary.targets.shown[0]
    truth, said = ([row[column] for row in rows] for column in (target, "prediction"))
    classes = list(run.document.summary.classes.shown)
    matrix = judge.confusion_matrix(truth, said, labels=classes)
    assert np.array_equal(matrix, found.confusion.counts)
    most = found.confusion.most[0]
    off = matrix - np.diag(np.diag(matrix))
    assert most.rows == off.max() == off[classes.index(most.truth), classes.index(most.predicted)]
    each = judge.precision_recall_fscore_support(truth, said, labels=classes, zero_division=0)
    for one, precision, recall, f1, support in zip(found.each.shown, *each, strict=True):
        assert one.recall == pytest.approx(recall)
        assert one.precision == (pytest.approx(precision) if one.predicted else None)
        assert (one.f1 or 0.0) == pytest.approx(f1)
        assert one.rows == support


@pytest.mark.parametrize(("name", "part"), OF_CLASSES)
def test_rankings_and_probabilities_are_scikit_learns(runs: Runs, name: str, part: str) -> None:
    run = runs[name]
    rows, found = held_out(run, part), run.document.classes
    assert found is not None
    assert found.rankings is not None
    assert found.reliability is not None
    target = run.document.summary.targets.shown[0]
    truth = np.array([row[target] for row in rows])
    for ranking in found.rankings.shown:
        positive, said = truth == ranking.name, numbers(rows, f"probability_{ranking.name}")
        assert ranking.share == pytest.approx(positive.mean())
        assert ranking.roc_auc == pytest.approx(judge.roc_auc_score(positive, said))
        assert ranking.average_precision == pytest.approx(judge.average_precision_score(positive, said))
        false, true, _ = judge.roc_curve(positive, said)
        points = set(zip(false.round(5).tolist(), true.round(5).tolist(), strict=True))
        shown = zip(np.round(ranking.roc.x, 5).tolist(), np.round(ranking.roc.y, 5).tolist(), strict=True)
        assert set(shown) <= points
    classes = run.document.summary.classes.shown
    probability = np.stack([numbers(rows, f"probability_{one}") for one in classes], axis=1)
    if len(classes) == 2:
        came_true, said = truth == classes[1], probability[:, 1]
        assert found.reliability.brier == pytest.approx(judge.brier_score_loss(came_true, said))
    else:
        came_true = truth == np.array(classes)[probability.argmax(axis=1)]
        said = probability.max(axis=1)
    share, mean = calibration_curve(came_true, said, n_bins=10, strategy="quantile")
    assert found.reliability.found == pytest.approx(share, abs=1e-5)
    assert found.reliability.said == pytest.approx(mean, abs=1e-5)
    gaps = np.abs(share - mean) * np.array(found.reliability.rows)
    assert found.reliability.ece == pytest.approx(gaps.sum() / len(rows), abs=1e-5)


@pytest.mark.parametrize("name", ["a number", "two targets"])
def test_errors_are_those_of_the_predictions(runs: Runs, name: str) -> None:
    run = runs[name]
    rows, found = held_out(run), run.document.numbers
    assert found is not None
    for target in found.targets.shown:
        said = f"{target.target}_prediction" if name == "two targets" else "prediction"
        truth, predicted = numbers(rows, target.target), numbers(rows, said)
        errors = predicted - truth
        assert target.points is not None
        assert target.points.x == pytest.approx(truth, rel=1e-5)
        assert target.points.y == pytest.approx(predicted, rel=1e-5)
        assert target.mean_error == pytest.approx(errors.mean(), rel=1e-4)
        assert [one.value for one in target.quantiles] == pytest.approx(
            np.quantile(errors, [0.05, 0.25, 0.5, 0.75, 0.95]), rel=1e-4
        )
        assert sum(target.errors.rows) == len(rows)


def test_the_worst_rows_are_those_of_the_table(runs: Runs) -> None:
    run = runs["a number"]
    rows, worst = held_out(run), run.document.worst
    assert worst is not None
    errors = np.abs(numbers(rows, "prediction") - numbers(rows, "size"))
    order = np.argsort(-errors, kind="stable")
    assert [one.row for one in worst.rows.shown] == [int(rows[k]["row"]) for k in order[:10]]
    assert [one.error for one in worst.rows.shown] == pytest.approx(errors[order[:10]], rel=1e-4)
    table = runs.table
    assert set(worst.columns.shown) == {"length", "width", "colour"}
    for one in worst.rows.shown:
        cells = dict(zip(worst.columns.shown, one.cells, strict=True))
        assert cells == {column: table[one.row - 1][column] for column in cells}


def test_out_of_fold_rows_judge_a_run_of_folds(runs: Runs) -> None:
    document = runs["folds"].document
    assert (document.summary.judged.words, document.summary.judged.rows) == ("out-of-fold", 120)
    assert document.importance is not None
    assert (document.importance.rows, document.importance.words) == (120, "out-of-fold")
    assert document.worst is not None
    truth = {int(row["row"]): row["kind"] for row in held_out(runs["folds"], "fold")}
    assert all(row.truth == (truth[row.row],) for row in document.worst.rows.shown)
    assert {one.metric for one in document.folds} == {"loss", "accuracy", "f1_macro"}
    assert len(document.network.afterwards) == 2


def test_missing_cells_are_counted_in_the_training_rows(runs: Runs) -> None:
    whole = (runs.place / "t.csv").read_text("utf-8")
    (runs.place / "gaps.csv").write_text(whole.replace(",red,", ",,", 20), "utf-8")
    sections = {"data": {"train": "gaps.csv", "missing": "category", "validation": 0.25}}
    run = reported(runs.place, "gaps", **sections)
    with (run.directory / "splits.csv").open(encoding="utf-8", newline="") as file:
        trains = [int(row["row"]) - 1 for row in csv.DictReader(file) if row["part"] == "train"]
    with (runs.place / "gaps.csv").open(encoding="utf-8", newline="") as file:
        colours = [row["colour"] for row in csv.DictReader(file)]
    (colour,) = (one for one in run.document.data.columns.shown if one.column == "colour")
    assert colour.missing == pytest.approx(np.mean([colours[row] == "" for row in trains]))
    assert (colour.kind, colour.encode, colour.inputs) == ("text", "one_hot", 4)
    assert run.document.groups is not None
    assert sum(group.rows for group in run.document.groups.groups.shown) == run.document.summary.judged.rows


def test_nothing_is_said_of_cells_that_are_gone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    path = runs.place / "changing.csv"
    path.write_text((runs.place / "t.csv").read_text("utf-8"), "utf-8")
    sections = {"data": {"train": "changing.csv", "features": ["length", "width"], "test": 0.3}}
    run = reported(runs.place, "changing", **sections)

    def without_cells() -> None:
        found = document_again(run.trained)
        assert found.worst is not None
        assert found.worst.note is not None
        assert {row.cells for row in found.worst.rows.shown} == {()}
        assert found.surface is None
        assert {column.missing for column in found.data.columns.shown} == {None}

    assert run.document.surface is not None
    with monkeypatch.context() as patched:
        patched.setattr(source_rows, "MOST_CELLS", 100)
        without_cells()
    path.write_text(path.read_text("utf-8") + "x" * 10, "utf-8")
    without_cells()
    path.unlink()
    without_cells()


def test_what_the_networks_say_is_drawn(runs: Runs) -> None:
    """A curve or surface says at the place of a row what the prediction of that row says."""
    curve = runs["a curve"].document.surface
    assert isinstance(curve, FittedCurve)
    rows = held_out(runs["a curve"])
    (line,) = curve.lines.shown
    found = np.interp(inputs(runs, rows, "width"), curve.axis.places, line.y)
    assert found == pytest.approx(numbers(rows, "prediction"), abs=0.05)
    assert curve.rows.y == pytest.approx(numbers(rows, "size"), rel=1e-5)
    for name in ("two numbers in", "members and a surface"):
        surface, rows = runs[name].document.surface, held_out(runs[name])
        assert isinstance(surface, ClassSurface)
        x, y = (
            np.abs(np.subtract.outer(inputs(runs, rows, axis.column), axis.places)).argmin(axis=1)
            for axis in (surface.x, surface.y)
        )
        near = np.array(surface.cells)[y, x]
        said = [surface.classes.shown.index(row["prediction"]) for row in rows]
        assert np.mean(near == said) > 0.9
    number = runs["a surface"].document.surface
    assert isinstance(number, NumberSurface)
    assert np.array(number.cells).shape == (41, 41)
    one = runs["one number in"].document.surface
    assert isinstance(one, FittedCurve)
    assert [line.name for line in one.lines.shown] == ["yes"]
    assert set(one.rows.y) == {0.0, 1.0}


REASONS = {
    "two classes": {"few_rows"},
    "nothing held out": {"training_rows"},
    "three classes": {"class_weight", "few_rows"},
    "folds": {"chosen_on_these_rows", "few_rows"},
}


@pytest.mark.parametrize("name", REASONS)
def test_what_to_distrust_is_said(runs: Runs, name: str) -> None:
    found = runs[name].document.summary.distrust
    assert REASONS[name] <= {reason.kind for reason in found}
    severities = [reason.severity for reason in found]
    assert severities == sorted(severities, reverse=True)
    assert all(reason.text for reason in found)


def test_who_trains_changes_no_byte(tmp_path: Path) -> None:
    """Processes side by side, or one after the other."""
    from mlpcli.artifacts.run_directory import Existing
    from mlpcli.config.load import load_config
    from mlpcli.memory import MAX_PARAMETERS
    from mlpcli.run.study import study_of
    from mlpcli.run.training import RunOptions, Trained, train
    from mlpcli.terminal.console import Console

    write_table(tmp_path)
    alone = reported(tmp_path, "run", **SHAPES["folds"])
    study = study_of(load_config(tmp_path / "run.yaml"), MAX_PARAMETERS)
    options = RunOptions(tmp_path / "other", 2, Existing.OVERWRITE, draw=None)
    trained = train(study, options, Console(quiet=True))
    assert isinstance(trained, Trained)
    assert document_again(trained).content() == alone.document.content()


def test_long_lists_are_capped_and_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"x{k}" for k in range(60)]
    rows = [[*np.round(rng.normal(size=60), 3), f"c{k % 25:02}"] for k in range(300)]
    lines = [",".join([*names, "kind"]), *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", "utf-8")
    run = reported(tmp_path, "run", data={"features": None, "test": 0.5})
    found = run.document
    assert found.classes is not None
    assert found.classes.confusion is not None
    assert found.importance is not None
    assert found.worst is not None
    assert (found.data.columns.total, len(found.data.columns.shown)) == (60, 50)
    assert (found.importance.columns.total, len(found.importance.columns.shown)) == (60, 20)
    assert (found.worst.columns.total, len(found.worst.columns.shown)) == (60, 8)
    confusion = found.classes.confusion
    assert (confusion.classes.total, len(confusion.classes.shown), len(confusion.counts)) == (25, 20, 21)
    assert np.sum(confusion.counts) == found.summary.judged.rows
    assert len(found.content()) < 100_000


def test_names_that_are_hostile_or_endless_are_cut_and_kept(tmp_path: Path) -> None:
    columns = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202eright", "x" * 300]
    classes = ["<b>", "‮no", "y" * 300]
    rng = np.random.default_rng(0)
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "kind"])
        writer.writerows([*np.round(rng.normal(size=4), 3), classes[k % 3]] for k in range(60))
    run = reported(tmp_path, "run", data={"features": None, "validation": 0.3})
    found = run.document
    assert [one.column for one in found.data.columns.shown] == [*columns[:3], "x" * 119 + "…"]
    assert set(found.summary.classes.shown) == {*classes[:2], "y" * 119 + "…"}
    page = render([found]).decode()
    assert "<script>" not in page
    assert "<img" not in page
    assert "\u202e" not in page
