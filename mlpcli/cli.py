"""The command line: each command parses its arguments, calls one function and gives an exit code."""

import sys
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from mlpcli.errors import ExitCode
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.terminal.application import NAME, Command, app
from mlpcli.terminal.arguments import (
    Against,
    Assertions,
    BadRow,
    Config,
    DryRun,
    Every,
    FailWorse,
    Finish,
    Folds,
    Ids,
    IncludeInputs,
    InjectError,
    Input,
    Interval,
    Json,
    MaxParams,
    Method,
    Model,
    NoPlots,
    OnBadRow,
    Overwrite,
    OverwriteFile,
    PredictionsOut,
    Quiet,
    Recipe,
    RecipeOption,
    Resume,
    RunAssertions,
    RunOutput,
    Seed,
    Set,
    Sha256,
    Strict,
    Table,
    Targets,
    Task,
    Threads,
    positive,
    with_default_layer,
    with_folds,
    with_named_command,
)
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.process import guarded
from mlpcli.terminal.usage import ClickException, config_at, require_order, usage_error


@app.command(cls=Command)
def train(
    config: Config,
    out: RunOutput = None,
    overrides: Set = None,
    seed: Seed = None,
    folds: Folds = None,
    threads: Threads = None,
    dry_run: DryRun = False,
    resume: Resume = False,
    finish: Finish = False,
    overwrite: Overwrite = False,
    no_plots: NoPlots = False,
    fail_worse_than_baseline: FailWorse = False,
    assertions: RunAssertions = None,
    max_params: MaxParams = MAX_PARAMETERS,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a network as CONFIG says and write a run directory."""
    with Console(quiet=quiet).doing(reading(config)) as console, ExitStack() as drawn:
        loaded = config_at(config, with_folds(overrides, folds), seed)
        from mlpcli.artifacts.drawing import drawing_process

        draw = None if no_plots or dry_run else drawn.enter_context(drawing_process())
        from mlpcli.commands.train import TrainOptions, existing, train
        from mlpcli.run.training import RunOptions

        options = TrainOptions(
            run=RunOptions(out, threads, existing(resume=resume, finish=finish, overwrite=overwrite), draw),
            max_parameters=max_params,
            dry_run=dry_run,
            fail_worse_than_baseline=fail_worse_than_baseline,
            assertions=assertions or (),
            json=json,
        )
        return train(loaded, options, console)


@app.command(cls=Command)
def predict(
    model: Model,
    source: Input,
    out: PredictionsOut = None,
    ids: Ids = None,
    include_inputs: IncludeInputs = False,
    strict: Strict = False,
    on_bad_row: BadRow = OnBadRow.ERROR,
    interval: Interval = None,
    expect_sha256: Sha256 = None,
    quiet: Quiet = False,
) -> int:
    """Predict every row of INPUT with MODEL, as CSV."""
    require_order(model, source)
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.predict import PredictOptions, predict

        options = PredictOptions(
            out=out,
            ids=ids or (),
            include_inputs=include_inputs,
            strict=strict,
            empty_bad_rows=on_bad_row is OnBadRow.EMPTY,
            expect_sha256=expect_sha256,
            interval=interval,
        )
        return predict(model, source, options, console)


@app.command(cls=Command)
def evaluate(
    model: Model,
    source: Input,
    assertions: Assertions = None,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Judge MODEL on the labelled rows of INPUT."""
    require_order(model, source)
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.evaluate import EvaluateOptions, evaluate

        return evaluate(model, source, EvaluateOptions(assertions or (), json, expect_sha256), console)


@app.command(cls=Command)
def init(
    table: Table,
    targets: Targets,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The config, or - for stdout. Default: NAME.yaml."),
    ] = None,
    task: Task = None,
    recipe: Recipe = RecipeOption.STRONG,
    overwrite: OverwriteFile = False,
    quiet: Quiet = False,
) -> int:
    """Write a commented config that trains on CSV. Read it, then `mlp train` it."""
    with Console(quiet=quiet).doing(reading(table)) as console:
        from mlpcli.commands.init import InitOptions, init

        return init(table, InitOptions(targets, out, task and task.value, overwrite, recipe.value), console)


@app.command(cls=Command)
def inspect(model: Model, json: Json = False) -> int:
    """Show what MODEL holds: layers, features, data, metrics, config."""
    from mlpcli.commands.inspect import inspect

    return inspect(model, Console(), json=json)


@app.command(cls=Command)
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


@app.command(cls=Command)
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file. Default: stdout.")
    ] = None,
) -> int:
    """Print the JSON Schema of the configuration language."""
    from mlpcli.commands.schema import schema

    return schema(out, Console())


def main() -> None:
    """The entrance of the `mlp` script."""
    guarded(lambda: run(sys.argv[1:]))


def run(arguments: list[str]) -> object:
    """Run the command that the arguments name; what it returns is an exit code, none means done.

    Raises UsageError. Without arguments the help is shown, and no command is wrong usage.
    """
    if not arguments:
        with redirect_stdout(sys.stderr):
            app(["--help"], standalone_mode=False, prog_name=NAME)
        return ExitCode.USAGE
    chosen = with_named_command(app, arguments)
    try:
        return chosen(with_default_layer(arguments), standalone_mode=False, prog_name=NAME)
    except Exception as error:
        if not isinstance(error, ClickException):
            raise
        raise usage_error(error, arguments) from error
