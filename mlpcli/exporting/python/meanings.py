"""Networks, and what their scores mean, as expressions of Python."""

from __future__ import annotations

from mlpcli.exporting.description import Description, Member, Outputs, Units
from mlpcli.exporting.python.literals import call, function_literal, listed, step_literal
from mlpcli.exporting.steps import Activation

SOFTMAX = "softmax"


def network_literal(member: Member) -> str:
    """One network."""
    return call("Network", repr(member.encoding), listed(map(step_literal, member.steps), 8))


def together_literal(description: Description) -> str:
    """What several networks say together; None for one."""
    together = description.together
    if together is None:
        return "None"
    if together.way != "numbers":
        return f"mean_{together.way}"
    members = ", ".join(units_literal(member.units) for member in description.members)
    function = function_literal(description.members[0].activation)
    named = {"logarithm": True} if together.log else {}
    return call("MeanNumbers", function, f"[{members}]", units_literal(description.outputs.units), **named)


def units_literal(units: Units) -> str:
    """The units of a target."""
    bounds = None if units.bounds is None else tuple(units.bounds.tolist())
    named = {"log": units.log or None, "bounds": bounds}
    return call("Units", repr(units.center.tolist()), repr(units.scale.tolist()), **named)


def reading_literal(outputs: Outputs) -> str:
    """What the scores of all mean."""
    named: dict[str, object] = {"probabilities": outputs.probabilistic, "threshold": outputs.threshold}
    named["temperature"] = outputs.temperature
    if outputs.task == "regression":
        units = units_literal(outputs.units)
        return call("Amounts", repr(list(outputs.targets)), function_of(outputs.activation), units)
    if outputs.task == "multilabel":
        words = (repr(list(outputs.targets)), repr(list(outputs.classes)))
        return call("Labels", *words, function_of(outputs.activation), **named)
    if outputs.least is not None:
        named |= {"least": outputs.least, "positive": outputs.positive}
    named["by_scores"] = outputs.by_scores
    return call("Classes", repr(list(outputs.classes)), function_of(outputs.activation), **named)


def function_of(activation: Activation) -> str:
    """The function of a single score; None for softmax, which is one of all."""
    return "None" if activation.name == SOFTMAX else function_literal(activation)
