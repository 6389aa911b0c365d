"""The training of a trial, from its claim to its outcome; ended early where it promises little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from mlpcli.artifacts.atomic import bytes_content
from mlpcli.artifacts.run_directory import Existing
from mlpcli.errors import BusyError, MlpError, OutputError, clean
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.run.study import Study, study_of_rows
from mlpcli.run.surroundings import Surroundings
from mlpcli.run.training import Finished, Listener, RunOptions, train_in
from mlpcli.searching.claims import Claim
from mlpcli.searching.optuna_made import epochs_between_looks
from mlpcli.searching.storage import quietly
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.study_store import StudyStore
from mlpcli.searching.trial_config import complete_text, config_of_text, config_with
from mlpcli.searching.trial_rows import ChangedDataError, TrialRows
from mlpcli.terminal.console import Console
from mlpcli.terminal.members_progress import Message, Worth
from mlpcli.training.callbacks import Epoch, Observer


class PrunedError(Exception):
    """The trial promises little: its training ends here."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: its value, or the reason why it has none; `facts` is what else one may ask.

    Without a value and a reason it was pruned.
    """

    value: float | None = None
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Watcher:
    """Reports a trial to its study as it goes, and ends it by PrunedError where the pruner says so."""

    store: StudyStore
    claim: Claim

    @property
    def file(self) -> StudyFile:
        """What the study asks for."""
        return self.store.file

    @property
    def listener(self) -> Listener:
        """Who hears of every epoch of one network, and of several what each is worth."""
        return Listener(self.observing, self.hear)

    @contextmanager
    def observing(self, epochs: int, _past: int) -> Iterator[Observer]:
        """An observer of so many epochs; the last one is not looked at, as the trial is over then."""
        between = epochs_between_looks(self.file)

        def observer(epoch: Epoch) -> None:
            if between is not None and epoch.epoch % between == 0 and epoch.epoch < epochs:
                self.report(epoch.epoch, epoch.quantity(self.file.spec.metric))

        yield observer

    def hear(self, number: int, message: Message) -> None:
        """Take in what one of several networks tells: the fold of that number is done."""
        if isinstance(message, Worth) and self.file.spec.pruner.name == "wilcoxon":
            self.report(number, message.values.get(self.file.metric))

    def report(self, step: int, value: float | None) -> None:
        """Report a value of a step, once, also where the trial was taken over; raises PrunedError."""
        if value is None or not isfinite(value):
            return
        trial = self.claim.trial
        with quietly():
            if step not in self.store.trials()[trial.number].intermediate_values:
                trial.report(value, step)
            if trial.should_prune():
                raise PrunedError


@dataclass(frozen=True, eq=False)
class TrialRun:
    """How trials are trained: by so many threads each, several networks of one side by side or not."""

    store: StudyStore
    rows: TrialRows
    threads: int | None
    forks: bool
    stop_requested: Callable[[], bool]

    @property
    def file(self) -> StudyFile:
        """What the study asks for."""
        return self.store.file

    def outcome(self, claim: Claim) -> Outcome | None:
        """Train it; None where a stop was asked for: it is saved, and free to be taken over.

        Raises OutputError, BusyError and ChangedDataError; any other failure of the trial is its outcome.
        """
        directory, text = claim.directory.output, ""
        try:
            config = config_with(self.file, claim.values)
            rows = self.rows.of(config)
            text = complete_text(self.file, config, rows, directory)
            return self._trained(claim, study_of_rows(config_of_text(text, directory), rows, MAX_PARAMETERS))
        except PrunedError:
            claim.directory.write("config.yaml", bytes_content(text.encode()))
            return Outcome()
        except InterruptedTaskError:
            return None
        except (OutputError, BusyError, ChangedDataError):
            raise
        except MlpError as error:
            if text:
                claim.directory.write("config.yaml", bytes_content(text.encode()))
            return Outcome(reason=clean(error.problems[0].message, 500))

    def _trained(self, claim: Claim, study: Study) -> Outcome:
        by_folds = self.file.spec.pruner.name == "wilcoxon"
        options = RunOptions(
            threads=self.threads,
            existing=Existing.RESUME,
            draw=None,
            forks=self.forks,
            in_turn=by_folds,
            listeners=(Watcher(self.store, claim).listener,),
        )
        around = Surroundings(claim.directory, 1, Console(quiet=True, warned=[]), self.stop_requested)
        done = train_in(study, around, options)
        document = done.results if isinstance(done, Finished) else done.results.document()
        value = value_of(document, self.file.metric)
        if value is None:
            return Outcome(reason=f"{self.file.spec.metric} has no value")
        return Outcome(value=value, facts=facts_of(document))


def value_of(document: Mapping[str, Any], metric: str) -> float | None:
    """What a run is worth on validation rows, by its metrics.json: with folds the mean over them."""
    folds = document.get("cross_validation")
    value = folds[metric]["mean"] if folds else document.get("val", {}).get(metric)
    return None if value is None else float(value)


def facts_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a study keeps of a run besides its value: the test rows, which choose nothing, among it."""
    test = {name: value for name, value in document.get("test", {}).items() if isinstance(value, float)}
    return {"epochs": document["epochs"], "best_epoch": document["best_epoch"], "test": test}
