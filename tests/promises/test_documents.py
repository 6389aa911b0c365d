"""The five documents: their networks train from a config alone, and their own numbers come out."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.errors import ConfigError
from mlpcli.nn.activations import ACTIVATIONS
from mlpcli.run.experiment import Experiment
from mlpcli.run.study import study_of
from tests.support.config_runs import CONFIGS, DATA, ROOT, STEMS, Train, Values, mlp, once_each

pytestmark = pytest.mark.kernels

DOCUMENTS = CONFIGS / "documents"
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1]}
NORMAL = "{name: normal, std: 1, biases: true}"
REPORTED_EPOCHS = range(0, 2000, 200)
CHECKED = [
    "d1",
    "d1_deep",
    "d1_wide",
    "d2_and",
    "d2_or",
    "d2_both",
    "d3_three_layer",
    "d4_notebook_and",
    "d4_penguins",
    "d5_dense_layer",
]
ELSEWHERE = ["d1_mnist", "d1_mnist_lbfgs"]  # in test_configs: their data are fetched


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    return once_each(tmp_path_factory.mktemp("runs"))


def reference(name: str) -> dict[str, Any]:
    """Numbers worked out from a document's own formulas and seeds."""
    return dict(json.loads((ROOT / "tests" / "reference" / f"{name}.json").read_text("utf-8")))


def experiment_of(stem: str, *overrides: str) -> Experiment:
    """The network of a config with its starting weights, and its rows."""
    return study_of(load_config(DOCUMENTS / f"{stem}.yaml", overrides), max_parameters=100_000).whole


def cost_and_gradients(experiment: Experiment) -> tuple[float, dict[str, Values]]:
    """What the first update of a full-batch training sees."""
    cost = experiment.network.loss_and_grad(experiment.training.x, experiment.training.y)
    return cost, {name: gradient.copy() for name, gradient in experiment.network.gradients.items()}


def assert_equal(found: Values, expected: Any, rtol: float = 1e-10) -> None:
    """Every entry, to rounding: relative to the entry, or to the largest where it is tiny."""
    wanted = np.array(expected, float)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max() * 1e-3)


def test_every_config_of_the_documents_is_run_by_a_test() -> None:
    assert sorted(CHECKED + ELSEWHERE) == [Path(stem).name for stem in STEMS if stem.startswith("documents/")]


def test_weights_and_tables_are_those_of_the_reference() -> None:
    """What is committed is what the script would write today."""
    script = runpy.run_path(str(DOCUMENTS / "from_reference.py"))
    weights = script["starting_weights"]()
    assert sorted(weights) == sorted(path.name for path in DOCUMENTS.glob("*.npz"))
    for name, arrays in weights.items():
        with np.load(DOCUMENTS / name, allow_pickle=False) as file:
            assert sorted(file.files) == sorted(arrays)
            assert all(np.array_equal(file[member], array) for member, array in arrays.items())
    for name, text in script["tables"]().items():
        assert (DATA / "documents" / name).read_text("utf-8") == text


@pytest.mark.parametrize(
    ("stem", "name"), [("d1", "deep_sigmoid_231"), ("d1_deep", "deep_sigmoid_30_10_15_7_6")]
)
def test_deep_sigmoid_starts_with_the_documents_numbers(stem: str, name: str) -> None:
    """Prediction, cost and every entry of the gradient."""
    expected, experiment = reference(name), experiment_of(stem)
    assert_equal(experiment.training.x, expected["x"])
    assert_equal(experiment.training.y, expected["y"])
    assert_equal(experiment.network.predict(experiment.training.x), expected["initial_prediction"])
    cost, gradients = cost_and_gradients(experiment)
    assert cost == pytest.approx(expected["initial_cost"], rel=1e-12)
    assert sorted(gradients) == [f"layers.{layer}.weight" for layer in range(len(expected["dims"]) - 1)]
    for layer, gradient in enumerate(expected["gradient"]):
        assert_equal(gradients[f"layers.{layer}.weight"], gradient)


def test_targets_of_another_width_are_refused() -> None:
    """The document's one target column was spread over six outputs unnoticed."""
    with pytest.raises(ConfigError, match="expected 6, the output columns that the data has, found 1"):
        experiment_of("d1_deep", "model.layers=[30, 10, 15, 7, 1]")


def test_bfgs_on_the_small_network_ends_where_the_document_ends(train: Train) -> None:
    expected, run = reference("deep_sigmoid_231"), train("documents/d1")
    assert run.metrics["train"]["loss"] == pytest.approx(expected["bfgs_final_cost"], rel=1e-6)
    assert run.history("loss")[-1] == pytest.approx(expected["bfgs_final_cost"], rel=1e-6)
    assert run.history("loss")[:10] == pytest.approx(expected["bfgs_first_costs"], rel=1e-6)


def test_predicted_scores_are_scores_again(train: Train) -> None:
    """Targets 75, 82, 93 go in divided by 100; predictions come out of the same kind."""
    run = train("documents/d1")
    outputs = np.array(run.predictions("documents/scores.csv"))
    assert ((outputs - [75, 82, 93]) ** 2).sum() / 2 / 100**2 == pytest.approx(
        run.metrics["train"]["loss"], rel=1e-9
    )


def test_bfgs_on_the_deep_network_gets_as_low_as_the_document(train: Train) -> None:
    """The path is chaotic, so only how far down it leads is compared.

    Starts that differ by 1e-13 end between 1,233 and 1,311, as do the kernels of different processors.
    """
    expected, run = reference("deep_sigmoid_30_10_15_7_6"), train("documents/d1_deep")
    start, end = expected["initial_cost"], expected["bfgs_final_cost"]
    assert run.metrics["epochs"] <= 200
    assert start - run.metrics["train"]["loss"] >= 0.8 * (start - end)


def gradcheck(stem: str, *options: str) -> list[str]:
    """The verdicts of `mlp gradcheck`, one per parameter array; the command fails where one is not ok."""
    report = json.loads(mlp("gradcheck", str(DOCUMENTS / f"{stem}.yaml"), "--json", *options))
    return [row["verdict"] for row in report["parameters"]]


@pytest.mark.parametrize("stem", CHECKED)
def test_every_gradient_of_the_documents_is_right(stem: str) -> None:
    assert gradcheck(stem) == ["ok"] * len(experiment_of(stem).network.parameters)


def test_the_wide_network_has_26048_weights() -> None:
    network = experiment_of("d1_wide").network
    assert network.theta.size == network.layout.n_weights == 26_048


@pytest.mark.parametrize("gate", GATES)
def test_one_gate_is_learnt_one_row_at_a_time(train: Train, gate: str) -> None:
    run = train(f"documents/d2_{gate}")
    assert run.predictions("documents/gates.csv") == pytest.approx(GATES[gate], abs=0.05)


def test_both_gates_are_learnt_at_once(train: Train) -> None:
    run = train("documents/d2_both")
    for gate, truth in GATES.items():
        assert run.predictions("documents/gates.csv", f"{gate}_prediction") == pytest.approx(truth, abs=0.05)


def test_three_layers_have_the_documents_loss_and_gradients(train: Train) -> None:
    expected, experiment = reference("three_layer"), experiment_of("d3_three_layer")
    cost, gradients = cost_and_gradients(experiment)
    assert cost == pytest.approx(expected["loss"], rel=1e-12)
    assert len(gradients) == 6
    for layer in range(3):
        assert_equal(gradients[f"layers.{layer}.weight"], expected["weight_gradients"][layer])
        assert_equal(gradients[f"layers.{layer}.bias"], expected["bias_gradients"][layer])
    losses = train("documents/d3_three_layer").history("loss")
    assert losses[0] == pytest.approx(expected["loss"], rel=1e-12)
    assert losses[-1] < losses[0]


def test_notebook_and_follows_the_documents_losses(train: Train) -> None:
    expected, run = reference("notebook_and"), train("documents/d4_notebook_and")
    losses = run.history("loss")
    assert [losses[epoch] for epoch in REPORTED_EPOCHS] == pytest.approx(
        expected["loss_every_200"], rel=1e-10
    )
    assert losses[-1] == pytest.approx(expected["final_loss"], rel=1e-10)
    assert_equal(run.arrays()["layers.0.weight"], expected["final_weight"])
    assert_equal(run.arrays()["layers.0.bias"], expected["final_bias"])
    predictions = run.predictions("documents/gates.csv")
    assert predictions == pytest.approx(expected["final_prediction"], rel=1e-10)
    assert [f"{number:.2f}" for number in predictions] == ["0.00", "0.08", "0.08", "0.90"]


def test_the_notebooks_loss_is_drawn(tmp_path: Path) -> None:
    config = str(DOCUMENTS / "d4_notebook_and.yaml")
    mlp("train", config, "-o", str(tmp_path / "run"), "--quiet", "--set", "training.epochs=50")
    assert "<svg" in (tmp_path / "run" / "loss.svg").read_text("utf-8")
    assert (tmp_path / "run" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_second_notebook_example_is_right_on_both_parts(train: Train) -> None:
    run = train("documents/d4_penguins")
    assert run.arrays()["layers.0.weight"].shape == (6, 1)
    assert run.metrics["train"]["accuracy"] >= 0.87
    assert run.metrics["test"]["accuracy"] >= 0.87


@pytest.mark.parametrize("seeds", [range(24), pytest.param(range(24, 100), marks=pytest.mark.slow)], ids=len)
def test_random_networks_pass_the_gradient_check(seeds: range) -> None:
    """Up to three hidden layers of one to six units, every hidden activation, four losses, l2."""
    losses = ["sigmoid, binary_cross_entropy", "sigmoid, squared_error", "tanh, mse", "identity, huber"]
    hidden = [name for name in ACTIVATIONS if name != "exponential"]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        widths = rng.integers(1, 7, rng.integers(0, 4)).tolist()
        output, loss = losses[seed % 4].split(", ")
        activations = ", ".join([*rng.choice(hidden, len(widths)), output])
        network = f"{{layers: {[4, *widths, 1]}, activation: [{activations}], init: {NORMAL}}}"
        overrides = (f"model={network}", f"loss={loss}", f"l2={seed % 3 / 100}")
        options = [word for override in overrides for word in ("--set", override)]
        verdicts = gradcheck("d5_dense_layer", "--seed", str(seed), *options)
        assert verdicts == ["ok"] * 2 * (len(widths) + 1), overrides


def test_dense_layers_follow_the_documents_costs(train: Train) -> None:
    expected, run = reference("dense_layer"), train("documents/d5_dense_layer")
    assert run.history("loss") == pytest.approx(expected["training"]["cost_per_epoch"], rel=1e-9)
    predictions = run.predictions("documents/dense_layer.csv", "probability_1")
    final = [row[0] for row in expected["training"]["final_prediction"]]
    assert predictions == pytest.approx(final, rel=1e-9)


def test_dense_layers_of_sigmoids_start_with_the_documents_numbers() -> None:
    """The document's first figure uses sigmoids throughout."""
    expected = reference("dense_layer")
    experiment = experiment_of("d5_dense_layer", "model.activation=[sigmoid, sigmoid, sigmoid, sigmoid]")
    assert cost_and_gradients(experiment)[0] == pytest.approx(expected["cost_all_sigmoid"], rel=1e-12)
    assert_equal(experiment.network.predict(experiment.training.x), expected["prediction_all_sigmoid"])
