"""Training a run and writing its directory, for `mlp train` and for Python's `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mlpcli.artifacts.run_directory import Existing, RunDirectory
from mlpcli.artifacts.run_files import ARTIFACTS
from mlpcli.config.load import Config
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.process_pool import process_pool
from mlpcli.parallel.ranks import Ranks
from mlpcli.parallel.threads import of_machine
from mlpcli.report.drawing import Draw, drawn_here
from mlpcli.run.finished import (
    is_finished_already,
    is_finished_without_a_checkpoint,
    is_refitted,
    written_results,
)
from mlpcli.run.member import TrainedMember, trained_members
from mlpcli.run.member_tasks import train_members, warned
from mlpcli.run.members_on_ranks import members_by_ranks
from mlpcli.run.model_document import require_savable
from mlpcli.run.on_ranks import trained_by_ranks
from mlpcli.run.resources import Resources
from mlpcli.run.results import Results, judge
from mlpcli.run.saving import save, write_what_is_drawn
from mlpcli.run.study import Study
from mlpcli.run.surroundings import Observing, Surroundings, watched_by
from mlpcli.run.trained_study import TrainedStudy, refit_of
from mlpcli.signals import StoppedBySignal, StopRequest, stop_on_signals
from mlpcli.terminal.console import Console
from mlpcli.terminal.members_progress import Hear, Message, members_progress
from mlpcli.terminal.progress import progress
from mlpcli.training.callbacks import Callback, Epoch, observer_of


@dataclass(frozen=True)
class Listener:
    """Who hears of a training: of every epoch of one network, and of several what each tells.

    `hears_again` where networks are trained again, on all rows: their epochs have the same numbers.
    """

    observing: Observing
    hear: Hear
    hears_again: bool = True


def telling(callback: Callback) -> Listener:
    """Who passes on what is heard of one network, or of several; raises TypeError for what is no callback."""
    observer = observer_of(callback)

    def hear(number: int, message: Message) -> None:
        if isinstance(message, Epoch):
            callback(replace(message, member=number + 1))

    return Listener(lambda _epochs, _past: nullcontext(observer), hear)


@dataclass(frozen=True)
class RunOptions:
    """Where a run goes, and who does the work."""

    out: Path | None = None  # None: where the config says
    threads: int | None = None
    existing: Existing = Existing.MOVE_ASIDE
    draw: Draw | None = drawn_here  # None: no pictures, no report
    pool: Callable[[int], WorkerPool] = process_pool  # of so many workers, where there is work for several
    forks: bool = True  # whether networks may be trained side by side, in processes of their own
    in_turn: bool = (
        False  # whether one is trained after the other, so that what is heard of one may end it all
    )
    listeners: tuple[Listener, ...] = ()  # who hears of every epoch besides whoever looks at the console
    ranks: Ranks | None = None  # the processes of a launcher, where this is the one that leads them


@dataclass(frozen=True, eq=False)
class Trained:
    """A run that has written everything, and where."""

    done: TrainedStudy
    results: Results
    output: Path
    files: Sequence[str]

    @property
    def members(self) -> Sequence[TrainedMember]:
        """The networks whose training the history tells."""
        return self.done.members


@dataclass(frozen=True)
class Finished:
    """A run that had nothing left to do, and its results as metrics.json has them."""

    output: Path
    results: Mapping[str, Any]


def train(study: Study, options: RunOptions, console: Console) -> Trained | Finished:
    """Train and write everything, unless the run that was to go on is finished already."""
    resources = resources_of(study, options)  # whose errors come before anything is moved
    output = output_of(study.config, options)
    request = None if options.ranks is None else options.ranks.stop
    with RunDirectory(output, options.existing) as directory, stop_on_signals(request) as stop:
        around = Surroundings(directory, resources.threads, console, stop)
        with stops(stop, console):
            done = train_in(study, around, options)
        if stop.signal is not None and isinstance(done, Trained):
            console.warn(f"stopped by {stop.signal.name} after the run was finished")
        return done


def resources_of(study: Study, options: RunOptions) -> Resources:
    """What of this machine it takes; raises where the model could not be saved."""
    processors = None if options.ranks is None else of_machine()
    resources = Resources.of(study.whole, options.threads, len(study.members), processors)
    for stage in study.stages:
        require_savable(stage, resources.threads)
    return resources


def train_in(study: Study, around: Surroundings, options: RunOptions) -> Trained | Finished:
    """The same in a run directory that is in use already.

    Raises InterruptedTaskError where a stop was asked for; what there is then is saved.
    """
    directory, console = around.run, around.console
    resources = resources_of(study, options)
    told = tell(directory, 0, console)
    if is_finished_without_a_checkpoint(study, directory):
        return Finished(directory.shown, written_results(directory))
    around = replace(around, only_finish=options.existing is Existing.FINISH)
    done = train_stages(study, around, resources, options)
    if is_finished_already(done, directory):
        return Finished(directory.shown, written_results(directory))
    results = judge(done)
    tell_of_trainings(done.trainings, results, console)
    save(done, results, directory, resources)
    if options.draw is not None:
        write_what_is_drawn(done, results, options.draw, directory, console)
    directory.complete()
    tell(directory, told, console)
    return Trained(done, results, directory.shown, written(directory))


def train_stages(
    study: Study, around: Surroundings, resources: Resources, options: RunOptions
) -> TrainedStudy:
    """Train every network, and again on all rows where that is asked for.

    A run that is only to be finished trains none again: the networks are those that it has.
    """
    first = TrainedStudy(study, train_all(study, around, resources, options))
    again = refit_of(study, first.best_epochs)
    if again is None:
        return first
    if around.only_finish and not is_refitted(around.run):
        around.console.note("--finish: no network is trained again on all rows; --resume does it")
        return first
    later = replace(options, listeners=tuple(one for one in options.listeners if one.hears_again))
    return replace(first, refit=TrainedStudy(again, train_all(again, around, resources, later)))


def train_all(
    study: Study, around: Surroundings, resources: Resources, options: RunOptions
) -> list[TrainedMember]:
    """Train every network: one by workers who share its steps, several side by side."""
    console, listeners = around.console, options.listeners
    around = replace(
        around, observing=watched_by(partial(progress, console), *(one.observing for one in listeners))
    )
    if study.is_single and options.ranks is not None:
        return trained_by_ranks(study.members, around, resources, options.ranks)
    if study.is_single:
        with resources.in_use(), resources.pool(options.pool) as pool:
            return trained_members(study.members, [around], pool)
    names = [member.name for member in study.members]
    own = resources if options.forks else replace(resources, side_by_side=1)
    if options.in_turn:
        own = replace(own, side_by_side=1, together=False)
    with members_progress(console, names) as shown:
        hear = heard_by(shown, *(one.hear for one in listeners))
        if options.ranks is not None:
            found = members_by_ranks(study.members, around, resources.parts, options.ranks, hear)
            return warned(found, console)
        return train_members(study.members, around, own, hear)


def heard_by(*listening: Hear) -> Hear:
    """All of them, each told everything."""

    def hear(number: int, message: Message) -> None:
        for one in listening:
            one(number, message)

    return hear


@contextmanager
def stops(stop: StopRequest, console: Console) -> Iterator[None]:
    """Where a training was asked to stop and has saved what it had, say so and die by the signal."""
    try:
        yield
    except InterruptedTaskError as error:
        assert stop.signal is not None
        where, *what_next = error.args
        next_ = "".join(f": {text}" for text in what_next)
        console.warn(f"stopped in {where} by {stop.signal.name}{next_}")
        raise StoppedBySignal(stop.signal) from None


def tell_of_trainings(trained: Sequence[TrainedMember], results: Results, console: Console) -> None:
    """Say what one should know about the trainings, or be warned of: once where it is the same."""
    fits = [member.fitted for member in trained]
    console.notes(dict.fromkeys(fitted.remark for fitted in fits if fitted.remark is not None))
    warnings = (fitted.warning for fitted in fits if fitted.warning is not None)
    for warning in (*dict.fromkeys(warnings), *results.calibrated.warnings):
        console.warn(warning)


def tell(directory: RunDirectory, told: int, console: Console) -> int:
    """Tell what was moved since so many notes; how many there are now."""
    for note in directory.notes[told:]:
        console.note(note)
    return len(directory.notes)


def output_of(config: Config, options: RunOptions) -> Path:
    """The run directory that the command line or the config names."""
    return options.out or Path(config.spec.output or f"runs/{config.path.stem}")


def written(run: RunDirectory) -> list[str]:
    """The files of the run."""
    return [name for name in ARTIFACTS if run.has(name)]
