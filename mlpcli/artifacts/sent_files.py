"""The files of a run in a process that writes none: they come from the one that does, and go back to it."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.checkpoint import START_AGAIN, Checkpoint, parse_checkpoint
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.errors import ModelError, Place


class SentFiles(RunDirectory):
    """A run directory that is never entered, of a run that has these `files`; `written` are new ones."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(Path())
        self._files = dict(files)
        self.written: dict[str, bytes] = {}

    def write(self, name: str, content: Content) -> None:
        """Keep it, until it is sent."""
        stream = BytesIO()
        content(stream)
        self.written[name] = self._files[name] = stream.getvalue()

    def has(self, name: str) -> bool:
        """Whether it was sent, or written here."""
        return name in self._files

    def read(self, name: str) -> bytes:
        """What was sent, or written here."""
        return self._files[name]

    def checkpoint(self, name: str) -> Checkpoint:
        """The state in a file; raises ModelError."""
        try:
            return parse_checkpoint(self._files[name])
        except FileFormatError as error:
            raise ModelError.of(error.message, Place(name), error.hint or START_AGAIN) from error
