"""Which task it is, and what follows: the loss, the output activation, the target and its scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.arrays import Indices, Vector
from mlpcli.config.loss_spec import default_loss
from mlpcli.config.spec import LossSpec, ScaleSpec, Spec, only, possible_tasks
from mlpcli.data.columns import Kind, kind_of
from mlpcli.data.decorations import Decoration, decoration_of
from mlpcli.data.table import Table
from mlpcli.data.target import (
    MAX_CLASSES,
    TargetEncoder,
    class_target,
    classes_in,
    find_classes,
    fit_numbers,
    label_target,
)
from mlpcli.errors import DataError, Place, SettingError


def decide_task(spec: Spec, table: Table) -> str:
    """The task: what the config says; else text or two values are classes, other numbers a regression.

    All rows of the training file decide, as the split has to know. Several targets of two values are labels.
    """
    task = only(possible_tasks(spec)) or _task_of(spec.data.target, table)
    for name in spec.data.target if task != "regression" else ():
        _refuse_amounts(name, table)
    return task


def _task_of(targets: Sequence[str], table: Table) -> str:
    if not all(_holds_classes(table, name) for name in targets):
        return "regression"
    return "multilabel" if len(targets) > 1 else "classification"


def _holds_classes(table: Table, name: str) -> bool:
    """Whether a target column holds text, or exactly two values. One that was read as numbers holds more."""
    if name in table.numbers:
        return False
    levels = classes_in(table, (name,)).counts
    return len(levels) == 2 or any(kind_of(level, table.notation.decimal) is Kind.TEXT for level in levels)


def _amounts_in(name: str, table: Table) -> Decoration | None:
    """How the numbers are decorated that the texts of a target are, if they are."""
    column = table.texts.get(name)
    if column is None or column.ordered:
        return None
    found = decoration_of(classes_in(table, (name,)).counts, table.notation.decimal)
    return found if found is not None and found.parse is not None else None


def _refuse_amounts(name: str, table: Table) -> None:
    """DataError where the classes would be amounts, nearly all different."""
    found = _amounts_in(name, table)
    classes = len(classes_in(table, (name,)).counts) if found else 0
    if found and (2 * classes > table.rows or classes > MAX_CLASSES):
        message = f"column '{name}': {classes:,} different texts in {table.rows:,} rows are no classes"
        raise DataError.of(message, Place(table.source), f"they are {found.seen}: {_as_numbers(found)}")


def _as_numbers(found: Decoration) -> str:
    assert found.parse is not None
    return f"to predict numbers, write `target_parse: {found.parse.written}` under `data`"


def decide_loss(spec: Spec, task: str, classes: int) -> LossSpec:
    """The loss: what the config says, else mse, binary_cross_entropy or cross_entropy."""
    loss = spec.loss
    if loss is None:
        return default_loss(task, classes)
    if classes > loss.most_classes:
        hint = "write `loss: cross_entropy`, or name several columns of 0 and 1 as targets"
        raise SettingError.of(
            ("loss",), f"expected a loss for {classes} classes, found {loss.name}", hint=hint
        )
    return loss


def decide_output_activation(spec: Spec, loss: LossSpec) -> str:
    """The output activation: the last of a list in the config, else the loss's own."""
    activation = spec.model.activation
    if not isinstance(activation, tuple):
        return loss.output_activation
    if activation[-1].name not in loss.allowed_outputs:
        raise SettingError.of(
            ("model", "activation", len(activation) - 1),
            f"expected an output activation for {loss.name}, found {activation[-1].name}",
            hint="there are " + ", ".join(sorted(loss.allowed_outputs)),
        )
    return activation[-1].name


def decide_scale(spec: Spec, task: str, loss: LossSpec, output_activation: str) -> ScaleSpec:
    """The scaling of the target: what the config says, else standardize where loss and output allow it."""
    asked = spec.data.target_scale
    if asked is None:
        scaled = task == "regression" and not loss.counts and output_activation == "identity"
        return ScaleSpec.model_validate("standardize" if scaled else "none")
    if asked.name != "none" and task != "regression":
        raise SettingError.of(
            ("data", "target_scale"), f"expected none, as this is a {task}, found {asked.name}"
        )
    return asked


@dataclass(frozen=True)
class Outcome:
    """The target of a run, the loss that it is learnt with, and what a person should know about it."""

    target: TargetEncoder
    loss: LossSpec
    output_activation: str
    notes: tuple[str, ...] = ()


def fit_outcome(
    spec: Spec, task: str, table: Table, rows: Indices, repetitions: Vector | None = None
) -> Outcome:
    """The outcome that the settings and the training rows of a table decide."""
    columns = spec.data.target
    classes = () if task == "regression" else find_classes(table, columns, rows)
    loss = decide_loss(spec, task, len(classes))
    output = decide_output_activation(spec, loss)
    scale = decide_scale(spec, task, loss, output)
    if task == "classification":
        notes = (*_merged(table, columns, rows, "class"), *_amounts(columns[0], table))
        return Outcome(class_target(columns[0], classes, loss.name), loss, output, notes)
    if task == "multilabel":
        notes = _merged(table, columns, rows, "value")
        return Outcome(label_target(columns, classes, table), loss, output, notes)
    return Outcome(fit_numbers(columns, scale, table, rows, repetitions), loss, output)


def _merged(table: Table, columns: tuple[str, ...], rows: Indices, what: str) -> tuple[str, ...]:
    """A note about classes that are one although they are written in several ways, such as 1 and 1.0."""
    if table.texts[columns[0]].ordered:
        return ()
    return classes_in(table, columns, rows).notes(columns[0], what)


def _amounts(name: str, table: Table) -> tuple[str, ...]:
    """A note about classes that may be amounts."""
    found = _amounts_in(name, table)
    return () if found is None else (f"column '{name}': the classes are {found.seen}; {_as_numbers(found)}",)
