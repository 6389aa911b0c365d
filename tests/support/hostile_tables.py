"""Tables of every kind of column that real ones have, small and awkward, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

Cells = list[str]
Rng = np.random.Generator
START = datetime(2011, 11, 1)


def table_text(seed: int) -> tuple[str, str]:
    """A table as CSV, and its target's name."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(5, 61))
    kinds = rng.permutation(list(COLUMNS))[: int(rng.integers(1, 9))]
    columns = {f"{kind}": COLUMNS[kind](rng, rows) for kind in kinds}
    columns["x"] = [f"{value:.3f}" for value in rng.normal(size=rows)]
    columns["y"] = target(rng, rows)
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n", "y"


def target(rng: Rng, rows: int) -> Cells:
    """Numbers, two classes, or several, one of which may have a single row."""
    kind = rng.integers(4)
    if kind == 0:
        return [f"{value:.2f}" for value in rng.normal(size=rows)]
    if kind == 1:
        return ["yes", "no", *rng.choice(["yes", "no"], rows - 2)]
    if kind == 2:
        return ["rare", "a", "b", *rng.choice(["a", "b"], rows - 3)]
    return [str(value) for value in rng.integers(100, 1000, rows)]


def some_missing(
    make: Callable[[Rng, int], Cells], mark: str = "", share: float = 0.2
) -> Callable[..., Cells]:
    """The same cells, some of them missing."""

    def cells(rng: Rng, rows: int) -> Cells:
        return [mark if rng.random() < share else cell for cell in make(rng, rows)]

    return cells


def few(value: str) -> Callable[[Rng, int], Cells]:
    """A value in one cell or a few, and nothing in the others."""

    def cells(rng: Rng, rows: int) -> Cells:
        holding = set(rng.choice(rows, int(rng.integers(1, 5)), replace=False).tolist())
        return [value if row in holding else "" for row in range(rows)]

    return cells


def normal(rng: Rng, rows: int) -> Cells:
    return [f"{value:.3f}" for value in rng.normal(size=rows)]


def amounts(rng: Rng, rows: int) -> Cells:
    return [f"{value:.2f}" for value in rng.lognormal(3, 2, rows)]


def words(rng: Rng, rows: int) -> Cells:
    return [str(word) for word in rng.choice(["red", "green", "blue"], rows)]


def rare_levels(_rng: Rng, rows: int) -> Cells:
    return ["common"] * (rows - 2) + ["once", "also once"]


def many_levels(rng: Rng, rows: int) -> Cells:
    return [f"model {value}" for value in rng.zipf(1.6, rows)]


def names(_rng: Rng, rows: int) -> Cells:
    return [f"name {row}" for row in range(rows)]


def days(form: str) -> Callable[[Rng, int], Cells]:
    """Dates in a format."""

    def cells(rng: Rng, rows: int) -> Cells:
        return [(START + timedelta(hours=int(hour))).strftime(form) for hour in rng.integers(0, 9000, rows)]

    return cells


def seconds(rng: Rng, rows: int) -> Cells:
    return [str(value) for value in rng.integers(1_300_000_000, 1_400_000_000, rows)]


def codes(rng: Rng, rows: int) -> Cells:
    return [f"{value:05}" for value in rng.choice([1001, 8001, 20_095, 501], rows)]


def ids(rng: Rng, rows: int) -> Cells:
    return [str(value) for value in rng.permutation(rows) + 10_000]


def constant(_rng: Rng, rows: int) -> Cells:
    return ["7"] * rows


def nearly_constant(_rng: Rng, rows: int) -> Cells:
    return ["0"] * (rows - 1) + ["1"]


COLUMNS: dict[str, Callable[[Rng, int], Cells]] = {
    "normal": normal,
    "gaps": some_missing(normal),
    "blank": some_missing(normal, " "),
    "odd": some_missing(normal, "NO DATA", 0.1),
    "far": some_missing(normal, "-999"),
    "amount": amounts,
    "amount_gaps": some_missing(amounts, "?"),
    "word": words,
    "word_gaps": some_missing(words),
    "rare": rare_levels,
    "model": many_levels,
    "model_gaps": some_missing(many_levels),
    "name": names,
    "day": days("%d/%m/%Y %H:%M"),
    "day_gaps": some_missing(days("%b %d, %Y".replace(",", ""))),
    "iso": days("%Y-%m-%dT%H:%M:%SZ"),
    "clock": days("%I:%M %p"),
    "compact": some_missing(days("%Y%m%d")),
    "timestamp": some_missing(seconds),
    "zip": codes,
    "customer_id": ids,
    "flat": constant,
    "flag": nearly_constant,
    "banned": few("Banned"),
    "score": few("3.5"),
    "seen": few("2011-11-01"),
}
