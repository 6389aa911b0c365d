"""What a cell takes to read where each becomes a Python value, beside a CSV of the same rows.

    PYTHONPATH=. python tests/benchmarks/read_formats.py [--rows 50000] [--runs 3] [--out DIR]

Fourteen columns of numbers with six decimals, four of whole numbers, two of words, one of which has nulls,
and a time; read as what the cells are, and as texts. Processor nanoseconds a cell, the least of the runs. Two
versions of the code are compared by two runs, with the root of either in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from measured import report
from row_digest import least

from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import read_whole
from mlpcli.tables.source import find
from mlpcli.tables.table import Wanted
from tests.support.formats import WRITERS, Rows

FORMATS = ("t.csv", "t.jsonl", "t.sqlite")


def drawn(rows: int) -> Rows:
    """The rows; times are texts, as JSON and SQLite have them."""
    draw = random.Random(0)
    return [
        {
            **{f"number {index}": round(draw.gauss(0, 1), 6) for index in range(14)},
            **{f"small {index}": draw.randrange(1000) for index in range(4)},
            "carrier": draw.choice(["UA", "B6", "EV", "DL"]),
            "origin": draw.choice(["EWR", "JFK", "LGA", None]),
            "time": f"2013-01-01 10:{draw.randrange(60):02}:00",
        }
        for _ in range(rows)
    ]


def read(path: Path, *, as_texts: bool) -> None:
    """All columns of a file."""
    read_whole(
        find(path),
        CsvFormat(),
        lambda reader: Wanted(texts=reader.header.names) if as_texts else Wanted(either=reader.header.names),
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rows", type=int, default=50_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--out", type=Path, help="where to save read_formats.md and read_formats.json")
    asked = options.parse_args()
    rows = drawn(asked.rows)
    cells = sum(map(len, rows))
    found = []
    with tempfile.TemporaryDirectory() as directory:
        for name in FORMATS:
            path = Path(directory, name)
            WRITERS[name](path, rows)
            took = {
                head: least(lambda file=path, texts=texts: read(file, as_texts=texts), asked.runs)
                / cells
                * 1e9
                for head, texts in (("as they are, ns", False), ("as texts, ns", True))
            }
            found.append({"format": path.suffix, "MB": path.stat().st_size / 1e6, **took})
    report("read_formats", found, asked.out)


if __name__ == "__main__":
    main()
