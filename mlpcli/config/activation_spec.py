"""The activations, and which of them may stand in a hidden layer."""

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag

from mlpcli.config.fields import Number
from mlpcli.config.shapes import EACH, ONE, Choice, Option, one_or_each

Plain = Literal[
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "erf_sigmoid",
    "softmax",
    "exponential",
]
# as outputs these are probabilities
PROBABILITIES: frozenset[str] = frozenset({"sigmoid", "softmax"})


class PlainActivationSpec(Option):
    """An activation without options."""

    name: Plain = "relu"


class LeakyReluSpec(Option):
    """z where positive, else slope · z."""

    name: Literal["leaky_relu"] = "leaky_relu"
    slope: Annotated[
        float, Number(at_least=0, at_most=1), Field(description="derivative for negative scores")
    ] = 0.01


class EluSpec(Option):
    """z where positive, else alpha · (e^z − 1)."""

    name: Literal["elu"] = "elu"
    alpha: Annotated[float, Number(above=0), Field(description="the limit for negative scores is −alpha")] = (
        1.0
    )


ActivationSpec: TypeAlias = Annotated[PlainActivationSpec | LeakyReluSpec | EluSpec, Choice("an activation")]
Activations: TypeAlias = Annotated[
    Annotated[ActivationSpec, Tag(ONE)] | Annotated[tuple[ActivationSpec, ...], Tag(EACH)],
    Discriminator(one_or_each),
]

OUTPUT_ONLY = frozenset({"softmax", "exponential"})
HIDDEN_ACTIVATIONS = (*(name for name in get_args(Plain) if name not in OUTPUT_ONLY), "leaky_relu", "elu")
