"""Where an error first appears when walking backward from the loss, and what that usually means."""

from __future__ import annotations

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


def _between(findings: Findings, step: int) -> Diagnosis:
    """∂loss/∂(outputs of `step`) is wrong: what computed it is the step after, or the loss."""
    evidence = findings.between[step]
    objective = findings.objective
    if step + 1 == len(findings.between):
        loss = objective.network.loss
        where = f"the derivative of '{loss.name}' by the scores, with reduction '{loss.reduction}'"
        return Diagnosis("loss", _sentence("the loss", where, describe(Symptom.of(evidence, objective))))
    name = objective.names[step + 1]
    after = findings.between[step + 1]
    above = after.gradient if after.shape == evidence.shape else None
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
    return Diagnosis(array.name, _sentence(array.name, own, describe(Symptom.of(array, objective))))


def _sentence(name: str, where: str, what: str) -> str:
    return f"walking back from the loss, the first error is at {name}: {what}. Look at {where}."
