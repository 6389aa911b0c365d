"""`mlp compare`: runs side by side, for a person or as one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli.commands.compare_report import report_lines
from mlpcli.errors import ExitCode
from mlpcli.run.comparing import Comparison, Pair, Run, comparison_of
from mlpcli.run.settings_apart import counts_of
from mlpcli.terminal.console import Console

SHOWN = ("val", "cal", "test")  # parts whose metrics are set side by side; the others say little


def compare(directories: Sequence[Path], console: Console, *, json: bool) -> ExitCode:
    """Compare runs with the first of them. Raises UsageError, ModelError, DataError and ConfigError."""
    found = comparison_of(directories)
    if json:
        console.document(document_of(found))
    else:
        console.lines(report_lines(found, side_by_side(found.runs)))
    return ExitCode.DONE


def document_of(found: Comparison) -> dict[str, Any]:
    """The JSON document: a list has a value for each run, in their order."""
    runs = found.runs
    return {
        "runs": [_run(run) for run in runs],
        "config": {setting.key: list(setting.values) for setting in found.settings},
        "data": {
            "same_data": found.has_same_data,
            "same_split": found.has_same_split,
            "sha256": [run.model.file.meta.data.sha256 for run in runs],
            "parts": [counts_of(run.parts) for run in runs],
        },
        "metrics": {f"{part}.{name}": values for (part, name), values in side_by_side(runs).items()},
        "pairs": [_pair(pair, found.draws) for pair in found.pairs],
    }


def side_by_side(runs: Sequence[Run]) -> dict[tuple[str, str], list[float | None]]:
    """What each run says of itself, by part and metric: on its own rows, and over its folds (`cv`)."""
    tables = [dict(_values(run.results)) for run in runs]
    keys = dict.fromkeys(key for table in tables for key in table)
    order = [*SHOWN, "cv"]
    return {
        key: [table.get(key) for table in tables] for key in sorted(keys, key=lambda key: order.index(key[0]))
    }


def _values(results: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], float | None]]:
    for part in SHOWN:
        for name, value in results.get(part, {}).items():
            if value is None or isinstance(value, int | float):
                yield (part, name), value
    for name, folds in results.get("cross_validation", {}).items():
        if isinstance(folds, Mapping):
            yield ("cv", name), folds.get("mean")


def _run(run: Run) -> dict[str, Any]:
    meta = run.model.file.meta
    return {
        "name": run.name,
        "directory": str(run.directory),
        "model_sha256": run.model.file.sha256,
        "networks": max(1, len(meta.members)),
        "parameters": meta.training.parameters,
        "epochs": meta.training.epochs,
        "status": meta.training.status,
    }


def _pair(pair: Pair, draws: int) -> dict[str, Any]:
    better = {0: None, 1: pair.second, -1: pair.first}
    return {
        "first": pair.first,
        "second": pair.second,
        "rows": pair.rows,
        "what": pair.what,
        "reason": pair.reason,
        "draws": draws,
        "metrics": {
            one.metric: {
                "first": one.first,
                "second": one.second,
                "difference": one.value,
                "interval": [one.interval.lower, one.interval.upper],
                "better": better[one.better],
                "verdict": one.verdict(pair.first, pair.second),
            }
            for one in pair.differences
        },
    }
