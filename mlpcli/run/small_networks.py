"""Networks so small that a step is NumPy's calls: several of them take their steps together."""

from __future__ import annotations

from typing import Final

from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.nn.stack import can_be_stacked
from mlpcli.run.experiment import Experiment
from mlpcli.run.limits import rows_per_step

MOST_WORK: Final = 1 << 20
"""Rows times weights of a step, up to which members of one process train together.

Steps of five members one after the other, in steps of five together (tests/benchmarks/members.py, AVX-512):
4-16-3 with 16 rows (2,000) 3.3; 10-32-16-2 with 32 (28,000) 2.9; 20-64-32-1 with 64 (220,000) 1.6;
30-128-64-2 with 64 (780,000) 1.5; 30-64-64-64-2 with 128 and 30-128-128-1 with 64 (1,300,000) 1.3 and 1.2;
30-256-256-2 with 128 (9,400,000) 1.07. Beyond, processes that take the next member as they end one gain more.
"""
MOST_BYTES: Final = 1 << 28
"""Of the rows that members who train together have in memory at once, each in an order of its own."""


def are_small(experiment: Experiment, members: int) -> bool:
    """Whether so many networks like this one's gain by training together in a process, and can.

    Those with rates that depend on how they do, an average of weights, or a limit of the gradient's norm
    train alone; `training.together.can_train_together` has the last word.
    """
    spec, rows, network = experiment.config.spec, experiment.training, experiment.network
    if isinstance(spec.optimizer, QuasiNewtonSpec) or spec.schedule.name == "plateau":
        return False
    if spec.training.average is not None or spec.training.clip_norm is not None or not rows.is_in_memory:
        return False
    work = rows_per_step(experiment.config, len(rows)) * network.layout.n_weights
    held = members * sum(array.nbytes for array in rows.arrays() if array is not None)
    return work <= MOST_WORK and held <= MOST_BYTES and can_be_stacked(network.architecture)
