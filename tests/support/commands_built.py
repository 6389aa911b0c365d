"""The parser of each command, built once in a process: a command line runs one, tests run thousands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer


def once(build: Callable[[typer.Typer], Any]) -> Callable[[typer.Typer], Any]:
    """The same function, which gives the same parser to applications of the same commands."""
    built: dict[tuple[object, ...], Any] = {}

    def given(application: typer.Typer) -> Any:
        commands = tuple(command.callback for command in application.registered_commands)
        if commands not in built:
            built[commands] = build(application)
        return built[commands]

    return given
