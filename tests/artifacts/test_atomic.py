"""An output is the old file or the new one, whatever fails, and special files are never replaced."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from mlpcli.artifacts.atomic import (
    fixed_temporary,
    probe,
    unique_temporary,
    write_atomically,
    write_together,
)
from mlpcli.artifacts.file_system import Disk
from mlpcli.errors import ExitCode, MlpError, OutputError
from tests.support.power_loss import Call, Create, Fsync, FsyncDirectory, Rename, Write
from tests.support.wrong_protocols import MUTATIONS, NEW, OLD, new_content, recorded_calls, wrong_states


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    path.write_bytes(OLD)
    return path


# --- power loss ---------------------------------------------------------------------------------------------


def test_no_power_cut_breaks_or_loses_a_file(target: Path) -> None:
    calls = recorded_calls(target)
    assert sum(isinstance(call, Write) for call in calls) > 2
    assert wrong_states(calls, target.name) == 0


@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS)
def test_the_enumerator_catches_every_wrong_protocol(
    target: Path, mutate: Callable[[list[Call]], list[Call]]
) -> None:
    assert wrong_states(mutate(recorded_calls(target)), target.name) > 0


def test_calls_are_in_the_order_that_the_protocol_asks_for(target: Path) -> None:
    kinds = [type(call) for call in recorded_calls(target) if not isinstance(call, Write)]
    assert kinds == [Create, Fsync, Rename, FsyncDirectory]


# --- failures -----------------------------------------------------------------------------------------------


@dataclass
class Failing(Disk):
    """A disk on which one kind of call fails, from its n-th time on."""

    call: str
    number: int = 1
    code: int = errno.ENOSPC
    made: list[str] = field(default_factory=list)

    def _made(self, name: str) -> None:
        self.made.append(name)
        if name == self.call and self.made.count(name) >= self.number:
            raise OSError(self.code, os.strerror(self.code))

    def create(self, path: Path, mode: int) -> int:
        self._made("create")
        return super().create(path, mode)

    def write(self, handle: int, data: memoryview) -> int:
        self._made("write")
        return super().write(handle, data[:10])

    def set_mode(self, handle: int, mode: int) -> None:
        self._made("set_mode")
        super().set_mode(handle, mode)

    def fsync(self, handle: int) -> None:
        self._made("fsync")
        super().fsync(handle)

    def close(self, handle: int) -> None:
        super().close(handle)
        self._made("close")

    def replace(self, source: Path, target: Path) -> None:
        self._made("replace")
        super().replace(source, target)

    def fsync_directory(self, path: Path) -> None:
        self._made("fsync_directory")
        super().fsync_directory(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT])
@pytest.mark.parametrize(
    ("call", "number"),
    [("create", 1), ("write", 1), ("write", 2), ("set_mode", 1), ("fsync", 1), ("close", 1), ("replace", 1)],
)
def test_a_failure_leaves_the_old_file_and_no_temporary(
    target: Path, call: str, number: int, code: int
) -> None:
    with pytest.raises(OutputError) as caught:
        write_atomically(target, new_content, files=Failing(call, number, code))
    assert caught.value.exit_code is ExitCode.OUTPUT
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"mlp: error: {target}: could not write: {os.strerror(code)}")
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == ["model.npz"]


@pytest.mark.parametrize(
    ("call", "number"),
    [("create", 1), ("create", 2), ("write", 1), ("write", 2), ("fsync", 1), ("close", 1), ("replace", 1)],
)
def test_of_files_that_belong_together_none_is_new_where_one_has_no_room(
    target: Path, call: str, number: int
) -> None:
    both = [(target, b"one"), (target.with_name("beside"), b"two")]
    with pytest.raises(OutputError):
        write_together(both, Failing(call, number))
    assert (target.read_bytes(), names_in(target.parent)) == (OLD, ["model.npz"])
    write_together(both)
    assert {path.name: path.read_bytes() for path in target.parent.iterdir()} == {
        "model.npz": b"one",
        "beside": b"two",
    }


def test_a_full_disk_is_told_with_the_bytes_needed(target: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_atomically(target, new_content, files=Failing("write"))
    assert str(caught.value) == (
        f"mlp: error: {target}: could not write: No space left on device; at least 19 bytes are needed\n"
        "hint: free some space, or write to another disk"
    )


def test_a_directory_that_cannot_be_stored_is_reported_with_the_new_file_in_place(target: Path) -> None:
    with pytest.raises(
        OutputError, match="the new file is in place but may not survive a power cut: Input/output"
    ):
        write_atomically(target, new_content, files=Failing("fsync_directory", code=errno.EIO))
    assert target.read_bytes() == NEW


def test_a_directory_fsync_that_the_file_system_does_not_know_is_no_failure(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(target, new_content)
    assert target.read_bytes() == NEW


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), MemoryError(), OSError(5, "reading the input"), MlpError()]
)
def test_an_error_of_the_content_passes_unchanged(target: Path, error: BaseException) -> None:
    def content(stream: BinaryIO) -> None:
        stream.write(NEW)
        raise error

    with pytest.raises(type(error)) as caught:
        write_atomically(target, content)
    assert caught.value is error
    assert target.read_bytes() == OLD
    assert names_in(target.parent) == ["model.npz"]


def test_what_a_failure_left_unwritten_is_never_written(target: Path) -> None:
    """The handle is closed by then, and its number may belong to another file."""
    streams, files = [], Failing("nothing")

    def content(stream: BinaryIO) -> None:
        streams.append(stream)
        stream.write(NEW)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, content, files=files)
    streams.pop().close()
    assert "write" not in files.made


# --- where it may write -------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_that_the_umask_allows(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "new", new_content)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_replaced_file_keeps_its_mode(target: Path, mode: int) -> None:
    target.chmod(mode)
    write_atomically(target, new_content)
    assert (stat.S_IMODE(target.stat().st_mode), target.read_bytes()) == (mode, NEW)


def test_a_stale_temporary_is_replaced(target: Path) -> None:
    stale = target.with_name(fixed_temporary(target.name))
    stale.symlink_to("/etc/passwd")
    write_atomically(target, new_content, fixed_temporary)
    assert (target.read_bytes(), names_in(target.parent)) == (NEW, ["model.npz"])


def test_a_symbolic_link_is_written_through(target: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    link = other / "link.npz"
    link.symlink_to(target)
    write_atomically(link, new_content)
    assert (link.is_symlink(), target.read_bytes(), names_in(other)) == (True, NEW, ["link.npz"])


def test_a_dangling_link_gets_its_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    write_atomically(tmp_path / "link", new_content)
    assert (tmp_path / "missing").read_bytes() == NEW


def test_a_named_pipe_is_streamed_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, new_content)
        assert os.read(reader, 100) == NEW
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names_in(tmp_path) == ["pipe"]


def test_dev_null_stays_a_device() -> None:
    write_atomically(Path("/dev/null"), new_content)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_full_device_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="/dev/full: could not write: No space left on device"):
        write_atomically(Path("/dev/full"), new_content)


def test_dev_stdout_is_the_standard_output_even_of_an_append(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from mlpcli.artifacts.atomic import write_atomically\n"
        "write_atomically(Path('/dev/stdout'), lambda stream: stream.write(b'two') and None)"
    )
    out = tmp_path / "out"
    out.write_bytes(b"one ")
    with out.open("ab") as append:
        subprocess.run([sys.executable, "-c", code], stdout=append, check=True)
    assert out.read_bytes() == b"one two"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/model.npz", "No such file or directory\nhint: make the directory first"),
        ("file/model.npz", "Not a directory\nhint: a part of the path is a file"),
        ("directory", "Is a directory\nhint: give the name of a file in it"),
        ("nul\0", "embedded null"),
    ],
)
def test_a_bad_place_is_an_output_error(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / name, new_content)
    assert reason in str(caught.value)


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "model.npz"])
@pytest.mark.parametrize("temporary", [fixed_temporary, unique_temporary])
def test_the_longest_names_can_be_written(tmp_path: Path, name: str, temporary: Callable[[str], str]) -> None:
    write_atomically(tmp_path / name, new_content, temporary)
    assert (tmp_path / name).read_bytes() == NEW


def test_two_writers_without_a_lock_do_not_share_a_temporary() -> None:
    assert unique_temporary("a.csv") != unique_temporary("a.csv")


# --- the probe ----------------------------------------------------------------------------------------------


def test_the_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    probe(tmp_path)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("call", ["create", "write", "fsync", "close"])
def test_the_probe_finds_a_disk_that_cannot_be_written(tmp_path: Path, call: str) -> None:
    with pytest.raises(OutputError, match="No space left on device"):
        probe(tmp_path, Failing(call))
    assert names_in(tmp_path) == []
