"""Rules between loss, optimizer, schedule and the settings of the training."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.config.choice_synonyms import METRICS_ELSEWHERE
from mlpcli.config.fading_spec import dropout_of
from mlpcli.config.fields import suggestion
from mlpcli.config.loss_spec import losses_for
from mlpcli.config.metric_names import METRIC_TASKS, metrics_for
from mlpcli.config.nodes import Key
from mlpcli.config.optimizer_spec import BfgsSpec, LbfgsSpec
from mlpcli.config.refusals import Finding
from mlpcli.config.spec import FULL_BATCH, QUASI_NEWTON, Spec, possible_tasks


def loss_serves_task(spec: Spec) -> Iterator[Finding]:
    """A loss has to fit the task that is named, or that decorated numbers make it."""
    task = spec.data.task or ("regression" if spec.data.target_parse else None)
    if spec.loss is not None and task is not None and task not in spec.loss.tasks:
        hint = f"losses for {task}: " + ", ".join(losses_for(task))
        yield Finding(("loss",), f"{spec.loss.name} is not for {task}", hint)


def metrics_fit_task(spec: Spec) -> Iterator[Finding]:
    """All metrics have to fit one task that the run may have."""
    tasks = possible_tasks(spec)
    for name in spec.training.metrics or ():
        if tasks and not METRIC_TASKS[name] & tasks:
            yield Finding(("training", "metrics", name), f"{name} is not for {_task(tasks)}", _metrics(tasks))
        else:
            tasks &= METRIC_TASKS[name]


def _task(tasks: frozenset[str]) -> str:
    return " or ".join(sorted(tasks))


def _metrics(tasks: frozenset[str]) -> str:
    return "there are " + ", ".join(
        dict.fromkeys(name for task in sorted(tasks) for name in metrics_for(task))
    )


def early_stopping_can_watch(spec: Spec) -> Iterator[Finding]:
    """Stopping early needs a quantity on validation rows."""
    stopping = spec.training.early_stopping
    if stopping is None:
        return
    key: Key = ("training", "early_stopping", "monitor")
    if not stopping.monitor.startswith("val_"):
        words = ["val_loss", *(f"val_{name}" for name in METRIC_TASKS)]
        hint = f"did you mean `val_{stopping.monitor}`?" if f"val_{stopping.monitor}" in words else None
        message = f"expected a quantity on the validation rows, val_..., found '{stopping.monitor}'"
        if stopping.monitor.lower() in METRICS_ELSEWHERE:
            hint = suggestion(f"val_{stopping.monitor}", words)
        yield Finding(key, message, hint or suggestion(stopping.monitor, words))
    else:
        yield from _watched(spec, stopping.monitor, key)


def plateau_can_watch(spec: Spec) -> Iterator[Finding]:
    """A plateau is one of a quantity that the history has."""
    if spec.schedule.name == "plateau":
        yield from _watched(spec, spec.schedule.monitor, ("schedule", "monitor"))


def _watched(spec: Spec, monitor: str, key: Key) -> Iterator[Finding]:
    """A monitor is a loss or a metric of the run, and validation rows are there where it is about them."""
    name, tasks, metrics = monitor.removeprefix("val_"), possible_tasks(spec), spec.training.metrics
    if name != "loss" and name not in METRIC_TASKS:
        words = [prefix + known for prefix in ("val_", "") for known in ("loss", *METRIC_TASKS)]
        yield Finding(
            key, f"expected a loss or a metric to watch, found '{monitor}'", suggestion(monitor, words)
        )
        return
    if name != "loss" and tasks and not METRIC_TASKS[name] & tasks:
        yield Finding(key, f"{name} is not for {_task(tasks)}", _metrics(tasks))
    elif name != "loss" and metrics is not None and name not in metrics:
        message = f"{monitor} is watched, and {name} is not in `training.metrics`"
        yield Finding(key, message, f"add {name} to the metrics")
    if monitor != name and not spec.validates:
        hint = "for example `validation: 0.2` below `data`"
        yield Finding(key, f"{monitor} needs validation rows, and `data.validation` is not set", hint)


def full_batch_optimizers(spec: Spec) -> Iterator[Finding]:
    """Some optimizers need the gradient of all rows."""
    training, name = spec.training, spec.optimizer.name
    if name in FULL_BATCH and "batch_size" in training.model_fields_set and training.batch_size != "full":
        message = f"{name} needs `batch_size: full`, found {training.batch_size}"
        yield Finding(("training", "batch_size"), message, "leave the key out")


def quasi_newton_has_its_own_pace(spec: Spec) -> Iterator[Finding]:
    """BFGS has iterations, no epochs, and searches for its own step lengths."""
    name = spec.optimizer.name
    if name not in QUASI_NEWTON:
        return
    if "epochs" in spec.training.model_fields_set:
        hint = "set `iterations` of the optimizer instead"
        yield Finding(("training", "epochs"), f"{name} has iterations, not epochs", hint)
    if spec.training.clip_norm is not None:
        message = f"{name} searches for its step lengths: clip_norm has no effect"
        yield Finding(("training", "clip_norm"), message, "leave the key out")
    if spec.training.average is not None:
        message = f"{name} ends where the gradient is 0: there is nothing to average"
        yield Finding(("training", "average"), message, "leave the key out")
    if spec.schedule.name != "constant" or spec.schedule.warmup:
        message = f"{name} searches for its step lengths: a schedule has no effect"
        yield Finding(("schedule",), message, "leave the key out")
    dropout = dropout_of(spec.model.dropout).rate
    if any(dropout) if isinstance(dropout, tuple) else dropout:
        message = f"{name} compares losses, and with dropout the same weights have another one each time"
        yield Finding(("model", "dropout"), message, "leave the key out, or choose another optimizer")


def parts_know_all_rows(spec: Spec) -> Iterator[Finding]:
    """What is computed of all rows of a batch cannot be computed of parts of them."""
    parts, normalization = spec.training.parts, spec.model.normalization
    if parts not in (1, "auto") and normalization is not None and normalization.over == "rows":
        message = f"expected 1 or auto with {normalization.name}, which looks at all rows of a batch at once"
        yield Finding(("training", "parts"), f"{message}, found {parts}", "use layer_norm")


def one_cycle_goes_up_and_down(spec: Spec) -> Iterator[Finding]:
    """The peak lies above where the rate begins and where it ends."""
    schedule, optimizer = spec.schedule, spec.optimizer
    if schedule.name != "one_cycle" or isinstance(optimizer, BfgsSpec | LbfgsSpec):
        return
    if schedule.peak <= optimizer.learning_rate:
        message = (
            f"expected a peak above the learning rate {optimizer.learning_rate:g}, found {schedule.peak:g}"
        )
        yield Finding(
            ("schedule", "peak"), message, "the rate rises from `optimizer.learning_rate` to the peak"
        )
    if schedule.final >= schedule.peak:
        message = f"expected a final rate below the peak {schedule.peak:g}, found {schedule.final:g}"
        yield Finding(("schedule", "final"), message)
