"""What the digest of the rows that are read takes, beside SHA-256 of the file's bytes and reading itself.

    python tests/benchmarks/row_digest.py [--megabytes 100] [--runs 5]

Three generated tables: numbers with six decimals, whole numbers below 256 (pictures: the shortest cells that
there are), and the flights of `data_in.py`, with texts and missing cells. Processor seconds, the least of
the runs.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from data_in import flights, numeric
from measured import report

from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import open_table
from mlpcli.tables.row_digest import RowDigest
from mlpcli.tables.source import find
from mlpcli.tables.table import Table, Wanted

TEXTS = {"carrier", "tailnum", "origin", "dest", "time_hour"}
PIXELS = 784


def pictures(path: Path, megabytes: int) -> None:
    """Rows of pixels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(megabytes * 1_000_000 // (PIXELS * 4), PIXELS))
    pixels[rng.random(pixels.shape) < 0.8] = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(f"p{index}" for index in range(PIXELS)) + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in pixels.tolist())


def tables(path: Path) -> list[Table]:
    """All blocks of a file."""
    with open_table(find(path), CsvFormat()) as reader:
        names = reader.header.names
        wanted = Wanted(
            numbers=tuple(name for name in names if name not in TEXTS),
            texts=tuple(name for name in names if name in TEXTS),
        )
        return list(reader.tables(wanted, kept=True))


def least(work: Callable[[], object], runs: int) -> float:
    """Processor seconds of the quickest run."""
    took = []
    for _ in range(runs):
        start = process_time()
        work()
        took.append(process_time() - start)
    return min(took)


def digested(blocks: list[Table]) -> str:
    """The digest of some blocks."""
    digest = RowDigest()
    for block in blocks:
        digest.add(block)
    return digest.digest().sha256


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--megabytes", type=int, default=100)
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        rows = []
        for name, make, size in (
            ("numbers", numeric, asked.megabytes),
            ("pictures", pictures, asked.megabytes),
            ("flights", flights, asked.megabytes * 11_000),
        ):
            path = Path(directory) / f"{name}.csv"
            make(path, size)
            content = path.read_bytes()
            blocks = tables(path)
            rows.append(
                {
                    "table": name,
                    "MB": len(content) / 1e6,
                    "sha256 of the bytes": least(lambda held=content: hashlib.sha256(held), asked.runs),
                    "digest of the rows": least(lambda held=blocks: digested(held), asked.runs),
                    "reading": least(lambda file=path: tables(file), min(2, asked.runs)),
                }
            )
    report("row_digest", rows, None)


if __name__ == "__main__":
    main()
