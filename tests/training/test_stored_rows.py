"""Rows in memory and elsewhere: the same batches, in windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.arrays import Indices, Matrix
from mlpcli.parallel.pool import SerialPool
from mlpcli.storage.ahead import A_PLACE
from mlpcli.storage.rows import Fetch, some_of, spans, taken, whole
from mlpcli.training import batches as batches_module
from mlpcli.training.batches import Batches, Part, Room


class Elsewhere:
    """A store around an array, which counts what it is asked for; it may give rows in its own order."""

    def __init__(self, array: Matrix, fetches: bool = False) -> None:
        self._array = array
        self._fetches = fetches
        self.most = 0
        self.fetched: list[int] = []

    @property
    def shape(self) -> tuple[int, int]:
        return self._array.shape[0], self._array.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        return self._array.nbytes

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, rows: slice, /) -> Matrix:
        found: Matrix = self._array[rows].copy()
        self.most = max(self.most, len(found))
        return found

    def gather(self, order: Indices, out: Matrix) -> None:
        self.most = max(self.most, len(order))
        out[...] = self._array[order]

    @property
    def fetch(self) -> Fetch | None:
        return self._fetch if self._fetches else None

    def _fetch(self, order: Indices, out: Matrix) -> Indices:
        self.fetched.append(len(order))
        out[::-1] = self._array[order]
        return np.arange(len(order))[::-1]


ROWS, SIZE = 103, 10


def parts(fetches: bool = False) -> tuple[Part, Part, Elsewhere]:
    """The same rows in memory and elsewhere."""
    rng = np.random.default_rng(1)
    x, y, weights = rng.random((ROWS, 3), np.float32), rng.random((ROWS, 2), np.float32), rng.random(ROWS)
    store = Elsewhere(x, fetches)
    return Part.of(x, y, weights, np.float32), Part.of(store, y, weights, np.float32), store


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_batches_come_in_windows_of_an_array_as_of_a_store(
    workers: int, shuffled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = 3 * SIZE * 3 * 4
    monkeypatch.setattr(batches_module, "WINDOW_BYTES", window)
    monkeypatch.setattr(batches_module, "COPIED_BYTES", window)
    in_memory, elsewhere, store = parts()
    each = [Batches(part, SIZE, SerialPool(workers)) for part in (in_memory, elsewhere)]
    order = np.arange(ROWS)
    for _ in range(2):
        if shuffled:
            order = np.arange(ROWS)
            np.random.default_rng(5).shuffle(order)
            for batches in each:
                batches.shuffle(np.random.default_rng(5))
        for index in (*range(len(each[0])), 4, 0):
            rows = order[index * SIZE : (index + 1) * SIZE]
            for batches in each:
                batches.bring(index)
                for source, found in zip(in_memory.arrays(), batches[index], strict=True):
                    assert source is not None
                    assert found is not None
                    assert found.flags.c_contiguous
                    assert np.array_equal(source[rows], found)
                    if shuffled:
                        assert found.base is not None
                        assert len(found.base) == 3 * SIZE
    assert store.most <= 3 * SIZE


@pytest.mark.parametrize("shuffled", [False, True])
def test_rows_that_come_in_windows_settle_in_one_place(
    shuffled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches_module, "COPIED_BYTES", 1)
    in_memory, _, _ = parts()
    batches, whole_epoch = Batches(in_memory, SIZE), Batches(in_memory, ROWS)
    if shuffled:
        batches.shuffle(np.random.default_rng(5))
        whole_epoch.shuffle(np.random.default_rng(5))
        batches.bring(4)
    room = Room.like(in_memory, ROWS, SerialPool())
    batches.settle(room)
    for expected, found in zip(whole_epoch[0], room.arrays(), strict=True):
        assert expected is not None
        assert found is not None
        assert np.array_equal(expected, found)
    batches.bring(7)
    assert np.array_equal(batches[7][0], room.x[7 * SIZE : 8 * SIZE])


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(("most", "times"), [(0, 0), (5, 6), (100, 2)])
def test_a_store_is_asked_for_the_rows_of_many_windows_at_once(
    workers: int, most: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows of two batches: of five batches' size at most, or all of them; once each, in two epochs."""
    monkeypatch.setattr(batches_module, "WINDOW_BYTES", 2 * SIZE * 3 * 4)
    size = most * SIZE * (3 * 4 + A_PLACE)
    monkeypatch.setattr(batches_module, "portion", lambda *_bounds: size)
    in_memory, elsewhere, store = parts(fetches=True)
    one, other = (Batches(part, SIZE, SerialPool(workers)) for part in (in_memory, elsewhere))
    for seed in range(2):
        for batches in (one, other):
            batches.shuffle(np.random.default_rng(seed))
        for index in range(len(one)):
            one.bring(index)
            other.bring(index)
            for expected, found in zip(one[index], other[index], strict=True):
                assert np.array_equal(expected, found)
    assert len(store.fetched) == workers * times
    assert sum(store.fetched) == (2 * ROWS if times else 0)


def test_a_window_holds_one_batch_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches_module, "WINDOW_BYTES", 1)
    _, elsewhere, store = parts()
    batches = Batches(elsewhere, ROWS)
    batches.bring(0)
    assert np.array_equal(batches[0][0], whole(store))


def test_some_of_the_rows_of_a_store_are_those_of_an_array() -> None:
    in_memory, elsewhere, _ = parts()
    chosen = np.array([5, 7, 50, 101])
    one, other = some_of(in_memory.x, chosen), some_of(elsewhere.x, chosen)
    assert one.shape == other.shape
    assert not isinstance(other, np.ndarray)
    assert other.fetch is None
    assert (one.dtype, one.nbytes, len(one)) == (other.dtype, other.nbytes, len(other))
    assert np.array_equal(whole(one), whole(other))
    assert np.array_equal(one[1:3], other[1:3])
    order = np.array([3, 0, 0])
    assert np.array_equal(taken(one, order), taken(other, order))
    fetching = some_of(Elsewhere(whole(elsewhere.x), fetches=True), chosen)
    assert not isinstance(fetching, np.ndarray)
    assert fetching.fetch is not None
    out = np.empty((3, 3), np.float32)
    places = fetching.fetch(order, out)
    assert np.array_equal(out[places], taken(one, order))


def test_stretches_end_after_whole_multiples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.storage.rows.SPAN_BYTES", 9 * 12)
    in_memory, elsewhere, _ = parts()
    assert list(spans(in_memory.x, slice(8, 40), 4)) == [slice(8, 40)]
    assert list(spans(elsewhere.x, slice(8, 40), 4)) == [slice(n, n + 8) for n in range(8, 40, 8)]
    assert list(spans(elsewhere.x, slice(8, 8), 4)) == []
