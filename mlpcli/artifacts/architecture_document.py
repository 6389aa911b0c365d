"""The architecture in the metadata of a model file: what it may say, how it is written and read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from mlpcli.artifacts.exact import Exact, Fraction, Items, Width, without
from mlpcli.artifacts.feature_schema import EmbeddedFeature, Feature
from mlpcli.config.activation_spec import ActivationSpec, learns
from mlpcli.config.model_spec import NormalizationSpec
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import NORMALIZATIONS, Architecture
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.normalization import Normalization

MAX_LAYERS = 1_000


class ArchitectureDocument(Exact):
    """Widths of all layers, one activation per weight layer, one dropout rate per hidden layer.

    Normalization and residual layers are mentioned only where there are any.
    """

    layers: Annotated[Items[Width], Field(min_length=2, max_length=MAX_LAYERS)]
    activations: Annotated[Items[ActivationSpec], Field(max_length=MAX_LAYERS)]
    bias: bool
    dropout: Annotated[Items[Fraction], Field(max_length=MAX_LAYERS)]
    dtype: Literal["float32", "float64"]
    normalization: NormalizationSpec | None = None
    residual: bool = False

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without(serialize(self), {"normalization": None, "residual": False})


def architecture_document(shape: Architecture, dtype: str) -> dict[str, Any]:
    """A network's architecture as the model file records it; embeddings are described by their columns."""
    kind = shape.normalization
    return {
        "layers": list(shape.widths),
        "activations": [one.document for one in shape.activations],
        "bias": shape.bias,
        "dropout": list(shape.dropout),
        "dtype": dtype,
        "normalization": None if kind is None else {"name": kind.name, **vars(kind)},
        "residual": shape.residual,
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
    )


def activation_of(spec: ActivationSpec) -> ActivationChoice:
    """The activation that a config or a model file names, with its options."""
    return ActivationChoice(spec.name, spec.model_dump(exclude={"name", "learnable"}), learns(spec))


def normalization_of(spec: NormalizationSpec | None) -> Normalization | None:
    """The normalization that a config or a model file names, if any, with its options."""
    return None if spec is None else NORMALIZATIONS[spec.name](**spec.model_dump(exclude={"name"}))


def _embedded(features: Sequence[Feature]) -> Iterator[EmbeddedColumn]:
    column = 0
    for feature in features:
        if isinstance(feature, EmbeddedFeature):
            yield EmbeddedColumn(column, feature.levels, feature.width)
        column += 1 if isinstance(feature, EmbeddedFeature) else feature.width
