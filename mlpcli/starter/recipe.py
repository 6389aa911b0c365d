"""What a recipe asks for: one network or several, which kind, and what that costs on a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from mlpcli.starter.columns import Chosen
from mlpcli.starter.task import Task
from mlpcli.starter.training import (
    FEW_ROWS,
    FEWEST_WATCHED,
    Parts,
    Training,
    choose_parts,
    choose_training,
)

RecipeName: TypeAlias = Literal["quick", "strong", "best"]
RECIPES: Final[tuple[RecipeName, ...]] = ("quick", "strong", "best")
MEMBERS: Final = 5
BEST_REPEATS: Final = 2
# numbers: an embedding of more costs more than everything else together, and gains no more
MOST_EMBEDDED: Final = 50
WIDTHS: Final = (128, 128, 128)
BEST_WIDTHS: Final = (256, 256, 256)  # twice the time, a few errors in a hundred less
MANY_ROWS, VERY_MANY_ROWS = 2_500, 8_000  # from which on a batch may be larger
EPOCHS, FEWEST_UPDATES = 64, 600  # at the least


@dataclass(frozen=True)
class Ensemble:
    """How many networks: one for each fold of so many cuts, or so many on the same rows."""

    folds: int = 0
    repeats: int = 1
    members: int = 0

    @property
    def count(self) -> int:
        """The number of networks."""
        return self.members or self.folds * self.repeats or 1


ALONE: Final = Ensemble()


@dataclass(frozen=True)
class Modern:
    """RealMLP's recipe (Holzmüller et al. 2024, arXiv 2407.04491), with fewer epochs.

    `embedded`: whether numbers become several inputs by waves. `smoothed`: whether targets are.
    """

    hidden: tuple[int, ...]
    learning_rate: float
    batch_size: int
    epochs: int
    embedded: bool
    smoothed: bool


@dataclass(frozen=True)
class Size:
    """What decides about a recipe: the rows with a target, the columns, the task, how many classes."""

    rows: int
    columns: Sequence[Chosen]
    task: Task
    classes: int

    @property
    def inputs(self) -> int:
        """The number of inputs."""
        return sum(column.width for column in self.columns)

    @property
    def numbers(self) -> int:
        """How many columns are numbers."""
        return sum(column.encode in NUMBERS for column in self.columns)


@dataclass(frozen=True)
class Recipe:
    """How a table is learnt: the parts of its rows, how many networks, and which kind of training.

    `modern` in place of `training` where there is one.
    """

    name: RecipeName
    parts: Parts
    ensemble: Ensemble
    training: Training
    modern: Modern | None

    @property
    def validates(self) -> bool:
        """Whether rows say when to stop: a part of their own, or each fold."""
        return bool(self.parts.validation or self.ensemble.folds)

    @property
    def epochs(self) -> int:
        """Passes over the rows."""
        return self.modern.epochs if self.modern else self.training.epochs

    @property
    def batch_size(self) -> int:
        """Rows per update."""
        return self.modern.batch_size if self.modern else self.training.batch_size

    @property
    def hidden(self) -> tuple[int, ...]:
        """The widths of the hidden layers."""
        return self.modern.hidden if self.modern else self.training.hidden


def recipe_of(name: RecipeName, size: Size) -> Recipe:
    """The recipe of a name for a table of some size."""
    ensemble = choose_ensemble(name, size.rows, size.task)
    training = choose_training(size.rows, choose_parts(size.rows, size.task), size.inputs, size.task)
    modern = choose_modern(name, size) if is_modern(name, size.rows) else None
    return Recipe(name, parts_of(name, size.rows, size.task), ensemble, training, modern)


def choose_ensemble(recipe: RecipeName, rows: int, task: Task) -> Ensemble:
    """How many networks predict together.

    Where rows are too few for any to validate, all networks have all of them.
    """
    if recipe == "quick":
        return ALONE
    repeats = BEST_REPEATS if recipe == "best" else 1
    if rows < FEWEST_WATCHED[task.name]:
        return Ensemble(members=MEMBERS * repeats)
    return Ensemble(folds=MEMBERS, repeats=repeats)


def parts_of(recipe: RecipeName, rows: int, task: Task) -> Parts:
    """How the rows are split: folds validate and judge in their turn, and nothing is kept aside."""
    return choose_parts(rows, task) if recipe == "quick" else Parts(0.0, 0.0)


def is_modern(recipe: RecipeName, rows: int) -> bool:
    """Whether there are rows enough for RealMLP's recipe, which gains nothing below."""
    return recipe != "quick" and rows >= FEW_ROWS


def choose_modern(recipe: RecipeName, size: Size) -> Modern:
    """Settings by the number of rows, those that tests/benchmarks/init_quality.py found good."""
    rows, many = size.rows, size.rows >= MANY_ROWS
    embedded = 0 < size.numbers <= MOST_EMBEDDED
    rate = 0.04 if size.task.name != "regression" else 0.2 if embedded else 0.07
    batch = 256 if rows >= VERY_MANY_ROWS else 128 if many else 64
    smoothed = size.task.name == "classification" and (size.classes > 2 or many)
    epochs = max(EPOCHS, round(FEWEST_UPDATES * batch / (rows * (1 - 1 / MEMBERS))))
    longer = 2 if recipe == "best" and not many else 1
    hidden = BEST_WIDTHS if recipe == "best" else WIDTHS
    return Modern(hidden, rate, batch, longer * epochs, embedded, smoothed)


NUMBERS: Final = frozenset({"standardize", "quantile", "log1p", "robust_clip"})


def for_modern(columns: Sequence[Chosen]) -> list[Chosen]:
    """The columns with the encodings that RealMLP's recipe wants: numbers by their quartiles, bent to ±3.

    Those of which most are the same are cut into bins instead: on adult 12.8 % errors, without it 14.6 %.
    """
    return [_for_modern(column) for column in columns]


def _for_modern(column: Chosen) -> Chosen:
    if column.encode in NUMBERS:
        options = {key: value for key, value in column.options.items() if key != "output"}
        if not column.bins:
            return replace(column, encode="robust_clip", options=options)
        why = f"{column.why}, most of them the same"
        options["bins"] = str(column.bins)
        return replace(column, encode="piecewise_linear", width=column.pieces, options=options, why=why)
    if column.encode == "one_hot":
        return replace(column, options={**column.options, "scaling": "robust_clip"})
    return column
