"""Which task a config is for, as far as that can be told without the data."""

from __future__ import annotations

from mlpcli.config.spec import Spec

ALL_TASKS = frozenset({"regression", "classification", "multilabel"})
FOR_ONE_TARGET = frozenset({"regression", "classification"})
FOR_SEVERAL_TARGETS = frozenset({"regression", "multilabel"})

# what `possible_tasks` looks at
DECIDES_TASK = (("data", "task"), ("data", "target"), ("loss",))


def possible_tasks(spec: Spec) -> frozenset[str]:
    """The task named; else the tasks that the loss serves and the number of targets allows."""
    if spec.data.task is not None:
        return frozenset({spec.data.task})
    served = spec.loss.tasks if spec.loss else ALL_TASKS
    return served & (FOR_SEVERAL_TARGETS if len(spec.data.target) > 1 else FOR_ONE_TARGET)


def only(tasks: frozenset[str]) -> str | None:
    """The task, if there is only one that it can be."""
    return next(iter(tasks)) if len(tasks) == 1 else None
