"""The few calls that change a disk, as one object, so that tests can watch them and make them fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol


class FileSystem(Protocol):
    """Everything that an atomic write does to a disk. Handles are file descriptors, failures OSErrors."""

    def create(self, path: Path, mode: int) -> int:
        """Open a new file for writing; it must not exist. `mode` is lessened by the umask."""
        ...

    def open_stream(self, path: Path) -> int:
        """Open a pipe or a device for writing."""
        ...

    def write(self, handle: int, data: memoryview) -> int:
        """Write some bytes from the front of `data`; how many."""
        ...

    def set_mode(self, handle: int, mode: int) -> None:
        """Set the permission bits."""
        ...

    def fsync(self, handle: int) -> None:
        """Wait until the content is on the disk."""
        ...

    def close(self, handle: int) -> None:
        """Close; a delayed write error may only show here."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, in one step."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        ...

    def fsync_directory(self, path: Path) -> None:
        """Wait until the names in a directory are on the disk."""
        ...


class Disk:
    """The real file system."""

    def create(self, path: Path, mode: int) -> int:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, mode)

    def open_stream(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)

    def write(self, handle: int, data: memoryview) -> int:
        return os.write(handle, data)

    def set_mode(self, handle: int, mode: int) -> None:
        os.fchmod(handle, mode)

    def fsync(self, handle: int) -> None:
        os.fsync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def fsync_directory(self, path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        except OSError as error:
            # EINVAL is how a file system without this operation answers: nothing more can be done there
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(handle)


DISK = Disk()
