"""Which task it is, and what follows from it: the loss, the output activation, the scaling of the target."""

from __future__ import annotations

from mlpcli.config.load import Config
from mlpcli.config.loss_spec import default_loss
from mlpcli.config.spec import LossSpec, ScaleSpec
from mlpcli.config.tasks import only, possible_tasks
from mlpcli.data.columns import Kind, kind_of
from mlpcli.data.table import Table


def decide_task(config: Config, table: Table) -> str:
    """The task: what the config says; else text or two values are classes, other numbers a regression.

    All rows of the training file decide, as the split has to know. Several targets of two values are labels.
    """
    task = only(possible_tasks(config.spec))
    if task is not None:
        return task
    targets = config.spec.data.target
    if not all(_holds_classes(table, name) for name in targets):
        return "regression"
    return "multilabel" if len(targets) > 1 else "classification"


def _holds_classes(table: Table, name: str) -> bool:
    """Whether a target column holds text, or exactly two values. One that was read as numbers holds more."""
    if name in table.numbers:
        return False
    levels = [level for level in table.texts[name].counts() if level not in table.format.missing]
    return len(levels) == 2 or any(kind_of(level, table.format.decimal) is Kind.TEXT for level in levels)


def decide_loss(config: Config, task: str, classes: int) -> LossSpec:
    """The loss: what the config says, else mse, binary_cross_entropy or cross_entropy."""
    loss = config.spec.loss
    if loss is None:
        return default_loss(task, classes)
    if classes > loss.most_classes:
        hint = "write `loss: cross_entropy`, or name several columns of 0 and 1 as targets"
        raise config.problem(
            ("loss",), f"expected a loss for {classes} classes, found {loss.name}", hint=hint
        )
    return loss


def decide_output_activation(config: Config, loss: LossSpec) -> str:
    """The output activation: the last of a list in the config, else the loss's own."""
    activation = config.spec.model.activation
    if not isinstance(activation, tuple):
        return loss.output_activation
    if activation[-1].name not in loss.allowed_outputs:
        raise config.problem(
            ("model", "activation", len(activation) - 1),
            f"expected an output activation for {loss.name}, found {activation[-1].name}",
            hint="there are " + ", ".join(sorted(loss.allowed_outputs)),
        )
    return activation[-1].name


def decide_scale(config: Config, task: str, loss: LossSpec, output_activation: str) -> ScaleSpec:
    """The scaling of the target: what the config says, else standardize where loss and output allow it."""
    asked = config.spec.data.target_scale
    if asked is None:
        scaled = task == "regression" and not loss.counts and output_activation == "identity"
        return ScaleSpec.model_validate("standardize" if scaled else "none")
    if asked.name != "none" and task != "regression":
        raise config.problem(
            ("data", "target_scale"), f"expected none, as this is a {task}, found {asked.name}"
        )
    return asked
