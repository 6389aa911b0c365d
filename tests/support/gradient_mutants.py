"""Broken backward passes: each takes a correct network and makes one mistake that people make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.nn.affine import Affine
from mlpcli.nn.dropout import Dropout
from mlpcli.nn.network import Network
from mlpcli.nn.pointwise import Pointwise

Mutant = Callable[[Network, int], None]  # breaks the training plan for so many rows


def first(network: Network, rows: int, kind: type[Any]) -> Any:
    """The first step of a kind."""
    return next(step for step in network.training_plan(rows).steps if isinstance(step, kind))


def second_affine(network: Network, rows: int) -> Affine:
    """The second layer, which is square in the networks of the tests."""
    return [step for step in network.training_plan(rows).steps if isinstance(step, Affine)][1]


def after(step: Any, change: Callable[[], None]) -> None:
    """Let `change` spoil what the step's backward pass has computed."""
    correct = step.backward

    def backward() -> None:
        correct()
        change()

    step.backward = backward


def before(step: Any, change: Callable[[], None]) -> None:
    """Let `change` spoil what the step's backward pass starts from."""
    correct = step.backward

    def backward() -> None:
        change()
        correct()

    step.backward = backward


def scale(array: Callable[[Affine], Any], factor: float) -> Mutant:
    """One of the second layer's arrays times a factor."""

    def mutate(network: Network, rows: int) -> None:
        step = second_affine(network, rows)
        after(step, lambda: np.multiply(array(step), factor, array(step)))

    return mutate


def derivative_missing(network: Network, rows: int) -> None:
    """da is passed on as dz."""
    first(network, rows, Pointwise).backward = lambda: None


def derivative_twice(network: Network, rows: int) -> None:
    """dz = da ∘ φ′ ∘ φ′."""
    step = first(network, rows, Pointwise)
    after(step, lambda: np.multiply(step.dz, step.prime, step.dz))


def derivative_of_the_value(network: Network, rows: int) -> None:
    """φ(z) in the place of φ′(z)."""
    step = first(network, rows, Pointwise)
    before(step, lambda: np.copyto(step.prime, step.z))


def weight_gradient_transposed(network: Network, rows: int) -> None:
    """dW = dzᵀ x."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dW, step.dW.T.copy()))


def weights_not_transposed(network: Network, rows: int) -> None:
    """dx = dz W."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dx, step.dz @ step.W))


def stale_weights(network: Network, rows: int) -> None:
    """dx = dz W′ᵀ with the weights of the update before."""
    step = second_affine(network, rows)
    stale = step.W * 0.99 + 0.001
    after(step, lambda: np.copyto(step.dx, step.dz @ stale.T))


def weights_updated_too_early(network: Network, rows: int) -> None:
    """dx with weights from which the gradient has already been subtracted."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dx, step.dz @ (step.W - 0.01 * step.dW).T))


def dropped_row(network: Network, rows: int) -> None:
    """The last row does not count in dW."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dW, step.x[:-1].T @ step.dz[:-1]))


def bias_of_one_row(network: Network, rows: int) -> None:
    """db is the first row of dz."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.db, step.dz[0]))


def bias_as_mean(network: Network, rows: int) -> None:
    """db is the mean over the rows, dW the sum."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.db, step.dz.mean(axis=0)))


def entry_off(network: Network, rows: int) -> None:
    """The largest entry of dW is 5 % too large."""
    step = second_affine(network, rows)

    def change() -> None:
        flat = step.dW.reshape(-1)
        flat[np.abs(flat).argmax()] *= 1.05

    after(step, change)


def wrong_input(network: Network, rows: int) -> None:
    """dW from the rows in another order."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dW, step.x[::-1].T @ step.dz))


def accumulated(network: Network, rows: int) -> None:
    """dW is added to what an earlier pass has left there."""
    step = second_affine(network, rows)
    left = np.full_like(step.dW, 0.01)
    after(step, lambda: np.add(step.dW, left, step.dW))


def not_a_number(network: Network, rows: int) -> None:
    """One entry of dW is NaN."""
    step = second_affine(network, rows)
    after(step, lambda: step.dW.__setitem__((0, 0), np.nan))


def swapped_units(network: Network, rows: int) -> None:
    """Two columns of dx are exchanged."""
    step = second_affine(network, rows)
    after(step, lambda: np.copyto(step.dx[:, :2], step.dx[:, 1::-1].copy()))


def mask_missing(network: Network, rows: int) -> None:
    """The dropout mask is not applied to the derivatives."""
    first(network, rows, Dropout).backward = lambda: None


def other_mask(network: Network, rows: int) -> None:
    """The derivatives get the mask of the next pass."""
    step = first(network, rows, Dropout)

    def backward() -> None:
        np.multiply(step.da, np.roll(step.mask, 1, axis=1), step.da)

    step.backward = backward


def mask_unscaled(network: Network, rows: int) -> None:
    """1 / (1 − rate) is forgotten."""
    step = first(network, rows, Dropout)
    after(step, lambda: np.multiply(step.da, 1.0 - step.rate, step.da))


class SpoiledPenalty:
    """The network's penalty with a gradient of its own making."""

    def __init__(self, network: Network, add: Callable[[Any, Any], None]) -> None:
        self.value, self.l1, self.l2 = network.penalty.value, network.penalty.l1, network.penalty.l2
        self._add = add

    def add_gradient(self, weights: Any, gradient: Any, _scratch: Any) -> None:
        """gradient += something wrong."""
        self._add(weights, gradient)


def penalty(add: Callable[[Network, Any, Any], None]) -> Mutant:
    """A network whose penalty gradient is `add(network, weights, gradient)`."""

    def mutate(network: Network, _rows: int) -> None:
        l1, l2 = network.penalty.l1, network.penalty.l2
        assert l1 and l2
        spoiled = SpoiledPenalty(network, lambda weights, gradient: add(network, weights, gradient))
        network.__dict__["penalty"] = spoiled

    return mutate


def _correct(network: Network, w: Any, g: Any) -> None:
    g += network.penalty.l1 * np.sign(w) + network.penalty.l2 * w


def _on_bias(network: Network, w: Any, g: Any) -> None:
    _correct(network, w, g)
    n = network.layout.n_weights
    network.grad[n:] += network.penalty.l2 * network.theta[n:]


def _unsigned(network: Network, w: Any, g: Any) -> None:
    g += network.penalty.l1 + network.penalty.l2 * w


def _doubled(network: Network, w: Any, g: Any) -> None:
    g += network.penalty.l1 * np.sign(w) + 2.0 * network.penalty.l2 * w


def _by_rows(network: Network, w: Any, g: Any) -> None:
    g += (network.penalty.l1 * np.sign(w) + network.penalty.l2 * w) / 7.0


def scores(change: Callable[[Any], Any]) -> Mutant:
    """The derivative of the loss by the scores, spoiled where the last step finds it."""

    def mutate(network: Network, rows: int) -> None:
        plan = network.training_plan(rows)
        correct = network.loss_of

        def loss_of(*arguments: Any) -> Any:
            loss = correct(*arguments)
            plan.dscores[...] = change(plan.dscores)
            return loss

        network.__dict__["loss_of"] = loss_of

    return mutate


MUTANTS: dict[str, Mutant] = {
    "derivative missing": derivative_missing,
    "derivative twice": derivative_twice,
    "value for derivative": derivative_of_the_value,
    "dW transposed": weight_gradient_transposed,
    "W not transposed": weights_not_transposed,
    "stale weights": stale_weights,
    "weights updated too early": weights_updated_too_early,
    "dropped row": dropped_row,
    "db of one row": bias_of_one_row,
    "db as mean": bias_as_mean,
    "one entry off by 5 %": entry_off,
    "rows in another order": wrong_input,
    "accumulated": accumulated,
    "NaN": not_a_number,
    "swapped units": swapped_units,
    "mask missing": mask_missing,
    "another mask": other_mask,
    "mask unscaled": mask_unscaled,
    "sign of dW": scale(lambda step: step.dW, -1.0),
    "sign of db": scale(lambda step: step.db, -1.0),
    "sign of dx": scale(lambda step: step.dx, -1.0),
    "dW zero": scale(lambda step: step.dW, 0.0),
    "dx zero": scale(lambda step: step.dx, 0.0),
    "dW × 1.001": scale(lambda step: step.dW, 1.001),
    "dW × 1.0001": scale(lambda step: step.dW, 1.0001),
    "dx × 1.0001": scale(lambda step: step.dx, 1.0001),
    "penalty missing": penalty(lambda _network, _w, _g: None),
    "penalty on the bias": penalty(_on_bias),
    "l1 without sign": penalty(_unsigned),
    "l2 without ½": penalty(_doubled),
    "penalty per row": penalty(_by_rows),
    "sum for mean": scores(lambda dz: dz * len(dz)),
    "mean for sum": scores(lambda dz: dz / len(dz)),
    "sign of the loss": scores(np.negative),
    "loss × 1.0001": scores(lambda dz: dz * 1.0001),
    "mean over outputs": scores(lambda dz: dz / dz.shape[1]),
    "first output only": scores(lambda dz: dz * (np.arange(dz.shape[1]) == 0)),
}
