"""`mlp init`: look at a table and write a config that trains, with the reason for every line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from mlpcli.artifacts.atomic import bytes_content, write_atomically
from mlpcli.commands.schema import BESIDE, editor_line, place_schema
from mlpcli.config.document import parse_document
from mlpcli.config.file_names import compression_of, suffix_of
from mlpcli.config.load import check
from mlpcli.errors import DataError, ExitCode, OutputError, Place
from mlpcli.run.table_files import refuse_to_replace
from mlpcli.starter.choices import Asked, Starter, choose
from mlpcli.starter.recipe import RecipeName
from mlpcli.starter.text import starter_text
from mlpcli.survey.tables import survey
from mlpcli.tables.csv_format import CsvFormat, detect_format
from mlpcli.tables.reader import OPENERS, is_csv
from mlpcli.tables.source import ALL_THERE_IS, Chosen, find
from mlpcli.terminal.console import STDOUT, Console, reading
from mlpcli.terminal.usage import require_table


@dataclass(frozen=True)
class InitOptions:
    """What the command line says besides the table."""

    targets: Sequence[str]
    out: Path | None
    task: str | None
    overwrite: bool
    recipe: RecipeName
    chosen: Chosen = ALL_THERE_IS


def init(source: Path, options: InitOptions, console: Console) -> ExitCode:
    """Write a starter config for the table at `source`; raises DataError, ConfigError, OutputError."""
    require_table(str(source))
    out = options.out or Path(f"{stem_of(source)}.yaml")
    refuse_to_replace(out, str(source))
    if out != STDOUT and out.exists() and not options.overwrite:
        hint = "replace it with --overwrite, or name another with -o"
        raise OutputError.of("there is a file already", Place(str(out)), hint)
    with console.doing(reading(source)):
        text = starter_text(starter_of(source, options, out, console))
    check(parse_document(text.encode(), str(out)))  # a table of very many columns may make it too long
    if out == STDOUT:
        console.result(text)
        return ExitCode.DONE
    line = editor_line(out)
    comments = "".join(takewhile(lambda it: it.startswith("#"), text.splitlines(keepends=True)))
    write_atomically(out, bytes_content((comments + line + text.removeprefix(comments)).encode()))
    if line and place_schema(out.parent / BESIDE):
        console.note(f"wrote {out.parent / BESIDE}, by which editors complete and check the config")
    console.note(f"wrote {out}; train with it: mlp train {shlex.quote(str(out))}")
    return ExitCode.DONE


def starter_of(source: Path, options: InitOptions, out: Path, console: Console) -> Starter:
    """Everything that the config for a table will say, once its notes are told."""
    file = find(source, options.chosen)
    if not file.regular:
        raise DataError.of("is no regular file, and a config names a file", Place(str(source)))
    form = detect_format(file) if is_csv(file) else CsvFormat()
    if form.encoding != CsvFormat().encoding:
        console.note(f"{source}: is not UTF-8: it is read as {form.encoding}")
    found = survey(file, form, tuple(dict.fromkeys(options.targets)))
    console.notes(found.notes)
    directory = Path() if out == STDOUT else out.parent
    train = os.path.relpath(source.parent.resolve() / source.name, directory.resolve())
    name = "FILE" if out == STDOUT else out.name
    return choose(found, Asked(name, train, options.task, options.recipe))


def stem_of(path: Path) -> str:
    """The name of a table without its endings."""
    plain = path.name[: len(path.name) - len(compression_of(path.name))]
    return plain[: len(plain) - len(suffix_of(plain))] if suffix_of(plain) in OPENERS else plain
