"""The gradient check: it passes what is right, fails what is wrong, and says where and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import ConfigError, DataError, DivergedError, ExitCode, UsageError
from mlpcli.nn import activations, losses
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.affine import Affine
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.gradcheck import Batch, CheckOptions, Moved, Report, check, compare_gradients
from mlpcli.nn.gradcheck.differences import Central
from mlpcli.nn.gradcheck.objective import Evaluations
from mlpcli.nn.initializers import INITIALIZERS, normal
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from mlpcli.nn.pointwise import Pointwise
from mlpcli.nn.workspace import MANY, mean_of
from tests.support.gradient_cases import random_case, small_case
from tests.support.gradient_mutants import MUTANTS, after, first, second_affine
from tests.support.network_cases import HIDDEN, NO_PENALTY

COMPLEX = CheckOptions("complex-step")


def errors(report: Report) -> list[float]:
    """The relative errors of all parameter arrays."""
    return [array.relative_error for array in report.parameters if array.relative_error is not None]


def dense(
    widths: tuple[int, ...], activation: str, loss: str = "mse", rows: int = 4
) -> tuple[Network, Batch]:
    """A network without penalties or dropout whose rows are normal numbers."""
    rng = np.random.default_rng(0)
    names = [activation] * (len(widths) - 2) + [{"cross_entropy": "softmax"}.get(loss, "identity")]
    choices = tuple(ActivationChoice(name, {}) for name in names)
    network = Network(
        Architecture(widths, choices, True, (0.0,) * (len(widths) - 2)), Loss(loss), dtype=np.float64
    )
    network.initialize(INITIALIZERS["glorot_uniform"], rng)
    y = np.eye(widths[-1])[rng.integers(0, widths[-1], rows)]
    return network, Batch(rng.normal(size=(rows, widths[0])), y)


# --- what is right passes


@pytest.mark.kernels
@pytest.mark.parametrize("loss", losses.FORMULAS)
@pytest.mark.parametrize("activation", HIDDEN)
def test_complex_step_agrees_with_backpropagation_to_the_last_digits(activation: str, loss: str) -> None:
    report = check(*small_case(activation, loss), COMPLEX)
    assert report.verdict == "ok"
    assert max(errors(report)) < 1e-13


@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_derivatives_that_lie_output_after_output_are_checked_too(loss: str) -> None:
    network, batch = dense((4, 5, 3), "tanh", loss, MANY + 1)
    assert check(network, batch).verdict == "ok"
    assert max(errors(check(network, batch, COMPLEX))) < 1e-13


@pytest.mark.kernels
@pytest.mark.parametrize("activation", ["identity", "softmax", "exponential", "sigmoid"])
def test_an_output_activation_that_no_loss_owns_is_checked_too(activation: str) -> None:
    network, batch = small_case("tanh", "huber")
    last = (*network.architecture.activations[:2], ActivationChoice(activation, {}))
    network = Network(replace(network.architecture, activations=last), network.loss, dtype=np.float64)
    network.initialize(normal(0.5), np.random.default_rng(1))
    assert check(network, batch).verdict == "ok"
    assert max(errors(check(network, batch, COMPLEX))) < 1e-13


def alarms_among(seeds: range, method: Any) -> list[int]:
    """The seeds of random correct networks that do not come out as ok."""
    alarms = []
    for seed in seeds:
        network, batch = random_case(seed)
        try:
            report = check(network, batch, CheckOptions(method))
        except DivergedError:
            continue  # exponentials of large scores: the loss is infinite
        if report.verdict != "ok":
            alarms.append(seed)
    return alarms


@pytest.mark.kernels
def test_random_correct_networks_raise_no_alarm() -> None:
    assert alarms_among(range(80), "central") == []
    assert alarms_among(range(24), "complex-step") == []


@pytest.mark.slow
def test_a_thousand_random_correct_networks_raise_no_alarm() -> None:
    assert alarms_among(range(1000, 2000), "central") == []
    assert alarms_among(range(1000, 2000), "complex-step") == []


def test_the_network_is_left_as_it_was() -> None:
    network, batch = small_case("gelu", "cross_entropy")
    before = network.theta.copy()
    check(network, batch)
    check(network, batch, COMPLEX)
    assert np.array_equal(network.theta, before)


def test_the_check_runs_the_steps_and_the_gradient_of_training() -> None:
    network, batch = small_case("tanh", "mse")
    plan = network.training_plan(6)
    report = check(network, batch)
    assert network.training_plan(6) is plan
    network.objective_parts(plan, batch.x, batch.y, batch.weights)
    for array in report.parameters:
        assert array.worst_index is not None
        assert array.analytic == network.gradients[array.name][array.worst_index]


# --- what is wrong fails


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("tanh", "mse"),
        ("leaky_relu", "cross_entropy"),
        pytest.param("sigmoid", "binary_cross_entropy", marks=pytest.mark.slow),
        pytest.param("gelu", "poisson", marks=pytest.mark.slow),
    ],
)
def test_every_broken_backward_pass_is_caught(activation: str, loss: str) -> None:
    assert len(MUTANTS) >= 25
    survivors = []
    for name, mutate in MUTANTS.items():
        network, batch = small_case(activation, loss)
        mutate(network, 6)
        if check(network, batch).verdict != "FAIL":
            survivors.append(name)
    assert survivors == []


@pytest.mark.kernels
@pytest.mark.parametrize("name", ["dW × 1.0001", "dx × 1.0001", "loss × 1.0001", "penalty on the bias"])
def test_complex_step_catches_broken_passes_too(name: str) -> None:
    network, batch = small_case("silu", "huber")
    MUTANTS[name](network, 6)
    assert check(network, batch, COMPLEX).verdict == "FAIL"


@pytest.mark.parametrize("method", ["central", "complex-step"])
def test_a_flipped_sign_is_caught_in_a_tiny_loss(method: Any) -> None:
    """|g| is some 1e-6: an absolute tolerance would let it pass."""
    network, batch = small_case("tanh", "squared_error", factor=1e-6, penalty=NO_PENALTY)
    assert check(network, batch, CheckOptions(method)).verdict == "ok"
    assert np.abs(network.grad).max() < 1e-4
    MUTANTS["sign of dW"](network, 6)
    assert check(network, batch, CheckOptions(method)).verdict == "FAIL"


def test_a_wrong_subgradient_is_caught_with_z_exactly_on_the_kink() -> None:
    network, batch = dense((3, 4, 2), "relu", rows=200)
    batch.x[0] = 0.0  # and biases are 0: z = 0 in the first row
    good = check(network, batch)
    assert [array.kinks for array in good.parameters if array.name == "layers.0.bias"] == [4]
    assert all(array.verdict == "ok" for array in good.intermediates)
    step = first(network, 200, Pointwise)
    correct = step.forward

    def forward() -> None:
        at_zero = step.z == 0.0
        correct()
        step.prime[at_zero] = 1.0  # relu′(0) = 1 instead of 0

    step.forward = forward
    report = check(network, batch)
    assert (report.verdict, report.located) == ("FAIL", "layers.0.pointwise")


def test_a_forward_pass_that_is_not_what_backward_assumes_is_caught() -> None:
    network, batch = small_case("tanh", "mse")
    correct = Affine.forward

    class Shifted(Affine):
        def forward(self) -> None:
            correct(self)
            np.multiply(self.z, 1.001, self.z)

    second_affine(network, 6).__class__ = Shifted
    assert check(network, batch).verdict == "FAIL"


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("method", ["central", "complex-step"])
def test_an_injected_error_ends_in_fail_and_names_the_layer(method: Any, layer: int) -> None:
    report = check(*small_case("relu", "cross_entropy"), CheckOptions(method, inject_error=str(layer)))
    assert report.verdict == "FAIL"
    assert report.located == f"layers.{layer}.weight"
    assert [a.name for a in report.parameters if a.verdict == "FAIL"] == [f"layers.{layer}.weight"]
    assert report.diagnosis is not None
    assert "every entry is 1.05 times what it should be" in report.diagnosis


def test_an_error_can_be_injected_where_the_gradient_is_zero() -> None:
    network, batch = small_case("tanh", "mse", penalty=NO_PENALTY)
    network.parameters["layers.2.weight"].fill(0.0)
    assert check(network, batch).verdict == "ok"
    assert check(network, batch, CheckOptions(inject_error="0")).located == "layers.0.weight"


@pytest.mark.parametrize("asked", ["7", "-1", "layers", "layers.7", "embeddings.0", "loss"])
def test_injecting_into_a_layer_that_does_not_exist_is_wrong_usage(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(*small_case("tanh", "mse"), CheckOptions(inject_error=asked))
    assert str(caught.value) == f"mlp: error: --inject-error: expected a layer from 0 to 2, found {asked}"


# --- where and why


@pytest.mark.parametrize(
    ("mutant", "located", "words"),
    [
        ("derivative missing", "layers.0.pointwise", "this step's own factor is missing"),
        ("sign of dW", "layers.1.weight", "the sign is flipped"),
        ("dW × 1.001", "layers.1.weight", "every entry is 1.001 times what it should be"),
        ("dW transposed", "layers.1.weight", "it is transposed"),
        ("dW zero", "layers.1.weight", "it is zero everywhere"),
        ("NaN", "layers.1.weight", "1 of its entries are not finite numbers"),
        ("one entry off by 5 %", "layers.1.weight", "only its entry ["),
        ("db as mean", "layers.1.bias", "the mean over the rows where the loss takes their sum"),
        ("stale weights", "layers.1.affine", "with the weights of the forward pass"),
        ("mask missing", "layers.0.dropout", "this step's own factor is missing"),
        ("sum for mean", "loss", "the sum over the rows where the loss takes their mean"),
        ("mean over outputs", "loss", "the mean over the outputs where the loss takes their sum"),
        ("sign of the loss", "loss", "the sign is flipped"),
        ("first output only", "loss", "wrong, the others are right"),
        ("penalty missing", "layers.2.weight", "-0.01·sign w + -0.05·w: a penalty is missing"),
        ("accumulated", "layers.1.weight", "every entry is 0.01 too large: something is added to all alike"),
        ("penalty on the bias", "layers.2.bias", "0.05·w: a penalty is missing, doubled or misplaced"),
    ],
)
def test_the_diagnosis_names_the_place_and_the_likely_mistake(mutant: str, located: str, words: str) -> None:
    network, batch = small_case("tanh", "squared_error")
    MUTANTS[mutant](network, 6)
    report = check(network, batch)
    assert report.located == located
    assert report.diagnosis is not None
    assert report.diagnosis.startswith("walking back from the loss, the first error is at ")
    assert words in report.diagnosis


def test_missing_row_weights_are_recognised() -> None:
    network, batch = small_case("tanh", "mse")
    assert batch.weights is not None
    weights = batch.weights
    last = network.training_plan(6)
    correct = network.loss_of

    def loss_of(*arguments: Any) -> Any:
        loss = correct(*arguments)
        last.dscores[...] /= weights
        return loss

    network.__dict__["loss_of"] = loss_of
    report = check(network, batch)
    assert report.located == "loss"
    assert "the row weights are missing" in str(report.diagnosis)


def test_the_worst_entry_and_the_entrywise_view_point_at_the_broken_entry() -> None:
    network, batch = small_case("tanh", "mse", penalty=NO_PENALTY)
    step = second_affine(network, 6)
    after(step, lambda: step.dW.__setitem__((2, 3), step.dW[2, 3] * 1.05))
    weight = check(network, batch).parameters[1]
    assert (weight.name, weight.verdict, weight.worst_index) == ("layers.1.weight", "FAIL", (2, 3))
    assert weight.worst[0].index == (2, 3)
    assert weight.worst[0].entry_error == pytest.approx(0.05 / 1.05, rel=1e-6)


# --- kinks


@pytest.mark.parametrize("options", [CheckOptions(), COMPLEX])
def test_kinks_are_counted_and_judged_with_the_biases_moved(options: CheckOptions) -> None:
    network, batch = dense((3, 4, 2), "relu")
    batch.x[0] = 0.0  # and biases are 0: every unit of that row is on its kink
    before = network.theta.copy()
    report = check(network, batch, options)
    by_name = {array.name: array for array in report.parameters}
    bias, weight = by_name["layers.0.bias"], by_name["layers.0.weight"]
    assert (report.verdict, bias.verdict, bias.kinks, bias.moved) == ("ok", "ok", 4, 4)
    assert bias.worst_index is not None
    assert bias.analytic == pytest.approx(bias.numerical, rel=1e-6)
    assert (weight.kinks, weight.moved, weight.verdict) == (0, 0, "ok")
    assert report.moved == Moved("biases", 0.05, 0.1, 0, 4)
    assert report.to_json()["moved"] == {
        "what": "biases",
        "least": 0.05,
        "most": 0.1,
        "seed": 0,
        "entries": 4,
    }
    assert np.array_equal(network.theta, before)


@pytest.mark.parametrize("options", [CheckOptions(), COMPLEX])
def test_what_is_wrong_only_where_all_entries_are_kinks_is_caught_all_the_same(options: CheckOptions) -> None:
    network, batch = dense((3, 4, 2), "relu")
    batch.x[0] = 0.0
    step = first(network, 4, Affine)
    after(step, lambda: np.multiply(step.db, 1.001, step.db))
    report = check(network, batch, options)
    assert (report.verdict, report.located) == ("FAIL", "layers.0.bias")
    assert "every entry is 1.001 times what it should be" in str(report.diagnosis)


def test_a_residual_of_zero_is_a_kink_of_the_absolute_error() -> None:
    network, batch = dense((3, 2), "identity", "mae")
    network.theta.fill(0.0)
    report = check(network, replace(batch, y=np.zeros((4, 2))))
    assert (report.verdict, report.parameters[1].kinks, report.parameters[1].moved) == ("ok", 2, 2)


def test_weights_are_moved_where_there_are_no_biases() -> None:
    network, batch = dense((3, 2), "identity", "mae")
    network = Network(replace(network.architecture, bias=False), network.loss, dtype=np.float64)
    report = check(network, replace(batch, y=np.zeros((4, 2))))
    assert report.moved == Moved("weights", 0.05, 0.1, 0, 6)
    assert report.verdict == "ok"


def test_more_than_one_percent_of_kinks_that_stay_kinks_is_inconclusive() -> None:
    """A step that is as large as the biases' own shift crosses the kink from there too."""
    network, batch = dense((3, 4, 2), "relu")
    batch.x[0] = 0.0
    report = check(network, batch, CheckOptions(eps=0.2))
    assert {array.name: array.verdict for array in report.parameters}["layers.0.bias"] == "inconclusive"
    assert report.moved is None


def test_where_the_moved_network_diverges_kinks_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = dense((3, 4, 2), "relu")
    batch.x[0] = 0.0
    monkeypatch.setattr("mlpcli.nn.gradcheck.shift.MOST", 1e200)
    report = check(network, batch)
    assert report.verdict == "inconclusive"
    assert "4 of 4 entries are on a kink or a sharp bend, here and at the other point" in str(report.obstacle)


def test_a_kink_nearby_is_stepped_around_and_a_fixed_step_across_it_is_counted() -> None:
    network, batch = dense((1, 1, 1), "relu", rows=1)
    network.parameters["layers.0.bias"][...] = -(batch.x @ network.parameters["layers.0.weight"]) + 3e-6
    assert check(network, batch).verdict == "ok"
    assert check(network, batch, CheckOptions(eps=1e-4)).parameters[2].kinks == 1


def test_weights_of_zero_are_no_kink_of_the_l1_penalty() -> None:
    network, batch = dense((3, 2), "identity")
    network = Network(network.architecture, network.loss, Penalty(l1=0.1), np.float64)
    for options in (CheckOptions(), COMPLEX):
        report = check(network, batch, options)
        assert (report.verdict, report.parameters[0].kinks) == ("ok", 0)


# --- gradients that are nothing but round-off


@pytest.mark.kernels
@pytest.mark.parametrize("method", ["central", "complex-step"])
def test_dead_and_saturated_units_are_no_false_alarm(method: Any) -> None:
    for activation, shift in (("relu", -100.0), ("sigmoid", 40.0), ("tanh", 25.0), ("sigmoid", -40.0)):
        network, batch = dense((3, 4, 2), activation)
        network.parameters["layers.0.bias"].fill(shift)
        assert check(network, batch, CheckOptions(method)).verdict == "ok", (activation, shift)


def test_a_gradient_that_cancels_is_no_false_alarm() -> None:
    """At a least-squares optimum every derivative is 0 up to rounding."""
    network, batch = dense((3, 2), "identity", rows=50)
    solution, *_ = np.linalg.lstsq(np.hstack([batch.x, np.ones((50, 1))]), batch.y, rcond=None)
    network.load({"layers.0.weight": solution[:3], "layers.0.bias": solution[3]})
    report = check(network, batch)
    assert np.abs(network.grad).max() < 1e-14
    assert report.verdict == "ok"
    step = first(network, 50, Affine)
    after(step, lambda: np.add(step.dW, 1e-3, step.dW))
    assert check(network, batch).verdict == "FAIL"


@pytest.mark.parametrize("injected", [None, "0"])
def test_a_gradient_that_round_off_hides_is_inconclusive(injected: str | None) -> None:
    """With targets of 1e12 the last place of the loss is larger than what any weight could do to it."""
    network, batch = dense((3, 4, 2), "tanh", rows=20)
    report = check(network, replace(batch, y=batch.y * 1e12), CheckOptions(inject_error=injected))
    assert report.verdict != "ok"


# --- sizes


def test_a_network_of_many_parameters_is_sampled_and_touched_everywhere() -> None:
    network, batch = dense((300, 200, 4), "tanh", "cross_entropy", rows=8)
    report = check(network, batch)
    assert report.verdict == "ok"
    assert [array.checked for array in report.parameters] == [100, 100, 200, 4]


def test_one_wrong_entry_outside_the_sample_is_found_by_a_direction() -> None:
    network, batch = dense((300, 200, 4), "tanh", "cross_entropy", rows=8)
    step = first(network, 8, Affine)
    after(step, lambda: step.dW.__setitem__((17, 11), step.dW[17, 11] * 1.05))
    weight = check(network, batch).parameters[0]
    assert (weight.verdict, weight.worst_index) == ("FAIL", None)


def test_fifty_thousand_parameters_or_fewer_are_checked_entry_by_entry() -> None:
    network, batch = dense((40, 20, 4), "sigmoid", rows=8)
    assert [array.checked for array in check(network, batch).parameters] == [800, 80, 20, 4]


# --- numbers, options, JSON


class Curve:
    """One line along which the loss is a function of t."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.taken: list[float] = []

    def __len__(self) -> int:
        return 1

    def at(self, _which: Any, t: Any) -> Evaluations:
        self.taken += np.abs(t).tolist()
        return Evaluations(self.function(t), np.zeros(len(t), np.bool_))

    def penalty(self, _which: Any, t: Any) -> Any:
        return np.zeros_like(t)

    def steps(self, _which: Any, h: Any) -> Any:
        return h


def test_the_difference_walks_to_the_step_with_the_smallest_error() -> None:
    """sin at 0, once with a curvature that needs small steps, once with noise that needs large ones."""
    smooth = Curve(lambda t: np.sin(1e4 * t))
    estimates = Central(1e-16, 1e-6).derivatives(smooth, np.array([1e4]), 1e4)
    assert estimates.values[0] == pytest.approx(1e4, rel=1e-6)
    assert min(smooth.taken) < 1e-5
    noisy = Curve(lambda t: np.sin(t) + 1e-11 * np.sin(1e12 * t))
    estimates = Central(1e-11, 1e-6).derivatives(noisy, np.array([1.0]), 1.0)
    assert max(noisy.taken) >= 1e-3
    assert estimates.values[0] == pytest.approx(1.0, abs=estimates.roundoff[0])


@pytest.mark.parametrize("width", [1e-6, 1e-10, 1e-13])
def test_a_slope_that_only_the_smallest_steps_see_is_believed_and_a_claim_of_one_is_not(width: float) -> None:
    """tanh(t / width) is flat but for a moment; and a wrong claim is refuted by the very same steps."""
    for factor, offset in ((1.0, 0.0), (0.3, 5.0)):
        bend = Curve(lambda t, a=factor, b=offset: a * np.tanh(t / width) + b * t)
        true = factor / width + offset
        estimates = Central(1e-16, 1e-6).derivatives(bend, np.array([true]), true)
        assert estimates.values[0] == pytest.approx(true, rel=1e-6)
        assert not estimates.left[0]
        for wrong in (0.95 * true, -true, 3.0 * true):
            estimates = Central(1e-16, 1e-6).derivatives(bend, np.array([wrong]), abs(wrong))
            assert estimates.values[0] == pytest.approx(true, rel=0.01)
            assert not estimates.left[0]
    flat = Curve(lambda t: 5.0 * t + 1e-3 * t**3)
    estimates = Central(1e-16, 1e-6).derivatives(flat, np.array([1.0 / width]), 1.0 / width)
    assert estimates.values[0] == pytest.approx(5.0, abs=1e-7 / width)
    assert not estimates.left[0]


def test_a_slope_that_no_step_is_small_enough_for_is_left_and_not_called_wrong() -> None:
    bend = Curve(lambda t: np.tanh(t * 1e40))
    assert Central(1e-16, 1e-6).derivatives(bend, np.array([1e40]), 1e40).left[0]


def test_a_fixed_step_is_the_only_one_taken_and_a_poor_one_fails() -> None:
    network, batch = small_case("tanh", "mse", penalty=NO_PENALTY)
    assert check(network, batch, CheckOptions(eps=1e-5)).verdict == "ok"
    assert check(network, batch, CheckOptions(eps=0.1)).verdict == "FAIL"
    assert check(network, batch, CheckOptions(eps=0.1, rtol=0.5)).verdict == "ok"


@pytest.mark.parametrize("method", ["central", "complex-step"])
def test_the_json_report_has_exactly_the_documented_fields(method: Any) -> None:
    document = json.loads(json.dumps(check(*small_case("relu", "mse"), CheckOptions(method)).to_json()))
    assert list(document) == ["verdict", "method", "rtol", "parameters"]
    assert (document["verdict"], document["method"], document["rtol"]) == ("ok", method, 1e-6)
    names = ["layers.0.weight", "layers.1.weight", "layers.2.weight"]
    names += ["layers.0.bias", "layers.1.bias", "layers.2.bias"]
    assert [array["name"] for array in document["parameters"]] == names
    keys = ["name", "shape", "checked", "kinks", "worst_index", "analytic", "numerical"]
    keys += ["relative_error", "verdict"]
    for array in document["parameters"]:
        assert list(array) == keys
        assert array["checked"] == np.prod(array["shape"])
        assert len(array["worst_index"]) == len(array["shape"])


def test_the_derivatives_between_the_steps_are_reported() -> None:
    report = check(*small_case("tanh", "mse"))
    expected = ["affine", "pointwise", "dropout", "affine", "pointwise", "affine"]
    assert [array.name.split(".")[2] for array in report.intermediates] == expected
    assert all(
        array.verdict == "ok" and array.checked == np.prod(array.shape) for array in report.intermediates
    )


def test_a_loss_that_is_not_finite_cannot_be_checked() -> None:
    network, batch = dense((3, 2), "identity")
    network.theta.fill(1e200)
    with pytest.raises(DivergedError, match="the loss of the rows to check is inf"):
        check(network, batch)


def test_single_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="checked in float64, this network is of float32"):
        check(*small_case("tanh", "mse", np.float32))


def without_complex_numbers(z: Any) -> tuple[Any, Any]:
    """|z|, written so that it drops the imaginary part."""
    return np.abs(z), np.sign(z)


def with_an_error(z: Any) -> tuple[Any, Any]:
    """|z| by a function that NumPy has for real numbers only."""
    return np.fabs(z), np.sign(z)


@pytest.mark.parametrize("function", [without_complex_numbers, with_an_error])
def test_a_part_that_cannot_take_complex_numbers_is_named(
    function: Callable[..., tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(activations.ACTIVATIONS, "modulus", function)
    network, batch = dense((3, 4, 4, 2), "tanh")
    choices = (
        ActivationChoice("tanh", {}),
        ActivationChoice("modulus", {}),
        ActivationChoice("identity", {}),
    )
    network = Network(replace(network.architecture, activations=choices), network.loss, dtype=np.float64)
    network.initialize(normal(0.5), np.random.default_rng(1))
    assert check(network, batch).verdict == "ok"
    with pytest.raises(ConfigError) as caught:
        check(network, batch, COMPLEX)
    assert caught.value.exit_code == ExitCode.CONFIG
    assert str(caught.value) == (
        "mlp: error: complex-step differentiation: layers.1.pointwise ('modulus') "
        "cannot take complex numbers\n"
        "hint: use --method central, which needs real numbers only"
    )


def test_a_loss_that_cannot_take_complex_numbers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absolute(z: Any, y: Any) -> Any:
        return np.abs(z - y), np.sign(z - y)

    monkeypatch.setitem(losses.FORMULAS, "mae", losses.Formula(mean_of(absolute)))
    with pytest.raises(ConfigError, match="the loss 'mae' cannot take complex numbers"):
        check(*small_case("tanh", "mae"), COMPLEX)


@pytest.mark.parametrize("loss", ["mse", "squared_error", "mae", "huber"])
@pytest.mark.parametrize("size", [1e6, 1e9, 1e12])
def test_a_complex_step_loses_nothing_to_far_targets(loss: str, size: float) -> None:
    """A loss of 1e24 has no digits left for a real step, but an imaginary one subtracts nothing."""
    network, batch = small_case("tanh", loss)
    far = replace(batch, y=batch.y + size)
    assert check(network, far, COMPLEX).verdict == "ok"
    assert check(network, far, replace(COMPLEX, inject_error="1")).located == "layers.1.weight"


# --- against someone else's gradients


def gradients_of(network: Network, batch: Batch) -> dict[str, Any]:
    """Copies of the gradients by name."""
    network.loss_and_grad(batch.x, batch.y, batch.weights)
    return {name: gradient.copy() for name, gradient in network.gradients.items()}


def case() -> tuple[Network, Batch]:
    """A small network without dropout."""
    return small_case("tanh", "cross_entropy", dropout=(0.0, 0.0))


def test_the_same_gradients_agree() -> None:
    network, batch = case()
    report = compare_gradients(network, batch, gradients_of(network, batch))
    assert (report.verdict, report.method, report.diagnosis) == ("ok", "against", None)
    assert [array.checked for array in report.parameters] == [20, 25, 15, 5, 5, 3]


def test_a_difference_is_located_and_described() -> None:
    network, batch = case()
    theirs = gradients_of(network, batch)
    theirs["layers.1.weight"] *= 6.0
    theirs["layers.0.weight"] *= 6.0
    report = compare_gradients(network, batch, theirs)
    assert (report.verdict, report.located) == ("FAIL", "layers.1.weight")
    assert "the sum over the rows where the loss takes their mean" in str(report.diagnosis)
    assert report.parameters[1].numerical == pytest.approx(float(report.parameters[1].analytic or 0.0) / 6.0)


def test_a_forgotten_derivative_is_no_wrong_constant() -> None:
    """Small scores have φ′ = 1 − a² of 0.99 to 1: the ratios differ by half a per cent, which is enough."""
    network, batch = case()
    theirs = gradients_of(network, batch)
    exact = theirs["layers.1.weight"].copy()
    spread = np.linspace(3.99, 4.01, exact.size).reshape(exact.shape)
    theirs["layers.1.weight"] = exact * spread
    diagnosis = str(compare_gradients(network, batch, theirs).diagnosis)
    assert "constant, everything else is right" not in diagnosis
    assert "its entries are 3.99 to 4.01 times what they should be: no constant" in diagnosis
    theirs["layers.1.weight"] = (exact * 4.0).astype(np.float32)
    assert "every entry is 4 times what it should be" in str(
        compare_gradients(network, batch, theirs).diagnosis
    )


def test_single_precision_is_mentioned_where_it_may_be_all() -> None:
    network, batch = case()
    theirs = {name: array.astype(np.float32) for name, array in gradients_of(network, batch).items()}
    report = compare_gradients(network, batch, theirs, rtol=1e-9)
    assert report.verdict == "FAIL"
    assert str(report.diagnosis).endswith("try --rtol 1e-3.")
    assert compare_gradients(network, batch, theirs, rtol=1e-3).verdict == "ok"


def test_wrong_names_shapes_and_values_are_told_together() -> None:
    network, batch = case()
    theirs = gradients_of(network, batch)
    theirs["layers.0.weights"] = theirs.pop("layers.0.weight")
    theirs["layers.2.weight"] = theirs["layers.2.weight"].T
    theirs["layers.1.bias"][3] = np.nan
    theirs["layers.2.bias"] = np.array(["a", "b", "c"])
    with pytest.raises(DataError) as caught:
        compare_gradients(network, batch, theirs)
    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [
        (
            "unknown array 'layers.0.weights': expected the parameters of this network",
            "did you mean layers.0.weight?",
        ),
        ("layers.0.weight: expected an array (4, 5), found none", HINT),
        ("layers.2.weight: expected an array (5, 3), found one of shape (3, 5): it is transposed", HINT),
        ("layers.1.bias: expected an array (5,), found nan at [3]", HINT),
        ("layers.2.bias: expected an array (3,), found one of type <U1", HINT),
    ]


HINT = "rows are examples and a weight is (inputs, outputs); the names and shapes are those of model.npz"


def test_dropout_cannot_be_compared() -> None:
    network, batch = small_case("tanh", "mse")
    with pytest.raises(ConfigError, match=r"model\.dropout: expected 0"):
        compare_gradients(network, batch, {})
