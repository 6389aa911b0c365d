"""Scores by the values of a column: of the config's groups, else of the most important column of texts."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.data.category_feature import CategoryFeature
from mlpcli.judging.groups import by_texts, scores_by
from mlpcli.report.score_parts import Group, Groups
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.scores import score
from mlpcli.run.facts.shortened import capped, name, sentence
from mlpcli.run.facts.source_rows import SourceRows

MOST_GROUPS, MOST_LEVELS = 20, 50
MOST_METRICS = 3


def groups_of(case: Case, source: SourceRows | None, columns: Sequence[str]) -> Groups | None:
    """The scores of each group; None where there is no column of groups, or none that could be read."""
    chosen = _column(case, columns)
    if chosen is None or source is None or chosen[0] not in source.columns:
        return None
    column, reason = chosen
    found = scores_by(case.predictions, by_texts(source.texts(case.rows, column)), case.metrics, MOST_GROUPS)
    if found.values < 2:
        return None
    shown = [
        Group(
            level=name(group.name),
            rows=group.rows,
            scores=tuple(score(metric, group.scores[metric]) for metric in case.metrics[:MOST_METRICS]),
        )
        for group in found.shown
    ]
    return Groups(
        column=name(column), reason=sentence(reason), groups=capped(shown, MOST_GROUPS, found.values)
    )


def _column(case: Case, columns: Sequence[str]) -> tuple[str, str] | None:
    """The column, and why it is this one; `columns` are those of the features, the most important first."""
    group = case.whole.config.spec.data.group
    if group is not None:
        return group, "rows with the same value belong together (data.group)"
    few = {
        feature.name
        for feature in case.whole.prepared.inputs.features
        if isinstance(feature, CategoryFeature) and feature.levels <= MOST_LEVELS
    }
    column = next((column for column in columns if column in few), None)
    return None if column is None else (column, "the most important column of texts")
