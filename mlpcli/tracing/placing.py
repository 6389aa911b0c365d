"""Where each step of a plan stands: the names of what goes into it, of what comes out, of what it learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlpcli.nn.network import Network
from mlpcli.nn.plan import Plan
from mlpcli.nn.steps import Step
from mlpcli.tracing.formulas import SILENT, WRITTEN
from mlpcli.tracing.notation import (
    INPUTS,
    LEARNT,
    OUTPUTS,
    derivative_of,
    parameter_of,
    raised,
    value_of,
)

# what stands before the first layer, by what a plan calls it: the title, and where its arrays are
BEFORE_LAYERS = {
    "embedding": ("Embeddings: codes become vectors", "embeddings"),
    "periodic": ("Waves of the numbers", "numeric_embedding"),
    "scaling": ("A factor for each input", "scaling"),
}


@dataclass(frozen=True, eq=False)
class Placed:
    """A step, its kind and layer, the symbols `x` and `y` of its inputs and outputs, and its arrays' names.

    `words` are what its formulas are filled with. A silent step has the same symbol on both sides.
    """

    step: Step
    kind: str
    layer: int
    title: str
    x: str
    y: str
    words: Mapping[str, str]
    learnt: tuple[str, ...]

    @property
    def is_silent(self) -> bool:
        """Whether it changes nothing that is seen."""
        return self.kind in SILENT


def placed_steps(network: Network, plan: Plan) -> tuple[Placed, ...]:
    """The steps of a plan in forward order."""
    return tuple(_placed(network, plan))


def _placed(network: Network, plan: Plan) -> Iterator[Placed]:
    activations = [choice.name for choice in network.architecture.activations]
    last, x, shortcut = len(activations) - 1, INPUTS, ""
    for name, step in zip(plan.names, plan.steps, strict=True):
        _, number, kind = name.split(".")
        layer = int(number)
        if kind == "shortcut":
            shortcut = x
        is_output = layer == last and kind in {"pointwise", "softmax"}
        y = x if kind in SILENT else OUTPUTS if is_output else _symbol(kind, layer)
        words = {"x": x, "y": y, "dy": derivative_of(y), "phi": activations[layer], "shortcut": shortcut}
        words |= {letter: letter + raised(layer + 1) for letter in LEARNT.values()}
        title, learnt = _title(network, kind, layer), tuple(_learnt(network, kind, layer))
        yield Placed(step, kind, layer, title, x, y, words, learnt)
        x = y


def _symbol(kind: str, layer: int) -> str:
    letter = WRITTEN[kind].letter
    return letter if kind in BEFORE_LAYERS else value_of(letter, layer)


def _learnt(network: Network, kind: str, layer: int) -> Iterator[str]:
    """The names of the arrays that a step learns."""
    if kind in SILENT:
        return
    room = BEFORE_LAYERS[kind][1] if kind in BEFORE_LAYERS else f"layers.{layer}"
    for name in network.gradients:
        if name.startswith(f"{room}.") and name.rpartition(".")[2] in WRITTEN[kind].gradients:
            yield name


def _title(network: Network, kind: str, layer: int) -> str:
    """`Layer 1: 2 → 3, sigmoid`."""
    if kind in BEFORE_LAYERS:
        return BEFORE_LAYERS[kind][0]
    shape = network.architecture
    title = f"Layer {layer + 1}: {shape.widths[layer]} → {shape.widths[layer + 1]}"
    return f"{title}, {shape.activations[layer].name}"


class Labels:
    """What the columns of each value are called: inputs and outputs by name, hidden units by number."""

    def __init__(self, placed: Sequence[Placed], inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self._of = {INPUTS: tuple(inputs), OUTPUTS: tuple(outputs), placed[-1].y: tuple(outputs)}
        for one in placed[:-1]:
            if not one.is_silent:
                self._of[one.y] = _numbers(one.step.output[0].shape[1])

    def of(self, symbol: str) -> tuple[str, ...]:
        """Those of a value."""
        return self._of[symbol]

    def of_parameter(
        self, name: str, shape: tuple[int, ...], at: Placed
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Down and across an array that a step learns."""
        across = self._of[at.y] if len(self._of[at.y]) == shape[-1] else _numbers(shape[-1])
        if len(shape) == 1:
            return ("",), across
        if at.kind == "embedding":  # codes are counted from 0
            return tuple(map(str, range(shape[0]))), across
        is_weight = parameter_of(name).startswith("W")
        return self._of[at.x] if is_weight else _numbers(shape[0]), across


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))
