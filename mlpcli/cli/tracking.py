"""`mlp log`: a run told to a tracker of experiments; and how `mlp train` is asked to do so."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlpcli.terminal.arguments import Quiet
from mlpcli.terminal.console import Console


class TrackerName(StrEnum):
    """What a run can be told to."""

    MLFLOW = "mlflow"
    WANDB = "wandb"
    TENSORBOARD = "tensorboard"


Track = Annotated[
    TrackerName | None,
    typer.Option(
        "--track",
        metavar="NAME",
        help="Tell mlflow, wandb or tensorboard of the run as it goes. Nothing depends on it.",
    ),
]


def log(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory of `mlp train`.", show_default=False)
    ],
    to: Annotated[TrackerName, typer.Option("--to", metavar="NAME", help="mlflow, wandb or tensorboard.")],
    experiment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The experiment, or project. Default: as the tracker has it."),
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Tell a tracker of experiments about a run that is done. Once: a second time it is there already."""
    with Console(quiet=quiet).doing(f"telling {to.value}") as console:
        from mlpcli.commands.log import log

        return log(run, to.value, experiment, console)
