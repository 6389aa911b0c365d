"""`mlp predict`: rows in, predictions out, in bounded memory and in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.commands.model import Model, open_model
from mlpcli.commands.output_table import Columns, refuse_to_replace, write_table
from mlpcli.console import Console
from mlpcli.data.faults import Unseen
from mlpcli.data.input_batches import Batch, batches, open_input
from mlpcli.data.reader import Reader
from mlpcli.errors import DataError, ExitCode, Place, Problem

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class PredictOptions:
    """What the command line says besides the model and the input."""

    out: Path | None
    ids: Sequence[str]
    include_inputs: bool
    strict: bool
    empty_bad_rows: bool
    expect_sha256: str | None


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


def predict(model_path: Path, source: str, options: PredictOptions, console: Console) -> ExitCode:
    """Predict every row of `source` (a path, or `-`) and write CSV to stdout or to a file."""
    # with all its columns in the output, nothing of the input is lost
    refuse_to_replace(options.out, str(model_path), *(() if options.include_inputs else (source,)))
    model = open_model(model_path, options.expect_sha256)
    tally = Tally()
    with open_input(source, model.form) as reader:
        carried = carried_columns(model, reader, options)
        columns = model.meaning.columns
        refuse_collision(carried, columns, reader.header.source)
        tables = predictions(model, reader, carried, options, tally)
        write_table(options.out, (*carried, *columns), tables)
    tally.tell(console)
    return ExitCode.DONE


def carried_columns(model: Model, reader: Reader, options: PredictOptions) -> tuple[str, ...]:
    """The input columns that come before the predictions."""
    ids = dict.fromkeys((*model.file.meta.id, *options.ids))
    if options.include_inputs:
        ids |= dict.fromkeys(reader.header.names)
    return tuple(ids)


def refuse_collision(carried: Sequence[str], columns: Sequence[str], source: str) -> None:
    """Raise DataError where an input column has the name of an output column."""
    both = [name for name in carried if name in columns]
    if both:
        message = f"column '{both[0]}' of the input has the name of a column of the predictions"
        raise DataError(Problem(message, Place(source), hint="rename it, or leave it out of the output"))


def predictions(
    model: Model, reader: Reader, carried: Sequence[str], options: PredictOptions, tally: Tally
) -> Iterator[Columns]:
    """The columns of the output, some rows at a time."""
    for given in batches(reader, model.inputs, model.dtype, carried):
        outputs, batch = model.outputs(given)
        if not options.empty_bad_rows:
            refuse_bad_rows(batch)
        if options.strict:
            refuse_unseen(batch)
        tally.add(batch)
        columns = [*(batch.texts(name) for name in carried), *predicted_values(model, batch, outputs)]
        tally.formulas += sum(map(count_formulas, columns))
        yield columns


def refuse_bad_rows(batch: Batch) -> None:
    """Raise DataError for cells that cannot be used: the model is trained, no config can change it."""
    try:
        batch.require_good()
    except DataError as error:
        hint = "--on-bad-row empty leaves such rows without a prediction"
        raise DataError(*(replace(problem, hint=hint) for problem in error.problems)) from error


def refuse_unseen(batch: Batch) -> None:
    """Raise DataError for categories that training did not have."""
    if not batch.unseen:
        return
    problems = [
        Problem(
            f"column '{unseen.column}': '{unseen.examples[0]}' was not seen in training",
            batch.table.place(int(batch.rows[unseen.rows[0]])),
            hint=f"without --strict it is encoded as {unseen.encoded}",
        )
        for unseen in batch.unseen
    ]
    raise DataError(*problems)


def predicted_values(model: Model, batch: Batch, outputs: Matrix) -> list[Array]:
    """The columns of `Meaning.columns` for a batch; empty where a row cannot be predicted."""
    with np.errstate(all="ignore"):
        words = model.meaning.words(outputs)
        probability = model.meaning.probability(outputs)
    columns: list[Array] = [*words.T, *(() if probability is None else probability.T)]
    if model.target.task == "multilabel":
        count = len(words.T)  # each label's probability beside its prediction
        columns = [columns[i] for label in range(count) for i in range(label, len(columns), count)]
    bad = batch.bad_rows
    return [emptied(column, bad) for column in columns] if bad.any() else columns


def emptied(column: Array, bad: Array) -> Array:
    """The column with nothing in the rows that are bad."""
    kept = column.astype(object)
    kept[bad] = None
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
