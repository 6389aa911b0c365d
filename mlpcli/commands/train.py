"""`mlp train`: from a config to a run directory with a model that predicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.model_file import read_model
from mlpcli.artifacts.run_directory import Existing
from mlpcli.commands.parts_table import PART_NAMES
from mlpcli.commands.summary import dry_run_document, dry_run_summary, run_summary
from mlpcli.config.load import Config
from mlpcli.errors import DivergedError, ExitCode, UsageError
from mlpcli.run import training
from mlpcli.run.experiment import Experiment, set_up
from mlpcli.run.model_document import require_savable
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.resources import Resources
from mlpcli.run.results import REMEDIES, WORSE, Results, recorded_results
from mlpcli.run.training import Finished, RunOptions, Trained
from mlpcli.terminal.console import Console, counted, reading
from mlpcli.training.unused_classes import unused_remark


@dataclass(frozen=True)
class TrainOptions:
    """What the command line says besides the config."""

    run: RunOptions
    max_parameters: int
    dry_run: bool
    fail_worse_than_baseline: bool
    json: bool


def train(config: Config, options: TrainOptions, console: Console) -> ExitCode:
    """Train as the config says and show how good the model is."""
    experiment = prepared_experiment(config, options, console)
    if options.dry_run:
        return report_dry_run(experiment, options, console)
    done = training.train(experiment, options.run, console)
    if isinstance(done, Finished):
        return report_finished(done, options, console)
    return report(experiment, done, options, console)


def prepared_experiment(config: Config, options: TrainOptions, console: Console) -> Experiment:
    """The job that the config describes, once its notes are told."""
    with console.doing(reading(config.input_path(("data", "train")))):
        experiment = set_up(config, options.max_parameters)
    for note in experiment.prepared.notes:
        console.note(note)
    for warning in experiment.prepared.warnings:
        console.warn(warning)
    return experiment


def existing(*, resume: bool, finish: bool, overwrite: bool) -> Existing:
    """What the command line says about a run that is there already; raises UsageError for contradictions."""
    if resume and overwrite:
        raise UsageError.of("--resume and --overwrite exclude each other", hint="give one of them")
    if finish and not resume:
        hint = "`mlp train CONFIG --resume --finish` makes the model of a run that was stopped"
        raise UsageError.of("--finish goes with --resume", hint=hint)
    if finish:
        return Existing.FINISH
    return Existing.RESUME if resume else Existing.OVERWRITE if overwrite else Existing.MOVE_ASIDE


def report_dry_run(experiment: Experiment, options: TrainOptions, console: Console) -> ExitCode:
    """Show what would be trained."""
    require_savable(experiment, Resources.of(experiment, options.run.threads))
    if options.json:
        console.document(dry_run_document(experiment))
    else:
        console.lines(dry_run_summary(experiment, resolved_text(experiment, Path())))
    return ExitCode.DONE


def report_finished(done: Finished, options: TrainOptions, console: Console) -> ExitCode:
    """Say that there is nothing to go on with; the results are those that the model carries."""
    console.note(f"the run in {done.output} is finished: nothing left to do")
    if options.json:
        results = recorded_results(read_model(done.model).meta)
        console.document({**results, "output": str(done.output)})
    return ExitCode.DONE


def remarks(experiment: Experiment, results: Results) -> Iterator[str]:
    """What the table of results does not say by itself."""
    yield from leaks(experiment)
    if results.worse_held_out:
        parts = " and ".join(PART_NAMES[name] for name in results.worse_held_out)
        yield f"the loss on the {parts} rows is above that of a constant prediction"
    if results.unused:
        yield unused_remark(results.unused)
    if experiment.config.spec.class_weight is not None and experiment.decoder.probabilistic:
        yield "with class_weight the probabilities are not the shares of the rows that have a class"


def leaks(experiment: Experiment) -> Iterator[str]:
    """The parts with files of their own in which rows are that train."""
    data = experiment.config.spec.data
    for part, source in (("val", data.validation), ("test", data.test)):
        if isinstance(source, str):
            rows = experiment.parts[part].rows
            overlap = experiment.row_digests.overlap(rows.x, rows.y)
            if overlap.training_rows:
                yield overlap.remark(counted(overlap.rows, f"{PART_NAMES[part]} row"))


def report(experiment: Experiment, trained: Trained, options: TrainOptions, console: Console) -> ExitCode:
    """Show the results; raises DivergedError where the command line calls such bad ones a failure."""
    results, worse = trained.results, trained.results.status == "worse_than_baseline"
    console.note(f"wrote {trained.output}: {', '.join(trained.files)}")
    if worse and options.fail_worse_than_baseline:
        raise DivergedError.of(WORSE, hint=f"try {REMEDIES}")
    if options.json:
        console.document({**results.document(), "output": str(trained.output)})
    else:
        console.lines(run_summary(experiment, trained.fitted, results))
    if worse:
        console.warn(f"{WORSE}: try {REMEDIES}")
    for remark in remarks(experiment, results):
        console.note(remark)
    return ExitCode.DONE
