"""Whether the data can bear what is to be fitted after the weights: asked before anything is trained."""

from __future__ import annotations

import numpy as np

from mlpcli.config.calibration_rules import asked_for, objection
from mlpcli.config.levels import require_rows
from mlpcli.config.load import Config
from mlpcli.data.dataset import Prepared


def require_calibration(config: Config, prepared: Prepared) -> None:
    """Raise ConfigError where the task has no use for it, DataError where calibration rows are too few."""
    for name in asked_for(config.spec):
        message = objection(name, prepared.task, prepared.output_activation, len(prepared.target.classes))
        if message is not None:
            raise config.problem((name,), message, "leave the key out")
    rows = prepared.calibration
    if config.spec.intervals and rows is not None:
        weights = rows.sample_weights
        count = len(rows.x) if weights is None else int(np.count_nonzero(weights))
        require_rows(config.spec.intervals, count, "calibration rows")


def require_rows_in_folds(config: Config, rows: int) -> None:
    """Raise DataError where so many rows validate, which are too few for intervals that have no others."""
    if config.spec.intervals and config.spec.data.calibration is None:
        require_rows(config.spec.intervals, rows, "rows that validate")
