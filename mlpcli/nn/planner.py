"""Composes the steps of a network: which ones there are, in which order, and the buffers that join them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.kernels import in_place
from mlpcli.kernels.in_place import Run
from mlpcli.kernels.kernel import Kernel
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture, embedding_name
from mlpcli.nn.embedding import Embedding, Lookup
from mlpcli.nn.evaluation import EvaluationAffine
from mlpcli.nn.losses import Loss
from mlpcli.nn.normalization import BatchNorm, LayerNorm, RunningNorm
from mlpcli.nn.plan import Buffers, Order, Plan
from mlpcli.nn.steps import Affine, Dropout, Pointwise, Residual, Shortcut, Softmax, Step
from mlpcli.nn.workspace import Workspace

Kept = Callable[[int, np.dtype[Any]], Array | None]
Pair = tuple[Matrix, Matrix]
Below = tuple[Matrix, Matrix | None]

CHAIN_RULE = Kernel(lambda dz, prime: {"dz": dz * prime}, ("dz", "prime"))


class Arrays(NamedTuple):
    """What outlives a pass, by name: what is learnt, its gradient, and what is gathered."""

    parameters: Mapping[str, Array]
    gradients: Mapping[str, Array]
    statistics: Mapping[str, Array]


class Planner:
    """Builds the plans of one network over its arrays; dropout masks come from `rng`."""

    def __init__(
        self, architecture: Architecture, loss: Loss, arrays: Arrays, rng: np.random.Generator
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.arrays = arrays
        self.rng = rng

    def training(self, rows: int, batch: int) -> Plan:
        """A plan for rows of a batch: it keeps what backpropagation needs, drops out, and normalizes."""
        buffers = self._buffers(rows, "C")
        return _Composition(self, self.architecture, buffers, buffers.array).plan(batch)

    def evaluation(self, rows: int) -> Plan:
        """A plan for forward passes alone: no derivatives, no dropout, running statistics, its own inputs."""
        buffers = self._buffers(rows, "F")
        return _Composition(self, self.architecture.without_dropout(), buffers, _nothing).plan(rows)

    def _buffers(self, rows: int, order: Order) -> Buffers:
        dtype = next(iter(self.arrays.parameters.values())).dtype
        first = 0 if self.architecture.embeddings else 1  # inputs that are not embedded are used in place
        return Buffers(rows, max(self.architecture.widths[first:]), dtype, order)


class _Composition:
    """One plan in the making; `kept(width, type)` makes the arrays that only backpropagation needs."""

    def __init__(self, planner: Planner, shape: Architecture, buffers: Buffers, kept: Kept) -> None:
        self._arrays, self._loss, self._rng = planner.arrays, planner.loss, planner.rng
        self._shape, self._buffers, self._kept = shape, buffers, kept
        self._learns = kept is not _nothing

    def plan(self, batch: int) -> Plan:
        """The steps from the inputs to the scores."""
        steps: list[Step] = []
        # each batch takes the place of the first x; in an evaluation it is copied there
        x, dx = self._buffers.matrix(0 if self._learns else self._shape.inputs), None
        if self._shape.embeddings:
            embedding = self._embedding(x)
            steps.append(embedding)
            x, dx = embedding.output
        pairs = [*map(self._pair, self._shape.widths[1:-1]), self._scores()]
        for layer, above in enumerate(pairs):
            steps += self._layer(layer, (x, dx), above)
            x, dx = steps[-1].output
        assert dx is not None
        return Plan(tuple(steps), x, dx, self._loss.bind(x, dx), self._buffers.ones, batch)

    def _pair(self, width: int) -> Pair:
        """Outputs of a layer and their derivatives; scratch for these where nothing is differentiated."""
        z, dz = self._buffers.matrix(width), self._kept(width, self._buffers.dtype)
        return z, self._buffers.scratch(width) if dz is None else dz

    def _scores(self) -> Pair:
        """The scores, or what an output step makes of them; derivatives as the loss writes them best."""
        z, dz = self._pair(self._shape.widths[-1])
        return z, dz if self._shape.output_step(self._loss.name) else self._loss.arranged(dz)

    def _layer(self, layer: int, below: Below, above: Pair) -> Iterator[Step]:
        """Affine, normalization, activation, dropout, and with a shortcut the layer's inputs added."""
        hidden = layer < len(self._shape.widths) - 2
        residual = self._residual(layer, above)
        if residual is not None and below[1] is not None:
            yield Shortcut(below[0], below[1], residual.s, residual.dh)
        affine = self._affine(layer, below, above)
        yield affine
        normalized = hidden and self._shape.normalization is not None
        if normalized:
            yield self._normalization(layer, above)
        choice = self._shape.activations[layer] if hidden else self._shape.output_step(self._loss.name)
        if choice is not None and choice.name != "identity":
            # one pass for both: what is added right before the activation, the activation adds
            together = not normalized and choice.name != "softmax"
            bias = affine.hand_over_bias() if together and isinstance(affine, Affine) else None
            yield self._activation(choice, above, bias)
        if hidden and self._shape.dropout[layer]:
            mask = self._buffers.matrix(above[0].shape[1])
            yield Dropout(*above, mask, self._shape.dropout[layer], self._rng)
        if residual is not None:
            yield residual

    def _residual(self, layer: int, above: Pair) -> Residual | None:
        if not self._shape.has_shortcut(layer):
            return None
        width = above[0].shape[1]
        return Residual(*above, self._buffers.matrix(width), *self._pair(width))

    def _affine(self, layer: int, below: Below, above: Pair) -> Affine | EvaluationAffine:
        weight, bias = f"layers.{layer}.weight", f"layers.{layer}.bias"
        parameters, gradients, _ = self._arrays
        if not self._learns:
            return EvaluationAffine(below[0], parameters[weight], parameters.get(bias), *above)
        return Affine(
            x=below[0],
            W=parameters[weight],
            b=parameters.get(bias),
            z=above[0],
            dW=gradients[weight],
            db=gradients.get(bias),
            dz=above[1],
            dx=below[1],
            ones=self._buffers.ones,
        )

    def _normalization(self, layer: int, arrays: Pair) -> Step:
        choice = self._shape.normalization
        assert choice is not None
        parameters, gradients, statistics = self._arrays
        gamma, beta = (f"layers.{layer}.{part}" for part in ("gamma", "beta"))
        learnt = (parameters[gamma], parameters[beta])
        width, ones = arrays[0].shape[1], self._buffers.ones
        normalized = self._kept(width, self._buffers.dtype)
        derived = (gradients[gamma], gradients[beta])
        scratch = self._buffers.scratch(width)
        if not choice.has_statistics:
            kept = arrays[0] if normalized is None else normalized
            return LayerNorm(*arrays, kept, scratch, *learnt, *derived, ones, choice)
        mean, variance = (statistics[f"layers.{layer}.running_{part}"] for part in ("mean", "variance"))
        if normalized is None:
            return RunningNorm(*arrays, *learnt, mean, variance, choice)
        return BatchNorm(*arrays, normalized, scratch, *learnt, *derived, mean, variance, ones, choice)

    def _activation(self, choice: ActivationChoice, arrays: Pair, bias: Vector | None) -> Step:
        z, dz = arrays
        width, dtype = z.shape[1], self._buffers.dtype
        prime = self._kept(width, choice.derivative_type(dtype))
        if choice.name == "softmax":
            return Softmax(z, prime, dz, Workspace.like(z))
        terms = {"z": z} if bias is None else {"z": z, "b": bias}
        if prime is None:
            activate = self._bind(choice.value_kernel(dtype, tuple(terms)), terms)
            return Pointwise(z, bias, None, dz, activate, _never)
        activate = self._bind(choice.kernel(dtype, tuple(terms)), terms | {"prime": prime})
        chain = self._bind(CHAIN_RULE, {"dz": dz, "prime": prime})
        return Pointwise(z, bias, prime, dz, activate, chain, choice.has_kink())

    def _bind(self, kernel: Kernel, arrays: dict[str, Matrix]) -> Run:
        """The kernel on these arrays, all of one width; of a vector every row takes the same."""
        first = next(iter(arrays.values()))
        scratch = [self._buffers.scratch(first.shape[1])] * kernel.temporaries
        assert len(scratch) <= 1  # the scratch is shared; see to it that a formula needs no more
        return in_place.bind(kernel, arrays, np.empty(0, first.dtype), scratch)

    def _embedding(self, x: Matrix) -> Embedding:
        places = np.dtype(np.intp)
        widest = max(embedded.width for embedded in self._shape.embeddings)
        memory = self._kept(widest, places)
        codes = self._buffers.array(1, places)[:, 0]
        lookups = []
        for number, embedded in enumerate(self._shape.embeddings):
            name, entries = embedding_name(number), (self._buffers.rows, embedded.width)
            index = None if memory is None else memory.reshape(-1)[: entries[0] * entries[1]].reshape(entries)
            table, gradient = self._arrays.parameters[name], self._arrays.gradients[name]
            values = self._buffers.scratch(embedded.width)
            lookups.append(Lookup(embedded.column, table, gradient, codes.copy(), values, index))
        return Embedding(x, *self._pair(self._shape.widths[0]), lookups)


def _nothing(_width: int, _dtype: np.dtype[Any]) -> None:
    """No array: an evaluation keeps none."""


def _never() -> None:
    """An evaluation is never run backward."""
    raise AssertionError
