"""What is to be learnt: the task that targets suggest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.data.classes import hold_codes, require_classes
from mlpcli.errors import DataError, Place
from mlpcli.survey.tables import Survey
from mlpcli.survey.targets import TargetFacts
from mlpcli.tables.columns import Kind, kind_of, number_of
from mlpcli.tables.spellings import merge, spelt_alike

MOST_CODES = 30  # whole numbers from 0 or 1 on that still seem to be classes
CODED = "codes, it seems; write regression if these are amounts"


@dataclass(frozen=True)
class Task:
    """What is to be learnt, why it seems so, and how many outputs that takes."""

    name: str
    why: str
    outputs: int


def words_in(targets: Sequence[TargetFacts]) -> dict[str, int]:
    """The texts in several targets, those that mean the same as one."""
    return merge({text: 1 for target in targets for text in target.counts}).counts


def check_targets(survey: Survey) -> None:
    """Raise DataError for a target that is not there to learn, or has nothing to tell apart."""
    labels = any(target.distinct == 2 for target in survey.targets) and len(words_in(survey.targets)) == 2
    for target in survey.targets:
        if target.distinct < (1 if labels else 2):
            found = "the same in every row" if target.distinct else "missing in every row"
            raise DataError.of(f"column '{target.name}': the target is {found}", Place(survey.source))


def check_task(task: Task, survey: Survey) -> None:
    """Raise DataError for targets that no training of this task would take."""
    decimal = survey.format.decimal
    for target in survey.targets:
        place = Place(survey.source)
        if task.name == "classification":
            require_classes(target.name, target.counts, survey.source, decimal)
        elif task.name == "regression" and not (target.numeric or target.amounts):
            text = next(text for text in target.counts if kind_of(text, decimal) is not Kind.NUMBER)
            message = f"column '{target.name}': expected numbers for a regression, found '{text}'"
            raise DataError.of(message, place, "leave --task out, or name another target")
    if task.name == "multilabel" and len(words := words_in(survey.targets)) > 2:
        columns, shown = (
            ", ".join(target.name for target in survey.targets),
            ", ".join(map(repr, list(words)[:5])),
        )
        message = f"columns {columns}: expected the same two values in each, found {shown}"
        hint = (
            "several targets are numbers, or labels that are there or not, such as 0 and 1: name one of them"
        )
        raise DataError.of(message, Place(survey.source), hint)


def choose_task(targets: Sequence[TargetFacts], rows: int, asked: str | None) -> Task:
    """The task asked for, else the one that the targets suggest."""
    first = targets[0]
    if len(targets) > 1:
        words = words_in(targets)
        numbers = all(target.numeric or target.amounts for target in targets)
        labels = not numbers or (len(words) == 2 and not first.amounts)
        why = "several columns of the same two values" if labels else "several columns of numbers"
        return Task(asked or ("multilabel" if labels else "regression"), why, len(targets))
    coded = first.distinct > 2 and seems_coded(first, rows)
    reasons = (
        (not first.numeric, "text"),
        (first.distinct <= 2, "two values"),
        (hold_codes(first.counts), "codes: some begin with 0"),
        (coded, CODED),
    )
    why = next((reason for holds, reason in reasons if holds), "numbers")
    name = asked or ("regression" if why == "numbers" or first.amounts else "classification")
    why = first.amounts.seen if first.amounts else why
    outputs = 1 if name == "regression" or first.distinct == 2 else first.distinct
    return Task(name, "as asked" if asked else why, outputs)


def seems_coded(target: TargetFacts, rows: int) -> bool:
    """Whether numbers are all the whole numbers up to some small one, none of them rare: codes of classes."""
    if not target.numeric or target.distinct > min(MOST_CODES, sum(target.counts.values()) / 2):
        return False
    values = sorted(number_of(text) for text in target.counts)
    complete = values[0] in (0, 1) and values == [values[0] + step for step in range(len(values))]
    return complete and min(target.counts.values()) * MOST_CODES * target.distinct >= rows


def words_of(task: Task, target: TargetFacts) -> str:
    """What a target holds, for a comment."""
    if task.name == "regression":
        return f"{target.distinct:,} different numbers"
    shown = ", ".join(list(target.counts)[:5])
    alike = spelt_alike(target.counts)
    doubt = f"; {alike}" if alike else ""
    many = "1 class" if target.distinct == 1 else f"{target.distinct} classes"
    return f"{many}: {shown}{', ...' if target.distinct > 5 else ''}{doubt}"
