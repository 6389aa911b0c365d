"""Rules between the members of an ensemble and the rows that they are trained on."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.config.refusals import Finding
from mlpcli.config.spec import Spec
from mlpcli.memory import MOST_MEMBERS

FOLDS = "with folds each row validates once"


def an_ensemble_has_members(spec: Spec) -> Iterator[Finding]:
    """Their number is said in one of two ways."""
    asked = spec.ensemble
    if asked is None:
        return
    if (asked.members is None) == (asked.folds is None):
        found = "neither" if asked.members is None else "both"
        message = f"expected `members` or `folds`, found {found}"
        yield Finding(("ensemble",), message, "for example `ensemble: {folds: 5}`")
    elif asked.folds is None and asked.repeats > 1:
        yield Finding(("ensemble", "repeats"), "repeats are of folds", "write more `members`")
    elif asked.count > MOST_MEMBERS:
        message = f"expected at most {MOST_MEMBERS} members, found {asked.count}"
        yield Finding(("ensemble", "repeats"), message)


def folds_validate(spec: Spec) -> Iterator[Finding]:
    """Where rows are cut into folds, no file or column says which of them validate."""
    if spec.folds is None:
        return
    if spec.data.validation is not None and not isinstance(spec.data.validation, float):
        message = f"{FOLDS}: a file or a column of validation rows has no use"
        yield Finding(("data", "validation"), message, "leave the key out, or write `members` for `folds`")
    if spec.data.order is not None and spec.ensemble is not None and spec.ensemble.repeats > 1:
        message = "folds in the order of a column can be cut in one way only"
        yield Finding(("ensemble", "repeats"), message, "leave the key out")
