"""The cells that a column is asked about: quantiles of its training rows, or levels, a missing one too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.date_format import START, written_date
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.feature import Feature
from mlpcli.drift.profile import LevelProfile, NumberProfile, Profile
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.table import Table

MOST_LEVELS = 20  # of a column that is asked about


@dataclass(frozen=True)
class Grid:
    """Cells of a column, None for a missing one: numbers ascending, or texts; `places` on an axis of numbers.

    `usual` where a cell lies within all but the lowest and the highest twentieth of the training rows.
    """

    column: str
    cells: tuple[float | str | None, ...]
    places: tuple[float, ...]
    usual: tuple[bool, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The cells as a person reads them."""
        return tuple(_word(cell) for cell in self.cells)

    def block(self, inputs: InputEncoder, dtype: str) -> Matrix:
        """The inputs of the column (cells, inputs) that they are encoded as, those of every network."""
        own = InputEncoder(tuple(one for one in inputs.features if one.name == self.column))
        table = _table(self, own.features[0])
        return own.encode(table, None, own.zeros(len(self.cells), dtype)).x


def _word(cell: float | str | None) -> str:
    if cell is None:
        return "missing"
    return cell if isinstance(cell, str) else f"{cell:.4g}"


def grid_of(feature: Feature, profile: Profile) -> Grid:
    """The grid of a column, by how it was distributed in the training rows."""
    grid = _grid(feature, profile)
    policy = getattr(feature, "missing", "error")
    if not profile.missing or policy in {"error", "drop"}:
        return grid
    cells, places, usual = (*grid.cells, None), (*grid.places, np.nan), (*grid.usual, True)
    return Grid(grid.column, cells, places, usual)


def _grid(feature: Feature, profile: Profile) -> Grid:
    if isinstance(profile, LevelProfile):
        assert isinstance(feature, CategoryFeature)
        levels = (*feature.categories, *feature.other[:1])
        common = [index for index in profile.common.tolist() if levels[index]][:MOST_LEVELS]
        order = sorted(common) if feature.is_ordered else common
        cells = tuple(levels[index] for index in order)
        return Grid(feature.name, cells, tuple(map(float, range(len(cells)))), (True,) * len(cells))
    return _of_numbers(feature, profile)


def _of_numbers(feature: Feature, profile: NumberProfile) -> Grid:
    edges = np.unique(profile.edges)
    low, high = profile.common
    usual = tuple(((edges >= low) & (edges <= high)).tolist())
    places = tuple(edges.tolist())
    if isinstance(feature, DateFeature):
        texts = [written_date(START + timedelta(days=day), feature.form) for day in places]
        return Grid(feature.name, tuple(texts), places, usual)
    return Grid(feature.name, places, places, usual)


def _table(grid: Grid, feature: Feature) -> Table:
    """A table of the one column."""
    if feature.wanted.numbers:
        values: Vector = np.array([np.nan if cell is None else cell for cell in grid.cells], np.float64)
        return Table("", len(values), None, Notation(), {grid.column: [NumberColumn(values)]})
    texts = tuple("" if cell is None else str(cell) for cell in grid.cells)
    levels = tuple(dict.fromkeys(texts))
    codes: Array = np.array([levels.index(text) for text in texts], np.intp)
    return Table("", len(texts), None, Notation(), texts={grid.column: TextColumn(codes, levels)})
