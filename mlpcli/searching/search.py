"""A search: workers that try one trial after the other, until there are as many as asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Final

from mlpcli.data.dataset import Prepared
from mlpcli.extras import optional
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.crew import InterruptedTaskError, side_by_side
from mlpcli.run.limits import check_size
from mlpcli.run.study import study_of_rows
from mlpcli.searching.outputs import write_outputs, write_page
from mlpcli.searching.storage import require_storage
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.trial_rows import TrialRows
from mlpcli.searching.tried import Found, found_in
from mlpcli.searching.worker import Limits, Message, Place, Worker
from mlpcli.signals import StopRequest, stop_on_signals
from mlpcli.terminal.console import Console
from mlpcli.training.metrics import objection

TRIALS: Final = 100  # where nobody says how many, and there is no end to the time


@dataclass(frozen=True)
class SearchOptions:
    """What the command line says besides the study file."""

    out: Path | None = None
    name: str | None = None
    url: str | None = None
    trials: int | None = None
    timeout: float | None = None
    jobs: int = 1
    threads: int | None = None
    stale_after: float = 600.0
    writes: bool = (
        True  # whether this process is the one of several launched together that writes the outputs
    )


@dataclass(frozen=True)
class Searched:
    """A search that has ended: what the study has come to, where it is, which files it has written."""

    found: Found
    directory: Path
    files: tuple[str, ...]


def search(
    file: StudyFile, options: SearchOptions, hear: Callable[[Message], None], console: Console
) -> Searched:
    """Try until there are as many trials as asked for, whoever has tried them, or the time is up.

    `hear` is told of every trial that ends, and how far the study is. Raises StoppedBySignal once what is
    under way is saved, and what opening a study and training raise.
    """
    require_storage(options.url, options.jobs)
    if file.spec.sampler.name == "cmaes":
        optional("cmaes", "the sampler cmaes")
    place = place_of(file, options)
    with closing(TrialRows(place.directory)) as rows:
        prepared = checked(file, rows, console)
        worker = Worker(file, place, limits_of(file, options), prepared.sha256, rows)
        with stop_on_signals() as stop:
            work(worker, hear, stop)
            found = found_in(worker.store())
            files = write_outputs(file, found, rows, place.directory) if options.writes else ()
            if stop.signal is not None:
                again = "call it again to go on with the trials under way"
                console.warn(f"stopped by {stop.signal.name}: {again}")
            elif options.writes:
                files += write_page(file, found, place.directory)
    return Searched(found, place.directory, files)


def checked(file: StudyFile, rows: TrialRows, console: Console) -> Prepared:
    """The rows of the config as it is, before anything is tried; raises what is wrong with either."""
    check_size(file.base, MAX_PARAMETERS)
    prepared = study_of_rows(file.base, rows.of(file.base), MAX_PARAMETERS).whole.prepared
    console.notes((*([] if rows.note is None else [rows.note]), *prepared.notes))
    for warning in prepared.warnings:
        console.warn(warning)
    if file.metric != "loss":
        classes = len(prepared.target.classes)
        problem = objection(file.metric, prepared.task, classes, prepared.output_activation)
        if problem is not None:
            raise file.problem(("metric",), f"metric: {problem.message}", problem.hint)
    return prepared


def place_of(file: StudyFile, options: SearchOptions) -> Place:
    """Where the study is: by default in a directory of the name of its file."""
    name = file.path.stem
    directory = options.out or Path(file.spec.output or f"studies/{name}")
    return Place(directory, options.name or name, options.url)


def trials_asked(file: StudyFile, options: SearchOptions) -> int | None:
    """How many trials there are to be, None where time alone ends the search.

    A grid is done when all of it and the config as it is were tried.
    """
    if file.spec.sampler.name == "grid":
        most = (file.grid or 0) + 1
        return most if options.trials is None else min(options.trials, most)
    return TRIALS if options.trials is None and options.timeout is None else options.trials


def limits_of(file: StudyFile, options: SearchOptions) -> Limits:
    """How much is to be done."""
    trials = trials_asked(file, options) or 10**9
    until = inf if options.timeout is None else time.monotonic() + options.timeout
    return Limits(trials, until, options.jobs, options.threads, options.stale_after)


def work(worker: Worker, hear: Callable[[Message], None], stop: StopRequest) -> None:
    """Let as many workers work as there are to be; one whose process is killed begins again.

    So its trial is taken over. What they were asked to stop at is saved. The storage is not opened before:
    connections do not bear a fork.
    """

    def heard(_number: int, message: Any) -> None:
        hear(message)

    try:
        jobs = worker.limits.jobs
        side_by_side([worker] * jobs, jobs, heard, stop, lambda _number: True)
    except InterruptedTaskError:
        assert stop.signal is not None
