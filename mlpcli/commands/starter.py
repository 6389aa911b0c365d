"""From what a table holds to the settings of a starter config, each with the reason for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlpcli.data.columns import number_of
from mlpcli.data.fitting import MAX_LEVELS
from mlpcli.data.survey import ColumnFacts, Survey, TargetFacts
from mlpcli.errors import DataError, Place

MOST_CODES = 30  # whole numbers from 0 or 1 on that still seem to be classes
ROWS_PER_LEVEL = 50  # for a category that has an input of its own although it is one of very many
MOST_LEVELS = 1_000
DATE_INPUTS = 7  # a year, and three parts that come again
MOST_LISTED = 200  # features that are listed one by one
CODED = "codes, it seems; write regression if these are amounts"
FEW_ROWS = 500  # below this each row is worth more in training than in validation
FEWEST_ROWS = 50  # below this none is spared for a test
ENOUGH_PER_INPUT = 50  # rows for each input of a regression that is not noise above all
UPDATES = 12_000  # of all epochs together


@dataclass(frozen=True)
class Chosen:
    """A column: how it is encoded (None: left out) and with which options, as YAML has them, and why."""

    name: str
    encode: str | None
    why: str
    width: int = 1
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What is to be learnt, why it seems so, and how many outputs that takes."""

    name: str
    why: str
    outputs: int


@dataclass(frozen=True)
class Parts:
    """Shares of the rows that validate and test; 0 is none."""

    validation: float
    test: float

    @property
    def training(self) -> float:
        """The share that trains."""
        return 1 - self.validation - self.test


@dataclass(frozen=True)
class Training:
    """Settings that suit the size of the data."""

    hidden: tuple[int, ...]
    dropout: float
    l2: float
    learning_rate: float
    batch_size: int
    epochs: int


def choose_parts(rows: int) -> Parts:
    """How the rows are split."""
    return Parts(0.1 if rows >= FEW_ROWS else 0.0, 0.1 if rows >= FEWEST_ROWS else 0.0)


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
    if column.encode != "datetime" and not refused:
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
    elif facts.dates is not None:
        written = {"format": f'"{facts.dates}"'} if facts.dates else {}
        chosen = Chosen(facts.name, "datetime", "dates", DATE_INPUTS, written)
    else:
        width = facts.distinct + (facts.missing > 0)
        chosen = Chosen(facts.name, "one_hot", f"text, {facts.distinct} different", width)
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
    if many and not often and not facts.numeric and facts.dates is None:
        if facts.odd is not None:
            yield f"numbers, but not '{facts.odd}': if that means missing, name it in na_values"
        yield f"{facts.distinct:,} different texts, too many for one_hot"


def check_targets(survey: Survey) -> None:
    """Raise DataError for a target that is not there to learn, or has nothing to tell apart."""
    for target in survey.targets:
        if target.distinct < 2:
            found = "the same in every row" if target.distinct else "missing in every row"
            raise DataError.of(f"column '{target.name}': the target is {found}", Place(survey.source))


def choose_task(targets: Sequence[TargetFacts], rows: int, asked: str | None) -> Task:
    """The task asked for, else the one that the targets suggest."""
    first = targets[0]
    if len(targets) > 1:
        words = {word for target in targets for word in target.counts}
        labels = len(words) == 2 or not all(target.numeric for target in targets)
        why = "several columns of the same two values" if labels else "several columns of numbers"
        return Task(asked or ("multilabel" if labels else "regression"), why, len(targets))
    coded = first.distinct > 2 and seems_coded(first, rows)
    reasons = ((not first.numeric, "text"), (first.distinct <= 2, "two values"), (coded, CODED))
    why = next((reason for holds, reason in reasons if holds), "numbers")
    name = asked or ("regression" if why == "numbers" else "classification")
    outputs = 1 if name == "regression" or first.distinct == 2 else first.distinct
    return Task(name, "as asked" if asked else why, outputs)


def seems_coded(target: TargetFacts, rows: int) -> bool:
    """Whether numbers are all the whole numbers up to some small one, none of them rare: codes of classes."""
    if not target.numeric or target.distinct > MOST_CODES:
        return False
    values = sorted(number_of(text) for text in target.counts)
    complete = values[0] in (0, 1) and values == [values[0] + step for step in range(len(values))]
    return complete and min(target.counts.values()) * MOST_CODES * target.distinct >= rows


def choose_training(rows: int, inputs: int, task: Task) -> Training:
    """Settings by the number of training rows, those that tests/benchmarks/init_quality.py found good.

    Where there are too few rows to validate, how much a network has to be held back depends on how many
    of them there are for each input.
    """
    few = rows < FEW_ROWS * choose_parts(FEW_ROWS).training
    batch_size = 1 << max(4, min(8, int(rows / 64).bit_length() - 1))
    epochs = max(30, min(100 if few else 200, round(UPDATES * batch_size / rows)))
    if task.name != "regression":
        return Training((128, 64), 0.1, 3e-3 if few else 1e-3, 3e-3, batch_size, epochs)
    if few and rows >= ENOUGH_PER_INPUT * inputs:
        return Training((128, 64), 0.0, 3e-3, 3e-3, batch_size, epochs)
    return Training((128, 64), 0.0, 3e-2 if few else 3e-3, 1e-3, batch_size, epochs)


def words_of(task: Task, target: TargetFacts) -> str:
    """What a target holds, for a comment."""
    if task.name == "regression":
        return f"{target.distinct:,} different numbers"
    shown = ", ".join(list(target.counts)[:5])
    return f"{target.distinct} classes: {shown}{', ...' if target.distinct > 5 else ''}"
