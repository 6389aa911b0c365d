"""The gradient check on ordinary tables: no false alarm where rows of zeros and constants are everyday."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.affine import Affine
from mlpcli.nn.gradcheck import Batch, CheckOptions, check
from mlpcli.nn.gradcheck.copies import Copies
from mlpcli.nn.initializers import INITIALIZERS
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import Network
from mlpcli.parallel import threads
from tests.faults.gradients import checked, layers, run
from tests.support.gradient_mutants import after, first
from tests.support.network_cases import BATCH_NORM, HIDDEN, LAYER_NORM, Case, Values
from tests.support.running import mlp
from tests.support.table_networks import COLUMNS, table_network

METHODS: tuple[Any, ...] = ("central", "complex-step")


def new_network(case: Case, x: Values) -> tuple[Network, Batch]:
    """A network as training begins with it, its biases 0, on these rows."""
    network = replace(case, rows=len(x)).network()
    network.initialize(INITIALIZERS["glorot_uniform"], np.random.default_rng(0))
    _, y, _ = replace(case, rows=len(x)).batch()
    return network, Batch(x, y)


@pytest.mark.kernels
@pytest.mark.parametrize("method", METHODS)
def test_new_networks_on_any_table_raise_no_alarm_and_an_error_in_one_is_caught(method: Any) -> None:
    """At full size: `python -m tests.faults gradients --full`."""
    moved = 0
    for seed in (*range(5000, 5012), 5016):
        network, batch = table_network(seed)
        report = checked(network, batch, CheckOptions(method))
        if report is None:
            continue
        assert report.verdict == "ok", (seed, report.located, report.obstacle)
        moved += report.moved is not None
        names = layers(network)
        broken = checked(network, batch, CheckOptions(method, inject_error=names[seed % len(names)]))
        assert broken is None or broken.verdict == "FAIL", seed
    assert moved >= 2


def test_the_experiment_counts_networks_and_errors() -> None:
    figures = list(run(1))
    assert all(figure.reached for figure in figures)
    assert [figure.count for figure in figures[::2]] == [1, 1]
    assert all(figure.count > 1 for figure in figures[1::2])


def test_the_networks_have_everything_that_a_network_may_have() -> None:
    """So many as at full size."""
    seen: set[object] = set()
    for seed in range(300):
        network, batch = table_network(seed)
        shape = network.architecture
        seen |= {network.loss.name, shape.normalization, shape.residual, shape.bias, bool(shape.embeddings)}
        seen |= {part for part in shape.parameters_by_part() if not part.startswith("layers.")}
        seen |= {choice.name for choice in shape.activations}
        seen |= {"dropout"} if any(shape.dropout) else set()
        seen |= {"row of zeros"} if not batch.x.any(axis=1).all() else set()
        seen |= {"twice"} if len(np.unique(batch.x, axis=0)) < len(batch.x) else set()
    assert {
        *FORMULAS,
        *HIDDEN,
        BATCH_NORM,
        LAYER_NORM,
        True,
        False,
        "embeddings.0",
        "numeric_embedding",
        "scaling",
        "dropout",
        "row of zeros",
        "twice",
    } <= seen
    assert len(COLUMNS) == 10


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the command has it: the products are small."""
    with threads.limited(1):
        yield


def flags(rows: int = 24) -> Values:
    """Three columns of 0 and 1; the first row is 0 throughout."""
    x = np.random.default_rng(1).integers(0, 2, (rows, 3)) * 1.0
    x[0] = 0.0
    return x


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
def test_flags_get_a_verdict_and_every_broken_layer_is_caught(method: Any, activation: str) -> None:
    case = Case(Loss("mse"), (3, 8, 6, 3), ActivationChoice(activation, {}))
    network, batch = new_network(case, flags())
    report = check(network, batch, CheckOptions(method))
    assert report.verdict == "ok"
    biases = [array for array in report.parameters if array.name in {"layers.0.bias", "layers.1.bias"}]
    assert [(array.kinks, array.moved) for array in biases] == [(8, 8), (6, 6)]
    for layer in range(3):
        broken = check(network, batch, CheckOptions(method, inject_error=str(layer)))
        assert (broken.verdict, broken.located) == ("FAIL", f"layers.{layer}.weight")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "widths", [(3, 16, 16, 16, 1), pytest.param((3, 32, 32, 32, 32, 1), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("activation", ["tanh", "elu", "softsign"])
def test_layer_norm_of_a_row_of_zeros_is_no_false_alarm(
    method: Any, widths: tuple[int, ...], activation: str
) -> None:
    """Each divides that row by √1e-5: the loss bends on a scale of 1e-10."""
    case = Case(Loss("mse"), widths, ActivationChoice(activation, {}), normalization=LAYER_NORM)
    network, batch = new_network(case, np.random.default_rng(0).integers(0, 4, (32, 3)) / 3.0 * flags(32))
    report = check(network, batch, CheckOptions(method))
    steep = {array.name: array.analytic for array in report.parameters}["layers.0.bias"]
    assert (report.verdict, abs(steep or 0.0) > 1e5) == ("ok", True)
    assert check(network, batch, CheckOptions(method, inject_error="1")).verdict == "FAIL"


def test_a_layer_norm_s_backward_pass_that_is_wrong_at_such_a_row_is_caught() -> None:
    case = Case(Loss("mse"), (3, 16, 16, 16, 1), normalization=LAYER_NORM)
    network, batch = new_network(case, flags())
    step = first(network, len(batch.x), Affine)
    after(step, lambda: np.multiply(step.db, 1.0001, step.db))
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", "layers.0.bias")
    assert "every entry is 1.0001 times what it should be" in str(report.diagnosis)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalization", [None, BATCH_NORM, LAYER_NORM])
def test_rows_without_a_unit_left_by_dropout_are_no_false_alarm(method: Any, normalization: Any) -> None:
    case = Case(Loss("mse"), (3, 3, 3, 1), ActivationChoice("relu", {}), dropout=0.5)
    network, batch = new_network(replace(case, normalization=normalization), flags())
    assert check(network, batch, CheckOptions(method)).verdict == "ok"


# --- many copies of the batch in one pass


def test_an_array_of_any_size_is_checked_entry_by_entry_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry of 128 × 64 is 5 % off: directions see that it is, and all entries which one."""
    monkeypatch.setattr("mlpcli.nn.gradcheck.examine.ENTRYWISE_PARAMETERS", 100)
    network, batch = new_network(Case(Loss("cross_entropy"), (3, 128, 64, 3)), flags(8))
    step = [step for step in network.training_plan(8).steps if isinstance(step, Affine)][1]
    after(step, lambda: step.dW.__setitem__((17, 11), step.dW[17, 11] * 1.05))
    sampled = check(network, batch).parameters[1]
    assert (sampled.checked, sampled.verdict, sampled.worst_index) == (100, "FAIL", None)
    everything = check(network, batch, CheckOptions(every=True)).parameters[1]
    assert (everything.checked, everything.verdict, everything.worst_index) == (8192, "FAIL", (17, 11))


@pytest.mark.parametrize("method", METHODS)
def test_copies_find_what_one_pass_after_the_other_finds(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (6000, 6001):
        network, batch = table_network(seed)
        network = replaced(network)
        found = check(network, batch, CheckOptions(method))
        with monkeypatch.context() as patched:
            patched.setattr(Copies, "is_faithful", lambda _copies, _rounding: False)
            slowly = check(network, batch, CheckOptions(method))
        assert [array.verdict for array in found.parameters] == [array.verdict for array in slowly.parameters]
        assert [array.kinks for array in found.parameters] == [array.kinks for array in slowly.parameters]


def replaced(network: Network) -> Network:
    """Without dropout, whose masks are drawn anew for every check."""
    shape = network.architecture
    plain = replace(shape, dropout=(0.0,) * len(shape.dropout))
    copy = Network(plain, network.loss, network.penalty, np.float64)
    copy.theta[...] = network.theta
    return copy


def test_a_forward_pass_that_copies_would_not_share_is_checked_as_it_is() -> None:
    """The first layer of this plan alone is twice what it should be, both ways: its gradient is right."""
    network, batch = new_network(Case(Loss("mse"), (3, 8, 6, 3)), flags())
    step = first(network, len(batch.x), Affine)
    forward = step.forward

    def doubled() -> None:
        forward()
        np.multiply(step.z, 2.0, step.z)

    step.forward = doubled
    after(step, lambda: (np.multiply(step.dW, 2.0, step.dW), np.multiply(step.db, 2.0, step.db)))
    assert check(network, batch).verdict == "ok"


def test_copies_go_through_the_code_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forward pass of all layers that is not what the backward pass assumes is caught by copies as well."""
    correct = Affine.forward

    def shifted(step: Affine) -> None:
        correct(step)
        np.multiply(step.z, 1.001, step.z)

    monkeypatch.setattr(Affine, "forward", shifted)
    network, batch = new_network(Case(Loss("mse"), (3, 8, 6, 3)), flags())
    assert {array.verdict for array in check(network, batch).parameters} == {"FAIL"}


# --- by the command


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 rows of three flags and a target; the first row is 0,0,0."""
    monkeypatch.chdir(tmp_path)
    y = np.random.default_rng(0).normal(size=60)
    lines = [f"{a:.0f},{b:.0f},{c:.0f},{t:.4f}" for (a, b, c), t in zip(flags(60), y, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(["a,b,c,y", *lines]) + "\n", "utf-8")
    return tmp_path


CONFIG = "data: {train: data.csv, target: y, features: {a: minmax, b: minmax, c: minmax}}\n"


def test_the_default_network_on_flags_is_ok_and_the_report_says_what_was_moved(table: Path) -> None:
    (table / "config.yaml").write_text(CONFIG, "utf-8")
    done = mlp("gradcheck", "config.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-2:] == [
        "ok: central differences on 32 rows, rtol 1e-06",
        "96 parameters on a kink or a sharp bend: checked with all biases moved by ±0.05 to ±0.1 (seed 0)",
    ]
    document = mlp("gradcheck", "config.yaml", "--json").document()
    assert document["moved"] == {"what": "biases", "least": 0.05, "most": 0.1, "seed": 0, "entries": 96}
    assert mlp("gradcheck", "config.yaml", "--inject-error", 1).code == 10
    assert mlp("gradcheck", "config.yaml", "--method", "complex-step", "-q").code == 0


def test_layer_norm_on_flags_is_ok_by_both_methods(table: Path) -> None:
    model = "model: {layers: [auto, 16, 16, 16, 16, auto], activation: tanh, normalization: layer_norm}\n"
    (table / "config.yaml").write_text(CONFIG + model, "utf-8")
    for method in METHODS:
        done = mlp("gradcheck", "config.yaml", "--method", method, "--all", "-q")
        assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("eps", "words"),
    [
        ("1e-16", "the step 1e-16 leaves nothing but rounding. Take a larger --eps, or none."),
        ("0.1", "have a kink within the step 0.1. Take a smaller --eps, or none."),
    ],
)
def test_a_step_that_somebody_chose_badly_is_told_so(table: Path, eps: str, words: str) -> None:
    (table / "config.yaml").write_text(CONFIG, "utf-8")
    done = mlp("gradcheck", "config.yaml", "--eps", eps)
    assert done.code == 10
    assert done.out.splitlines()[-1].endswith(words)
    assert "FAIL" not in done.out
