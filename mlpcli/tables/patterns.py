"""Paths that stand for several files: `parts/*.parquet` is all of them, in the order of their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlpcli.config.file_names import is_database
from mlpcli.errors import DataError, Place
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import Reader, open_table
from mlpcli.tables.source import ALL_THERE_IS, URL, Chosen, DataFile, find, one_of

WILDCARDS = frozenset("*?[")


def paths_of(path: Path) -> list[Path]:
    """The files of a pattern, none where no name fits it; otherwise the path, whether it is there or not."""
    first = next((i for i, part in enumerate(path.parts) if WILDCARDS.intersection(part)), None)
    if first is None or path.exists():
        return [path]
    found = Path(*path.parts[:first]).glob("/".join(path.parts[first:]))
    return sorted(name for name in found if not name.is_dir())


def find_all(source: str | Path, chosen: Chosen = ALL_THERE_IS) -> DataFile:
    """The data file of a path or `-`; of a pattern what stands for all its files, read one after the other.

    DataError where there is nothing to read.
    """
    name = str(source)
    if URL.match(name) or not WILDCARDS.intersection(name):
        return find(source, chosen)
    paths = paths_of(Path(source))
    if not paths:
        raise DataError.of("is a pattern that fits no file", Place(name))
    return one_of([find(path, chosen) for path in paths])


def find_each(sources: Sequence[str], chosen: Chosen = ALL_THERE_IS) -> DataFile:
    """What stands for the files of several paths or patterns, each file once; of databases the rows chosen.

    DataError where there is nothing to read.
    """
    found = {source: find_all(source, chosen if is_database(source) else ALL_THERE_IS) for source in sources}
    files = {Path(part.name): part for file in found.values() for part in file.parts or (file,)}
    return one_of([files[path] for path in once(files)])


def once(paths: Iterable[Path]) -> list[Path]:
    """Files in their order, each under the first of the paths that lead to it."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def open_input(path: str | Path, form: CsvFormat, chosen: Chosen = ALL_THERE_IS) -> Reader:
    """An input as `find_all` takes it, its header read. To be used in a `with`."""
    return open_table(find_all(path, chosen), form)
