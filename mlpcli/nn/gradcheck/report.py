"""What a gradient check found, as values: the coordinates of every error a person might want to look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Literal

Verdict = Literal["ok", "FAIL", "inconclusive"]


@dataclass(frozen=True)
class EntryCheck:
    """One entry: both values and how far apart they are, relative to the larger of the two."""

    index: tuple[int, ...]
    analytic: float
    numerical: float
    entry_error: float


@dataclass(frozen=True)
class ArrayCheck:
    """One array: how many entries were checked, how many of these were kinks, and the worst of the others.

    `relative_error` is measured as `Tolerance` says, mostly by the largest entry of the array's gradient;
    `worst_index` is None when a direction through all entries was worse than any single entry, or when every
    entry is a kink.
    `worst` is the entrywise view: the entries with the largest error relative to themselves.
    `moved` is how many of the kinks were judged at another point.
    """

    name: str
    shape: tuple[int, ...]
    checked: int
    kinks: int
    worst_index: tuple[int, ...] | None
    analytic: float | None
    numerical: float | None
    relative_error: float | None
    verdict: Verdict
    worst: tuple[EntryCheck, ...] = ()
    moved: int = 0

    def to_json(self) -> dict[str, object]:
        """The fields of the JSON report, without the last two; a number that is not finite is null."""
        fields = asdict(self)
        del fields["worst"], fields["moved"]
        return {name: _json(value) for name, value in fields.items()}


@dataclass(frozen=True)
class Moved:
    """The other point: what was moved, by `least` to `most` up or down, and how many entries it judged."""

    what: Literal["biases", "weights"]
    least: float
    most: float
    seed: int
    entries: int


@dataclass(frozen=True)
class Report:
    """Every parameter array, the derivative of the loss at every step's outputs, and what went wrong.

    `intermediates` are in forward order; a failing one fails the check. `located` names the first place at
    which the error appears when walking backward from the loss, and `diagnosis` says what that usually means.
    `obstacle` says why nothing can be said where that is so.
    """

    verdict: Verdict
    method: str
    rtol: float
    parameters: tuple[ArrayCheck, ...]
    intermediates: tuple[ArrayCheck, ...] = ()
    located: str | None = None
    diagnosis: str | None = None
    moved: Moved | None = None
    obstacle: str | None = None

    def to_json(self) -> dict[str, object]:
        """The report as `mlp gradcheck --json` prints it; `moved` is there if anything was."""
        moved = {} if self.moved is None else {"moved": asdict(self.moved)}
        return {
            "verdict": self.verdict,
            "method": self.method,
            "rtol": self.rtol,
            "parameters": [array.to_json() for array in self.parameters],
            **moved,
        }


def overall(parameters: tuple[ArrayCheck, ...], intermediates: tuple[ArrayCheck, ...]) -> Verdict:
    """The worst verdict; the outputs of steps are looked at for errors alone, since they share the kinks."""
    verdicts = {array.verdict for array in parameters}
    if "FAIL" in verdicts | {array.verdict for array in intermediates}:
        return "FAIL"
    return "inconclusive" if "inconclusive" in verdicts else "ok"


def _json(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not isfinite(value) else value
