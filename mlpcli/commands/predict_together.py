"""`mlp predict` by processes that a launcher started together: a shard each, and one output.

Every process predicts its own rows and keeps them, as text, in a file without a name. The first one writes
its rows to the output as it goes and fetches those of the others in their order. So the output, whatever is
said of it and the first error are those of one process, and only the first needs to see where the output is.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from mlpcli.commands.predict import Delivery, PredictOptions, predict
from mlpcli.errors import ExitCode, MlpError, UsageError
from mlpcli.parallel.ranks import Ranks
from mlpcli.parallel.shares import Shard
from mlpcli.run.prediction import Tally
from mlpcli.run.predictions_csv import Unflushed
from mlpcli.run.predictor import open_model
from mlpcli.run.table_files import is_text, write_rows, write_table
from mlpcli.storage.output_errors import output_errors
from mlpcli.tables.patterns import find_all
from mlpcli.tables.some_rows import require_repeatable
from mlpcli.terminal.console import Console

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE: Final = 1 << 20  # bytes of a message


@dataclass(frozen=True)
class Part:
    """What comes of a process's rows besides these, which are `size` bytes; or why there are none."""

    size: int = 0
    tally: Tally = field(default_factory=Tally)
    last_notes: tuple[str, ...] = ()
    failure: MlpError | None = None


@dataclass(frozen=True)
class PredictOrder:
    """What a process has to know to predict its part."""

    model: Path
    source: str
    options: PredictOptions

    def carry_out(self, ranks: Ranks) -> None:
        """Predict, and hand over what came of it when it is asked for."""
        rows: BinaryIO = io.BytesIO()
        with ExitStack() as kept:
            try:
                with told_of_the_disk():
                    rows = kept.enter_context(TemporaryFile())
                part = self._predicted(ranks, rows)
            except MlpError as error:
                part = Part(failure=error)
            for turn in range(1, ranks.size):  # all hear of each, or that there are no more
                ranks.told(lambda: None)
                if turn == ranks.rank:
                    _hand_over(ranks, part, rows)
            ranks.told(lambda: None)  # the output is complete

    def _predicted(self, ranks: Ranks, rows: BinaryIO) -> Part:
        delivery = Delivery(partial(write_rows, self.options.out, Kept(rows)))
        options = replace(self.options, shard=Shard(ranks.rank + 1, ranks.size))
        predict(self.model, self.source, options, Console(quiet=True, warned=[]), delivery)
        with told_of_the_disk():
            rows.flush()
        return Part(rows.tell(), delivery.tally, tuple(delivery.last_notes))


def predict_together(
    model: Path, source: str, options: PredictOptions, console: Console, ranks: Ranks
) -> ExitCode:
    """Predict every row of `source`, with all processes, and write one output; to be called by the first.

    Raises UsageError for what cannot be done together, and what `predict` raises for the first row that it
    would.
    """
    first = Shard(1, ranks.size)
    refuse_alone(options, ranks)
    open_model(model, options.expect_sha256)
    require_repeatable(find_all(source, options.chosen), first)
    delivery = Delivery(lambda *_: None)
    others = Others(ranks, delivery)
    delivery.write = partial(write_table, options.out, more=others.rows())
    with ranks.ordered(PredictOrder(model, source, options)), others.told_of_the_end():
        return predict(model, source, replace(options, shard=first), console, delivery)


def refuse_alone(options: PredictOptions, ranks: Ranks) -> None:
    """Raise UsageError for options of one process alone."""
    if options.shard is not None:
        message = (
            f"--shard {options.shard}: a launcher started {ranks.size} processes, and each takes its own"
        )
        raise UsageError.of(message, hint="leave --shard out, or the launcher")
    if not is_text(options.out):
        message = f"-o {options.out}: processes together write one file of text: .csv, .tsv or .jsonl"
        raise UsageError.of(message, hint="or a file each, without the launcher: --shard I/N")


class Others:
    """The other processes, to whose rows it comes in turn; what they have to tell is added to a delivery."""

    def __init__(self, ranks: Ranks, delivery: Delivery) -> None:
        self._ranks = ranks
        self._delivery = delivery

    def rows(self) -> Iterator[bytes]:
        """Their rows in order, piece by piece. Raises the error of the first of them that has failed."""
        for rank in range(1, self._ranks.size):
            self._ranks.told(lambda: None)
            part: Part = self._ranks.received(rank)
            if part.failure is not None:
                raise part.failure
            self._delivery.tally += part.tally
            self._delivery.last_notes += part.last_notes
            for start in range(0, part.size, PIECE):
                yield _bytes_of(self._ranks, rank, min(PIECE, part.size - start))

    @contextmanager
    def told_of_the_end(self) -> Iterator[None]:
        """Let them end: with the output, or with the error that there is none for."""

        def fail() -> None:
            raise failure

        try:
            yield
        except Exception as error:
            failure = error
            self._ranks.told(fail)
        else:
            self._ranks.told(lambda: None)


class Kept(Unflushed):
    """A file that a process keeps its rows in until they are asked for."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Pass bytes on; how many they are. Raises OutputError."""
        with told_of_the_disk():
            return super().write(data)


def told_of_the_disk() -> AbstractContextManager[None]:
    """Where something is kept, which TMPDIR decides, is told if it cannot be."""
    place = tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp"
    return output_errors(Path(place), "the predictions of a process could not be kept: ")


def _hand_over(ranks: Ranks, part: Part, rows: BinaryIO) -> None:
    ranks.send(part, 0)
    rows.seek(0)
    while part.failure is None and (piece := rows.read(PIECE)):
        ranks.wire.send(np.frombuffer(piece, np.uint8).copy(), 0)


def _bytes_of(ranks: Ranks, rank: int, size: int) -> bytes:
    content = np.empty(size, np.uint8)
    ranks.wire.receive(content, rank)
    return content.tobytes()
