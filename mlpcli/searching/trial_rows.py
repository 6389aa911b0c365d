"""The rows of trials, read once as long as trials want the same and no file has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

from mlpcli.config.file_names import is_database
from mlpcli.config.load import Config
from mlpcli.errors import DataError, Place
from mlpcli.run.experiment import input_files
from mlpcli.run.limits import dtype_of
from mlpcli.run.study import RunRows
from mlpcli.storage.cache import Cache
from mlpcli.tables.patterns import paths_of

# what decides which rows a run has and what they are encoded to; all else is the affair of networks
OF_ROWS: Final[dict[str, bool | set[str]]] = {
    "seed": True,
    "data": True,
    "loss": True,
    "class_weight": True,
    "ensemble": True,
    "model": {"activation"},
    "training": {"refit", "shuffle"},
}
Versions: TypeAlias = tuple[tuple[str, int, int, int, int, int], ...]


class ChangedDataError(DataError):
    """Trials before had other rows in the same files: a search that went on would compare what cannot be."""


class TrialRows:
    """The rows of one trial after the other: those of the last one stay.

    Where the config's `data.cache` says so they are in files, in the next directory above `output` that there
    is. What a trial's networks have of their own goes with the next trial.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._cache = Cache()
        self._of_trial = Cache()
        self._rows: RunRows | None = None
        self._of: tuple[str, Versions | None] | None = None
        self._sha256: dict[str, str] = {}

    def of(self, config: Config) -> RunRows:
        """The rows that a config wants. Raises what reading them does, and ChangedDataError."""
        wanted, versions = rows_wanted(config), versions_of(config)
        if self._rows is None or versions is None or self._of != (wanted, versions):
            self.close()  # never those of two trials at a time
            self._cache = Cache(config.spec.data.cache, self._output)
            self._rows = self._read(config, wanted)
            self._of = (wanted, versions)
        self._of_trial.close()
        self._of_trial = Cache(config.spec.data.cache, self._output)
        return self._rows.apart(self._of_trial)

    def close(self) -> None:
        """Give them up, and their files."""
        self._rows = None
        self._cache.close()
        self._of_trial.close()

    @property
    def note(self) -> str | None:
        """What a person may want to know of the files; None where there are none."""
        return self._cache.note

    def _read(self, config: Config, wanted: str) -> RunRows:
        rows = RunRows.read(config, self._cache)
        sha256 = rows.prepared.sha256
        if self._sha256.setdefault(wanted, sha256) != sha256:
            place = Place(str(config.input_paths(("data", "train"))[0]))
            hint = "put it back, and the same call goes on; or begin another study with -o DIR"
            raise ChangedDataError.of("the data changed while the search went on", place, hint)
        return rows


def rows_wanted(config: Config) -> str:
    """What a config says of its rows: where it is the same of two, so are these, if no file has changed."""
    return f"{dtype_of(config)} {config.spec.model_dump_json(include=OF_ROWS)}"


def versions_of(config: Config) -> Versions | None:
    """By which files one sees that one was written to; None where that is not seen: of databases."""
    paths = [
        path for file in input_files(config).values() for given in file.paths for path in paths_of(given)
    ]
    if any(is_database(path.name) for path in paths):
        return None
    return tuple(version_of(path) for path in paths)


def version_of(path: Path) -> tuple[str, int, int, int, int, int]:
    """What changes with a file's content; nothing where there is no file, which whoever reads it says."""
    try:
        is_ = path.stat()
    except OSError:
        return str(path), 0, 0, 0, 0, 0
    return str(path), is_.st_dev, is_.st_ino, is_.st_size, is_.st_mtime_ns, is_.st_ctime_ns
