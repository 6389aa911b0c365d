"""The lines of a starter config about the network and its training, of each kind of recipe."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.starter.choices import Starter
from mlpcli.starter.lines import flow, inline, line
from mlpcli.starter.recipe import Modern
from mlpcli.starter.training import Training
from mlpcli.terminal.console import counted


def network_lines(starter: Starter) -> Iterator[str]:
    """The sections after `data`, with empty lines between them."""
    modern, training = starter.recipe.modern, starter.recipe.training
    yield "model:"
    yield _layers(starter)
    yield from _modern_model(modern) if modern else _plain_model(training)
    yield ""
    yield from _rare_classes(starter)
    yield from _modern_steps(modern) if modern else _plain_steps(training)
    yield ""
    yield from _training(starter)
    yield from _ensemble(starter)


def _layers(starter: Starter) -> str:
    inputs = sum(column.width for column in starter.columns)
    columns = sum(1 for column in starter.columns if column.width)
    # which parts of a date become inputs is seen when the training rows are
    about = "about " if any(column.encode == "datetime" for column in starter.columns) else ""
    taken = f"{about}{counted(inputs, 'input')} from {counted(columns, 'column')}"
    widths = ", ".join(map(str, starter.recipe.hidden))
    return line(f"layers: [auto, {widths}, auto]", f"{taken}, {counted(starter.task.outputs, 'output')}", 2)


def _plain_model(training: Training) -> Iterator[str]:
    yield line("activation: relu", "of the hidden layers", 2)
    if training.dropout:
        share = "share of hidden units left out at random in training"
        yield line(f"dropout: {training.dropout:g}", share, 2)


def _modern_model(modern: Modern) -> Iterator[str]:
    yield line("activation: selu", "of the hidden layers", 2)
    yield line("init: lecun_normal", "weights of variance 1/inputs", 2)
    yield line("scaling: true", "each input has a factor that is learnt: what matters grows", 2)
    if modern.embedded:
        waves = inline({"name": "periodic", "frequencies": "16", "width": "4", "std": "0.1"})
        yield line(f"numeric_embedding: {waves}", "numbers by learnt waves: curves without many layers", 2)
    dropout = inline({"rate": "0.15", "schedule": "flat_cos"})
    yield line(f"dropout: {dropout}", "of hidden units, less and less in the second half", 2)


def _rare_classes(starter: Starter) -> Iterator[str]:
    balance = starter.balance
    if balance is not None and balance.uneven:
        why = f"if finding '{balance.rarest}' matters more than accuracy: rare classes count for more"
        yield line("# class_weight: balanced", why)


def _plain_steps(training: Training) -> Iterator[str]:
    yield line(f"l2: {training.l2:g}", "keeps weights small: more where training is much better than test")
    optimizer = inline({"name": "adam", "learning_rate": f"{training.learning_rate:g}"})
    yield line(f"optimizer: {optimizer}", "smaller where the loss jumps")
    yield line("schedule: cosine", "the learning rate falls to 0 until the last epoch")


def _modern_steps(modern: Modern) -> Iterator[str]:
    if modern.smoothed:
        loss = inline({"name": "cross_entropy", "label_smoothing": "0.1"})
        yield line(f"loss: {loss}", "fewer errors; the temperature makes probabilities right again")
    rates = {"weight": "fan_in", "bias": "0.1", "scaling": "6", "embedding": "0.1"}
    yield "optimizer:"
    yield line("name: adamw", "", 2)
    yield line(f"learning_rate: {modern.learning_rate:g}", "smaller where the loss jumps", 2)
    yield line("beta2: 0.95", "a short memory, which goes with so few updates", 2)
    yield line(f"rates: {inline(rates)}", "factors on the learning rate by kind of parameter", 2)
    decay = inline({"amount": "0.02", "schedule": "flat_cos"})
    yield line(f"weight_decay: {decay}", "keeps weights small: more where training is much better", 2)
    yield line("schedule: coslog", "the learning rate rises and falls four times, each time for longer")


def _training(starter: Starter) -> Iterator[str]:
    recipe = starter.recipe
    yield "training:"
    most = "at most" if recipe.validates and not recipe.modern else "passes over the rows"
    yield line(f"epochs: {recipe.epochs}", most, 2)
    yield line(f"batch_size: {recipe.batch_size}", "rows per update", 2)
    if recipe.modern:
        stopping = inline({"monitor": "val_loss", "patience": "none", "keep": "last"})
        yield line(f"early_stopping: {stopping}", "to the end, and then the weights of the best epoch", 2)
    elif recipe.validates:
        stopping = inline({"monitor": "val_loss", "patience": str(max(10, recipe.epochs // 5))})
        yield line(f"early_stopping: {stopping}", "keeps the weights of the best epoch", 2)
    if starter.balance is not None and starter.balance.metrics:
        why = "accuracy alone hides whether a rare class is ever found"
        yield line(f"metrics: {flow(starter.balance.metrics)}", why, 2)


def _ensemble(starter: Starter) -> Iterator[str]:
    ensemble = starter.recipe.ensemble
    if ensemble.count == 1:
        return
    yield ""
    if ensemble.members:
        setting, why = {"members": str(ensemble.members)}, "so many networks, whose outputs are averaged"
    else:
        again = {"repeats": str(ensemble.repeats)} if ensemble.repeats > 1 else {}
        setting = {"folds": str(ensemble.folds), **again}
        why = "each part of the rows judges a network that it did not train; their outputs are averaged"
    yield line(f"ensemble: {inline(setting)}", why)
    if starter.calibrated:
        why = "one number, by the rows out of fold, that makes probabilities right"
        yield line("calibration: temperature", why)
