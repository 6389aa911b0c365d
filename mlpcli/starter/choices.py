"""Everything that a starter config says, chosen from what its table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlpcli.starter.balance import Balance
from mlpcli.starter.columns import Chosen, are_listed, choose_columns
from mlpcli.starter.recipe import (
    RECIPES,
    Recipe,
    RecipeName,
    Size,
    for_modern,
    is_modern,
    parts_of,
    recipe_of,
)
from mlpcli.starter.recipe_cost import seconds
from mlpcli.starter.task import Task, check_targets, check_task, choose_task
from mlpcli.starter.training import Parts
from mlpcli.survey.tables import Survey


@dataclass(frozen=True)
class Starter:
    """All that a starter config says; `costs`: about the seconds that each recipe takes of a processor."""

    name: str  # of the config
    train: Sequence[str]
    survey: Survey
    task: Task
    columns: Sequence[Chosen]
    recipe: Recipe
    costs: Mapping[RecipeName, float]
    balance: Balance | None = None  # of the classes, where there are some

    @property
    def parts(self) -> Parts:
        """The shares of the rows that validate and test."""
        return self.recipe.parts

    @property
    def calibrated(self) -> bool:
        """Whether probabilities are made right by the rows that validate."""
        return bool(self.recipe.ensemble.folds) and self.task.name == "classification"


@dataclass(frozen=True)
class Asked:
    """What the command line says of the config: its name, the paths of its table, the task, the recipe."""

    name: str
    train: Sequence[str]
    task: str | None = None
    recipe: RecipeName = "quick"


def choose(found: Survey, asked: Asked) -> Starter:
    """The settings of a config for a table; the task too where none is asked for.

    Raises DataError where there is nothing to learn, or nothing to learn from.
    """
    check_targets(found)
    chosen = choose_task(found.targets, found.rows, asked.task)
    check_task(chosen, found)
    rows = found.rows - found.targets_missing
    columns = with_questions(choose_columns(found, parts_of(asked.recipe, rows, chosen)), found)
    if is_modern(asked.recipe, rows) and are_listed(columns, found):
        columns = for_modern(columns)
    size = Size(rows, columns, chosen, len(found.targets[0].counts))
    recipes = {name: recipe_of(name, size) for name in RECIPES}
    costs = {name: seconds(recipe, size) for name, recipe in recipes.items()}
    balance = Balance.of(found.targets[0].counts) if chosen.name == "classification" else None
    recipe = recipes[asked.recipe]
    return Starter(asked.name, asked.train, found, chosen, columns, recipe, costs, balance)


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
