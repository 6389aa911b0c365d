"""What a network looks like: widths, activations, what stands between layers; no numbers yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from mlpcli.config.loss_spec import LOSSES
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.layout import Layout
from mlpcli.nn.normalization import NormalizationChoice

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Architecture:
    """A network before it has weights.

    `widths` holds inputs, hidden widths and outputs; `activations` one choice per weight layer, the
    output's included; `dropout` one rate per hidden layer. Columns of codes in `embeddings` become vectors
    before the first layer, whose width counts these. With `residual` a hidden layer adds its input to its
    output where both have the same width and the input is that of a hidden layer too.
    """

    widths: tuple[int, ...]
    activations: tuple[ActivationChoice, ...]
    bias: bool
    dropout: tuple[float, ...]
    normalization: NormalizationChoice | None = None
    residual: bool = False
    embeddings: tuple[EmbeddedColumn, ...] = ()

    @property
    def inputs(self) -> int:
        """The columns that the network takes, each embedded one being a column of codes."""
        return self.widths[0] - sum(embedded.width - 1 for embedded in self.embeddings)

    def layout(self) -> Layout:
        """Every weight first, tables of embeddings included, then every bias, then γ and β."""
        layers = list(enumerate(pairwise(self.widths)))
        weights: Shapes = {embedding_name(k): e.shape for k, e in enumerate(self.embeddings)}
        weights |= {f"layers.{i}.weight": shape for i, shape in layers}
        others: Shapes = {f"layers.{i}.bias": (outputs,) for i, (_, outputs) in layers if self.bias}
        others |= self._of_hidden("gamma", "beta") if self.normalization else {}
        return Layout(weights, others)

    def statistics(self) -> Layout:
        """What training gathers besides what it learns: running means and variances."""
        gathers = self.normalization is not None and self.normalization.has_statistics
        return Layout({}, self._of_hidden("running_mean", "running_variance") if gathers else {})

    def _of_hidden(self, *parts: str) -> Shapes:
        """One entry a unit of every hidden layer."""
        hidden = enumerate(self.widths[1:-1])
        return {f"layers.{i}.{part}": (width,) for i, width in hidden for part in parts}

    def has_shortcut(self, layer: int) -> bool:
        """Whether weight layer `layer` adds its input to its output."""
        return self.residual and layer in shortcuts(self.widths)

    def without_dropout(self) -> Architecture:
        """The same network as it predicts."""
        return replace(self, dropout=(0.0,) * len(self.dropout))

    def parameters_by_part(self) -> dict[str, int]:
        """How much each of `embeddings.K`, `layers.I` learns, in Python integers: safe for absurd widths."""
        counts = {f"embeddings.{k}": e.levels * e.width for k, e in enumerate(self.embeddings)}
        last = len(self.widths) - 2
        for i, (inputs, outputs) in enumerate(pairwise(self.widths)):
            normalized = 2 if self.normalization and i < last else 0
            counts[f"layers.{i}"] = outputs * (inputs + self.bias + normalized)
        return counts

    def count_parameters(self) -> int:
        """The number of all learnt numbers."""
        return sum(self.parameters_by_part().values())

    def output_step(self, loss: str) -> ActivationChoice | None:
        """The output activation that has to be a step of its own, or None: `loss` owns it, or identity."""
        output = self.activations[-1]
        return None if output.name in {LOSSES[loss].output_activation, "identity"} else output

    def describe(self) -> Mapping[str, object]:
        """The architecture as the model file records it; embeddings are described by their columns there."""
        optional: dict[str, object] = {"residual": True} if self.residual else {}
        if self.normalization is not None:
            optional["normalization"] = self.normalization.describe()
        return {
            "layers": list(self.widths),
            "activations": [{"name": a.name, **a.options} for a in self.activations],
            "bias": self.bias,
            "dropout": list(self.dropout),
            **optional,
        }


def embedding_name(number: int) -> str:
    """The name of an embedding's table."""
    return f"embeddings.{number}.weight"


def shortcuts(widths: tuple[int, ...]) -> Iterator[int]:
    """The weight layers between two hidden layers of equal width."""
    return (i for i in range(1, len(widths) - 2) if widths[i] == widths[i + 1])
