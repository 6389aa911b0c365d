"""What a person is told where something cannot be written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlpcli.errors import OutputError, Place

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
HINTS = {
    errno.ENOSPC: "free some space, or write to another disk",
    errno.EDQUOT: "free some space, or write to another disk",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
    errno.EROFS: "choose a place that you may write to",
    errno.ENOENT: "make the directory first, or choose another place",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.EISDIR: "give the name of a file in it",
}


@contextmanager
def output_errors(path: Path, before: str = "", needed: str = "") -> Iterator[None]:
    """Turn an OSError into the OutputError that names `path` and the reason."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        reason, hint = _reason(error)
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        message = f"{before or 'could not write: '}{reason}{needed if full else ''}"
        raise OutputError.of(message, Place(str(path)), hint) from error


def _reason(error: OSError | ValueError) -> tuple[str, str | None]:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno), HINTS.get(error.errno)
    return str(error), None
