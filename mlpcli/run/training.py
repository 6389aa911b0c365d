"""Training an experiment and writing its run directory, for `mlp train` and for Python's `train`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.atomic import bytes_content
from mlpcli.artifacts.drawing import Draw, drawn_here
from mlpcli.artifacts.history import TRAINING_ROWS, VALIDATION_ROWS, Row, history_content, metrics_content
from mlpcli.artifacts.model_file import model_content
from mlpcli.artifacts.run_directory import Existing, RunDirectory
from mlpcli.artifacts.run_files import ARTIFACTS
from mlpcli.config.load import Config
from mlpcli.errors import MlpError
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.process_pool import process_pool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator, monitors
from mlpcli.run.fit import FitResult
from mlpcli.run.kept_rows import predictions_content, splits_content
from mlpcli.run.model_document import model_arrays, model_document, require_savable
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.resources import Resources
from mlpcli.run.results import Results, columns_of, evaluate_run
from mlpcli.run.training_run import TrainingRun
from mlpcli.signals import stop_on_signals
from mlpcli.terminal.console import Console


@dataclass(frozen=True)
class RunOptions:
    """Where a run goes, and who does the work."""

    out: Path | None = None  # None: where the config says
    threads: int | None = None
    existing: Existing = Existing.MOVE_ASIDE
    draw: Draw | None = drawn_here  # None: no pictures
    pool: Callable[[int], WorkerPool] = process_pool  # of so many workers, where there is work for several


@dataclass(frozen=True, eq=False)
class Trained:
    """A run that has written everything, and where."""

    fitted: FitResult
    results: Results
    output: Path
    files: Sequence[str]


@dataclass(frozen=True)
class Finished:
    """A run that had nothing left to do, and its model."""

    output: Path
    model: Path


def train(experiment: Experiment, options: RunOptions, console: Console) -> Trained | Finished:
    """Train and write everything, unless the run that was to go on is finished already."""
    config = experiment.config
    resources = Resources.of(experiment, options.threads)
    require_savable(experiment, resources)
    with RunDirectory(output_of(config, options), options.existing) as directory, stop_on_signals() as stop:
        told = tell(directory, 0, console)
        with resources.in_use(), resources.pool(options.pool) as pool:
            evaluator = ExperimentEvaluator.of(experiment, pool)
            only_finish = options.existing is Existing.FINISH
            run = TrainingRun(evaluator, directory, resources.threads, console, stop, pool, only_finish)
            fitted = run.fit()
            if fitted is None:
                return Finished(output_of(config, options), directory.path / "model.npz")
            results = evaluate_run(evaluator, fitted)
        if fitted.remark is not None:
            console.note(fitted.remark)
        if fitted.warning is not None:
            console.warn(fitted.warning)
        save(experiment, fitted, results, directory, resources)
        if options.draw is not None:
            write_pictures(experiment, fitted, options.draw, directory, console)
        directory.complete()
        tell(directory, told, console)
        if stop.signal is not None:
            console.warn(f"stopped by {stop.signal.name} after the run was finished")
        return Trained(fitted, results, output_of(config, options), written(directory))


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


def save(
    experiment: Experiment, fitted: FitResult, results: Results, run: RunDirectory, resources: Resources
) -> None:
    """Write the model first, then what explains it."""
    run.write(
        "model.npz", model_content(model_document(experiment, results, resources), model_arrays(experiment))
    )
    rows = [epoch.row() for epoch in fitted.history]
    run.write("history.csv", history_content(columns_of(experiment), rows))
    run.write("splits.csv", splits_content(experiment))
    if results.scores:
        run.write("predictions.csv", predictions_content(experiment, results.scores))
    run.write("metrics.json", metrics_content(results.document()))
    run.write("config.yaml", bytes_content(resolved_text(experiment, run.output).encode()))


def drawn_rows(experiment: Experiment, fitted: FitResult) -> list[Row]:
    """Of the history what is drawn: the losses, and the metric that decides something, else the first one."""
    watched = [monitor.removeprefix(VALIDATION_ROWS) for _, monitor in monitors(experiment.config.spec)]
    metric = next((name for name in (*watched, *experiment.metrics) if name != "loss"), None)
    wanted = [part + what for what in ("loss", metric) if what for part in (TRAINING_ROWS, VALIDATION_ROWS)]
    rows = (epoch.row() for epoch in fitted.history)
    return [{name: row.get(name) for name in ("epoch", *wanted)} for row in rows]


def write_pictures(
    experiment: Experiment, fitted: FitResult, draw: Draw, run: RunDirectory, console: Console
) -> None:
    """Write the pictures; the run is complete without them, so a failure is a warning."""
    try:
        pictures = draw(drawn_rows(experiment, fitted), experiment.config.path.stem, fitted.chosen)
        run.write("loss.svg", bytes_content(pictures["loss.svg"]))
        run.write("loss.png", bytes_content(pictures["loss.png"]))
    except Exception as error:  # whatever a drawing library may come up with: the model is saved
        reason = error.problems[0].message if isinstance(error, MlpError) else error
        console.warn(f"no picture of the loss: {reason}")
