"""What `mlp predict --shard I/8` takes for each of eight shards, beside the whole input at once.

    python tests/benchmarks/shards.py [--rows 1000000] [--count 8] [--out DIR]

The table of `predict_rows.py`, plain and with every field in quotes. One process after another: the longest
shard is what so many machines would take. Processor and wall seconds with the start of Python, of which each
shard has one: `one row cpu s` is that of a shard of a single row, which counts all rows too; `count s` is
what the counting takes of it.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from os import times
from pathlib import Path

from measured import report
from predict_rows import TRAINING_ROWS, generate, train

from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import open_table
from mlpcli.tables.source import find


def quoted(plain: Path, path: Path) -> None:
    """The same table with every field in quotes."""
    with plain.open(newline="") as rows, path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(csv.reader(rows))


def timed(*arguments: object) -> tuple[float, float]:
    """Processor and wall seconds of a command of mlp."""
    before, began = times(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "mlpcli", "predict", *map(str, arguments)], check=True)
    wall, after = time.perf_counter() - began, times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used, wall


def counted(path: Path) -> float:
    """Processor seconds for counting the rows."""
    began = time.process_time()
    with open_table(find(path), CsvFormat()) as reader:
        reader.skip()
    return time.process_time() - began


def compared(place: Path, rows: int, count: int) -> Iterator[dict[str, object]]:
    """One row for each way of writing the table."""
    generate(place / "train.csv", TRAINING_ROWS)
    generate(place / "plain.csv", rows)
    quoted(place / "plain.csv", place / "quoted.csv")
    model = train(place, "kind")
    for name in ("plain", "quoted"):
        table, whole = place / f"{name}.csv", place / "whole.csv"
        start, _ = timed(model, table, "--shard", f"1/{rows}", "-o", place / "first.csv")
        cpu, wall = timed(model, table, "-o", whole)
        parts = [place / f"part-{number}.csv" for number in range(1, count + 1)]
        found = [
            timed(model, table, "--shard", f"{number}/{count}", "-o", part)
            for number, part in enumerate(parts, start=1)
        ]
        assert b"".join(part.read_bytes() for part in parts) == whole.read_bytes()
        yield {
            "table": name,
            "rows": rows,
            "whole cpu s": cpu,
            "whole wall s": wall,
            f"{count} shards cpu s": sum(used for used, _ in found),
            "longest shard wall s": max(elapsed for _, elapsed in found),
            "one row cpu s": start,
            "count s": counted(table),
        }


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--out", type=Path, help="where to save shards.md and shards.json")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report("shards", list(compared(Path(directory), asked.rows, asked.count)), asked.out)


if __name__ == "__main__":
    main()
