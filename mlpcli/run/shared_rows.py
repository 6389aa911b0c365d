"""Rows that train and are in a file of another part too: what judges there is not new.

They are known again by their digests, as `mlp evaluate` knows them.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.run.experiment import Experiment
from mlpcli.terminal.console import counted

PART_WORDS = {"val": "validation", "cal": "calibration", "test": "test"}


def shared_rows(experiment: Experiment) -> Iterator[str]:
    """A remark on each part with a file of its own in which rows are that train.

    Rows that a fraction or a column divides are never in two parts, though there may be two alike: these
    are not looked for.
    """
    data = experiment.config.spec.data
    sources = {"val": data.validation, "cal": data.calibration, "test": data.test}
    for part, source in sources.items():
        if isinstance(source, str | tuple):
            rows = experiment.parts[part].rows
            overlap = experiment.row_digests.overlap(rows.x, rows.y)
            if overlap.training_rows:
                yield overlap.remark(counted(overlap.rows, f"{PART_WORDS[part]} row"))
