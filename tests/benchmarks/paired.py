"""How long a training step takes in one checkout beside another: is what was changed worth its price?

    git worktree add /tmp/before HEAD~1
    taskset -c 0 python tests/benchmarks/paired.py /tmp/before . [--rounds 200] [--only WORD ...]

Each checkout has a process of its own, and they take turns, each first in every other round, a fiftieth of
a second of processor time at a time. Prints the medians in microseconds, and the median of the ratios within
a round with its quartiles.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

CASES = ("4-16-3/16", "64-64-10/64", "784-128-10/128", "784-512-512-10/256")
SLICE = 0.02  # seconds that a checkout runs at a time: many short rounds tell more than few long ones
WORK = """
import sys, time
from contenders import Case, ours
name, optimizer = sys.argv[1:]
widths, batch = name.split("/")
step = ours(Case(tuple(map(int, widths.split("-"))), int(batch), optimizer=optimizer))
step(10)
for line in sys.stdin:
    start = time.process_time()  # not the time that other programs take
    step(int(line))
    print((time.process_time() - start) / int(line), flush=True)
"""


class Checkout:
    """A process that runs the steps of one case by the code of one checkout."""

    def __init__(self, path: str, case: str, optimizer: str) -> None:
        tree = Path(path).resolve()
        paths = os.pathsep.join([str(tree), str(tree / "tests" / "benchmarks")])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", WORK, case, optimizer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )

    def seconds(self, steps: int) -> float:
        """Of a step, as the mean of so many."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(steps, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def end(self) -> None:
        """Let the process go."""
        self._process.communicate()


def measure(paths: list[str], case: str, optimizer: str, rounds: int) -> list[list[float]]:
    """Seconds a step, a list for each checkout with an entry a round."""
    checkouts = [Checkout(path, case, optimizer) for path in paths]
    steps = max(1, round(SLICE / min(checkout.seconds(20) for checkout in checkouts)))
    times: list[list[float]] = [[] for _ in paths]
    for number in range(rounds + 1):
        for i in sorted(range(len(paths)), reverse=number % 2 == 1):
            time.sleep(0.002)
            times[i].append(checkouts[i].seconds(steps))
    for checkout in checkouts:
        checkout.end()
    return [found[1:] for found in times]  # the first round warms up


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", help="the first is what the others are compared with")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--optimizer", default="adam", choices=["adam", "sgd"])
    parser.add_argument("--only", nargs="*", default=[], help="cases with one of these words")
    options = parser.parse_args()
    for case in CASES:
        if options.only and not any(word in case for word in options.only):
            continue
        first, *others = measure(options.checkouts, case, options.optimizer, options.rounds)
        print(f"{case}: {1e6 * statistics.median(first):.4g} µs", end="")
        for other in others:
            low, middle, high = statistics.quantiles([b / a for a, b in zip(first, other, strict=True)], n=4)
            print(f"; {1e6 * statistics.median(other):.4g} µs, × {middle:.3f} ({low:.3f}-{high:.3f})", end="")
        print(flush=True)


if __name__ == "__main__":
    main()
