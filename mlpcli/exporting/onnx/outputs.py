"""From the scores of the networks to predictions: in double precision, as `mlp predict` has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from math import nan
from typing import Final

from mlpcli.exporting.description import Description, Outputs, Units
from mlpcli.exporting.onnx.digits import shortened
from mlpcli.exporting.onnx.functions import (
    add,
    equal,
    exp,
    expm1,
    finite,
    log,
    log1p,
    maximum,
    minimum,
    not_finite,
    where,
)
from mlpcli.exporting.onnx.graph import DOUBLE, TEXT, WHOLE, Value
from mlpcli.exporting.onnx.network import activated

PROBABILITY: Final = "probability"


def output_widths(outputs: Outputs) -> dict[str, int]:
    """The outputs by name, as `predictions` gives them, and how many columns each has."""
    if outputs.task != "classification":
        return dict.fromkeys(outputs.names, 1)
    own = {outputs.names[0]: 1}
    return own | {PROBABILITY: len(outputs.classes)} if outputs.probabilistic else own


def predictions(description: Description, scores: Sequence[Value], bad: Value) -> Iterator[tuple[str, Value]]:
    """What comes out, by name: texts and numbers (rows, 1), probabilities of classes (rows, classes).

    `scores` (rows, outputs) of each network. Where `bad` (rows, 1) there is no prediction: NaN, or no text.
    """
    outputs = description.outputs
    together = scores[0] if description.together is None else combined(description, scores)
    cooled = together.cast(DOUBLE)
    if outputs.temperature is not None:
        cooled = cooled / outputs.temperature
    found = activated(outputs.activation, cooled)
    if outputs.task == "regression":
        found = in_units(outputs.units, found)
        if description.dtype == "float32":
            found = shortened(outputs.units, found)
    bad = bad | not_finite(found)
    if outputs.task == "regression":
        yield from zip(outputs.names, _columns(where(bad, nan, found), outputs.count), strict=True)
    elif outputs.task == "multilabel":
        chosen = (found >= outputs.threshold).cast(WHOLE)
        yield from _of_labels(outputs, _words(outputs, where(bad, -1, chosen)), where(bad, nan, found))
    else:
        chosen = _class(outputs, together, cooled, found)
        yield outputs.names[0], _words(outputs, where(bad, -1, chosen))
        if outputs.probabilistic:
            yield PROBABILITY, where(bad, nan, _of_classes(outputs, cooled, found))


def _of_labels(outputs: Outputs, words: Value, likely: Value) -> Iterator[tuple[str, Value]]:
    """Each label's prediction, and beside it its probability if there is one."""
    kinds = (words, likely) if outputs.probabilistic else (words,)
    each = zip(*(_columns(kind, outputs.count) for kind in kinds), strict=True)
    yield from zip(outputs.names, chain.from_iterable(each), strict=True)


def _class(outputs: Outputs, scores: Value, cooled: Value, found: Value) -> Value:
    """The class of each row (rows, 1)."""
    if outputs.least is not None:
        reached = _of_classes(outputs, cooled, found).taken([outputs.positive]) >= outputs.least
        return equal(reached.cast(WHOLE), outputs.positive).cast(WHOLE)
    if outputs.count == 1:
        return (found >= outputs.threshold).cast(WHOLE)
    return (scores if outputs.by_scores else found).largest_of_rows()


def _of_classes(outputs: Outputs, cooled: Value, found: Value) -> Value:
    """The probability of each class; where two share an output, that of the first is φ of minus the score."""
    if outputs.count > 1:
        return found
    return found.graph.joined([activated(outputs.activation, -cooled), found])


def _words(outputs: Outputs, chosen: Value) -> Value:
    numbers, words = list(range(len(outputs.classes))), list(outputs.classes)
    return chosen.graph.node(
        "LabelEncoder", [chosen], TEXT, keys_int64s=numbers, values_strings=words, default_string=""
    )


def _columns(values: Value, count: int) -> list[Value]:
    return [values] if count == 1 else [values.taken([column]) for column in range(count)]


def in_units(units: Units, outputs: Value) -> Value:
    """Outputs of a regression as numbers in the target's own units, within its bounds."""
    numbers = outputs * units.scale + units.center
    if units.log:
        numbers = expm1(numbers)
    if units.bounds is None:
        return numbers
    least, most = units.bounds
    # no bounds are those of an output that is not finite
    return where(finite(outputs), minimum(maximum(numbers, least), most), numbers)


def combined(description: Description, scores: Sequence[Value]) -> Value:
    """The scores (rows, outputs) of all networks together: `training.combined`."""
    together = description.together
    assert together is not None
    doubles = [one.cast(DOUBLE) for one in scores]
    if together.way == "softmax":
        return _log_mean([z - _log_sum(z) for z in doubles])
    if together.way == "sigmoid":
        yes, no = (_log_total([_log_sigmoid(sign * z) for z in doubles]) for sign in (1.0, -1.0))
        return yes - no
    each = zip(description.members, doubles, strict=True)
    numbers = [in_units(one.units, activated(one.activation, z)) for one, z in each]
    mean = reduce(add, numbers) / float(len(numbers))
    units = description.outputs.units
    scaled = ((log1p(mean) if units.log else mean) - units.center) / units.scale
    return (log(scaled) if together.log else scaled).cast(scores[0].dtype)


def _log_sigmoid(z: Value) -> Value:
    """log σ(z) = min(z, 0) − log(1 + e^−|z|)."""
    return minimum(z, 0.0) - log1p(exp(minimum(z, -z)))


def _log_sum(z: Value) -> Value:
    """log Σ e^z over each row."""
    largest = z.max_of_rows()
    return largest + log(exp(z - largest).sum_of_rows())


def _log_total(values: Sequence[Value]) -> Value:
    """log Σ e^v over several values, entry by entry."""
    largest = reduce(maximum, values)
    return largest + log(reduce(add, [exp(one - largest) for one in values]))


def _log_mean(values: Sequence[Value]) -> Value:
    return _log_total(values) - math.log(len(values))
