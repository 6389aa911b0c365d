"""Temperature, threshold and intervals from a config to predictions: fitted, kept, applied, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, logit
from sklearn.metrics import f1_score, log_loss

import mlpcli
from mlpcli.artifacts.model_file import model_content, read_model
from mlpcli.errors import ModelError
from mlpcli.run.predictor import open_model
from tests.support.running import RESULTS, mlp, ok, write_config, write_table

PARTS = {"validation": 0.2, "test": 0.2}
HELD = {**PARTS, "calibration": 0.2}


def trained(directory: Path, name: str = "run", rows: int = 200, **sections: Any) -> Path:
    """The directory of a run on the table of tests, of whose two classes some rows are the other one."""
    table = pd.read_csv(write_table(directory, rows), dtype=str)
    table.loc[::7, "two"] = table["two"][::7].map({"no": "yes", "yes": "no"})
    table.to_csv(directory / "t.csv", index=False)
    config = write_config(directory / f"{name}.yaml", **sections)
    ok("train", config, "-o", directory / name, "--no-plots", "-q")
    return directory / name


def metrics_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "metrics.json").read_text("utf-8")))


def held_out(run: Path, part: str) -> pd.DataFrame:
    frame = pd.read_csv(run / "predictions.csv", keep_default_na=False)
    return frame[frame["part"] == part]


def predicted(model: Path, table: Path, level: str) -> pd.DataFrame:
    return pd.DataFrame(ok("predict", model, table, "--interval", level).rows()).astype(float)


@pytest.mark.parametrize("target", ["kind", "two"])
def test_a_temperature_changes_probabilities_and_nothing_else(tmp_path: Path, target: str) -> None:
    data, training = {**PARTS, "target": target}, {"epochs": 40, "metrics": ["accuracy", "log_loss"]}
    plain = trained(tmp_path, "plain", data=data, training=training)
    warm = trained(tmp_path, "warm", data=data, training=training, calibration="temperature")
    before, after = (held_out(run, "validation") for run in (plain, warm))
    columns = [name for name in before if name.startswith("probability_")]
    p, classes = before[columns].to_numpy(), [name.removeprefix("probability_") for name in columns]
    truth = before["target" if "target" in before else target].map(classes.index).to_numpy()
    scores = logit(p[:, 1:]) if target == "two" else np.log(p)
    both = np.hstack([np.zeros_like(scores), scores]) if target == "two" else scores

    def loss(u: float) -> float:
        return float(-log_softmax(np.exp(u) * both, axis=1)[np.arange(len(both)), truth].mean())

    found = metrics_of(warm)["calibration"]
    best = minimize_scalar(loss, bounds=(-6, 6), method="bounded", options={"xatol": 1e-10})
    assert found["temperature"] == pytest.approx(np.exp(-best.x), rel=1e-4)
    assert found["log_loss"] == pytest.approx({"before": loss(0.0), "after": best.fun}, rel=1e-6)
    cooled = np.exp(log_softmax(both / found["temperature"], axis=1))
    assert np.abs(after[columns].to_numpy() - cooled).max() < 1e-6
    assert after["prediction"].tolist() == before["prediction"].tolist()
    # metrics are of what is predicted, the loss is what training made small
    assert metrics_of(warm)["val"]["log_loss"] == pytest.approx(found["log_loss"]["after"])
    assert metrics_of(warm)["val"]["loss"] == pytest.approx(found["log_loss"]["before"])
    names = set(before["prediction"]) | set(classes)
    tested = held_out(warm, "test")
    assert metrics_of(warm)["test"]["log_loss"] == pytest.approx(
        log_loss(tested[target], tested[columns], labels=sorted(names))
    )


def test_a_temperature_is_kept_and_applied_everywhere(tmp_path: Path) -> None:
    data, training = {**PARTS, "target": "kind"}, {"metrics": ["log_loss"]}
    run = trained(tmp_path, data=data, training=training, calibration="temperature")
    model, table = run / "model.npz", tmp_path / "t.csv"
    rows = ok("predict", model, table).rows()
    columns = [name for name in rows[0] if name.startswith("probability_")]
    printed = np.array([[float(row[name]) for name in columns] for row in rows])
    frame = pd.read_csv(table, dtype=str)
    assert np.array_equal(mlpcli.load(model).predict_proba(frame).to_numpy(), printed)
    judged = ok("evaluate", model, table, "--json").document()
    assert judged["metrics"]["log_loss"] == pytest.approx(log_loss(frame["kind"], printed))
    temperature = metrics_of(run)["calibration"]
    assert ok("inspect", model, "--json").document()["calibration"] == temperature
    assert "temperature" in ok("inspect", model).out
    shown = ok("train", tmp_path / "run.yaml", "-o", run, "--overwrite", "--no-plots").out
    assert "before" in shown and "on the validation rows" in shown


@pytest.mark.parametrize("ensemble", [None, {"members": 2}, {"folds": 3}], ids=str)
def test_the_loss_is_what_training_made_small_wherever_it_is_told(tmp_path: Path, ensemble: Any) -> None:
    """The same with a temperature and without, smoothed as it was; what probabilities are worth is not."""
    ways = {"test": "test.csv"} | ({} if ensemble == {"folds": 3} else {"validation": "v.csv"})
    sections: dict[str, Any] = {
        "data": {"target": "kind", **ways},
        "training": {"metrics": ["log_loss", "brier"]},
        "loss": {"name": "cross_entropy", "label_smoothing": 0.2},
        **({"ensemble": ensemble} if ensemble else {}),
    }
    for seed, name in enumerate(("v.csv", "test.csv"), 1):
        write_table(tmp_path, rows=60, seed=seed).rename(tmp_path / name)
    plain = trained(tmp_path, "plain", rows=60, **sections)
    warm = trained(tmp_path, "warm", rows=60, **sections, calibration="temperature")
    before, after = metrics_of(plain), metrics_of(warm)
    for part in ("train", "val", "test"):
        assert after[part]["loss"] == before[part]["loss"]
        assert after[part]["log_loss"] != before[part]["log_loss"]
    judged = ok("evaluate", warm / "model.npz", tmp_path / "test.csv", "--json").document()["metrics"]
    assert {name: judged[name] for name in ("loss", "log_loss", "brier")} == pytest.approx(
        {name: after["test"][name] for name in ("loss", "log_loss", "brier")}
    )
    if ensemble is None:
        last = pd.read_csv(warm / "history.csv").iloc[-1]
        assert last["val_loss"] == pytest.approx(after["val"]["loss"])
        assert last["val_log_loss"] == pytest.approx(after["calibration"]["log_loss"]["before"])


@pytest.mark.parametrize("positive", ["no", "yes"])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_a_threshold_is_about_the_positive_class(tmp_path: Path, positive: str, loss: str) -> None:
    run = trained(
        tmp_path,
        data={**PARTS, "target": "two", "positive": positive},
        training={"metrics": ["f1"]},
        loss=loss,
        threshold={"maximize": "f1"},
    )
    threshold, rows = metrics_of(run)["threshold"], held_out(run, "validation")
    p, is_positive = rows[f"probability_{positive}"], rows["two"] == positive
    assert ((p >= threshold) == (rows["prediction"] == positive)).all()
    best = max(f1_score(is_positive, p >= t) for t in p)
    assert metrics_of(run)["val"]["f1"] == pytest.approx(best)
    judged = ok("evaluate", run / "model.npz", tmp_path / "t.csv", "--json").document()
    assert judged["threshold"] == threshold
    assert f"{positive}, from a probability of" in ok("evaluate", run / "model.npz", tmp_path / "t.csv").out
    assert f"{positive} from a probability of {threshold:g} on" in ok("inspect", run / "model.npz").out
    frame = pd.read_csv(tmp_path / "t.csv", dtype=str)
    model = mlpcli.load(run / "model.npz")
    taken = model.predict_proba(frame)[positive] >= threshold
    assert (taken == (model.predict(frame) == positive)).all()


def test_a_threshold_that_is_given_needs_no_rows(tmp_path: Path) -> None:
    run = trained(tmp_path, data={"target": "two"}, threshold=0.125)
    rows = ok("predict", run / "model.npz", tmp_path / "t.csv").rows()
    assert all((float(row["probability_yes"]) >= 0.125) == (row["prediction"] == "yes") for row in rows)
    assert metrics_of(run)["threshold"] == 0.125


def test_what_no_threshold_reaches_is_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"{i * 7 % 10},{'ny'[i % 2]}\n" for i in range(80))
    (tmp_path / "t.csv").write_text("x,two\n" + rows, "utf-8")
    data = {"target": "two", "features": ["x"], "validation": 0.5}
    config = write_config(
        tmp_path / "c.yaml", data=data, threshold={"precision": 1.0}, training={"epochs": 1}
    )
    done = ok("train", config, "-o", tmp_path / "run", "--no-plots", "-q")
    assert "no threshold gives the validation rows a precision of 1: the highest is" in done.err
    (tmp_path / "v.csv").write_text("x,two\n1,y\n2,y\n", "utf-8")
    write_config(tmp_path / "c.yaml", data={**data, "validation": "v.csv"}, threshold={"maximize": "f1"})
    done = ok("train", config, "-o", tmp_path / "run2", "--no-plots", "-q")
    assert "the validation rows do not have both classes: no threshold is chosen, it stays 0.5" in done.err
    assert "threshold" not in metrics_of(tmp_path / "run2")
    no_weight = {**data, "weight": "w", "validation": "v.csv"}
    (tmp_path / "t.csv").write_text(
        "x,two,w\n" + "".join(f"{i},{'ny'[i % 2]},1\n" for i in range(20)), "utf-8"
    )
    (tmp_path / "v.csv").write_text("x,two,w\n1,y,0\n2,n,0\n", "utf-8")
    write_config(tmp_path / "c.yaml", data=no_weight, calibration="temperature")
    done = ok("train", config, "-o", tmp_path / "run3", "--no-plots", "-q")
    assert "no validation row weighs anything: no temperature is fitted" in done.err


def test_intervals_are_split_conformal(tmp_path: Path) -> None:
    run = trained(tmp_path, data={**HELD, "target": "size"}, intervals=[0.9, 0.5])
    model, splits = run / "model.npz", pd.read_csv(run / "splits.csv")
    assert (splits["part"] == "calibration").sum() == 40
    rows = held_out(run, "calibration")
    errors = np.sort((rows["size"] - rows["prediction"]).abs())
    both = {level: predicted(model, tmp_path / "t.csv", level) for level in ("0.9", "0.5")}
    for level, place in (("0.9", 37), ("0.5", 21)):  # ⌈0.9 · 41⌉, ⌈0.5 · 41⌉
        frame = both[level]
        assert list(frame) == ["prediction", "prediction_lower", "prediction_upper"]
        for end in ("lower", "upper"):
            width = (frame["prediction"] - frame[f"prediction_{end}"]).abs()
            assert width.to_numpy() == pytest.approx(errors[place - 1])
        own = frame.loc[rows["row"] - 1]
        truth = rows["size"].to_numpy()
        held = (own["prediction_lower"] <= truth) & (truth <= own["prediction_upper"])
        assert held.sum() == place
    tested = metrics_of(run)["test"]["intervals"]
    assert tested["0.9"]["mean_width"] == pytest.approx(2 * errors[36])
    judged = ok("evaluate", model, tmp_path / "t.csv", "--json").document()["intervals"]
    truth = pd.read_csv(tmp_path / "t.csv")["size"]
    lower, upper = both["0.9"]["prediction_lower"], both["0.9"]["prediction_upper"]
    assert judged["0.9"]["coverage"] == pytest.approx(((lower <= truth) & (truth <= upper)).mean())
    assert "intervals of 0.9 hold" in ok("evaluate", model, tmp_path / "t.csv").out
    frame = mlpcli.load(model).predict_interval(pd.read_csv(tmp_path / "t.csv", dtype=str), 0.9)
    assert np.array_equal(frame["lower"], lower) and np.array_equal(frame["upper"], upper)
    assert "of 0.9, 0.5" in ok("inspect", model).out


def test_calibration_rows_may_be_a_file_and_do_not_train(tmp_path: Path) -> None:
    write_table(tmp_path, 60, seed=1).rename(tmp_path / "cal.csv")
    run = trained(tmp_path, data={"target": ["size", "count"], "calibration": "cal.csv"}, intervals=0.8)
    found = metrics_of(run)
    assert list(found)[:2] == ["train", "cal"]
    splits = pd.read_csv(run / "splits.csv")
    assert splits.groupby("part").size().to_dict() == {"calibration": 60, "train": 200}
    names = list(ok("predict", run / "model.npz", tmp_path / "cal.csv", "--interval", 0.8).rows()[0])
    ends = [f"{name}_prediction_{end}" for name in ("size", "count") for end in ("lower", "upper")]
    assert names == ["size_prediction", "count_prediction", *ends]
    frame = mlpcli.load(run / "model.npz").predict_interval(pd.read_csv(tmp_path / "cal.csv", dtype=str), 0.8)
    assert list(frame) == [(name, end) for name in ("size", "count") for end in ("lower", "upper")]


def test_sets_of_classes_hold_the_rows_that_calibrate_them(tmp_path: Path) -> None:
    run = trained(tmp_path, data={**HELD, "target": "kind"}, intervals=[0.8], calibration="temperature")
    rows = held_out(run, "calibration")
    classes = ["ash", "elm", "oak"]
    p = rows[[f"probability_{name}" for name in classes]].to_numpy()
    misfit = np.sort(1 - p[np.arange(40), rows["kind"].map(classes.index)])
    found = ok("predict", run / "model.npz", tmp_path / "t.csv", "--interval", "0.8").rows()
    for row in found:
        inside = [name for name in classes if 1 - float(row[f"probability_{name}"]) <= misfit[32] + 1e-12]
        assert row["prediction_set"] == "|".join(inside)  # ⌈0.8 · 41⌉ = 33
    own = [found[row - 1]["prediction_set"].split("|") for row in rows["row"]]
    assert sum(truth in one for truth, one in zip(rows["kind"], own, strict=True)) == 33
    sets = mlpcli.load(run / "model.npz").predict_interval(pd.read_csv(tmp_path / "t.csv", dtype=str), 0.8)
    assert ["|".join(sorted(one)) for one in sets] == [row["prediction_set"] for row in found]


@pytest.mark.parametrize("target", ["size", "kind"])
def test_folds_calibrate_without_rows_of_their_own(tmp_path: Path, target: str) -> None:
    sections: dict[str, Any] = {"ensemble": {"folds": 3}, "intervals": [0.8]}
    if target == "kind":
        sections["calibration"] = "temperature"
    run = trained(tmp_path, rows=90, data={"target": target, "test": 0.2}, **sections)
    model, out = open_model(run / "model.npz"), pd.read_csv(run / "out_of_fold.csv")
    table = pd.read_csv(tmp_path / "t.csv", dtype=str)
    found = pd.DataFrame(ok("predict", run / "model.npz", tmp_path / "t.csv", "--interval", "0.8").rows())
    if target == "size":
        errors = (out["size"] - out["prediction"]).abs()
        each = members_say(model, tmp_path / "t.csv")
        k = int(np.ceil(0.8 * (len(out) + 1)))
        for row in range(len(table)):
            said = each[out["fold"] - 1, row]
            ends = np.sort(said - errors)[-k], np.sort(said + errors)[k - 1]
            shown = found.loc[row, ["prediction_lower", "prediction_upper"]].astype(float)
            assert shown.to_numpy() == pytest.approx(ends, rel=1e-5, abs=1e-5)
    else:
        columns = [f"probability_{name}" for name in ("ash", "elm", "oak")]
        assert log_loss(out["kind"], out[columns]) == pytest.approx(
            metrics_of(run)["calibration"]["log_loss"]["after"]
        )
        assert set("|".join(found["prediction_set"]).split("|")) <= {"ash", "elm", "oak", ""}
    assert set(metrics_of(run)["test"]["intervals"]) == {"0.8"}


def members_say(model: Any, path: Path) -> Any:
    """What each network predicts of the rows of a table: (networks, rows)."""
    from mlpcli.data.encoding import batches
    from mlpcli.tables.patterns import open_input

    with open_input(path, model.form) as reader:
        (batch,) = batches(reader, model.inputs, model.dtype)
    return np.stack([one.numbers[:, 0] for one in model.said(batch)[0].members])


def test_a_file_whose_intervals_cannot_be_is_refused(tmp_path: Path) -> None:
    data: dict[str, Any] = {"target": "size"}
    folds = read_model(trained(tmp_path, data=data, ensemble={"folds": 2}, intervals=0.5) / "model.npz")
    split = read_model(trained(tmp_path, data={**data, "calibration": 0.2}, intervals=0.5) / "model.npz")
    errors = "members.1.intervals.errors"
    for file, intervals, arrays, says in (
        (folds, {"levels": [0.999], "folds": [100, 100]}, {}, "the folds have too few rows"),
        (folds, {"levels": [0.5], "folds": [100]}, {}, "intervals of 2 members, found 1 folds, 0 limits"),
        (folds, {}, {errors: folds.arrays[errors][::-1]}, f"{errors}: holds errors that go down"),
        (split, {"levels": [0.5], "limits": [[-1.0]]}, {}, "the limit of an error is at least 0, found -1.0"),
    ):
        meta = file.meta.model_dump(mode="json")
        meta["intervals"] |= intervals
        with pytest.raises(ModelError, match=re.escape(says)):
            model_content(meta, {**file.arrays, **arrays})


def test_the_same_bytes_again_and_after_resume(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "data": {**HELD, "target": "two"},
        "calibration": "temperature",
        "threshold": {"recall": 0.9},
        "intervals": [0.8],
    }
    first, again = (trained(tmp_path, name, **sections) for name in ("first", "again"))
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in RESULTS)
    before = (first / "model.npz").read_bytes()
    done = ok("train", tmp_path / "first.yaml", "-o", first, "--resume", "--no-plots")
    assert "nothing left to do" in done.err
    assert (first / "model.npz").read_bytes() == before
    resolved = ok("train", first / "config.yaml", "-o", tmp_path / "third", "--no-plots", "-q")
    assert resolved.code == 0
    assert metrics_of(tmp_path / "third") == metrics_of(first)
    other = mlp("train", tmp_path / "first.yaml", "-o", first, "--resume", "--set", "threshold=0.5")
    assert other.code == 3 and "threshold" in other.err


def test_weights_are_those_of_a_run_without(tmp_path: Path) -> None:
    plain = trained(tmp_path, "plain", data={**PARTS, "target": "two"})
    after = trained(
        tmp_path, "after", data={**PARTS, "target": "two"}, calibration="temperature", threshold=0.3
    )
    one, other = (open_model(run / "model.npz").file.arrays for run in (plain, after))
    same = [
        name for name in one if not name.startswith("profile.")
    ]  # of predictions too, which a threshold changes
    assert all(np.array_equal(one[name], other[name]) for name in same)


@pytest.mark.parametrize(
    ("level", "sections", "says"),
    [
        ("0.95", {"data": {"target": "size", "calibration": 0.2}, "intervals": [0.9, 0.8]},
         "interval 0.95: the model has intervals of 0.9, 0.8"),
        ("0.9", {"data": {"target": "size"}}, "interval 0.9: the model has no intervals"),
    ],
)  # fmt: skip
def test_a_level_that_the_model_has_not(
    tmp_path: Path, level: str, sections: dict[str, Any], says: str
) -> None:
    run = trained(tmp_path, **sections)
    done = mlp("predict", run / "model.npz", tmp_path / "t.csv", "--interval", level)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


@pytest.mark.parametrize(
    ("sections", "code", "says"),
    [
        ({"data": {"target": "size", "calibration": 0.2}, "intervals": [0.95]}, 4,
         "intervals: level 0.95 takes 19 calibration rows, found 8"),
        ({"data": {"target": "size"}, "ensemble": {"folds": 4}, "intervals": [0.98]}, 4,
         "intervals: level 0.98 takes 49 rows that validate, found 40"),
        ({"data": {"target": "kind"}, "threshold": 0.4}, 3, "a threshold is for two classes, found 3"),
        ({"data": {"target": "size", "validation": 0.2}, "calibration": "temperature"}, 3,
         "a temperature is for probabilities, the task is regression"),
        ({"data": {"target": "two", "validation": 0.2}, "loss": "mae", "calibration": "temperature"}, 3,
         "a temperature is for probabilities: it needs sigmoid or softmax at the output, found identity"),
        ({"data": {"target": ["a", "b"], "task": "multilabel", "calibration": 0.5}, "intervals": [0.8]}, 3,
         "intervals are for numbers and for classes, the task is multilabel"),
        ({"data": {"target": "size", "calibration": {"column": "two", "value": "yes"},
                   "test": {"column": "kind", "value": "ash"}}, "intervals": [0.5]}, 4,
         "a row that is both test and calibration"),
    ],
)  # fmt: skip
def test_what_the_data_cannot_bear_is_told_before_anything_trains(
    tmp_path: Path, sections: dict[str, Any], code: int, says: str
) -> None:
    write_table(tmp_path)
    config = write_config(tmp_path / "c.yaml", **sections)
    done = mlp("train", config, "-o", tmp_path / "run", "--no-plots")
    assert done.code == code, done.err
    assert says in done.err
    assert not (tmp_path / "run").exists()


def test_a_temperature_of_labels(tmp_path: Path) -> None:
    table = pd.read_csv(write_table(tmp_path, 120))
    table["first"] = (table["length"] + np.sin(7 * table["width"]) > 0).astype(int)
    table["second"] = (table["width"] + 3 * np.sin(9 * table["length"]) > 5).astype(int)
    table.to_csv(tmp_path / "t.csv", index=False)
    data = {"target": ["first", "second"], "task": "multilabel", "validation": 0.4}
    config = write_config(tmp_path / "c.yaml", data=data, calibration="temperature", training={"epochs": 60})
    ok("train", config, "-o", tmp_path / "run", "--no-plots", "-q")
    found, rows = metrics_of(tmp_path / "run")["calibration"], held_out(tmp_path / "run", "validation")
    p = rows[["first_probability", "second_probability"]].to_numpy().reshape(-1)
    truth = rows[["first", "second"]].to_numpy().reshape(-1)
    assert log_loss(truth, p) == pytest.approx(found["log_loss"]["after"])
    raw = expit(logit(p) * found["temperature"])
    assert log_loss(truth, raw) == pytest.approx(found["log_loss"]["before"])
    assert found["log_loss"]["after"] <= found["log_loss"]["before"]
