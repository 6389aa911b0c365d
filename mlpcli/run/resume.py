"""Saving everything that the rest of a run depends on, and going on from it where it belongs to the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.artifacts.checkpoint import START_AGAIN, Checkpoint, checkpoint_content
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.config.from_python import config_of
from mlpcli.config.spec import QUASI_NEWTON, Spec
from mlpcli.errors import ConfigError, DataError, ModelError, OutputError, Place, Problem
from mlpcli.optim.rate_curves import CURVES
from mlpcli.run.build import STARTING_FILE
from mlpcli.run.experiment import Experiment
from mlpcli.run.fit import fading_of
from mlpcli.run.pace import Pace
from mlpcli.run.provenance import config_document, versions, without_sources
from mlpcli.run.surroundings import Surroundings
from mlpcli.training.callbacks import EarlyStopping, Epoch
from mlpcli.training.loop import Trainer

# what a run that goes on may have more of
EPOCHS = ("training", "epochs")
MAY_GROW = {EPOCHS, ("training", "early_stopping", "patience")}

Leaf = tuple[str | int, ...]


def resolved(spec: Spec) -> dict[str, Any]:
    """The whole config with its defaults, without where its files go and where its rows lie.

    It is what a checkpoint is compared by: the rows themselves have a digest.
    """
    return without_sources(spec.model_dump(mode="json", exclude={"output"}))


def _what_may_grow(spec: Spec) -> str:
    """The hint that says what a run may have more of: not what its own schedule or optimizer fixes."""
    fixed = spec.optimizer.name in QUASI_NEWTON or _fixes_epochs(spec) is not None
    growing = "patience" if fixed else "training.epochs and patience"
    return f"only {growing} may grow; for anything else train again without --resume"


def refuse_changes(experiment: Experiment, saved: Checkpoint) -> None:
    """Raise DataError or ConfigError, naming every difference, unless the run is the one that was saved."""
    problems = list(_differences(experiment, without_sources(saved.config), resolved(experiment.config.spec)))
    if problems:  # other settings may well read other columns, and so other data
        raise ConfigError(*problems)
    if saved.data_sha256 != experiment.prepared.sha256:
        raise DataError.of("the data is not what the checkpoint was trained on", None, START_AGAIN)
    refuse_other_start(experiment, saved.init_sha256)
    if saved.versions != versions():
        was, found = (", ".join(f"{k} {v}" for k, v in it.items()) for it in (saved.versions, versions()))
        raise ConfigError.of(f"the checkpoint was made with {was}; this is {found}", None, START_AGAIN)


def refuse_other_model(experiment: Experiment, meta: ModelMeta) -> None:
    """Raise DataError or ConfigError unless the finished model is what the config and its data would give."""
    before, now = (_with_defaults(document) for document in (meta.config, config_document(experiment)))
    problems = list(_differences(experiment, before, now))
    if problems:
        raise ConfigError(*problems)
    if meta.data.sha256 != experiment.prepared.sha256:
        message = "the data is not what the model in the run directory was trained on"
        raise DataError.of(message, None, START_AGAIN)
    refuse_other_start(experiment, meta.training.init_sha256)


def _with_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a model file, which does not say where its rows lay, as `resolved` has it."""
    found = without_sources(document)
    return resolved(config_of({**found, "data": {**found.get("data", {}), "train": "rows"}}).spec)


def refuse_other_start(experiment: Experiment, init_sha256: str | None) -> None:
    """Raise DataError where the file of the starting weights has changed; None: the run did not record it."""
    if init_sha256 in (None, experiment.init_sha256) or experiment.init_sha256 is None:
        return
    message = "the file is not the one whose weights the run began with"
    raise DataError(*experiment.config.problem(STARTING_FILE, message, START_AGAIN).problems)


def _differences(
    experiment: Experiment, saved: Mapping[str, Any], asked: Mapping[str, Any]
) -> Iterator[Problem]:
    before, now, spec = dict(_leaves(saved)), dict(_leaves(asked)), experiment.config.spec
    hint = _what_may_grow(spec)
    for key in {**before, **now}:
        was, found = before.get(key), now.get(key)
        if was == found or (key in MAY_GROW and _may_grow(spec, key, was, found)):
            continue
        message = f"{'.'.join(map(str, key))}: the run has {was}, found {found}"
        reason = _fixes_epochs(spec)
        if key == EPOCHS and reason is not None:
            message += f"; {reason} on it"
        yield from experiment.config.problem(key, message, hint).problems


def _may_grow(spec: Spec, key: Leaf, was: Any, found: Any) -> bool:
    if key == EPOCHS and _fixes_epochs(spec) is not None:
        return False
    return isinstance(was, int) and (found == "none" or (isinstance(found, int) and found > was))


def _fixes_epochs(spec: Spec) -> str | None:
    """What would have been other in the epochs that are over in a longer run."""
    if CURVES[spec.schedule.name].depends_on_epochs:
        return f"the rates of schedule {spec.schedule.name} depend"
    return None if fading_of(spec) is None else "the schedule of dropout or weight decay depends"


def _leaves(document: Any, key: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Every value of a config that is not itself a collection, by its key."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from _leaves(value, (*key, name))
    elif isinstance(document, list | tuple):
        for index, value in enumerate(document):
            yield from _leaves(value, (*key, index))
    else:
        yield key, document


@dataclass(eq=False)
class Checkpoints:
    """Observes a first-order training and saves its state every so many epochs, and when asked.

    Of several processes the leading one saves, and tells the others the state that it finds.
    """

    experiment: Experiment
    trainer: Trainer
    stopping: EarlyStopping | None
    around: Surroundings
    pace: Pace
    failed: bool = field(default=False, init=False)

    @property
    def leads(self) -> bool:
        """Whether it is this process that saves."""
        return self.trainer.pool.leads

    def __call__(self, epoch: Epoch) -> None:
        """Save the state after an epoch that is due."""
        due = self.leads and epoch.epoch % self.experiment.config.spec.training.checkpoint_every == 0
        if due and self.pace.allows(epoch.epoch):
            self.try_to_save()

    def try_to_save(self) -> None:
        """Write the checkpoint. A failure is told once: what is trained is worth more."""
        try:
            self.save()
        except OutputError as error:
            if not self.failed:
                problem = error.problems[0]
                where = f"{problem.place}: " if problem.place else ""
                self.around.console.warn(f"no checkpoint: {where}{problem.message}")
            self.failed = True

    def save(self) -> None:
        """Write the checkpoint; raises OutputError."""
        if not self.leads:
            return
        with self.pace.measured():
            self.around.run.write(self.around.checkpoint, checkpoint_content(self.capture()))

    def capture(self) -> Checkpoint:
        """The state as it is now, between two updates."""
        arrays, state = self.trainer.state()
        if self.stopping is not None:
            arrays["best_theta"] = self.stopping.best_theta
            state["stopping"] = self.stopping.state()
        return Checkpoint(
            epoch=len(self.trainer.history),
            arrays={name: np.atleast_1d(array) for name, array in arrays.items()},
            history=tuple(epoch.row() for epoch in self.trainer.history),
            state=state,
            config=resolved(self.experiment.config.spec),
            data_sha256=self.experiment.prepared.sha256,
            init_sha256=self.experiment.init_sha256,
            versions=versions(),
            threads=self.around.threads,
        )

    def resume(self) -> bool:
        """Go on from the run's checkpoint, where there is one: a run that starts anew has none."""
        saved = self.trainer.pool.told(self._found)
        if saved is None:
            return False
        with self._fitting():
            self.restore(saved)
        return True

    def _found(self) -> Checkpoint | None:
        """The checkpoint; raises ModelError, and ConfigError or DataError for another run's."""
        if not self.around.run.has(self.around.checkpoint):
            return None
        saved = self.around.run.checkpoint(self.around.checkpoint)
        with self._fitting():
            refuse_changes(self.experiment, saved)
        if saved.threads != self.around.threads:
            self.around.console.warn(
                f"the run had {saved.threads} threads and has {self.around.threads} now: its bytes may differ"
            )
        return saved

    @property
    def _path(self) -> Path:
        return self.around.run.path / self.around.checkpoint

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """Raise ModelError where a checkpoint has not what this run takes from it."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            message = "does not hold what this run needs"
            raise ModelError.of(message, Place(str(self._path)), START_AGAIN) from error

    def restore(self, saved: Checkpoint) -> None:
        """Put everything back as `capture` found it."""
        self.trainer.restore(saved.arrays, saved.state, [Epoch.of_row(row) for row in saved.history])
        if self.stopping is not None:
            self.stopping.restore(saved.arrays["best_theta"], saved.state["stopping"])
