"""Rows in a file: the bytes of an array, whole or by stretches; nothing with a name; a disk that is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli import memory
from mlpcli.arrays import Matrix
from mlpcli.errors import ExitCode, MemoryLimitError, OutputError
from mlpcli.storage import cache as cache_module
from mlpcli.storage import row_file, scratch_file
from mlpcli.storage.cache import Cache
from mlpcli.storage.rank_rows import CacheOfRanks, Place
from mlpcli.storage.row_file import FileRows, FileSink
from mlpcli.storage.rows import gather, taken, whole
from mlpcli.storage.scratch_file import ScratchFile
from tests.support.threads_as_ranks import by_ranks


def stored(file: ScratchFile, x: Matrix, step: int = 3) -> FileRows:
    """The rows of an array in a file."""
    sink = FileSink(file, *x.shape, x.dtype.name)
    for start in range(0, len(x), step):
        room = sink.room(start, min(start + step, len(x)))
        assert not room.any()
        room += x[start : start + step]
        sink.put(start, room)
    found = sink.rows()
    assert isinstance(found, FileRows)
    return found


@pytest.fixture(params=["as a whole", "by stretches", "by stretches of what is mapped"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the file is read."""
    if request.param != "as a whole":
        monkeypatch.setattr(row_file, "available_bytes", lambda: 1)
        monkeypatch.setattr(row_file, "portion", lambda _share, _least, _most: 5 * 3 * 8)
    if request.param == "by stretches":
        monkeypatch.setattr(row_file, "left_of_limit", lambda: 1)
    return str(request.param)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [0, 1, 5, 1700])
@pytest.mark.usefixtures("way")
def test_rows_in_a_file_are_those_of_an_array(tmp_path: Path, rows: int, dtype: str) -> None:
    x: Matrix = np.random.default_rng(rows).random((rows, 3)).astype(dtype)
    with Cache("disk", tmp_path / "run") as cache:
        found = stored(cache.file(), x)
        assert (found.shape, found.dtype, found.nbytes, len(found)) == (x.shape, x.dtype, x.nbytes, rows)
        assert np.array_equal(whole(found), x)
        for piece in (slice(0, 2), slice(3, 1), slice(1, None), slice(-2, None), slice(900, 1200)):
            assert np.array_equal(found[piece], x[piece])
        order = np.random.default_rng(1).integers(0, rows, 2 * rows) if rows else np.empty(0, np.intp)
        assert np.array_equal(taken(found, order), x[order])
        out = np.empty_like(x)
        gather(found, np.random.default_rng(2).permutation(rows), out)
        assert np.array_equal(out, x[np.random.default_rng(2).permutation(rows)])
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 50))
def test_rows_come_in_the_order_asked_for_from_any_stretches(order: list[int], stretch: int) -> None:
    x = np.arange(401.0 * 2).reshape(-1, 2)
    with Cache("disk") as cache, pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_file, "available_bytes", lambda: 1)
        patch.setattr(row_file, "portion", lambda *_bounds: 16 * stretch)
        found = stored(cache.file(), x, 100)
        assert np.array_equal(taken(found, np.array(order, np.intp)), x[order])
        assert found.fetch is not None
        out = np.empty((len(order), 2))
        places = found.fetch(np.array(order, np.intp), out)
        assert np.array_equal(out[places], x[order])


def test_a_file_has_no_name(tmp_path: Path) -> None:
    with Cache("disk", tmp_path / "runs" / "of today" / "one") as cache:
        file = cache.file()
        file.append(np.arange(10))
        assert cache.directory == tmp_path
        assert list(tmp_path.iterdir()) == []
        again = np.empty(10, np.int64)
        file.read(0, again)
        assert again.tolist() == list(range(10))
        assert cache.note == f"data.cache: disk: 0 MB of the data are in {tmp_path}, until the run ends"


def test_what_is_behind_the_end_cannot_be_read(tmp_path: Path) -> None:
    with Cache("disk", tmp_path / "run") as cache:
        file = cache.file()
        file.append(np.arange(3))
        with pytest.raises(OutputError, match="could not read: the file ends at byte 24"):
            file.read(8, np.empty(3, np.int64))


def test_no_address_space_is_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache("disk", tmp_path / "run") as cache:
        file = cache.file()
        file.append(np.arange(3))

        def refused(*_arguments: object, **_options: object) -> None:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

        monkeypatch.setattr(scratch_file.mmap, "mmap", refused)
        with pytest.raises(MemoryError):
            file.map(0, 24)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_disk_that_takes_no_more_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(*_arguments: object) -> int:
        raise OSError(code, os.strerror(code))

    with Cache("disk", tmp_path / "run") as cache:
        file = cache.file()
        monkeypatch.setattr(scratch_file.os, "pwrite", full)
        monkeypatch.setattr(scratch_file.os, "posix_fallocate", full, raising=False)
        for work in (lambda: file.append(np.arange(9)), lambda: file.reserve(72)):
            with pytest.raises(OutputError) as raised:
                work()
            (problem,) = raised.value.problems
            assert raised.value.exit_code == ExitCode.OUTPUT
            assert problem.message.startswith(f"the cache of the data: could not write: {os.strerror(code)}")
            assert str(problem.place) == str(tmp_path)
            assert ("72 bytes are needed" in problem.message) == (code != errno.EIO)


def test_systems_without_calls_of_linux_have_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in ("posix_fallocate", "preadv"):  # macOS has not all of them
        monkeypatch.delattr(scratch_file.os, call, raising=False)
    monkeypatch.setattr(scratch_file, "PIECE", 7)
    with Cache("disk", tmp_path / "run") as cache:
        file = cache.file()
        file.reserve(80)
        room = np.ones(10)
        file.read(0, room)
        assert not room.any()
        file.write(8, np.arange(9.0))
        file.read(0, room)
        assert room.tolist() == [0, *range(9)]
        with pytest.raises(OutputError, match="the file ends at byte 80"):
            file.read(8, room)

        def full(_handle: int, _data: bytes, _start: int) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(scratch_file.os, "pwrite", full)
        with pytest.raises(OutputError, match="could not write: No space left on device; 96 bytes"):
            file.reserve(96)


def test_large_blocks_go_back_to_the_system_where_the_c_library_can(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []

    def mallopt(parameter: int, value: int) -> None:
        told.append((parameter, value))

    for library in (SimpleNamespace(mallopt=mallopt), SimpleNamespace()):
        monkeypatch.setattr(memory.ctypes, "CDLL", lambda _name, library=library: library)
        memory.give_back_large_blocks()
    assert told == [(memory.M_MMAP_THRESHOLD, memory.LARGE_BLOCK)]


def test_a_place_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the cache of the data: could not make a file: No such file"):
        ScratchFile(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("mode", "free", "holds"),
    [("memory", 10**12, True), ("disk", 10**12, False), ("auto", 10**12, True), ("auto", 1000, False)],
)
def test_where_something_goes(
    mode: cache_module.Mode, free: int, holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "available_bytes", lambda: free)
    with Cache(mode) as cache:
        assert cache.holds(2000) == holds
        sinks = cache.sinks({"train": 10, "test": 3}, 4, "float32")
        assert {part: sink.rows().shape for part, sink in sinks.items()} == {"train": (10, 4), "test": (3, 4)}
        assert (cache.note is None) == holds


def test_where_memory_alone_is_allowed_too_little_is_told_before_it_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    expected = "for the rows of the data: about 0 MB needed.*\n.*`data.cache: auto`"
    with Cache("memory") as cache, pytest.raises(MemoryLimitError, match=expected):
        cache.sinks({"train": 100, "test": 3}, 4, "float32")
    assert by_ranks(2, lambda ranks: CacheOfRanks("memory", Path(), ranks).holds(2000)) == [True, True]


def test_a_process_without_room_for_its_rows_says_which_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    place, most = Place(0, 768, 2, "float32"), 256 * 2 * 4
    monkeypatch.setattr(memory, "available_bytes", lambda: most)
    assert [len(rows) for rows in by_ranks(3, place.held)] == [256, 256, 256]
    with pytest.raises(MemoryLimitError, match="for the rows that process 0 of 2 holds"):
        by_ranks(2, place.held)


def test_memory_that_nobody_knows_of_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "available_bytes", lambda: None)
    assert Cache("auto").holds(10**15)
