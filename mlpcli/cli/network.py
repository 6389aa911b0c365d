"""`mlp inspect`, `mlp gradcheck`, `mlp trace`: what a network is, computes, and whether that is right."""

from pathlib import Path
from typing import Annotated

import typer

from mlpcli.terminal.arguments import (
    Against,
    Config,
    Every,
    InjectError,
    Json,
    Method,
    Model,
    Quiet,
    Seed,
    Set,
    Threads,
    positive,
)
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.usage import config_at


def inspect(model: Model, json: Json = False) -> int:
    """Show what MODEL holds: layers, features, data, metrics, config."""
    from mlpcli.commands.inspect import inspect

    return inspect(model, Console(), json=json)


def gradcheck(
    config: Config,
    method: Annotated[
        Method, typer.Option(metavar="NAME", help="How: central differences, or complex-step.")
    ] = Method.CENTRAL,
    eps: Annotated[
        float | None,
        typer.Option(metavar="STEP", callback=positive, help="One step, instead of the best of several."),
    ] = None,
    rtol: Annotated[
        float, typer.Option(metavar="X", callback=positive, help="The largest relative error that is ok.")
    ] = 1e-6,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="Training rows to check on.")] = 32,
    inject_error: InjectError = None,
    against: Against = None,
    every: Every = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Worst entries and the gradients between layers.")
    ] = False,
    overrides: Set = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Check the gradient of the network that CONFIG would train. Exit 10 unless every array is ok."""
    with Console(quiet=quiet).doing(reading(config)) as console:
        loaded = config_at(config, overrides or (), seed)
        from mlpcli.commands.gradcheck import GradcheckOptions, gradcheck
        from mlpcli.nn.gradcheck import CheckOptions

        options = GradcheckOptions(
            check=CheckOptions(method.value, rtol, eps, inject_error, every),
            rows=rows,
            against=against,
            verbose=verbose,
            json=json,
            threads=threads,
        )
        return gradcheck(loaded, options, console)


def trace(
    config: Config,
    row: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A row of the training file, from 1. Default: the first."),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(metavar="N..M", help="The training rows from N to M, as one batch: 1..3."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page (HTML) with the network drawn."),
    ] = None,
    overrides: Set = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Show a training step of CONFIG, number by number. Forward, loss, backward, update."""
    with Console(quiet=quiet).doing(reading(config)) as console:
        loaded = config_at(config, overrides or (), seed)
        from mlpcli.commands.trace import TraceOptions, trace_command
        from mlpcli.tracing.chosen_rows import asked_rows

        return trace_command(loaded, TraceOptions(asked_rows(row, rows), page, json), console)
