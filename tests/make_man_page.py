"""Writes mlpcli/mlp.1, the manual page, from the application itself; tests/make_reference.py does so too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from mlpcli import __version__
from mlpcli.cli import app
from mlpcli.terminal.application import EPILOG

PAGE = Path(__file__).resolve().parents[1] / "mlpcli" / "mlp.1"
ENVIRONMENT = {
    "MLP_DEBUG": "Where it is 1, an error shows its traceback too.",
    "OPENBLAS_NUM_THREADS": "The threads of a training, where --threads does not say; else OMP_NUM_THREADS.",
    "NO_COLOR": "Where it is set, curves on a terminal have no colours.",
}


def man_page() -> str:
    """The whole page, in the man macros."""
    group: Any = typer.main.get_command(app)
    exits, _, begin = EPILOG.partition("\n\n\b\n")
    lines = [
        r".\" Made by `python tests/make_reference.py`: change the code, not this file.",
        f'.TH MLP 1 "" "mlp {__version__}" "User Commands"',
        ".SH NAME",
        rf"mlp \- {text(group.help.strip().rstrip('.').replace('Train', 'train', 1))}",
        ".SH SYNOPSIS",
        ".B mlp",
        r".I COMMAND",
        r"[\fIOPTIONS\fR] \fIARGUMENTS\fR",
        ".SH COMMANDS",
        *(line for name, command in group.commands.items() for line in section(name, command)),
        ".SH EXIT STATUS",
        *(
            line
            for code in re.split(r"\s·\s", exits.removeprefix("Exit codes: "))
            for line in exit_status(code)
        ),
        ".SH ENVIRONMENT",
        *(line for name, meaning in ENVIRONMENT.items() for line in tagged(bold(name), meaning)),
        ".SH EXAMPLES",
        ".nf",
        *(text(line.strip()) for line in begin.splitlines()[1:]),
        ".fi",
    ]
    return "\n".join(lines) + "\n"


def section(name: str, command: Any) -> Iterator[str]:
    """A command with its arguments and flags."""
    yield f".SS mlp {name}"
    yield text(" ".join((command.help or "").split()))
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield from tagged(rf"\fI{text(parameter.metavar)}\fR", parameter.help)
            continue
        given, kind = parameter.default, parameter.type_descriptor.annotation
        value = "" if parameter.is_flag else parameter.metavar or ""
        if isinstance(kind, type) and issubclass(kind, Enum):
            value, given = "|".join(member.value for member in kind), given and given.value
        shown = "" if given is None or parameter.is_flag else f" Default: {given}."
        flags = ", ".join(bold(flag) for flag in parameter.opts)
        yield from tagged(f"{flags} {italic(value)}".strip(), parameter.help + shown)


def exit_status(code: str) -> list[str]:
    """A code and what it means: `9\\nout of memory`."""
    number, _, meaning = " ".join(code.split()).partition(" ")
    return tagged(bold(number), meaning)


def tagged(tag: str, meaning: str) -> list[str]:
    """A paragraph with a tag."""
    return [".TP", tag, text(meaning)]


def bold(words: str) -> str:
    """Words to be typed."""
    return rf"\fB{text(words)}\fR"


def italic(words: str) -> str:
    """A word to be replaced; nothing for none."""
    return rf"\fI{text(words)}\fR" if words else ""


def text(words: str) -> str:
    """Plain words: no character of them is a command of the formatter."""
    safe = words.replace("\\", r"\e").replace("-", r"\-").replace("`", "")
    return rf"\&{safe}" if safe.startswith((".", "'")) else safe


if __name__ == "__main__":
    PAGE.write_text(man_page(), "utf-8")
