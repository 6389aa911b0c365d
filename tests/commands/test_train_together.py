"""`mlp train` by several processes: the same bytes as by one, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from signal import SIGTERM
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from mlpcli.cli import run, together
from mlpcli.errors import DataError
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.pool import SerialPool
from mlpcli.parallel.ranks import Ranks
from mlpcli.run import members_on_ranks, pace, training
from mlpcli.run.members_on_ranks import MembersOrder
from mlpcli.run.surroundings import Surroundings
from mlpcli.storage import rank_rows
from mlpcli.terminal.members_progress import Hear
from mlpcli.training.callbacks import Epoch
from tests.support.running import mlp, ok, results, write_config, write_table
from tests.support.stopping import stopped_after
from tests.support.threads_as_ranks import mlp_by_ranks

HELD_OUT = {"validation": 0.25, "test": 0.1}
CONFIGS: dict[str, dict[str, Any]] = {
    "dropout": {"model": {"layers": ["auto", 6, "auto"], "dropout": 0.3}},
    "weights": {"data": {"weight": "w"}, "class_weight": "balanced"},
    "early stopping": {"training": {"early_stopping": {"patience": 2}, "epochs": 9}},
    "small last batch": {"training": {"batch_size": 27, "shuffle": False}},
    "blocks": {"training": {"shuffle": {"blocks": 5}}},
    "one batch": {"training": {"batch_size": "full", "dtype": "float64"}},
    "average": {
        "training": {"average": {"ema": 0.9}},
        "schedule": {"name": "plateau", "monitor": "val_loss"},
    },
    "lbfgs": {
        "optimizer": {"name": "lbfgs", "iterations": 4},
        "training": {"epochs": None, "batch_size": None},
    },
    "batch_norm": {"model": {"normalization": "batch_norm"}, "training": {"parts": "auto"}},
    "lbfgs of batch_norm": {
        "model": {"normalization": "batch_norm"},
        "optimizer": {"name": "lbfgs", "iterations": 3},
        "training": {"epochs": None, "batch_size": None, "parts": 1},
    },
    "refit": {"training": {"refit": True, "early_stopping": {"patience": 1}}},
    "init by rows": {"model": {"init": "data_driven"}},
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table, whose rows several processes hold; every epoch is saved."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rank_rows, "CHUNK", 4)
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_table(tmp_path)
    return tmp_path


def configured(name: str = "dropout", **training: Any) -> None:
    """Write `c.yaml`: steps of three parts, unless the config says otherwise."""
    chosen = CONFIGS[name]
    write_config(
        Path("c.yaml"),
        **{
            **chosen,
            "data": {**HELD_OUT, **chosen.get("data", {})},
            "training": {"parts": 3, **chosen.get("training", {}), **training},
        },
    )


FLAGS = ("train", "c.yaml", "--no-plots", "-q")


def alone(*flags: object) -> dict[str, bytes]:
    """What one process makes of it."""
    ok(*FLAGS, "-o", "alone", "--overwrite", *flags)
    return results(Path("alone"))


@pytest.mark.kernels
@pytest.mark.parametrize("name", CONFIGS)
def test_processes_write_the_bytes_of_one(name: str) -> None:
    configured(name)
    expected = alone()
    for number in (2, 4):
        done, others = mlp_by_ranks(number, *FLAGS, "-o", f"run{number}")
        assert (done.code, others) == (0, [0] * (number - 1)), done.err
        assert results(Path(f"run{number}")) == expected


@pytest.mark.kernels
@pytest.mark.parametrize("cache", ["auto", "disk"])
def test_what_looks_at_rows_afterwards_finds_them(cache: str) -> None:
    """Every row of the report; with a cache on disk the table is there, and the rows are where they were."""
    configured()
    flags = ("train", "c.yaml", "-q", "--set", f"data.cache={cache}")
    ok(*flags, "-o", "alone")
    done, others = mlp_by_ranks(3, *flags, "-o", "run")
    assert (done.code, others) == (0, [0, 0]), done.err
    for name in ("report.json", "predictions.csv", "splits.csv"):
        assert Path("run", name).read_bytes() == Path("alone", name).read_bytes()


def test_a_note_says_that_processes_have_nothing_to_do() -> None:
    configured()
    note = "a step has 3 parts: 1 of 4 processes compute none; with `training.parts: 4`"
    for number, noted in ((4, True), (3, False)):
        done, _ = mlp_by_ranks(number, *FLAGS[:-1], "-o", f"run{number}")
        assert (note in done.err) is noted


def test_a_process_holds_its_rows_alone() -> None:
    configured()
    held: list[int] = []
    follow = Ranks.follow

    def noted(ranks: Ranks) -> None:
        follow(ranks)
        held.append(sum(len(rows) for rows in ranks.keeps.values()))

    with patch.object(Ranks, "follow", noted):
        assert mlp_by_ranks(4, *FLAGS, "-o", "run")[0].code == 0
    assert sum(held) < 40 * 3 / 4 + 3 * 3 * 4  # of 40 rows in three parts, to a chunk
    assert max(held) <= 40 / 4 + 3 * 4


@pytest.mark.kernels
def test_threads_and_processes_share_the_parts() -> None:
    configured()
    expected = alone("--threads", 1)
    for threads in (2, 3):
        assert alone("--threads", threads) == expected


@pytest.mark.kernels
def test_any_number_goes_on_where_others_were_stopped() -> None:
    configured(epochs=4)
    expected = alone()
    with stopped_after(10):
        done, others = mlp_by_ranks(3, *FLAGS, "-o", "run")
    assert (done.code, others) == (143, [143, 143])
    assert "stopped in epoch" in done.err
    with stopped_after(2):
        assert mlp_by_ranks(2, *FLAGS, "-o", "run", "--resume")[0].code == 143
    done, others = mlp_by_ranks(4, *FLAGS, "-o", "run", "--resume")
    assert (done.code, others) == (0, [0, 0, 0])
    assert results(Path("run")) == expected


def test_what_is_wrong_is_told_once_and_ends_all() -> None:
    configured()
    with Path("t.csv").open("a") as table:
        table.write("r40,far,5,red,ash,yes,1,1,1\n")
    done, others = mlp_by_ranks(3, *FLAGS, "-o", "run", "--set", "data.features={length: standardize}")
    assert (done.code, others) == (4, [4, 4])
    assert done.err.count("mlp: error") == 1
    assert "far" in done.err


def test_a_training_that_diverges_is_told_once_and_ends_all() -> None:
    configured()
    options = ("optimizer.name=sgd", "optimizer.learning_rate=1e38")
    flags = [word for option in options for word in ("--set", option)]
    done, others = mlp_by_ranks(2, *FLAGS, "-o", "run", *flags)
    assert (done.code, others) == (7, [7])
    assert done.err.count("mlp: error: training diverged in epoch 1") == 1


@pytest.mark.parametrize("flags", [("--dry-run",), ("-o", "alone", "--resume")])
def test_where_nothing_is_trained_the_others_end_too(flags: tuple[str, ...]) -> None:
    configured()
    alone()
    done, others = mlp_by_ranks(3, *FLAGS, *flags)
    assert (done.code, others) == (0, [0, 0])


def test_parts_of_a_batch_do_not_know_its_statistics() -> None:
    configured("batch_norm", parts=2)
    done = mlp(*FLAGS)
    assert done.code == 3
    assert "expected 1 or auto with batch_norm, which looks at all rows" in done.err


@pytest.mark.kernels
def test_members_have_parts_too() -> None:
    configured(epochs=2)
    ensemble = ("--set", "ensemble.members=2")
    together_too = alone(*ensemble, "--threads", 2)
    assert together_too == alone(*ensemble, "--threads", 1)
    configured(epochs=2, parts=1)
    assert alone(*ensemble) != together_too


ENSEMBLES = {"members": {"members": 3}, "folds": {"folds": 3}}


def ensemble(name: str, **training: Any) -> None:
    """Write `c.yaml`, of several networks."""
    data = {"validation": None, "test": 0.1} if name == "folds" else HELD_OUT
    write_config(Path("c.yaml"), data=data, ensemble=ENSEMBLES[name], training={"epochs": 3, **training})


@pytest.mark.kernels
@pytest.mark.parametrize(("name", "number"), [("members", 2), ("folds", 2), ("folds", 4)])
def test_members_are_trained_by_any_process(name: str, number: int) -> None:
    """Also where there are more processes than members."""
    ensemble(name)
    expected = alone()
    done, others = mlp_by_ranks(number, *FLAGS[:-1], "-o", "run")
    assert (done.code, others) == (0, [0] * (number - 1)), done.err
    assert results(Path("run")) == expected
    what = name.removesuffix("s")
    assert [f"{what} {one} of 3" in done.err for one in (1, 2, 3)] == [True] * 3
    done, _ = mlp_by_ranks(number, *FLAGS[:-1], "-o", "run", "--resume")
    assert (done.code, done.err) == (0, "the run in run is finished: nothing left to do\n")


@pytest.mark.kernels
@pytest.mark.parametrize("update", [2, 9])
def test_members_go_on_where_they_were_stopped(update: int) -> None:
    ensemble("folds", batch_size=5)
    expected = alone()
    with stopped_after(update):
        done, others = mlp_by_ranks(3, *FLAGS, "-o", "run")
    assert (done.code, others) == (143, [143, 143]), done.err
    assert done.err.count("stopped in") == 1
    done, _ = mlp_by_ranks(2, *FLAGS, "-o", "run", "--resume")
    assert done.code == 0, done.err
    assert results(Path("run")) == expected


def test_every_epoch_is_heard_of_whoever_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble("members")
    heard: list[tuple[int, int]] = []

    @contextmanager
    def listening(_console: object, _names: object) -> Iterator[Hear]:
        yield lambda number, told: heard.append((number, told.epoch)) if isinstance(told, Epoch) else None

    monkeypatch.setattr(training, "members_progress", listening)
    assert mlp_by_ranks(2, *FLAGS, "-o", "run")[0].code == 0
    assert sorted(heard) == [(member, epoch) for member in range(3) for epoch in (1, 2, 3)]


def test_a_member_that_fails_elsewhere_fails_the_run() -> None:
    """Here the state that the second one should go on from cannot be read."""
    ensemble("folds", batch_size=5)
    with stopped_after(9):
        mlp_by_ranks(3, *FLAGS, "-o", "run")
    Path("run/checkpoint.2.npz").write_bytes(b"no state")
    done, others = mlp_by_ranks(2, *FLAGS, "-o", "run", "--resume")
    assert (done.code, others) == (5, [5]), done.err
    assert done.err.startswith("mlp: error: checkpoint.2.npz: ")


@pytest.mark.parametrize("whose", [0, 1, 2])
@pytest.mark.parametrize("code", [4, 128 + SIGTERM])
def test_where_one_stops_or_fails_the_others_end_in_the_middle(
    code: int, whose: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever trains, the leader too, does so until it hears of it."""
    ensemble("members")
    carry_out = MembersOrder.carry_out

    def asked_to_stop(order: MembersOrder, ranks: Ranks) -> None:
        ranks.stop.agree(SIGTERM if (ranks.rank, code) == (whose, 128 + SIGTERM) else None)
        carry_out(order, ranks)

    def in_turn(numbered: list[Any], around: Surroundings, *_more: object) -> None:
        if (numbered[0][0], code) == (whose, 4):
            raise DataError.of("no rows")
        assert any(around.stop_requested() for _ in range(10**6))
        raise InterruptedTaskError("epoch 9")

    monkeypatch.setattr(MembersOrder, "carry_out", asked_to_stop)
    monkeypatch.setattr(members_on_ranks, "in_turn", in_turn)
    with stopped_after(100) if (whose, code) == (0, 128 + SIGTERM) else nullcontext():
        done, others = mlp_by_ranks(3, *FLAGS, "-o", "run")
    assert (done.code, others) == (code, [code] * 2), done.err


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long one waits before it ends in silence, and does not in fact."""
    waited: list[float] = []
    monkeypatch.setattr(together, "time", SimpleNamespace(sleep=waited.append))
    return waited


def test_of_commands_for_one_the_others_do_nothing(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "rank_and_size", lambda: (1, 4))
    for words in (("inspect", "no such file"), ("train", "--help"), ("search", "study.yaml", "-h")):
        done = mlp(*words)
        assert (done.code, done.out, done.err, waits) == (0, "", "", [])
    done = mlp("train", "c.yaml", "--no-such-flag")
    assert (done.code, done.out, done.err, waits) == (2, "", "", [together.FIRST_WORD])


@pytest.mark.parametrize(("rank", "words"), [(0, 1), (1, 0)])
def test_without_a_library_the_first_one_says_so(
    rank: int, words: int, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launcher may end all as soon as one has failed."""
    monkeypatch.setattr(together, "rank_and_size", lambda: (rank, 4))
    monkeypatch.setitem(__import__("sys").modules, "mpi4py.MPI", None)
    done = mlp("train", "c.yaml")
    assert done.code == 2
    assert done.err.count("pip install 'mlpcli[mpi]'") == words
    assert len(waits) == rank


def test_one_process_of_a_launcher_is_one_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    configured()
    monkeypatch.setattr(together, "rank_and_size", lambda: (0, 1))
    assert run([*FLAGS, "--dry-run"]) == 0
    assert SerialPool(3).told(lambda: 1) == 1
