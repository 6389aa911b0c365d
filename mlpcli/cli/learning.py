"""`mlp train`, `mlp init`, `mlp doctor`: from a table to a config to a model; and what a config may say."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlpcli.cli.together import Drawing, trained_alone_or_together
from mlpcli.cli.tracking import Track
from mlpcli.config.file_names import is_database
from mlpcli.errors import UsageError
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.terminal.arguments import (
    Config,
    DryRun,
    FailWorse,
    Finish,
    Folds,
    Json,
    MaxParams,
    NoPlots,
    Overwrite,
    OverwriteFile,
    Quiet,
    Recipe,
    RecipeOption,
    Resume,
    RunAssertions,
    RunOutput,
    Seed,
    Set,
    Targets,
    Task,
    Threads,
    with_folds,
)
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.table_arguments import Query, TableName, Tables
from mlpcli.terminal.usage import config_at, rows_chosen

if TYPE_CHECKING:
    from mlpcli.parallel.ranks import Ranks


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
    track: Track = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a network as CONFIG says and write a run directory."""

    def led(drawing: Drawing, ranks: "Ranks | None") -> int:
        with Console(quiet=quiet).doing(reading(config)) as console, ExitStack() as drawn:
            loaded = config_at(config, with_folds(overrides, folds), seed)
            draw = drawn.enter_context(drawing())
            from mlpcli.commands.train import TrainOptions, existing, train
            from mlpcli.run.training import RunOptions

            how = existing(resume=resume, finish=finish, overwrite=overwrite)
            options = TrainOptions(
                run=RunOptions(out, threads, how, draw, ranks=ranks),
                max_parameters=max_params,
                dry_run=dry_run,
                fail_worse_than_baseline=fail_worse_than_baseline,
                assertions=assertions or (),
                json=json,
                track=track and track.value,
            )
            return train(loaded, options, console)

    return trained_alone_or_together(led, draws=not (no_plots or dry_run))


def doctor(
    config: Config,
    overrides: Set = None,
    seed: Seed = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 10 where something is wrong.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Look over what CONFIG would train. Its data, its network, its learning rate, what it will cost."""
    with Console(quiet=quiet).doing(reading(config)) as console:
        loaded = config_at(config, overrides or (), seed)
        from mlpcli.commands.doctor import DoctorOptions, doctor

        return doctor(loaded, DoctorOptions(strict, json), console)


def init(
    sources: Tables,
    targets: Targets,
    table: TableName = None,
    query: Query = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The config, or - for stdout. Default: NAME.yaml."),
    ] = None,
    task: Task = None,
    recipe: Recipe = RecipeOption.STRONG,
    overwrite: OverwriteFile = False,
    quiet: Quiet = False,
) -> int:
    """Write a commented config that trains on TABLE. Read it, then `mlp train` it."""
    with Console(quiet=quiet).doing(reading(sources[0])) as console:
        from mlpcli.commands.init import InitOptions, init

        chosen = rows_chosen(next(filter(is_database, sources), sources[0]), table, query)
        options = InitOptions(targets, out, task and task.value, overwrite, recipe.value, chosen)
        return init(sources, options, console)


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it to a file. Default: stdout.")
    ] = None,
    of_report: Annotated[
        bool, typer.Option("--report", help="That of report.json in a run directory instead.")
    ] = False,
    of_study: Annotated[
        bool, typer.Option("--study", help="That of the study files of `mlp search` instead.")
    ] = False,
) -> int:
    """Print the JSON Schema of the configuration language."""
    if of_report and of_study:
        raise UsageError.of("--report and --study exclude each other", hint="give one of them")
    from mlpcli.commands.schema import schema

    return schema(out, Console(), "report" if of_report else "study" if of_study else "config")
