"""`mlp compare`: runs side by side.

What there is to see of runs that are done.
"""

from pathlib import Path
from typing import Annotated

import typer

from mlpcli.terminal.arguments import Json, Quiet
from mlpcli.terminal.console import Console


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
    """Set runs side by side: what differs, and which is better on the same rows."""
    with Console(quiet=quiet).doing("reading the runs") as console:
        from mlpcli.commands.compare import compare

        return compare(runs, console, json=json)
