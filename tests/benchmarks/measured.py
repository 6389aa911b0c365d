"""Commands side by side, each run in a process of its own: processor seconds, wall seconds, peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What some work took, what the process had to load for it left out; `peak` in MiB."""

    cpu: float
    wall: float
    peak: float


def measure(work: Callable[[], object]) -> None:
    """Do the work and print what it took, as JSON."""
    before = highest()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps(asdict(Cost(cpu, wall, (highest() - before) / MEBIBYTE))))


def highest() -> int:
    """The most memory that this process has had, in bytes; getrusage would count what its parent had too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024


def alternating(commands: Mapping[str, Sequence[object]], runs: int) -> dict[str, Cost]:
    """The medians of so many runs of each command, one after the other; the last line says what it took."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            words = [sys.executable, *map(str, command)]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            found[name].append(Cost(**json.loads(done.stdout.splitlines()[-1])))
    return {name: _medians(costs) for name, costs in found.items()}


def _medians(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(getattr(cost, what) for cost in costs) for what in ("cpu", "wall", "peak")))


def report(name: str, rows: Sequence[Mapping[str, object]], directory: Path | None) -> None:
    """Print the rows as a Markdown table; save it and the same as JSON where a directory is given."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([_shown(row[head]) for head in heads] for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
    print(table, end="")
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{name}.md").write_text(table, encoding="utf-8")
        (directory / f"{name}.json").write_text(json.dumps(list(rows), indent=2) + "\n", encoding="utf-8")


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
