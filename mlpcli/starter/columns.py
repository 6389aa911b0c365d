"""What becomes of every column of a table, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlpcli.data.fitting import MAX_LEVELS
from mlpcli.errors import DataError, Place
from mlpcli.starter.training import Parts
from mlpcli.survey.columns import ColumnFacts
from mlpcli.survey.tables import Survey

ROWS_PER_LEVEL = 50  # for a category that has an input of its own although it is one of very many
MOST_LEVELS = 1_000
DATE_INPUTS = 7  # a year, and three parts that come again
MOST_LISTED = 200  # features that are listed one by one


@dataclass(frozen=True)
class Chosen:
    """A column: how it is encoded (None: left out) and with which options, as YAML has them, and why."""

    name: str
    encode: str | None
    why: str
    width: int = 1
    options: Mapping[str, str] = field(default_factory=dict)


def choose_columns(survey: Survey, parts: Parts) -> list[Chosen]:
    """Every column that is no target. Raises DataError where none is left to learn from."""
    rows = round(survey.rows * parts.training)
    chosen = [choose_column(facts, rows) for facts in survey.features]
    if not any(column.encode for column in chosen):
        reasons = "; ".join(f"'{column.name}': {column.why}" for column in chosen[:3])
        raise DataError.of("no column is left to learn from", Place(survey.source), reasons or None)
    if not are_listed(chosen, survey):
        return [as_inferred(column, rows) for column in chosen]
    if survey.targets_missing and have_gaps(chosen):
        # the rows without a target are dropped by the policy of the table, which cells must not be
        return [with_policy(column, "median") for column in chosen]
    return chosen


def are_listed(columns: Sequence[Chosen], survey: Survey) -> bool:
    """Whether the features are few enough to be listed, or need a policy that the table has not."""
    needed = survey.targets_missing > 0 and have_gaps(columns)
    return needed or sum(column.encode is not None for column in columns) <= MOST_LISTED


def have_gaps(columns: Sequence[Chosen]) -> bool:
    """Whether some feature has missing cells."""
    return any("missing" in column.options for column in columns)


def as_inferred(column: Chosen, training_rows: int) -> Chosen:
    """The column with the encoding that it has where it is not listed; left out where it would be refused."""
    refused = column.encode == "one_hot" and column.width > min(MAX_LEVELS, training_rows / 2)
    if column.encode != "datetime" and "parse" not in column.options and not refused:
        return column
    return Chosen(column.name, None, f"{column.why}: it would have to be listed under `features`", 0)


def with_policy(column: Chosen, policy: str) -> Chosen:
    """The column with a policy for missing cells, where it has none."""
    return replace(column, options={"missing": policy, **column.options})


def choose_column(facts: ColumnFacts, training_rows: int) -> Chosen:
    """What becomes of a column."""
    reason = next(reasons_to_exclude(facts, training_rows), None)
    if reason is not None:
        return Chosen(facts.name, None, reason, 0)
    if facts.numeric:
        chosen = Chosen(facts.name, "standardize", "numbers")
    elif facts.amounts is not None and facts.amounts.parse is not None:
        options = {"parse": facts.amounts.parse.written}
        chosen = Chosen(facts.name, "standardize", facts.amounts.seen, options=options)
    elif facts.dates is not None:
        written = {"format": f'"{facts.dates}"'} if facts.dates else {}
        chosen = Chosen(facts.name, "datetime", "dates", DATE_INPUTS, written)
    else:
        width = facts.distinct + (facts.missing > 0)
        seen = f", {facts.decoration.seen}" if facts.decoration is not None else ""
        chosen = Chosen(facts.name, "one_hot", f"text, {facts.distinct} different{seen}", width)
    if not facts.missing:
        return chosen
    policy = "category" if chosen.encode == "one_hot" else "median"
    return with_policy(replace(chosen, why=f"{chosen.why}, {facts.missing:,} missing"), policy)


def reasons_to_exclude(facts: ColumnFacts, training_rows: int) -> Iterator[str]:
    """Why a column is of no use."""
    if not facts.distinct:
        yield "every cell is missing"
    if facts.distinct == 1 and (facts.numeric or not facts.missing):
        yield "the same in every row"
    if facts.numbering:
        yield "row numbers: they say nothing about new rows"
    if facts.identifies:
        yield "different in every row: a name of the row, which says nothing about others"
    many = facts.distinct > min(MAX_LEVELS, training_rows / 2)
    often = facts.distinct <= min(MOST_LEVELS, training_rows / ROWS_PER_LEVEL)
    if many and not often and not facts.numeric and facts.dates is None and facts.amounts is None:
        if facts.decoration is not None:
            yield f"{facts.decoration.seen}: as texts too many for one_hot"
        if facts.odd is not None:
            yield f"numbers, but not '{facts.odd}': if that means missing, name it in na_values"
        yield f"{facts.distinct:,} different texts, too many for one_hot"
