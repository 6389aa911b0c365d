"""The history of a training as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlpcli.artifacts.history import TRAINING_ROWS, VALIDATION_ROWS, history_columns
from mlpcli.commands.job import Job
from mlpcli.training.epoch import Epoch


def columns_of(job: Job) -> list[str]:
    """The columns that a job's history has."""
    parts = (TRAINING_ROWS, VALIDATION_ROWS) if "val" in job.parts else (TRAINING_ROWS,)
    return history_columns(job.metrics, parts)


def history_frame(job: Job, history: Sequence[Epoch]) -> pd.DataFrame:
    """The columns and rows of history.csv; NaN where a field of it is empty."""
    frame = pd.DataFrame([epoch.row() for epoch in history], columns=columns_of(job)).astype(float)
    return frame.astype({"epoch": int})
