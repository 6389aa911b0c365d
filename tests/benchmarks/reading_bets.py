"""What two tricks of reading a table are worth: the time and memory without each, beside those with both.

    python tests/benchmarks/reading_bets.py [--megabytes 60] [--flights 150000] [--runs 7] [--out DIR]

`words` counts the separators of long rows in words of bits (tables/row_width.py); without it what is left of
the rows without other signs is compared. `pages` has numbers in memory that goes back to the system at once
(tables/csv_reader.py); without it they are malloc's. Each is a bet on a C library and a processor: one that
saves less than 3 % of the processor seconds, and no memory, should go. The tables are those of data_in.py.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from data_in import FLIGHTS, NUMERIC, flights, numeric, ours
from measured import alternating, report

from mlpcli.tables import csv_reader, row_width

WITHOUT: dict[str, Callable[[], object]] = {
    "both": lambda: None,
    "without words": lambda: patch.object(row_width, "_count_long", lambda *_: None).start(),
    "without pages": lambda: (
        patch.object(csv_reader, "KEPT", 0).start(),
        patch.object(csv_reader, "_own_pages", lambda columns, rows: np.empty((columns, rows))).start(),
    ),
}


def main() -> None:
    """Compare, or be one of the processes compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=60, help="of the numeric table")
    parser.add_argument("--flights", type=int, default=150_000, help="rows of the mixed table")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path, help="where to save reading_bets.md and reading_bets.json")
    parser.add_argument("--ours", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ours:
        WITHOUT[asked.ours[0]]()
        ours(asked.ours[1])
        return
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        numeric(place / "numeric.csv", asked.megabytes)
        flights(place / "flights.csv", asked.flights)
        for name, text in (("numeric", NUMERIC), ("flights", FLIGHTS)):
            config = place / f"{name}.yaml"
            config.write_text(text, encoding="utf-8")
            commands = {trick: [__file__, "--ours", trick, config] for trick in WITHOUT}
            found = alternating(commands, asked.runs)
            both = found["both"]
            for trick, cost in found.items():
                rows.append({
                    "table": name, "tricks": trick, "cpu s": cost.cpu, "cpu ratio": cost.cpu / both.cpu,
                    "wall ratio": cost.wall / both.wall, "peak ratio": cost.peak / both.peak,
                })  # fmt: skip
    report("reading_bets", rows, asked.out)


if __name__ == "__main__":
    main()
