"""What several runs have in common, and what not: their metrics, and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.report.blocks import Score
from mlpcli.report.document import ReportDocument


@dataclass(frozen=True)
class Compared:
    """A metric of every run on the rows that judge it; None where a run does not have it."""

    metric: str
    scores: tuple[Score | None, ...]


@dataclass(frozen=True)
class Difference:
    """A setting that is not the same in all runs; None where a run does not have it."""

    key: str
    values: tuple[str | None, ...]


def compared(documents: Sequence[ReportDocument]) -> list[Compared]:
    """The metrics of all runs, each in the order in which it is first met."""
    tables = [_judged(document) for document in documents]
    names = dict.fromkeys(metric for table in tables for metric in table)
    return [Compared(metric, tuple(table.get(metric) for table in tables)) for metric in names]


def _judged(document: ReportDocument) -> dict[str, Score]:
    part = document.summary.judged.part
    return {score.metric: score for one in document.parts if one.part == part for score in one.scores}


def different(documents: Sequence[ReportDocument]) -> list[Difference]:
    """The settings that differ, of those that the documents show."""
    tables = [{one.key: one.value for one in document.config.settings.shown} for document in documents]
    keys = dict.fromkeys(key for table in tables for key in table)
    values = {key: tuple(table.get(key) for table in tables) for key in keys}
    return [Difference(key, found) for key, found in values.items() if len(set(found)) > 1]
