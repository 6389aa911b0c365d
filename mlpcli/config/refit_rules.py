"""Rules of a refit: what says to which epoch it trains, and that it can train to that epoch again."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.config.refusals import Finding
from mlpcli.config.spec import QUASI_NEWTON, Spec

KEY = ("training", "refit")


def a_refit_knows_how_long(spec: Spec) -> Iterator[Finding]:
    """Rows that validate say which epoch is the best; iterations of BFGS are none."""
    if not spec.training.refit:
        return
    name = spec.optimizer.name
    if name in QUASI_NEWTON:
        message = f"{name} ends where the gradient is 0: there is no best epoch to train to again"
        yield Finding(KEY, message, "leave the key out, or choose another optimizer")
    if not spec.validates:
        message = "a refit trains to the best epoch, and no row validates to say which that is"
        yield Finding(KEY, message, "for example `validation: 0.2` below `data`, or `ensemble: {folds: 5}`")
    if isinstance(spec.data.validation, str) and spec.folds is None:
        message = "a refit trains on the validation rows too, which have to be in the training file"
        hint = "put all rows into one file; `validation: {column: NAME, value: VALUE}` says which validate"
        yield Finding(("data", "validation"), message, hint)


def a_refit_has_the_same_rates(spec: Spec) -> Iterator[Finding]:
    """In a refit no row validates whose loss a schedule could follow."""
    schedule = spec.schedule
    if spec.training.refit and schedule.name == "plateau" and schedule.monitor.startswith("val_"):
        message = f"the rates follow {schedule.monitor}, and in a refit no row validates"
        yield Finding(("schedule", "monitor"), message, "write `monitor: loss`, or choose another schedule")
