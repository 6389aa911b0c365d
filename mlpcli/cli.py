"""The command line: each command parses its arguments, calls one function and gives an exit code."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from mlpcli import __version__
from mlpcli.memory import MAX_PARAMETERS, require_libraries
from mlpcli.terminal.arguments import (
    Config,
    DryRun,
    FailWorse,
    InjectError,
    Input,
    Json,
    MaxParams,
    Method,
    Model,
    OnBadRow,
    Quiet,
    Resume,
    RunOutput,
    Seed,
    Set,
    Sha256,
    Table,
    TaskName,
    Threads,
    positive,
    with_default_layer,
    with_named_command,
)
from mlpcli.terminal.console import Console
from mlpcli.terminal.process import guarded

EPILOG = """Exit codes: 0 done · 1 a bug in mlp · 2 wrong usage · 3 wrong config · 4 wrong data ·
5 wrong model file · 6 output not written · 7 training diverged · 8 run directory in use ·
9 out of memory · 10 a check failed · 129/130/143 stopped by SIGHUP/SIGINT/SIGTERM after saving ·
141 SIGPIPE"""

app = typer.Typer(
    name="mlp",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        Console().result(f"mlp {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train neural networks on tables: a YAML file says what, a CSV says on what."""
    require_libraries()


@app.command()
def train(
    config: Config,
    out: RunOutput = None,
    overrides: Set = None,
    seed: Seed = None,
    threads: Threads = None,
    dry_run: DryRun = False,
    resume: Resume = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run that is there instead of moving it aside.")
    ] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Write no pictures.")] = False,
    fail_worse_than_baseline: FailWorse = False,
    max_params: MaxParams = MAX_PARAMETERS,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a network as CONFIG says and write a run directory."""
    from mlpcli.config.load import load_config

    loaded = load_config(config, overrides or (), seed)
    from mlpcli.artifacts.drawing import drawing_process

    with nullcontext() if no_plots or dry_run else drawing_process() as draw:
        from mlpcli.commands.train import TrainOptions, existing, train
        from mlpcli.run.training import RunOptions

        options = TrainOptions(
            run=RunOptions(out, threads, existing(resume=resume, overwrite=overwrite), draw),
            max_parameters=max_params,
            dry_run=dry_run,
            fail_worse_than_baseline=fail_worse_than_baseline,
            json=json,
        )
        return train(loaded, options, Console(quiet=quiet))


@app.command()
def predict(
    model: Model,
    source: Input,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="A .csv or .tsv, either with .gz. Default: stdout."),
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="COL", help="An input column to keep. Repeatable.")
    ] = None,
    include_inputs: Annotated[
        bool, typer.Option("--include-inputs", help="Keep every input column.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="An unseen category is an error.")] = False,
    on_bad_row: Annotated[
        OnBadRow, typer.Option("--on-bad-row", help="What becomes of a row that cannot be encoded.")
    ] = OnBadRow.ERROR,
    expect_sha256: Sha256 = None,
    quiet: Quiet = False,
) -> int:
    """Predict every row of INPUT with MODEL, as CSV."""
    from mlpcli.commands.predict import PredictOptions, predict

    options = PredictOptions(
        out=out,
        ids=ids or (),
        include_inputs=include_inputs,
        strict=strict,
        empty_bad_rows=on_bad_row is OnBadRow.EMPTY,
        expect_sha256=expect_sha256,
    )
    return predict(model, source, options, Console(quiet=quiet))


@app.command()
def evaluate(
    model: Model,
    source: Input,
    assertions: Annotated[
        list[str] | None,
        typer.Option(
            "--assert", metavar="CLAIM", help="Exit 10 unless it holds: 'accuracy>=0.9'. Repeatable."
        ),
    ] = None,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Judge MODEL on the labelled rows of INPUT."""
    from mlpcli.commands.evaluate import EvaluateOptions, evaluate

    options = EvaluateOptions(assertions or (), json, expect_sha256)
    return evaluate(model, source, options, Console(quiet=quiet))


@app.command()
def init(
    table: Table,
    targets: Annotated[
        list[str], typer.Option("--target", metavar="COL", help="The column to predict. Repeatable.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The config, or - for stdout. Default: NAME.yaml."),
    ] = None,
    task: Annotated[TaskName | None, typer.Option(help="What to learn; default: seen in the target.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    quiet: Quiet = False,
) -> int:
    """Write a config that trains on CSV, with a comment on every line. Read it, then `mlp train` it."""
    from mlpcli.commands.init import InitOptions, init

    return init(table, InitOptions(targets, out, task and task.value, overwrite), Console(quiet=quiet))


@app.command()
def inspect(model: Model, json: Json = False) -> int:
    """Show what MODEL holds: layers, features, training data, metrics, config, sha256."""
    from mlpcli.commands.inspect import inspect

    return inspect(model, Console(), json=json)


@app.command()
def gradcheck(
    config: Config,
    method: Annotated[Method, typer.Option(help="How derivatives are estimated.")] = Method.CENTRAL,
    eps: Annotated[
        float | None,
        typer.Option(metavar="STEP", callback=positive, help="One step, instead of the best of several."),
    ] = None,
    rtol: Annotated[
        float, typer.Option(metavar="X", callback=positive, help="The largest relative error that is ok.")
    ] = 1e-6,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="Training rows to check on.")] = 32,
    inject_error: InjectError = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Compare the gradients in FILE with ours.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every entry, of networks beyond 50,000 parameters too.")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Worst entries and the gradients between layers.")] = False,
    overrides: Set = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Check the gradient of the network that CONFIG would train. Exit 10 unless every array is ok."""
    from mlpcli.config.load import load_config

    loaded = load_config(config, overrides or (), seed)
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
    return gradcheck(loaded, options, Console(quiet=quiet))


@app.command()
def schema() -> int:
    """Print the JSON Schema of the configuration language."""
    from mlpcli.commands.schema import schema

    return schema(Console())


def main() -> None:
    """The entrance of the `mlp` script."""
    guarded(lambda: run(sys.argv[1:]))


def run(arguments: list[str]) -> object:
    """Run the command that the arguments name; what it returns is an exit code, none means done."""
    return with_named_command(app, arguments)(with_default_layer(arguments), standalone_mode=False)
