"""Networks of one architecture beside each other: one training step for all of them.

A small network's step is NumPy's calls, not its arithmetic; here a call serves all members. Arrays have an
axis of members before the others. What goes number by number sees one long array, and products and sums are
of stacks, which NumPy hands to BLAS matrix by matrix, each as it would be alone. So a member has the very
bits that it has alone. That is tested with OpenBLAS's kernels for Haswell, SkylakeX, Sandybridge and Nehalem;
those for Prescott add a float64 column up in an order that depends on where in memory it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.nn.affine import AffineKind
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.dropout import DropoutKind
from mlpcli.nn.layers import Kind, Uniforms
from mlpcli.nn.learnable import LearnableKind
from mlpcli.nn.network import Network
from mlpcli.nn.plan import Plan
from mlpcli.nn.planner import Arrays, Planner
from mlpcli.nn.pointwise import ActivationKind
from mlpcli.nn.residual import ResidualKind
from mlpcli.nn.scaling import ScalingKind

Rows = tuple[Matrix, Matrix, Matrix | None]
"""x (members, rows, inputs), y (members, rows, outputs), weights (members, rows, 1) or none."""

# kinds whose steps do not mind an axis before that of the rows
STACKED = (AffineKind, ActivationKind, DropoutKind, LearnableKind, ScalingKind)


def can_be_stacked(architecture: Architecture) -> bool:
    """Whether every part of such networks works in a stack."""
    return all(_is_stacked(kind) for layer in architecture.layers() for kind in layer.kinds)


def _is_stacked(kind: Kind) -> bool:
    return isinstance(kind, STACKED) or (
        isinstance(kind, ResidualKind) and all(map(_is_stacked, kind.within))
    )


class Stack:
    """Networks of the same architecture, loss, penalties and precision: their parameters, and a step of all.

    `theta` and `grad` are flat vectors, in which each array lies as often as there are members, one after the
    other: what an optimizer does number by number it does to all of them, `n_weights` of which decay. The
    networks keep parameters of their own, which `take` brings in and `give` brings up to date; dropout masks
    come from each one's generator, at the share of the first.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = tuple(networks)
        self._first = first = networks[0]
        number = len(networks)
        self.theta: Vector = np.empty(number * first.layout.size, first.dtype)
        self.grad: Vector = np.zeros_like(self.theta)
        self.n_weights = number * first.layout.n_weights
        self.parameters, self._gradients = self.views(self.theta), self.views(self.grad)
        self._plans: dict[tuple[int, int, int], Plan] = {}
        places = self.views(np.arange(len(self.theta)))
        # where in the stack's vector the entries of each member's are, (members, size)
        self._places = np.concatenate([array.reshape(number, -1) for array in places.values()], axis=1)
        self._rows = np.empty(self._places.shape, first.dtype)
        penalised = self.n_weights if first.penalty.l1 or first.penalty.l2 else 0
        self._scratch = np.empty(penalised, first.dtype)
        self.take()

    def views(self, flat: Array) -> dict[str, Array]:
        """Each array of a vector like `theta` by its name, (members, ...)."""
        number = len(self.networks)
        return {
            slot.name: flat[number * slot.start : number * slot.stop].reshape(number, *slot.shape)
            for slot in self._first.layout.slots
        }

    def collect(self, vectors: Iterable[Vector], into: Vector) -> None:
        """Vectors like a network's `theta`, a member's each, into one like the stack's."""
        for places, vector in zip(self._places, vectors, strict=True):
            into[places] = vector

    def distribute(self, stacked: Vector, into: Iterable[Vector]) -> None:
        """The other way round."""
        np.take(stacked, self._places, out=self._rows, mode="clip")
        for row, vector in zip(self._rows, into, strict=True):
            np.copyto(vector, row)

    def take(self) -> None:
        """The parameters as the networks have them."""
        self.collect((network.theta for network in self.networks), self.theta)

    def give(self) -> None:
        """To each network its parameters."""
        self.distribute(self.theta, (network.theta for network in self.networks))

    def loss_and_grad(self, parts: Sequence[Rows]) -> list[float]:
        """The loss of each member's batch, penalties not included; gradients with penalties into `grad`.

        Each part has as many rows of each of some members, the first part of the first ones, and so on.
        """
        losses, first = [], 0
        for part in parts:
            losses += self._of_part(first, *part)
            first += len(part[0])
        if self._scratch.size:
            n = self.n_weights
            self._first.penalty.add_gradient(self.theta[:n], self.grad[:n], self._scratch)
        return losses

    def _of_part(self, first: int, x: Matrix, y: Matrix, weights: Matrix | None) -> list[float]:
        """As `Network.loss_and_grad`, of members from number `first` on."""
        number, rows, _ = x.shape
        key = first, number, rows
        plan = self._plans.get(key) or self._plans.setdefault(key, self._plan(*key))
        plan.draw_masks(self._first.dropout_share.item())
        plan.forward(x)
        dz, of_rows = plan.dscores, plan.loss(y)
        totals: list[float] = np.vecdot(of_rows, plan.ones if weights is None else weights[..., 0]).tolist()
        if weights is not None:
            np.multiply(dz, weights, dz)
        if self._first.loss.reduction != "sum":
            np.multiply(dz, plan.per_row, dz)
            totals = [total / rows for total in totals]
        plan.backward()
        return totals

    def _plan(self, first: int, number: int, rows: int) -> Plan:
        members = slice(first, first + number)
        parameters = {name: _aligned(array[members]) for name, array in self.parameters.items()}
        gradients = {name: array[members] for name, array in self._gradients.items()}
        rng = Generators(network.rng for network in self.networks[members])
        arrays = Arrays(parameters, gradients, {})
        network = self._first
        return Planner(network.architecture, network.loss, arrays, rng, (number,)).training(rows, rows)


def _aligned(array: Array) -> Array:
    """Matrices (members, inputs, outputs) as they are, vectors (members, 1, outputs): beside rows."""
    return array[:, None] if array.ndim == 2 else array


class Generators(Uniforms):
    """A generator for each member."""

    def __init__(self, members: Iterable[np.random.Generator]) -> None:
        self._members = tuple(members)

    def random(self, *, dtype: Any, out: Array) -> None:
        """To each member's array its own numbers."""
        for rng, array in zip(self._members, out, strict=True):
            rng.random(dtype=dtype, out=array)
