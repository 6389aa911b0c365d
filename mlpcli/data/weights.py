"""How much each row counts in the loss: its sample weight times the weight of its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Vector
from mlpcli.config.spec import Spec
from mlpcli.data.scaling import scaled_to_one
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import DataError, Place, Problem, SettingError
from mlpcli.tables.bad_cells import Fault, lacking_fault, require_none
from mlpcli.tables.spellings import places_by_meaning
from mlpcli.tables.table import Table

NEEDED = "every row needs a weight; one of 0 leaves it out"


@dataclass(frozen=True)
class Weighting:
    """The weights of rows of a part of the data, in units of what they weigh on average."""

    column: str | None
    target: TargetEncoder
    of_classes: Vector | None

    def own(self, table: Table, rows: Indices) -> Vector | None:
        """The weights that rows have of their own, None where no column holds them."""
        return None if self.column is None else sample_weights(table, self.column, rows)

    def of(self, table: Table, rows: Indices) -> Vector | None:
        """The weights of rows in the loss, 1 on average, or all of them 0; None where all of them are 1."""
        own = self.own(table, rows)
        if self.of_classes is None:
            return None if own is None else _of_mean_one(own)
        classes = self.target.classes_of(table, self.target.columns[0], rows)
        weights = self.of_classes[classes]
        return _of_mean_one(weights if own is None else weights * scaled_to_one(own)[0])


def fit_weighting(
    spec: Spec, target: TargetEncoder, table: Table, rows: Indices, repetitions: Vector | None = None
) -> Weighting:
    """The weighting that training rows fix. Raises SettingError for a class that they lack."""
    asked, of_classes = spec.class_weight, None
    if asked == "balanced" and target.task == "classification":
        of_classes = _balanced(target, table, rows, repetitions)
    elif asked is not None:
        of_classes = _class_weights(asked, target)
    weighting = Weighting(spec.data.weight, target, of_classes)
    weights = weighting.of(table, rows)
    if weights is not None and not weights.any():
        raise DataError(Problem("the weights of all training rows are 0", Place(table.source)))
    return weighting


def _of_mean_one(weights: Vector) -> Vector:
    """Weights divided by their mean, which does not depend on what unit they have."""
    scaled, _ = scaled_to_one(weights)
    return scaled / scaled.mean() if scaled.any() else scaled


def sample_weights(table: Table, column: str, rows: Indices) -> Vector:
    """The weights in a column. DataError unless they are numbers of at least 0."""
    numbers = table.number(column, rows)
    absent = numbers.missing
    faults = [lacking_fault(column, absent, NEEDED)] if absent.any() else []
    negative = np.flatnonzero(numbers.values < 0)
    if len(negative):
        message = f"expected a weight of at least 0, found {numbers.values[negative[0]]:g}"
        faults.append(Fault(column, message, negative))
    require_none((fault.among(rows) for fault in faults), table)
    return numbers.values


def _balanced(target: TargetEncoder, table: Table, rows: Indices, repetitions: Vector | None) -> Vector:
    """n / (classes · count) for each class that is there; rows count as often as `repetitions` says."""
    codes = target.classes_of(table, target.columns[0], rows)
    known = codes >= 0  # what is no class is reported when it is encoded
    weights = None if repetitions is None else repetitions[known]
    counts = np.bincount(codes[known], weights, len(target.classes))
    total = len(rows) if repetitions is None else repetitions.sum()
    return np.asarray(total / (len(target.classes) * np.where(counts, counts, 1)))


def _class_weights(asked: str | Mapping[str, float], target: TargetEncoder) -> Vector:
    """The weight of each class: 1 where a mapping has none."""
    if target.task != "classification" or isinstance(asked, str):
        hint = "weights of rows are in a column: `weight` under `data`"
        message = f"class_weight is for classification, the task is {target.task}"
        raise SettingError.of(("class_weight",), message, hint)
    weights = np.ones(len(target.classes))
    for name, weight in asked.items():
        place = [*target.classes, name].index(name)
        if place == len(target.classes):
            (place,) = places_by_meaning([name], target.classes)
        if place < 0:
            hint = "the classes of the training rows are: " + ", ".join(target.classes[:10])
            raise SettingError.of(("class_weight", name), f"there is no class '{name}'", hint)
        weights[place] = weight
    return weights
