"""The one way an output is written: the old file or the complete new one, whatever goes wrong in between.

The new content goes to a temporary file beside the target, reaches the disk (fsync), takes the target's
name (rename), and then the directory reaches the disk too. A target that is not a regular file, such as a
pipe or /dev/null, is streamed to: replacing it would destroy it.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from mlpcli.artifacts.file_system import DISK, FileSystem
from mlpcli.storage.output_errors import output_errors

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Content: TypeAlias = Callable[[BinaryIO], None]  # writes a whole file into the stream that it is given


TEMPORARY_SUFFIX = ".mlp-tmp"
PROBE = f".probe{TEMPORARY_SUFFIX}"
BUFFER_BYTES = 1 << 20
LONGEST_STEM = 120  # bytes of the target's name kept in the temporary's, far below any file system's limit
OWN_DESCRIPTOR = re.compile(r"/dev/(?:(stdout)|(stderr)|fd/(\d{1,6}))|/proc/self/fd/(\d{1,6})")


def bytes_content(data: bytes) -> Content:
    """What writes `data`."""

    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write


def fixed_temporary(name: str) -> str:
    """The temporary's name where a lock keeps other writers away: one name, so at most one leftover."""
    return f".{_stem(name)}{TEMPORARY_SUFFIX}"


def artifact_of(temporary: str) -> str:
    """The name of the file that `fixed_temporary` named this one after; of any other name something else."""
    return temporary.removeprefix(".").removesuffix(TEMPORARY_SUFFIX) if temporary[:1] == "." else ""


def unique_temporary(name: str) -> str:
    """The temporary's name where somebody else may be writing the same file."""
    return f".{_stem(name)}.{token_hex(8)}{TEMPORARY_SUFFIX}"


def _stem(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:LONGEST_STEM])


def write_atomically(
    path: Path,
    content: Content,
    temporary: Callable[[str], str] = unique_temporary,
    files: FileSystem = DISK,
) -> None:
    """Make `path` hold what `content` writes; when this returns, it survives a power cut.

    A symbolic link is followed, the mode of a file that is replaced is kept. Raises OutputError; what was
    there before is then still there, and the temporary is not. Errors of `content` itself pass unchanged,
    and so does the BrokenPipeError of a pipe that nobody reads any more.
    """
    own = OWN_DESCRIPTOR.fullmatch(os.path.normpath(path))
    if own:
        _stream(path, content, files, lambda: os.dup(_descriptor(own)))
        return
    with output_errors(path):
        target = Path(os.path.realpath(path))
        mode = _mode(target)
    if mode is None or stat.S_ISREG(mode):
        _replace(path, target, content, temporary(target.name), files)
    else:
        _stream(path, content, files, lambda: files.open_stream(target))


def write_together(contents: Sequence[tuple[Path, bytes]], files: FileSystem = DISK) -> None:
    """Make each path hold its bytes. Raises OutputError.

    Where one of them cannot be created or filled nothing is changed: each is whole beside its place before
    those behind it take their names, the last of all first. Only the last steps of the ones in front come
    after that: their mode, fsync and rename.
    """
    (path, data), *rest = contents

    def content(stream: BinaryIO) -> None:
        stream.write(data)
        stream.flush()  # where there is no room for it, the others are not written
        if rest:
            write_together(rest, files)

    write_atomically(path, content, files=files)


def probe(directory: Path, files: FileSystem = DISK) -> None:
    """Raise OutputError unless a file can be made, stored and removed in `directory`, which is locked."""
    path = directory / PROBE
    with output_errors(directory):
        with suppress(FileNotFoundError):
            files.unlink(path)
        handle = files.create(path, 0o600)
        try:
            try:
                _write_all(handle, b"probe", files)
                files.fsync(handle)
            finally:
                files.close(handle)
        finally:
            files.unlink(path)


def _descriptor(match: re.Match[str]) -> int:
    stdout, stderr, *numbers = match.groups()
    return 1 if stdout else 2 if stderr else int(next(n for n in numbers if n))


def _mode(target: Path) -> int | None:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return mode


def _stream(path: Path, content: Content, files: FileSystem, open_handle: Callable[[], int]) -> None:
    with output_errors(path):
        handle = open_handle()
    try:
        _fill(path, handle, content, files)
    except BaseException:
        with suppress(OSError):
            files.close(handle)
        raise
    with output_errors(path):
        files.close(handle)


def _replace(path: Path, target: Path, content: Content, temporary: str, files: FileSystem) -> None:
    """The protocol: create, write, fsync, close, rename, fsync of the directory; the order is the point."""
    source = target.with_name(temporary)
    with output_errors(path):
        with suppress(FileNotFoundError):
            files.unlink(source)
        handle = files.create(source, 0o666)
    try:
        _store(path, target, handle, content, files)
        with output_errors(path):
            files.replace(source, target)
    except BaseException:
        with suppress(OSError):
            files.unlink(source)
        raise
    with output_errors(path, "the new file is in place but may not survive a power cut: "):
        files.fsync_directory(target.parent)


def _store(path: Path, target: Path, handle: int, content: Content, files: FileSystem) -> None:
    try:
        _fill(path, handle, content, files)
        with output_errors(path):
            mode = _mode(target)
            if mode is not None:
                files.set_mode(handle, stat.S_IMODE(mode))
            files.fsync(handle)
    except BaseException:
        with suppress(OSError):
            files.close(handle)
        raise
    with output_errors(path):
        files.close(handle)


def _fill(path: Path, handle: int, content: Content, files: FileSystem) -> None:
    raw = _Sink(path, handle, files)
    stream = io.BufferedWriter(raw, BUFFER_BYTES)
    try:
        content(stream)
        stream.flush()
    finally:
        raw.discarding = True  # what a failure left in the buffer must not be tried again at its end


def _write_all(handle: int, data: bytes | memoryview, files: FileSystem) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[files.write(handle, rest) :]


class _Sink(io.RawIOBase):
    """A file being written; its failures are OutputErrors, so that no other error passes for one."""

    def __init__(self, path: Path, handle: int, files: FileSystem) -> None:
        self._path, self._handle, self._files = path, handle, files
        self._written = 0
        self.discarding = False

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        block = memoryview(data)
        if not self.discarding:
            needed = f"; at least {self._written + len(block)} bytes are needed"
            with output_errors(self._path, needed=needed):
                _write_all(self._handle, block, self._files)
            self._written += len(block)
        return len(block)
