"""`mlp report` and `mlp compare`: runs that are done, each on its page, and side by side."""

from pathlib import Path
from typing import Annotated

import typer

from mlpcli.terminal.arguments import Json, Quiet
from mlpcli.terminal.console import Console, reading


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Run directories of `mlp train`; each is compared with the first.",
            show_default=False,
        ),
    ],
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Set runs side by side. What differs, and which is better on the same rows."""
    with Console(quiet=quiet).doing("reading the runs") as console:
        from mlpcli.commands.compare import compare

        return compare(runs, console, json=json)


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Run directories of `mlp train`.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The page, or - for stdout. Default: the run's, report.html."
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Draw the page of a run again, or of several runs side by side."""
    with Console(quiet=quiet).doing(reading(runs[0])) as console:
        from mlpcli.commands.report import report

        return report(runs, out, console, json=json)
