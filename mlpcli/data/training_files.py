"""The files that a config names: where they are, how they are written, and their rows."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlpcli.config.load import Config
from mlpcli.data.faults import refuse_texts
from mlpcli.data.reader import Reader, WholeFile, read_whole
from mlpcli.data.roles import columns_to_read
from mlpcli.data.source import find
from mlpcli.data.table import CsvFormat, Wanted
from mlpcli.errors import DataError


def format_of(config: Config) -> CsvFormat:
    """How the files of a config are written."""
    data = config.spec.data
    usual = CsvFormat().separator_of(data.train)
    return CsvFormat(data.separator, data.decimal, data.encoding, data.na_values, usual)


def read_training_file(config: Config) -> WholeFile:
    """The columns of the training file that the config gives a role."""
    form = format_of(config)
    path = _path_of(config, "train")
    file = read_whole(find(path), form, lambda reader: columns_to_read(config, reader, form))
    refuse_texts(file.table)
    return file


def read_other_file(config: Config, part: str, wanted: Wanted) -> WholeFile:
    """The file of the validation or test rows: the columns of the training file, in any order."""

    def choose(reader: Reader) -> Wanted:
        reader.header.require((*wanted.numbers, *wanted.texts))
        return wanted

    file = read_whole(find(_path_of(config, part)), format_of(config), choose)
    refuse_texts(file.table)
    return file


def hash_of(files: Sequence[WholeFile]) -> str:
    """The sha256 of the bytes of the only file; of the hashes of several."""
    if len(files) == 1:
        return files[0].sha256
    return hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()


def _path_of(config: Config, part: str) -> Path:
    path = config.input_path(("data", part))
    if path.exists():
        return path
    close = difflib.get_close_matches(path.name, _names_beside(path), n=1)
    (problem,) = config.problem(("data", part), f"there is no file {path}").problems
    in_config = problem.place is not None and problem.place.source == str(config.path)
    start = "in a config starts at the config's own" if in_config else "given besides starts at the working"
    hint = f"did you mean {path.parent / close[0]}?" if close else f"a path {start} directory"
    raise DataError(replace(problem, hint=hint))


def _names_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []
