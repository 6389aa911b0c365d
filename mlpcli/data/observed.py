"""The cells of an input column as they are distributed: numbers, days, or which category each row has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Vector
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.decided import features_of_columns
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.feature import Feature
from mlpcli.drift.profile import LevelProfile, NumberProfile, Profile
from mlpcli.parallel.ordered_map import in_order
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.dates import dates_of, part_of
from mlpcli.tables.table import Table


@dataclass(frozen=True, eq=False)
class Codes:
    """Which level each row has (n,): −1 for a missing cell, `levels` for what is none of them."""

    of_rows: Indices
    levels: int


def observed(feature: Feature, table: Table, rows: Indices | None = None) -> Vector | Codes:
    """The cells of a column in some rows, before anything fills them.

    Numbers (n,), dates as days since 1970; NaN where a cell is missing or cannot be used.
    """
    if isinstance(feature, CategoryFeature):
        found = feature.levels_of(table, rows)
        codes = found.of_rows  # of nobody else: there may be very many
        codes[found.unseen] = feature.levels
        codes[found.absent] = -1
        return Codes(codes, feature.levels)
    if isinstance(feature, DateFeature):
        return _days(feature, table, rows)
    return np.asarray(table.number(feature.name, rows).values, np.float64)


def _days(feature: DateFeature, table: Table, rows: Indices | None) -> Vector:
    if rows is None:
        return _days_in(table.text(feature.name), feature, table)
    pieces = table.text_pieces(feature.name, rows)
    return np.concatenate([_days_in(piece, feature, table) for piece in pieces])


def _days_in(column: TextColumn, feature: DateFeature, table: Table) -> Vector:
    dates = dates_of([level.strip() for level in column.levels], feature.form)
    days = np.full(len(dates), np.nan)
    known = ~np.isnat(dates)
    days[known] = part_of(dates[known], "timestamp")
    of_rows = np.asarray(days[column.codes])
    of_rows[column.where(table.notation.missing)] = np.nan
    return of_rows


def profiles_of(inputs: InputEncoder, table: Table, rows: Indices) -> dict[str, Profile]:
    """How each column is distributed in some rows."""
    features = {feature.name: feature for feature in features_of_columns(inputs.features)}

    def profile(name: str) -> Profile:
        cells = observed(features[name], table, rows)
        if isinstance(cells, Codes):
            return LevelProfile.of(cells.of_rows, cells.levels)
        return NumberProfile.of(cells)

    return dict(zip(features, in_order(profile, features), strict=True))
