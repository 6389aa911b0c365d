"""What a step is: one operation, forward and backward side by side, on arrays that exist once.

A step reads and writes arrays that it was given: `forward` overwrites the activations, `backward`
overwrites their derivatives. `dz` always means ∂loss/∂z, and has the shape of `z`. Rows are examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from mlpcli.arrays import Array, Matrix


class Step(Protocol):
    """One operation on arrays it is bound to."""

    derivative: ClassVar[str]
    """What `backward` computes, for a reader who looks for the line to mend."""

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """Where `forward` leaves its outputs, and where `backward` finds their derivatives."""

    def forward(self) -> None:
        """Compute the outputs from the inputs."""

    def backward(self) -> None:
        """Compute the derivatives of the inputs, and of the parameters, from those of the outputs."""


@runtime_checkable
class First(Protocol):
    """A step that may begin a pass, with inputs from outside."""

    x: Matrix


@runtime_checkable
class Learner(Protocol):
    """A step with parameters: for each, by its name in the layer, how `backward` computes its gradient."""

    gradients: ClassVar[Mapping[str, str]]


@runtime_checkable
class Kinked(Protocol):
    """A step that may not be differentiable everywhere."""

    def sides(self) -> Array | None:
        """After `forward`: for each output the side of its kink it lies on; None where there is no kink."""


@runtime_checkable
class Masked(Protocol):
    """A step with a random mask, which stays until the next one is drawn."""

    mask: Matrix

    def draw(self, share: float) -> None:
        """A new mask, at so large a share of its rate."""


@runtime_checkable
class Gathering(Protocol):
    """A step with statistics of its batch, which predictions will need."""

    def gather(self) -> None:
        """Let the statistics of the last pass count in the running ones."""

    def adopt(self) -> None:
        """Make the statistics of the last pass, over all rows that there are, the running ones."""


class EvaluationStep(Protocol):
    """One operation where nothing is learnt: forward alone, and `z` is where it leaves its outputs."""

    z: Matrix

    def forward(self) -> None:
        """Compute the outputs from the inputs."""


@dataclass(eq=False)
class InPlace:
    """An evaluation step that is nothing but one call, which changes z in its place."""

    z: Matrix
    forward: Callable[[], None]
