"""What the metadata of a model file may say about each input column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer

from mlpcli.artifacts.exact import MAX_CATEGORIES, Exact, Items, Text
from mlpcli.config.date_format import readable_format
from mlpcli.config.encode_spec import MOST_BINS, MOST_UNITS, DatePart, Distribution, Scaling
from mlpcli.config.feature_spec import Policy
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.data.date_feature import inputs_of, scaled_inputs


def without_empty(keys: dict[str, Any]) -> dict[str, Any]:
    """What is said about a column of categories: `other` and `scaling` only where there are any."""
    return {key: value for key, value in keys.items() if key not in {"other", "scaling"} or value}


class Decorated(Exact):
    """What may have numbers with decoration; the key is left out where they have none."""

    parse: ParseSpec | None = None

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        keys: dict[str, Any] = serialize(self)
        del keys["parse"]
        return keys if self.parse is None else {**keys, "parse": self.parse.options}


class NumericFeature(Decorated):
    """A column of numbers: g((f(x) − center) / scale), f the logarithm of 1 + x for `log1p`, else x.

    g is a smooth clip for `robust_clip`, else nothing is done.
    """

    name: Text
    encode: Literal[Scaling, "none", "log1p"]
    missing: Policy
    fill: Text | None

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return 1

    @property
    def scaled(self) -> int:
        """How many of them are scaled."""
        return 1


class QuantileFeature(Decorated):
    """A column of numbers that become ranks."""

    name: Text
    encode: Literal["quantile"]
    missing: Policy
    fill: Text | None
    output: Distribution

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return 1

    @property
    def scaled(self) -> int:
        """It has a center, a scale and a fill like other numbers."""
        return 1


class PiecewiseFeature(Decorated):
    """A column of numbers in bins, each an input."""

    name: Text
    encode: Literal["piecewise_linear"]
    missing: Policy
    fill: Text | None
    bins: Annotated[int, Field(ge=1, le=MOST_BINS)]

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return self.bins

    @property
    def scaled(self) -> int:
        """It has a center, a scale and a fill like other numbers."""
        return 1


class CategoricalFeature(Exact):
    """A column of categories: as many columns of 0 and 1, or the position in the list.

    `other` are those that share one more column; the key is left out where there are none, and so is
    `scaling` where the columns are not scaled.
    """

    name: Text
    encode: Literal["one_hot", "ordinal"]
    missing: Policy
    fill: Text | None
    categories: Annotated[Items[Text], Field(min_length=1, max_length=MAX_CATEGORIES)]
    other: Annotated[Items[Text], Field(max_length=MAX_CATEGORIES)] = ()
    scaling: Scaling | None = None

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(serialize(self))

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return len(self.categories) + bool(self.other) if self.encode == "one_hot" else 1

    @property
    def scaled(self) -> int:
        """How many of them are scaled: all or none."""
        return 0 if self.scaling is None else self.width


class EmbeddedFeature(Exact):
    """A column of categories that the network has vectors for, `width` numbers each."""

    name: Text
    encode: Literal["embed"]
    missing: Policy
    fill: Text | None
    categories: Annotated[Items[Text], Field(min_length=1, max_length=MAX_CATEGORIES)]
    other: Annotated[Items[Text], Field(max_length=MAX_CATEGORIES)] = ()
    width: Annotated[int, Field(ge=1, le=MOST_UNITS)]

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(serialize(self))

    @property
    def levels(self) -> int:
        """How many vectors there are."""
        return len(self.categories) + bool(self.other)

    @property
    def scaled(self) -> int:
        """None of them are scaled."""
        return 0


class DateFeature(Exact):
    """A column of dates: a sine and a cosine for each part that is a cycle, a scaled number for others."""

    name: Text
    encode: Literal["datetime"]
    missing: Policy
    fill: Text | None
    format: Annotated[Text, AfterValidator(readable_format)] | None
    parts: Annotated[Items[DatePart], Field(min_length=1, max_length=20)]
    cyclic: bool

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return inputs_of(self.parts, self.cyclic)

    @property
    def scaled(self) -> int:
        """How many of them are scaled."""
        return len(scaled_inputs(self.parts, self.cyclic))


class IndicatorFeature(Exact):
    """Whether the cell of the column before it is missing."""

    name: Text
    encode: Literal["indicator"]

    @property
    def width(self) -> int:
        """How many inputs it makes."""
        return 1

    @property
    def scaled(self) -> int:
        """None of them are scaled."""
        return 0


Feature: TypeAlias = Annotated[
    NumericFeature
    | QuantileFeature
    | PiecewiseFeature
    | CategoricalFeature
    | EmbeddedFeature
    | DateFeature
    | IndicatorFeature,
    Field(discriminator="encode"),
]


def quantities_of(features: Sequence[Feature]) -> Iterator[int]:
    """The inputs that are numbers in the table, or in a date, as `InputEncoder.quantities` has them."""
    column = 0
    for feature in features:
        if isinstance(feature, NumericFeature | QuantileFeature):
            yield column
        elif isinstance(feature, DateFeature):
            yield from (column + place for place in scaled_inputs(feature.parts, feature.cyclic))
        column += 1 if isinstance(feature, EmbeddedFeature) else feature.width
