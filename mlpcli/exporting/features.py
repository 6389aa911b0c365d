"""From the encoders of a model file to the plain values of `exporting.columns`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature, is_cycle
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.feature import Feature as Encoded
from mlpcli.data.indicator_feature import MissingFeature
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.piecewise_feature import PiecewiseFeature
from mlpcli.data.scaling import NOTHING
from mlpcli.exporting.columns import (
    Absent,
    Code,
    Column,
    Constant,
    Date,
    DatePart,
    Feature,
    Levels,
    Number,
    NumberColumn,
    OneHot,
    Pieces,
    Rank,
    TextColumn,
)
from mlpcli.tables.columns import Notation, number_of
from mlpcli.tables.columns import TextColumn as Texts
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.spellings import are_amounts, manner_of

CLIPPED = "robust_clip"


def columns_of(inputs: InputEncoder, form: CsvFormat) -> Iterator[Column]:
    """The columns that are read, in the order of the features that read them."""
    wanted, notation = inputs.wanted, form.notation
    texts = frozenset(wanted.texts)
    for name in dict.fromkeys(feature.name for feature in inputs.features):
        own = form.own_na_values.get(name, ())
        blanks = tuple(sorted({*notation.missing, *own}))
        numbers = [number for mark in own if (number := number_of(mark, form.decimal)) == number]
        if name in texts:
            yield TextColumn(name, blanks, tuple(numbers))
        else:
            marks = sorted({*numbers, *notation.missing_numbers.tolist()})
            yield NumberColumn(name, blanks, tuple(marks), form.decorations.get(name))


def feature_of(feature: Encoded, beside: Sequence[Encoded], form: CsvFormat) -> Feature:
    """One feature of an encoder, whose others are `beside` it."""
    if isinstance(feature, MissingFeature):
        same = [one for one in beside if one.name == feature.name]
        own = [one for one in same if isinstance(one, CategoryFeature)]
        return Absent(feature.name, _blank_numbers(own[0], form.notation) if own else ())
    return MAKERS[type(feature)](feature, form.notation)


def _number(feature: NumberFeature, _: Notation) -> Feature:
    if feature.curve is not None:
        quantiles, normal = feature.curve.quantiles, feature.curve.output == "normal"
        if len(quantiles) == 1 and not normal:
            return Constant(feature.name, feature.fill)
        return Rank(feature.name, feature.fill, quantiles, normal)
    clip = feature.encode == CLIPPED
    if clip and feature.scale == NOTHING:
        return Constant(feature.name, feature.fill)
    log = feature.encode == "log1p"
    return Number(feature.name, feature.fill, log, feature.center, feature.scale, clip)


def _pieces(feature: PiecewiseFeature, _: Notation) -> Feature:
    fill = feature.number.fill
    if feature.widths[-1] == NOTHING:
        return Constant(feature.name, fill)
    return Pieces(feature.name, fill, feature.starts, feature.widths)


def _category(feature: CategoryFeature, notation: Notation) -> Feature:
    levels = _levels(feature, notation)
    if feature.encode != "one_hot":
        return Code(feature.name, levels)
    zeros, ones = feature.ends()
    return OneHot(feature.name, levels, tuple(zeros.tolist()), tuple(ones.tolist()))


def _levels(feature: CategoryFeature, notation: Notation) -> Levels:
    texts, last = (*feature.categories, *feature.other), len(feature.categories)
    unseen = last if feature.other else None if feature.is_ordered else -1
    absent = None
    if feature.fill is not None:
        found = int(Texts(np.zeros(1, np.intp), (feature.fill,)).matched(texts, notation.decimal)[0])
        absent = unseen if found < 0 else min(found, last)
    return Levels(
        texts=texts,
        indices=tuple(min(index, last) for index in range(len(texts))),
        count=feature.levels,
        manner=manner_of(texts, notation.decimal),
        absent=absent,
        unseen=unseen,
        blank_numbers=_blank_numbers(feature, notation),
    )


def _blank_numbers(feature: CategoryFeature, notation: Notation) -> tuple[float, ...]:
    """The numbers whose spellings are all missing cells, as `TextColumn.missing_texts` has it."""
    texts = (text for text in (*feature.categories, *feature.other) if text not in notation.missing)
    return tuple(notation.missing_numbers.tolist()) if are_amounts(texts, notation.decimal) else ()


def _date(feature: DateFeature, _: Notation) -> Feature:
    scaling = iter(feature.numbers)
    parts = []
    for part in feature.parts:
        if is_cycle(part, feature.cyclic):
            parts.append(DatePart(part, cyclic=True))
        else:
            center, scale, _fill = next(scaling)
            parts.append(DatePart(part, cyclic=False, center=center, scale=scale))
    return Date(feature.name, feature.fill, feature.form, tuple(parts))


MAKERS: dict[type[Any], Callable[[Any, Notation], Feature]] = {
    NumberFeature: _number,
    PiecewiseFeature: _pieces,
    CategoryFeature: _category,
    DateFeature: _date,
}
