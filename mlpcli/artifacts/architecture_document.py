"""The architecture in the metadata of a model file: what it may say, how it is written and read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from mlpcli.artifacts.exact import Exact, Fraction, Items, Width, without
from mlpcli.artifacts.feature_schema import EmbeddedFeature, Feature, quantities_of
from mlpcli.config.activation_spec import ActivationSpec, learns
from mlpcli.config.model_spec import NormalizationSpec, NumericEmbeddingSpec
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import NORMALIZATIONS, Architecture
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.normalization import Normalization
from mlpcli.nn.numeric_embedding import PeriodicKind

MAX_LAYERS = 1_000


class ArchitectureDocument(Exact):
    """Widths of all layers, one activation per weight layer, one dropout rate per hidden layer.

    Normalization, residual layers, and what stands before the first layer, are mentioned only where there are
    any. Which inputs a numeric embedding is for, the features say.
    """

    layers: Annotated[Items[Width], Field(min_length=2, max_length=MAX_LAYERS)]
    activations: Annotated[Items[ActivationSpec], Field(max_length=MAX_LAYERS)]
    bias: bool
    dropout: Annotated[Items[Fraction], Field(max_length=MAX_LAYERS)]
    dtype: Literal["float32", "float64"]
    normalization: NormalizationSpec | None = None
    residual: bool = False
    numeric_embedding: NumericEmbeddingSpec | None = None
    scaling: bool = False

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        unused = {"normalization": None, "residual": False, "numeric_embedding": None, "scaling": False}
        return without(serialize(self), unused)


def architecture_document(shape: Architecture, dtype: str) -> dict[str, Any]:
    """A network's architecture as the model file records it; embeddings are described by their columns."""
    kind, numeric = shape.normalization, shape.numeric_embedding
    return {
        "layers": list(shape.widths),
        "activations": [one.document for one in shape.activations],
        "bias": shape.bias,
        "dropout": list(shape.dropout),
        "dtype": dtype,
        "normalization": None if kind is None else {"name": kind.name, **vars(kind)},
        "residual": shape.residual,
        "numeric_embedding": None if numeric is None else {"name": numeric.name, **numeric.options},
        "scaling": shape.scaling,
    }


def architecture_of(document: ArchitectureDocument, features: Sequence[Feature]) -> Architecture:
    """The architecture that was written so, of a network over these features."""
    return Architecture(
        document.layers,
        tuple(map(activation_of, document.activations)),
        document.bias,
        document.dropout,
        normalization_of(document.normalization),
        document.residual,
        tuple(_embedded(features)),
        numeric_embedding_of(document.numeric_embedding, quantities_of(features)),
        document.scaling,
    )


def activation_of(spec: ActivationSpec) -> ActivationChoice:
    """The activation that a config or a model file names, with its options."""
    return ActivationChoice(spec.name, spec.model_dump(exclude={"name", "learnable"}), learns(spec))


def normalization_of(spec: NormalizationSpec | None) -> Normalization | None:
    """The normalization that a config or a model file names, if any, with its options."""
    return None if spec is None else NORMALIZATIONS[spec.name](**spec.model_dump(exclude={"name"}))


def numeric_embedding_of(spec: NumericEmbeddingSpec | None, columns: Iterable[int]) -> PeriodicKind | None:
    """The embedding of the numbers in these columns that a config or a model file names, if any."""
    return None if spec is None else PeriodicKind(tuple(columns), **spec.model_dump(exclude={"name"}))


def _embedded(features: Sequence[Feature]) -> Iterator[EmbeddedColumn]:
    column = 0
    for feature in features:
        if isinstance(feature, EmbeddedFeature):
            yield EmbeddedColumn(column, feature.levels, feature.width)
        column += 1 if isinstance(feature, EmbeddedFeature) else feature.width
