"""How long a training step takes, beside PyTorch, scikit-learn, JAX and what the machine could do at best.

    python tests/benchmarks/steps.py [--rounds 15] [--only WORD ...] [--out DIRECTORY]

Every contender has a process of its own, and they take turns: each round, each of them runs steps for a
tenth of a second. Prints medians in microseconds, and medians of the ratios within a round; --out also
writes them to steps.json and steps.md. What is not installed is left out.

The floor is the matrix products of the step alone, written into arrays that exist, plus one read and write of
the memory of the optimizer; with one thread or with all, whichever is faster.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from contenders import CONTENDERS, PEERS, Case

SLICE = 0.1  # seconds a contender runs at a time
WARM = 2  # so many slices come before, uncounted: threads wake up and find processors of their own
PAUSE = 0.04  # seconds until the threads of the one before have given up waiting for work
SIZES = [
    ((4, 16, 3), 16),
    ((64, 64, 10), 64),
    ((784, 128, 10), 128),
    ((784, 512, 512, 10), 256),
    ((28, 300, 300, 2), 1024),
    ((54, 128, 64, 7), 4096),
]
VARIANTS = [{"activation": "tanh"}, {"activation": "sigmoid"}, {"optimizer": "sgd"}, {"dtype": "float64"}]
CASES = [Case(*size) for size in SIZES]
CASES += [Case(*SIZES[i], **variant) for i in (1, 2) for variant in VARIANTS]
# what stands before the first layer; of the others none has it, and the floor the products of layers alone
BEFORE = ("", "scaling", "waves", "waves and scaling")
CASES += [Case((columns, 256, 256, 256, 3), 256, before=it) for columns in (10, 50) for it in BEFORE]
CURVES = ("selu", "mish", "learnt selu", "learnt mish")
CASES += [Case((50, 256, 256, 256, 3), 256, activation=it) for it in CURVES]
# how the cost grows: one thing at a time, from one network
GROWTH = {
    "width": [Case((64, width, width, 10), 128) for width in (32, 64, 128, 256, 512, 1024)],
    "depth": [Case((64, *[128] * depth, 10), 128) for depth in (1, 2, 4, 8, 16)],
    "batch": [Case((64, 128, 128, 10), batch) for batch in (1, 16, 64, 256, 1024, 4096)],
}
Times = dict[str, list[float]]


def work(connection: Any, contender: str) -> None:
    """A process of one contender: is told a case, then numbers of steps; answers with seconds a step."""
    steps = None
    while (message := connection.recv()) is not None:
        try:
            if isinstance(message, Case):
                steps = CONTENDERS[contender](message)
                steps(1)
                connection.send(None)
            else:
                steps(WARM * message)
                start = time.perf_counter()
                done = steps(message) or message
                connection.send((time.perf_counter() - start) / done)
        except ModuleNotFoundError as error:
            connection.send(error)


class Worker:
    """The other end of `work`."""

    def __init__(self, contender: str) -> None:
        self._connection, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=work, args=(there, contender), daemon=True)
        self._process.start()

    def ask(self, message: Any) -> Any:
        """Send, and wait for the answer; None ends the process."""
        self._connection.send(message)
        return self._connection.recv() if message is not None else self._process.join()


def measure(workers: dict[str, Worker], case: Case, rounds: int) -> Times:
    """Seconds a step by contender, an entry a round."""
    here = {name: worker for name, worker in workers.items() if worker.ask(case) is None}
    once = {
        name: max(1, int(SLICE / max(min(worker.ask(1), worker.ask(3)), 1e-6)))
        for name, worker in here.items()
    }
    times: Times = {name: [] for name in here}
    for _ in range(rounds):
        for name, worker in here.items():
            time.sleep(PAUSE)
            times[name].append(worker.ask(once[name]))
    return times


def ratio(times: Times, above: list[str], below: str) -> float | None:
    """The median over rounds of the fastest of `above` (by its median) over `below`."""
    known = [name for name in above if name in times]
    if not known or below not in times:
        return None
    best = min(known, key=lambda name: statistics.median(times[name]))
    return statistics.median(a / b for a, b in zip(times[best], times[below], strict=True))


def row(case: Case, times: Times) -> dict[str, Any]:
    """One line of the table."""
    floors = [name for name in times if name.startswith("floor")]
    lowest = min(floors, key=lambda name: statistics.median(times[name]))
    medians = {name: 1e6 * statistics.median(values) for name, values in times.items()}
    entry: dict[str, Any] = {"case": case.name}
    entry |= {name: medians.get(name) for name in ("mlp", *PEERS)} | {"floor": medians[lowest]}
    entry["best peer / mlp"] = ratio(times, list(PEERS), "mlp")
    entry["mlp / floor"] = ratio(times, ["mlp"], lowest)
    return entry


def table(rows: list[dict[str, Any]]) -> str:
    """Rows in Markdown; what is missing is a dash."""
    heads = [head for head in rows[0] if any(row[head] is not None for row in rows)]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(cell, (row[h] for h in heads))) + " |" for row in rows])


def cell(value: Any) -> str:
    """A number with three digits."""
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return "-" if value is None else str(value)


def machine() -> str:
    """The processor, and the versions that were measured."""
    names = ["numpy", "torch", "scikit-learn", "jax"]
    versions = [f"{name} {metadata.version(name)}" for name in names if _installed(name)]
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores; Python {platform.python_version()}, {', '.join(versions)}"


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _cpuinfo() -> Iterator[str]:
    path = Path("/proc/cpuinfo")
    yield from path.read_text().splitlines() if path.exists() else ()


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="*", default=[], help="cases with one of these words")
    parser.add_argument(
        "--without", nargs="*", default=[], choices=CONTENDERS, help="contenders to leave out"
    )
    parser.add_argument(
        "--growth", action="store_true", help="how the cost grows with width, depth and batch"
    )
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    workers = {name: Worker(name) for name in CONTENDERS if name not in options.without}
    parts = GROWTH if options.growth else {"steps": CASES}
    text, saved = [f"µs a step, medians of {options.rounds} rounds. {machine()}"], {}
    for title, cases in parts.items():
        wanted = [c for c in cases if not options.only or any(word in c.name for word in options.only)]
        rows = []
        for case in wanted:
            rows.append(row(case, measure(workers, case, options.rounds)))
            print(
                cell(rows[-1]["case"]),
                *[f"{k} {cell(v)}" for k, v in rows[-1].items() if k != "case"],
                sep="; ",
            )
        saved[title] = rows
        text.append(table(rows))
    for worker in workers.values():
        worker.ask(None)
    print("\n\n".join(text))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        name = "growth" if options.growth else "steps"
        (options.out / f"{name}.json").write_text(
            json.dumps({"machine": machine(), **saved}, indent=1) + "\n"
        )
        (options.out / f"{name}.md").write_text("\n\n".join(text) + "\n")


if __name__ == "__main__":
    main()
