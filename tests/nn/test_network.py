"""The network: gradients of every combination, penalties, dropout, precision, allocation, prediction."""

from __future__ import annotations

import copy
import itertools
import pickle
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.dropout import Dropout
from mlpcli.nn.initializers import INITIALIZERS, normal
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.network import CHUNK, Network
from mlpcli.nn.penalty import Penalty
from mlpcli.nn.workspace import MANY
from tests.support.network_cases import HIDDEN, REGRESSION, Case, numerical_gradient, relative_errors

EXTRAS = {
    "plain": Case(Loss("mse")),
    "l1": Case(Loss("mse"), penalty=Penalty(l1=0.03)),
    "l2": Case(Loss("mse"), penalty=Penalty(l2=0.05)),
    "dropout": Case(Loss("mse"), dropout=0.3),
}


def gradient_errors(case: Case) -> dict[str, float]:
    network, batch = case.network(), case.batch()
    network.loss_and_grad(*batch)
    analytic = network.grad.copy()
    return relative_errors(network, analytic, numerical_gradient(network, batch))


@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_gradient_agrees_with_central_differences(activation: str, loss: str) -> None:
    for bias, extra in itertools.product([True, False], EXTRAS):
        case = replace(EXTRAS[extra], loss=Loss(loss), hidden=ActivationChoice(activation, {}), bias=bias)
        errors = gradient_errors(case)
        assert max(errors.values()) < 1e-6, (extra, bias, errors)


@pytest.mark.parametrize("output", [*HIDDEN, "softmax", "exponential"])
@pytest.mark.parametrize("loss", REGRESSION)
def test_a_regression_loss_takes_any_output_activation(loss: str, output: str) -> None:
    errors = gradient_errors(Case(Loss(loss), output=output))
    assert max(errors.values()) < 1e-6, errors


OPTIONS = {
    "leaky_relu slope": Case(Loss("mse"), hidden=ActivationChoice("leaky_relu", {"slope": 0.3})),
    "elu alpha": Case(Loss("mse"), hidden=ActivationChoice("elu", {"alpha": 1.7})),
    "sum": Case(Loss("mse", reduction="sum"), penalty=Penalty(0.02, 0.03)),
    "output after output": Case(Loss("cross_entropy"), rows=MANY + 1),
    "rivals, output after output": Case(Loss("hinge"), rows=MANY + 1),
    "squared error factor": Case(Loss("squared_error", factor=1.3)),
    "huber delta": Case(Loss("huber", delta=0.4)),
    "label smoothing": Case(Loss("cross_entropy", label_smoothing=0.15)),
    "hinge of two": Case(Loss("hinge"), (3, 4, 1)),
    "two outputs": Case(Loss("cross_entropy"), (3, 4, 2)),
    "one row": Case(Loss("cross_entropy"), rows=1),
    "width one": Case(Loss("mse"), (1, 1, 1, 1)),
    "no hidden layer": Case(Loss("mse"), (3, 2)),
    "one row, one input, one output": Case(Loss("binary_cross_entropy"), (1, 1), rows=1),
    "deep": Case(Loss("mse"), (2, 3, 3, 3, 3, 3, 1)),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_and_small_shapes_have_the_right_gradient(name: str) -> None:
    errors = gradient_errors(OPTIONS[name])
    assert max(errors.values()) < 1e-6, errors


def rows_alone(case: Case) -> tuple[list[float], npt.NDArray[np.float64]]:
    """The loss of each row of the batch in a batch of its own, and the gradients, one per line."""
    network, (x, y, _) = case.network(), case.batch()
    losses, gradients = [], []
    for i in range(len(x)):
        losses.append(network.loss_and_grad(x[i : i + 1], y[i : i + 1]))
        gradients.append(network.grad.copy())
    return losses, np.array(gradients)


@pytest.mark.parametrize("loss", FORMULAS)
def test_a_batch_is_the_mean_or_the_sum_of_its_rows_times_their_weights(loss: str) -> None:
    case = Case(Loss(loss), rows=5)
    alone, gradients = rows_alone(case)
    batch = case.batch()
    w = batch[2].ravel()
    for reduction, share in (("mean", 1 / 5), ("sum", 1.0)):
        network = replace(case, loss=Loss(loss, reduction=reduction)).network()
        assert network.loss_and_grad(*batch[:2]) == pytest.approx(share * sum(alone), rel=1e-12)
        np.testing.assert_allclose(network.grad, share * gradients.sum(axis=0), rtol=1e-9, atol=1e-13)
        assert network.loss_and_grad(*batch) == pytest.approx(share * np.dot(w, alone), rel=1e-12)
        np.testing.assert_allclose(network.grad, share * w @ gradients, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("rows", [1, 6])
def test_penalties_act_once_per_batch_on_weights_alone(rows: int, reduction: str) -> None:
    l1, l2 = 0.25, 0.5
    plain = Case(Loss("mse", reduction=reduction), rows=rows)
    penalised = replace(plain, penalty=Penalty(l1, l2)).network()
    network, batch = plain.network(), plain.batch()
    assert penalised.loss_and_grad(*batch) == network.loss_and_grad(*batch)  # the loss is without them
    for name, gradient in penalised.gradients.items():
        w = penalised.parameters[name]
        extra = l1 * np.sign(w) + l2 * w if name.endswith("weight") else np.zeros_like(w)
        np.testing.assert_allclose(gradient, network.gradients[name] + extra, rtol=1e-14, atol=1e-16)
    w = np.concatenate([v.ravel() for n, v in network.parameters.items() if n.endswith("weight")])
    expected = l1 * np.abs(w).sum() + l2 / 2 * (w**2).sum()
    assert penalised.penalty_value() == pytest.approx(expected, rel=1e-14)
    assert network.penalty_value() == 0.0


def test_the_derivative_of_the_l1_penalty_is_zero_at_zero() -> None:
    network = Case(Loss("mse"), penalty=Penalty(l1=0.5)).network()
    network.theta.fill(0.0)
    network.loss_and_grad(np.zeros((2, 3)), np.zeros((2, 3)))
    assert not network.grad.any()


# dropout


WIDE = Case(Loss("mse"), (3, 2000, 2), ActivationChoice("identity", {}), dropout=0.25, rows=50)


def dropouts(case: Case) -> list[Dropout]:
    network = case.network()
    plan = network.training_plan(case.rows)
    plan.draw_masks()
    return [step for step in plan.steps if isinstance(step, Dropout)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_masks_keep_their_share_and_are_inverted(rate: float, dtype: npt.DTypeLike) -> None:
    (dropout,) = dropouts(replace(WIDE, dropout=rate, dtype=dtype))
    mask = dropout.mask
    assert mask.dtype == dtype
    np.testing.assert_allclose(np.unique(mask), [0.0, 1 / (1 - rate)], rtol=1e-6)
    deviation = 5 * (rate * (1 - rate) / mask.size) ** 0.5
    assert abs((mask > 0).mean() - (1 - rate)) < deviation
    # independent from entry to entry: neighbours are kept together as often as chance says
    together = ((mask[:, 1:] > 0) & (mask[:, :-1] > 0)).mean()
    assert abs(together - (1 - rate) ** 2) < 3 * deviation
    down = ((mask[1:] > 0) & (mask[:-1] > 0)).mean()
    assert abs(down - (1 - rate) ** 2) < 3 * deviation


@pytest.mark.parametrize("share", [1.0, 0.4, 0.0])
def test_masks_are_drawn_at_the_rate_of_the_moment_by_a_network_and_its_twins(share: float) -> None:
    """Inverted by that rate; nothing is dropped, and nothing scaled, where nothing is left of it."""
    network = WIDE.network()
    twin = network.twin()
    network.dropout_share.fill(share)
    for one in (network, twin):
        one.loss_and_grad(*WIDE.batch())
        (dropout,) = (s for s in one.training_plan(WIDE.rows).steps if isinstance(s, Dropout))
        rate = 0.25 * share
        np.testing.assert_allclose(np.unique(dropout.mask), np.unique([0.0 if rate else 1.0, 1 / (1 - rate)]))
        assert (dropout.mask == 0).mean() == pytest.approx(rate, abs=5 * (0.19 / dropout.mask.size) ** 0.5)


def test_every_batch_draws_new_masks_and_every_layer_its_own() -> None:
    case = replace(WIDE, widths=(3, 400, 400, 2))
    network, batch = case.network(), case.batch()
    network.loss_and_grad(*batch)
    first, second = (s for s in network.training_plan(case.rows).steps if isinstance(s, Dropout))
    before = first.mask.copy()
    assert (first.mask != second.mask).mean() > 0.3
    network.loss_and_grad(*batch)
    assert (first.mask != before).mean() > 0.3


def test_masks_stay_until_they_are_drawn_again() -> None:
    network, batch = WIDE.network(), WIDE.batch()
    network.loss_and_grad(*batch)
    plan = network.training_plan(WIDE.rows)
    one, two = (network.objective_parts(plan, *batch) for _ in range(2))
    plan.draw_masks()
    assert one == two
    assert network.objective_parts(plan, *batch) != one


def test_dropout_scales_what_it_keeps_after_the_activation() -> None:
    case = Case(
        Loss("squared_error", reduction="sum"),
        (2, 5, 1),
        ActivationChoice("sigmoid", {}),
        dropout=0.4,
        rows=3,
    )
    network, (x, y, _) = case.network(), case.batch()
    loss = network.loss_and_grad(x, y)
    (dropout,) = (s for s in network.training_plan(3).steps if isinstance(s, Dropout))
    p = network.parameters
    hidden = dropout.mask / (1 + np.exp(-(x @ p["layers.0.weight"] + p["layers.0.bias"])))
    output = hidden @ p["layers.1.weight"] + p["layers.1.bias"]
    assert loss == pytest.approx(0.5 * ((output - y) ** 2).sum(), rel=1e-13)


def test_prediction_and_evaluation_do_not_drop_out() -> None:
    with_dropout, without = WIDE.network(), replace(WIDE, dropout=0.0).network()
    x, y, w = WIDE.batch()
    np.testing.assert_array_equal(with_dropout.predict(x), without.predict(x))
    assert with_dropout.evaluate(x, y, w)[0] == without.evaluate(x, y, w)[0]
    state = with_dropout.rng.bit_generator.state
    with_dropout.predict(x)
    assert with_dropout.rng.bit_generator.state == state  # and they leave the masks to come alone


# precision and memory


@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("activation", HIDDEN)
def test_float32_stays_float32_and_is_float64_but_for_rounding(activation: str, loss: str) -> None:
    case = Case(Loss(loss), hidden=ActivationChoice(activation, {}), penalty=Penalty(0.01, 0.02))
    single = replace(case, dtype=np.float32)
    double, network = case.network(), single.network()
    theta, grad = network.theta, network.grad
    double.theta[:] = network.theta
    x, y, w = single.batch()
    exact = double.loss_and_grad(x.astype(float), y.astype(float), w.astype(float))
    assert network.loss_and_grad(x, y, w) == pytest.approx(exact, rel=2e-6)
    assert network.theta is theta and network.grad is grad
    for step in network.training_plan(len(x)).steps:
        held = {v.dtype for v in vars(step).values() if isinstance(v, np.ndarray)}
        assert held <= {np.dtype(np.float32), np.dtype(np.bool_)}
    assert theta.dtype == grad.dtype == network.scores(x).dtype == np.float32
    errors = relative_errors(network, network.grad.astype(float), double.grad)
    assert max(errors.values()) < 2e-5, errors


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("loss", FORMULAS)
def test_a_float32_loss_of_thousands_of_rows_keeps_its_digits(loss: str, weighted: bool) -> None:
    case = Case(Loss(loss), rows=20_000, dtype=np.float32)
    network, (x, y, w) = case.network(), case.batch()
    weights = w if weighted else None
    exact = network.total_loss(network.scores(x), y, weights)  # adds rows up in float64
    exact *= 1.0 if weights is None else float(weights.mean(dtype=float))  # which a batch does not divide by
    assert network.loss_and_grad(x, y, weights) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(
    "case, by_output",
    [
        (Case(Loss("cross_entropy"), rows=MANY + 1), True),
        (Case(Loss("cross_entropy"), rows=MANY), False),
        (Case(Loss("mse"), rows=MANY + 1), False),
        (Case(Loss("hinge"), output="tanh", rows=MANY + 1), False),
    ],
)
def test_derivatives_lie_output_after_output_only_for_a_loss_that_writes_them_so(
    case: Case, by_output: bool
) -> None:
    """A step behind the loss wants them as its own arrays are."""
    plan = case.network().training_plan(case.rows)
    assert plan.dscores.flags.f_contiguous == by_output
    assert plan.dscores.flags.c_contiguous != by_output


def test_float32_scores_are_rounded_like_float32() -> None:
    """A float64 intermediate would show: sums of many products differ from the float32 ones."""
    case = Case(Loss("mse"), (200, 3), dtype=np.float32, rows=64)
    network, (x, y, _) = case.network(), case.batch()
    network.loss_and_grad(x, y)
    z = x @ network.parameters["layers.0.weight"] + network.parameters["layers.0.bias"]
    np.testing.assert_allclose(network.predict(x), z, rtol=1e-5, atol=1e-5)
    assert (z.astype(np.float64) != case_in_double(case, x)).any()


def case_in_double(case: Case, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    p = case.network().parameters
    return x.astype(float) @ p["layers.0.weight"].astype(float) + p["layers.0.bias"].astype(float)


ROWS, WIDTH = 4000, 24
STEPS = {
    **{f"{name} hidden layers": Case(Loss("mse"), hidden=ActivationChoice(name, {})) for name in HIDDEN},
    **{f"{name} loss": Case(Loss(name)) for name in FORMULAS},
    "hinge of two": Case(Loss("hinge"), (WIDTH, WIDTH, 1)),
    "softmax before a regression loss": Case(Loss("mse"), output="softmax"),
    "dropout": Case(Loss("mse"), dropout=0.5),
    "penalties": Case(Loss("mse"), penalty=Penalty(0.1, 0.1)),
    "sum": Case(Loss("mse", reduction="sum")),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", STEPS)
def test_a_training_step_allocates_no_array(name: str, dtype: npt.DTypeLike) -> None:
    widths = (WIDTH, WIDTH, WIDTH, 10) if len(STEPS[name].widths) == 4 else STEPS[name].widths
    case = replace(STEPS[name], widths=widths, rows=ROWS, dtype=dtype)
    network, batch = case.network(), case.batch()
    network.theta *= 0.1
    network.loss_and_grad(*batch)
    tracemalloc.start()
    network.loss_and_grad(*batch)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    smallest = ROWS * 10 * np.dtype(dtype).itemsize  # the scores; NumPy itself takes buffers of 8,192 numbers
    assert peak < smallest


# prediction and evaluation


@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("rows", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3])
def test_a_row_is_predicted_alike_alone_and_in_company(rows: int, loss: str) -> None:
    case = Case(Loss(loss), (5, 7, 3), rows=rows, dtype=np.float32)
    network, (x, _, _) = case.network(), case.batch()
    together = network.predict(x)
    assert together.shape == (rows, 3)
    for i in {0, rows // 2, rows - 1}:
        np.testing.assert_allclose(network.predict(x[i : i + 1])[0], together[i], rtol=1e-6, atol=1e-7)


def test_no_rows_are_no_predictions() -> None:
    assert Case(Loss("mse")).network().predict(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("loss", FORMULAS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("rows", [1, CHUNK + 5])
def test_evaluation_is_the_loss_of_all_rows_and_their_scores(rows: int, reduction: str, loss: str) -> None:
    case = Case(Loss(loss, reduction=reduction), rows=rows)
    network, (x, y, w) = case.network(), case.batch()
    for weights in (None, w):
        value, scores = network.evaluate(x, y, weights)
        mean_one = None if weights is None else weights / weights.mean()
        assert value == pytest.approx(network.loss_and_grad(x, y, mean_one), rel=1e-12)
        np.testing.assert_array_equal(scores, network.scores(x))
        if weights is not None:  # whatever their unit
            for unit in (1e-20, 1e80):
                assert network.evaluate(x, y, weights * unit)[0] == pytest.approx(value, rel=1e-12)
            assert np.isnan(network.evaluate(x, y, weights * 0)[0])


def test_evaluation_is_the_mean_of_what_the_rows_lose_alone() -> None:
    case = Case(Loss("cross_entropy"), rows=CHUNK + 7)
    x, y, _ = case.batch()
    assert case.network().evaluate(x, y)[0] == pytest.approx(np.mean(rows_alone(case)[0]), rel=1e-12)


def test_prediction_and_evaluation_leave_what_training_holds_alone() -> None:
    case = Case(Loss("cross_entropy"))
    network, (x, y, w) = case.network(), case.batch()
    network.loss_and_grad(x, y, w)
    kept = [a.copy() for a in (network.theta, network.grad, x, y, w)]
    network.predict(x)
    network.evaluate(x, y, w)
    network.loss_and_grad(x, y, w)
    for before, after in zip(kept, (network.theta, network.grad, x, y, w), strict=True):
        np.testing.assert_array_equal(before, after)


def test_predictions_of_a_classifier_are_probabilities() -> None:
    case = Case(Loss("cross_entropy"), rows=40)
    network, (x, _, _) = case.network(), case.batch()
    network.theta *= 50
    p = network.predict(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)


# starting weights and loading


@pytest.mark.parametrize("name", INITIALIZERS)
def test_starting_weights_are_drawn_layer_by_layer_and_biases_are_zero(name: str) -> None:
    network = Case(Loss("mse"), (4, 5, 2)).network()
    network.initialize(INITIALIZERS[name], np.random.default_rng(9))
    rng = np.random.default_rng(9)
    for layer, shape in enumerate([(4, 5), (5, 2)]):
        np.testing.assert_array_equal(
            network.parameters[f"layers.{layer}.weight"], INITIALIZERS[name](shape, rng)
        )
        assert not network.parameters[f"layers.{layer}.bias"].any()


def test_biases_are_drawn_where_that_is_asked_for_and_change_no_weight() -> None:
    case = Case(Loss("mse"), (4, 50, 2))
    drawn, zero, none = case.network(), case.network(), replace(case, bias=False).network()
    drawn.initialize(normal(1.0), np.random.default_rng(9), normal(1.0))
    zero.initialize(normal(1.0), np.random.default_rng(9))
    none.initialize(normal(1.0), np.random.default_rng(9))
    n = zero.layout.n_weights
    np.testing.assert_array_equal(drawn.theta[:n], zero.theta[:n])
    np.testing.assert_array_equal(none.theta, zero.theta[:n])
    assert (drawn.theta[n:] != 0).all()


def test_single_precision_weights_are_the_rounded_double_precision_ones() -> None:
    single, double = (replace(Case(Loss("mse")), dtype=dtype).network() for dtype in (np.float32, np.float64))
    np.testing.assert_array_equal(single.theta, double.theta.astype(np.float32))


def test_load_takes_every_array() -> None:
    source, network = Case(Loss("mse")).network(), Case(Loss("mse")).network()
    source.theta *= 2.0
    network.load(
        {name: array.tolist() for name, array in source.parameters.items()} | dict(source.parameters)
    )
    np.testing.assert_array_equal(network.theta, source.theta)


# architecture


@pytest.mark.parametrize("loss", FORMULAS)
def test_a_loss_that_owns_the_output_activation_gets_the_scores(loss: str) -> None:
    shape = Case(Loss(loss)).network().architecture
    assert shape.output_step(loss) is None
    assert replace(shape, activations=(*shape.activations[:-1], ActivationChoice("tanh", {}))).output_step(
        "mse"
    ) == ActivationChoice("tanh", {})


@pytest.mark.parametrize("again", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_copy_has_numbers_of_its_own(again: Callable[[Network], Network]) -> None:
    case = Case(Loss("mse"))
    network, (x, y, weights) = case.network(), case.batch()
    network.loss_and_grad(x, y, weights)
    expected, gradient = network.predict(x), network.grad.copy()
    twin = again(network)
    twin.loss_and_grad(x, y, weights)
    np.testing.assert_array_equal(twin.predict(x), expected)
    np.testing.assert_array_equal(twin.grad, gradient)
    twin.theta.fill(0.0)  # seen by the views and the plans of the copy, and by nobody else
    assert not twin.parameters["layers.0.weight"].any()
    assert not twin.predict(x).any()
    np.testing.assert_array_equal(network.predict(x), expected)


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 9, 10, 26, 70])
def test_a_row_has_the_same_probabilities_whatever_comes_with_it(classes: int, dtype: npt.DTypeLike) -> None:
    """To the last bit: NumPy adds up one row in another order than a row among many."""
    case = Case(Loss("cross_entropy"), widths=(5, 7, classes), rows=CHUNK + 9, dtype=dtype)
    network, (x, _, _) = case.network(), case.batch()
    whole = network.predict(x)
    for rows in (1, 2, 7, CHUNK - 1, CHUNK + 1):
        np.testing.assert_array_equal(network.predict(x[:rows]), whole[:rows])
