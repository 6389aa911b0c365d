"""What a trace shows is what trains: the documents' numbers, and those of a real update of every kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mlpcli.config.load import load_config
from mlpcli.config.loss_spec import LOSSES
from mlpcli.nn.losses import Loss
from mlpcli.optim.first_order import OPTIMIZERS
from mlpcli.run.study import study_of
from mlpcli.tracing.formulas import SILENT, WRITTEN
from mlpcli.tracing.losses import loss_text, slope_text
from tests.support.config_runs import CONFIGS, ROOT
from tests.support.running import arrays, ok, write_config, write_table

Values = npt.NDArray[Any]
DOCUMENTS = CONFIGS / "documents"


def traced(config: Path, *flags: object) -> dict[str, Any]:
    document = ok("trace", config, "--json", *flags).document()
    assert isinstance(document, dict)
    return document


def by_symbol(document: dict[str, Any], part: str) -> dict[str, Values]:
    """The arrays of a direction, by what they are called."""
    return {
        line["symbol"]: np.array(line["values"], float) for stage in document[part] for line in stage["lines"]
    }


def by_name(document: dict[str, Any]) -> dict[str, Values]:
    """The gradients by the names of a model file."""
    return {
        line["name"]: np.array(line["values"], float)
        for stage in document["backward"]
        for line in stage["lines"]
        if line["name"]
    }


def afterwards(document: dict[str, Any]) -> dict[str, Values]:
    return {line["name"]: np.array(line["values"], float) for line in document["update"]["parameters"]}


def reference(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "tests" / "reference" / f"{name}.json").read_text("utf-8")))


def sigmoid(z: Values) -> Values:
    return np.asarray(1.0 / (1.0 + np.exp(-z)))


def test_the_first_document_number_by_number() -> None:
    """z, a, δ and ∂J/∂W as its article computes them, from the weights and rows of the reference."""
    given = reference("deep_sigmoid_231")
    x, y, (W1, W2) = np.array(given["x"]), np.array(given["y"]), map(np.array, given["weights"])
    z2 = x @ W1
    a2 = sigmoid(z2)
    z3 = a2 @ W2
    yhat = sigmoid(z3)
    delta3 = -(y - yhat) * sigmoid(z3) * (1 - sigmoid(z3))
    delta2 = delta3 @ W2.T * sigmoid(z2) * (1 - sigmoid(z2))

    document = traced(DOCUMENTS / "d1.yaml", "--rows", "1..3")
    forward, backward = by_symbol(document, "forward"), by_symbol(document, "backward")
    for symbol, expected in {
        "x": x, "W⁽¹⁾": W1, "z⁽²⁾": z2, "a⁽²⁾": a2, "W⁽²⁾": W2, "z⁽³⁾": z3, "ŷ": yhat, "y": y
    }.items():  # fmt: skip
        np.testing.assert_allclose(forward[symbol], expected, rtol=1e-12, err_msg=symbol)
    for symbol, expected in {
        "δ⁽³⁾": delta3, "∂J/∂W⁽²⁾": a2.T @ delta3, "δ⁽²⁾": delta2, "∂J/∂W⁽¹⁾": x.T @ delta2
    }.items():  # fmt: skip
        np.testing.assert_allclose(backward[symbol], expected, rtol=1e-12, err_msg=symbol)
    assert document["objective"]["value"] == pytest.approx(given["initial_cost"], rel=1e-12)
    for layer, gradient in enumerate(given["gradient"]):
        np.testing.assert_allclose(backward[f"∂J/∂W⁽{'¹²'[layer]}⁾"], gradient, rtol=1e-10)


def test_the_formulas_are_those_of_the_article() -> None:
    document = traced(DOCUMENTS / "d1.yaml", "--rows", "1..3")
    lines = [line for part in ("forward", "backward") for stage in document[part] for line in stage["lines"]]
    written = {line["symbol"]: line["formula"] for line in lines if line["formula"]}
    assert written == {
        "z⁽²⁾": "x W⁽¹⁾",
        "a⁽²⁾": "sigmoid(z⁽²⁾)",
        "z⁽³⁾": "a⁽²⁾ W⁽²⁾",
        "ŷ": "sigmoid(z⁽³⁾)",
        "∂J/∂ŷ": "−(y − ŷ)",
        "δ⁽³⁾": "∂J/∂ŷ ∘ sigmoid′(z⁽³⁾)",
        "∂J/∂W⁽²⁾": "a⁽²⁾ᵀ δ⁽³⁾",
        "∂J/∂a⁽²⁾": "δ⁽³⁾ W⁽²⁾ᵀ",
        "δ⁽²⁾": "∂J/∂a⁽²⁾ ∘ sigmoid′(z⁽²⁾)",
        "∂J/∂W⁽¹⁾": "xᵀ δ⁽²⁾",
    }
    assert document["objective"]["formula"] == "J = Σ over the rows of ½ (y − ŷ)²"


def test_the_deep_document_has_the_reference_s_cost_and_gradients() -> None:
    given = reference("deep_sigmoid_30_10_15_7_6")
    document = traced(DOCUMENTS / "d1_deep.yaml", "--rows", "1..100")
    assert document["objective"]["loss"] == pytest.approx(given["initial_cost"], rel=1e-12)
    np.testing.assert_allclose(by_symbol(document, "forward")["ŷ"], given["initial_prediction"], rtol=1e-10)
    for layer, gradient in enumerate(given["gradient"]):
        found = by_name(document)[f"layers.{layer}.weight"]
        np.testing.assert_allclose(found, gradient, rtol=1e-8, atol=1e-10)


def test_the_three_layers_have_the_reference_s_loss_and_six_gradients() -> None:
    given = reference("three_layer")
    document = traced(DOCUMENTS / "d3_three_layer.yaml", "--rows", "1..5")
    assert document["objective"]["value"] == pytest.approx(given["loss"], rel=1e-12)
    found = by_name(document)
    assert len(found) == 6
    for layer in range(3):
        for kind in ("weight", "bias"):
            expected = np.array(given[f"{kind}_gradients"][layer]).reshape(
                found[f"layers.{layer}.{kind}"].shape
            )
            np.testing.assert_allclose(found[f"layers.{layer}.{kind}"], expected, rtol=1e-10)


def test_the_notebook_s_and_gate_takes_its_first_step() -> None:
    given = reference("notebook_and")
    document = traced(DOCUMENTS / "d4_notebook_and.yaml", "--rows", "1..4")
    assert document["objective"]["value"] == pytest.approx(given["loss_every_200"][0], rel=1e-12)
    x, y, W, b = (np.array(given[key], float) for key in ("x", "y", "weight", "bias"))
    slope = (sigmoid(x @ W + b) - y.reshape(-1, 1)) * sigmoid(x @ W + b) * (1 - sigmoid(x @ W + b)) / 4
    after = afterwards(document)
    np.testing.assert_allclose(after["layers.0.weight"], W - x.T @ slope, rtol=1e-10)
    np.testing.assert_allclose(after["layers.0.bias"], (b - slope.sum(axis=0)).ravel(), rtol=1e-10)
    assert document["update"]["rate"] == 1.0


def test_the_dense_layers_have_the_costs_of_before_and_after_the_first_step() -> None:
    given = reference("dense_layer")["training"]
    config = DOCUMENTS / "d5_dense_layer.yaml"
    document = traced(config, "--rows", "1..10")
    assert document["objective"]["value"] == pytest.approx(given["cost_per_epoch"][0], rel=1e-9)
    experiment = study_of(load_config(config, ()), 1000).whole
    experiment.network.load(afterwards(document))
    cost = experiment.network.evaluate(experiment.training.x, experiment.training.y)[0]
    assert cost == pytest.approx(given["cost_per_epoch"][1], rel=1e-9)


FEATURES = {"length": "standardize", "width": "standardize", "colour": {"encode": "embed", "width": 2}}
EVERYTHING = {
    "layers": ["auto", 4, 4, "auto"],
    "activation": {"name": "selu", "learnable": True},
    "normalization": "batch_norm",
    "residual": True,
    "scaling": True,
    "numeric_embedding": {"name": "periodic", "frequencies": 3, "width": 2},
}
# every kind of layer, loss and step between them; the network of the same epoch is what a trace ends with
RICH: dict[str, dict[str, Any]] = {
    "everything": {"model": EVERYTHING, "data": {"features": FEATURES, "weight": "w"}, "l2": 0.01},
    "layer_norm": {
        "model": {"layers": ["auto", 5, "auto"], "normalization": "layer_norm", "activation": "gelu"},
        "l1": 0.01,
        "training": {"clip_norm": 0.1},
        "optimizer": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1, "rates": {"bias": 0.1}},
    },
    "softmax before a squared loss": {
        "model": {"layers": ["auto", 3, "auto"], "activation": ["tanh", "softmax"]},
        "loss": "squared_error",
        "optimizer": {"name": "rmsprop", "momentum": 0.9},
    },
    "regression": {
        "data": {"target": ["size", "count"]},
        "model": {"layers": ["auto", "auto"]},
        "loss": {"name": "huber", "reduction": "sum"},
        "schedule": {"name": "cosine", "warmup": 2},
    },
    "one output": {
        "data": {"target": "two"},
        "model": {"layers": ["auto", 3, "auto"], "bias": False},
        "loss": "hinge",
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    },
    "quasi-Newton": {
        "model": {"layers": ["auto", 3, "auto"]},
        "optimizer": {"name": "bfgs", "iterations": 1},
    },
}


def rich_config(place: Path, name: str) -> Path:
    """A config of one epoch of one update, in float64."""
    first_order = {"epochs": 1, "batch_size": "full", "shuffle": False}
    quasi = {"epochs": None, "batch_size": None}
    training = {**(quasi if name == "quasi-Newton" else first_order), "dtype": "float64"}
    sections = {**RICH[name]}
    sections["training"] = {**training, **sections.get("training", {})}
    return write_config(place / "c.yaml", **sections)


@pytest.mark.parametrize("name", RICH)
def test_the_update_is_that_of_an_epoch_of_one_batch(name: str, tmp_path: Path) -> None:
    """To the last bit: forward, backward, penalties, clipping, decay, rates and all."""
    write_table(tmp_path)
    config = rich_config(tmp_path, name)
    document = traced(config, "--rows", "1..40")
    ok("train", config, "-o", tmp_path / "run", "--no-plots", "-q", "--threads", 1)
    trained, found = arrays(tmp_path / "run"), afterwards(document)
    assert found
    for parameter, values in found.items():
        np.testing.assert_array_equal(values, trained[parameter], err_msg=parameter)


@pytest.mark.parametrize("name", RICH)
def test_gradients_and_loss_are_those_that_training_sees(name: str, tmp_path: Path) -> None:
    write_table(tmp_path)
    config = rich_config(tmp_path, name)
    document = traced(config, "--rows", "3..12")
    whole = study_of(load_config(config, ()), 10_000).whole
    network, (x, y, weights) = whole.network, whole.training.arrays()
    rows = slice(2, 12)
    loss = network.loss_and_grad(x[rows], y[rows], None if weights is None else weights[rows])
    assert document["rows"] == list(range(3, 13))
    assert document["objective"]["loss"] == loss
    assert document["objective"]["penalty"] == network.penalty_value()
    gradients = by_name(document)
    assert gradients.keys() == network.gradients.keys()
    for parameter, values in gradients.items():
        np.testing.assert_array_equal(values, network.gradients[parameter], err_msg=parameter)


@pytest.mark.parametrize("name", RICH)
def test_every_derivative_by_a_value_is_a_derivative(name: str, tmp_path: Path) -> None:
    """∂J/∂x of the first layer's inputs is not computed; that of scores δ gives the gradient of the bias."""
    write_table(tmp_path)
    document = traced(rich_config(tmp_path, name), "--rows", "1..6")
    backward = by_symbol(document, "backward")
    biases = [symbol for symbol in backward if symbol.startswith("∂J/∂b")]
    for symbol in biases:
        layer = "⁰¹²³⁴".index(symbol[-2])
        delta = backward[f"δ⁽{'⁰¹²³⁴'[layer + 1]}⁾"]
        np.testing.assert_allclose(backward[symbol], delta.sum(axis=0), rtol=1e-9, atol=1e-15)
    assert biases or name == "one output"


def test_nothing_drops_out(tmp_path: Path) -> None:
    """The same numbers as without dropout, and a remark that says so."""
    write_table(tmp_path)
    model = {"layers": ["auto", 4, "auto"]}
    without = traced(write_config(tmp_path / "c.yaml", model=model))
    dropping = traced(write_config(tmp_path / "c.yaml", model={**model, "dropout": 0.5}))
    assert dropping["remarks"] and not without["remarks"]
    assert {**dropping, "remarks": []} == without


def test_every_kind_of_step_has_a_formula(tmp_path: Path) -> None:
    write_table(tmp_path)
    seen = set()
    for name in RICH:
        network = study_of(load_config(rich_config(tmp_path, name), ()), 10_000).whole.network
        seen |= {step.split(".")[2] for step in network.training_plan(4).names}
    assert seen | {"dropout"} == WRITTEN.keys() | SILENT


def test_every_optimizer_says_its_rule() -> None:
    assert all("θ" in kind.rule.formula or "Adam" in kind.rule.formula for kind in OPTIMIZERS.values())


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_written_out(name: str) -> None:
    """No mark of a template is left, of one output or three, of one row or four."""
    for outputs in (1, 3):
        for rows in (1, 4):
            for reduction in ("mean", "sum"):
                loss = Loss(name, reduction=reduction)
                texts = [f(loss, outputs, rows, weighted=True) for f in (loss_text, slope_text)]
                assert all(text and not set(text) & set("{}K") for text in texts), texts


def test_a_factor_is_in_the_formula() -> None:
    loss = Loss("squared_error", factor=1)
    assert loss_text(loss, 2, 1, weighted=False) == "1 Σ (y − ŷ)²"
    assert slope_text(loss, 2, 4, weighted=False) == "−2 (y − ŷ) / 4"
    assert slope_text(Loss("cross_entropy"), 3, 4, weighted=True) == "w ∘ (ŷ − y) / 4"
