"""From a checked config and prepared data to a network with its starting weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.architecture_document import activation_of, normalization_of, numeric_embedding_of
from mlpcli.artifacts.plain_arrays import PlainArrays, read_arrays
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.fading_spec import dropout_of
from mlpcli.config.load import Config
from mlpcli.config.spec import LossSpec
from mlpcli.data.dataset import Prepared
from mlpcli.errors import ConfigError, clean
from mlpcli.nn import initializers
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.data_driven import fit_to_rows
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.penalty import Penalty
from mlpcli.parallel import shared_memory
from mlpcli.rng import stream
from mlpcli.storage.rows import Rows

LAYERS = ("model", "layers")
STARTING_FILE = ("model", "init", "from")


def loss_of(spec: LossSpec) -> Loss:
    """The loss that the config names, with its options."""
    return Loss(**spec.model_dump())


def architecture_of(config: Config, prepared: Prepared) -> Architecture:
    """The network's shape. Raises ConfigError where a given width does not fit the data."""
    model = config.spec.model
    embedded = tuple(EmbeddedColumn(*codes[1:]) for codes in prepared.inputs.codes)
    waves = numeric_embedding_of(model.numeric_embedding, prepared.inputs.quantities)
    if waves is not None and not waves.columns:
        message = "expected a column of numbers to embed, and there is none"
        raise config.problem(("model", "numeric_embedding"), message, "leave it out")
    inputs = prepared.inputs.width + sum(column.width - 1 for column in embedded)
    inputs += waves.added if waves else 0
    outputs = prepared.target.outputs
    check_ends(config, inputs, outputs)
    hidden, dropout = tuple(int(width) for width in model.layers[1:-1]), dropout_of(model.dropout).rate
    return Architecture(
        (inputs, *hidden, outputs),
        activations_of(config, prepared),
        model.bias,
        dropout if isinstance(dropout, tuple) else (dropout,) * len(hidden),
        normalization_of(model.normalization),
        model.residual,
        embedded,
        waves,
        model.scaling,
    )


def check_ends(config: Config, inputs: int, outputs: int) -> None:
    """Raise ConfigError where the first or the last width is not that of the data."""
    layers = config.spec.model.layers
    for index, fits, what in ((0, inputs, "input"), (len(layers) - 1, outputs, "output")):
        if layers[index] not in ("auto", fits):
            raise config.problem(
                (*LAYERS, index),
                f"expected {fits}, the {what} columns that the data has, found {layers[index]}",
                hint=f"write {fits}, or auto to take it from the data",
            )


def activations_of(config: Config, prepared: Prepared) -> tuple[ActivationChoice, ...]:
    """One activation per weight layer. Raises ConfigError for a softmax of one output."""
    if prepared.output_activation == "softmax" and prepared.target.outputs == 1:
        raise config.problem(
            ("model", "activation"),
            "expected another output activation: softmax of a single output is always 1",
            hint="write sigmoid, or `loss: cross_entropy`, which has an output for each class",
        )
    model = config.spec.model
    if isinstance(model.activation, tuple):
        return tuple(activation_of(spec) for spec in model.activation)
    output = ActivationChoice(prepared.output_activation, {})
    return (*(activation_of(model.activation) for _ in range(model.hidden)), output)


def build_network(config: Config, prepared: Prepared, dtype: str, start: PlainArrays | None) -> Network:
    """The network that `train` trains and `gradcheck` checks; its weights are `start`, else drawn."""
    spec = config.spec
    network = Network(
        architecture_of(config, prepared),
        loss_of(prepared.loss),
        Penalty(spec.l1, spec.l2),
        dtype,
        stream(spec.seed, "dropout"),
        shared_memory.zeros,
    )
    with np.errstate(over="ignore"):  # what is too large for the precision is for the check on divergence
        initialize(config, network, prepared.train.x, start)
    return network


def initialize(config: Config, network: Network, x: Rows, start: PlainArrays | None) -> None:
    """Starting weights as the config has them: those of its file, or a rule with the seed's own stream.

    `x` (rows, inputs) are the training rows, which have a say in some rules.
    """
    init = config.spec.model.init
    rng = stream(config.spec.seed, "weights")
    if start is not None:
        check_fit(config, network, start.arrays)
        network.load(start.arrays)
    elif init.name == "uniform":
        draw = initializers.uniform(init.low, init.high)
        network.initialize(draw, rng, draw if init.biases else None)
    elif init.name == "normal":
        draw = initializers.normal(init.std)
        network.initialize(draw, rng, draw if init.biases else None)
    elif init.name == "data_driven":
        network.initialize(initializers.INITIALIZERS["lecun_normal"], rng)
        fit_to_rows(network, x, rng)
    else:
        network.initialize(initializers.INITIALIZERS[init.name], rng)


def starting_arrays(config: Config) -> PlainArrays | None:
    """What the file of `init: {from: FILE}` holds; None for any other init. Raises ConfigError."""
    if config.spec.model.init.name != "from_file":
        return None
    try:
        return read_arrays(config.input_path(STARTING_FILE))
    except FileFormatError as error:
        message = f"cannot take weights from {starting_file(config)}: {error.message}"
        raise config.problem(STARTING_FILE, message, error.hint) from error


def starting_file(config: Config) -> str:
    """The file of the starting weights, as messages name it."""
    return f"'{clean(config.input_path(STARTING_FILE))}'"


def check_fit(config: Config, network: Network, found: Mapping[str, Array]) -> None:
    """Raise ConfigError where the arrays are not those of the network."""
    expected = {name: array.shape for name, array in network.arrays().items()}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected or found[name].shape != expected[name]:
            raise misfit(config, name, expected.get(name), found.get(name))


def misfit(config: Config, name: str, expected: tuple[int, ...] | None, found: Array | None) -> ConfigError:
    """The error for one array of a starting file that is not what the network needs."""
    has = "none" if found is None else f"shape {found.shape}"
    wants = "no such array" if expected is None else f"shape {expected}"
    return config.problem(
        STARTING_FILE,
        f"{name}: expected {wants}, found {has} in {starting_file(config)}",
        hint="the layers (and `bias`) must be those of the network in the file",
    )


def options_of(spec: Any) -> dict[str, Any]:
    """A choice of the config as the model file records it: its name and its options."""
    return dict(spec.model_dump(mode="json"))
