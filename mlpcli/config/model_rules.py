"""Rules between the settings of the network, and between its output and the loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mlpcli.config.activation_spec import OUTPUT_ONLY, PlainActivationSpec, learns
from mlpcli.config.fading_spec import dropout_of
from mlpcli.config.loss_spec import LOSSES, default_loss
from mlpcli.config.refusals import Finding
from mlpcli.config.spec import Spec, only, possible_tasks

DEFAULT_ACTIVATION = PlainActivationSpec(name="relu")


def one_activation_per_layer(spec: Spec) -> Iterator[Finding]:
    """A list has one for each weight layer; one alone is for hidden layers, so there have to be some."""
    layers, activation = spec.model.layers, spec.model.activation
    if isinstance(activation, tuple):
        if len(activation) != len(layers) - 1:
            message = f"expected one activation per weight layer, {len(layers) - 1}, found {len(activation)}"
            yield Finding(("model", "activation"), message, "the output's is the last of them")
    elif len(layers) == 2 and activation != DEFAULT_ACTIVATION:
        message = f"{activation.name} is for hidden layers, and there are none"
        yield Finding(("model", "activation"), message, f"the output's is set by a list: [{activation.name}]")


def output_activations_at_the_output(spec: Spec) -> Iterator[Finding]:
    """softmax and exponential only make sense where a loss follows."""
    activation = spec.model.activation
    hidden = activation[:-1] if isinstance(activation, tuple) else (activation,)
    for index, layer in enumerate(hidden):
        if layer.name in OUTPUT_ONLY:
            hint = f"the last of a list is the output's: [relu, relu, {layer.name}]"
            yield Finding(("model", "activation", index), f"{layer.name} is for the output only", hint)


def outputs_learn_no_activation(spec: Spec) -> Iterator[Finding]:
    """What an output means is settled by the loss."""
    activation = spec.model.activation
    if isinstance(activation, tuple) and activation and learns(activation[-1]):
        key = ("model", "activation", len(activation) - 1, "learnable")
        yield Finding(key, "learnable is for hidden layers, and this is the output's activation")


def one_dropout_per_hidden_layer(spec: Spec) -> Iterator[Finding]:
    """A list has one rate for each hidden layer."""
    hidden, dropout = len(spec.model.layers) - 2, dropout_of(spec.model.dropout).rate
    if isinstance(dropout, tuple):
        if len(dropout) != hidden:
            message = f"expected one rate per hidden layer, {hidden}, found {len(dropout)}"
            yield Finding(("model", "dropout"), message)
    elif dropout > 0 and hidden == 0:
        yield Finding(("model", "dropout"), "dropout is for hidden layers, and there are none")


def normalized_layers_exist(spec: Spec) -> Iterator[Finding]:
    """Only hidden layers are normalized, and a row of one unit is always its own mean."""
    layers, normalization = spec.model.layers, spec.model.normalization
    if normalization is None:
        return
    if len(layers) == 2:
        message = f"{normalization.name} is for hidden layers, and there are none"
        yield Finding(("model", "normalization"), message)
    elif normalization.over == "units" and 1 in layers[1:-1]:
        message = f"{normalization.name} of a layer of width 1 is the same for every row"
        yield Finding(("model", "layers", layers.index(1, 1)), message, "make it wider, or use batch_norm")


def residual_layers_exist(spec: Spec) -> Iterator[Finding]:
    """An input can be added to an output of the same width."""
    hidden = spec.model.layers[1:-1]
    if spec.model.residual and not any(one == other for one, other in pairwise(hidden)):
        message = "residual needs two hidden layers of the same width, one after the other; there are none"
        yield Finding(("model", "residual"), message, "`layers: [auto, 64, 64, auto]` has them")


def drawn_biases_exist(spec: Spec) -> Iterator[Finding]:
    """Biases that are not there cannot be drawn."""
    if getattr(spec.model.init, "biases", False) and not spec.model.bias:
        message = "`biases: true` has no effect with `bias: false`"
        yield Finding(("model", "init", "biases"), message)


def output_fits_loss(spec: Spec) -> Iterator[Finding]:
    """A loss that works from scores goes with one output activation."""
    activation = spec.model.activation
    if not isinstance(activation, tuple) or not activation:
        return
    output = activation[-1].name
    key = ("model", "activation", len(activation) - 1)
    if spec.loss is not None:
        if output not in spec.loss.allowed_outputs:
            needed = _one_of(spec.loss.allowed_outputs)
            message = f"{spec.loss.name} needs {needed} at the output, found {output}"
            yield Finding(key, message, _other_losses(output))
        return
    task = only(possible_tasks(spec))
    if task is None:
        return
    outputs = default_loss(task, 2).allowed_outputs | default_loss(task, 3).allowed_outputs
    if output not in outputs:
        message = f"the default loss of {task} needs {_one_of(outputs)} at the output, found {output}"
        yield Finding(key, message, "name a `loss` that goes with it")


def _one_of(names: frozenset[str]) -> str:
    return " or ".join(sorted(names)) if len(names) <= 2 else "anything but softmax"


def _other_losses(output: str) -> str:
    return f"{output} goes with " + ", ".join(
        name for name, loss in LOSSES.items() if output in loss.allowed_outputs
    )
