"""What `mlp train` takes to read and encode a table, beside `pandas.read_csv` of the same file.

    python tests/benchmarks/data_in.py [--megabytes 200] [--flights 336776] [--runs 5] [--out DIR]
        [--csv CONFIG ...]

The numeric table has 60 columns and a target; the mixed one has the shape of nycflights13's flights: 19
columns, of whole numbers with missing cells, texts and a time. Both are generated; `--csv` takes configs of
other files. Our side ends with the arrays that the network trains on. Processor seconds, wall seconds, and
peak resident memory beyond what the imports take, medians of alternating processes. The aim: twice the time
of pandas for the numeric table, 2.5 times for the mixed one; 2.5 times the matrix in memory.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from measured import MEBIBYTE, alternating, measure, report

from mlpcli.config.load import load_config
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.run.study import study_of

COLUMNS = 60
BYTES_OF_CELL = 9.4
NUMERIC = "data: {train: numeric.csv, target: y, validation: 0.1}\n"
FLIGHTS = """\
data:
  train: flights.csv
  target: arr_delay
  exclude: [dep_time, arr_time, air_time]
  missing: drop
  validation: 0.1
  features:
    year: standardize
    month: standardize
    day: standardize
    sched_dep_time: standardize
    dep_delay: standardize
    sched_arr_time: standardize
    carrier: one_hot
    flight: standardize
    tailnum: {encode: embed}
    origin: one_hot
    dest: one_hot
    distance: standardize
    hour: standardize
    minute: standardize
    time_hour: datetime
"""


def numeric(path: Path, megabytes: int) -> None:
    """A table of numbers with six decimals."""
    rng = np.random.default_rng(0)
    rows = int(megabytes * 1e6 / (BYTES_OF_CELL * (COLUMNS + 1)))
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join([*(f"x{index}" for index in range(COLUMNS)), "y"]) + "\n")
        for start in range(0, rows, 10_000):
            x = rng.normal(size=(min(10_000, rows - start), COLUMNS)).round(6)
            y = (x[:, :5].sum(axis=1) + rng.normal(size=len(x))).round(6)
            cells = np.column_stack([x, y]).tolist()
            file.writelines(",".join(map(repr, row)) + "\n" for row in cells)


def flights(path: Path, rows: int) -> None:
    """A table with the columns of the flights, as many different values in each, as often missing."""
    rng = np.random.default_rng(0)
    hours = pd.date_range("2013-01-01 05:00", periods=365 * 24, freq="h")
    when = hours[np.sort(rng.integers(len(hours), size=rows))]
    minute = rng.integers(60, size=rows)
    scheduled = when.hour * 100 + minute
    delay = np.where(rng.random(rows) < 0.025, np.nan, rng.gamma(1.0, 30.0, rows).round() - 15)
    late = np.where(rng.random(rows) < 0.003, np.nan, delay + rng.normal(0, 18, rows).round())
    distance = rng.choice(rng.integers(80, 4984, size=214), rows)
    table = {
        "year": 2013, "month": when.month, "day": when.day, "dep_time": _whole(scheduled + delay),
        "sched_dep_time": scheduled, "dep_delay": _whole(delay), "arr_time": _whole(scheduled + late + 100),
        "sched_arr_time": (scheduled + 100) % 2400, "arr_delay": _whole(late),
        "carrier": rng.choice(_codes("", 16), rows), "flight": rng.integers(1, 3845, rows),
        "tailnum": np.where(rng.random(rows) < 0.007, None, rng.choice(_codes("N", 4043), rows)),
        "origin": rng.choice(["EWR", "JFK", "LGA"], rows), "dest": rng.choice(_codes("D", 105), rows),
        "air_time": _whole(np.where(np.isnan(late), np.nan, distance // 8 + 20)), "distance": distance,
        "hour": when.hour, "minute": minute, "time_hour": when.strftime("%Y-%m-%d %H:00:00"),
    }  # fmt: skip
    pd.DataFrame(table).to_csv(path, index=False)


def _whole(values: np.ndarray) -> pd.Series:
    """Whole numbers, some of them missing."""
    return pd.Series(values).astype("Int64")


def _codes(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{number:04d}X" for number in range(count)], dtype=object)


def ours(config: str) -> None:
    """Prepare a job. Prints the bytes of its inputs, then what it took."""
    loaded = load_config(Path(config))
    jobs = []
    measure(lambda: jobs.append(study_of(loaded, MAX_PARAMETERS).whole))


def theirs(table: str) -> None:
    """Read a table with pandas."""
    measure(lambda: pd.read_csv(table))


def inputs_of(config: Path) -> float:
    """MiB of the matrices of inputs."""
    experiment = study_of(load_config(config), MAX_PARAMETERS).whole
    return sum(part.rows.x.nbytes for part in experiment.parts.values()) / MEBIBYTE


def compared(configs: dict[str, Path], runs: int) -> Iterator[dict[str, object]]:
    """One row for each config."""
    for name, config in configs.items():
        loaded = load_config(config)
        table = loaded.input_path(("data", "train"))
        commands = {"ours": [__file__, "--ours", config], "pandas": [__file__, "--pandas", table]}
        found = alternating(commands, runs)
        a, b, matrix = found["ours"], found["pandas"], inputs_of(config)
        yield {
            "table": name,
            "MB": table.stat().st_size / 1e6,
            "mlp cpu s": a.cpu,
            "pandas cpu s": b.cpu,
            "cpu ratio": a.cpu / b.cpu,
            "wall ratio": a.wall / b.wall,
            "matrix MiB": matrix,
            "mlp peak / matrix": a.peak / matrix,
            "pandas peak / matrix": b.peak / matrix,
        }


def main() -> None:
    """Compare, or be one of the processes compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200, help="of the numeric table")
    parser.add_argument("--flights", type=int, default=336_776, help="rows of the mixed table")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="where to save data_in.md and data_in.json")
    parser.add_argument("--csv", nargs="*", type=Path, default=[], metavar="CONFIG")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    parser.add_argument("--pandas", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ours:
        ours(asked.ours)
    elif asked.pandas:
        theirs(asked.pandas)
    else:
        with tempfile.TemporaryDirectory() as directory:
            place = Path(directory)
            configs = {"numeric": place / "numeric.yaml", "flights": place / "flights.yaml"}
            configs["numeric"].write_text(NUMERIC, encoding="utf-8")
            configs["flights"].write_text(FLIGHTS, encoding="utf-8")
            numeric(place / "numeric.csv", asked.megabytes)
            flights(place / "flights.csv", asked.flights)
            configs |= {path.stem: path.resolve() for path in asked.csv}
            report("data_in", list(compared(configs, asked.runs)), asked.out)


if __name__ == "__main__":
    main()
