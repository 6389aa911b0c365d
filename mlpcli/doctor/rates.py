"""A sweep of the learning rate: small at first, larger with every update, until the loss is worse than ever.

Smith 2017 (arXiv 1506.01186, section 3.3), with one rising range as is usual since. The optimizer is the
config's own; the loss is that of the same rows after every update, so that batches bring no noise. Where it
falls fastest is what is proposed, at least some way below the rate with the least loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Final

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.optimizer_spec import FirstOrderSpec
from mlpcli.doctor.findings import Finding
from mlpcli.doctor.patient import Patient, rows_of
from mlpcli.doctor.probing import loss_now
from mlpcli.optim.first_order import build
from mlpcli.optim.stepper import Stepper
from mlpcli.rng import stream
from mlpcli.run.limits import rows_per_step
from mlpcli.training.batches import Part

CHECK: Final = "learning rate"
LEAST, MOST = 1e-6, 10.0
STEPS: Final = 120
BESIDE: Final = 2  # neighbours on each side that a loss is averaged with
WORSE: Final = 1.2  # times the loss at the start
MOST_ROWS: Final = 512  # of a batch
BELOW: Final = 5.0  # times below the rate with the least loss is what is proposed
TOO_SMALL: Final = 100.0  # times below the proposal


@dataclass(frozen=True)
class Sweep:
    """Rates, the loss before the first update and after each, and what they say.

    `best` has the least loss, at `steepest` it falls fastest; `worse` is the first beyond the best whose loss
    is above that of the start, if any.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    best: float
    steepest: float
    worse: float | None

    @property
    def proposal(self) -> float:
        """One digit: where the loss falls fastest, and some way below the best of the sweep."""
        return _digit(min(self.steepest, self.best / BELOW))


def _digit(rate: float) -> float:
    return float(f"{rate:.0e}")


def learning_rate(patient: Patient) -> Finding | None:
    """The config's rate beside what a sweep proposes; None where the optimizer has no rate to choose."""
    choice = patient.experiment.config.spec.optimizer
    if not isinstance(choice, FirstOrderSpec) or choice.name in {"rprop", "adadelta"}:
        return None
    asked = highest_rate(patient, choice)
    found = sweep(patient, choice, max(MOST, 3 * asked))
    numbers: dict[str, Any] = {
        "configured": asked,
        "proposal": found.proposal,
        "best_of_sweep": found.best,
        "worse_from": found.worse,
        "rates": found.rates,
        "losses": found.losses,
    }
    hint = f"try optimizer.learning_rate: {found.proposal:g}"
    says = f"{asked:g}; a sweep has its least loss at {_digit(found.best):g} and proposes {found.proposal:g}"
    if found.worse is not None and asked >= found.worse:
        return Finding(
            CHECK, "wrong", f"{says}; from {_digit(found.worse):g} on it gets worse", hint, numbers
        )
    if asked > found.best or asked * TOO_SMALL < found.proposal:
        return Finding(CHECK, "look", says, hint, numbers)
    return Finding(CHECK, "ok", says, None, numbers)


def highest_rate(patient: Patient, choice: FirstOrderSpec) -> float:
    """The rate of the config, or that of a schedule that goes above it."""
    peak = getattr(patient.experiment.config.spec.schedule, "peak", None)
    return max(choice.learning_rate, float(peak)) if peak is not None else choice.learning_rate


def sweep(patient: Patient, choice: FirstOrderSpec, most: float) -> Sweep:
    """Updates of a copy of the network at rising rates; the network itself stays as it is."""
    network = patient.network()
    part, spec = patient.experiment.training, patient.experiment.config.spec
    size = min(rows_per_step(patient.experiment.config, len(part)), MOST_ROWS)
    optimizer = build(choice, network.layout.slots)
    stepper = Stepper(
        optimizer, network.theta, network.grad, network.layout.n_weights, spec.training.clip_norm
    )
    batches = _batches(part, size, stream(spec.seed, "doctor"))
    rates = np.geomspace(LEAST, most, STEPS)
    judged, losses = patient.some_rows, [loss_now(network, patient.some_rows)]
    with np.errstate(all="ignore"):
        for rate, batch in zip(rates.tolist(), batches, strict=False):
            network.loss_and_grad(*batch.arrays())
            stepper.step(rate)
            losses.append(loss_now(network, judged))
            if not isfinite(losses[-1]):
                break
    return read(rates, losses)


def _batches(part: Part, size: int, rng: np.random.Generator) -> Iterator[Part]:
    """Batches of random rows, without a row twice in one."""
    while True:
        yield part if size == len(part) else rows_of(part, rng.choice(len(part), size, replace=False))


def read(rates: Vector, losses: Sequence[float]) -> Sweep:
    """What the losses say, of which the first is that before any update, the others those after each.

    They are averaged over neighbours; a loss that is not finite is worse than any.
    """
    known = [loss if isfinite(loss) else inf for loss in losses]
    windows = (known[max(0, place - BESIDE) : place + BESIDE + 1] for place in range(len(known)))
    smooth = [sum(window) / len(window) for window in windows]
    least = int(np.argmin(smooth))
    falls = [smooth[place] - smooth[place + 1] for place in range(least)]
    worse = [place for place in range(least + 1, len(known)) if not known[place] <= WORSE * known[0]]
    return Sweep(
        tuple(rates[: len(losses) - 1].tolist()),
        tuple(losses),
        float(rates[max(0, least - 1)]),
        float(rates[int(np.argmax(falls))]) if falls else float(rates[0]),
        float(rates[worse[0] - 1]) if worse else None,
    )
