"""All input columns together: fitted on the training rows, then a matrix for any table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.config.encode_spec import NUMERIC_ENCODINGS
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.feature import Encoding, Feature, Stored
from mlpcli.data.feature_groups import Group, groups_of
from mlpcli.data.indicator_feature import INDICATOR, MissingFeature
from mlpcli.data.matrix_encoder import MatrixEncoder, matrix_encoder
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.piecewise_feature import PiecewiseFeature
from mlpcli.tables.bad_cells import Fault, Unseen
from mlpcli.tables.matrix_columns import MatrixColumns
from mlpcli.tables.spellings import Spelling
from mlpcli.tables.table import Table, Wanted

# what each encoding makes of a column
ENCODINGS: dict[str, type[Encoding]] = {
    **dict.fromkeys(NUMERIC_ENCODINGS, NumberFeature),
    "piecewise_linear": PiecewiseFeature,
    "one_hot": CategoryFeature,
    "embed": CategoryFeature,
    "ordinal": CategoryFeature,
    "datetime": DateFeature,
}
FEATURES: dict[str, type[Feature]] = {**ENCODINGS, INDICATOR: MissingFeature}


@dataclass(frozen=True)
class Encoded:
    """Encoded rows: `x` (rows, inputs), zeros where a cell has a fault, and what was found on the way."""

    x: Matrix
    faults: tuple[Fault, ...]
    unseen: tuple[Unseen, ...]


class Codes(NamedTuple):
    """A column, which of the inputs holds its codes, how many these are, and how wide their vectors."""

    name: str
    column: int
    levels: int
    width: int


@dataclass(frozen=True)
class InputEncoder:
    """The fitted input columns, in order."""

    features: tuple[Feature, ...]

    def __getstate__(self) -> dict[str, Any]:
        """The features alone: what else has been found out of them is found again."""
        return {"features": self.features}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the inputs of the network are called: a column, or `column=category`."""
        return tuple(name for feature in self.features for name in feature.input_names)

    @cached_property
    def width(self) -> int:
        """The number of inputs."""
        return len(self.names)

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        """The features in order, those together that are written together."""
        return tuple(groups_of(self.features))

    @cached_property
    def _of_matrix(self) -> MatrixEncoder | None:
        """What encodes a matrix at once; None where not every input is a number of one."""
        return matrix_encoder(self.features)

    def _encodes(self, columns: MatrixColumns, rows: Indices | None, out: Matrix) -> bool:
        """Whether all is done at once; otherwise feature after feature finds what is wrong with a cell."""
        if self._of_matrix is None:
            return False
        done = self._of_matrix.write(columns, rows, out)
        if not done:
            out[:] = 0.0
        return done

    def _placed(self) -> Iterator[tuple[int, Feature]]:
        """The features, each behind the number of its first input."""
        widths = [len(feature.input_names) for feature in self.features]
        return zip(accumulate(widths[:-1], initial=0), self.features, strict=True)

    @property
    def codes(self) -> tuple[Codes, ...]:
        """The inputs that are codes for the network to embed."""
        return tuple(
            Codes(feature.name, column, feature.levels, feature.units)
            for column, feature in self._placed()
            if isinstance(feature, CategoryFeature) and feature.encode == "embed"
        )

    @property
    def quantities(self) -> tuple[int, ...]:
        """The inputs that are numbers in the table, or in a date: no codes, indicators, sines, or 0 and 1."""
        found: list[int] = []
        for column, feature in self._placed():
            if isinstance(feature, NumberFeature):
                found.append(column)
            elif isinstance(feature, DateFeature):
                found += [column + place for place in feature.scaled]
        return tuple(found)

    @cached_property
    def wanted(self) -> Wanted:
        """The columns that a table must have, and as what."""
        wanted = [feature.wanted for feature in self.features]
        numbers = (name for one in wanted for name in one.numbers)
        return Wanted(tuple(numbers), tuple(name for one in wanted for name in one.texts))

    @cached_property
    def spellings(self) -> dict[str, Spelling]:
        """How files spell each column."""
        own = (feature for feature in self.features if not isinstance(feature, MissingFeature))
        return {feature.name: feature.spelling for feature in own}

    @property
    def decorations(self) -> dict[str, ParseSpec]:
        """How the numbers of each column are decorated whose are."""
        kinds = NumberFeature | PiecewiseFeature
        numbers = (feature for feature in self.features if isinstance(feature, kinds))
        return {feature.name: feature.parse for feature in numbers if feature.parse is not None}

    def zeros(self, rows: int, dtype: str) -> Matrix:
        """The inputs of so many rows, in a precision, before they are written."""
        return np.zeros((rows, self.width), dtype)

    def encode(self, table: Table, rows: Indices | None = None, out: Matrix | None = None) -> Encoded:
        """The inputs of a table's rows, or of some of them; faults count from the first row encoded.

        Every number is computed in float64. Where `out` is given, zeros (rows, inputs), they are written into
        it and take its precision: a number that is beyond that has a fault.
        """
        x = self.zeros(table.rows if rows is None else len(rows), "float64") if out is None else out
        if isinstance(table.numbers, MatrixColumns) and self._encodes(table.numbers, rows, x):
            return Encoded(x, (), ())
        faults: list[Fault] = []
        unseen: list[Unseen] = []
        start = 0
        for group in self._groups:
            found, new = group.write(group.features, table, rows, x[:, start : start + group.width])
            faults += found
            unseen += new
            start += group.width
        return Encoded(x, tuple(faults), tuple(unseen))

    def meta(self) -> list[dict[str, Any]]:
        """What a model file says about each column besides the arrays."""
        return [feature.meta() for feature in self.features]

    def arrays(self) -> dict[str, Array]:
        """The fitted numbers of the scaled inputs, in their order, and the quantiles where there are any."""
        fitted = [numbers for feature in self.features for numbers in feature.numbers]
        columns = np.array(fitted, dtype=np.float64).reshape(-1, 3).T
        curves = [
            feature.curve.quantiles
            for feature in self.features
            if isinstance(feature, NumberFeature) and feature.curve is not None
        ]
        scaling = zip(("inputs.center", "inputs.scale", "inputs.fill"), columns, strict=True)
        arrays = {name: np.ascontiguousarray(column) for name, column in scaling}
        if curves:
            arrays["inputs.quantiles"] = np.array(curves, dtype=np.float64)
        pieces = [feature for feature in self.features if isinstance(feature, PiecewiseFeature)]
        if pieces:
            arrays["inputs.bins.start"] = np.concatenate([feature.starts for feature in pieces])
            arrays["inputs.bins.scale"] = np.concatenate([feature.widths for feature in pieces])
        return arrays

    @classmethod
    def from_meta(cls, meta: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]) -> InputEncoder:
        """The encoder that `meta` and `arrays` describe."""
        stored = Stored(arrays)
        features = [FEATURES[entry["encode"]].from_meta(entry, stored) for entry in meta]
        own = {one.name: one for one in features if not isinstance(one, MissingFeature)}
        return cls(
            tuple(
                MissingFeature.beside(own[one.name]) if isinstance(one, MissingFeature) else one
                for one in features
            )
        )
