"""A pool: whoever does the work, the numbers are the same, and nothing of a pool is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import MemoryLimitError
from mlpcli.nn import workspace
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import CHUNK, Network
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.nn.penalty import Penalty
from mlpcli.optim.average import WeightAverage
from mlpcli.optim.first_order import build
from mlpcli.optim.moment import Fading, flat_cos
from mlpcli.optim.rate_curves import Constant
from mlpcli.optim.schedules import Schedule
from mlpcli.optim.stepper import Stepper
from mlpcli.parallel import pool as pools
from mlpcli.parallel import process_pool as processes
from mlpcli.parallel import shared_memory
from mlpcli.parallel import thread_pool as in_threads
from mlpcli.parallel.pacing import Autotuner, Backoff
from mlpcli.parallel.pool import SerialPool, WorkerPool
from mlpcli.parallel.process_pool import ProcessPool, Worker
from mlpcli.parallel.shares import share
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.training.batches import Part
from mlpcli.training.data_parallel import gradient_job, scores_job
from mlpcli.training.loop import Trainer, fit
from tests.support.contract import choice
from tests.support.network_cases import LAYER_NORM, Case, LossJudge, Values
from tests.support.running import MLP, RESULTS, ends_with_its_parent, mlp, ok

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
KINDS = [SerialPool, ThreadPool, pytest.param(ProcessPool, marks=linux)]
CASES = {
    "softmax": Case(Loss("cross_entropy")),
    "sum of squares": Case(Loss("squared_error", reduction="sum")),
    "dropout": Case(Loss("mse"), dropout=0.3),
    "penalties": Case(Loss("binary_cross_entropy"), penalty=Penalty(0.01, 0.1)),
    "layer_norm": Case(Loss("huber"), normalization=LAYER_NORM),
    "residual": Case(Loss("mse"), widths=(3, 4, 4, 2), residual=True),
    "embedding": Case(Loss("mse"), widths=(4, 3, 2), embeddings=(EmbeddedColumn(1, 5, 2),)),
    "waves": Case(Loss("mse"), widths=(9, 3, 2), numeric_embedding=PeriodicKind((0, 2), 5, 4, 0.3)),
    "scaling": Case(Loss("mse"), scaling=True),
    "float32": Case(Loss("cross_entropy"), dtype=np.float32),
}
RATES = {"weight": "fan_in", "bias": 0.1, "normalization": 3}
ROWS, BATCH = 23, 5  # the last batch has three rows: fewer than the largest pool here


def as_it_is(part: Part) -> Part:
    """The rows where all workers are of one process."""
    return part


def trained(
    case: Case, pool: WorkerPool, had: Callable[[Part], Part] = as_it_is
) -> tuple[list[float], Values]:
    """The loss of every epoch, and the parameters, of three epochs of all that workers share in.

    `had` is how the workers have the rows.
    """
    network = case.network(shared_memory.zeros)
    x, y, weights = replace(case, rows=ROWS).batch()
    part = Part.of(x, y, weights[:, 0], network.dtype)
    made = build(choice("adamw", weight_decay=0.1, rates=RATES), network.layout.slots)
    stepper = Stepper(made, network.theta, network.grad, network.layout.n_weights)
    trainer = Trainer(
        network=network,
        batches=had(part).batches(BATCH, pool),
        stepper=stepper,
        schedule=Schedule(Constant(0.01), warmup=0),
        evaluator=LossJudge(network, part),
        epochs=3,
        shuffling=np.random.default_rng(3),
        fading=Fading(flat_cos, flat_cos),
        average=WeightAverage(network.state, 0.9),
        pool=pool,
    )
    with pool:
        fit(trainer)
    return [epoch.loss for epoch in trainer.history], network.theta.copy()


@given(st.integers(0, 1000), st.integers(1, 9))
def test_shares_are_all_there_is_and_nearly_equal(n: int, size: int) -> None:
    shares = [range(n)[share(n, rank, size)] for rank in range(size)]
    assert [i for part in shares for i in part] == list(range(n))
    lengths = [len(part) for part in shares]
    assert max(lengths) == lengths[0]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.kernels
@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("name", CASES)
def test_every_pool_of_a_size_trains_the_same_bits(
    name: str, kind: Callable[[int], WorkerPool], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "WORTH_SHARING", 1)  # so that these few parameters are shared too
    expected, found = trained(CASES[name], SerialPool(size)), trained(CASES[name], kind(size))
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.kernels
@pytest.mark.parametrize("kind", KINDS[1:])
def test_pools_train_the_same_bits_output_after_output(
    kind: Callable[[int], WorkerPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "MANY", 1)  # so that these few rows are worked on so
    expected, found = trained(CASES["float32"], SerialPool(2)), trained(CASES["float32"], kind(2))
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("size", [2, 3, 8])
@pytest.mark.parametrize("name", [name for name in CASES if name not in {"dropout", "float32"}])
def test_the_parts_add_up_to_the_gradient_of_the_batch(name: str, size: int) -> None:
    """Of a batch that is smaller than the largest pool, too."""
    alone, shared = CASES[name].network(), CASES[name].network()
    batch = CASES[name].batch()
    loss = alone.loss_and_grad(*batch)
    found, finite = gradient_job(shared, [batch], SerialPool(size))(0)
    assert finite
    assert found == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(shared.grad, alone.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [2, 3])
def test_every_member_drops_out_by_masks_of_its_own(size: int) -> None:
    case = Case(Loss("mse"), widths=(3, 400, 1), dropout=0.5, rows=6)
    network = case.network()
    x, y, weights = (np.repeat(array[:1], 6, axis=0) for array in case.batch())
    job = gradient_job(network, [(x, y, weights)], SerialPool(size))
    gradients = []
    for _ in range(2):
        job(0)
        gradients.append(network.gradients["layers.1.weight"].copy())
    zeros = [(gradient == 0).mean() for gradient in gradients]
    # of a unit whose rows are all alike nothing is left only where every row drops it out
    np.testing.assert_allclose(zeros, 0.5**6, atol=0.03)
    assert not np.array_equal(*gradients)


@pytest.mark.parametrize("rows", [0, 1, CHUNK, 3 * CHUNK + 5])
@pytest.mark.parametrize("kind", KINDS)
def test_forward_passes_do_not_depend_on_the_pool(kind: Callable[[int], WorkerPool], rows: int) -> None:
    network = Case(Loss("cross_entropy"), rows=rows).network(shared_memory.zeros)
    x, _, _ = Case(Loss("cross_entropy"), rows=rows).batch()
    pool = kind(3)
    scores = scores_job(network, {"val": x[:0], "train": x}, pool)
    with pool:
        for _ in range(2):
            np.testing.assert_array_equal(scores("train"), network.scores(x))
            network.theta += 0.1  # seen by every worker


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_that_is_not_finite_is_noticed(kind: Callable[[int], WorkerPool]) -> None:
    """In whichever part it comes up, and where only the sum overflows."""
    case = Case(Loss("squared_error", reduction="sum"), widths=(1, 1), rows=4, bias=False)
    network, pool = case.network(shared_memory.zeros), kind(2)
    x, y = np.ones((4, 1)), np.zeros((4, 1))
    batches: list[Any] = [(x, y, None), (x * [[1], [1], [1], [np.inf]], y, None), (x, y - 3e307, None)]
    job = gradient_job(network, batches, pool)
    with pool, np.errstate(all="ignore"):
        network.theta.fill(1.0)
        assert job(0) == (2.0, True)
        assert not job(1)[1]
        batches[2][1][:] = -1e308
        assert not job(2)[1]


def held() -> tuple[set[str], set[int]]:
    """The files that this process has open, and the signals that it does not want to see."""
    return {entry.name for entry in Path("/dev/fd").iterdir()}, set(
        signal.pthread_sigmask(signal.SIG_BLOCK, ())
    )


def in_processes(task: Callable[[int, int], float], size: int = 2) -> list[float]:
    """What the workers come to, each in its process, or what is raised; then nothing of them is left."""
    before, pool = held(), ProcessPool(size)
    job = pool.job(task)
    try:
        with pool, patch.object(Worker, "withdraw", lambda _worker: False):
            return job(7)
    finally:
        assert held() == before
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def other(act: Callable[[], object]) -> Callable[[int, int], float]:
    """A task in which the second worker does something besides."""

    def task(rank: int, number: int) -> float:
        if rank == 1:
            act()
        return float(10 * rank + number)

    return task


def failing(error: type[BaseException]) -> Callable[..., Any]:
    def fail(*_arguments: object) -> Any:
        raise error

    return fail


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_member_does_not_die_by_a_signal_that_asks_to_stop(number: signal.Signals) -> None:
    assert in_processes(other(lambda: os.kill(os.getpid(), number)), 3) == [7.0, 17.0, 27.0]


@linux
def test_a_member_holds_nothing_that_somebody_may_wait_for() -> None:
    end, pipe = os.pipe()
    pool = ProcessPool(3)
    job = pool.job(other(lambda: None))
    with pool, patch.object(Worker, "withdraw", lambda _worker: False):
        job(0)  # every worker has been forked
        os.close(pipe)
        job(0)  # and has begun
        assert select.select([end], [], [], 0)[0]
        assert os.read(end, 1) == b""
    os.close(end)


@linux
@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (MemoryError, MemoryError, "^$"),
        (ZeroDivisionError, RuntimeError, "in fail\n    raise error\nZeroDivisionError"),
        (KeyboardInterrupt, RuntimeError, "KeyboardInterrupt"),
    ],
)
def test_what_a_member_raises_is_raised_here(
    error: type[BaseException], raised: type[Exception], message: str
) -> None:
    with pytest.raises(raised, match=message):
        in_processes(other(failing(error)))


@linux
def test_a_member_that_is_killed_is_an_error_and_no_endless_wait() -> None:
    with pytest.raises(MemoryLimitError, match="a process that took part in the training was killed"):
        in_processes(other(lambda: os.kill(os.getpid(), signal.SIGKILL)))


@linux
def test_members_are_waited_for_where_the_first_one_fails() -> None:
    done = shared_memory.zeros((1,), np.int64)

    def task(rank: int, number: int) -> float:
        if rank == 0:
            raise ValueError(number)
        done.fill(number)
        return 0.0

    with pytest.raises(ValueError, match="7"):
        in_processes(task)
    assert done.item() == 7


@linux
@pytest.mark.parametrize("missing", ["fork", "pipe", "eventfd"])
def test_where_no_process_can_be_had_this_one_stands_in(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, missing, failing(OSError))
    assert in_processes(other(lambda: None), 3) == [7.0, 17.0, 27.0]


@linux
def test_a_second_bell_that_cannot_be_had_leaves_no_first(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.eventfd, iter([True, False])
    monkeypatch.setattr(os, "eventfd", lambda *how: real(*how) if next(calls) else failing(OSError)())
    assert in_processes(other(lambda: None)) == [7.0, 17.0]


@linux
def test_what_a_member_has_not_begun_is_done_here() -> None:
    """And it goes on from there once it can."""
    places = shared_memory.zeros((3,), np.int64)

    def task(rank: int, number: int) -> float:
        places[rank] = os.getpid()
        return float(rank + number)

    pool = ProcessPool(3)
    job = pool.job(task)
    with pool:
        job(0)
        assert pool._workers is not None
        held_up, free = pool._workers
        os.kill(held_up.process, signal.SIGSTOP)
        os.waitpid(held_up.process, os.WUNTRACED)
        assert job(7) == [7.0, 8.0, 9.0]
        assert places[1] == os.getpid()
        assert places[2] in {os.getpid(), free.process}
        os.kill(held_up.process, signal.SIGCONT)
        with patch.object(Worker, "withdraw", lambda _worker: False):
            assert job(5) == [5.0, 6.0, 7.0]
        assert list(places) == [os.getpid(), held_up.process, free.process]
        os.kill(held_up.process, signal.SIGSTOP)  # that does not keep the pool from leaving


@linux
def test_after_a_long_wait_the_next_job_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the others' processors are not to be had."""
    places = shared_memory.zeros((2,), np.int64)

    def task(rank: int, _number: int) -> float:
        places[rank] = os.getpid()
        return 0.0

    pool = ProcessPool(2)
    job = pool.job(task)
    monkeypatch.setattr(Worker, "withdraw", lambda _worker: False)
    monkeypatch.setattr(processes, "perf_counter", lambda: 0.0)
    with pool:
        job(0)
        assert pool._workers is not None
        (worker,) = pool._workers
        clock = iter([0.0, 10.0])  # it waited for ten seconds
        monkeypatch.setattr(processes, "perf_counter", lambda: next(clock))
        job(0)
        monkeypatch.setattr(processes, "perf_counter", lambda: 0.0)
        assert places[1] == worker.process
        job(0)
        assert places[1] == os.getpid()
        job(0)
        assert places[1] == worker.process


def test_what_a_thread_raises_is_raised_when_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    failed, ended = threading.Event(), []

    def task(rank: int, _number: int) -> float:
        if rank == 1:
            failed.set()
            raise KeyError
        failed.wait()
        sys.setswitchinterval(1e-6)  # so that who does not wait goes on now
        ended.append(rank)
        return 0.0

    monkeypatch.setattr(Autotuner, "next", lambda _pace: 1)
    interval, pool = sys.getswitchinterval(), ThreadPool(4)
    job = pool.job(task)
    try:
        with pool:
            for _ in range(20):
                ended.clear()
                with pytest.raises(KeyError):
                    job(0)
                assert sorted(ended) == [0, 2, 3]
    finally:
        sys.setswitchinterval(interval)


def test_the_faster_way_is_found_out_now_and_then() -> None:
    autotuner = Autotuner()

    def ways(jobs: int, seconds: tuple[float, float]) -> list[int]:
        chosen = []
        for _ in range(jobs):
            chosen.append(autotuner.next())
            autotuner.took(seconds[chosen[-1]])
        return chosen

    tries = [0, 1] * Autotuner.TRIALS
    assert ways(Autotuner.AGAIN, (2.0, 1.0)) == tries + [1] * (Autotuner.AGAIN - len(tries))
    assert ways(Autotuner.AGAIN, (2.0, 3.0)) == tries + [0] * (Autotuner.AGAIN - len(tries))


@pytest.mark.parametrize(("seconds", "several"), [((1.0, 9.0), False), ((9.0, 1.0), True)])
def test_threads_are_used_where_they_are_faster(
    seconds: tuple[float, float], several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that is told how long a job took, in turn and in threads."""
    here, elsewhere, now = threading.get_ident(), [False], [0.0]

    def task(rank: int, _number: int) -> float:
        if rank == 1:
            elsewhere[0] = threading.get_ident() != here
            now[0] += seconds[elsewhere[0]]
        return 0.0

    monkeypatch.setattr(in_threads, "perf_counter", lambda: now[0])
    pool = ThreadPool(2)
    job = pool.job(task)
    with pool:
        for _ in range(2 * Autotuner.TRIALS):
            job(0)
        for _ in range(20):
            job(0)
            assert elsewhere == [several]


def test_the_rest_grows_while_the_machine_is_busy_and_ends_when_it_is_not() -> None:
    rest, rests = Backoff(), []
    for _ in range(9):
        rest.after(0.01, 0.02)
        rests.append(rest.jobs)
        while rest.jobs:
            rest.after(0.02, 0.0)
    assert rests == [1, 2, 4, 8, 16, 32, 64, 64, 64]
    rest.after(1e-4, 5e-4)  # a short one tells nothing
    rest.after(0.01, 0.02)
    assert rest.jobs == 64
    while rest.jobs:
        rest.after(0.02, 0.0)
    rest.after(0.01, 0.01)
    rest.after(0.01, 0.02)
    assert rest.jobs == 1


@linux
def test_members_sleep_and_are_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks in vain for ever, and nothing is missed that comes later."""
    monkeypatch.setattr(processes, "POLLS", 0)
    monkeypatch.setattr(Worker, "withdraw", lambda _worker: False)
    assert trained(CASES["softmax"], ProcessPool(2))[0] == trained(CASES["softmax"], SerialPool(2))[0]


@linux
@pytest.mark.parametrize(
    "ordered", ["", "[worker.send(0, 0) for worker in pool._workers]"], ids=["idle", "at work"]
)
def test_members_end_when_their_parent_is_killed(ordered: str) -> None:
    """Also where nobody can tell which files they hold."""
    code = f"""
import os, signal
from mlpcli.parallel import process_pool as processes
processes.let_go = lambda _needed: None
pool = processes.ProcessPool(3)
job = pool.job(lambda rank, number: 0.0)
with pool:
    job(0)
    {ordered}
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ends_with_its_parent(code)


def test_memory_that_cannot_be_had_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory.mmap, "mmap", failing(OSError))
    with pytest.raises(MemoryError):
        shared_memory.zeros((3,), np.float64)


WIDE = """\
data: {train: t.csv, target: y, validation: 0.2}
model: {layers: [auto, 300, 100, auto], dropout: 0.1}
training: {epochs: 3, batch_size: 400}
seed: 1
"""


def wide(folder: Path) -> None:
    """A table, and a config whose steps are worth sharing."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(1500, 21))
    lines = [",".join(f"{value:.3f}" for value in row) for row in table]
    head = ",".join([*(f"x{i}" for i in range(20)), "y"])
    (folder / "t.csv").write_text("\n".join([head, *lines]) + "\n")
    (folder / "c.yaml").write_text(WIDE)


def results(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in RESULTS}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    wide(tmp_path)
    return tmp_path


def test_a_training_that_is_shared_has_the_same_bytes_whatever_the_pool(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In processes, in threads, and where the system gives no process."""
    train = ("train", "c.yaml", "-q", "--no-plots", "--threads", 2, "-o")
    ok(*train, "processes")
    expected = results(table / "processes")
    monkeypatch.delattr(os, "eventfd", raising=False)
    ok(*train, "threads")
    monkeypatch.undo()
    monkeypatch.chdir(table)
    monkeypatch.setattr(os, "fork", failing(OSError))
    ok(*train, "alone")
    assert results(table / "threads") == expected
    assert results(table / "alone") == expected


@linux
def test_a_run_whose_member_is_killed_ends_with_a_message(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Network.loss_and_grad
    parent = os.getpid()

    def loss_and_grad(network: Network, *batch: Any) -> float:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(network, *batch)

    monkeypatch.setattr(Network, "loss_and_grad", loss_and_grad)
    monkeypatch.setattr(Worker, "withdraw", lambda _worker: False)
    monkeypatch.setattr(Backoff, "after", lambda *_seconds: None)
    done = mlp("train", "c.yaml", "-q", "--threads", 2, "-o", "run")
    assert done.code == 9
    assert done.err == (
        "mlp: error: a process that took part in the training was killed\n"
        "hint: where memory was short, use --threads 1, smaller layers, or a smaller batch\n"
    )
    assert not (table / "run" / "model.npz").exists()


@linux
def test_a_shared_run_that_is_stopped_goes_on_to_the_same_bytes(table: Path) -> None:
    train = [*MLP, "train", "c.yaml", "--no-plots", "--threads", "2", "--set", "training.epochs=12", "-o"]
    done = subprocess.run([*train, "whole", "-q"], capture_output=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, b"")
    stopped = 0
    for epochs in (1, 7):
        run = subprocess.Popen([*train, "parts", "--resume"], stderr=subprocess.PIPE)
        assert run.stderr
        while f"epoch {epochs:>2}/12".encode() not in (line := run.stderr.readline()):
            assert line
        run.send_signal(signal.SIGTERM)
        run.stderr.read()
        stopped += run.wait(timeout=300) == -signal.SIGTERM
        run.stderr.close()
    done = subprocess.run([*train, "parts", "-q", "--resume"], capture_output=True, timeout=300)
    assert done.returncode == 0
    assert stopped > 0
    assert results(table / "parts") == results(table / "whole")


@linux
def test_processes_never_share_a_network_that_only_one_of_them_sees() -> None:
    case = CASES["softmax"]
    x, y, weights = case.batch()
    with pytest.raises(AssertionError, match=r"zeros=shared_memory\.zeros"):
        gradient_job(case.network(), [(x, y, weights)], ProcessPool(2))
    gradient_job(case.network(), [(x, y, weights)], ThreadPool(2))
    gradient_job(case.network(shared_memory.zeros), [(x, y, weights)], ProcessPool(2))
