"""A journal file that survives its writers: no lock outlives a process, no torn record stops the next."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock, JournalStorage

from mlpcli.errors import MlpError, OutputError, Place

HELD: Final = b"held"
BEGINNING: Final = b'{"op_code"'


class JournalLock(JournalFileSymlinkLock):
    """Optuna's lock of a journal, a symbolic link, taken by who has the kernel's lock on a file beside it.

    Who waits for the kernel's lock is woken at once, and it ends with its process. A link that the last one
    left as it died is known by the mark that it left too; Optuna by itself waits 30 seconds for such a one.
    On a disk without such locks Optuna's is all there is.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal
        self._link = journal.with_name(f"{journal.name}.lock")
        self._beside = journal.with_name(f".{journal.name}.mlp-lock")
        self._handle: int | None = None

    def acquire(self) -> bool:
        """Wait for the lock; the journal then ends in a whole record."""
        self._take_file()
        super().acquire()
        if self._handle is not None:
            os.pwrite(self._handle, HELD, 0)
        cut_torn_record(self._journal)
        return True

    def release(self) -> None:
        """Give it back."""
        super().release()
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def _take_file(self) -> None:
        handle = os.open(self._beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            os.close(handle)
            return
        if os.pread(handle, len(HELD), 0) == HELD:
            with suppress(FileNotFoundError):
                self._link.unlink()
        self._handle = handle


def cut_torn_record(journal: Path) -> None:
    """Take away a last line without an end: what a full disk or a power cut left of a record.

    Nobody was told that it was written. Left there, it would make one unreadable line with the next record.
    """
    with journal.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if not end:
            return
        file.seek(end - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)


def journal_storage(journal: Path) -> JournalStorage:
    """The storage that a journal file is, made where there is none.

    Raises OSError, and OutputError where the file is another one: it stays as it is.
    """
    journal.parent.mkdir(parents=True, exist_ok=True)
    if journal.exists() and not begins_as_journal(journal):
        raise _no_journal(journal)
    file = JournalFileBackend(str(journal), lock_obj=JournalLock(journal))
    try:
        return JournalStorage(file)
    except (LookupError, TypeError, ValueError, AssertionError) as error:  # it reads all that is there
        raise _no_journal(journal) from error


def begins_as_journal(path: Path) -> bool:
    """Whether a file begins as Optuna's records do, or is empty."""
    with path.open("rb") as file:
        first = file.read(len(BEGINNING))
    return BEGINNING.startswith(first)


def _no_journal(path: Path) -> MlpError:
    hint = "move it away, and another one is begun; trials that it knows of stay where they are"
    return OutputError.of("expected a journal of Optuna, found something else", Place(str(path)), hint)
