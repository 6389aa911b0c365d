"""Where the data of a run are until it ends: in memory, or in files beside the run where they are large."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

import numpy as np

from mlpcli.memory import MEGABYTE, available_bytes, give_back_large_blocks, require
from mlpcli.storage.row_file import FileSink
from mlpcli.storage.rows import Sink, array_sinks
from mlpcli.storage.scratch_file import ScratchFile

Mode: TypeAlias = Literal["auto", "memory", "disk"]

SPARE: Final = 64 * MEGABYTE  # that whatever else is done has to have free
REMEDY: Final = "with `data.cache: auto` mlp train keeps them in files; processes of mpiexec hold a part each"


class Cache:
    """Decides what goes to files, and has these open until its context ends: then nothing is left of them.

    `output` is where the run goes, which need not exist: the files are in the next directory above it that
    does. `auto` is memory as long as there is enough.
    """

    def __init__(self, mode: Mode = "memory", output: Path = Path()) -> None:
        self._mode = mode
        self._output = output
        self._open = ExitStack()
        self.files: list[ScratchFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back."""
        self._open.close()

    def holds(self, needed: int) -> bool:
        """Whether memory is the place of what needs so many bytes more than are taken now.

        Raises MemoryLimitError where it is to be, and is too short: rather than to be killed by the system.
        """
        if self._mode == "memory":
            require(needed, "the rows of the data", REMEDY)
        if self._mode != "auto":
            return self._mode == "memory"
        free = available_bytes()
        return free is None or needed + SPARE <= free

    def file(self) -> ScratchFile:
        """A new file. Raises OutputError."""
        give_back_large_blocks()
        file = ScratchFile(self.directory)
        self._open.callback(file.close)
        self.files.append(file)
        return file

    @property
    def directory(self) -> Path:
        """Where the files are."""
        above = self._output.absolute().parents
        return next((one for one in above if one.is_dir()), Path())

    def sinks(self, rows: Mapping[str, int], columns: int, dtype: str) -> Mapping[str, Sink]:
        """Sinks for the parts of a run: a batch of all that train may take as much again.

        Raises OutputError, and as `holds` does.
        """
        of_all = sum(rows.values()) + (rows.get("train", 0) if self._mode == "auto" else 0)
        if self.holds(of_all * columns * np.dtype(dtype).itemsize):
            return array_sinks(rows, columns, dtype)
        return {part: FileSink(self.file(), count, columns, dtype) for part, count in rows.items()}

    @property
    def note(self) -> str | None:
        """What a person may want to know; None where all is in memory."""
        size = sum(file.size for file in self.files)
        if not size:
            return None
        why = "data.cache: disk" if self._mode == "disk" else "memory is short"
        return f"{why}: {size / MEGABYTE:,.0f} MB of the data are in {self.directory}, until the run ends"


IN_MEMORY: Final = Cache()
