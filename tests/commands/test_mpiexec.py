"""`mpiexec -n 2 mlp train`: real processes and a real MPI library, where there is one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import MLP, Done, ok, results, write_config, write_table

pytest.importorskip("mpi4py")
MPIEXEC = Path(sys.executable).with_name("mpiexec")
pytestmark = pytest.mark.skipif(not MPIEXEC.exists(), reason="there is no mpiexec beside this Python")

# a process of this number is killed at its seventh update, where the environment says so
KILLED = """
import os, signal
from mlpcli.training.loop import Trainer
update, updates = Trainer.update, []
def dying(trainer, index):
    updates.append(index)
    if len(updates) == 7 and os.environ.get("PMI_RANK") == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    update(trainer, index)
Trainer.update = dying
from mlpcli.start import main
main()
"""
FLAGS = ("train", "c.yaml", "--no-plots", "-q")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table, and a config whose steps have three parts."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(
        tmp_path / "c.yaml",
        data={"validation": 0.25},
        model={"layers": ["auto", 6, "auto"], "dropout": 0.3},
        training={"parts": 3, "epochs": 4, "batch_size": 10},
    )
    return tmp_path


def launched(*arguments: object, flags: tuple[str, ...] = (), program: list[str] = MLP) -> Done:
    """Two processes, which must end at last.

    On a busy machine the launcher itself may die by SIGPIPE before it has started any: then once more.
    """
    for _ in range(3):
        done = subprocess.run(
            [str(MPIEXEC), "-n", "2", *flags, *program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            # as if they were on two machines, and where others want the processors too
            env={**os.environ, "MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_POLLS_BEFORE_YIELD": "1"},
            timeout=300,
        )
        if done.returncode != -signal.SIGPIPE:
            break
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.kernels
@pytest.mark.parametrize(
    "flags",
    [
        (),
        pytest.param(("-launcher", "fork", "-hosts", "127.0.0.1,127.0.0.2"), marks=pytest.mark.slow),
    ],
)
def test_two_processes_write_the_bytes_of_one(flags: tuple[str, ...]) -> None:
    done = launched(*FLAGS, "-o", "two", flags=flags)
    assert (done.code, done.out, done.err) == (0, "", "")
    ok(*FLAGS, "-o", "one")
    assert results(Path("two")) == results(Path("one"))


def test_what_is_wrong_is_told_once_and_the_launcher_says_so() -> None:
    with Path("t.csv").open("a") as table:
        table.write("r40,far,5,red,ash,yes,1,1,1\n")
    done = launched(*FLAGS, "--set", "data.features={length: standardize}")
    assert (done.code, done.out) == (4, "")
    assert done.err.count("mlp: error") == 1


@pytest.mark.slow  # `python -m tests.faults ranks` kills at many moments
@pytest.mark.kernels
def test_after_a_death_one_process_goes_on_to_the_same_bytes() -> None:
    done = launched(*FLAGS, "-o", "run", program=[sys.executable, "-c", KILLED])
    assert done.code in {signal.SIGKILL, 128 + signal.SIGKILL}
    assert "mlp: error" not in done.err
    ok(*FLAGS, "-o", "run", "--resume")
    ok(*FLAGS, "-o", "whole")
    assert results(Path("run")) == results(Path("whole"))


def test_two_processes_predict_what_one_does(place: Path) -> None:
    """A shard each, and one file."""
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    alone = ok("predict", "run/model.npz", "t.csv").out
    assert launched("predict", "run/model.npz", "t.csv", "-o", "p.csv") == Done(0, "", "")
    assert (place / "p.csv").read_text("utf-8") == alone


@pytest.mark.slow
def test_a_row_that_cannot_be_predicted_ends_all_and_is_told_once(place: Path) -> None:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    text = (place / "t.csv").read_text("utf-8")
    (place / "t.csv").write_text(text + "r40,long,1,red,ash,yes,1,1,1\n", "utf-8")
    done = launched("predict", "run/model.npz", "t.csv", "-o", "p.csv")
    assert done.code == 4
    assert done.err.startswith("mlp: error: t.csv:42: column 'length': expected a number, found 'long'\n")
    assert done.err.count("error") == 1
    assert not (place / "p.csv").exists()
