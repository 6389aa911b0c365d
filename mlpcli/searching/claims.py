"""Who trains which trial: the next one, or one whose process has died. Each is one process's at a time."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from optuna import Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from mlpcli.artifacts.run_directory import Existing, RunDirectory
from mlpcli.config.nodes import Value
from mlpcli.errors import BusyError
from mlpcli.searching.optuna_made import sampler_of
from mlpcli.searching.storage import quietly
from mlpcli.searching.study_store import StudyStore
from mlpcli.storage.output_errors import output_errors

OWNER: Final = "owner"  # the attribute of a trial that says who trains it
TURN: Final = ".turn.lock"
TRIALS: Final = "trials"
# times that a trial is begun before its process is taken to die of it, of too little memory for one
MOST_BEGINNINGS: Final = 6


@dataclass(frozen=True, eq=False)
class Claim:
    """A trial that is this process's to train, in a run directory that nobody else has.

    `values` are what it tries, by key.
    """

    trial: Trial
    directory: RunDirectory
    values: Mapping[str, Value]
    taken_over: bool

    @property
    def number(self) -> int:
        """The number of the trial."""
        return self.trial.number


@dataclass(frozen=True, eq=False)
class Claims:
    """Gives out trials of a study, `total` of them altogether, whoever has trained them.

    A trial that a process of this machine has begun is free when the lock of its run is. Of one that was
    begun on another machine nobody here can tell: it is free when there was no sign of life for
    `stale_after` seconds. Where that was wrong two train it, and come to the same.
    """

    store: StudyStore
    directory: Path
    total: int
    stale_after: float

    @contextmanager
    def next(self) -> Iterator[Claim | None]:
        """The next trial, until it is left; None where none is left to begin. Raises OutputError."""
        with ExitStack() as held:
            with turn(self.directory):
                claim = self._orphan(held) or self._new(held)
            yield claim

    def _orphan(self, held: ExitStack) -> Claim | None:
        for known in self.store.trials():
            if known.state is not TrialState.RUNNING or not self._may_be_dead(known):
                continue
            try:
                run = held.enter_context(RunDirectory(self.run_of(known.number), Existing.RESUME))
            except BusyError:
                continue
            if self.store.trials()[known.number].state is not TrialState.RUNNING:
                held.close()  # it ended between the two looks
                continue
            trial = self.store.trial(known.number)
            begun = int(known.user_attrs.get(OWNER, {}).get("begun", 0)) + 1
            self._own(trial, begun)
            if begun > MOST_BEGINNINGS:
                self._give_up(trial)
                held.close()
                continue
            return Claim(trial, run, self.store.values(trial), taken_over=True)
        return None

    def _new(self, held: ExitStack) -> Claim | None:
        waiting = (TrialState.WAITING,)
        begun = [known for known in self.store.trials() if known.state not in waiting]
        if len(begun) >= self.total:
            return None
        study, number = self.store.study, len(self.store.trials())
        with quietly():
            study.sampler = sampler_of(self.store.file, number)
            trial = study.ask()
        if trial.number != number:
            trial = self.store.trial(trial.number)
        self._own(trial, 1)
        values = self.store.values(trial)
        run = held.enter_context(RunDirectory(self.run_of(trial.number), Existing.MOVE_ASIDE))
        return Claim(trial, run, values, taken_over=False)

    def others_at_work(self) -> bool:
        """Whether trials that were begun have not ended: other workers train them, or will be found dead."""
        return any(known.state is TrialState.RUNNING for known in self.store.trials())

    def run_of(self, number: int) -> Path:
        """The run directory of a trial."""
        return self.directory / TRIALS / f"{number:04d}"

    def _own(self, trial: Trial, begun: int) -> None:
        trial.set_user_attr(OWNER, {**self._here, "begun": begun, "seen": int(time.time())})

    def sign_of_life(self, claim: Claim) -> None:
        """Say that the trial is still being trained."""
        known: dict[str, Any] = claim.trial.user_attrs.get(OWNER, self._here)
        with suppress(UpdateFinishedTrialError):
            claim.trial.set_user_attr(OWNER, {**known, "seen": int(time.time())})

    @property
    def _here(self) -> dict[str, str]:
        return {"host": socket.gethostname(), "directory": str(self.directory.resolve())}

    def _may_be_dead(self, known: FrozenTrial) -> bool:
        """Whether the lock of its run says if it is: one that has no owner yet is this machine's."""
        owner = known.user_attrs.get(OWNER)
        if owner is None or {name: owner.get(name) for name in self._here} == self._here:
            return True
        return time.time() - float(owner.get("seen", 0)) > self.stale_after

    def _give_up(self, trial: Trial) -> None:
        reason = f"its process was killed {MOST_BEGINNINGS} times: is there enough memory?"
        trial.set_user_attr("reason", reason)
        self.store.study.tell(trial.number, state=TrialState.FAIL)


@contextmanager
def turn(directory: Path) -> Iterator[None]:
    """One process of this machine at a time; on a disk without locks nobody waits for anybody."""
    with output_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
