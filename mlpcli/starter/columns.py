"""What becomes of every column of a table, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlpcli.config.encode_spec import MOST_BINS
from mlpcli.data.category_feature import units_for
from mlpcli.data.date_feature import inputs_of
from mlpcli.data.fitting import MAX_CATEGORIES, MAX_LEVELS, OFTEN
from mlpcli.errors import DataError, Place
from mlpcli.starter.training import Parts
from mlpcli.starter.words import words_of_dates, words_of_marks, words_of_number
from mlpcli.survey.codes import called_id
from mlpcli.survey.columns import Amounts, Codes, ColumnFacts, Names, Numbers, Texts
from mlpcli.survey.dates import AlmostDates, Dates
from mlpcli.survey.tables import Survey
from mlpcli.terminal.console import counted

FEWEST_CELLS, FEWEST_SHARE = 3, 0.01  # that are not missing
ENOUGH_RANKS = 450  # training rows
ROWS = ("unnamed: ", "row")  # what row numbers are called that nobody has named, or for what they are
MANY_NUMBERS = 15  # different ones: fewer are levels
MOSTLY = 0.5  # from this share of the rows on a number is the usual one
FEWEST_PIECES, MOST_PIECES, ROWS_OF_A_PIECE = 10, 64, 10  # bins for the others, and rows of each
MOST_LISTED = 200  # features that are listed one by one


@dataclass(frozen=True)
class Chosen:
    """A column: how it is encoded (None: left out) and with which options, as YAML has them, and why.

    `na_values` are texts that mean nothing in it alone. Where it `needs_listing` it would be encoded in
    another way if the config did not name it. `pieces` is how many bins tell numbers apart where most are
    the same, and `bins` how many there have to be of all; 0 where they are not.
    """

    name: str
    encode: str | None
    why: str
    width: int = 1
    options: Mapping[str, str] = field(default_factory=dict)
    na_values: tuple[str, ...] = ()
    needs_listing: bool = False
    pieces: int = 0
    bins: int = 0


def choose_columns(survey: Survey, parts: Parts) -> list[Chosen]:
    """Every column that is no target. Raises DataError where none is left to learn from."""
    rows = round(survey.rows * parts.training)
    marks = survey.disguises.within
    chosen = [choose_column(facts, rows, marks.get(facts.name, {})) for facts in survey.features]
    if not any(column.encode for column in chosen):
        chosen = with_doubtful(chosen, survey.features)
    if not any(column.encode for column in chosen):
        reasons = "; ".join(f"'{column.name}': {column.why}" for column in chosen[:3])
        raise DataError.of("no column is left to learn from", Place(survey.source), reasons or None)
    if not are_listed(chosen, survey):
        return [as_inferred(column) for column in chosen]
    if survey.targets_missing and have_gaps(chosen):
        # the rows without a target are dropped by the policy of the table, which cells must not be
        return [with_policy(column, "median") for column in chosen]
    return chosen


def with_doubtful(chosen: Sequence[Chosen], features: Sequence[ColumnFacts]) -> list[Chosen]:
    """The columns with numbers that seem to name rows as amounts, those not called so before others."""
    numbers = [facts.name for facts in features if facts.numeric and isinstance(facts.holds, Names)]
    named = [name for name in numbers if not (called_id(name) or name.lower().startswith(ROWS))]
    pairs = zip(chosen, features, strict=True)
    return [as_amounts(one, facts) if one.name in (named or numbers) else one for one, facts in pairs]


def as_amounts(column: Chosen, facts: ColumnFacts) -> Chosen:
    """A column that was left out, with its numbers as they are, and the doubt."""
    doubt = (
        f"{column.why.partition(':')[0]}, kept as nothing else is there: amounts, such as times, or names?"
    )
    kept = Chosen(facts.name, "standardize", doubt)
    return with_policy(kept, "median") if facts.missing else kept


def are_listed(columns: Sequence[Chosen], survey: Survey) -> bool:
    """Whether the features are few enough to be listed, or need a policy that the table has not."""
    needed = survey.targets_missing > 0 and have_gaps(columns)
    return needed or sum(column.encode is not None for column in columns) <= MOST_LISTED


def have_gaps(columns: Sequence[Chosen]) -> bool:
    """Whether some feature has missing cells."""
    return any("missing" in column.options for column in columns)


def as_inferred(column: Chosen) -> Chosen:
    """The column with the encoding that it has where it is not listed; left out where it would be refused."""
    if column.encode in {"quantile", "log1p"} and not column.needs_listing:
        gaps = {key: policy for key, policy in column.options.items() if key == "missing"}
        return replace(column, encode="standardize", options=gaps)
    if column.encode is None or (column.encode not in {"datetime", "embed"} and not column.needs_listing):
        return column
    return Chosen(column.name, None, f"{column.why}: it would have to be listed under `features`", 0)


def with_policy(column: Chosen, policy: str) -> Chosen:
    """The column with a policy for missing cells, where it has none."""
    return replace(column, options={"missing": policy, **column.options})


def choose_column(facts: ColumnFacts, training_rows: int, marks: Mapping[str, int]) -> Chosen:
    """What becomes of a column; `marks` are texts that mean nothing in it alone, with their cells."""
    reason = next(reasons_to_exclude(facts, training_rows), None)
    if reason is not None:
        return Chosen(facts.name, None, reason, 0)
    chosen = _encoded(facts, training_rows)
    if not facts.missing:
        return chosen
    listed = chosen.needs_listing or bool(marks)
    chosen = replace(chosen, na_values=tuple(marks), needs_listing=listed)
    policy = "category" if chosen.encode in {"one_hot", "embed"} else "median"
    width = chosen.width + (chosen.encode == "one_hot")
    shown = f" (with {words_of_marks(marks)})" if marks else ""
    why = f"{chosen.why}, {facts.missing:,} missing{shown}"
    return with_policy(replace(chosen, why=why, width=width), policy)


def _encoded(facts: ColumnFacts, training_rows: int) -> Chosen:
    """The encoding of a column that is of use, as if no cell was missing."""
    name, holds = facts.name, facts.holds
    if isinstance(holds, Numbers):
        return _of_numbers(name, holds, f"numbers {span_of(holds)}", training_rows)
    if isinstance(holds, Amounts):
        why = f"{holds.seen}, {span_of(holds.numbers)}"
        chosen = _of_numbers(name, holds.numbers, why, training_rows)
        return replace(chosen, options={**chosen.options, "parse": holds.parse.written}, needs_listing=True)
    if isinstance(holds, Dates):
        written = {"format": f'"{holds.form}"'} if holds.form else {}
        return Chosen(name, "datetime", words_of_dates(holds), inputs_of(holds.parts), written)
    assert isinstance(holds, Codes | Texts)  # the others are left out
    kind, levels = "text" if isinstance(holds, Texts) else f"codes ({holds.why})", holds.levels
    meant = f", {_meant(holds)}" if isinstance(holds, Texts) and _meant(holds) else ""
    why = f"{kind}, {levels.words}{meant}"
    if not too_many(facts, training_rows):
        return Chosen(name, "one_hot", why, max(1, levels.distinct), needs_listing=facts.numeric)
    rest = f"; the {levels.distinct - levels.often:,} in fewer than {OFTEN} rows share a level"
    options = {"min_count": str(OFTEN)}
    return Chosen(name, "embed", why + rest, units_for(levels.often + 1), options)


def _meant(texts: Texts) -> str:
    """What texts seem to be meant as, if not as texts."""
    if texts.seen or texts.odd is None or texts.levels.distinct < MANY_NUMBERS:
        return texts.seen
    return f"most of them numbers, but not '{texts.odd}'"


def span_of(numbers: Numbers) -> str:
    """From which number to which."""
    return f"{words_of_number(numbers.low)} to {words_of_number(numbers.high)}"


def _of_numbers(name: str, holds: Numbers, why: str, training_rows: int) -> Chosen:
    """Ranks for a long tail; its logarithm where rows are few, as ranks of these say less than amounts do."""
    pieces = pieces_of(holds)
    bins = min(MOST_BINS, round(pieces / (1 - holds.usual))) if pieces else 0
    plain = Chosen(name, "standardize", why, pieces=pieces, bins=bins)
    if holds.tail is None:
        return plain
    if training_rows < ENOUGH_RANKS and holds.middle >= 1:
        return replace(plain, encode="log1p", why=f"{why}, {holds.tail}")
    return replace(plain, encode="quantile", why=f"{why}, {holds.tail}", options={"output": "normal"})


def pieces_of(holds: Numbers) -> int:
    """Into how many bins the numbers fall that are not the usual one; 0 where that is not worth it.

    Where half of the rows or more have one number, the quartiles say nothing about the others: an amount
    that is mostly 0 is nearly constant to a network whose inputs are scaled by them.
    """
    pieces = min(MOST_PIECES, holds.distinct, holds.others // ROWS_OF_A_PIECE)
    return pieces if holds.usual >= MOSTLY and pieces >= FEWEST_PIECES else 0


def too_many(facts: ColumnFacts, training_rows: int) -> bool:
    """Whether a column has too many levels for an input each."""
    return facts.distinct > min(MAX_LEVELS, training_rows / 2)


def reasons_to_exclude(facts: ColumnFacts, training_rows: int) -> Iterator[str]:
    """Why a column is of no use."""
    if not facts.distinct:
        yield "every cell is missing"
    if facts.distinct == 1 and (facts.numeric or not facts.missing):
        yield "the same in every row"
    if facts.missing and facts.present < max(FEWEST_CELLS, facts.rows * FEWEST_SHARE):
        verb = "is" if facts.present == 1 else "are"
        yield f"{facts.present:,} of {facts.rows:,} cells {verb} not missing"
    holds = facts.holds
    if isinstance(holds, Names):
        yield holds.why
    if isinstance(holds, AlmostDates):
        written = f"written {holds.form}" if holds.form else "as in ISO 8601"
        others = f" and {counted(holds.others, 'other text')}" if holds.others else ""
        yield f"dates {written}, but not '{holds.odd}'{others} ({counted(holds.cells, 'cell')})"
    if isinstance(holds, Codes | Texts) and too_many(facts, training_rows):
        yield from _reasons_against_levels(holds)


def _meaning_of(odd: str) -> str:
    """What to do about a text among numbers."""
    if not re.search(r"\d", odd):
        return "if that means missing, name it in na_values"
    return "codes, it seems" if re.search(r"[^\W\d_]", odd) else "write such cells as numbers"


def _reasons_against_levels(holds: Codes | Texts) -> Iterator[str]:
    """Why very many levels can be told neither by an input each nor by a vector each."""
    levels = holds.levels
    if isinstance(holds, Texts) and holds.seen and not levels.come_again:
        yield f"{holds.seen}: as texts too many for one_hot"
    if isinstance(holds, Texts) and holds.odd is not None:
        yield f"numbers, but not '{holds.odd}': {_meaning_of(holds.odd)}"
    if levels.distinct > MAX_CATEGORIES:
        yield f"{levels.distinct:,} different texts: at most {MAX_CATEGORIES:,} can be told apart"
    if not levels.come_again:
        what = "codes" if isinstance(holds, Codes) else "texts"
        yield f"{levels.distinct:,} different {what}, which seldom come again (as {levels.examples[0]})"
