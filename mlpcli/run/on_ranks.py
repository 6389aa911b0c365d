"""Training one network by processes that a launcher started together, on one machine or several.

The leader has read the data and built the network. It gives the others their rows, the network with its
starting weights and the settings; from then on all train, and the leader alone saves, judges and prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.data.labels import Dataset
from mlpcli.data.row_origins import NO_ORIGINS
from mlpcli.parallel.mpi_pool import MpiPool
from mlpcli.parallel.ranks import Ranks
from mlpcli.run.experiment import Experiment, ExperimentEvaluator, Split
from mlpcli.run.member import TrainedMember, trained_members
from mlpcli.run.resources import Resources
from mlpcli.run.study import Member
from mlpcli.run.surroundings import Surroundings
from mlpcli.run.training_run import TrainingRun, fit_all
from mlpcli.terminal.console import Console, counted
from mlpcli.training.spread_rows import RowKind, SpreadPart


@dataclass(frozen=True)
class TrainingOrder:
    """What a follower has to know of a training: all but the rows, which come after it."""

    experiment: Experiment
    rows: Mapping[str, RowKind]
    resources: Resources
    only_finish: bool
    most_epochs: int | None

    @classmethod
    def of(
        cls, experiment: Experiment, resources: Resources, around: Surroundings, most_epochs: int | None
    ) -> TrainingOrder:
        """That of an experiment."""
        kinds = {name: RowKind.of(split.rows) for name, split in experiment.parts.items()}
        return cls(without_rows(experiment), kinds, resources, around.only_finish, most_epochs)

    def carry_out(self, ranks: Ranks) -> None:
        """Train along with the leader. Raises what all raise, InterruptedTaskError where all stop."""
        parts = {
            name: Split(SpreadPart.received(kind, ranks), np.empty(0), None)
            for name, kind in self.rows.items()
        }
        experiment = replace(self.experiment, parts=parts)
        with self.resources.in_use(), MpiPool(self.resources.parts, ranks) as pool:
            around = Surroundings(
                RunDirectory(Path()),  # that is never entered
                self.resources.threads,
                Console(quiet=True, warned=[]),
                pool.stop_requested,
                only_finish=self.only_finish,
                most_epochs=self.most_epochs,
            )
            run = TrainingRun(ExperimentEvaluator.of(experiment, pool), around, pool)
            fit_all([run])
            with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
                for name in parts:
                    run.evaluator.scores(name)


def without_rows(experiment: Experiment) -> Experiment:
    """The experiment with nothing of its data but what was fitted on them."""
    prepared = experiment.prepared
    nothing = Dataset(prepared.train.x[:0], prepared.train.y[:0], None, None)
    bare = replace(
        prepared,
        train=nothing,
        validation=None,
        test=None,
        calibration=None,
        origins=NO_ORIGINS,
        profiles={},
        notes=(),
        warnings=(),
    )
    return replace(experiment, prepared=bare, parts={})


def trained_by_ranks(
    members: Sequence[Member], around: Surroundings, resources: Resources, ranks: Ranks
) -> list[TrainedMember]:
    """Train the one network of a run; to be called by the leader. Raises as `trained_members` does."""
    (member,) = members
    whole = member.make()
    order = TrainingOrder.of(whole, resources, around, member.most_epochs)
    idle = ranks.size - resources.parts
    if idle > 0:
        steps = (
            f"a step has {counted(resources.parts, 'part')}: {idle} of {ranks.size} processes compute none"
        )
        around.console.note(
            f"{steps}; with `training.parts: {ranks.size}`, which is another training, all do"
        )
    with resources.in_use(), MpiPool(resources.parts, ranks) as pool, ranks.ordered(order):
        parts = {
            name: replace(split, rows=SpreadPart.given_out(split.rows, ranks))
            for name, split in whole.parts.items()
        }
        spread = replace(member, make=lambda: replace(whole, parts=parts))
        own = replace(around, stop_requested=pool.stop_requested)
        return trained_members([spread], [own], pool)
