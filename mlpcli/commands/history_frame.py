"""The history of a training as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mlpcli.artifacts.history import TRAINING_ROWS, VALIDATION_ROWS, history_columns
from mlpcli.commands.job import Job
from mlpcli.training.epoch import Epoch


def history_frame(job: Job, history: Sequence[Epoch]) -> pd.DataFrame:
    """The columns and rows of history.csv; NaN where a field of it is empty."""
    parts = (TRAINING_ROWS, VALIDATION_ROWS) if "val" in job.parts else (TRAINING_ROWS,)
    columns = history_columns(job.metrics, parts)
    frame = pd.DataFrame([epoch.row() for epoch in history], columns=columns).astype(float)
    return frame.astype({"epoch": int})
