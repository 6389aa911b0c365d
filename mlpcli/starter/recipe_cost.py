"""About how long a recipe takes: for the comment at the head of a starter config, no more."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from mlpcli.starter.recipe import Recipe, Size

OPERATIONS: Final = 1.5e10  # of a processor, in a second, of products of matrices
OF_AN_UPDATE: Final = 4e-4  # seconds besides its products, of a network with few columns
WAVES: Final = 4  # inputs that a column of numbers becomes
START: Final = 0.6  # seconds before the first update and after the last


def seconds(recipe: Recipe, size: Size) -> float:
    """Seconds of one processor: six operations for each weight and row, forward and back, and the rest."""
    count, ensemble = recipe.ensemble.count, recipe.ensemble
    share = 1 - 1 / ensemble.folds if ensemble.folds else recipe.parts.training
    inputs = size.inputs + (WAVES - 1) * size.numbers * bool(recipe.modern and recipe.modern.embedded)
    widths = (inputs, *recipe.hidden, size.task.outputs)
    weights = sum(one * other for one, other in pairwise(widths))
    updates = recipe.epochs * -(-size.rows * share // recipe.batch_size)
    rest = OF_AN_UPDATE * (2 if recipe.modern else 1)
    return float(START + count * updates * (rest + 6 * recipe.batch_size * weights / OPERATIONS))


def rounded(time: float) -> str:
    """About so many seconds or minutes: one digit."""
    if time < 60:
        digit = float(f"{time:.1g}")
        return f"{digit:g} s"
    return f"{float(f'{time / 60:.1g}'):g} min"
