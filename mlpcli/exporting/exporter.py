"""What a format has to do: put a model into files of its own, say what it leaves out, and be run on rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from mlpcli.arrays import Array, Vector
from mlpcli.errors import ConfigError, MlpError
from mlpcli.exporting.description import Description


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of some rows that a model reads, by column.

    `numbers` holds the columns of numbers, NaN where a cell is missing; `texts` all columns as a file has
    them. In `unsaid` rows (n,) a column of numbers holds something else, which only a text can say.
    """

    rows: int
    numbers: Mapping[str, Vector]
    texts: Mapping[str, Sequence[str]]
    unsaid: Array


@dataclass(frozen=True)
class Naming:
    """What the symbols of a program are called after, and the name of its first file without its ending."""

    symbol: str
    stem: str


Answers: TypeAlias = Sequence[Array]
"""A column for each of `Outputs.names`: texts as objects, numbers; None or NaN where nothing is predicted."""

Scorer: TypeAlias = Callable[[Cells], Answers]


class Exporter(Protocol):
    """One format."""

    @property
    def name(self) -> str:
        """What `--format` calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of its files, in their order; the first goes with the name that `-o` gives."""

    @property
    def reads_texts(self) -> bool:
        """Whether it is given every cell as a text, as a file has it; else numbers as numbers."""

    @property
    def runner(self) -> str:
        """What runs its files in a check."""

    def files(self, description: Description, naming: Naming, /) -> tuple[bytes, ...]:
        """The content of each file.

        The same model gives the same bytes: neither dates nor paths. Raises the error of `unsayable`.
        """

    def remarks(self, description: Description, /) -> Iterator[str]:
        """What a person should know who uses it in place of `mlp predict`."""

    def scoring(
        self, paths: Sequence[Path], description: Description, naming: Naming, /
    ) -> AbstractContextManager[Scorer]:
        """A function that runs the files at these paths. Raises UsageError where what it takes is missing."""


def unsayable(form: str, message: str, hint: str | None = None) -> MlpError:
    """The error about what a format cannot say: which column or part of the model, and why."""
    return ConfigError.of(f"{form}: {message}", None, hint or "other formats may: onnx, c, python, numpy")


def without_intervals(description: Description) -> Iterator[str]:
    """A remark where the model has intervals: those of folds need all errors of the rows that they are of."""
    if description.intervals:
        levels = ", ".join(f"{level:g}" for level in description.intervals)
        yield f"the intervals of the model ({levels}) are not in it: `mlp predict --interval` has them"
