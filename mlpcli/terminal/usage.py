"""What is wrong with a command line, and what to type instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mlpcli.config.file_names import is_database, suffix_of
from mlpcli.errors import ConfigError, DataError, MlpError, Place, UsageError
from mlpcli.terminal.flag_hints import all_paths, meant_by_flag, setting

if TYPE_CHECKING:
    from mlpcli.config.load import Config
    from mlpcli.tables.source import Chosen

# the kind of every usage error; typer names BadParameter only, whose parents are UsageError and this one
ClickException = typer.BadParameter.__mro__[2]
# what those who read the command line for us say of a value, the longer ones first
REWORDED = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "expected a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "expected a number"),
    ("Input should be", "expected a number"),
    ("requires an argument", "needs a value"),
    (":\n\t", ": "),
    (",\n\t", ", "),
)
EXTRA = re.compile(r"Got unexpected extra argument\(?s?\)? \((.*)\)", re.DOTALL)
# what stands first where a command should
COMMANDS_ELSEWHERE = {
    "fit": "train",
    "run": "train",
    "learn": "train",
    "infer": "predict",
    "apply": "predict",
    "eval": "evaluate",
    "score": "evaluate",
    "test": "evaluate",
    "new": "init",
    "create": "init",
    "show": "inspect",
    "info": "inspect",
    "describe": "inspect",
    "check": "gradcheck",
}
CONFIGS, MODELS = (".yaml", ".yml"), (".npz",)  # what their names end with
# what is asked for where a parameter is missing
WANTED = {
    "config": "name a config; `mlp init data.csv --target COLUMN` writes one",
    "model": "name a model: `mlp train CONFIG` writes it as model.npz into the run directory",
    "source": "name a table after the model, or - for standard input",
    "table": "name a table: `mlp init data.csv --target COLUMN`",
    "targets": "say which column is to be predicted: --target COLUMN",
}


def usage_error(error: Exception, arguments: Sequence[str]) -> MlpError:
    """What a person reads for an error of the kind ClickException."""
    message = str(getattr(error, "format_message", error.__str__)()) or "wrong usage"
    context = getattr(error, "ctx", None)
    command = context.command_path if context else f"mlp {arguments[0]}"
    help_of = f"see `{command} --help`"
    flags = flags_of(context.command) if context else []
    hint: str | None = None
    if hasattr(error, "possibilities"):
        flag = str(getattr(error, "option_name", ""))
        message, hint = f"no such option: {flag}", meant_by_flag(flag, flags, arguments)
    elif extra := EXTRA.match(message):
        message = f"unexpected extra argument: {extra[1]}"
        hint = meant_by_extra(extra[1], flags, arguments)
    elif message.startswith("Missing "):
        hint = WANTED.get(str(getattr(getattr(error, "param", None), "name", "")))
    elif arguments and message.startswith("No such command") and "Did you mean" not in message:
        hint = meant_by_command(arguments[0])
    for theirs, ours in REWORDED:
        message = message.replace(theirs, ours)
    return UsageError.of(message[0].lower() + message[1:].rstrip("."), hint=hint or help_of)


def flags_of(command: Any) -> list[str]:
    """The long flags of a command."""
    every = [flag for param in command.params for flag in (*param.opts, *param.secondary_opts)]
    return [flag for flag in every if flag.startswith("--")]


def meant_by_command(word: str) -> str | None:
    """What to type for what is no command: another tool's, or a file."""
    command = command_for(word)
    if command is not None:
        return f"did you mean `mlp {command}`?"
    ours = COMMANDS_ELSEWHERE.get(word)
    return f"it is called `{ours}` here" if ours else None


def command_for(path: str) -> str | None:
    """The command that makes sense of a file, by its name."""
    file = shlex.quote(path)
    if path.endswith(CONFIGS):
        return f"train {file}"
    if path.endswith(MODELS):
        return f"inspect {file}"
    from mlpcli.tables.reader import OPENERS

    return f"init {file} --target COLUMN" if suffix_of(path) in OPENERS else None


def meant_by_extra(extra: str, flags: Sequence[str], arguments: Sequence[str]) -> str | None:
    """What to type for an argument too many: `KEY=VALUE` without its flag, or `--set KEY VALUE`."""
    if "--set" not in flags:
        return None
    key, is_setting, value = extra.partition("=")
    if is_setting:
        return setting(key, all_paths(), flags, [value])
    for before, key, value in zip(arguments, arguments[1:], arguments[2:], strict=False):
        if (before, value) == ("--set", extra):
            return f"a setting is one word: --set {shlex.quote(f'{key}={value}')}"
    return None


def rows_chosen(source: str, table: str | None, query: str | None) -> Chosen:
    """Which rows of a database are meant; raises UsageError for two choices, and for what is no database."""
    from mlpcli.tables.source import Chosen

    given = [flag for flag, value in (("--table", table), ("--query", query)) if value is not None]
    if len(given) > 1:
        raise UsageError.of("--table and --query are two ways to choose rows", None, "leave one of them out")
    if given and not is_database(source):
        hint = "databases end in .sqlite, .sqlite3, .db or .duckdb"
        raise UsageError.of(f"{given[0]} is for databases, and {source} is none", None, hint)
    return Chosen(table, query)


def require_order(model: Path, source: str) -> None:
    """Raise UsageError where the model and the input stand in each other's place; DataError for no table."""
    if source.endswith(MODELS) and not str(model).endswith(MODELS):
        swapped = f"{shlex.quote(source)} {shlex.quote(str(model))}"
        message = f"expected the model first, then the input, found {model} first"
        raise UsageError.of(message, hint=f"the other way round: {swapped}")
    require_table(source)


def require_table(source: str) -> None:
    """Raise DataError for a config or a model in place of a table, which names the command that takes it."""
    if source.endswith((*CONFIGS, *MODELS)):
        found, hint = what_is(source), f"did you mean `mlp {command_for(source)}`?"
        raise DataError.of(f"expected a table, found {found}", Place(source), hint)


def what_is(path: str) -> str:
    """What a file holds, by its name."""
    if path.endswith(CONFIGS):
        return "a config"
    return "a model" if path.endswith(MODELS) else "a table"


def config_at(path: Path, overrides: Sequence[str], seed: int | None) -> Config:
    """The config at a path; raises ConfigError, which says what is done with a table or a model instead."""
    from mlpcli.config.load import load_config

    try:
        return load_config(path, overrides, seed)
    except ConfigError as error:
        command = command_for(str(path))
        if command is None or str(path).endswith(CONFIGS) or not path.is_file():
            raise
        place, hint = Place(str(path)), f"did you mean `mlp {command}`?"
        raise ConfigError.of(f"expected a config, found {what_is(str(path))}", place, hint) from error
