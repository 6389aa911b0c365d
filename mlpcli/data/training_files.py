"""The files of all parts: their rows, as the settings say how they are written."""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlpcli.config.file_names import is_database
from mlpcli.config.spec import DataSpec, Spec
from mlpcli.data.roles import columns_to_read
from mlpcli.errors import NotThereError
from mlpcli.storage.cache import IN_MEMORY, Cache
from mlpcli.tables.bad_cells import refuse_texts
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.patterns import once, paths_of
from mlpcli.tables.reader import Reader, WholeFile, read_whole
from mlpcli.tables.source import ALL_THERE_IS, Chosen, DataFile, find, one_of
from mlpcli.tables.table import Wanted


@dataclass(frozen=True)
class InputFile:
    """Where the files named at the key `data.PART` are, and where a path that is written there starts.

    `chosen` says which rows of a database are meant; `content` is that of a file which is in memory alone.
    """

    part: str
    paths: tuple[Path, ...]
    start: str
    chosen: Chosen = ALL_THERE_IS
    content: bytes | None = None

    def found(self) -> DataFile:
        """The files; NotThereError where there are none, DataError where nothing can be read."""
        content = self.content
        if content is not None:
            return DataFile(str(self.paths[0]), lambda: io.BytesIO(content), regular=True)
        named = once(path for given in self.paths for path in self._required(given))
        return one_of([find(path, self.chosen if is_database(path.name) else ALL_THERE_IS) for path in named])

    def _required(self, path: Path) -> list[Path]:
        """The file of a path, or those of a pattern, in the order of their names."""
        files = paths_of(path)
        if not files:
            raise NotThereError.of(("data", self.part), f"no file is called as {path} says", self.start)
        if files != [path] or path.exists():
            return files
        close = difflib.get_close_matches(path.name, _names_beside(path), n=1)
        hint = f"did you mean {path.parent / close[0]}?" if close else self.start
        raise NotThereError.of(("data", self.part), f"there is no file {path}", hint)


def format_of(data: DataSpec) -> CsvFormat:
    """How the files are written."""
    own = {name: feature.na_values for name, feature in (data.features or {}).items() if feature.na_values}
    return CsvFormat(
        data.separator,
        data.decimal,
        data.encoding,
        data.na_values,
        decorations=data.decorations,
        own_na_values=own,
    )


def read_training_file(spec: Spec, file: InputFile, cache: Cache = IN_MEMORY) -> WholeFile:
    """The columns of the training file that the settings give a role."""
    whole = read_whole(
        file.found(),
        format_of(spec.data),
        lambda reader: columns_to_read(spec, reader),
        spec.data.id,
        cache,
    )
    refuse_texts(whole.table, spec.data.target)
    return whole


def read_other_files(
    data: DataSpec, files: Mapping[str, InputFile], wanted: Wanted, cache: Cache = IN_MEMORY
) -> dict[str, WholeFile]:
    """The files of the other parts' rows, where these have files of their own."""
    return {part: read_other_file(data, files[part], wanted, cache) for part in data.parts if part in files}


def read_other_file(data: DataSpec, file: InputFile, wanted: Wanted, cache: Cache = IN_MEMORY) -> WholeFile:
    """The file of the rows of one such part: the columns of the training file, in any order.

    That of the groups comes besides, where there is one.
    """

    def choose(reader: Reader) -> Wanted:
        reader.header.require(wanted.names)
        if data.group is None or reader.header.own(data.group) is None:
            return wanted
        return wanted + Wanted(texts=(data.group,))

    whole = read_whole(file.found(), format_of(data), choose, data.id, cache)
    refuse_texts(whole.table, data.target)
    return whole


def _names_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []
