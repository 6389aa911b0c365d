"""What `data.cache: disk` costs: an epoch beside one in memory, and peak memory under limits.

    python tests/benchmarks/larger_than_memory.py epochs [--rows 1000000] [--rounds 7]
    python tests/benchmarks/larger_than_memory.py limits [--rows 250000] [--megabytes 10] [--target y | kind]
    python tests/benchmarks/larger_than_memory.py together [--rows 600000] [--megabytes 400] [--processes 4]
    python tests/benchmarks/larger_than_memory.py whole [--rows 10000000] [--to DIR]

`epochs` trains networks of the same bytes in turns, one on rows in memory, the others on rows in a file that
the system has in its page cache: mapped and at random; by stretches, as where no more memory is free than the
file has bytes; and with no more addresses either (`ulimit -v`), so that stretches are mapped one by one. It
prints the medians of their warm epochs, evaluation included, and of the ratios to the first. `limits` trains
on a table of ten times so many megabytes of CSV under a limit on the address space (`ulimit -v`) of so many
and 300 more, and predicts it under the same. `together`, as root, trains with `data.cache: memory` on a table
whose encoded rows are 1,016 bytes each: without a limit, in a control group of so many megabytes, and by
processes of mpiexec in groups of their own of as many, which talk by TCP as machines. It tells exit codes,
peaks, and how many different runs came of it. `whole` makes a table of 50 columns, trains on it for two
epochs and predicts it, and tells time and peak memory of each: 10,000,000 rows are 4.2 GB, which are removed
afterwards.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
from measured import report

from mlpcli import memory
from mlpcli.config.load import load_config
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.pool import SerialPool
from mlpcli.parallel.threads import limited
from mlpcli.run.experiment import ExperimentEvaluator
from mlpcli.run.fit import trainer_of
from mlpcli.run.study import study_of
from mlpcli.storage import row_file
from mlpcli.storage.cache import Cache
from mlpcli.training.loop import Trainer

NUMBERS, ROWS_AT_A_TIME = 47, 50_000
KINDS, PLACES = ("red", "green", "blue", "white"), 50
CONFIG = """\
data: {train: t.csv, target: y, validation: 0.05, test: 0.05}
model: {layers: [auto, 32, auto]}
training: {epochs: 2, batch_size: 1024}
"""
SPREAD = f"""\
data:
  train: t.csv
  target: y
  validation: 0.05
  cache: memory
  features:
    kind: one_hot
    place: one_hot
    {"".join(f"n{i}: {{encode: piecewise_linear, bins: 20}}{chr(10)}    " for i in range(10))}
model: {{layers: [auto, 16, auto]}}
training: {{epochs: 2, batch_size: 1024, parts: 4}}
"""
FILES = ("model.npz", "history.csv", "metrics.json")
LIKE_MACHINES = {"MPIR_CVAR_NOLOCAL": "1", "MPIR_CVAR_POLLS_BEFORE_YIELD": "1"}
# the words after the name of a group and its limit, in that group: both versions of control groups
IN_GROUP = """
top=/sys/fs/cgroup/memory limit=memory.limit_in_bytes
[ -d $top ] || { top=/sys/fs/cgroup limit=memory.max; echo +memory > $top/cgroup.subtree_control; }
own=$top/$0-${PMI_RANK-alone}
mkdir -p $own && echo $1 > $own/$limit && echo $$ > $own/cgroup.procs && shift && exec "$@"
"""
TRAIN = ("train", "c.yaml", "-o", "run", "-q", "--no-plots")
PREDICT = ("predict", "run/model.npz", "t.csv", "-o", "p.csv", "-q")
# mlp, with its peak memory at the end
PEAK = """
import os
from mlpcli.start import main
try:
    main()
finally:
    with open("/proc/self/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    with open("peak" + os.environ.get("PMI_RANK", ""), "w", encoding="ascii") as file:
        print(lines["VmPeak"].split()[0], lines["VmHWM"].split()[0], file=file)
"""


def table(path: Path, rows: int, numbers: int = NUMBERS) -> None:
    """47 numbers, two columns of texts, and a target that they tell: 420 bytes a row."""
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=10)
    with path.open("w", encoding="ascii") as file:
        file.write(",".join([*(f"n{i}" for i in range(numbers)), "kind", "place", "y"]) + "\n")
        for start in range(0, rows, ROWS_AT_A_TIME):
            count = min(ROWS_AT_A_TIME, rows - start)
            x = rng.normal(size=(count, numbers)).round(5)
            kind, place = rng.integers(len(KINDS), size=count), rng.integers(PLACES, size=count)
            y = np.tanh(x[:, :10]) @ slopes + 0.5 * kind + 0.02 * place + 0.1 * rng.normal(size=count)
            file.writelines(_lines(x, kind.tolist(), place.tolist(), y))


def _lines(x: np.ndarray, kinds: list[int], places: list[int], y: np.ndarray) -> Iterator[str]:
    for row, kind, place, target in zip(x.tolist(), kinds, places, y.tolist(), strict=True):
        yield f"{','.join(map(str, row))},{KINDS[kind]},town {place},{target:.5f}\n"


def trainer(directory: Path, cache: Cache) -> Trainer:
    """A training of the table there, before its first epoch."""
    experiment = study_of(load_config(directory / "c.yaml"), MAX_PARAMETERS, cache).whole
    pool, optimizer = SerialPool(), experiment.config.spec.optimizer
    evaluator = ExperimentEvaluator.of(experiment, pool)
    return trainer_of(evaluator, optimizer, lambda: False, pool)


@contextmanager
def short_of(what: str, size: int) -> Iterator[None]:
    """No more free than `size` bytes of memory, or of addresses."""
    with patch.object(memory, "_free_in_system", lambda: size), ExitStack() as limits:
        if what == "addresses":
            for module in (memory, row_file):
                limits.enter_context(patch.object(module, "left_of_limit", lambda: size))
        yield


def epochs(rows: int, rounds: int) -> None:
    """Epochs of all kinds in turns, in the other order in every other round."""
    # a second thread of a product waits busily, which is no time of an epoch
    with (
        limited(1),
        tempfile.TemporaryDirectory(dir=".") as name,
        Cache("disk", Path(name) / "run") as cache,
    ):
        directory = Path(name)
        table(directory / "t.csv", rows)
        (directory / "c.yaml").write_text(CONFIG, "utf-8")
        trainers = {"memory": trainer(directory, Cache())}
        size = trainers["memory"].batches.part.x.nbytes
        trainers["a file"] = trainer(directory, cache)
        for what in ("memory", "addresses"):
            with short_of(what, size):
                trainers[f"a file, {what} short"] = trainer(directory, cache)
        taken: dict[str, list[float]] = {kind: [] for kind in trainers}
        for number in range(rounds + 1):  # the first one warms up
            for kind in sorted(trainers, reverse=number % 2 == 0):
                what = kind.removeprefix("a file, ").removesuffix(" short")
                with short_of(what, size) if what != kind else nullcontext():
                    start = time.process_time()
                    trainers[kind].run_epoch()
                    taken[kind].append(time.process_time() - start)
        seconds = {kind: np.array(times[1:]) for kind, times in taken.items()}
        lines = []
        for kind, times in seconds.items():
            ratios = times / seconds["memory"]
            lower, upper = np.quantile(ratios, [0.25, 0.75])
            same = np.array_equal(trainers["memory"].network.theta, trainers[kind].network.theta)
            shown = {"rows are in": kind, "an epoch, s": float(np.median(times))}
            spread = {"ratio": float(np.median(ratios)), "quartiles": f"{lower:.2f} to {upper:.2f}"}
            lines.append({"rows": rows, **shown, **spread, "same bytes": same})
        report("epochs", lines, None)


def run(directory: Path, arguments: Sequence[object], limit: int | None = None) -> dict[str, object]:
    """A command there, under a limit in megabytes; its seconds, and its peak memory in megabytes."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit * 10**6,) * 2)

    words = [sys.executable, "-c", PEAK, *map(str, arguments)]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, cwd=directory, preexec_fn=limited, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    space, resident = (int(number) / 1000 for number in (directory / "peak").read_text("ascii").split())
    print(done.stderr, end="", file=sys.stderr)
    return {
        "command": arguments[0],
        "exit code": done.returncode,
        "wall, s": time.perf_counter() - start,
        "processor, s": cpu,
        "address space, MB": round(space),
        "resident, MB": round(resident),
    }


def limits(rows: int, megabytes: int, target: str) -> None:
    """A table of ten times the limit, trained on and predicted under it and 300 MB."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory = Path(name)
        table(directory / "t.csv", rows)
        size = (directory / "t.csv").stat().st_size / 1e6
        (directory / "c.yaml").write_text(CONFIG.replace("target: y", f"target: {target}"), "utf-8")
        given = {"table, MB": size, "limit, MB": megabytes + 300}
        found = [run(directory, words, megabytes + 300) for words in (TRAIN, PREDICT)]
        report("limits", [{**given, **one} for one in found], None)


def together(rows: int, megabytes: int, processes: int) -> None:
    """A table trained on by one process, without a limit and with, and by several with the limit each."""
    words = [sys.executable, "-c", PEAK, "train", "c.yaml", "-q", "--no-plots", "-o"]
    launched = [str(Path(sys.executable).with_name("mpiexec")), "-n", str(processes)]
    group = ["sh", "-c", IN_GROUP, f"mlp-{os.getpid()}", str(megabytes * 10**6)]
    ways = {"1": [], "1 with the limit": group, f"{processes} with it each": [*launched, *group]}
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory, lines = Path(name), []
        table(directory / "t.csv", rows, 10)
        (directory / "c.yaml").write_text(SPREAD, "utf-8")
        for way, before in ways.items():
            done = subprocess.run([*before, *words, way], cwd=directory, env={**os.environ, **LIKE_MACHINES})
            peaks = [int(file.read_text("ascii").split()[1]) for file in sorted(directory.glob("peak*"))]
            runs = {tuple((run / name).read_bytes() for name in FILES) for run in directory.glob("*/")}
            shown = {"processes": way, "limit, MB": megabytes, "exit code": done.returncode}
            resident = [peak // 1000 for peak in peaks]
            lines.append({"rows": rows, **shown, "resident, MB": resident, "different runs": len(runs)})
            for file in directory.glob("peak*"):
                file.unlink()
        report("together", lines, None)
    for own in Path("/sys/fs/cgroup").glob(f"**/{group[3]}-*"):
        own.rmdir()


def whole(rows: int, to: Path) -> None:
    """A table trained on and predicted."""
    with tempfile.TemporaryDirectory(dir=to) as name:
        directory = Path(name)
        table(directory / "t.csv", rows)
        (directory / "c.yaml").write_text(CONFIG, "utf-8")
        disk = (*TRAIN, "--set", "data.cache=disk")
        report("whole", [{"rows": rows, **run(directory, words)} for words in (disk, PREDICT)], None)


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["epochs", "limits", "together", "whole"])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--target", default="y", choices=["y", "kind"])
    parser.add_argument("--to", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    if given.what == "epochs":
        epochs(given.rows or 1_000_000, given.rounds)
    elif given.what == "limits":
        limits(given.rows or 250_000, given.megabytes or 10, given.target)
    elif given.what == "together":
        together(given.rows or 600_000, given.megabytes or 400, given.processes)
    else:
        whole(given.rows or 10_000_000, given.to)


if __name__ == "__main__":
    main()
