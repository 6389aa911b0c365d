"""What `mlp init` makes of a target: rare classes named, honest splits proposed, and it always trains."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.survey.columns import ColumnFacts
from mlpcli.survey.groups import repeating_ids
from tests.support.running import mlp, ok, starter_written

RNG = np.random.default_rng(4)


def started(directory: Path, frame: pd.DataFrame, *targets: str) -> str:
    """The text of the config for a table; it must train."""
    frame.to_csv(directory / "t.csv", index=False)
    starter_written(directory, *targets)
    quick = ["--set", "training.epochs=1", "--no-plots", "-q", "--overwrite"]
    ok("train", directory / "c.yaml", "-o", directory / "run", *quick)
    return (directory / "c.yaml").read_text("utf-8")


def only(text: str, start: str) -> str:
    """The one line that starts like this, without the spaces before its comment."""
    (line,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return " ".join(line.split())


def frame_of(rows: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": RNG.normal(size=rows).round(3), "z": RNG.normal(size=rows).round(3), **columns})


def test_a_rare_class_is_named_positive_and_measured(tmp_path: Path) -> None:
    y = np.where(np.arange(400) % 20 == 0, "fraud", "ok")
    text = started(tmp_path, frame_of(400, y=y), "y")
    assert only(text, "target:").endswith("# 2 classes: fraud, ok; 'fraud' only 5 % of the rows")
    assert only(text, "positive:").startswith("positive: fraud #")
    assert "# class_weight: balanced" in text
    data = load_config(tmp_path / "c.yaml").spec
    assert data.data.positive == "fraud"
    assert data.training.metrics == ("average_precision", "roc_auc", "f1_macro", "accuracy")


def test_labels_that_never_vary_are_labels(tmp_path: Path) -> None:
    """Among others that do; in whatever spelling. Alone they are nothing to learn."""
    varying = np.arange(60) % 2
    flat = {"b": np.zeros(60, int), "c": np.ones(60, int)}
    text = started(tmp_path, frame_of(60, a=varying + 0.0, **flat), "a", "b", "c")
    assert only(text, "task:").startswith("task: multilabel")
    assert only(text, "target:").endswith("# 2 classes: 0.0, 1.0; 1 class: 0; 1 class: 1")
    done = mlp("init", "--recipe", "quick", tmp_path / "t.csv", "--target", "b", "--target", "c", "-o", "-")
    assert done.code == 4 and "column 'b': the target is the same in every row" in done.err


def test_codes_are_classes(tmp_path: Path) -> None:
    y = np.array(["01", "02", "10", "95"])[np.arange(400) % 4]
    text = started(tmp_path, frame_of(400, y=y), "y")
    assert only(text, "target:").endswith("# 4 classes: 01, 02, 10, 95")
    assert only(text, "task:") == "task: classification # codes: some begin with 0"


def test_what_goes_by_in_training_shows_whether_the_rare_class_is_found(tmp_path: Path) -> None:
    """The first metric stands in the line of an epoch, and beside the loss in the picture."""
    y = np.where(np.arange(400) % 20 == 0, "fraud", "ok")
    started(tmp_path, frame_of(400, y=y), "y")
    line = ok("train", tmp_path / "c.yaml", "--set", "training.epochs=1", "-o", tmp_path / "run").err
    assert "  val_average_precision 0." in line and "accuracy" not in line
    assert "average_precision" in (tmp_path / "run" / "loss.svg").read_text()


def test_a_rare_class_among_more_is_measured_by_averages(tmp_path: Path) -> None:
    y = np.where(np.arange(400) % 20 == 0, "rare", np.where(np.arange(400) % 2 == 0, "a", "b"))
    text = started(tmp_path, frame_of(400, y=y), "y")
    assert only(text, "target:").endswith("# 3 classes: a, b, rare; 'rare' only 5 % of the rows")
    assert "positive" not in text
    assert load_config(tmp_path / "c.yaml").spec.training.metrics == (
        "balanced_accuracy",
        "f1_macro",
        "accuracy",
    )


def test_classes_that_are_about_even_have_the_usual_metrics(tmp_path: Path) -> None:
    y = np.where(np.arange(400) % 3 == 0, "1", "0")
    text = started(tmp_path, frame_of(400, y=y), "y")
    assert only(text, "target:").endswith("# 2 classes: 0, 1")
    assert only(text, "# positive:").startswith('# positive: "1" # the class that precision')
    spec = load_config(tmp_path / "c.yaml").spec
    assert (spec.data.positive, spec.training.metrics) == (None, None)
    assert "class_weight" not in text


@pytest.mark.parametrize("line", ["group: patient", "order: day"])
def test_a_proposal_can_be_taken_by_uncommenting_it(tmp_path: Path, line: str) -> None:
    """An id whose values come again, and a date."""
    patient = [f"p{i % 40}" for i in range(200)]
    day = pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")
    y = np.where(RNG.random(200) > 0.5, "u", "v")
    text = started(tmp_path, frame_of(200, patient=patient, day=day, y=y), "y")
    assert only(text, "# group:").startswith("# group: patient # 40 different in 200 rows")
    assert only(text, "# order:").startswith("# order: day # if later rows are predicted from earlier ones")
    (tmp_path / "c.yaml").write_text(text.replace(f"# {line}", line), "utf-8")
    ok(
        "train",
        tmp_path / "c.yaml",
        "-o",
        tmp_path / "other",
        "--set",
        "training.epochs=1",
        "--no-plots",
        "-q",
    )


def test_nothing_is_proposed_where_nothing_is_cut(tmp_path: Path) -> None:
    frame = frame_of(45, patient_id=[i % 12 for i in range(45)], y=["a", "b", "c"] * 15)
    assert "# group" not in started(tmp_path, frame, "y")


@pytest.mark.parametrize(
    ("name", "distinct", "proposed"),
    [
        ("patient_id", 40, True),
        ("PatientID", 40, True),
        ("customer", 40, True),
        ("user name", 40, True),
        ("store_nr", 40, True),
        ("patient_id", 200, False),
        ("patient_id", 3, False),
        ("colour", 40, False),
        ("customers_per_day", 40, False),
    ],
)
def test_which_columns_name_groups(name: str, distinct: int, proposed: bool) -> None:
    assert bool(repeating_ids([ColumnFacts(name, False, 200, 0, distinct)])) == proposed


def noisy(rows: int, seed: int) -> pd.DataFrame:
    """A few numbers and kinds, of which two say a little about the class: a bank's applicants, say."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=rows).round(2) for i in range(6)})
    frame["kind"], frame["place"] = (
        rng.choice(list("uvwxyz"), rows),
        rng.choice(["red", "green", "blue"], rows),
    )
    score = 0.6 * frame.n0 + 0.5 * (frame.kind == "u") + rng.normal(size=rows)
    return frame.assign(ok=np.where(score > -0.6, "Y", "N"))


@pytest.mark.parametrize("rows", [40, 150, 450])
def test_a_small_table_is_not_learnt_by_heart(tmp_path: Path, rows: int) -> None:
    """The unedited config is better on new rows than a constant prediction is, on average over tables."""
    ratios = []
    for seed in range(4):
        frame = noisy(rows + 600, seed)
        frame[:rows].to_csv(tmp_path / "train.csv", index=False)
        frame[rows:].to_csv(tmp_path / "test.csv", index=False)
        ok(
            "init",
            "--recipe",
            "quick",
            tmp_path / "train.csv",
            "--target",
            "ok",
            "-o",
            tmp_path / "c.yaml",
            "-q",
            "--overwrite",
        )
        options = ["--set", f"data.test={tmp_path / 'test.csv'}", "--json", "--no-plots", "-q", "--overwrite"]
        found = ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", *options).document()["test"]
        ratios.append(found["loss"] / found["baseline"]["loss"])
    assert np.mean(ratios) < 1, ratios


def test_a_test_loss_above_the_constant_one_is_noted(tmp_path: Path) -> None:
    frame = noisy(300, 7)
    frame[:100].to_csv(tmp_path / "train.csv", index=False)
    frame[100:].to_csv(tmp_path / "test.csv", index=False)
    ok("init", "--recipe", "quick", tmp_path / "train.csv", "--target", "ok", "-o", tmp_path / "c.yaml", "-q")
    free = ["l2=0", "model.dropout=0", "data.validation=null", "training.early_stopping=null"]
    options = [word for one in [*free, f"data.test={tmp_path / 'test.csv'}"] for word in ("--set", one)]
    done = ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", *options, "--no-plots")
    assert "the loss on the test rows is above that of a constant prediction" in done.err
    assert "mlp: warning" not in done.err


def labels(kinds: Sequence[str], counts: Sequence[int]) -> list[str]:
    return [kind for kind, count in zip(kinds, counts, strict=False) for _ in range(count)]


COUNTS = st.lists(st.integers(1, 40), min_size=2, max_size=6)
WORDS = st.sampled_from(
    [("a", "b", "c", "d", "e", "f"), ("0", "1", "2", "3", "4", "5"), ("no", "yes", "?", "x", "y", "z")]
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    COUNTS,
    WORDS,
    st.integers(0, 3),
    st.integers(0, 1000),
    st.sampled_from(["one", "labels", "numbers", "few"]),
)
def test_every_config_trains_with_every_seed(
    tmp_path: Path, counts: list[int], words: tuple[str, ...], gaps: int, seed: int, kind: str
) -> None:
    """Whatever the target holds: rare classes, labels that hardly occur, few numbers, missing cells."""
    rng = np.random.default_rng(seed)
    y: list[Any] = rng.permutation(labels(words, counts)).tolist()
    rows = len(y)
    frame = frame_of(rows, y=y)
    targets = ["y"]
    if kind == "labels":
        frame["y"] = np.where(np.arange(rows) < counts[0], 1, 0)
        frame["w"] = 0
        targets.append("w")
    elif kind == "numbers":
        frame["y"], frame["w"] = rng.normal(size=rows), rng.integers(0, 3, rows)
        targets.append("w")
    elif kind == "few":
        frame["y"] = np.where(np.arange(rows) < counts[0], 0.5, np.where(np.arange(rows) % 7 == 0, 3.25, 1.5))
    frame["y"] = frame["y"].astype(object)
    frame.loc[rng.permutation(rows)[:gaps], "y"] = None
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    frame.to_csv(tmp_path / "t.csv", index=False)
    named = [word for target in targets for word in ("--target", target)]
    done = mlp(
        "init",
        "--recipe",
        "quick",
        tmp_path / "t.csv",
        *named,
        "-o",
        tmp_path / "c.yaml",
        "-q",
        "--overwrite",
    )
    if done.code:  # said at once, and nothing that does not train was written
        assert done.code == 4, done.err
        return
    for number in (0, seed):
        options = ["--set", "training.epochs=1", "--no-plots", "-q", "--overwrite", "--seed", number]
        ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", *options)


def test_levels_come_again_in_the_rows_that_have_a_target(tmp_path: Path) -> None:
    """A country is embedded by the rows that train, and left out where these seldom share one."""
    rng = np.random.default_rng(3)
    country = [f"land {i % 400}" for i in range(6000)]
    x, y = rng.normal(size=6000), rng.normal(size=6000)
    known = rng.permutation(6000)[:200]
    target = ["" if i not in set(known.tolist()) else f"{y[i]:.3f}" for i in range(6000)]
    rows = "".join(f"{country[i]},{x[i]:.3f},{target[i]}\n" for i in range(6000))
    (tmp_path / "t.csv").write_text("country,x,y\n" + rows, "utf-8")
    ok("init", "--recipe", "quick", tmp_path / "t.csv", "--target", "y", "-o", tmp_path / "c.yaml", "-q")
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "-q", "--no-plots", "--set", "training.epochs=1")
