"""`mlp train`: what a run leaves behind, what its numbers are, and what the flags change."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import accuracy_score, f1_score

from mlpcli.artifacts import curves
from mlpcli.config.load import load_config
from mlpcli.report import page
from mlpcli.run import experiment as evaluator
from mlpcli.run import experiment as experiment
from mlpcli.run import reporting
from mlpcli.training.data_parallel import scores_job
from tests.support.running import (
    Done,
    arrays,
    history,
    mlp,
    ok,
    process,
    results,
    tree,
    write_config,
    write_table,
)

Matrix = npt.NDArray[np.float64]
PICTURES = {"loss.svg", "loss.png"}
REPORT = {"report.json", "report.html"}
FILES = {"model.npz", "history.csv", "metrics.json", "config.yaml", "splits.csv", "checkpoint.npz"}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def trained(name: str, *flags: object, **sections: Any) -> Path:
    """The run directory of a config with these sections."""
    config = write_config(Path(f"{name}.yaml"), **sections)
    ok("train", config, "-o", name, "--no-plots", "-q", *flags)
    return Path(name)


def metrics_of(run: Path) -> dict[str, Any]:
    document = json.loads((run / "metrics.json").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def column(name: str, path: str = "t.csv") -> list[str]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def write_rows(path: str, header: str, rows: list[str]) -> None:
    Path(path).write_text("\n".join([header, *rows]) + "\n", "utf-8")


def table_rows() -> list[str]:
    return Path("t.csv").read_text("utf-8").splitlines()[1:]


def header() -> str:
    return Path("t.csv").read_text("utf-8").splitlines()[0]


# --- the files of a run -------------------------------------------------------------------------------------


def test_a_run_directory_holds_its_files_and_nothing_else_is_written(place: Path) -> None:
    write_config(place / "c.yaml")
    before = set(tree(place))
    done = ok("train", "c.yaml")
    assert {path.name for path in Path("runs/c").iterdir()} == FILES | PICTURES | REPORT
    written = FILES | PICTURES | REPORT
    assert set(tree(place)) - before == {"runs", "runs/c", *(f"runs/c/{name}" for name in written)}
    assert "finished after 3 epochs" in done.out
    assert [line.split()[:2] for line in done.err.splitlines()[:3]] == [
        ["epoch", f"{n}/3"] for n in (1, 2, 3)
    ]
    assert done.err.splitlines()[3].startswith("wrote runs/c: model.npz, history.csv, metrics.json")


@pytest.mark.kernels
def test_the_same_command_gives_the_same_bytes() -> None:
    sections: dict[str, Any] = {"data": {"validation": 0.2, "test": 0.2}, "model": {"dropout": 0.2}}
    one, two = trained("one", **sections), trained("two", **sections)
    assert results(one) == results(two)


@pytest.mark.kernels
def test_processes_in_different_surroundings_give_the_same_bytes(place: Path) -> None:
    here = trained("here", data={"validation": 0.2})
    (place / "elsewhere").mkdir()
    surroundings: tuple[tuple[str, Path, dict[str, str]], ...] = (
        ("here.yaml", place, {"LC_ALL": "C", "NO_COLOR": "1", "PYTHONHASHSEED": "1"}),
        ("../here.yaml", place / "elsewhere", {"TERM": "dumb", "PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"}),
    )
    for config, directory, env in surroundings:
        done = process("train", config, "-o", "run", "--no-plots", "-q", cwd=directory, env=env)
        assert (done.code, done.out, done.err) == (0, "", "")
        assert results(directory / "run") == results(here)


def test_another_seed_gives_another_model() -> None:
    one, two = trained("one"), trained("two", "--seed", 1)
    assert not np.array_equal(arrays(one)["layers.0.weight"], arrays(two)["layers.0.weight"])


def test_history_has_a_row_per_epoch_in_full_precision() -> None:
    run = trained("run", data={"validation": 0.25})
    rows = history(run)
    names = ["loss", "accuracy", "f1_macro"]
    assert list(rows[0]) == ["epoch", *names, *(f"val_{name}" for name in names), "learning_rate"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for row in rows:
        assert all(repr(float(text)) == text for name, text in row.items() if name != "epoch")
    last, metrics = rows[-1], metrics_of(run)
    for name in names[1:]:
        assert float(last[name]) == metrics["train"][name]
    for name in names:
        assert float(last[f"val_{name}"]) == metrics["val"][name]


def test_without_validation_there_are_no_val_columns() -> None:
    run = trained("run", training={"metrics": ["accuracy"]})
    assert list(history(run)[0]) == ["epoch", "loss", "accuracy", "learning_rate"]
    assert set(metrics_of(run)) == {"train", "status", "epochs", "best_epoch"}


def test_metrics_has_every_part_with_its_baseline() -> None:
    metrics = metrics_of(trained("run", data={"validation": 0.2, "test": 0.2}))
    assert set(metrics) == {"train", "val", "test", "status", "epochs", "best_epoch"}
    for part in ("train", "val", "test"):
        names = {"loss", "accuracy", "f1_macro"}
        assert set(metrics[part]) == names | {"baseline"}
        assert set(metrics[part]["baseline"]) == names
    assert (metrics["status"], metrics["epochs"], metrics["best_epoch"]) == ("finished", 3, 3)


def test_the_baseline_is_the_training_rows_majority_class_on_every_part() -> None:
    rows = [f"{row},{'val' if i % 4 == 0 else 'train'}" for i, row in enumerate(table_rows())]
    write_rows("split.csv", header() + ",part", rows)
    run = trained(
        "run",
        data={"train": "split.csv", "validation": {"column": "part", "value": "val"}, "target": "colour"}
        | {"features": ["length"]},
    )
    colours, parts = column("colour", "split.csv"), column("part", "split.csv")
    seen = [c for c, part in zip(colours, parts, strict=True) if part == "train"]
    majority = max(sorted(set(seen)), key=seen.count)
    held_out = [c for c, part in zip(colours, parts, strict=True) if part == "val"]
    expected = accuracy_score(held_out, [majority] * len(held_out))
    assert metrics_of(run)["val"]["baseline"]["accuracy"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.kernels
def test_the_config_of_a_run_trains_the_same_model_again(place: Path) -> None:
    first = trained("first", data={"validation": 0.2}, optimizer="nadam", schedule="cosine", l2=0.01)
    ok("train", first / "config.yaml", "-o", "again", "--no-plots", "-q")
    assert arrays(first).keys() == arrays(Path("again")).keys()
    for name, array in arrays(first).items():
        if name != "meta":
            assert np.array_equal(array, arrays(Path("again"))[name]), name
    for name in ("history.csv", "metrics.json", "config.yaml"):
        assert (first / name).read_bytes() == (place / "again" / name).read_bytes()


def test_nothing_of_this_machine_is_in_the_model(place: Path) -> None:
    config = write_config(place / "c.yaml", data={"train": str(place / "t.csv")}, output=str(place / "run"))
    ok("train", config, "--no-plots", "-q")
    assert str(place).encode() not in (place / "run" / "model.npz").read_bytes()


# --- flags --------------------------------------------------------------------------------------------------


def test_json_prints_the_metrics_and_the_output() -> None:
    write_config(Path("c.yaml"), data={"test": 0.2})
    done = ok("train", "c.yaml", "-o", "there", "--no-plots", "--json")
    assert done.document() == {**metrics_of(Path("there")), "output": "there"}


def test_json_still_says_on_stderr_that_a_run_was_moved_aside() -> None:
    write_config(Path("c.yaml"))
    ok("train", "c.yaml", "--no-plots", "--json")
    done = ok("train", "c.yaml", "--no-plots", "--json")
    assert "moved the run in runs/c to runs/c.1" in done.err
    assert done.document()["status"] == "finished"


def test_a_dry_run_shows_config_and_layers_and_writes_nothing(place: Path) -> None:
    write_config(place / "c.yaml", data={"validation": 0.25})
    before = tree(place)
    done = ok("train", "c.yaml", "--dry-run", "--set", "model.layers=[auto, 4, auto]")
    assert tree(place) == before
    shown, _, rest = done.out.partition("\n\n")
    (place / "shown.yaml").write_text(shown, "utf-8")
    assert load_config(place / "shown.yaml").spec.model.layers == ("auto", 4, "auto")
    assert [line.split() for line in rest.splitlines() if line.startswith(("layers", "total"))] == [
        ["layers.0", "5", "×", "4", "relu", "24"],
        ["layers.1", "4", "×", "3", "softmax", "15"],
        ["total", "39"],
    ]
    assert "rows: 30 training, 10 validation; nothing was trained" in rest


def test_a_dry_run_is_a_document_with_json(place: Path) -> None:
    write_config(place / "c.yaml")
    document = ok("train", "c.yaml", "--dry-run", "--json").document()
    assert document["config"]["training"]["epochs"] == 3
    assert (document["layers"], document["parameters"]) == ([5, 64, 32, 3], 2563)
    assert document["rows"] == {"train": 40}


def test_the_command_line_wins_over_the_file_and_the_file_over_defaults() -> None:
    run = trained("run", "--set", "seed=2", "--set", "training.epochs=2", seed=1, training={"batch_size": 8})
    spec = load_config(run / "config.yaml").spec
    assert (spec.seed, spec.training.epochs, spec.training.batch_size) == (2, 2, 8)
    spec = load_config(trained("other", "--seed", 3, seed=1) / "config.yaml").spec
    assert (spec.seed, spec.training.epochs) == (3, 3)


def test_the_output_is_that_of_the_command_line_the_config_or_the_config_s_name(place: Path) -> None:
    write_config(place / "c.yaml", output="said/there")
    ok("train", "c.yaml", "-q", "--no-plots")
    ok("train", "c.yaml", "-q", "--no-plots", "-o", "here")
    write_config(place / "c.yaml")
    ok("train", "c.yaml", "-q", "--no-plots")
    assert all((place / name / "model.npz").is_file() for name in ("said/there", "here", "runs/c"))


def test_a_run_is_moved_aside_and_overwritten_only_on_demand(place: Path) -> None:
    first = results(trained("run"))
    second = results(trained("run", "--seed", 1))
    assert (results(place / "run.1"), results(place / "run")) == (first, second)
    third = results(trained("run", "--seed", 2, "--overwrite"))
    assert (results(place / "run"), results(place / "run.1")) == (third, first)
    assert not (place / "run.2").exists()
    trained("run")
    assert results(place / "run.2") == third


def test_a_mistake_leaves_the_run_that_is_there(place: Path) -> None:
    before = results(trained("run"))
    for flags in ((), ("--overwrite",)):
        assert mlp("train", "run.yaml", "-o", "run", "--set", "data.target=none", *flags).code == 4
    assert results(place / "run") == before
    assert not (place / "run.1").exists()


def test_quiet_leaves_nothing_to_read() -> None:
    write_config(Path("c.yaml"))
    done = ok("train", "c.yaml", "-q", "--no-plots")
    assert (done.out, done.err) == ("", "")


def test_a_picture_that_fails_is_a_warning_and_the_model_is_there(place: Path) -> None:
    write_config(place / "c.yaml")
    with patch.object(curves, "loss_pictures", side_effect=RuntimeError("no fonts\x1b")):
        done = mlp("train", "c.yaml", "-q")
    assert done == Done(0, "", "mlp: warning: no picture of the loss: no fonts\\x1b\n")
    assert {path.name for path in Path("runs/c").iterdir()} == FILES | REPORT


def test_a_report_that_fails_is_a_warning_and_the_model_is_there(place: Path) -> None:
    write_config(place / "c.yaml")
    with patch.object(reporting, "source_rows", side_effect=RuntimeError("no facts\x1b")):
        done = mlp("train", "c.yaml", "-q")
    assert done == Done(0, "", "mlp: warning: no report: no facts\\x1b\n")
    assert {path.name for path in Path("runs/c").iterdir()} == FILES | PICTURES


def test_a_page_that_fails_is_a_warning_too(place: Path) -> None:
    write_config(place / "c.yaml")
    with patch.object(page, "render", side_effect=RuntimeError("no ink")):
        done = mlp("train", "c.yaml", "-q")
    assert done == Done(0, "", "mlp: warning: no page of the report: no ink\n")
    assert {path.name for path in Path("runs/c").iterdir()} == FILES | PICTURES | {"report.json"}


def test_a_picture_that_cannot_be_written_is_a_warning_too(place: Path) -> None:
    write_config(place / "c.yaml")
    with patch.object(curves, "loss_pictures", return_value={"loss.svg": "no bytes"}):
        done = mlp("train", "c.yaml", "-q")
    assert done.code == 0
    assert done.err.startswith("mlp: warning: no picture of the loss: ")


def test_early_stopping_that_watches_nothing_says_so(place: Path) -> None:
    """Of one class there is no curve."""
    table = list(csv.reader((place / "t.csv").read_text("utf-8").splitlines()))
    kind = table[0].index("kind")
    parts = ["part", *("held" if row[kind] == "oak" and n % 2 else "" for n, row in enumerate(table[1:]))]
    rows = [",".join([*row, part]) for row, part in zip(table, parts, strict=True)]
    (place / "parts.csv").write_text("\n".join(rows), "utf-8")
    held = {"column": "part", "value": "held"}
    stopping = {"epochs": 9, "early_stopping": {"monitor": "val_roc_auc", "patience": 2}}
    write_config(place / "c.yaml", data={"train": "parts.csv", "validation": held}, training=stopping)
    done = ok("train", "c.yaml", "--no-plots", "-q")
    told = "val_roc_auc has no value in any epoch: early stopping had nothing to go by"
    assert f"mlp: warning: {told}\n" in done.err
    assert len(history(place / "runs/c")) == 2


def test_max_params_is_the_largest_number_that_passes() -> None:
    write_config(Path("c.yaml"), model={"layers": ["auto", 4, "auto"]})
    assert mlp("train", "c.yaml", "--dry-run", "--max-params", 39).code == 0
    refused = mlp("train", "c.yaml", "--dry-run", "--max-params", 38)
    assert refused.code == 3
    assert "expected at most 38 parameters, found 39" in refused.err


def test_what_no_model_file_can_hold_is_refused_before_training(place: Path) -> None:
    """A category as long as that, so many layers."""
    long = "\n".join(f"{i},2,{'x' * 70_000},{'ab'[i % 2]}" for i in range(9))
    (place / "long.csv").write_text(f"length,width,colour,kind\n{long}\n", "utf-8")
    write_config(place / "long.yaml", data={"train": "long.csv"})
    layers = {"layers": ["auto", *[2] * 1_000, "auto"]}
    write_config(place / "deep.yaml", model=layers)
    for name in ("long", "deep"):
        for flags in ([], ["--dry-run"]):
            done = mlp("train", f"{name}.yaml", "-o", "run", *flags)
            assert (done.code, Path("run").exists()) == (3, False)
            assert "mlp: error: no model file can hold this model: metadata" in done.err


def test_widths_that_are_too_much_are_refused_before_anything_is_read_or_allocated() -> None:
    write_config(Path("c.yaml"), model={"layers": ["auto", 1000000, 1000000, "auto"]})
    with patch.object(experiment, "prepare", side_effect=AssertionError("the data is read")):
        assert mlp("train", "c.yaml").code == 3
        assert mlp("gradcheck", "c.yaml").code == 3


def test_too_little_memory_is_told_before_the_network_is_allocated(place: Path) -> None:
    write_config(place / "c.yaml")
    before = tree(place)
    with (
        patch("mlpcli.memory.available_bytes", return_value=10_000),
        patch.object(experiment, "experiment_of", side_effect=AssertionError("it is allocated")),
    ):
        done = mlp("train", "c.yaml")
    assert (done.code, tree(place)) == (9, before)
    assert done.err.startswith("mlp: error: not enough memory for training 2,563 parameters: about ")


# --- what the numbers are -----------------------------------------------------------------------------------


def softmax_net(weights: dict[str, Matrix], x: Matrix, onehot: Matrix) -> tuple[float, dict[str, Matrix]]:
    """Mean cross-entropy of a tanh network of one hidden layer, and its gradient, as any textbook has it."""
    hidden = np.tanh(x @ weights["layers.0.weight"] + weights["layers.0.bias"])
    scores = hidden @ weights["layers.1.weight"] + weights["layers.1.bias"]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = float(-np.log((p * onehot).sum(axis=1)).mean())
    dscores = (p - onehot) / len(x)
    dhidden = dscores @ weights["layers.1.weight"].T * (1 - hidden**2)
    return loss, {
        "layers.0.weight": x.T @ dhidden,
        "layers.0.bias": dhidden.sum(axis=0),
        "layers.1.weight": hidden.T @ dscores,
        "layers.1.bias": dscores.sum(axis=0),
    }


def test_the_loss_of_an_epoch_is_the_row_weighted_mean_of_its_batches_before_each_update() -> None:
    """Forty rows in batches of 16, 16 and 8 by plain NumPy: losses and weights."""
    rng = np.random.default_rng(3)
    shapes = {"layers.0.weight": (2, 4), "layers.0.bias": 4, "layers.1.weight": (4, 3), "layers.1.bias": 3}
    weights: dict[str, Matrix] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    np.savez("start.npz", **weights)
    run = trained(
        "run",
        data={"features": {"length": "none", "width": "none"}},
        model={"layers": ["auto", 4, "auto"], "activation": "tanh", "init": {"from": "start.npz"}},
        optimizer={"name": "sgd", "learning_rate": 0.1},
        l2=0.01,
        training={"shuffle": False, "dtype": "float64"},
    )
    x = np.array([column("length"), column("width")], dtype=float).T
    onehot = np.array(
        [[kind == name for name in ("ash", "elm", "oak")] for kind in column("kind")], dtype=float
    )
    expected = []
    for _ in range(3):
        total = 0.0
        for rows in (slice(0, 16), slice(16, 32), slice(32, 40)):
            loss, gradient = softmax_net(weights, x[rows], onehot[rows])
            total += loss * len(x[rows])
            for name, g in gradient.items():
                penalty = 0.01 * weights[name] if name.endswith("weight") else 0.0
                weights[name] = weights[name] - 0.1 * (g + penalty)
        expected.append(total / 40)
    assert [float(row["loss"]) for row in history(run)] == pytest.approx(expected, rel=1e-12)
    for name, array in weights.items():
        assert arrays(run)[name] == pytest.approx(array, rel=1e-10)


def test_with_a_full_batch_the_loss_is_that_before_the_update() -> None:
    sections: dict[str, Any] = {"optimizer": {"name": "sgd", "learning_rate": 0.5}}
    full = {"batch_size": "full", "dtype": "float64"}
    two = history(trained("two", training={"epochs": 2, **full}, **sections))
    one = metrics_of(trained("one", training={"epochs": 1, **full}, **sections))
    assert float(two[1]["loss"]) == pytest.approx(one["train"]["loss"], rel=1e-12)


PLAIN_NUMBERS: dict[str, Any] = {
    "model": {"layers": ["auto", 4, "auto"], "activation": "tanh"},
    "optimizer": {"name": "sgd", "learning_rate": 0.02},
    "training": {"batch_size": "full", "dtype": "float64", "epochs": 4},
}
UNSCALED = {"length": "none", "width": "none"}


def repeated(times: list[int]) -> str:
    """The table with every row so many times."""
    rows = [row for row, n in zip(table_rows(), times, strict=True) for _ in range(n)]
    write_rows("repeated.csv", header(), rows)
    return "repeated.csv"


@pytest.mark.parametrize("how", ["data.weight", "class_weight"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_weight_of_two_is_a_row_that_is_there_twice(how: str, reduction: str) -> None:
    """Weights are rescaled to mean 1: the mean is that of repeated rows, the sum smaller by that factor."""
    of_class = {"ash": 1, "elm": 3, "oak": 2}
    sections: dict[str, Any] = {**PLAIN_NUMBERS, "loss": {"name": "cross_entropy", "reduction": reduction}}
    if how == "data.weight":
        times = [int(w) for w in column("w")]
        weighted = trained("weighted", data={"features": UNSCALED, "weight": "w"}, **sections)
    else:
        times = [of_class[kind] for kind in column("kind")]
        weighted = trained("weighted", data={"features": UNSCALED}, class_weight=of_class, **sections)
    unit = 1.0 if reduction == "mean" else sum(times) / len(times)
    sections["optimizer"] = {"name": "sgd", "learning_rate": 0.02 / unit}
    plain = trained("plain", data={"train": repeated(times), "features": UNSCALED}, **sections)
    losses = [[float(row["loss"]) for row in history(run)] for run in (weighted, plain)]
    assert losses[0] == pytest.approx([loss / unit for loss in losses[1]], rel=1e-10)
    for name in ("layers.0.weight", "layers.1.bias"):
        assert arrays(weighted)[name] == pytest.approx(arrays(plain)[name], rel=1e-9)


def test_balanced_is_rows_by_classes_times_count() -> None:
    sections: dict[str, Any] = {"data": {"target": "colour", "features": ["length"]}}
    colours = column("colour")
    weights = {name: 40 / (3 * colours.count(name)) for name in set(colours)}
    balanced = trained("balanced", class_weight="balanced", **sections)
    spelt_out = trained("spelt_out", class_weight=weights, **sections)
    for row, other in zip(history(balanced), history(spelt_out), strict=True):
        assert float(row["loss"]) == pytest.approx(float(other["loss"]), rel=1e-6)


def test_metrics_take_sample_weights_and_no_class_weights() -> None:
    rows = [f"{row},{'val' if i % 3 == 0 else 'train'}" for i, row in enumerate(table_rows())]
    write_rows("split.csv", header() + ",part", rows)
    run = trained(
        "run",
        data={"train": "split.csv", "weight": "w", "validation": {"column": "part", "value": "val"}},
        class_weight={"ash": 5},
    )
    predicted = [row["prediction"] for row in ok("predict", run / "model.npz", "split.csv").rows()]
    kinds, weights = column("kind", "split.csv"), [int(w) for w in column("w", "split.csv")]
    for part, name in (("train", "train"), ("val", "val")):
        of = [i for i, value in enumerate(column("part", "split.csv")) if value == part]
        truth, guess, weight = ([values[i] for i in of] for values in (kinds, predicted, weights))
        found = metrics_of(run)[name]
        assert found["accuracy"] == pytest.approx(accuracy_score(truth, guess, sample_weight=weight))
        assert found["f1_macro"] == pytest.approx(
            f1_score(truth, guess, average="macro", sample_weight=weight)
        )


@pytest.mark.parametrize(("monitor", "best"), [("val_loss", min), ("val_accuracy", max)])
def test_early_stopping_keeps_the_weights_of_the_best_epoch(monitor: str, best: Any) -> None:
    """The earliest among equals: the same weights as a run of exactly that many epochs."""
    stopping = {"epochs": 60, "early_stopping": {"monitor": monitor, "patience": 4}}
    common: dict[str, Any] = {
        "data": {"validation": 0.4, "target": "colour", "features": ["length", "width"]},
        "optimizer": {"name": "adam", "learning_rate": 0.05},
    }
    run = trained("run", training=stopping, **common)
    values = [float(row[monitor]) for row in history(run)]
    metrics = metrics_of(run)
    assert metrics["status"] == "early_stopped"
    assert metrics["best_epoch"] == 1 + values.index(best(values))
    assert metrics["epochs"] == len(values) == metrics["best_epoch"] + 4
    assert metrics["val"][monitor.removeprefix("val_")] == best(values)
    exact = trained("exact", training={"epochs": metrics["best_epoch"]}, **common)
    for name in ("layers.0.weight", "layers.2.bias"):
        assert np.array_equal(arrays(run)[name], arrays(exact)[name])


@pytest.mark.parametrize("stopping", [{"monitor": "val_loss", "patience": 99}, None])
def test_a_chosen_epoch_is_marked_where_it_is_the_last_one_too(stopping: object) -> None:
    """Without a choice there is nothing to mark."""
    training = {"epochs": 3, "early_stopping": stopping}
    learning = {"name": "sgd", "learning_rate": 1e-3}
    config = write_config(Path("c.yaml"), training=training, data={"validation": 0.4}, optimizer=learning)
    shown = ok("train", config, "-o", "run").out
    assert metrics_of(Path("run"))["best_epoch"] == 3
    assert (" best epoch 3" in shown) == (stopping is not None)
    assert ("best epoch 3" in Path("run/loss.svg").read_text()) == (stopping is not None)


def test_a_better_by_less_than_min_delta_is_not_better() -> None:
    stopping = {"epochs": 50, "early_stopping": {"monitor": "val_loss", "patience": 3, "min_delta": 1000}}
    metrics = metrics_of(trained("run", data={"validation": 0.25}, training=stopping))
    assert (metrics["epochs"], metrics["best_epoch"]) == (4, 1)


@pytest.mark.parametrize(("epochs", "ended"), [(3, "finished"), (9, "stopped early")])
def test_the_summary_says_which_epoch_the_weights_are_from(epochs: int, ended: str) -> None:
    stopping = {"epochs": epochs, "early_stopping": {"monitor": "val_loss", "patience": 4, "min_delta": 1000}}
    learning = {"name": "adam", "learning_rate": 0.05}
    data = {"validation": 0.25}
    config = write_config(Path("c.yaml"), data=data, training=stopping, optimizer=learning)
    done = ok("train", config, "--no-plots")
    last = f"{ended} after {min(epochs, 5)} epochs; the weights are those of epoch 1, the best"
    assert done.out.splitlines()[-1] == last


def test_a_quasi_newton_iteration_looks_at_the_training_rows_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the loss and the metrics together; besides, the finished run does for its results."""
    asked: list[str] = []

    def counted(*arguments: Any) -> Callable[[str], Matrix]:
        scores = scores_job(*arguments)

        def compute(part: str) -> Matrix:
            asked.append(part)
            return scores(part)

        return compute

    monkeypatch.setattr(evaluator, "scores_job", counted)
    optimizer = {"name": "lbfgs", "iterations": 4, "tolerance": 0}
    full = {"epochs": None, "batch_size": None, "metrics": ["accuracy"]}
    run = trained("run", optimizer=optimizer, training=full)
    assert [float(row["accuracy"]) >= 0 for row in history(run)] == [True] * 4
    assert asked == ["train"] * 5
