"""A run before its first update: all of its rows and how they are judged, and the networks to be trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from mlpcli.arrays import Indices
from mlpcli.artifacts.run_files import CHECKPOINT, checkpoint_of
from mlpcli.config.load import Config
from mlpcli.data.dataset import Prepared
from mlpcli.data.folds import Fold
from mlpcli.data.gathering import Gathered, gather
from mlpcli.rng import derived_seed
from mlpcli.run.calibration_checks import require_rows_in_folds
from mlpcli.run.experiment import Experiment, Split, checked_experiment, experiment_of, input_files
from mlpcli.run.limits import check_size, dtype_of
from mlpcli.storage.cache import IN_MEMORY, Cache
from mlpcli.storage.rows import some_of
from mlpcli.survey.notes import notes_on
from mlpcli.training.batches import Part
from mlpcli.training.combined import decoder_of_several

REFIT = "refit"


@dataclass(frozen=True, eq=False)
class Member:
    """One network of a run: `name` in what a person reads, where its state is kept, and its experiment.

    `fold` has the rows that train and validate it, where that is not the same for all. `most_epochs` end its
    training, though its schedule goes on to more.
    """

    name: str
    checkpoint: str
    make: Callable[[], Experiment]
    fold: Fold | None = None
    most_epochs: int | None = None


@dataclass(frozen=True, eq=False)
class Study:
    """A run: `whole` has all its rows, by parts, and says how these are judged; `members` are the networks.

    With folds the training rows of `whole` are those that train any member, and its validation rows those
    that validate one: mostly the same.

    `refit` is a run of the same networks that goes before it is known how long: on all rows but those that
    test and calibrate. Its networks are those that are kept.
    """

    whole: Experiment
    members: tuple[Member, ...]
    refit: Study | None = None

    @property
    def config(self) -> Config:
        """What was asked for."""
        return self.whole.config

    @property
    def is_single(self) -> bool:
        """Whether one network is all."""
        return len(self.members) == 1

    @property
    def stages(self) -> tuple[Study, ...]:
        """It, and the refit where there is one."""
        return (self,) if self.refit is None else (self, self.refit)

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Those of the members; none where all have the same rows."""
        return tuple(member.fold for member in self.members if member.fold is not None)


@dataclass(frozen=True, eq=False)
class RunRows:
    """The rows of a run, encoded, which no run changes.

    `kept` are those that were read, where a network has other ones than the run, or a later one has more.
    """

    prepared: Prepared
    kept: Gathered | None

    @classmethod
    def read(cls, config: Config, cache: Cache = IN_MEMORY) -> RunRows:
        """Those of a config's files. Raises ConfigError, DataError, and OutputError for the `cache`."""
        with config.places():
            gathered = gather(config.spec, input_files(config), notes_on, cache)
        return cls.of(config, gathered)

    @classmethod
    def of(cls, config: Config, gathered: Gathered) -> RunRows:
        """Those of data that was read and cut, which gives its rows up. Raises as `read` does."""
        with config.places():
            kept = gathered.kept() if gathered.folds or config.spec.training.refit else None
            return cls(gathered.encode(dtype_of(config)), kept)

    def apart(self, cache: Cache) -> RunRows:
        """The same rows, where what single networks have of them goes to another `cache`."""
        return self if self.kept is None else replace(self, kept=replace(self.kept, cache=cache))


def study_of(config: Config, max_parameters: int, cache: Cache = IN_MEMORY) -> Study:
    """Read the data, cut it, build the first network, check that all fits.

    Raises ConfigError, DataError, MemoryLimitError before a network is allocated, and OutputError where the
    `cache` cannot be written.
    """
    check_size(config, max_parameters)
    return study_of_rows(config, RunRows.read(config, cache), max_parameters)


def study_of_rows(config: Config, rows: RunRows, max_parameters: int) -> Study:
    """The same of rows that are there. Raises as `study_of` does."""
    refit, kept = config.spec.training.refit, rows.kept
    whole = _read_by_all(checked_experiment(config, rows.prepared, max_parameters))
    study = _of_folds(whole, kept) if kept and kept.folds else _of_members(whole)
    if kept is None or not refit:
        return study
    prepared = rows.prepared
    if not kept.folds:
        with config.places():
            prepared = kept.encode_together(dtype_of(config))
    again = _read_by_all(checked_experiment(config_of_refit(config), prepared, max_parameters))
    # metrics that decided something then still tell how good the networks are
    return replace(study, refit=_of_members(replace(again, metrics=whole.metrics), after=study))


def _read_by_all(experiment: Experiment) -> Experiment:
    """The experiment that reads what all of its networks say together."""
    if experiment.config.spec.ensemble is None:
        return experiment
    return replace(experiment, decoder=decoder_of_several(experiment.decoder))


def _of_members(whole: Experiment, after: Study | None = None) -> Study:
    """A run whose networks all have the same rows; those of a refit come `after` other ones."""
    ensemble = whole.config.spec.ensemble
    if ensemble is None:
        name, checkpoint = ("", CHECKPOINT) if after is None else (REFIT, checkpoint_of(1))
        alone = _without_targets(whole)
        return Study(alone, (Member(name, checkpoint, lambda: alone),))
    count = ensemble.count
    makers = [partial(_reseeded, whole, number) for number in range(count)]
    what, past = ("member", 0) if after is None else (REFIT, count)
    return Study(whole, tuple(_members(what, makers, [None] * count, past)))


def _without_targets(whole: Experiment) -> Experiment:
    """An experiment that nobody makes another one of: its parts have what its rows' targets are needed for.

    There may be very many rows.
    """
    train = whole.prepared.train
    return replace(whole, prepared=replace(whole.prepared, train=replace(train, y=train.y[:0].copy())))


def _reseeded(whole: Experiment, number: int) -> Experiment:
    """The experiment of the same rows with the seed of a member."""
    return experiment_of(
        config_of_member(whole.config, number), whole.prepared, whole.metrics, dtype_of(whole.config)
    )


def _of_folds(whole: Experiment, kept: Gathered) -> Study:
    def made(number: int) -> Experiment:
        config, dtype = config_of_member(whole.config, number), dtype_of(whole.config)
        with config.places():
            prepared = kept.encode_fold(kept.folds[number], dtype)
        return experiment_of(config, prepared, whole.metrics, dtype)

    rows = kept.parts[0].rows
    folds = [
        Fold(*(np.searchsorted(rows, part) for part in (fold.train, fold.validation))) for fold in kept.folds
    ]
    validated = np.unique(np.concatenate([fold.validation for fold in folds]))
    require_rows_in_folds(whole.config, sum(len(fold.validation) for fold in folds))
    seen = np.unique(np.concatenate([validated, *(fold.train for fold in folds)]))
    everything = whole.parts["train"]
    parts = {"train": _rows_of(everything, seen), "val": _rows_of(everything, validated)}
    parts |= {name: part for name, part in whole.parts.items() if name not in parts}
    makers = [partial(made, number) for number in range(len(folds))]
    return Study(replace(whole, parts=parts), tuple(_members("fold", makers, folds)))


def _rows_of(split: Split, rows: Indices) -> Split:
    whole, own = split.rows, None if split.sample_weights is None else split.sample_weights[rows]
    weights = None if whole.weights is None else whole.weights[rows]
    part = Part(some_of(whole.x, rows), whole.y[rows], weights)
    return Split(part, split.truth[rows], own)


def _members(
    what: str, makers: Sequence[Callable[[], Experiment]], folds: Sequence[Fold | None], past: int = 0
) -> Iterator[Member]:
    for number, (make, fold) in enumerate(zip(makers, folds, strict=True), 1):
        yield Member(f"{what} {number} of {len(makers)}", checkpoint_of(past + number), make, fold)


def config_of_refit(config: Config) -> Config:
    """The config of a training that no row could stop."""
    training = config.spec.training.model_copy(update={"early_stopping": None})
    return replace(config, spec=config.spec.model_copy(update={"training": training}))


def config_of_member(config: Config, number: int) -> Config:
    """The config with the seed of a member: the first one has that of the config, as one alone would."""
    seed = derived_seed(config.spec.seed, number)
    return replace(config, spec=config.spec.model_copy(update={"seed": seed}))
