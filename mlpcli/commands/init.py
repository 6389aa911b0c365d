"""`mlp init`: look at a table and write a config that trains, with the reason for every line."""

from __future__ import annotations

import os
import re
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
from mlpcli.tables.patterns import find_each, paths_of
from mlpcli.tables.reader import OPENERS, is_csv
from mlpcli.tables.source import ALL_THERE_IS, Chosen
from mlpcli.terminal.console import STDOUT, Console, reading
from mlpcli.terminal.usage import require_table

WILD = re.compile(r"[*?[\]]+")
COUNTING = "0123456789-_. "  # what tells one file of several from the next


@dataclass(frozen=True)
class InitOptions:
    """What the command line says besides the table."""

    targets: Sequence[str]
    out: Path | None
    task: str | None
    overwrite: bool
    recipe: RecipeName
    chosen: Chosen = ALL_THERE_IS


def init(sources: Sequence[str], options: InitOptions, console: Console) -> ExitCode:
    """Write a starter config for the table in `sources`; raises DataError, ConfigError, OutputError."""
    for source in sources:
        require_table(source)
    out = options.out or Path(f"{name_of(sources)}.yaml")
    refuse_to_replace(out, *sources)
    if out != STDOUT and out.exists() and not options.overwrite:
        hint = "replace it with --overwrite, or name another with -o"
        raise OutputError.of("there is a file already", Place(str(out)), hint)
    with console.doing(reading(sources[0])):
        text = starter_text(starter_of(sources, options, out, console))
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


def starter_of(sources: Sequence[str], options: InitOptions, out: Path, console: Console) -> Starter:
    """Everything that the config for a table will say, once its notes are told."""
    file = find_each(sources, options.chosen)
    if not file.regular:
        raise DataError.of("is no regular file, and a config names a file", Place(file.name))
    texts = [part for part in file.parts or (file,) if is_csv(part)]
    form = detect_format(texts[0]) if texts else CsvFormat()
    if form.encoding != CsvFormat().encoding:
        console.note(f"{texts[0].name}: is not UTF-8: it is read as {form.encoding}")
    found = survey(file, form, tuple(dict.fromkeys(options.targets)))
    console.notes(found.notes)
    directory = Path() if out == STDOUT else out.parent
    paths = dict.fromkeys(map(Path, sources))
    train = [os.path.relpath(path.parent.resolve() / path.name, directory.resolve()) for path in paths]
    name = "FILE" if out == STDOUT else out.name
    return choose(found, Asked(name, train, options.task, options.recipe))


def name_of(sources: Sequence[str]) -> str:
    """What a table is called: what the names of its files begin with, or else their directory."""
    paths = [Path(source) for source in sources]
    if len(paths) == 1 and paths_of(paths[0]) == paths:
        return stem_of(paths[0])
    letters = takewhile(lambda them: len({*them}) == 1, zip(*map(stem_of, paths), strict=False))
    shared = WILD.split("".join(letter for letter, *_ in letters))[0]
    return shared.rstrip(COUNTING) or WILD.sub("", paths[0].parent.resolve().name) or "table"


def stem_of(path: Path) -> str:
    """The name of a table without its endings."""
    plain = path.name[: len(path.name) - len(compression_of(path.name))]
    return plain[: len(plain) - len(suffix_of(plain))] if suffix_of(plain) in OPENERS else plain
