"""Puts up the steps of a network: layer after layer, and the memory that joins them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mlpcli.arrays import Array, Matrix
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.layers import EvaluationSite, Layer, Site, Uniforms
from mlpcli.nn.losses import Loss
from mlpcli.nn.plan import Buffers, EvaluationPlan, Order, Plan
from mlpcli.nn.steps import EvaluationStep, Step


class Arrays(NamedTuple):
    """What outlives a pass, by name: what is learnt, its gradient, and what is gathered."""

    parameters: Mapping[str, Array]
    gradients: Mapping[str, Array]
    statistics: Mapping[str, Array]


class Planner:
    """Builds the plans of one network, or a `stack` of so many, over its arrays.

    Dropout masks come from `rng`.
    """

    def __init__(
        self,
        architecture: Architecture,
        loss: Loss,
        arrays: Arrays,
        rng: Uniforms,
        stack: tuple[int, ...] = (),
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.rng = rng
        self._stack = stack
        self._layers = tuple(architecture.layers(architecture.output_step(loss.name)))
        self._arrays, self._gradients = {**arrays.parameters, **arrays.statistics}, arrays.gradients

    def training(self, rows: int, batch: int) -> Plan:
        """A plan for rows of a batch: it keeps what backpropagation needs, drops out, and normalizes."""
        memory = self._memory(rows, "C")
        steps: list[Step] = []
        names: list[str] = []
        # each batch takes the place of the first x
        x, dx = memory.matrix(0), None
        for layer in self._layers:
            z, dz = memory.pair(layer.outputs)
            site = Site(
                x=x,
                dx=dx,
                z=z,
                dz=self._derivatives(layer, dz),
                arrays=layer.own(self._arrays),
                gradients=layer.own(self._gradients),
                memory=memory,
                rng=self.rng,
            )
            made = [step for kind in layer.kinds for step in kind.training(site)]
            steps += made
            names += [f"layers.{layer.number}.{type(step).__name__.lower()}" for step in made]
            x, dx = steps[-1].output
        assert dx is not None
        return Plan(tuple(steps), tuple(names), x, dx, self.loss.bind(x, dx), memory.ones, batch)

    def _derivatives(self, layer: Layer, dz: Matrix) -> Matrix:
        """Those by the scores lie as the loss writes them best, unless an output step writes them."""
        scores = layer is self._layers[-1] and self.architecture.output_step(self.loss.name) is None
        return self.loss.arranged(dz) if scores else dz

    def evaluation(self, rows: int) -> EvaluationPlan:
        """A plan for forward passes alone: no derivatives, no dropout, running statistics, its own inputs.

        It ends before the output activation, whose outputs lose digits of the scores (nn/outputs.py).
        """
        memory = self._memory(rows, "F")
        steps: list[EvaluationStep] = []
        x = inputs = memory.matrix(self.architecture.inputs)
        for layer in self.architecture.layers():
            site = EvaluationSite(x, memory.matrix(layer.outputs), layer.own(self._arrays), memory)
            steps += [step for kind in layer.kinds for step in kind.evaluation(site)]
            x = steps[-1].z
        return EvaluationPlan(tuple(steps), inputs, x)

    def _memory(self, rows: int, order: Order) -> Buffers:
        dtype = next(iter(self._gradients.values())).dtype
        return Buffers(rows, max(layer.outputs for layer in self._layers), dtype, order, self._stack)
