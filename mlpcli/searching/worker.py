"""A worker: trains one trial after the other until none is left to begin, time is up, or it is to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from mlpcli.artifacts.run_files import is_checkpoint, names_in
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.searching.claims import Claim, Claims, turn
from mlpcli.searching.storage import quietly, storage_errors, storage_of
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.study_store import Standing, StudyStore, require_own_directory
from mlpcli.searching.trial_rows import TrialRows
from mlpcli.searching.trial_run import Outcome, TrialRun

BEAT: Final = 30.0  # seconds between two signs of life
# seconds between two looks at what others still train, when nothing is left to begin
SHORTEST_REST, LONGEST_REST = 0.02, 1.0


class Told(NamedTuple):
    """What a worker tells of a trial that has ended."""

    number: int
    value: float | None
    reason: str | None
    taken_over: bool


Message: TypeAlias = Told | Standing
"""What is heard of a search: a trial that has ended, and how far the study then is."""


@dataclass(frozen=True)
class Place:
    """Where a study is: its directory, its name and the URL of its storage, None for the journal in there."""

    directory: Path
    name: str
    url: str | None = None


@dataclass(frozen=True)
class Limits:
    """How much is to be done: trials altogether, until when (by the monotonic clock), by how many."""

    trials: int
    until: float
    jobs: int
    threads: int | None
    stale_after: float


@dataclass(frozen=True, eq=False)
class Worker:
    """One of the workers of a search, before it begins; it opens the storage in the process that it is in.

    `rows` are those of the config as it is, read before, which `data_sha256` are the hash of.
    """

    file: StudyFile
    place: Place
    limits: Limits
    data_sha256: str
    rows: TrialRows

    def __call__(self, tell: Callable[[Any], None], stop_requested: Callable[[], bool]) -> None:
        """Work until every trial has ended, those of other workers too: where one of these dies, its is free.

        Raises InterruptedTaskError where it was to stop, and what ends a search.
        """
        with storage_errors(self.place.url):
            self._work(tell, stop_requested)

    def _work(self, tell: Callable[[Any], None], stop_requested: Callable[[], bool]) -> None:
        store = self.store()
        claims = Claims(store, self.place.directory, self.limits.trials, self.limits.stale_after)
        rest = SHORTEST_REST
        tell(store.standing())
        while not self.is_late:
            if stop_requested():
                raise InterruptedTaskError("the search")
            with claims.next() as claim:
                if claim is None:
                    if not claims.others_at_work():
                        return
                    time.sleep(rest)
                    rest = min(2 * rest, LONGEST_REST)
                    continue
                rest = SHORTEST_REST
                beat = _Beat(claims, claim, lambda: stop_requested() or self.is_late)
                run = TrialRun(store, self.rows, self.limits.threads, self.limits.jobs == 1, beat)
                outcome = run.outcome(claim)
                if outcome is not None:
                    settle(store, claim, outcome)
                    tell(Told(claim.number, outcome.value, outcome.reason, claim.taken_over))
                    tell(store.standing())

    def store(self) -> StudyStore:
        """The study, opened in this process, begun where there is none."""
        place = self.place
        with turn(place.directory):
            storage = storage_of(place.url, place.directory)
            if place.url is None:
                require_own_directory(place.name, storage, place.directory)
            return StudyStore.opened(self.file, place.name, storage, self.data_sha256)

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.limits.until


@dataclass(eq=False)
class _Beat:
    """Asks between two batches whether to stop, and now and then leaves a sign of life."""

    claims: Claims
    claim: Claim
    stop_requested: Callable[[], bool]
    last: float = field(default_factory=time.monotonic)

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self.last > BEAT:
            self.last = now
            self.claims.sign_of_life(self.claim)
        return self.stop_requested()


def settle(store: StudyStore, claim: Claim, outcome: Outcome) -> None:
    """Tell the study what came of a trial, unless another machine has, and give its checkpoints up."""
    state = TrialState.PRUNED
    if outcome.value is not None:
        state = TrialState.COMPLETE
    elif outcome.reason is not None:
        state = TrialState.FAIL
    with suppress(UpdateFinishedTrialError), quietly():
        for name, fact in {**outcome.facts, "reason": outcome.reason}.items():
            if fact is not None:
                claim.trial.set_user_attr(name, fact)
        store.study.tell(claim.number, outcome.value, state, skip_if_finished=True)
    for name in names_in(claim.directory.path):
        if is_checkpoint(name):
            (claim.directory.path / name).unlink(missing_ok=True)
