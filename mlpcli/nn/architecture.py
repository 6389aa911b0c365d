"""What a network looks like: widths, activations, what stands between layers; no numbers yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.affine import AffineKind
from mlpcli.nn.batch_norm import BatchNormKind
from mlpcli.nn.dropout import DropoutKind
from mlpcli.nn.embedding import EmbeddedColumn, EmbeddingKind
from mlpcli.nn.layer_norm import LayerNormKind
from mlpcli.nn.layers import Entry, Kind, Layer, Role
from mlpcli.nn.layout import Layout
from mlpcli.nn.learnable import LearnableKind
from mlpcli.nn.normalization import Normalization
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.nn.outputs import output_step
from mlpcli.nn.pointwise import ActivationKind
from mlpcli.nn.residual import ResidualKind
from mlpcli.nn.scaling import ScalingKind

# by the names that configs and model files have for them; options by name
NORMALIZATIONS: Mapping[str, Callable[..., Normalization]] = {
    kind.name: kind for kind in (BatchNormKind, LayerNormKind)
}


@dataclass(frozen=True)
class Architecture:
    """A network before it has weights.

    `widths` holds inputs, hidden widths and outputs; `activations` one choice per weight layer, the
    output's included; `dropout` one rate per hidden layer. Columns of codes in `embeddings` become vectors
    before the first layer, whose width counts these. With `residual` a hidden layer adds its input to its
    output where both have the same width and the input is that of a hidden layer too. `numeric_embedding`
    makes several inputs of each number, counting columns as the network takes them; with `scaling` each input
    of the first layer has a factor.
    """

    widths: tuple[int, ...]
    activations: tuple[ActivationChoice, ...]
    bias: bool
    dropout: tuple[float, ...]
    normalization: Normalization | None = None
    residual: bool = False
    embeddings: tuple[EmbeddedColumn, ...] = ()
    numeric_embedding: PeriodicKind | None = None
    scaling: bool = False

    @property
    def inputs(self) -> int:
        """The columns that the network takes, each embedded one being a column of codes or numbers."""
        return self._joined - sum(embedded.width - 1 for embedded in self.embeddings)

    @property
    def _joined(self) -> int:
        """The columns once codes are vectors and numbers still numbers."""
        return self.widths[0] - (self.numeric_embedding.added if self.numeric_embedding else 0)

    def layers(self, output: ActivationChoice | None = None) -> Iterator[Layer]:
        """The layers in forward order, the last one with the activation `output`, where one is due there."""
        inputs = self.widths[0]
        if self.embeddings:
            yield Layer("embeddings", 0, self.inputs, self._joined, (EmbeddingKind(self.embeddings),))
        if self.numeric_embedding:
            behind = (self._behind_vectors(self.numeric_embedding),)
            yield Layer("numeric_embedding", 0, self._joined, inputs, behind)
        if self.scaling:
            yield Layer("scaling", 0, inputs, inputs, (ScalingKind(),))
        last = len(self.widths) - 2
        for number, widths in enumerate(pairwise(self.widths)):
            kinds = self._hidden(number) if number < last else self._output(output)
            yield Layer(f"layers.{number}", number, *widths, kinds)

    def _behind_vectors(self, numbers: PeriodicKind) -> PeriodicKind:
        """The same, its columns where they are once codes are vectors."""
        columns = (
            column + sum(embedded.width - 1 for embedded in self.embeddings if embedded.column < column)
            for column in numbers.columns
        )
        return replace(numbers, columns=tuple(columns))

    def _hidden(self, number: int) -> tuple[Kind, ...]:
        """Affine, normalization, activation, dropout; with a shortcut their inputs are added."""
        kinds: list[Kind] = [AffineKind(self.bias)]
        if self.normalization is not None:
            kinds.append(self.normalization)
        choice = self.activations[number]
        kinds.append(LearnableKind(choice) if choice.learnable else ActivationKind(choice))
        if self.dropout[number]:
            kinds.append(DropoutKind(self.dropout[number]))
        return (ResidualKind(tuple(kinds)),) if self.has_shortcut(number) else tuple(kinds)

    def _output(self, output: ActivationChoice | None) -> tuple[Kind, ...]:
        affine = AffineKind(self.bias)
        return (affine,) if output is None else (affine, ActivationKind(output))

    def entries(self) -> dict[str, Entry]:
        """Every array by its name, in the order of a model file: layer after layer."""
        return {entry.name: entry for layer in self.layers() for entry in layer.entries()}

    def layout(self) -> Layout:
        """Every weight first, tables of embeddings included, then every bias, then what else is learnt."""
        return Layout(self._of("weight"), (*self._of("bias"), *self._of("other")))

    def statistics(self) -> Layout:
        """What training gathers besides what it learns: running means and variances."""
        return Layout((), self._of("statistic"))

    def _of(self, role: Role) -> list[Entry]:
        return [entry for entry in self.entries().values() if entry.role == role]

    @property
    def gathers(self) -> bool:
        """Whether training depends on the other rows of a batch, and predictions on what was gathered."""
        return bool(self.statistics().slots)

    def has_shortcut(self, layer: int) -> bool:
        """Whether weight layer `layer` adds its input to its output."""
        between = 0 < layer < len(self.widths) - 2  # two hidden layers
        return self.residual and between and self.widths[layer] == self.widths[layer + 1]

    def parameters_by_part(self) -> dict[str, int]:
        """How much each of `embeddings.K`, `layers.I`, `scaling` learns.

        In Python integers: safe for absurd widths.
        """
        counts: Counter[str] = Counter()
        for name, entry in self.entries().items():
            counts[name.rpartition(".")[0]] += prod(entry.shape) if entry.role != "statistic" else 0
        return dict(counts)

    def count_parameters(self) -> int:
        """The number of all learnt numbers."""
        return sum(self.parameters_by_part().values())

    def output_step(self, loss: str) -> ActivationChoice | None:
        """The output activation that has to be a step of its own, or None: `loss` owns it, or identity."""
        return output_step(self.activations[-1], loss)
