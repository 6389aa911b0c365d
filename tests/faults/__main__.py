"""The command: which experiments, how often, where the table goes."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from tests.faults.figure import Figure, lines


class Experiment(NamedTuple):
    """A module of this package: its times for a try and for the promised figure, and its function."""

    quick: int
    full: int
    run: Callable[[int], Iterator[Figure]]


NAMES = (
    "kills",
    "system_calls",
    "disks",
    "resumes",
    "memory_limits",
    "model_mutants",
    "config_mutants",
    "tables",
    "power_cuts",
    "gradients",
    "searches",
    "ranks",
)


def experiment(name: str) -> Experiment:
    """The experiment of that name."""
    module = import_module(f"tests.faults.{name}")
    return Experiment(module.QUICK, module.FULL, module.run)


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--full", action="store_true", help="as often as the promised figures say")
    parser.add_argument("--times", type=int, metavar="N", help="so many repetitions")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write faults.md and faults.json there")
    asked = parser.parse_args(given)
    unknown = set(asked.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return asked


def main(given: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0 only if every figure is reached."""
    asked = arguments(given)
    for stopping in (signal.SIGINT, signal.SIGHUP):
        # ignored where a script or nohup starts this: what is sent to a command would be ignored there too
        if signal.getsignal(stopping) is signal.SIG_IGN:
            signal.signal(stopping, signal.SIG_DFL)
    figures: list[Figure] = []
    for name in asked.names or NAMES:
        chosen, start = experiment(name), time.monotonic()
        times = asked.times or (chosen.full if asked.full else chosen.quick)
        for figure in chosen.run(times):
            figures.append(figure)
            print(*lines([figure])[2:], sep="\n", flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    table = lines(figures)
    print("", *table, sep="\n")
    if asked.save:
        asked.save.mkdir(parents=True, exist_ok=True)
        (asked.save / "faults.md").write_text("\n".join(table) + "\n", encoding="utf-8")
        document = [{**asdict(figure), "reached": figure.reached} for figure in figures]
        (asked.save / "faults.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
