"""`mlp train`: from a config to a run directory with a model that predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.atomic import bytes_content
from mlpcli.artifacts.drawing import Draw, drawn_here
from mlpcli.artifacts.history import (
    history_content,
    metrics_content,
)
from mlpcli.artifacts.model_file import model_content, read_model
from mlpcli.artifacts.run_directory import ARTIFACTS, Existing, RunDirectory
from mlpcli.commands.fitting import Fitted
from mlpcli.commands.history_frame import columns_of
from mlpcli.commands.job import Job, set_up
from mlpcli.commands.judge import JobJudge
from mlpcli.commands.machine import Machine
from mlpcli.commands.model_document import model_arrays, model_document, require_savable
from mlpcli.commands.results import Results, judge_run, recorded_results
from mlpcli.commands.summary import dry_run_document, dry_run_summary, run_summary
from mlpcli.commands.training_run import TrainingRun
from mlpcli.config.dump import dump_resolved
from mlpcli.config.load import Config
from mlpcli.console import Console
from mlpcli.crew.crew import Crew
from mlpcli.crew.processes import processes
from mlpcli.errors import DivergedError, ExitCode, MlpError, UsageError
from mlpcli.signals import stop_on_signals

WORSE = "the training loss is worse than that of a constant prediction"
REMEDIES = "another learning rate, more epochs, or scaled features"


@dataclass(frozen=True)
class TrainOptions:
    """What the command line says besides the config."""

    out: Path | None
    threads: int | None
    max_parameters: int
    dry_run: bool
    fail_worse_than_baseline: bool
    json: bool
    existing: Existing = Existing.MOVE_ASIDE
    draw: Draw | None = drawn_here  # None: no pictures
    crew: Callable[[int], Crew] = processes  # of so many members, where there is work for several


@dataclass(frozen=True, eq=False)
class Trained:
    """A run that has written everything, and where."""

    fitted: Fitted
    results: Results
    output: Path
    files: Sequence[str]


@dataclass(frozen=True)
class Finished:
    """A run that had nothing left to do, and its model."""

    output: Path
    model: Path


def train(config: Config, options: TrainOptions, console: Console) -> ExitCode:
    """Train as the config says and show how good the model is."""
    job = prepared_job(config, options, console)
    if options.dry_run:
        return report_dry_run(job, options, console)
    done = run(job, options, console)
    if isinstance(done, Finished):
        return report_finished(done, options, console)
    return report(job, done, options, console)


def prepared_job(config: Config, options: TrainOptions, console: Console) -> Job:
    """The job that the config describes, once its notes are told."""
    job = set_up(config, options.max_parameters)
    for note in job.prepared.notes:
        console.note(note)
    return job


def run(job: Job, options: TrainOptions, console: Console) -> Trained | Finished:
    """Train and write everything, unless the run that was to go on is finished already."""
    config = job.config
    machine = Machine.of(job, options.threads)
    require_savable(job, machine)
    with RunDirectory(output_of(config, options), options.existing) as directory, stop_on_signals() as stop:
        for note in directory.notes:
            console.note(note)
        with machine.in_use(), machine.crew(options.crew) as crew:
            judge = JobJudge.of(job, crew)
            fitted = TrainingRun(judge, directory, machine.threads, console, stop, crew).fit()
            if fitted is None:
                return Finished(output_of(config, options), directory.path / "model.npz")
            results = judge_run(judge, fitted)
        if fitted.remark is not None:
            console.note(fitted.remark)
        if fitted.warning is not None:
            console.warn(fitted.warning)
        save(job, fitted, results, directory, machine)
        if options.draw is not None:
            write_pictures(job, fitted, options.draw, directory, console)
        directory.complete()
        if stop.signal is not None:
            console.warn(f"stopped by {stop.signal.name} after the run was finished")
        return Trained(fitted, results, output_of(config, options), written(directory))


def existing(*, resume: bool, overwrite: bool) -> Existing:
    """What the command line says about a run that is there already; raises UsageError where it says both."""
    if resume and overwrite:
        raise UsageError.of("--resume and --overwrite exclude each other", hint="give one of them")
    return Existing.RESUME if resume else Existing.OVERWRITE if overwrite else Existing.MOVE_ASIDE


def output_of(config: Config, options: TrainOptions) -> Path:
    """The run directory that the command line or the config names."""
    return options.out or Path(config.spec.output or f"runs/{config.path.stem}")


def written(run: RunDirectory) -> list[str]:
    """The files of the run."""
    return [name for name in ARTIFACTS if run.has(name)]


def save(job: Job, fitted: Fitted, results: Results, run: RunDirectory, machine: Machine) -> None:
    """Write the model first, then what explains it."""
    run.write("model.npz", model_content(model_document(job, results, machine), model_arrays(job)))
    rows = [epoch.row() for epoch in fitted.history]
    run.write("history.csv", history_content(columns_of(job), rows))
    run.write("metrics.json", metrics_content(results.document()))
    run.write("config.yaml", bytes_content(dump_resolved(job.config, run.output).encode()))


def write_pictures(job: Job, fitted: Fitted, draw: Draw, run: RunDirectory, console: Console) -> None:
    """Write the pictures; the run is complete without them, so a failure is a warning."""
    try:
        best = fitted.best_epoch if fitted.best_epoch < len(fitted.history) else None
        pictures = draw([epoch.row() for epoch in fitted.history], job.config.path.stem, best)
        run.write("loss.svg", bytes_content(pictures["loss.svg"]))
        run.write("loss.png", bytes_content(pictures["loss.png"]))
    except Exception as error:  # whatever a drawing library may come up with: the model is saved
        reason = error.problems[0].message if isinstance(error, MlpError) else error
        console.warn(f"no picture of the loss: {reason}")


def report_dry_run(job: Job, options: TrainOptions, console: Console) -> ExitCode:
    """Show what would be trained."""
    require_savable(job, Machine.of(job, options.threads))
    if options.json:
        console.document(dry_run_document(job))
    else:
        console.lines(dry_run_summary(job, dump_resolved(job.config, Path())))
    return ExitCode.DONE


def report_finished(done: Finished, options: TrainOptions, console: Console) -> ExitCode:
    """Say that there is nothing to go on with; the results are those that the model carries."""
    console.note(f"the run in {done.output} is finished: nothing left to do")
    if options.json:
        results = recorded_results(read_model(done.model).meta)
        console.document({**results, "output": str(done.output)})
    return ExitCode.DONE


def report(job: Job, trained: Trained, options: TrainOptions, console: Console) -> ExitCode:
    """Show the results; raises DivergedError where the command line calls such bad ones a failure."""
    results, worse = trained.results, trained.results.status == "worse_than_baseline"
    console.note(f"wrote {trained.output}: {', '.join(trained.files)}")
    if worse and options.fail_worse_than_baseline:
        raise DivergedError.of(WORSE, hint=f"try {REMEDIES}")
    if options.json:
        console.document({**results.document(), "output": str(trained.output)})
    else:
        console.lines(run_summary(job, trained.fitted.history, results))
    if worse:
        console.warn(f"{WORSE}: try {REMEDIES}")
    return ExitCode.DONE
