"""How far two answers to the same rows are apart: numbers by their size, classes by their probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.exporting.description import Outputs
from mlpcli.exporting.exporter import Answers

DIFFERENT: Final = float("inf")  # no difference of rounding


@dataclass(frozen=True, eq=False)
class Answered:
    """Columns of predictions, one for each of `outputs.names`."""

    outputs: Outputs
    columns: Answers

    def number(self, index: int) -> Vector:
        """A column of numbers (n,), NaN where there is no prediction."""
        return np.array(self.columns[index], dtype=np.float64)

    def text(self, index: int) -> Array:
        """A column of texts (n,), None where there is no prediction."""
        return np.asarray(self.columns[index], dtype=object)

    @property
    def words(self) -> tuple[int, ...]:
        """Which columns hold texts."""
        if self.outputs.task == "regression":
            return ()
        if self.outputs.task == "classification":
            return (0,)
        each = 2 if self.outputs.probabilistic else 1
        return tuple(range(0, len(self.outputs.names), each))


def differences(expected: Answered, found: Answered) -> Matrix:
    """How far each answer is from the expected one (n, columns).

    Of numbers that is |a − b| / max(|a|, unit), the unit being 1 for probabilities, the scale of a target for
    its numbers. Of classes it is 0 where they are the same; others are as far apart as the row was from the
    other decision, in probability. A prediction beside none is as different as can be.
    """
    words, each = set(expected.words), []
    for index in range(len(expected.columns)):
        if index in words:
            each.append(_of_words(expected, found, index))
        else:
            each.append(_of_numbers(expected.number(index), found.number(index), _unit(expected, index)))
    return np.stack(each, axis=1)


def _unit(expected: Answered, index: int) -> Vector | float:
    outputs = expected.outputs
    if outputs.task != "regression":
        return 1.0
    scale = float(outputs.units.scale[index])
    # the slope of e^u − 1
    return (1.0 + np.abs(expected.number(index))) * scale if outputs.units.log else scale


def _of_numbers(expected: Vector, found: Vector, unit: Vector | float) -> Vector:
    lacking = np.isnan(expected) != np.isnan(found)
    with np.errstate(all="ignore"):
        apart = np.abs(expected - found) / np.maximum(np.abs(expected), unit)
    apart[np.isnan(expected) | (expected == found)] = 0.0
    apart[lacking] = DIFFERENT
    return apart


def _of_words(expected: Answered, found: Answered, index: int) -> Vector:
    mine, theirs = expected.text(index), found.text(index)
    other = np.flatnonzero(mine != theirs)
    apart = np.zeros(len(mine))
    for row in other.tolist():
        both = mine[row] is not None and theirs[row] is not None
        apart[row] = _margin(expected, index, row, theirs[row]) if both else DIFFERENT
    return apart


def _margin(expected: Answered, index: int, row: int, word: str) -> float:
    """How far the expected probabilities of a row are from those where the other word is right."""
    outputs = expected.outputs
    if not outputs.probabilistic:
        return DIFFERENT
    if outputs.task == "multilabel":
        return abs(float(expected.columns[index + 1][row]) - outputs.threshold)
    probabilities = [float(column[row]) for column in expected.columns[1:]]
    if outputs.least is not None:
        return abs(probabilities[outputs.positive] - outputs.least)
    word_before = expected.text(index)[row]
    if word not in outputs.classes:
        return DIFFERENT
    places = (outputs.classes.index(one) for one in (word_before, word))
    before, after = (probabilities[place] for place in places)
    return abs(before - after)
