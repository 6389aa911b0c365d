"""Processes that train together: whoever does which parts, the numbers are those of one process alone."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlpcli import memory
from mlpcli.errors import UsageError
from mlpcli.parallel import mpi_pool
from mlpcli.parallel.mpi_pool import MpiPool
from mlpcli.parallel.pool import LINE, SerialPool, SharedOutPool, WorkerPool
from mlpcli.parallel.process_pool import ProcessPool
from mlpcli.parallel.ranks import EndedByAnotherError, Ranks
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.storage import rank_rows
from mlpcli.storage.rank_rows import held_by
from mlpcli.training import spread_rows
from mlpcli.training.batches import Part
from mlpcli.training.spread_rows import RowKind, SpreadPart, spread_scores
from tests.parallel.test_pools import CASES, linux, trained
from tests.support.network_cases import BATCH_NORM, Case
from tests.support.threads_as_ranks import by_ranks


def spread(part: Part, ranks: Ranks) -> SpreadPart:
    """The rows as each process has them."""
    if ranks.leads:
        return SpreadPart.given_out(part, ranks)
    return SpreadPart.received(RowKind.of(part), ranks)


def trained_by_ranks(case: Case, parts: int, number: int) -> list[Any]:
    """What training comes to in every process."""
    return by_ranks(
        number, lambda ranks: trained(case, MpiPool(parts, ranks), lambda part: spread(part, ranks))
    )


@pytest.mark.kernels
@pytest.mark.parametrize(("parts", "number"), [(2, 2), (3, 2), (2, 3), (4, 4), (1, 2), (8, 3)])
@pytest.mark.parametrize("name", CASES)
def test_processes_train_the_same_bits_as_one(name: str, parts: int, number: int) -> None:
    """More parts than processes, more processes than parts, more parts than rows."""
    expected = trained(CASES[name], SerialPool(parts))
    for losses, theta in trained_by_ranks(CASES[name], parts, number):
        assert losses == expected[0]
        np.testing.assert_array_equal(theta, expected[1])


@pytest.mark.kernels
def test_statistics_of_whole_batches_are_those_of_one_process() -> None:
    case = Case(CASES["softmax"].loss, normalization=BATCH_NORM)
    expected = trained(case, SerialPool())
    for losses, theta in trained_by_ranks(case, 1, 2):
        assert losses == expected[0]
        np.testing.assert_array_equal(theta, expected[1])


@pytest.mark.kernels
@pytest.mark.parametrize("window", [1, 600])
@pytest.mark.parametrize(("parts", "number"), [(3, 3), (5, 3), (2, 4)])
def test_long_gradients_and_many_rows_come_in_other_messages(
    parts: int, number: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mpi_pool, "SHORT", 0)
    monkeypatch.setattr(spread_rows, "WINDOW_BYTES", (window, window))
    monkeypatch.setattr(rank_rows, "PIECE", 7)
    expected = trained(CASES["dropout"], SerialPool(parts))
    for losses, theta in trained_by_ranks(CASES["dropout"], parts, number):
        assert losses == expected[0]
        np.testing.assert_array_equal(theta, expected[1])


def test_who_has_the_least_memory_says_how_many_rows_are_fetched_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = iter([10**9, 32 << 20, 10**9])
    monkeypatch.setattr(memory, "available_bytes", lambda: next(free))
    assert by_ranks(3, spread_rows.window_bytes) == [2 << 20] * 3


@pytest.mark.kernels
@pytest.mark.parametrize("kind", [SerialPool, ThreadPool, pytest.param(ProcessPool, marks=linux)])
@pytest.mark.parametrize(("parts", "workers"), [(5, 2), (3, 3), (2, 3)])
def test_fewer_workers_than_parts_train_the_same_bits(
    kind: Callable[[int], WorkerPool], parts: int, workers: int
) -> None:
    expected = trained(CASES["dropout"], SerialPool(parts))
    found = trained(CASES["dropout"], SharedOutPool(parts, kind(workers)))
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("rows", [1, 255, 256, 300, 3000])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_every_row_is_held_by_one_process(rows: int, number: int) -> None:
    stretches = by_ranks(number, lambda ranks: held_by(rows, ranks))
    assert all(each == stretches[0] for each in stretches)
    assert [row for one in stretches[0] for row in range(rows)[one]] == list(range(rows))
    assert all(one.start <= one.stop for one in stretches[0])


@pytest.mark.parametrize("rows", [5, 700])
def test_scores_come_to_the_process_that_leads(rows: int) -> None:
    case = Case(CASES["softmax"].loss, rows=rows)
    x, y, weights = case.batch()
    part = Part.of(x, y, weights, np.float64)

    def scores(ranks: Ranks) -> Any:
        return spread_scores(case.network(), {"val": spread(part, ranks)})("val")

    leading, *_ = by_ranks(3, scores)
    np.testing.assert_array_equal(leading, case.network().scores(x))


def job_of(ranks: Ranks, task: Callable[[int, int], float]) -> object:
    """What a job of four workers comes to, or the kind of what it raises."""
    job = MpiPool(4, ranks).job(task)
    try:
        return job(7)
    except Exception as error:
        return type(error)


def test_all_have_the_values_of_all_workers() -> None:
    assert (
        by_ranks(3, lambda ranks: job_of(ranks, lambda worker, number: 10.0 * worker + number))
        == [[7.0, 17.0, 27.0, 37.0]] * 3
    )


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError])
def test_where_one_fails_the_others_hear_of_it(error: type[Exception]) -> None:
    def task(worker: int, _number: int) -> float:
        if worker == 3:
            raise error
        return 0.0

    assert by_ranks(3, lambda ranks: job_of(ranks, task)) == [EndedByAnotherError, EndedByAnotherError, error]


def test_all_stop_after_the_same_job_whoever_was_asked() -> None:
    def stopping(ranks: Ranks) -> list[object]:
        pool = MpiPool(2, ranks)
        job = pool.job(lambda _worker, _number: 0.0)
        job(0)
        before = pool.stop_requested()
        if ranks.rank == 1:
            ranks.stop.signal = signal.SIGTERM
        alone = pool.stop_requested()
        job(1)
        return [before, alone, pool.stop_requested(), ranks.stop.signal]

    assert by_ranks(2, stopping) == [[False, False, True, signal.SIGTERM]] * 2


def test_weights_that_differ_are_an_error_in_every_process() -> None:
    def compared(ranks: Ranks) -> str:
        pool, array = MpiPool(2, ranks), np.zeros(3)
        pool.require_same(array, "epoch 1")
        array[1] = np.nextafter(0, ranks.rank)
        with pytest.raises(UsageError) as raised:
            pool.require_same(array, "epoch 2")
        return str(raised.value)

    first, second = by_ranks(2, compared)
    assert "after epoch 2 the weights of process 1 are not those of this one" in first
    assert "process 0" in second
    assert "same type of processor" in first


def test_the_sum_is_in_the_order_of_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of numbers whose sum depends on it, and lengths that no number of processes divides."""
    vectors = np.random.default_rng(0).normal(size=(6, 5 * LINE + 3)).astype(np.float32)
    expected = vectors[0].copy()
    for vector in vectors[1:]:
        expected += vector
    assert not np.array_equal(expected, vectors[::-1].sum(axis=0))

    def added(ranks: Ranks) -> Any:
        pool, total = MpiPool(6, ranks), np.empty_like(expected)
        assert pool.adder([vectors[worker] for worker in pool.own], total, lambda _vector: True)()
        return total

    for short in (0, mpi_pool.SHORT):
        monkeypatch.setattr(mpi_pool, "SHORT", short)
        for number in (2, 3, 4, 7):
            for total in by_ranks(number, added):
                np.testing.assert_array_equal(total, expected)
