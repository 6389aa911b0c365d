"""Fits the encoding of every input column, inferred where it is not stated, on the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.encode_spec import NUMERIC_ENCODINGS
from mlpcli.config.spec import EncodeSpec, FeatureSpec, MissingSpec
from mlpcli.data.category_feature import CategoryFeature, fit_categories
from mlpcli.data.columns import Kind, kind_of
from mlpcli.data.date_feature import fit_dates
from mlpcli.data.dates import likely_format
from mlpcli.data.encoders import InputEncoder
from mlpcli.data.feature import Feature
from mlpcli.data.missing_feature import MissingFeature
from mlpcli.data.number_feature import NumberFeature, fit_number
from mlpcli.data.table import Table
from mlpcli.errors import DataError, Place, Problem
from mlpcli.parallel.ordered_map import in_order

MAX_LEVELS = 100  # of a column whose encoding is inferred
MAX_CATEGORIES = 10_000  # of any column
SEVERAL = 100  # rows that are looked at first, where one value in all of them is looked for


@dataclass(frozen=True)
class FittedInputs:
    """The encoder of the inputs, and what a person should know about the columns."""

    encoder: InputEncoder
    notes: tuple[str, ...]


def fit_inputs(
    features: Mapping[str, FeatureSpec], default: MissingSpec, table: Table, rows: Indices
) -> FittedInputs:
    """Fit the features on some rows of a table. DataError names every column that cannot be fitted."""
    fitted: list[Feature] = []
    problems: list[Problem] = []
    constant: list[str] = []

    def fit(name: str) -> _Fitted:
        return _fitted(name, features[name], features[name].missing or default, table, rows)

    for found in in_order(fit, features):
        fitted += found.features
        problems += found.problems
        constant += found.constant
    if problems:
        raise DataError(*problems[:5])
    return FittedInputs(InputEncoder(tuple(fitted)), _notes(constant))


class _Fitted(NamedTuple):
    """What came of one column: its features, those of them that are constant, or why it cannot be fitted."""

    features: Sequence[Feature] = ()
    constant: Sequence[str] = ()
    problems: Sequence[Problem] = ()


def _fitted(name: str, spec: FeatureSpec, policy: MissingSpec, table: Table, rows: Indices) -> _Fitted:
    column = table.only(name)
    try:
        found = _fit(name, spec, policy, column, rows)
    except DataError as error:
        return _Fitted(problems=error.problems)
    features = (found, MissingFeature(name)) if spec.indicator else (found,)
    constant = [_label(feature) for feature in features if _is_constant(feature, column, rows)]
    return _Fitted(features, constant)


def _notes(constant: list[str]) -> tuple[str, ...]:
    if not constant:
        return ()
    more = f" and {len(constant) - 10} more" if len(constant) > 10 else ""
    return (f"constant columns, which tell the network nothing: {', '.join(constant[:10])}{more}",)


def _fit(name: str, spec: FeatureSpec, policy: MissingSpec, table: Table, rows: Indices) -> Feature:
    encode = spec.encode or EncodeSpec(name=_inferred(name, table, rows))
    if encode.name in NUMERIC_ENCODINGS:
        numbers = table.number(name, rows)
        absent = numbers.missing
        _require_some(name, absent, table)
        return fit_number(name, encode, policy, numbers, table.place(int(rows[absent.argmax()])))
    column = table.text(name, rows)
    _require_some(name, column.where(table.format.missing), table)
    if encode.name == "datetime":
        return fit_dates(name, encode, policy, table, rows)
    feature = fit_categories(name, encode, policy, column, table.format.missing)
    levels = len(feature.categories) + len(feature.other)
    if levels > (MAX_CATEGORIES if spec.encode else min(MAX_LEVELS, len(rows) / 2)):
        raise DataError(_too_many(feature, table, rows))
    if not feature.categories:
        message = f"column '{name}': no category is in `min_count`, {encode.min_count}, training rows"
        hint = f"ask for fewer, or leave the column out: `exclude: [{name}]`"
        raise DataError(Problem(message, Place(table.source), hint))
    return feature


def _require_some(name: str, absent: Array, table: Table) -> None:
    """DataError where the training rows have no value in a column."""
    if absent.all():
        message = f"column '{name}': every cell of the {len(absent):,} training rows is missing"
        raise DataError(Problem(message, Place(table.source), f"leave it out: `exclude: [{name}]`"))


def _inferred(name: str, table: Table, rows: Indices) -> str:
    """`standardize` where every training cell is a number or stands where one should, else `one_hot`."""
    if name in table.numbers or not table.number(name, rows).bad.hold_text:
        return "standardize"
    return "one_hot"


def _too_many(feature: CategoryFeature, table: Table, rows: Indices) -> Problem:
    name, levels = feature.name, len(feature.categories) + len(feature.other)
    found = f"{levels:,} different texts in {len(rows):,} training rows"
    message = f"column '{name}': {found}, too many for {feature.encode}"
    decimal, missing = table.format.decimal, table.format.missing
    column = table.text(name, rows)
    texts = [
        level for level in column.counts() if level not in missing and kind_of(level, decimal) is Kind.TEXT
    ]
    better = "embed" if levels > MAX_LEVELS else "one_hot"
    hint = f"leave it out (`exclude: [{name}]`), or state its encoding (`features: {{{name}: {better}}}`)"
    if levels > MAX_CATEGORIES:
        hint = f"leave it out (`exclude: [{name}]`): at most {MAX_CATEGORIES:,} can be told apart"
    form = likely_format(texts)
    if form is not None:
        option = f', format: "{form}"' if form else ""
        hint = f"its texts look like dates: `features: {{{name}: {{encode: datetime{option}}}}}`; or {hint}"
    elif 0 < len(texts) <= levels // 2:
        first = rows[int(column.where(texts[:1]).argmax())]
        odd = f"'{texts[0]}' in line {table.lines.of(int(first))}"
        hint = f"most of its cells are numbers, but not {odd}; or {hint}"
    return Problem(message, Place(table.source), hint)


def _label(feature: Feature) -> str:
    return feature.input_names[0] if isinstance(feature, MissingFeature) else feature.name


def _is_constant(feature: Feature, table: Table, rows: Indices) -> bool:
    if isinstance(feature, MissingFeature):
        return len(np.unique(table.missing(feature.name)[rows])) == 1
    if isinstance(feature, CategoryFeature):
        return len(feature.categories) + bool(feature.other) == 1
    if not isinstance(feature, NumberFeature):
        return len(table.text(feature.name, rows).counts()) == 1
    # nearly always the first rows hold several values already
    first = _known(feature, table, rows[:SEVERAL])
    if len(first) and first.min() != first.max():
        return False
    known = _known(feature, table, rows)
    return bool(len(known)) and bool(known.min() == known.max())


def _known(feature: NumberFeature, table: Table, rows: Indices) -> Vector:
    """The numbers in some rows, missing ones as they are filled; without those that nothing fills."""
    values = table.number(feature.name, rows).values
    known = values[~np.isnan(values)]
    if feature.fill is not None and len(known) < len(values):
        known = np.append(known, feature.fill)
    return known
