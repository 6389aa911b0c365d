"""What the results say: means over tables, for each half, as Markdown.

Seeds are averaged within a table first, so that every table counts once:

- shifted geometric mean of errors and of log losses, exp(mean log(value + 0.01)), over the tables a
  contender has;
- ratio to the base contender, exp(mean log(value / base)), over the tables and seeds that both have. An
  error of no row counts as half a row, since a ratio has no zero;
- mean rank of the error among the contenders that have all tables, and on how many tables the error is
  below the base's;
- CPU seconds, the same ratio, and their sum.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .tables import Table

SHIFT = 0.01
LEAST_LOSS = 1e-3
Values = dict[str, float]
Results = dict[tuple[str, str], dict[int, Values]]
"""By contender and table, then by seed."""


@dataclass(frozen=True)
class Means:
    """A contender on a group of tables; NaN where there is nothing to average."""

    tables: int
    error: float
    error_ratio: float
    rank: float
    wins: int
    log_loss: float
    log_loss_ratio: float
    cpu_ratio: float
    cpu: float


def read(paths: Iterable[Path]) -> Results:
    """The results of some files; later lines win, and failures are left out."""
    found: Results = defaultdict(dict)
    for path in paths:
        for line in path.read_text().splitlines():
            one = json.loads(line)
            if "failed" not in one:
                numbers = {key: one[key] for key in ("error", "log_loss", "cpu") if key in one}
                found[one["contender"], one["table"]][one["seed"]] = numbers
    return dict(found)


def shared(results: Results, tables: list[Table]) -> list[Table]:
    """The tables that every contender has."""
    contenders = {who for who, _ in results}
    return [table for table in tables if all((who, table.name) in results for who in contenders)]


def mean_of(results: Results, contender: str, table: str, key: str) -> float:
    """The mean over seeds, or NaN."""
    values = [one[key] for one in results.get((contender, table), {}).values() if key in one]
    return float(np.mean(values)) if values else np.nan


def shifted(values: Iterable[float]) -> float:
    """exp(mean log(value + 0.01)) of those that are not NaN."""
    kept = [value for value in values if not np.isnan(value)]
    return float(np.exp(np.mean(np.log(np.array(kept) + SHIFT)))) if kept else np.nan


def ratio(results: Results, contender: str, base: str, tables: list[Table], key: str) -> float:
    """exp(mean log(value / base)), the logs averaged over common seeds in a table, then over tables."""
    logs = []
    for table in tables:
        least = floor(table, key)
        ours, theirs = (results.get((who, table.name), {}) for who in (contender, base))
        within = [
            np.log(max(ours[seed][key], least) / max(theirs[seed][key], least))
            for seed in ours.keys() & theirs.keys()
            if key in ours[seed] and key in theirs[seed]
        ]
        if within:
            logs.append(np.mean(within))
    return float(np.exp(np.mean(logs))) if logs else np.nan


def floor(table: Table, key: str) -> float:
    """The least value that a ratio tells apart: half a test row, or a log loss of 0.001."""
    if key == "log_loss":
        return LEAST_LOSS
    return 0.5 / (table.rows / 4) if key == "error" and table.classes else 1e-9


def means(results: Results, tables: list[Table], base: str) -> dict[str, Means]:
    """Every contender on a group of tables, the least mean rank first."""
    contenders = sorted({who for who, _ in results})
    grid = {
        key: pd.DataFrame(
            {who: [mean_of(results, who, table.name, key) for table in tables] for who in contenders}
        )
        for key in ("error", "log_loss", "cpu")
    }
    errors = grid["error"].loc[:, grid["error"].notna().any()]
    ranks = errors.loc[:, errors.notna().all()].rank(axis=1).mean()
    found = {
        who: Means(
            tables=int(errors[who].notna().sum()),
            error=shifted(errors[who]),
            error_ratio=ratio(results, who, base, tables, "error"),
            rank=float(ranks.get(who, np.nan)),
            wins=int((errors[who] < errors[base]).sum()),
            log_loss=shifted(grid["log_loss"][who]),
            log_loss_ratio=ratio(results, who, base, tables, "log_loss"),
            cpu_ratio=ratio(results, who, base, tables, "cpu"),
            cpu=float(grid["cpu"][who].sum()),
        )
        for who in map(str, errors)
    }
    return dict(sorted(found.items(), key=lambda item: item[1].error_ratio))


def markdown(results: Results, tables: list[Table], base: str) -> str:
    """One table of means."""
    head = (
        f"| contender | tables | error | ÷ {base} | rank | better on | log loss | ÷ {base} "
        f"| CPU ÷ {base} | CPU s |"
    )
    lines = [head, "|---" * 10 + "|"]
    for who, one in means(results, tables, base).items():
        lines.append(
            f"| {who} | {one.tables} | {one.error:.4f} | {one.error_ratio:.3f} | {one.rank:.2f} | {one.wins} "
            f"| {one.log_loss:.4f} | {one.log_loss_ratio:.3f} | {one.cpu_ratio:.2f} | {one.cpu:.0f} |"
        )
    return "\n".join(lines).replace("nan", "–")


def each_table(results: Results, tables: list[Table], key: str = "error") -> str:
    """The value of every contender on every table, the mean over seeds."""
    contenders = sorted({who for who, _ in results})
    lines = [f"| {key} | rows | {' | '.join(contenders)} |", "|---" * (len(contenders) + 2) + "|"]
    for table in sorted(tables, key=lambda one: one.rows):
        values = [f"{mean_of(results, who, table.name, key):.4f}" for who in contenders]
        lines.append(f"| {table.name} | {table.rows} | {' | '.join(values)} |")
    return "\n".join(lines).replace("nan", "–")
