"""Everything that a starter config says, chosen from what its table holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlpcli.starter.balance import Balance
from mlpcli.starter.columns import Chosen, choose_columns
from mlpcli.starter.task import Task, check_targets, check_task, choose_task
from mlpcli.starter.training import Parts, Training, choose_parts, choose_training
from mlpcli.survey.tables import Survey


@dataclass(frozen=True)
class Starter:
    """All that a starter config says."""

    name: str  # of the config
    train: str
    survey: Survey
    task: Task
    columns: Sequence[Chosen]
    parts: Parts
    training: Training
    balance: Balance | None = None  # of the classes, where there are some


def choose(found: Survey, name: str, train: str, task: str | None) -> Starter:
    """The settings of a config called `name` for the table at `train`; the task too where none is asked for.

    Raises DataError where there is nothing to learn, or nothing to learn from.
    """
    check_targets(found)
    chosen = choose_task(found.targets, found.rows, task)
    check_task(chosen, found)
    rows = found.rows - found.targets_missing
    parts = choose_parts(rows, chosen)
    columns = choose_columns(found, parts)
    columns = with_questions(columns, found)
    inputs = sum(column.width for column in columns)
    training = choose_training(rows, parts, inputs, chosen)
    balance = Balance.of(found.targets[0].counts) if chosen.name == "classification" else None
    return Starter(name, train, found, chosen, columns, parts, training, balance)


def with_questions(columns: Sequence[Chosen], found: Survey) -> list[Chosen]:
    """The columns, and in the comment of one that alone tells a target what to ask oneself about it.

    A feature that stands alone is all that there is to predict from.
    """
    features = [column for column in columns if column.encode is not None]
    questions = {leak.column: leak.question for leak in found.leaks} if len(features) > 1 else {}
    return [
        replace(column, why=f"{column.why}; {questions[column.name]}")
        if column.encode is not None and column.name in questions
        else column
        for column in columns
    ]
