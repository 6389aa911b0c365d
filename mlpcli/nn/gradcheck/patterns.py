"""What a wrong gradient looks like, and the mistake that usually looks like that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.nn.gradcheck.evidence import Evidence
from mlpcli.nn.gradcheck.objective import Objective

ZERO = 1e-12  # beside what it should be
SAME = 1e-3  # of a ratio: with less spread it is a constant; single precision alone makes some 1e-4
ALIKE = 0.5  # of a ratio: with more spread there is no telling
LARGE_ENOUGH = 1e-2  # of the largest entry: whose ratio counts
EXPLAINED = 0.02  # a pattern explains a wrong gradient when at most this part of the error is left over


@dataclass(frozen=True)
class Symptom:
    """A failing array: analytic and reference values of its judged entries, and where it stands.

    `above` is the derivative before the suspected step's backward pass, where it has the same shape.
    """

    evidence: Evidence
    objective: Objective
    above: Vector | None
    analytic: Vector
    reference: Vector

    @staticmethod
    def of(evidence: Evidence, objective: Objective, above: Vector | None = None) -> Symptom:
        """The symptom of a failing array."""
        return Symptom(evidence, objective, above, evidence.entries.analytic, evidence.entries.reference)

    def without_penalties(self) -> Symptom:
        """The same without the penalties' part: a mistake in backpropagation leaves that part alone."""
        network, name = self.objective.network, self.evidence.name
        slot = next((slot for slot in network.layout.slots if slot.name == name), None)
        if slot is None or slot.start >= network.layout.n_weights:
            return self
        w, part = self.evidence.base, np.zeros_like(self.evidence.base)
        network.penalty.add_gradient(w, part, np.empty_like(w))
        part = part[self.evidence.indices]
        return replace(self, analytic=self.analytic - part, reference=self.reference - part)

    def is_explained_by(self, candidate: Array) -> bool:
        """Whether the analytic values are `candidate` rather than the reference."""
        error = np.abs(self.analytic - self.reference).max()
        return bool(error > 0.0 and np.abs(self.analytic - candidate).max() <= EXPLAINED * error)


def not_finite(symptom: Symptom) -> str | None:
    """NaN or infinity."""
    bad = np.count_nonzero(~np.isfinite(symptom.analytic))
    return f"{bad} of its entries are not finite numbers" if bad else None


def all_zero(symptom: Symptom) -> str | None:
    """Never computed."""
    if np.abs(symptom.analytic).max() > ZERO * np.abs(symptom.reference).max():
        return None
    return "it is zero everywhere: never computed, or overwritten afterwards"


def passed_through(symptom: Symptom) -> str | None:
    """The step's own derivative is missing."""
    if symptom.above is None or not symptom.is_explained_by(symptom.above[symptom.evidence.indices]):
        return None
    return "it equals the derivative that came from above: this step's own factor is missing"


def constant_factor(symptom: Symptom) -> str | None:
    """A = c · N, every entry: small ones that spoil the ratio are none of it."""
    ratios = _ratios(symptom)
    if ratios is None or not ratios.max() - ratios.min() <= SAME * abs(ratios[-1]):
        return None
    factor = float(symptom.analytic @ symptom.reference / (symptom.reference @ symptom.reference))
    if not symptom.is_explained_by(factor * symptom.reference):
        return None
    return f"every entry is {factor:.6g} times what it should be: {_meaning(factor, symptom)}"


def varying_factor(symptom: Symptom) -> str | None:
    """A = c · N with a c of its own for each entry, but always about the same."""
    ratios = _ratios(symptom)
    if ratios is None or not ratios.max() - ratios.min() <= ALIKE * np.abs(ratios).min():
        return None
    return (
        f"its entries are {ratios.min():.4g} to {ratios.max():.4g} times what they should be: "
        "no constant, but a factor that differs, as the derivative of an activation does"
    )


def _ratios(symptom: Symptom) -> Vector | None:
    """A / N where both can be told from rounding, the one of the largest N last; None of fewer than two."""
    size = np.abs(symptom.reference)
    order = np.argsort(size)
    order = order[size[order] > LARGE_ENOUGH * size.max()] if len(size) else order
    if len(symptom.reference) < 2 or not len(order):
        return None
    return np.asarray(symptom.analytic[order] / symptom.reference[order])


def _meaning(factor: float, symptom: Symptom) -> str:
    rows, outputs = symptom.objective.plan.scores.shape
    meanings = {
        -1.0: "the sign is flipped",
        2.0: "a factor 2 that the loss's ½ should have cancelled, or a part counted twice",
        0.5: "a factor ½ too many",
        float(rows): "the sum over the rows where the loss takes their mean",
        1.0
        / rows: "the mean over the rows where the loss takes their sum, or a second division by their number",
        float(outputs): "the sum over the outputs where the loss takes their mean",
        1.0 / outputs: "the mean over the outputs where the loss takes their sum",
    }
    known = [text for value, text in meanings.items() if abs(factor / value - 1.0) < 1e-5]
    return known[0] if known else "a wrong constant, everything else is right"


def transposed(symptom: Symptom) -> str | None:
    """A = Nᵀ, which only a square array allows."""
    shape = symptom.evidence.shape
    if len(shape) != 2 or shape[0] != shape[1] or not symptom.evidence.complete:
        return None
    if not symptom.is_explained_by(symptom.reference.reshape(shape).T.reshape(-1)):
        return None
    return "it is transposed: the product has its two factors exchanged, dzᵀ x for xᵀ dz"


def penalty(symptom: Symptom) -> str | None:
    """A = N + c₁ sign w + c₂ w."""
    w = symptom.evidence.base[symptom.evidence.indices]
    if symptom.evidence.name not in symptom.objective.network.parameters or not w.any() or len(w) < 3:
        return None
    terms = np.stack([np.sign(w), w], axis=1)
    (l1, l2), *_ = np.linalg.lstsq(terms, symptom.analytic - symptom.reference, rcond=None)
    if not symptom.is_explained_by(symptom.reference + terms @ (l1, l2)):
        return None
    return f"it differs by {l1:.3g}·sign w + {l2:.3g}·w: a penalty is missing, doubled or misplaced"


def addend(symptom: Symptom) -> str | None:
    """A = N + c."""
    c = float(np.mean(symptom.analytic - symptom.reference))
    if len(symptom.reference) < 2 or not symptom.is_explained_by(symptom.reference + c):
        return None
    return (
        f"every entry is {abs(c):.3g} too {'large' if c > 0.0 else 'small'}: something is added to all alike"
    )


def row_weights(symptom: Symptom) -> str | None:
    """Each row of the derivative of outputs has its own factor, the row's weight."""
    weights = symptom.objective.batch.weights
    if weights is None or symptom.evidence.name in symptom.objective.network.parameters:
        return None
    each = np.broadcast_to(weights, symptom.evidence.shape).reshape(-1)[symptom.evidence.indices]
    if symptom.is_explained_by(symptom.reference / np.where(each == 0.0, np.inf, each)):
        return "the row weights are missing"
    return "the row weights are applied twice" if symptom.is_explained_by(symptom.reference * each) else None


def confined(symptom: Symptom) -> str | None:
    """Only one entry, one row or one column is wrong."""
    evidence = symptom.evidence
    wrong = evidence.indices[~(evidence.entries.errors <= evidence.rtol)]
    if len(wrong) in (0, evidence.checked):
        return None
    positions = np.stack(np.unravel_index(wrong, evidence.shape), axis=1)
    if len(wrong) == 1:
        return f"only its entry {positions[0].tolist()} is wrong"
    for axis, word in enumerate(("row", "column")[: positions.shape[1]] if positions.shape[1] == 2 else ()):
        if len(set(positions[:, axis].tolist())) == 1:
            return f"only its {word} {positions[0, axis]} is wrong"
    return f"{len(wrong)} of {len(evidence.indices)} judged entries are wrong, the others are right"


# the first that fits is told; those of backpropagation are tried with the penalties and without
BACKPROPAGATION: tuple[Callable[[Symptom], str | None], ...] = (
    not_finite,
    all_zero,
    passed_through,
    constant_factor,
    transposed,
)
OTHERS: tuple[Callable[[Symptom], str | None], ...] = (
    addend,
    penalty,
    row_weights,
    confined,
    varying_factor,
)


def describe(symptom: Symptom) -> str:
    """What the wrong values look like, in a sentence."""
    if not len(symptom.reference):
        return "it is off along directions through all entries"
    if not np.any(~(symptom.evidence.entries.errors <= symptom.evidence.rtol)):
        return (
            "the sampled entries are right, but it is off along directions through all entries: few are wrong"
        )
    trials = [(pattern, symptom) for pattern in BACKPROPAGATION]
    trials += [(pattern, symptom.without_penalties()) for pattern in BACKPROPAGATION]
    trials += [(pattern, symptom) for pattern in OTHERS]
    found = (pattern(trial) for pattern, trial in trials)
    return next((text for text in found if text), "its entries are wrong in no simple pattern")
