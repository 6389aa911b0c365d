"""What a trained run leaves in its directory: the model first, then what explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from mlpcli.artifacts.atomic import bytes_content
from mlpcli.artifacts.history import (
    TRAINING_ROWS,
    VALIDATION_ROWS,
    Row,
    history_content,
    mean_rows,
    metrics_content,
)
from mlpcli.artifacts.model_file import model_content
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.errors import MlpError
from mlpcli.report.drawing import PAGE, Draw, Pictures, page_of
from mlpcli.run.calibrating import reads
from mlpcli.run.experiment import monitors
from mlpcli.run.finished import LAST_FILE
from mlpcli.run.kept_rows import (
    holds_rows_out,
    out_of_fold_content,
    predictions_content,
    splits_content,
)
from mlpcli.run.member import TrainedMember
from mlpcli.run.model_document import model_arrays, model_document
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.resources import Resources
from mlpcli.run.results import Results, columns_of, history_rows
from mlpcli.run.row_intervals import RowIntervals
from mlpcli.run.study import Study
from mlpcli.run.trained_study import TrainedStudy
from mlpcli.terminal.console import Console


def save(done: TrainedStudy, results: Results, run: RunDirectory, resources: Resources) -> None:
    """Write the model first, then what explains it."""
    study, trained = reads(done.study, results.calibrated), done.members
    kept, networks = reads(done.kept.study, results.calibrated), done.kept.members
    experiment, around = study.whole, RowIntervals.of(done, results.calibrated)
    document = model_document(kept, networks, results, resources.threads)
    arrays = model_arrays(kept, networks, results.calibrated, done.kept.scores["train"])
    run.write("model.npz", model_content(document, arrays))
    columns = columns_of(experiment, several=not study.is_single)
    rows = history_rows(study, [member.fitted for member in trained])
    run.write("history.csv", history_content(columns, rows))
    run.write("splits.csv", splits_content(experiment))
    if holds_rows_out(experiment):
        content = predictions_content(experiment, results.scores, kept.whole, around)
        run.write("predictions.csv", content)
    if study.folds:
        run.write("out_of_fold.csv", out_of_fold_content(study, done.scores_of_members, around))
    run.write("metrics.json", metrics_content(results.document()))
    run.write(LAST_FILE, bytes_content(resolved_text(experiment, run.output).encode()))


def write_what_is_drawn(
    done: TrainedStudy, results: Results, draw: Draw, run: RunDirectory, console: Console
) -> None:
    """Write the report, its page and the pictures: a failure is a warning, as the run is complete."""
    from mlpcli.run.reporting import document_of  # which many a run does without

    rows = drawn_rows(done.study, done.members)

    @cache
    def report() -> bytes:
        with _warned("no report", console):
            content = document_of(done, results, rows).content()
            run.write("report.json", bytes_content(content))
            return content
        return b""

    pictures: Pictures = {}
    with _warned("no picture of the loss", console):
        chosen = done.members[0].fitted.chosen if done.study.is_single else None
        pictures = draw(rows, done.study.config.path.stem, chosen, report)
        for picture in ("loss.svg", "loss.png"):
            run.write(picture, bytes_content(pictures[picture]))
    if report():
        with _warned("no page of the report", console):
            run.write(PAGE, bytes_content(pictures.get(PAGE) or page_of(report())))


@contextmanager
def _warned(what: str, console: Console) -> Iterator[None]:
    """Warn of whatever keeps something from being drawn: the model is saved."""
    try:
        yield
    except Exception as error:
        reason = error.problems[0].message if isinstance(error, MlpError) else error
        console.warn(f"{what}: {reason}")


def drawn_rows(study: Study, trained: Sequence[TrainedMember]) -> list[Row]:
    """Of the history what is drawn: the losses, and the metric that decides something, else the first one.

    Of several networks the mean of each epoch.
    """
    watched = [name.removeprefix(VALIDATION_ROWS) for _, name in monitors(study.config.spec)]
    metric = next((name for name in (*watched, *study.whole.metrics) if name != "loss"), None)
    wanted = [part + what for what in ("loss", metric) if what for part in (TRAINING_ROWS, VALIDATION_ROWS)]
    rows = mean_rows([[epoch.row() for epoch in member.fitted.history] for member in trained])
    return [{name: row.get(name) for name in ("epoch", *wanted)} for row in rows]
