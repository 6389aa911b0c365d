"""Where an error first appears when walking backward from the loss, and what that usually means."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.nn.gradcheck.evidence import Evidence
from mlpcli.nn.gradcheck.objective import Objective
from mlpcli.nn.gradcheck.patterns import Symptom, describe
from mlpcli.nn.gradcheck.variables import gradient_owner

# what the backward pass of a kind of step computes, for a reader who looks for the line to mend
BACKWARD = {
    "affine": "dx = dz Wᵀ (with the weights of the forward pass)",
    "pointwise": "the activation's derivative φ′(z), 0 at a kink",
    "dropout": "the mask of the forward pass, times 1/(1 − rate)",
    "softmax": "dz = a ∘ (da − Σ a ∘ da)",
    "batchnorm": "dz = γ/√(variance + ε) ∘ (dy − mean dy − x̂ ∘ mean(dy ∘ x̂)), means over the rows",
    "layernorm": "dz = (g − mean g − x̂ ∘ mean(g ∘ x̂))/√(variance + ε) with g = γ ∘ dy, means over the units",
    "shortcut": "dx = the layer's own dx plus ds",
    "residual": "da = dh, ds = dh",
}
OWN = {
    "weight": "dW = xᵀ dz, plus the penalties once",
    "bias": "db = the sum of dz over the rows, no penalty",
    "gamma": "dγ = the sum of dy ∘ x̂ over the rows, no penalty",
    "beta": "dβ = the sum of dy over the rows, no penalty",
    "embeddings": "dW[c] = the sum of dh over the rows of code c, plus the penalties once",
}


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
    owners = {array.name: gradient_owner(objective, array.name) for array in findings.arrays}
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
    where = BACKWARD.get(name.rsplit(".", 1)[1], "its backward pass")
    return Diagnosis(name, _sentence(name, where, describe(Symptom.of(evidence, objective, above))))


def _parameter(findings: Findings, array: Evidence) -> Diagnosis:
    """The gradient of a parameter array is wrong while the derivatives it is made from are right."""
    part, _, kind = array.name.split(".")
    own = OWN.get(part, OWN.get(kind, "its own gradient"))
    if not findings.between:
        own += ", or the derivative that comes from the layers above"
    return Diagnosis(array.name, _sentence(array.name, own, describe(Symptom.of(array, findings.objective))))


def _sentence(name: str, where: str, what: str) -> str:
    return f"walking back from the loss, the first error is at {name}: {what}. Look at {where}."
