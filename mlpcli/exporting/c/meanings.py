"""What scores mean, as statements of C: the body of NAME_predict behind the networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlpcli.exporting.c.network import function_of
from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.words import double
from mlpcli.exporting.description import Description, Outputs, Units

SOFTMAX = "softmax"


def joined(source: Source, description: Description) -> Iterator[str]:
    """From the scores of each network, `each` (members, count), to those of all, `z`."""
    together, count = description.together, description.outputs.count
    members = len(description.members)
    if together is None:
        yield "memcpy(z, each, sizeof z);"
    elif together.way == "numbers":
        source.use("mean_numbers")
        function = function_of(source, description.members[0].activation)
        yield f"for (i = 0; i < {members * count}; i++) {{\n        each[i] = {function}(each[i]);\n    }}"
        yield f"mean_numbers(each, units, {members}, {count}, z);"
    else:
        source.use(f"mean_{together.way}")
        yield f"mean_{together.way}(each, {members}, {count}, z);"


def answers(source: Source, outputs: Outputs) -> Iterator[str]:
    """From the scores `z` to what the function returns, and what it writes."""
    source.use("all_finite")
    first = f"units + {outputs.count} * MEMBERS" if source.uses("mean_numbers") else "units"
    if outputs.temperature is not None:
        yield _each(outputs.count, f"z[i] /= {double(outputs.temperature)}")
    if outputs.activation.name == SOFTMAX:
        source.use("softmax")
        yield f"softmax(z, outputs, {outputs.count});"
    else:
        yield _each(outputs.count, f"outputs[i] = {function_of(source, outputs.activation)}(z[i])")
    if outputs.task == "regression":
        source.use("units")
        yield f"to_units(outputs, {first}, outputs, {outputs.count});"
    yield f"if (!all_finite(outputs, {outputs.count})) {{\n        return NOT_FINITE;\n    }}"
    if outputs.task == "regression" and source.uses("rounded_float"):
        source.use("few_digits")
        yield f"shorten(outputs, {first}, {outputs.count});"
    yield from {"regression": _numbers, "multilabel": _labels, "classification": _class}[outputs.task](
        source, outputs
    )


def _each(count: int, statement: str) -> str:
    return f"for (i = 0; i < {count}; i++) {{\n        {statement};\n    }}"


def _numbers(_: Source, _outputs: Outputs) -> Iterator[str]:
    yield "memcpy(numbers, outputs, sizeof outputs);"
    yield "return 0;"


def _labels(_: Source, outputs: Outputs) -> Iterator[str]:
    yield _each(outputs.count, f"labels[i] = outputs[i] >= {double(outputs.threshold)}")
    if outputs.probabilistic:
        yield "if (probabilities != NULL) {\n        memcpy(probabilities, outputs, sizeof outputs);\n    }"
    yield "return 0;"


def _class(source: Source, outputs: Outputs) -> Iterator[str]:
    shares = "outputs"
    if outputs.probabilistic:
        if outputs.count == 1:
            shares = "both"
            function = function_of(source, outputs.activation)
            yield f"both[0] = {function}(-z[0]);"
            yield "both[1] = outputs[0];"
        copied = f"memcpy(probabilities, {shares}, sizeof {shares});"
        yield f"if (probabilities != NULL) {{\n        {copied}\n    }}"
    if outputs.least is not None:
        test = f"{shares}[{outputs.positive}] >= {double(outputs.least)}"
        yield f"return {test} ? {outputs.positive} : {1 - outputs.positive};"
    elif outputs.count == 1:
        yield f"return outputs[0] >= {double(outputs.threshold)};"
    else:
        source.use("largest")
        yield f"return largest({'z' if outputs.by_scores else 'outputs'}, {outputs.count});"


def units_table(each: list[Units]) -> str:
    """The table of units: those of the members, then of all."""
    rows = [f"    {{{row}}},\n" for units in each for row in _rows(units)]
    return f"static const struct units units[] = {{\n{''.join(rows)}}};\n"


def _rows(units: Units) -> Iterator[str]:
    """Center and scale of each output, whether it is bounded, its least and largest number."""
    bounds = np.zeros((2, len(units.center))) if units.bounds is None else units.bounds
    bounded = str(int(units.bounds is not None))
    for center, scale, least, largest in np.vstack([units.center, units.scale, bounds]).T.tolist():
        yield ", ".join([double(center), double(scale), bounded, double(least), double(largest)])
