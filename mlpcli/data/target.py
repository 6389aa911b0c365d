"""The target columns: classes and scales fitted on training rows, outputs turned back into predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.config.loss_spec import LOSSES
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.data.target_transform import TRANSFORMS, Transform
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.bad_cells import Fault, lacking_fault, text_fault
from mlpcli.tables.table import Table, Wanted

NEEDED = (
    "every row needs a target; a model trained with `missing: drop` under `data` leaves out those without, "
    "in training and in evaluate"
)


SPAN = 1 << 16  # rows whose classes are written at a time


@dataclass(frozen=True)
class EncodedTarget:
    """Targets of some rows: `y` (rows, outputs) as the loss sees them, zeros where a cell has a fault.

    Numbers are in float64, classes and labels are the integers 0 and 1.
    """

    y: Matrix
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class TargetEncoder:
    """The fitted target. Two classes have one output of 0 or 1, or two outputs; more have one each.

    `classes` are in the order of the outputs; for labels they are the words for no and yes. `chosen` is the
    positive one of two classes where the settings name it. `parse` says of each column of decorated numbers
    how these are. Numbers are scaled after their `transform`; what is predicted stays within `bounds`, a row
    of the least and one of the largest number of each column.
    """

    task: str
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    outputs: int
    center: Vector
    scale: Vector
    parse: Mapping[str, ParseSpec] = field(default_factory=dict)
    chosen: str | None = None
    transform: str | None = None
    bounds: Matrix | None = None

    @property
    def positive(self) -> int:
        """The index of the class that precision, recall and their like are about: else the last of two."""
        return 1 if self.chosen is None else self.classes.index(self.chosen)

    @property
    def positive_class(self) -> str | None:
        """That class, where there are two."""
        two = self.task == "classification" and len(self.classes) == 2
        return self.classes[self.positive] if two else None

    @property
    def wanted(self) -> Wanted:
        """The columns that a labelled table must have, and as what."""
        return Wanted(numbers=self.columns) if self.task == "regression" else Wanted(texts=self.columns)

    @property
    def answers(self) -> tuple[str, ...]:
        """What is predicted for a row, one of these or several: its class, or its labels; not for numbers."""
        return self.columns if self.task == "multilabel" else self.classes

    def encode(self, table: Table, rows: Indices | None = None) -> EncodedTarget:
        """The targets of a table's rows, or of some of them; faults count from the first row encoded."""
        # what is 0 or 1 takes a byte: there may be very many rows
        kind = np.float64 if self.task == "regression" else np.int8
        y: Matrix = np.zeros((table.rows if rows is None else len(rows), self.outputs), kind)
        faults: list[Fault] = []
        for index, name in enumerate(self.columns):
            write = self._write_numbers if self.task == "regression" else self._write_classes
            faults += write(table, name, rows, y[:, index : index + 1] if len(self.columns) > 1 else y)
        return EncodedTarget(y, tuple(faults))

    def _write_numbers(self, table: Table, name: str, rows: Indices | None, out: Array) -> list[Fault]:
        column = table.number(name, rows)
        index = self.columns.index(name)
        faults = [text_fault(name, column.bad, table.notation)] if len(column.bad) else []
        if column.missing.any():
            faults.append(lacking_fault(name, column.missing, NEEDED))
        values = np.nan_to_num(column.values)
        del column
        if self._through is not None:
            low = np.flatnonzero(values <= self._through.above)
            if len(low):
                wanted, found = f"above {self._through.above:g} for {self.transform}", values[low[0]]
                faults.append(Fault(name, f"expected a number {wanted}", low, found=f", found {found!s}"))
                values[low] = 0.0
            values = self._through.forward(values)
        with np.errstate(over="ignore"):  # what is infinite then is told with its place
            values -= self.center[index]
            np.divide(values, self.scale[index], out=out[:, 0])
        return faults

    @property
    def _through(self) -> Transform | None:
        return None if self.transform is None else TRANSFORMS[self.transform]

    def _write_classes(self, table: Table, name: str, rows: Indices | None, out: Array) -> list[Fault]:
        column = table.text(name, rows)
        absent = column.where(column.missing_texts(table.notation, self.classes))
        codes = column.matched(self.classes, table.notation.decimal)
        faults = [lacking_fault(name, absent, NEEDED)] if absent.any() else []
        unknown = np.flatnonzero((codes < 0) & ~absent)
        if len(unknown):
            text = column.levels[column.codes[unknown[0]]]
            among = ", ".join(self.classes[:10]) + (", …" if len(self.classes) > 10 else "")
            faults.append(
                Fault(
                    name,
                    f"the class '{text}' is none of those in the training rows",
                    unknown,
                    f"they are: {among}",
                )
            )
        if out.shape[1] == 1:
            out[:, 0] = codes == 1
        else:
            for start in range(0, len(codes), SPAN):
                some = codes[start : start + SPAN]
                known = np.flatnonzero(some >= 0)
                out[start + known, some[known]] = 1
        return faults

    def classes_of(self, table: Table, name: str, rows: Indices | None) -> Indices:
        """For each row the index of its class; -1 where the text is none."""
        return table.text(name, rows).matched(self.classes, table.notation.decimal)

    def scaled(self, numbers: Matrix) -> Matrix:
        """Numbers in the target's own units as the loss sees them; infinite or nan beyond a transform."""
        through = numbers if self._through is None else self._through.forward(numbers)
        return (through - self.center) / self.scale

    def unscaled(self, y: Matrix, out: Matrix | None = None) -> Matrix:
        """Scaled numbers in the target's own units; infinite where a transform makes them too large.

        There may be very many: `out` is where they may go.
        """
        numbers = np.multiply(y, self.scale, out=out)
        numbers += self.center
        return numbers if self._through is None else self._through.backward(numbers)

    def predicted(self, outputs: Matrix) -> Matrix:
        """Finite outputs of a network in the target's own units, within the bounds where there are some.

        They may be written over the outputs, which are in float64.
        """
        numbers = self.unscaled(outputs, out=outputs if self.bounds is None else None)
        return (
            numbers if self.bounds is None else np.where(np.isfinite(outputs), self.bounded(numbers), numbers)
        )

    def bounded(self, numbers: Matrix) -> Matrix:
        """Numbers in the target's own units within the bounds, if there are any."""
        return numbers if self.bounds is None else np.clip(numbers, *self.bounds)

    def line_at(self, numbers: Matrix) -> tuple[Array, Array]:
        """(center, scale), of which numbers near these are scale · output + center."""
        if self._through is None:
            return self.center, self.scale
        slope = self._through.slope(numbers)
        return numbers - slope * (self._through.forward(numbers) - self.center), slope * self.scale

    def class_indices(self, y: Matrix) -> Indices:
        """The class of each row (n,) from its targets as `encode` gives them."""
        return np.asarray(y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1), dtype=np.intp)

    def decode(self, predicted: Array) -> Array:
        """Class indices (n,) or labels (n, K) in the target's own words: (n, columns), texts as objects."""
        words = np.array(self.classes, dtype=object)[predicted]
        return words[:, np.newaxis] if words.ndim == 1 else words

    def meta(self) -> dict[str, Any]:
        """What a model file says about the target besides the arrays."""
        parse = {name: parse.options for name, parse in self.parse.items()}
        return {
            "columns": list(self.columns),
            "task": self.task,
            "classes": list(self.classes),
            "outputs": self.outputs,
            **({"parse": parse} if parse else {}),
            **({} if self.transform is None else {"transform": self.transform}),
            **({} if self.bounds is None else {"clip": True}),
            **({} if self.chosen is None else {"positive": self.chosen}),
        }

    def arrays(self) -> dict[str, Array]:
        """The scales, one for each output; 0 and 1 where nothing is scaled. The bounds, if there are any."""
        bounds = {} if self.bounds is None else {"target.bounds": self.bounds}
        return {"target.center": self.center, "target.scale": self.scale, **bounds}

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> TargetEncoder:
        """The encoder that `meta` and `arrays` describe."""
        names, classes = tuple(meta["columns"]), tuple(meta["classes"])
        scaling = arrays["target.center"], arrays["target.scale"]
        parse = {name: ParseSpec.model_validate(one) for name, one in meta.get("parse", {}).items()}
        positive, transform, bounds = meta.get("positive"), meta.get("transform"), arrays.get("target.bounds")
        return cls(
            meta["task"], names, classes, meta["outputs"], *scaling, parse, positive, transform, bounds
        )


def class_target(
    column: str, classes: tuple[str, ...], loss: str, positive: str | None = None
) -> TargetEncoder:
    """The target of a classification: one output for two classes unless the loss needs one for each."""
    outputs = LOSSES[loss].outputs_for(len(classes))
    scaling = np.zeros(outputs), np.ones(outputs)
    return TargetEncoder("classification", (column,), classes, outputs, *scaling, chosen=positive)


def label_target(columns: tuple[str, ...], words: tuple[str, ...], table: Table) -> TargetEncoder:
    """The target of several labels, each there or not, in the same two words in every column."""
    if len(words) > 2:
        shown = ", ".join(f"'{word}'" for word in words[:5])
        hint = "each label is a column of 0 and 1"
        message = f"columns {', '.join(columns)}: expected the same two values in each, found {shown}"
        raise DataError(Problem(message, Place(table.source), hint))
    return TargetEncoder(
        "multilabel", columns, words, len(columns), np.zeros(len(columns)), np.ones(len(columns))
    )
