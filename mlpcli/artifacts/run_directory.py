"""The directory of a run: locked while it is written, and never at the price of a run that was there before.

Hidden beside a directory NAME may be `.NAME.lock`, `.NAME.mlp-new` (a run that will replace the one in
NAME once it is complete) and, for a moment, `.NAME.mlp-old` (the one being replaced).
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from mlpcli.artifacts.atomic import Content, fixed_temporary, probe, write_atomically
from mlpcli.artifacts.checkpoint import Checkpoint, read_checkpoint
from mlpcli.artifacts.file_system import DISK
from mlpcli.artifacts.run_files import (
    has_checkpoint,
    holds_run,
    is_of_a_run,
    leftovers_in,
    listed,
    names_in,
    next_number,
    others_in,
    visible,
)
from mlpcli.artifacts.run_lock import run_lock
from mlpcli.errors import OutputError, Place, UsageError
from mlpcli.storage.output_errors import output_errors

UNREADABLE = "could not be read: "


class Existing(Enum):
    """What becomes of a run that is in the directory already."""

    MOVE_ASIDE = "move aside"
    OVERWRITE = "overwrite"
    RESUME = "resume"
    FINISH = "finish"


class RunDirectory:
    """A run directory in use, from entering the context to leaving it; before that, nothing is touched.

    `output` is the directory asked for, `shown` as it was written. `path` is where the files are now: a
    hidden sibling while an older run stays in place until `complete()`. `notes` say what was moved. Entering
    raises BusyError where another process has the directory, OutputError where it cannot be written or holds
    somebody's files.
    """

    def __init__(self, output: Path, existing: Existing = Existing.MOVE_ASIDE) -> None:
        with output_errors(output):
            self.output = Path(os.path.realpath(output))
        self.path = self.output
        self.notes: list[str] = []
        self.shown = output
        self._existing = existing
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        with output_errors(self.shown), ExitStack() as lock:
            if self._existing is Existing.FINISH:
                self._require_run()
            self.output.parent.mkdir(parents=True, exist_ok=True)
            lock.enter_context(run_lock(self.output))
            self._recover()
            self._refuse_foreign()
            self.path = self._choose()
            self.path.mkdir(exist_ok=True)
            for leftover in leftovers_in(self.path):
                (self.path / leftover).unlink(missing_ok=True)
            probe(self.path)
            self._lock = lock.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def write(self, name: str, content: Content) -> None:
        """Write one file of the run atomically; raises OutputError. Somebody's own of that name is moved."""
        with output_errors(self.path / name):
            if (self.path / name).is_file() and not is_of_a_run(self.path / name):
                self._keep(self.path / name)
        write_atomically(self.path / name, content, fixed_temporary)

    def has(self, name: str) -> bool:
        """Whether the run has got as far as this file; raises OutputError where the disk does not say."""
        with output_errors(self.path / name, UNREADABLE):
            return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """What a file of the run holds; raises OutputError."""
        with output_errors(self.path / name, UNREADABLE):
            return (self.path / name).read_bytes()

    def checkpoint(self, name: str) -> Checkpoint:
        """The state that a file of the run holds; raises ModelError."""
        return read_checkpoint(self.path / name)

    def complete(self) -> None:
        """The run has written its last file: a run that it replaces goes now."""
        if self.path == self.output:
            return
        with output_errors(self.shown):
            if self.output.exists():
                self.output.rename(self._retired)
            self.path.rename(self.output)
            self.path = self.output
            DISK.fsync_directory(self.output.parent)
            self._remove_retired()

    @property
    def _replacement(self) -> Path:
        return self.output.with_name(f".{self.output.name}.mlp-new")

    @property
    def _retired(self) -> Path:
        return self.output.with_name(f".{self.output.name}.mlp-old")

    def _recover(self) -> None:
        """Finish what a crash in the middle of `complete` left undone."""
        if not self._retired.exists():
            return
        if not self.output.exists():
            complete = self._replacement if self._replacement.exists() else self._retired
            complete.rename(self.output)
        self._remove_retired()

    def _remove_retired(self) -> None:
        """Delete the files of the replaced run; somebody's own files among them stay where they were.

        What has the name of a file of the new run is moved aside.
        """
        others = set(others_in(self._retired))
        for name in names_in(self._retired):
            with suppress(FileNotFoundError, IsADirectoryError):
                if name not in others:
                    (self._retired / name).unlink()
                elif not (self.output / name).exists():
                    (self._retired / name).rename(self.output / name)
        with suppress(FileNotFoundError):
            try:
                self._retired.rmdir()
            except OSError:
                self._move_aside(
                    self._retired, f"other files ({listed(others_in(self._retired))}) that were in"
                )

    def _refuse_foreign(self) -> None:
        if not self.output.exists():
            return
        if not self.output.is_dir():
            raise OutputError.of("expected a directory, found a file", Place(str(self.shown)), OWN_PLACE)
        foreign = sorted(visible(self.output))
        if foreign and not holds_run(self.output):
            message = f"the directory holds files that are not a run's, such as {foreign[0]}"
            raise OutputError.of(message, Place(str(self.shown)), OWN_PLACE)

    def _require_run(self) -> None:
        if not any(map(holds_run, (self.output, self._replacement, self._retired))):
            hint = "without --finish it is trained; -o DIR names another run directory"
            raise UsageError.of(f"--finish: there is no run in {self.shown}", hint=hint)

    def _choose(self) -> Path:
        """Where this run writes, after making room there."""
        if self._existing in {Existing.RESUME, Existing.FINISH}:
            return self._replacement if has_checkpoint(self._replacement) else self.output
        if holds_run(self._replacement):
            self._move_aside(self._replacement, "a stopped run that was to replace")
        if not holds_run(self.output):
            return self.output
        if self._existing is Existing.OVERWRITE:
            return self._replacement
        others = others_in(self.output)
        self._move_aside(
            self.output, f"the run and other files ({listed(others)}) in" if others else "the run in"
        )
        return self.output

    def _keep(self, path: Path) -> None:
        """Give somebody's own file the next free name NAME.1, NAME.2, ... and note it."""
        target = path.with_name(f"{path.name}.{next_number(path)}")
        path.rename(target)
        self.notes.append(f"moved {path.name}, which is not the run's, to {target.name} in {self.shown}")

    def _move_aside(self, directory: Path, what: str) -> None:
        """Give a directory the next free name NAME.1, NAME.2, ... and note it."""
        number = next_number(self.output)
        target = directory.rename(self.output.with_name(f"{self.output.name}.{number}"))
        DISK.fsync_directory(self.output.parent)
        shown = target if self.shown.is_absolute() else os.path.relpath(target)
        self.notes.append(f"moved {what} {self.shown} to {shown}")


OWN_PLACE = "give the run a directory of its own with `output:` or -o DIR"
