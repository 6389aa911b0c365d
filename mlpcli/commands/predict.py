"""`mlp predict`: rows in, predictions out, in bounded memory and in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.calibration.coverage import interval_columns, interval_names
from mlpcli.calibration.said import Said
from mlpcli.data.encoding import Batch, batches
from mlpcli.errors import DataError, ExitCode, Place, Problem
from mlpcli.parallel.shares import Shard
from mlpcli.run.labelled_rows import tell_of_header
from mlpcli.run.prediction import Tally, count_formulas, emptied, predicted_values
from mlpcli.run.predictions_csv import Columns
from mlpcli.run.predictor import Model, intervals_of_level, open_model
from mlpcli.run.table_files import refuse_to_replace, write_table, writer_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.patterns import find_all
from mlpcli.tables.reader import Reader, open_table
from mlpcli.tables.some_rows import Taken, rows_of_shard
from mlpcli.tables.source import ALL_THERE_IS, Chosen, DataFile
from mlpcli.terminal.console import STDOUT, Console, reading, results_are_seen
from mlpcli.terminal.progress import counting_rows


@dataclass(frozen=True)
class PredictOptions:
    """What the command line says besides the model and the input."""

    out: Path | None
    ids: Sequence[str]
    include_inputs: bool
    strict: bool
    empty_bad_rows: bool
    expect_sha256: str | None
    interval: float | None = None
    shard: Shard | None = None
    chosen: Chosen = ALL_THERE_IS


@dataclass(eq=False)
class Delivery:
    """Where predictions go, and what is told of them at the end, by whoever else has some of the rows too."""

    write: Callable[[Sequence[str], Iterable[Columns]], None]
    tally: Tally = field(default_factory=Tally)
    last_notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, options: PredictOptions) -> Delivery:
        """To stdout or a file; the names stand in the first shard alone."""
        headed = options.shard is None or options.shard.is_first
        return cls(partial(write_table, options.out, headed=headed))


def predict(
    model_path: Path,
    source: str,
    options: PredictOptions,
    console: Console,
    delivery: Delivery | None = None,
) -> ExitCode:
    """Predict every row of `source` (a path, a pattern or `-`): CSV to stdout, or a file as its name says."""
    # with all its columns in the output, nothing of the input is lost
    refuse_to_replace(options.out, str(model_path), *(() if options.include_inputs else (source,)))
    writer_of(options.out)  # before anything is read for it
    model = open_model(model_path, options.expect_sha256)
    if options.interval is not None:
        intervals_of_level(model, options.interval)
    delivery, shown = delivery or Delivery.of(options), beside(options.out, console)
    # lines that hold nothing are rows where a prediction can be made of them, or an empty one
    empty_rows = options.empty_bad_rows or model.predicts_from_nothing()
    form = replace(model.form, empty_rows=empty_rows)
    with opened(find_all(source, options.chosen), form, options.shard) as (reader, rows):
        carried = carried_columns(model, reader, options)
        tell_of_header(reader, console)
        console.notes(reader.header.respelt((*model.inputs.wanted.names, *model.file.meta.id, *options.ids)))
        columns = output_columns(model, options.interval)
        refuse_collision(carried, columns, reader.header.source)
        tables = predictions(model, reader, Taken(carried, rows), options, delivery.tally)
        with shown.doing(reading(source)):
            delivery.write((*carried, *columns), counting_rows(shown, tables, rows_of))
        delivery.last_notes = list(dict.fromkeys((*reader.last_notes, *delivery.last_notes)))
        console.notes(delivery.last_notes)
    delivery.tally.tell(console)
    return ExitCode.DONE


@contextmanager
def opened(file: DataFile, form: CsvFormat, shard: Shard | None) -> Iterator[tuple[Reader, slice | None]]:
    """The reader of the input, and which of its rows are those of the shard."""
    rows = None if shard is None else rows_of_shard(file, form, shard)
    with open_table(file, form) as reader:
        yield reader, rows


def beside(out: Path | None, console: Console) -> Console:
    """Where to say how far it is: nowhere if the predictions themselves go by on the screen."""
    if out not in {None, STDOUT} or not results_are_seen():
        return console
    console.clear()
    return Console(quiet=True)


def rows_of(columns: Columns) -> int:
    """How many rows some columns have."""
    return len(columns[0])


def carried_columns(model: Model, reader: Reader, options: PredictOptions) -> tuple[str, ...]:
    """The input columns that come before the predictions."""
    names = (*model.file.meta.id, *options.ids)
    ids = dict.fromkeys(reader.header.own(name) or name for name in names)
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
    model: Model, reader: Reader, taken: Taken, options: PredictOptions, tally: Tally
) -> Iterator[Columns]:
    """The columns of the output, some rows at a time."""
    for given in batches(reader, model.inputs, model.dtype, taken, model.outputs):
        said, batch = model.said(given)
        if not options.empty_bad_rows:
            refuse_bad_rows(batch)
        if options.strict:
            refuse_unseen(batch)
        tally.add(batch)
        found = [*predicted_values(model, batch, said.scores), *intervals_for(model, batch, said, options)]
        columns = [*(batch.texts(name) for name in taken.carried), *found]
        tally.formulas += sum(map(count_formulas, columns))
        yield columns


def output_columns(model: Model, level: float | None) -> tuple[str, ...]:
    """The columns of the predictions, those of intervals last."""
    decoder = model.decoder
    return decoder.columns if level is None else (*decoder.columns, *interval_names(decoder))


def intervals_for(model: Model, batch: Batch, said: Said, options: PredictOptions) -> list[Array]:
    """The columns of the intervals that are asked for; empty in the rows that are bad."""
    if options.interval is None:
        return []
    with np.errstate(all="ignore"):
        columns = interval_columns(intervals_of_level(model, options.interval), said, options.interval)
    bad = batch.bad_rows
    return [emptied(column, bad) for column in columns] if bad.any() else columns


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
