"""`mlp trace`: one training step of a row or a few, number by number, and what the optimizer makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlpcli.artifacts.atomic import bytes_content, write_atomically
from mlpcli.commands.summary import task_line
from mlpcli.commands.trace_tables import trace_lines
from mlpcli.config.load import Config
from mlpcli.errors import ExitCode
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel import threads
from mlpcli.run.build import architecture_of
from mlpcli.run.experiment import Experiment, experiment_of, prepared_of
from mlpcli.run.first_update import first_update
from mlpcli.run.limits import check_size, dtype_of
from mlpcli.storage.rows import taken
from mlpcli.terminal.console import Console, reading
from mlpcli.tracing.chosen_rows import positions, rows_to_trace
from mlpcli.tracing.page import page_of
from mlpcli.tracing.recording import Rows, trace
from mlpcli.tracing.summary import document
from mlpcli.tracing.values import Trace, Update


@dataclass(frozen=True)
class TraceOptions:
    """What the command line says besides the config: the rows that are asked for, and how it is shown."""

    rows: range | None
    page: Path | None
    json: bool


def trace_command(config: Config, options: TraceOptions, console: Console) -> ExitCode:
    """Trace the network that `train` would train, from its starting weights."""
    check_size(config, MAX_PARAMETERS)
    with console.doing(reading(config.input_paths(("data", "train"))[0])):
        prepared = prepared_of(config, dtype_of(config))
    check_size(config, MAX_PARAMETERS, architecture_of(config, prepared))
    experiment = experiment_of(config, prepared, (), dtype_of(config))
    with threads.limited(1):
        found = trace_of(experiment, options.rows)
    task = task_line(prepared.target)
    if options.page is not None:
        page = page_of(found, config.path.name, task)
        write_atomically(options.page, bytes_content(page.encode()))
        console.note(f"wrote {options.page}")
    if options.json:
        console.document(document(found, task))
    elif options.page is None:
        console.lines(trace_lines(found, task))
    return ExitCode.DONE


def trace_of(experiment: Experiment, asked: range | None) -> Trace:
    """The trace of some training rows of an experiment; its network is then one update further."""
    network, origins, part = experiment.network, experiment.prepared.origins, experiment.training
    numbers = rows_to_trace(asked, origins, 2 if network.architecture.gathers else 1)
    at = positions(numbers, origins)
    weights = None if part.weights is None else part.weights[at]
    rows = Rows(
        taken(part.x, at),
        part.y[at],
        weights,
        numbers,
        experiment.prepared.inputs.names,
        output_names(experiment),
    )
    return trace(network, rows, lambda: _updated(experiment, rows))


def _updated(experiment: Experiment, rows: Rows) -> Update:
    done = first_update(experiment, rows.x, rows.y, rows.weights)
    return Update(experiment.config.spec.optimizer.name, done.formula, done.rate, ())


def output_names(experiment: Experiment) -> tuple[str, ...]:
    """What the outputs of a network are called: classes, or columns of the target."""
    target = experiment.prepared.target
    if target.task != "classification":
        return target.columns
    return target.classes if target.outputs > 1 else (str(target.classes[-1]),)
