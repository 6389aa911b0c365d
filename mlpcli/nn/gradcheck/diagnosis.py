"""Where an error first appears when walking backward from the loss, and what that usually means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.nn.gradcheck.evidence import Evidence
from mlpcli.nn.gradcheck.objective import Objective
from mlpcli.nn.gradcheck.patterns import Symptom, describe
from mlpcli.nn.gradcheck.variables import owner_of
from mlpcli.nn.steps import Learner


@dataclass(frozen=True)
class Findings:
    """The evidence for every parameter array, in the order of `theta`, and for every step's outputs."""

    objective: Objective
    arrays: tuple[Evidence, ...]
    between: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """The first wrong array, and a sentence on the likely mistake."""

    located: str
    sentence: str


def diagnose(findings: Findings) -> Diagnosis | None:
    """The first failing array when walking backward from the loss, or None when none fails."""
    objective = findings.objective
    owners = {array.name: owner_of(objective, array.name) for array in findings.arrays}
    for step in reversed(range(len(objective.steps))):
        if findings.between and findings.between[step].verdict == "FAIL":
            return _between(findings, step)
        for array in findings.arrays:
            if owners[array.name] == step and array.verdict == "FAIL":
                return _parameter(findings, array)
    return None


def obstacle(arrays: Sequence[Evidence], eps: float | None) -> str | None:
    """Why nothing can be said of the first array that is inconclusive, and what to do."""
    array = next((array for array in arrays if array.verdict == "inconclusive"), None)
    if array is None:
        return None
    if array.is_hidden and eps is not None:
        return f"{array.name}: the step {eps} leaves nothing but rounding. Take a larger --eps, or none."
    if array.is_hidden:
        return (
            f"{array.name}: the loss is so large that its rounding hides what this array does to it. "
            "Scale the targets, or try --method complex-step."
        )
    share = f"{array.name}: {array.unjudged} of {array.checked} entries"
    if eps is not None:
        return f"{share} have a kink within the step {eps}. Take a smaller --eps, or none."
    return (
        f"{share} are on a kink or a sharp bend, here and at the other point. "
        "Check other rows (--rows) or other weights (--seed)."
    )


def _between(findings: Findings, step: int) -> Diagnosis:
    """∂loss/∂(outputs of `step`) is wrong: what computed it is the step after, or the loss."""
    evidence = findings.between[step].failing
    objective = findings.objective
    if step + 1 == len(findings.between):
        loss = objective.network.loss
        where = f"the derivative of '{loss.name}' by the scores, with reduction '{loss.reduction}'"
        return Diagnosis("loss", _sentence("the loss", where, describe(Symptom.of(evidence, objective))))
    name = objective.names[step + 1]
    after = findings.between[step + 1]
    here = evidence is findings.between[step]
    above = after.gradient if here and after.shape == evidence.shape else None
    where = objective.steps[step + 1].derivative
    return Diagnosis(name, _sentence(name, where, describe(Symptom.of(evidence, objective, above))))


def _parameter(findings: Findings, array: Evidence) -> Diagnosis:
    """The gradient of a parameter array is wrong while the derivatives it is made from are right."""
    objective = findings.objective
    step = objective.steps[owner_of(objective, array.name)]
    assert isinstance(step, Learner)
    own = step.gradients[array.name.rpartition(".")[2]]
    if not findings.between:
        own += ", or the derivative that comes from the layers above"
    return Diagnosis(array.name, _sentence(array.name, own, describe(Symptom.of(array.failing, objective))))


def _sentence(name: str, where: str, what: str) -> str:
    return f"walking back from the loss, the first error is at {name}: {what}. Look at {where}."
