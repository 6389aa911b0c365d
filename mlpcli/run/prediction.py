"""Predictions as columns of values, and what a person should know about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.data.encoding import Batch
from mlpcli.run.predictor import Model
from mlpcli.tables.bad_cells import Unseen
from mlpcli.terminal.console import Console
from mlpcli.training.decoder import OutputDecoder

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(eq=False)
class Tally:
    """What is told once at the end: rows without a prediction, unseen categories, formula-like texts."""

    empty: int = 0
    formulas: int = 0
    unseen: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Unseen] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Count what a batch brought."""
        for unseen in batch.unseen:
            self.unseen[unseen.column] += unseen.count
            self.examples.setdefault(unseen.column, unseen)
        self.empty += int(batch.bad_rows.sum())

    def __iadd__(self, other: Tally) -> Tally:
        """Count what came of other rows, which come after."""
        self.empty += other.empty
        self.formulas += other.formulas
        self.unseen += other.unseen
        self.examples = {**other.examples, **self.examples}
        return self

    def tell(self, console: Console) -> None:
        """Warn of what was found."""
        for remark in self.remarks():
            console.warn(remark)

    def remarks(self) -> Iterator[str]:
        """What a person should know about the predictions."""
        for column, count in self.unseen.items():
            found = f"{count:,} value{'s' if count > 1 else ''} of '{column}' not seen in training"
            first = self.examples[column]
            yield f"{found}, such as '{first.examples[0]}': encoded as {first.encoded}"
        if self.empty:
            yield f"{self.empty:,} row{'s' if self.empty > 1 else ''} could not be predicted: left empty"
        if self.formulas:
            found = "text begins" if self.formulas == 1 else "texts begin"
            yield f"{self.formulas:,} {found} as a formula does: not to be opened in a spreadsheet"


def predicted_values(model: Model, batch: Batch, scores: Matrix) -> list[Array]:
    """The columns of `OutputDecoder.columns` for a batch; empty where a row cannot be predicted."""
    return prediction_columns(model.decoder, scores, batch.bad_rows)


def prediction_columns(decoder: OutputDecoder, scores: Matrix, bad: Array) -> list[Array]:
    """The columns of `OutputDecoder.columns` for a network's scores; empty in the rows that are bad."""
    with np.errstate(all="ignore"):
        words = decoder.words(scores)
        probability = decoder.probability(scores)
    columns: list[Array] = [*words.T, *(() if probability is None else probability.T)]
    if decoder.target.task == "multilabel":
        count = len(words.T)  # each label's probability beside its prediction
        columns = [columns[i] for label in range(count) for i in range(label, len(columns), count)]
    return [emptied(column, bad) for column in columns] if bad.any() else columns


def emptied(column: Array, bad: Array) -> Array:
    """The column with nothing in the rows that are bad: NaN among numbers, None among texts."""
    kept = column.copy()
    kept[bad] = None if kept.dtype == object else np.nan
    return kept


def count_formulas(column: Array) -> int:
    """How many texts of a column a spreadsheet would take for a formula; numbers are none."""
    if column.dtype != object:
        return 0
    counts = Counter(column.tolist())
    return sum(
        count
        for text, count in counts.items()
        if isinstance(text, str) and text.startswith(FORMULA_STARTS) and not _is_number(text)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
