"""The application without its commands: its name, its help, its version."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from mlpcli import __version__
from mlpcli.memory import require_libraries
from mlpcli.terminal.console import Console

NAME = "mlp"  # however it was started
# the line of \b keeps those after it as they are; what a beginner needs stays on the screen, at the end
EPILOG = """Exit codes: 0 done · 1 a bug in mlp · 2 wrong usage · 3 wrong config · 4 wrong data ·
5 wrong model file · 6 output not written · 7 training diverged · 8 run directory in use ·
9 out of memory · 10 a check failed · 129/130/143 stopped by SIGHUP/SIGINT/SIGTERM after saving ·
141 SIGPIPE

\b
To begin:
  mlp init data.csv --target COLUMN        # a config
  mlp train data.yaml                      # runs/data
  mlp predict runs/data/model.npz new.csv  # other rows"""


class Command(TyperCommand):
    """A command whose usage line has the names of its arguments as they are."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`[OPTIONS]`, then the arguments; without what some versions of typer add: `{RUN...}...`."""
        return [re.sub(r"[{]|(\.\.\.)?}", "", piece) for piece in super().collect_usage_pieces(ctx)]


app = typer.Typer(
    name=NAME,
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
    """Train neural networks: a YAML file says what, a table says on what."""
    require_libraries()
