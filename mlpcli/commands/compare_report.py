"""What a comparison of runs says to a person: what differs, the metrics side by side, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlpcli.commands.parts_table import PART_NAMES
from mlpcli.errors import clean
from mlpcli.run.comparing import Comparison, Pair
from mlpcli.run.settings_apart import counts_of
from mlpcli.terminal.console import NARROW_GAP, counted, number, render, screen_columns
from mlpcli.terminal.screen import fits

LONGEST_VALUE = 30  # characters of a setting
ROWS_OF = {"train": "training", "dropped": "left out"}


def report_lines(found: Comparison, values: Mapping[tuple[str, str], Sequence[float | None]]) -> list[str]:
    """The blocks, a blank line between them."""
    blocks = [setting_lines(found), data_lines(found), metric_lines(found, values)]
    blocks += [pair_lines(pair, found.draws) for pair in found.pairs]
    return [line for block in blocks if block for line in ("", *block)][1:]


def setting_lines(found: Comparison) -> list[str]:
    """The settings that differ."""
    if not found.settings:
        return ["the configs are the same"]
    rows = [(one.key, *map(_shown, one.values)) for one in found.settings]
    return _side_by_side("config", found, rows)


def data_lines(found: Comparison) -> list[str]:
    """The data and how they were split, where that is not the same."""
    same = "the same data" if found.has_same_data else "different data"
    split = {True: " and the same split", False: ", split in another way", None: ""}[found.has_same_split]
    counts = [counts_of(run.parts) for run in found.runs]
    parts = dict.fromkeys(part for one in counts for part in one)
    rows = [
        (f"{ROWS_OF.get(part, part)} rows", *(f"{one.get(part, 0):,}" for one in counts)) for part in parts
    ]
    if not found.has_same_data:
        rows.append(("sha256", *(f"{run.model.file.meta.data.sha256[:12]}…" for run in found.runs)))
    return _side_by_side(f"{same}{split}", found, rows) if rows else [f"{same}{split}"]


def metric_lines(found: Comparison, values: Mapping[tuple[str, str], Sequence[float | None]]) -> list[str]:
    """What each run says of its own rows."""
    names = {**PART_NAMES, "cv": "folds"}
    rows = [(f"{names[part]} {name}", *map(number, own)) for (part, name), own in values.items()]
    return _side_by_side("each on its own rows", found, rows) if rows else []


def pair_lines(pair: Pair, draws: int) -> list[str]:
    """A run against the first one: the table, and what it says in words."""
    names = f"{clean(pair.second)} against {clean(pair.first)}"
    if pair.reason is not None:
        return [f"{names}: cannot be compared row by row: {clean(pair.reason)}"]
    rows = [
        (
            one.metric,
            number(one.first),
            number(one.second),
            f"{one.value:+.3g}",
            f"{one.interval.lower:.3g} to {one.interval.upper:.3g}",
        )
        for one in pair.differences
    ]
    table = render(("metric", pair.first, pair.second, "difference", "95 % interval"), rows).splitlines()
    what = f"{counted(pair.rows, 'row')} {pair.what.removeprefix('rows ')}"
    return [f"{names}, {what}, {draws:,} paired draws:", "", *table, "", *verdicts(pair)]


def verdicts(pair: Pair) -> Iterator[str]:
    """A sentence for each difference that shows, and one for the metrics that show none."""
    first, second = clean(pair.first), clean(pair.second)
    yield from (one.verdict(first, second) for one in pair.differences if one.better)
    alike = [one.metric for one in pair.differences if not one.better]
    if alike:
        yield f"no difference that {counted(pair.rows, 'row')} could show: {', '.join(alike)}"


def _side_by_side(head: str, found: Comparison, rows: Sequence[Sequence[str]]) -> list[str]:
    """A column for each run; where that does not fit, a line for each run below each name."""
    names = [run.name for run in found.runs]
    table = render((head, *names), rows, NARROW_GAP).splitlines()
    if fits(table, screen_columns()):
        return table
    lines = [head]
    for name, *values in rows:
        pairs = zip(names, values, strict=True)
        lines += [clean(name), *(f"  {clean(run)}: {clean(value)}" for run, value in pairs)]
    return lines


def _shown(value: Any) -> str:
    """A setting in one line, cut where it is long; `-` where a run does not have it."""
    if value is None:
        return "-"
    text = _written(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _written(value: Any) -> str:
    """A value about as a config has it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
