"""Ensembles and cross-validation from the command line: what members are, and what they say together."""

from __future__ import annotations

import csv
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, r2_score

from mlpcli.artifacts.checkpoint import read_checkpoint
from mlpcli.artifacts.run_files import checkpoint_of
from mlpcli.parallel import crew
from mlpcli.training.loop import Trainer
from mlpcli.training.together import Together
from tests.support.running import arrays, mlp, ok, process, results, write_config, write_table
from tests.support.stopping import TERM, stopped_after

Values = npt.NDArray[Any]


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_table(tmp_path, rows=60)


def member_arrays(run: str, number: int) -> dict[str, Values]:
    """The arrays of one member, by the names of one network alone."""
    prefix = f"members.{number}."
    return {
        name.removeprefix(prefix): array
        for name, array in arrays(Path(run)).items()
        if name.startswith(prefix)
    }


def forward(own: dict[str, Values], table: list[dict[str, str]]) -> Values:
    """The scores of a network of two numbers and one hidden layer of tanh, computed by hand."""
    x = np.array([[float(row["length"]), float(row["width"])] for row in table])
    hidden = np.tanh(
        (x - own["inputs.center"]) / own["inputs.scale"] @ own["layers.0.weight"] + own["layers.0.bias"]
    )
    return np.asarray(hidden @ own["layers.1.weight"] + own["layers.1.bias"])


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


NUMBERS: dict[str, Any] = {
    "data": {"features": ["length", "width"]},
    "model": {"layers": ["auto", 5, "auto"], "activation": "tanh"},
}


def config(**sections: Any) -> None:
    """A network of two numbers, with these sections besides."""
    data = {**NUMBERS["data"], **sections.pop("data", {})}
    write_config(Path("c.yaml"), **{"model": NUMBERS["model"], **sections}, data=data)


@pytest.mark.parametrize("ensemble", [{"members": 3}, {"folds": 3}, {"folds": 2, "repeats": 2}])
@pytest.mark.parametrize("target", ["kind", "two"])
def test_the_prediction_is_the_mean_of_the_probabilities(ensemble: dict[str, int], target: str) -> None:
    config(data={"target": target}, ensemble=ensemble)
    ok("train", "c.yaml", "-o", "run", "--no-plots")
    count = ensemble.get("members") or ensemble["folds"] * ensemble.get("repeats", 1)
    table = rows_of("t.csv")
    scores = [forward(member_arrays("run", number), table) for number in range(count)]
    if target == "kind":
        expected = np.mean([softmax(own, axis=1) for own in scores], axis=0)
    else:
        second = np.mean([expit(own[:, 0]) for own in scores], axis=0)
        expected = np.column_stack([1 - second, second])
    found = ok("predict", "run/model.npz", "t.csv").rows()
    names = [name for name in found[0] if name.startswith("probability_")]
    probabilities = np.array([[float(row[name]) for name in names] for row in found])
    np.testing.assert_allclose(probabilities, expected, rtol=2e-5)
    words = [name.removeprefix("probability_") for name in names]
    assert [row["prediction"] for row in found] == [words[best] for best in expected.argmax(axis=1)]


@pytest.mark.parametrize("ensemble", [{"members": 3}, {"folds": 3}])
@pytest.mark.parametrize(
    ("target", "loss", "activation"),
    [("size", None, None), ("count", "poisson", None), ("size", "mse", ["tanh", "softplus"])],
)
def test_the_prediction_is_the_mean_in_the_units_of_the_target(
    ensemble: dict[str, int], target: str, loss: str | None, activation: list[str] | None
) -> None:
    config(
        data={"target": target, "task": "regression"}, ensemble=ensemble, **({"loss": loss} if loss else {})
    )
    chosen = () if activation is None else ("--set", f"model.activation={json.dumps(activation)}")
    ok("train", "c.yaml", "-o", "run", "--no-plots", *chosen)
    each = []
    for number in range(3):
        own = member_arrays("run", number)
        z = forward(own, rows_of("t.csv"))[:, 0]
        output = {"poisson": np.exp, "mse": lambda z: np.logaddexp(0, z), None: np.asarray}[loss](z)
        each.append(output * own["target.scale"][0] + own["target.center"][0])
    found = [float(row["prediction"]) for row in ok("predict", "run/model.npz", "t.csv").rows()]
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=2e-5, atol=1e-5)


def test_the_first_member_is_the_network_that_would_be_alone() -> None:
    config(data={"validation": 0.2})
    ok("train", "c.yaml", "-o", "alone", "--no-plots")
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--set", "ensemble.members=2")
    alone, first, second = arrays(Path("alone")), member_arrays("run", 0), member_arrays("run", 1)
    for name, array in first.items():
        np.testing.assert_array_equal(array, alone[name], name)
    assert not np.array_equal(first["layers.0.weight"], second["layers.0.weight"])


def test_the_model_judges_a_file_as_the_run_did() -> None:
    for target, metric in (("kind", "accuracy"), ("size", "r2")):
        config(data={"target": target, "test": 0.25})
        ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3", "--overwrite")
        rows = rows_of("t.csv")
        parts = [row["part"] for row in rows_of("run/splits.csv")]
        with Path("test.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(row for row, part in zip(rows, parts, strict=True) if part == "test")
        metrics = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))["test"]
        judged = ok("evaluate", "run/model.npz", "test.csv", "--json").document()["metrics"]
        assert judged["loss"] == pytest.approx(metrics["loss"], rel=1e-6)
        assert judged[metric] == pytest.approx(metrics[metric], rel=1e-6)


def test_every_row_is_predicted_by_the_member_that_it_did_not_train() -> None:
    config(data={"test": 0.2, "id": ["id"]})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "4")
    table, held_out = rows_of("t.csv"), rows_of("run/out_of_fold.csv")
    parts = [row["part"] for row in rows_of("run/splits.csv")]
    assert [int(row["row"]) for row in held_out] == [n for n, part in enumerate(parts, 1) if part == "train"]
    names = [name for name in held_out[0] if name.startswith("probability_")]
    for row in held_out:
        asked = table[int(row["row"]) - 1]
        assert (row["id"], row["kind"]) == (asked["id"], asked["kind"])
        scores = forward(member_arrays("run", int(row["fold"]) - 1), [asked])
        np.testing.assert_allclose([float(row[name]) for name in names], softmax(scores[0]), rtol=2e-5)
    metrics = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))
    truth = [row["kind"] for row in held_out]
    assert metrics["val"]["accuracy"] == accuracy_score(truth, [row["prediction"] for row in held_out])
    words = sorted(set(truth))
    probabilities = [[float(row[f"probability_{word}"]) for word in words] for row in held_out]
    assert metrics["val"]["loss"] == pytest.approx(log_loss(truth, probabilities, labels=words), rel=1e-5)
    for fold, accuracy in enumerate(metrics["cross_validation"]["accuracy"]["folds"], 1):
        own = [row for row in held_out if row["fold"] == str(fold)]
        assert accuracy == accuracy_score([row["kind"] for row in own], [row["prediction"] for row in own])


def test_cross_validation_has_the_mean_and_the_deviation_of_a_sample() -> None:
    config(data={"target": "size"})
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3", "--json").document()
    held_out = rows_of("run/out_of_fold.csv")
    truth, found, fold = (
        np.array([float(row[key]) for row in held_out]) for key in ("size", "prediction", "fold")
    )
    folds = [r2_score(truth[fold == number], found[fold == number]) for number in (1, 2, 3)]
    r2 = done["cross_validation"]["r2"]
    np.testing.assert_allclose(r2["folds"], folds, rtol=1e-4)
    assert (r2["mean"], r2["std"]) == (np.mean(r2["folds"]), np.std(r2["folds"], ddof=1))


def test_rows_count_in_their_folds_by_their_weights() -> None:
    config(data={"weight": "w"}, training={"metrics": ["accuracy", "f1_macro"]})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3")
    table, held_out = rows_of("t.csv"), rows_of("run/out_of_fold.csv")
    metrics = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))
    for fold, accuracy in enumerate(metrics["cross_validation"]["accuracy"]["folds"], 1):
        own = [row for row in held_out if row["fold"] == str(fold)]
        weights = [float(table[int(row["row"]) - 1]["w"]) for row in own]
        assert len(set(weights)) > 1
        truth, found = ([row[key] for row in own] for key in ("kind", "prediction"))
        assert accuracy == pytest.approx(accuracy_score(truth, found, sample_weight=weights))


def test_with_repeats_each_row_is_out_of_fold_as_often_and_is_judged_by_the_mean() -> None:
    config(data={"target": "size"}, ensemble={"folds": 3, "repeats": 2})
    found = ok("train", "c.yaml", "-o", "run", "--no-plots", "--json").document()
    held_out = rows_of("run/out_of_fold.csv")
    assert [int(row["row"]) for row in held_out] == sorted([*range(1, 61)] * 2)
    for first, second in zip(held_out[::2], held_out[1::2], strict=True):
        assert int(first["fold"]) <= 3 < int(second["fold"]) <= 6
    said = np.array([float(row["prediction"]) for row in held_out]).reshape(-1, 2).mean(axis=1)
    truth = [float(row["size"]) for row in held_out[::2]]
    assert found["val"]["r2"] == pytest.approx(r2_score(truth, said), rel=1e-4)
    assert len(found["cross_validation"]["r2"]["folds"]) == 6


def test_what_is_fitted_is_fitted_within_the_fold() -> None:
    config()
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3")
    length = np.array([float(row["length"]) for row in rows_of("t.csv")])
    fold = np.array([int(row["fold"]) for row in rows_of("run/out_of_fold.csv")])
    for number in range(3):
        center = member_arrays("run", number)["inputs.center"][0]
        assert center == pytest.approx(length[fold != number + 1].mean(), abs=1e-12)


@contextmanager
def alone() -> Iterator[None]:
    """No network is small enough to train together with others."""
    with patch("mlpcli.run.small_networks.MOST_WORK", 0):
        yield


@contextmanager
def companies() -> Iterator[list[int]]:
    """How many trained together, each time that some began to, in this process."""
    found: list[int] = []
    begun = Together.__init__

    def begin(group: Together, trainers: Sequence[Trainer]) -> None:
        found.append(len(trainers))
        begun(group, trainers)

    with patch.object(Together, "__init__", begin):
        yield found


@pytest.mark.parametrize("ensemble", ["ensemble.members=3", "ensemble.folds=3"])
def test_the_bytes_do_not_depend_on_how_many_are_trained_at_a_time_or_together(ensemble: str) -> None:
    config(data={"validation": 0.2}, model={"layers": ["auto", 5, "auto"], "dropout": 0.2})
    command = ("train", "c.yaml", "--no-plots", "--set", ensemble, "--threads")
    for threads in (1, 2, 3):
        with companies() as found:
            done = ok(*command, threads, "-o", f"run{threads}")
        assert found == ([3] if threads == 1 else [])  # of more processes, in none of which it is this one
        told = [line.partition("  epoch")[0] for line in done.err.splitlines() if "  epoch 3" in line]
        what = "member" if "members" in ensemble else "fold"
        assert sorted(told) == [f"{what} {number} of 3" for number in (1, 2, 3)]
    with alone(), companies() as found:
        for threads in (1, 2):
            ok(*command, threads, "-o", f"alone{threads}")
    assert not found
    runs = [results(Path(run)) for run in ("run1", "run2", "run3", "alone1", "alone2")]
    assert all(run == runs[0] for run in runs)


@pytest.mark.parametrize(
    "section",
    [
        {"schedule": {"name": "plateau", "monitor": "loss"}},
        {"training": {"average": {"ema": 0.9}}},
        {"training": {"clip_norm": 1.0}},
        {"training": {"epochs": None, "batch_size": None}, "optimizer": {"name": "lbfgs", "iterations": 3}},
        {"model": {"layers": ["auto", 5, "auto"], "normalization": "batch_norm"}},
        {"model": {"layers": ["auto", 200, 200, 200, "auto"]}},
    ],
)
def test_what_cannot_train_together_or_gains_nothing_trains_alone(section: dict[str, Any]) -> None:
    config(ensemble={"members": 2}, **section)
    with companies() as found:
        ok("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "1")
    assert not found


def test_rows_that_take_much_memory_are_not_held_for_all_members_at_once() -> None:
    config(ensemble={"members": 2})
    with companies() as found, patch("mlpcli.run.small_networks.MOST_BYTES", 1000):
        ok("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "1")
    assert not found


@pytest.mark.parametrize(
    ("together", "update"), [(True, n) for n in (1, 5, 9)] + [(False, n) for n in (7, 20, 26)]
)
def test_a_stopped_ensemble_goes_on_to_the_same_bytes(together: bool, update: int) -> None:
    config(ensemble={"folds": 3})
    command = ("train", "c.yaml", "--no-plots", "--threads", "1", "-o")
    ok(*command, "whole")
    with nullcontext() if together else alone():
        with stopped_after(update):
            stopped = mlp(*command, "run")
        assert (stopped.code, "--resume" in stopped.err) == (TERM, True)
        assert stopped.err.count("stopped in epoch") == 1
        assert not Path("run/model.npz").exists()
        with companies() as found:
            ok(*command, "run", "--resume")
    assert found == ([3] if together else [])
    assert results(Path("run")) == results(Path("whole"))
    finished = ok(*command, "run", "--resume")
    assert "nothing left to do" in finished.err


@contextmanager
def waiting_at(update: int) -> Iterator[None]:
    """Every process waits after so many updates until it is asked to stop, as it surely will be."""
    work = crew._work_and_end

    def work_and_wait(task: Any, forked: Any, stopping: Any) -> None:
        def waiting(tell: Callable[[Any], None], stop_requested: Callable[[], bool]) -> Any:
            asked = itertools.count(1)

            def stop() -> bool:
                last = next(asked) >= update
                while last and not stop_requested():
                    pass
                return stop_requested()

            return task(tell, stop)

        work(waiting, forked, stopping)

    with patch.object(crew, "_work_and_end", work_and_wait):
        yield


@pytest.mark.parametrize("threads", [2, 3])
def test_processes_that_are_stopped_leave_what_one_process_goes_on_from(threads: int) -> None:
    config(ensemble={"folds": 4})
    command = ("train", "c.yaml", "--no-plots", "-o")
    ok(*command, "whole")
    with stopped_after(3), waiting_at(5):
        stopped = mlp(*command, "run", "--threads", threads)
    assert (stopped.code, stopped.err.count("stopped in epoch")) == (TERM, 1)
    assert all(Path("run", checkpoint_of(number)).exists() for number in (1, 2, 3, 4))
    ok(*command, "run", "--resume", "--threads", "1")
    assert results(Path("run")) == results(Path("whole"))


def test_one_that_stops_long_before_the_others_is_saved_and_not_trained_again() -> None:
    training = {"epochs": 30, "early_stopping": {"monitor": "val_accuracy", "patience": 3}}
    config(ensemble={"folds": 4}, optimizer={"name": "adam", "learning_rate": 0.05}, training=training)
    command = ("train", "c.yaml", "--no-plots", "--threads", "1", "-o")
    with alone():
        ok(*command, "alone")
    with companies() as found:
        ok(*command, "whole")
    assert results(Path("whole")) == results(Path("alone"))
    epochs = [member["training"]["epochs"] for member in members("whole")]
    first = min(epochs)
    assert found[0] == 4
    assert max(epochs) > 2 * first
    with stopped_after(3 * first + 2):
        stopped = mlp(*command, "run")
    assert stopped.code == TERM
    ended = checkpoint_of(1 + epochs.index(first))
    assert read_checkpoint(Path("run", ended)).epoch == first
    with companies() as found:
        ok(*command, "run", "--resume")
    assert found[0] == 4 - epochs.count(first)
    assert results(Path("run")) == results(Path("alone"))


def members(run: str) -> Any:
    """What a model says of its members."""
    return ok("inspect", f"{run}/model.npz", "--json").document()["members"]


def test_one_that_is_behind_trains_by_itself_and_the_others_together() -> None:
    config(ensemble={"folds": 4})
    command = ("train", "c.yaml", "--no-plots", "--threads", "1", "-o")
    ok(*command, "whole")
    with stopped_after(5):
        assert mlp(*command, "run").code == TERM
    (Path("run") / checkpoint_of(2)).unlink()
    with companies() as found:
        ok(*command, "run", "--resume")
    assert found == [3]
    assert results(Path("run")) == results(Path("whole"))


def test_a_stopped_ensemble_makes_a_model_of_what_each_member_has() -> None:
    config(ensemble={"members": 3})
    command = ("train", "c.yaml", "--no-plots", "--threads", "1", "-o", "run")
    with stopped_after(6):
        assert "--resume --finish" in mlp(*command).err
    ok(*command, "--resume", "--finish")
    assert [member["training"]["epochs"] for member in members("run")] == [1, 1, 1]
    ok(*command, "--resume")
    ok("train", "c.yaml", "-o", "whole", "--no-plots")
    assert results(Path("run")) == results(Path("whole"))


def test_a_finished_ensemble_goes_on_with_more_epochs_side_by_side() -> None:
    config(ensemble={"members": 3})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "2")
    ok(
        "train",
        "c.yaml",
        "-o",
        "run",
        "--no-plots",
        "--threads",
        "2",
        "--resume",
        "--set",
        "training.epochs=5",
    )
    ok("train", "c.yaml", "-o", "whole", "--no-plots", "--set", "training.epochs=5")
    assert results(Path("run")) == results(Path("whole"))


def test_a_killed_member_ends_the_run_and_nothing_is_lost() -> None:
    config(ensemble={"folds": 3}, training={"epochs": 4})
    killer = (
        "import os, signal\n"
        "from mlpcli.training.loop import Trainer\n"
        "finish = Trainer.finish_epoch\n"
        "def dying(trainer):\n"
        "    record = finish(trainer)\n"
        "    if record.epoch == 3 and os.getppid() == int(os.environ['PARENT']):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return record\n"
        "Trainer.finish_epoch = dying\n"
        "os.environ['PARENT'] = str(os.getpid())\n"
    )
    Path("sitecustomize.py").write_text(killer, encoding="utf-8")
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    done = process("train", "c.yaml", "-o", "run", "--no-plots", "--threads", "2", env={"PYTHONPATH": path})
    assert done.code == 9, done.err
    assert "was killed" in done.err
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--resume")
    ok("train", "c.yaml", "-o", "whole", "--no-plots")
    assert results(Path("run")) == results(Path("whole"))


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_member_is_the_error_of_the_run(threads: int) -> None:
    config(ensemble={"folds": 3}, optimizer={"name": "sgd", "learning_rate": 1e30}, data={"target": "size"})
    done = mlp("train", "c.yaml", "-o", "run", "--no-plots", "--threads", threads)
    assert done.code == 7
    assert "diverged" in done.err


def test_claims_about_a_run_are_checked() -> None:
    config(data={"test": 0.2})
    command = ("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3", "--overwrite", "--assert")
    ok(*command, "cv.accuracy>=0", "--assert", "test.loss<=100")
    missed = mlp(*command, "cv.accuracy>1")
    assert missed.code == 10
    assert "cv.accuracy" in missed.err
    assert Path("run/model.npz").exists()
    with patch("mlpcli.run.training.train", side_effect=AssertionError("it is trained")):
        assert mlp(*command, "cv.acuracy>=0.9").code == 2
        assert mlp(*command, "accuracy>=0.9").code == 2
    assert mlp("train", "c.yaml", "-o", "one", "--no-plots", "--assert", "cv.accuracy>=0").code == 2


def test_folds_are_cut_along_groups_and_time() -> None:
    config(data={"group": "colour"})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3")
    colour = [row["colour"] for row in rows_of("t.csv")]
    fold = {int(row["row"]): row["fold"] for row in rows_of("run/out_of_fold.csv")}
    assert len({(colour[row - 1], number) for row, number in fold.items()}) == 3
    config(data={"order": "length", "target": "size", "features": ["width"]})
    ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3", "--overwrite")
    length = [float(row["length"]) for row in rows_of("t.csv")]
    held_out = rows_of("run/out_of_fold.csv")
    stretches = [
        [length[int(row["row"]) - 1] for row in held_out if row["fold"] == n] for n in ("1", "2", "3")
    ]
    assert max(stretches[0]) <= min(stretches[1])
    assert max(stretches[1]) <= min(stretches[2])
    assert len(held_out) < len(length)


def test_a_share_that_was_to_validate_gives_way_to_folds() -> None:
    config(data={"validation": 0.2}, training={"early_stopping": {"monitor": "val_loss", "patience": 2}})
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "--folds", "3")
    assert "each fold validates in its turn" in done.err
    assert len(rows_of("run/out_of_fold.csv")) == len(rows_of("t.csv"))


def test_an_older_version_is_told_what_it_needs() -> None:
    config(ensemble={"members": 2})
    ok("train", "c.yaml", "-o", "run", "--no-plots")
    facts = ok("inspect", "run/model.npz", "--json").document()
    assert facts["format"]["version"] == 2
    assert [member["training"]["epochs"] for member in facts["members"]] == [3, 3]
    assert "networks" in ok("inspect", "run/model.npz").out


def test_what_is_set_besides_the_folds_counts() -> None:
    config()
    command = ("train", "c.yaml", "-o", "run", "--no-plots", "--dry-run", "--json", "--folds", "3", "--set")
    assert ok(*command, "ensemble.repeats=2").document()["members"] == 6
    misspelt = mlp(*command, "ensemble.foldz=2")
    assert (misspelt.code, "ensemble.foldz" in misspelt.err) == (3, True)
    assert mlp(*command, "ensemble.members=2").code == 3
