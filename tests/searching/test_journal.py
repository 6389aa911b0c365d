"""The journal of a study: a lock that nobody waits for in vain, and no record that stops the next."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from optuna.storages.journal import JournalFileBackend

from mlpcli.searching import journal
from mlpcli.searching.journal import HELD, JournalLock, cut_torn_record, journal_storage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "journal.log"
    file.write_bytes(b"")
    return file


def test_the_lock_is_optuna_s_too(path: Path) -> None:
    """Whoever writes by Optuna alone waits for it."""
    lock = JournalLock(path)
    lock.acquire()
    assert path.with_name("journal.log.lock").is_symlink()
    lock.release()
    assert not path.with_name("journal.log.lock").is_symlink()


def test_a_lock_that_a_dead_process_left_is_taken_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slept(_seconds: float) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr("time.sleep", slept)
    path.with_name("journal.log.lock").symlink_to(path)
    path.with_name(".journal.log.mlp-lock").write_bytes(HELD)
    lock = JournalLock(path)
    assert lock.acquire()
    lock.release()
    assert path.with_name(".journal.log.mlp-lock").read_bytes() == b""


def test_a_lock_of_somebody_else_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the mark it is one of Optuna's own, whose process may live."""
    link = path.with_name("journal.log.lock")
    monkeypatch.setattr("time.sleep", lambda _seconds: link.unlink(missing_ok=True))
    link.symlink_to(path)
    lock = JournalLock(path)
    assert lock.acquire()
    lock.release()


def test_where_the_disk_has_no_locks_optuna_s_is_what_there_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(journal.fcntl, "flock", refused)
    lock = JournalLock(path)
    assert lock.acquire()
    lock.release()
    assert not path.with_name("journal.log.lock").is_symlink()


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (b"", b""),
        (b'{"a":1}\n', b'{"a":1}\n'),
        (b'{"a":1}\n{"b', b'{"a":1}\n'),
        (b'{"a', b""),
    ],
)
def test_a_torn_record_is_taken_away(path: Path, left: bytes, kept: bytes) -> None:
    path.write_bytes(left)
    cut_torn_record(path)
    assert path.read_bytes() == kept


def test_a_study_goes_on_after_a_torn_record(path: Path) -> None:
    """With Optuna alone the next record is written behind the torn one, and nobody can read it any more."""
    whole = journal_storage(path)
    whole.create_new_study([0], "one")
    with path.open("ab") as file:
        file.write(b'{"op_code": 4, "study')
    JournalFileBackend(str(path)).append_logs([{"op_code": 1}, {"op_code": 1}])
    with pytest.raises(json.JSONDecodeError):
        list(JournalFileBackend(str(path)).read_logs(0))
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0] + b'{"op_code": 4, "study')
    after = journal_storage(path)
    after.create_new_study([0], "two")
    assert [study.study_name for study in journal_storage(path).get_all_studies()] == ["one", "two"]
    assert not os.path.lexists(f"{path}.lock")
