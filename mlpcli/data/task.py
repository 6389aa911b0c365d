"""Which task it is, and what follows: the loss, the output activation, the target and its scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.arrays import Indices, Vector
from mlpcli.config.loss_spec import default_loss
from mlpcli.config.spec import LossSpec, ScaleSpec, Spec, only, possible_tasks
from mlpcli.data.classes import classes_in, find_classes, hold_codes, require_classes_of, single_rows
from mlpcli.data.number_target import Treatment, fit_numbers
from mlpcli.data.target import TargetEncoder, class_target, label_target
from mlpcli.data.target_texts import amounts_in, as_numbers
from mlpcli.errors import NotThereError, SettingError
from mlpcli.tables.columns import Kind, kind_of
from mlpcli.tables.spellings import places_by_meaning
from mlpcli.tables.table import Table, TrainingRows

POSITIVE = ("data", "positive")


def decide_task(spec: Spec, table: Table) -> str:
    """The task: what the config says; else text or two values are classes, other numbers a regression.

    All rows of the training file decide, as the split has to know. Several targets of two values are labels,
    also where one of them always has the same of the two. DataError for classes that are none.
    """
    task = only(possible_tasks(spec)) or _task_of(spec.data.target, table)
    if task == "classification":
        require_classes_of(table, spec.data.target[0])
    return task


def _task_of(targets: Sequence[str], table: Table) -> str:
    if len(targets) > 1 and _hold_labels(table, targets):
        return "multilabel"
    if not all(_holds_classes(table, name) for name in targets):
        return "regression"
    return "multilabel" if len(targets) > 1 else "classification"


def _hold_labels(table: Table, names: Sequence[str]) -> bool:
    """Whether target columns hold two values, together and most of them alone."""
    if any(name in table.numbers for name in names):
        return False
    alone = [len(classes_in(table, (name,)).counts) for name in names]
    return len(classes_in(table, tuple(names)).counts) == 2 and 2 in alone


def _holds_classes(table: Table, name: str) -> bool:
    """Whether a target column holds text, codes that come again, or exactly two values.

    One that was read as numbers holds more.
    """
    if name in table.numbers:
        return False
    levels = classes_in(table, (name,)).counts
    texts = any(kind_of(level, table.notation.decimal) is Kind.TEXT for level in levels)
    return len(levels) == 2 or texts or hold_codes(levels)


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
            ("data", "target_scale"), f"expected `none`, as this is a {task}, found {asked.name}"
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
    require_no_positive(spec, task)
    require_no_treatment(spec, task)
    if task == "classification":
        target = class_target(columns[0], classes, loss.name, positive_of(spec, classes, table))
        return Outcome(target, loss, output, _class_notes(spec, table, rows))
    if task == "multilabel":
        notes = _merged(table, columns, rows, "value")
        return Outcome(label_target(columns, classes, table), loss, output, notes)
    treatment = Treatment.of(spec.data, scale)
    return Outcome(fit_numbers(columns, treatment, TrainingRows(table, rows, repetitions)), loss, output)


def _merged(table: Table, columns: tuple[str, ...], rows: Indices, what: str) -> tuple[str, ...]:
    """A note about classes that are one although they are written in several ways, such as 1 and 1.0."""
    if table.texts[columns[0]].ordered:
        return ()
    return classes_in(table, columns, rows).notes(columns[0], what)


def _class_notes(spec: Spec, table: Table, rows: Indices) -> tuple[str, ...]:
    """Notes about classes: that some are one, may be amounts, or have one row where others are held out."""
    (name,) = spec.data.target
    counts, notes = classes_in(table, (name,)).counts, [*_merged(table, (name,), rows, "class")]
    amounts = None if table.texts[name].ordered else amounts_in(counts, table.notation.decimal)
    if amounts is not None:
        notes.append(f"column '{name}': the classes are {amounts.seen}; {as_numbers(amounts)}")
    cut = {type(spec.data.validation), type(spec.data.test)} & {float}
    if cut and (single := single_rows(counts)):
        notes.append(f"column '{name}': {single}")
    return tuple(notes)


def require_no_positive(spec: Spec, task: str) -> None:
    """SettingError for a positive class where there are no classes."""
    if spec.data.positive is not None and task != "classification":
        raise SettingError.of(POSITIVE, f"positive is for classification, the task is {task}")


def require_no_treatment(spec: Spec, task: str) -> None:
    """SettingError for what is done with numbers where there are none to predict."""
    transformed, clipped = spec.data.target_transform not in {None, "none"}, spec.data.target_clip
    for key, is_asked in {"target_transform": transformed, "target_clip": clipped}.items():
        if is_asked and task != "regression":
            raise SettingError.of(("data", key), f"{key} is for regression, the task is {task}")


def positive_of(spec: Spec, classes: tuple[str, ...], table: Table) -> str | None:
    """The class that the settings call positive, as the file writes it, None without one.

    SettingError where there are not two, NotThereError where it is none of them.
    """
    asked = spec.data.positive
    if asked is None:
        return None
    if len(classes) > 2:
        hint = "leave it out: averages such as f1_macro are about all classes"
        raise SettingError.of(POSITIVE, f"positive is for two classes, the target has {len(classes)}", hint)
    place = [*classes, asked].index(asked)
    if place == len(classes):
        (place,) = places_by_meaning([asked], classes, table.notation.decimal)
    if place < 0:
        hint = "the classes of the training rows are: " + ", ".join(classes)
        raise NotThereError.of(POSITIVE, f"there is no class '{asked}'", hint)
    return classes[place]
