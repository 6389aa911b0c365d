"""Runs contenders on tables, a JSON object a line for each result. What the file has is not run again."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from . import scores
from .tables import Table, split

HERE = Path(__file__).resolve().parent
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
SMALL = {"tabm-d": 1000}
"""Contenders that take minutes on a few hundred rows run where there are at most so many training rows."""


@dataclass(frozen=True)
class Job:
    """Where the rows of one table and seed lie (train.csv, test.csv), and what else a contender is told."""

    folder: Path
    table: Table
    seed: int


class FailedError(Exception):
    """What a contender said at its end."""


Contender = Callable[[Job], dict[str, float]]
"""Fits on the training rows and gives error, log loss, and CPU and wall seconds."""


def _run(command: list[str], env: dict[str, str]) -> tuple[str, float]:
    """What a command printed, and the CPU seconds of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=os.environ | ONE_THREAD | env, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise FailedError(f"{' '.join(command[:6])}: {done.stderr.strip()[-600:]}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@dataclass(frozen=True)
class Peer:
    """A contender of `peers`, run by the Python that has it."""

    name: str
    python: str

    def __call__(self, job: Job) -> dict[str, float]:
        command = [self.python, "-m", "quality.peers", self.name, str(job.folder), str(job.seed)]
        printed, _ = _run(command, {"PYTHONPATH": str(HERE.parent)})
        seconds: dict[str, float] = json.loads(printed.splitlines()[-1])
        with np.load(job.folder / "predictions.npz", allow_pickle=False) as found:
            test = _target(job)
            if job.table.classes:
                return scores.of_classes(found["classes"], found["probability"], test) | seconds
            return scores.of_numbers(found["prediction"], test) | seconds


@dataclass(frozen=True)
class Mlp:
    """`mlp` of a working tree: what `init` writes, with a recipe or without one, or a config of two keys.

    The config of two keys has a third, `missing: median`, where cells are missing, and `task:
    classification` where classes are numbers.
    """

    tree: Path
    recipe: str
    overrides: tuple[str, ...] = ()

    def __call__(self, job: Job) -> dict[str, float]:
        config, run = job.folder / "t.yaml", job.folder / "run"
        start = time.perf_counter()
        spent = self._config(job, config)
        changed = [word for override in self.overrides for word in ("--set", override)]
        train = ["train", str(config), "-o", str(run), "-q", "--no-plots", "--overwrite", "--threads", "1"]
        spent += self._mlp(*train, "--seed", str(job.seed), *changed)[1]
        seconds = {"cpu": spent, "wall": time.perf_counter() - start}
        out = job.folder / "predictions.csv"
        self._mlp("predict", str(run / "model.npz"), str(job.folder / "test.csv"), "-o", str(out), "-q")
        found = pd.read_csv(out, keep_default_na=False, dtype={"prediction": str})
        if not job.table.classes:
            return scores.of_numbers(found["prediction"].to_numpy(np.float64), _target(job)) | seconds
        named = [name for name in map(str, found) if name.startswith("probability_")]
        classes = np.array([name.removeprefix("probability_") for name in named])
        return scores.of_classes(classes, found[named].to_numpy(float), _target(job)) | seconds

    def _config(self, job: Job, config: Path) -> float:
        """Write the config; the CPU seconds that it took."""
        if self.recipe == "bare":
            data = {"train": "train.csv", "target": job.table.target}
            parts = [pd.read_csv(job.folder / f"{part}.csv") for part in ("train", "test")]
            if any(part.isna().to_numpy().any() for part in parts):
                data["missing"] = "median"  # without a policy mlp refuses the table
            if job.table.classes and pd.api.types.is_numeric_dtype(parts[0][job.table.target]):
                data["task"] = "classification"  # numbers that are classes
            config.write_text(yaml.safe_dump({"data": data}))
            return 0.0
        recipe = [] if self.recipe == "init" else ["--recipe", self.recipe]
        command = ["init", str(job.folder / "train.csv"), "--target", job.table.target, *recipe]
        return self._mlp(*command, "-o", str(config), "--overwrite")[1]

    def _mlp(self, *arguments: str) -> tuple[str, float]:
        # as it is installed: its modules are compiled once, not by every command
        environment = {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": ""}
        return _run([sys.executable, "-P", "-m", "mlpcli", *arguments], environment)


def _target(job: Job) -> Any:
    """The target of the test rows."""
    kind = str if job.table.classes else float
    read = pd.read_csv(job.folder / "test.csv", usecols=[job.table.target], keep_default_na=False, dtype=kind)
    return read[job.table.target].to_numpy(kind)


def done(path: Path) -> set[tuple[str, int, str]]:
    """Table, seed and contender of the results in a file."""
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {(one["table"], one["seed"], one["contender"]) for one in lines}


def measured(
    folder: Path, tables: list[Table], seeds: list[int], contenders: dict[str, Contender], out: Path
) -> Iterator[dict[str, Any]]:
    """Append what is missing in `out`, contender after contender, small tables first."""
    for name, contender in contenders.items():
        for seed in seeds:
            for table in sorted(tables, key=lambda one: one.rows):
                if (table.name, seed, name) in done(out) or table.rows * 0.75 > SMALL.get(name, table.rows):
                    continue
                with tempfile.TemporaryDirectory() as scratch:
                    result = _result(Job(Path(scratch), table, seed), folder, contender)
                line = {"table": table.name, "seed": seed, "contender": name, **result}
                with out.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                yield line


def _result(job: Job, folder: Path, contender: Contender) -> dict[str, Any]:
    """One contender on one split, or why there is no result."""
    for name, part in zip(("train", "test"), split(folder, job.table, job.seed), strict=True):
        part.to_csv(job.folder / f"{name}.csv", index=False)
    told = {"target": job.table.target, "classes": job.table.classes}
    (job.folder / "job.json").write_text(json.dumps(told))
    try:
        return dict(contender(job))
    except FailedError as failed:
        return {"failed": str(failed)}
