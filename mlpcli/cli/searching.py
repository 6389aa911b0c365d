"""`mlp search`: settings of a config, found by trying."""

from pathlib import Path
from typing import Annotated

import typer

from mlpcli.cli.together import searched_alone_or_together
from mlpcli.terminal.arguments import Json, Quiet, Threads, positive
from mlpcli.terminal.console import Console, reading


def search(
    study: Annotated[
        Path,
        typer.Argument(metavar="STUDY", help="The YAML file that says what is tried.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="The study's directory. Default: studies/STUDY."),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Trials altogether, those of before included. Default: 100."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            callback=positive, metavar="S", help="Stop after so many seconds; what is begun is saved."
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=256, metavar="N", help="Trials side by side, in a process each.")
    ] = 1,
    threads: Threads = None,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="journal:PATH, sqlite:///..., postgresql://..., grpc://HOST:PORT."),
    ] = None,
    study_name: Annotated[
        str | None,
        typer.Option("--study-name", metavar="NAME", help="In the storage. Default: STUDY's name."),
    ] = None,
    stale_after: Annotated[
        float,
        typer.Option(
            "--stale-after",
            min=60,
            metavar="S",
            help="Take over what another machine began, without a sign of life for so long.",
        ),
    ] = 600,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Search good settings by trying, as STUDY says. Called again, it goes on."""

    def worked() -> int:
        with Console(quiet=quiet).doing(reading(study)) as console:
            from mlpcli.searching.storage import require_optuna

            require_optuna()
            from mlpcli.commands.search import search_command
            from mlpcli.searching.search import SearchOptions

            options = SearchOptions(out, study_name, storage, trials, timeout, jobs, threads, stale_after)
            return search_command(study, options, console, json=json)

    return searched_alone_or_together(worked)
