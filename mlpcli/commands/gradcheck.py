"""`mlp gradcheck`: the gradient that training follows against numerical derivatives of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.plain_arrays import read_arrays
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.load import Config
from mlpcli.errors import DataError, ExitCode, Place
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.nn.gradcheck import ArrayCheck, Batch, CheckOptions, Moved, Report, check, compare_gradients
from mlpcli.parallel import threads
from mlpcli.run.build import architecture_of
from mlpcli.run.experiment import Experiment, experiment_of, prepared_of
from mlpcli.run.limits import check_size
from mlpcli.terminal.console import Console, counted, reading, render_within, result_stream, screen_columns
from mlpcli.terminal.screen import wrapped

# columns that a narrow screen goes without
DISPENSABLE = ("numerical", "analytic", "kinks", "checked", "shape")
WAYS = {
    "central": "central differences",
    "complex-step": "complex steps",
    "against": "their gradients beside ours",
}
VALUES = {"check": ("analytic", "numerical"), "against": ("theirs", "ours")}


@dataclass(frozen=True)
class GradcheckOptions:
    """What the command line says besides the config."""

    check: CheckOptions
    rows: int
    against: Path | None
    verbose: bool
    json: bool
    threads: int | None


def gradcheck(config: Config, options: GradcheckOptions, console: Console) -> ExitCode:
    """Check the network that `train` would train, on its first rows; exit code 0, or 10 unless all is ok."""
    check_size(config, MAX_PARAMETERS)
    with console.doing(reading(config.input_paths(("data", "train"))[0])):
        prepared = prepared_of(config)
    check_size(config, MAX_PARAMETERS, architecture_of(config, prepared))
    experiment = experiment_of(config, prepared, (), "float64")
    # thousands of small products: handing each to a second thread costs more
    what = f"checking the gradients of {counted(experiment.network.layout.size, 'parameter')}"
    with threads.limited(options.threads or 1), console.doing(what):
        report = report_of(experiment, options)
    if options.json:
        console.document(report.to_json())
    else:
        rows = min(options.rows, len(experiment.training))
        console.lines(report_lines(report, rows, verbose=options.verbose))
    annotate(report, console)
    return ExitCode.DONE if report.verdict == "ok" else ExitCode.CHECK_FAILED


def annotate(report: Report, console: Console) -> None:
    """An annotation per array that is not ok, for those who check gradients on GitHub."""
    for array in report.parameters:
        if array.verdict != "ok":
            error = "" if array.relative_error is None else f", relative error {array.relative_error:.1e}"
            console.annotate("gradient check", f"{array.name}: {array.verdict}{error}")
    for remark in (report.obstacle, report.diagnosis):
        if remark is not None:
            console.annotate("gradient check", remark)


def report_of(experiment: Experiment, options: GradcheckOptions) -> Report:
    """The check of a job's network on its first training rows."""
    part = experiment.training
    weights = None if part.weights is None else part.weights[: options.rows]
    batch = Batch(part.x[: options.rows], part.y[: options.rows], weights)
    if options.against is None:
        return check(experiment.network, batch, options.check)
    try:
        theirs = read_arrays(options.against).arrays
    except FileFormatError as error:
        raise DataError.of(error.message, Place(str(options.against)), error.hint) from error
    return compare_gradients(experiment.network, batch, theirs, options.check.rtol)


def report_lines(report: Report, rows: int, *, verbose: bool) -> list[str]:
    """The report as a person reads it: a line per array, then what is wrong and where."""
    shown = [*report.parameters, *(report.intermediates if verbose else ())]
    values = VALUES["against" if report.method == "against" else "check"]
    lines = table_of(shown, values).splitlines()
    for array in shown if verbose else ():
        lines += worst_lines(array, values)
    lines += ["", f"{report.verdict}: {WAYS[report.method]} on {counted(rows, 'row')}, rtol {report.rtol:g}"]
    remarks = (moved_line(report.moved), report.obstacle, report.diagnosis)
    return lines + [wrapped(remark, result_stream()) for remark in remarks if remark is not None]


def moved_line(moved: Moved | None) -> str | None:
    """Which entries were judged at another point, and at which."""
    if moved is None:
        return None
    many = counted(moved.entries, "parameter")
    shift = f"moved by ±{moved.least:g} to ±{moved.most:g} (seed {moved.seed})"
    return f"{many} on a kink or a sharp bend: checked with all {moved.what} {shift}"


def table_of(arrays: Sequence[ArrayCheck], values: tuple[str, str]) -> str:
    """One row an array; `values` is what the two that are compared are called."""
    columns = ("array", "shape", "checked", "kinks", "worst", *values, "error", "verdict")
    rows = [
        (
            array.name,
            "×".join(map(str, array.shape)),
            f"{array.checked:,}",
            f"{array.kinks:,}",
            _index(array.worst_index),
            _value(array.analytic),
            _value(array.numerical),
            "-" if array.relative_error is None else f"{array.relative_error:.1e}",
            array.verdict,
        )
        for array in arrays
    ]
    return render_within(columns, rows, screen_columns(), DISPENSABLE)


def worst_lines(array: ArrayCheck, values: tuple[str, str]) -> list[str]:
    """The entries of an array that are worst relative to themselves."""
    return [
        f"  {array.name}{_index(entry.index)}  {values[0]} {_value(entry.analytic)}"
        f"  {values[1]} {_value(entry.numerical)}  error {entry.entry_error:.1e}"
        for entry in array.worst
    ]


def _index(index: tuple[int, ...] | None) -> str:
    return "-" if index is None else f"[{', '.join(map(str, index))}]"


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.6e}"
