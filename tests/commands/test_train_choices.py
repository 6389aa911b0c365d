"""`mlp train` with every name that a config may choose, every task, and the two bad ends of a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.artifacts.checkpoint import read_checkpoint
from mlpcli.config.optimizer_spec import QUASI_NEWTON
from mlpcli.nn.activations import ACTIVATIONS
from mlpcli.nn.initializers import INITIALIZERS
from mlpcli.optim.first_order import OPTIMIZERS
from mlpcli.optim.rate_curves import CURVES
from mlpcli.run import pace
from tests.support.running import NO_EPOCHS, Done, arrays, history, mlp, ok, write_config, write_table

NUMBERS = ["length", "width"]
WORSE = (
    "mlp: warning: the training loss is worse than that of a constant prediction: "
    "try another learning rate, more epochs, or scaled features\n"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def train(*flags: object, **sections: Any) -> Done:
    """Train a config with these sections into `run`, quietly."""
    write_config(Path("c.yaml"), **sections)
    return mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", *flags)


def metrics() -> dict[str, Any]:
    document = json.loads(Path("run/metrics.json").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def predictions(table: str = "t.csv") -> list[dict[str, str]]:
    """What the model says about a table."""
    return ok("predict", "run/model.npz", table).rows()


def assert_trained(done: Done) -> None:
    """It ended well, with no warning but that it was short, and its model predicts every row."""
    assert (done.code, done.out, done.err.replace(WORSE, "")) == (0, "", "")
    assert len(predictions()) == 40
    assert all(float(row["loss"]) < 1e3 for row in history(Path("run")))


# --- every name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({*OPTIMIZERS, *QUASI_NEWTON}))
def test_every_optimizer_trains(name: str) -> None:
    options: dict[str, Any] = {"iterations": 5} if name in QUASI_NEWTON else {}
    training: dict[str, Any] = {"batch_size": "full"} if name == "rprop" else {}
    choice = {"name": name, **options}
    model = {"layers": ["auto", 6, "auto"]}
    assert_trained(train(model=model, optimizer=choice, training=NO_EPOCHS if options else training))


SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"every": 1, "factor": 0.5},
    "exponential": {"decay": 0.9},
    "inverse_scaling": {},
    "linear": {},
    "cosine": {},
    "one_cycle": {"peak": 0.01},
    "flat_cos": {},
    "coslog": {},
    "plateau": {"monitor": "val_loss", "patience": 1},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_trains_after_a_warmup_too(name: str) -> None:
    for warmup in ({"warmup": 0}, {"warmup": 1}) if name != "coslog" else ({},):
        assert_trained(train(data={"validation": 0.2}, schedule={"name": name, **warmup, **SCHEDULES[name]}))
    rates = [float(row["learning_rate"]) for row in history(Path("run"))]
    assert all(0 <= rate <= 0.01 for rate in rates)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax", "exponential"}))
def test_every_activation_trains(name: str) -> None:
    assert_trained(train(model={"layers": ["auto", 6, "auto"], "activation": name}))


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_every_initializer_trains(name: str) -> None:
    assert_trained(
        train(
            model={"layers": ["auto", 6, "auto"], "init": name},
            optimizer={"name": "adam", "learning_rate": 0.01},
        )
    )


def test_the_table_names_every_schedule() -> None:
    assert set(SCHEDULES) == set(CURVES)


@pytest.mark.parametrize(
    "init", [{"name": "uniform", "biases": True}, {"name": "normal", "std": 0.1, "biases": True}]
)
def test_biases_are_drawn_on_demand(init: dict[str, Any]) -> None:
    assert_trained(train(model={"layers": ["auto", 6, "auto"], "init": init}))


def test_without_biases_there_are_none() -> None:
    assert_trained(train(model={"layers": ["auto", 6, "auto"], "bias": False}))
    assert not [name for name in arrays(Path("run")) if name.endswith("bias")]


# --- every task and loss ------------------------------------------------------------------------------------


def labels_of_table(name: str) -> list[str]:
    header, *rows = Path("t.csv").read_text("utf-8").splitlines()
    return [row.split(",")[header.split(",").index(name)] for row in rows]


@pytest.mark.parametrize("loss", ["squared_error", "mse", "mae", {"name": "huber", "delta": 0.5}])
def test_a_regression_predicts_in_the_target_s_units(loss: Any) -> None:
    done = train(
        data={"target": "size"},
        loss=loss,
        optimizer={"name": "adam", "learning_rate": 0.02},
        training={"epochs": 40},
    )
    assert_trained(done)
    truth = np.array(labels_of_table("size"), dtype=float)
    found = np.array([float(row["prediction"]) for row in predictions()])
    assert np.corrcoef(truth, found)[0, 1] > 0.8
    assert abs(truth.mean() - found.mean()) < 0.5 * truth.std()


def test_poisson_predicts_means_of_counts() -> None:
    assert_trained(
        train(data={"target": "count", "features": NUMBERS}, loss="poisson", training={"epochs": 30})
    )
    assert all(float(row["prediction"]) > 0 for row in predictions())
    assert "target.scale" in arrays(Path("run"))


@pytest.mark.parametrize("loss", [None, "binary_cross_entropy", "cross_entropy", "hinge", "mse", "mae"])
def test_two_classes(loss: str | None) -> None:
    """Cross-entropy has two outputs, every other loss one; probabilities where the output is one."""
    sections: dict[str, Any] = {} if loss is None else {"loss": loss}
    assert_trained(
        train(
            data={"target": "two"},
            optimizer={"name": "adam", "learning_rate": 0.02},
            training={"epochs": 30},
            **sections,
        )
    )
    rows = predictions()
    right = sum(row["prediction"] == truth for row, truth in zip(rows, labels_of_table("two"), strict=True))
    assert right >= 36
    has_probability = loss in {None, "binary_cross_entropy", "cross_entropy"}
    assert list(rows[0]) == [
        "prediction",
        *(["probability_no", "probability_yes"] if has_probability else []),
    ]
    outputs = 2 if loss == "cross_entropy" else 1
    assert arrays(Path("run"))["layers.2.weight"].shape[1] == outputs
    if has_probability:
        for row in rows:
            no, yes = float(row["probability_no"]), float(row["probability_yes"])
            assert no + yes == pytest.approx(1.0, abs=1e-6)
            assert row["prediction"] == ("yes" if yes >= no else "no")


@pytest.mark.parametrize(
    "loss", ["cross_entropy", "hinge", "squared_error", {"name": "cross_entropy", "label_smoothing": 0.1}]
)
def test_three_classes(loss: Any) -> None:
    assert_trained(
        train(loss=loss, optimizer={"name": "adam", "learning_rate": 0.02}, training={"epochs": 30})
    )
    rows = predictions()
    right = sum(row["prediction"] == truth for row, truth in zip(rows, labels_of_table("kind"), strict=True))
    assert right >= 32


def write_wide() -> None:
    """A table with two labels and two numbers to predict."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 40)).round(3)
    rows = [
        f"{x},{y},{int(x > 0)},{int(x + y > 0)},{x + y:.3f},{10 * x - y:.3f}"
        for x, y in zip(a, b, strict=True)
    ]
    Path("wide.csv").write_text("\n".join(["a,b,up,sum_up,sum,mix", *rows]) + "\n", "utf-8")


def test_several_labels() -> None:
    write_wide()
    data = {"train": "wide.csv", "target": ["up", "sum_up"], "task": "multilabel", "features": ["a", "b"]}
    done = train(data=data, optimizer={"name": "adam", "learning_rate": 0.02}, training={"epochs": 40})
    assert done == Done(0, "", "")
    rows = predictions("wide.csv")
    assert list(rows[0]) == ["up_prediction", "up_probability", "sum_up_prediction", "sum_up_probability"]
    for row in rows:
        for label in ("up", "sum_up"):
            assert row[f"{label}_prediction"] == ("1" if float(row[f"{label}_probability"]) >= 0.5 else "0")
    assert metrics()["train"].keys() >= {"loss", "baseline"}


def test_several_targets_each_in_its_own_units() -> None:
    write_wide()
    data = {"train": "wide.csv", "target": ["sum", "mix"], "features": ["a", "b"]}
    assert (
        train(data=data, training={"epochs": 60}, optimizer={"name": "adam", "learning_rate": 0.02}).code == 0
    )
    rows = predictions("wide.csv")
    assert list(rows[0]) == ["sum_prediction", "mix_prediction"]
    truth = [line.split(",")[4:] for line in Path("wide.csv").read_text("utf-8").splitlines()[1:]]
    error = np.array([list(map(float, row.values())) for row in rows]) - np.array(truth, dtype=float)
    assert (np.abs(error).mean(axis=0) < [0.4, 3.0]).all()


# --- bfgs and lbfgs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(QUASI_NEWTON))
def test_one_linear_layer_comes_to_the_least_squares_solution(name: str) -> None:
    data = {"target": "size", "features": {"length": "none", "width": "none"}, "target_scale": "none"}
    choice = {"name": name, "tolerance": 1e-9}
    assert (
        train(data=data, model={"layers": ["auto", "auto"]}, optimizer=choice, training=NO_EPOCHS).code == 0
    )
    x = np.array([labels_of_table("length"), labels_of_table("width"), ["1"] * 40], dtype=float).T
    solution = np.linalg.lstsq(x, np.array(labels_of_table("size"), dtype=float), rcond=None)[0]
    found = arrays(Path("run"))
    assert found["layers.0.weight"].dtype == np.float64
    assert [*found["layers.0.weight"][:, 0], *found["layers.0.bias"]] == pytest.approx(
        list(solution), rel=1e-6
    )


@pytest.mark.parametrize("name", sorted(QUASI_NEWTON))
def test_an_iteration_is_a_row_without_a_rate(name: str) -> None:
    model = {"layers": ["auto", 6, "auto"]}
    write_config(Path("c.yaml"), model=model, optimizer={"name": name, "iterations": 6}, training=NO_EPOCHS)
    done = ok("train", "c.yaml", "-o", "run", "--no-plots")
    rows = history(Path("run"))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert {row["learning_rate"] for row in rows} == {""}
    losses = [float(row["loss"]) for row in rows]
    assert losses == sorted(losses, reverse=True)
    assert metrics()["status"] == "finished"
    assert "reached 6 iterations" in done.err.splitlines()


# --- bad ends -----------------------------------------------------------------------------------------------

HOPELESS: dict[str, Any] = {
    "data": {"target": "size"},
    "model": {"layers": ["auto", 8, "auto"], "init": {"name": "normal", "std": 10}},
    "optimizer": {"name": "sgd", "learning_rate": 1e-9},
}


def test_worse_than_a_constant_prediction_is_said() -> None:
    done = train(**HOPELESS)
    assert done.code == 0
    assert done.err.startswith(
        "mlp: warning: the training loss is worse than that of a constant prediction: "
    )
    assert metrics()["status"] == "worse_than_baseline"
    assert metrics()["train"]["loss"] > metrics()["train"]["baseline"]["loss"]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_worse_than_a_constant_prediction_fails_on_demand_and_the_run_is_there(
    flags: tuple[str, ...],
) -> None:
    done = train("--fail-worse-than-baseline", *flags, **HOPELESS)
    assert (done.code, done.out) == (7, "")
    assert done.err.startswith(
        "mlp: error: the training loss is worse than that of a constant prediction\nhint: "
    )
    assert metrics()["status"] == "worse_than_baseline"
    assert len(predictions()) == 40


def test_better_than_a_constant_prediction_does_not_fail() -> None:
    assert train("--fail-worse-than-baseline").code == 0


RUNAWAY: dict[str, Any] = {
    "data": {"target": "size", "target_scale": "none"},
    "model": {"layers": ["auto", 8, "auto"], "activation": "identity"},
    "training": {"epochs": 200, "batch_size": 20},
}


def test_a_divergence_names_epoch_batch_and_array_and_keeps_the_last_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    done = train(optimizer={"name": "sgd", "learning_rate": 0.25}, **RUNAWAY)
    assert (done.code, done.out) == (7, "")
    message, hint = done.err.splitlines()
    assert message.startswith("mlp: error: training diverged in epoch ")
    assert ", batch " in message
    assert "layers." in message
    assert "is not finite" in message
    assert hint.startswith("hint: try a learning rate below 0.25, ")
    assert [path.name for path in Path("run").iterdir()] == ["checkpoint.npz"]
    saved = read_checkpoint(Path("run/checkpoint.npz"))
    assert saved.epoch == int(message.split("epoch ")[1].split(",")[0]) - 1 >= 1
    assert np.isfinite(saved.arrays["theta"]).all()


def test_a_divergence_in_the_first_update_has_nothing_to_keep() -> None:
    done = train(optimizer={"name": "sgd", "learning_rate": 1e30}, **RUNAWAY)
    assert done.code == 7
    assert "training diverged in epoch 1, batch 2: " in done.err
    assert not list(Path("run").iterdir())


def test_clipping_keeps_a_runaway_finite() -> None:
    sections = {**RUNAWAY, "training": {"epochs": 5, "batch_size": 20, "clip_norm": 0.1}}
    assert train(optimizer={"name": "sgd", "learning_rate": 0.25}, **sections).code == 0


def test_a_validation_loss_that_overflows_is_null_and_no_bug() -> None:
    """Rows far outside of what training saw are the user's to look at; the model is as good as it was."""
    header, *rows = Path("t.csv").read_text("utf-8").splitlines()
    far = rows[0].split(",")
    far[1] = "1e38"
    Path("far.csv").write_text("\n".join([header, ",".join(far)]) + "\n", "utf-8")
    done = train(
        "--json",
        data={"validation": "far.csv", "target": "size"},
        training={"metrics": ["r2", "mae"]},
        model={"init": {"name": "normal", "std": 5}},
    )
    assert done.code == 0, done.err
    assert done.document()["val"]["loss"] is None
    assert metrics()["val"]["loss"] is None


def test_a_plateau_of_a_metric_is_where_it_no_longer_rises() -> None:
    """An accuracy is better when it is higher: after 3 epochs without a new best, half the rate."""
    train(
        data={"validation": 0.5, "target": "colour", "features": NUMBERS},
        optimizer={"name": "adam", "learning_rate": 0.02},
        schedule={"name": "plateau", "monitor": "val_accuracy", "patience": 2, "factor": 0.5},
        training={"epochs": 25},
    )
    rows = history(Path("run"))
    rate, best, waited, expected = 0.02, 0.0, 0, []
    for row in rows:
        expected.append(rate)
        value = float(row["val_accuracy"])
        best, waited = (value, 0) if value > best else (best, waited + 1)
        if waited > 2:
            rate, waited = rate / 2, 0
    assert [float(row["learning_rate"]) for row in rows] == expected
    assert len({row["val_accuracy"] for row in rows}) > 2
