"""A study in its storage: opened or begun, and refused where it is another one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import optuna
from optuna import Study, Trial
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from mlpcli.errors import ConfigError, Place, UsageError, clean
from mlpcli.searching.optuna_made import pruner_of, sampler_of
from mlpcli.searching.storage import quietly
from mlpcli.searching.study_file import StudyFile

MARKS: Final = "mlp"  # the attribute of a study that says which study file it is of
WHAT: Final = {
    "config": "the config",
    "metric": "the metric",
    "space": "the space",
    "data": "the data",
}


def require_own_directory(name: str, storage: BaseStorage, directory: Path) -> None:
    """Raise UsageError where the journal in a directory is of a study of another name.

    Trials of both would be in the same directories.
    """
    known = [one.study_name for one in storage.get_all_studies()]
    if known and name not in known:
        hint = f"--study-name {shlex.quote(known[0])} goes on with it, -o DIR begins another one"
        raise UsageError.of(
            f"in {directory} is the study '{clean(known[0], 60)}', and not '{clean(name, 60)}'", hint=hint
        )


class Standing(NamedTuple):
    """How many trials of a study have ended, and the best score, where one has any."""

    ended: int
    best: float | None


@dataclass(frozen=True, eq=False)
class StudyStore:
    """A study as Optuna keeps it, and the file that it is of."""

    file: StudyFile
    study: Study
    storage: BaseStorage

    @classmethod
    def opened(cls, file: StudyFile, name: str, storage: BaseStorage, data_sha256: str) -> StudyStore:
        """The study of a name, begun where there is none, with the config as it is for its first trial.

        Raises ConfigError where the one that is there is of another config, metric, space or data. Who calls
        sees to it that nobody else on this machine does so in the same moment.
        """
        with quietly():
            study = _study_of(file, name, storage)
            marks = file.marks(data_sha256)
            _require_same(file, study.user_attrs.get(MARKS), marks)
            if not study.get_trials(deepcopy=False):
                study.set_metric_names([file.spec.metric])
                study.set_user_attr(MARKS, marks)
                own = {one.key: one.own.value for one in file.space if one.own is not None}
                study.enqueue_trial(own, user_attrs={"config": "as it is"})
        return cls(file, study, storage)

    def trials(self) -> list[FrozenTrial]:
        """All trials, in the order of their numbers."""
        return self.study.get_trials(deepcopy=False)

    def standing(self) -> Standing:
        """How far the study is, whoever has trained."""
        trials = self.trials()
        values = [known.value for known in trials if known.state is TrialState.COMPLETE]
        scores = [value for value in values if value is not None]
        best = (max if self.file.maximizes else min)(scores, default=None)
        return Standing(sum(known.state.is_finished() for known in trials), best)

    def trial(self, number: int) -> Trial:
        """A trial that is there already, to go on with it."""
        study_id = self.storage.get_study_id_from_name(self.study.study_name)
        trial_id = self.storage.get_trial_id_from_study_id_trial_number(study_id, number)
        self.study.sampler = sampler_of(self.file, number)
        return optuna.Trial(self.study, trial_id)

    def values(self, trial: Trial) -> dict[str, Any]:
        """What a trial has for each key that it tries, chosen now where it was not before.

        The first trial is the config as it is: a key whose own value is none of those tried is left alone.
        """
        own = trial.user_attrs.get("config") is not None
        tried = [one for one in self.file.space if one.own is not None or not own]
        with quietly():
            return {one.key: one.suggested(trial) for one in tried}


def _study_of(file: StudyFile, name: str, storage: BaseStorage) -> Study:
    sampler, pruner = sampler_of(file, 0), pruner_of(file)
    if name in {known.study_name for known in storage.get_all_studies()}:
        return optuna.load_study(study_name=name, storage=storage, sampler=sampler, pruner=pruner)
    return optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=sampler,
        pruner=pruner,
        direction="maximize" if file.maximizes else "minimize",
        load_if_exists=True,  # another machine may have begun it in this moment
    )


def _require_same(file: StudyFile, known: object, marks: Mapping[str, str]) -> None:
    if not isinstance(known, Mapping):
        return
    changed = [WHAT[name] for name in WHAT if known.get(name) != marks[name]]
    if changed:
        message = f"the study that is there is of another file: {', '.join(changed)} changed since"
        hint = "trials of both cannot be compared: begin another study with -o DIR"
        raise ConfigError.of(message, Place(str(file.path)), hint)
