"""What is learnt: the loss, the output activation and the target, fitted on the training rows."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.arrays import Indices
from mlpcli.config.load import Config
from mlpcli.config.spec import LossSpec
from mlpcli.data.columns import Kind, kind_of, number_of
from mlpcli.data.table import Table
from mlpcli.data.target import TargetEncoder, class_target, find_classes, fit_numbers, label_target
from mlpcli.data.task import decide_loss, decide_output_activation, decide_scale


@dataclass(frozen=True)
class Outcome:
    """The target of a run, the loss that it is learnt with, and what a person should know about it."""

    target: TargetEncoder
    loss: LossSpec
    output_activation: str
    notes: tuple[str, ...] = ()


def fit_outcome(config: Config, task: str, table: Table, rows: Indices) -> Outcome:
    """The outcome that the config and the training rows of a table decide."""
    columns = config.spec.data.target
    classes = () if task == "regression" else find_classes(table, columns, rows)
    loss = decide_loss(config, task, len(classes))
    output = decide_output_activation(config, loss)
    scale = decide_scale(config, task, loss, output)
    if task == "classification":
        return Outcome(
            class_target(columns[0], classes, loss.name), loss, output, _same_numbers(classes, table)
        )
    if task == "multilabel":
        return Outcome(label_target(columns, classes, table), loss, output)
    return Outcome(fit_numbers(columns, scale, table, rows), loss, output)


def _same_numbers(classes: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """A note about classes that are one number in two spellings, such as 1 and 1.0."""
    decimal = table.format.decimal
    seen: dict[float, str] = {}
    for text in classes:
        if kind_of(text, decimal) is not Kind.NUMBER:
            continue
        other = seen.setdefault(number_of(text, decimal), text)
        if other != text:
            return (f"the classes '{other}' and '{text}' are the same number; as texts they are two classes",)
    return ()
