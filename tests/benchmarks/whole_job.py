"""How long a whole process of `mlp` takes, beside two plain scripts that do the same work.

    python tests/benchmarks/whole_job.py [--runs 7] [--only iris digits fashion_mnist start] [--save DIR]

A job is what a person waits for: start, read the table, standardize, train every epoch, judge, save the
weights and a picture of the loss. `peers/` has the scripts, with scikit-learn and with torch, each with its
default number of threads; where one of them is not installed, its column is left out. The contenders take
turns, after one round that is not counted. `start` is what `mlp --help` and a wrong config take, beside the
import of the three packages that it needs. Prints medians as Markdown; `--save` keeps them, and
every single time, in a directory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PEERS = {"scikit-learn": ("sklearn", "sklearn_mlp.py"), "torch": ("torch", "torch_mlp.py")}
MLP = [sys.executable, "-c", "from mlpcli.cli import main; main()"]
IMPORTS = "import typer, yaml, pydantic"


@dataclass(frozen=True)
class Experiment:
    """A table and the network to train on it: one hidden layer, Adam."""

    table: Path
    target: str
    hidden: int
    activation: str
    rate: float
    epochs: int
    batch: int
    test: float = 0.0


JOBS = {
    "iris": Experiment(ROOT / "data/iris.csv", "species", 16, "tanh", 0.01, epochs=100, batch=16, test=0.3),
    "digits": Experiment(ROOT / "data/digits.csv", "label", 64, "relu", 0.001, epochs=40, batch=32, test=0.2),
    "fashion_mnist": Experiment(
        ROOT / "data/fetched/fashion_mnist_train.csv", "label", 128, "relu", 0.001, epochs=10, batch=128
    ),
}


@dataclass(frozen=True)
class Spent:
    """What one process took: seconds on the clock, seconds of all processors."""

    wall: float
    cpu: float


def spent(command: Sequence[str]) -> Spent:
    """Run a command that says nothing unless it goes wrong; a wrong config is meant to."""
    # modules are compiled once, as those of an installed package are
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, os.times()
    if done.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(wall, used)


def turns(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, list[Spent]]:
    """The times of every contender: one uncounted round, then `runs` rounds of all of them in turn."""
    rounds = [{name: spent(command) for name, command in commands.items()} for _ in range(runs + 1)]
    return {name: [one[name] for one in rounds[1:]] for name in commands}


def config_of(experiment: Experiment) -> dict[str, Any]:
    """The job as a config, which as JSON is YAML too."""
    data = {"train": str(experiment.table), "target": experiment.target, "task": "classification"}
    return {
        "data": {**data, "test": experiment.test} if experiment.test else data,
        "model": {"layers": ["auto", experiment.hidden, "auto"], "activation": experiment.activation},
        "optimizer": {"name": "adam", "learning_rate": experiment.rate},
        "training": {"epochs": experiment.epochs, "batch_size": experiment.batch},
    }


def contenders(experiment: Experiment, directory: Path) -> dict[str, Sequence[str]]:
    """The commands that do a job: ours, and those of the packages that are there."""
    config = directory / "config.yaml"
    config.write_text(json.dumps(config_of(experiment)), "utf-8")
    commands = {"mlp": [*MLP, "train", str(config), "-q", "--overwrite", "-o", str(directory / "run")]}
    options = [f"--{name}={getattr(experiment, name)}" for name in list(asdict(experiment))[2:]]
    for name, (package, script) in PEERS.items():
        if find_spec(package) is not None:
            path = Path(__file__).parent / "peers" / script
            out = str(directory / package)
            commands[name] = [
                sys.executable,
                str(path),
                str(experiment.table),
                experiment.target,
                out,
                *options,
            ]
    return commands


def starts(directory: Path) -> dict[str, Sequence[str]]:
    """What ends before there is anything to do."""
    wrong = directory / "wrong.yaml"
    wrong.write_text("data: {train: t.csv, target: kind}\noptimizer: {name: adan}\n", "utf-8")
    imports = [sys.executable, "-c", IMPORTS]
    return {"mlp --help": [*MLP, "--help"], "wrong config": [*MLP, "train", str(wrong)], "imports": imports}


def ratios(times: Mapping[str, Sequence[Spent]], ours: str, others: Sequence[str]) -> dict[str, float]:
    """Ours by the best of the others: medians by medians on the clock and of the processors."""

    def median(name: str, kind: str) -> float:
        return statistics.median(getattr(one, kind) for one in times[name])

    kinds = ("wall", "cpu")
    return {kind: median(ours, kind) / min(median(other, kind) for other in others) for kind in kinds}


def row(experiment: str, times: Mapping[str, Sequence[Spent]], name: str, others: Sequence[str]) -> str:
    """A line of the table: medians with the least and the most, and the ratio to the best of the others."""
    wall = sorted(one.wall for one in times[name])
    cpu = statistics.median(one.cpu for one in times[name])
    clock = f"{statistics.median(wall):.2f} s ({wall[0]:.2f} to {wall[-1]:.2f})"
    shown = ["", ""]
    if others and name not in others:
        shown = [f"{value:.2f}" for value in ratios(times, name, others).values()]
    return f"| {experiment} | {name} | {clock} | {cpu:.2f} s | {' | '.join(shown)} |"


def table(results: Mapping[str, Mapping[str, Sequence[Spent]]]) -> str:
    """The results as Markdown."""
    head = "| job | program | clock, median (range) | processors | ratio, clock | ratio, processors |"
    lines = [head, "|---|---|---|---|---|---|"]
    for experiment, times in results.items():
        others = [name for name in times if name in PEERS or name == "imports"]
        lines += [row(experiment, times, name, others) for name in times]
    return "\n".join(lines)


def measured(only: Sequence[str], runs: int) -> dict[str, dict[str, list[Spent]]]:
    """The times of every job asked for whose table is there."""
    results = {}
    with tempfile.TemporaryDirectory() as directory:
        if not only or "start" in only:
            results["start"] = turns(starts(Path(directory)), runs)
        for name, experiment in JOBS.items():
            if only and name not in only:
                continue
            if not experiment.table.exists():
                print(f"{name} is left out: there is no {experiment.table} (see data/fetch.py)")
                continue
            results[name] = turns(contenders(experiment, Path(directory)), runs)
    return results


def main() -> None:
    """Measure, print, and save where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=[], choices=["start", *JOBS])
    parser.add_argument("--save", type=Path, metavar="DIR")
    asked = parser.parse_args()
    for name, (package, _) in PEERS.items():
        if find_spec(package) is None:
            print(f"{name} is left out: it is not installed")
    results = measured(asked.only, asked.runs)
    text = table(results)
    print(text)
    if asked.save is not None:
        asked.save.mkdir(parents=True, exist_ok=True)
        (asked.save / "whole_job.md").write_text(text + "\n", "utf-8")
        raw = {
            experiment: {name: [asdict(one) for one in times] for name, times in found.items()}
            for experiment, found in results.items()
        }
        (asked.save / "whole_job.json").write_text(json.dumps(raw, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
