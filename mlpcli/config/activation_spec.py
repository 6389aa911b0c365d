"""The activations, and which of them may stand in a hidden layer."""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer

from mlpcli.config.fields import Flag, Number
from mlpcli.config.shapes import EACH, ONE, Choice, Option, one_or_each

Plain = Literal[
    "sigmoid",
    "tanh",
    "relu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "erf_sigmoid",
]
Fixed = Literal["identity", "softmax", "exponential"]
# as outputs these are probabilities
PROBABILITIES: frozenset[str] = frozenset({"sigmoid", "softmax"})


class FixedActivationSpec(Option):
    """An activation without options."""

    name: Fixed = "identity"


Learnable = Annotated[
    bool,
    Flag(),
    Field(
        description="whether each unit of a hidden layer learns how much of it there is: α, 1 at the start, "
        "in a = z + α (φ(z) − z)"
    ),
]


class LearnableSpec(Option):
    """An activation of which units may learn how much there is; where they do not, nothing is said of it."""

    @model_serializer(mode="wrap")
    def _used(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if name != "learnable" or value}


class PlainActivationSpec(LearnableSpec):
    """An activation without options of its own."""

    name: Plain = "relu"
    learnable: Learnable = False


class LeakyReluSpec(LearnableSpec):
    """z where positive, else slope · z."""

    name: Literal["leaky_relu"] = "leaky_relu"
    slope: Annotated[
        float, Number(at_least=0, at_most=1), Field(description="derivative for negative scores")
    ] = 0.01
    learnable: Learnable = False


class EluSpec(LearnableSpec):
    """z where positive, else alpha · (e^z − 1)."""

    name: Literal["elu"] = "elu"
    alpha: Annotated[float, Number(above=0), Field(description="the limit for negative scores is −alpha")] = (
        1.0
    )
    learnable: Learnable = False


ActivationSpec: TypeAlias = Annotated[
    PlainActivationSpec | FixedActivationSpec | LeakyReluSpec | EluSpec, Choice("an activation")
]
Activations: TypeAlias = Annotated[
    Annotated[ActivationSpec, Tag(ONE)] | Annotated[tuple[ActivationSpec, ...], Tag(EACH)],
    Discriminator(one_or_each),
]

OUTPUT_ONLY = frozenset({"softmax", "exponential"})
HIDDEN_ACTIVATIONS = (*get_args(Plain), "identity", "leaky_relu", "elu")


def learns(spec: ActivationSpec) -> bool:
    """Whether units learn how much of it there is."""
    return not isinstance(spec, FixedActivationSpec) and spec.learnable


def without_options(name: str) -> ActivationSpec:
    """The activation of this name, with defaults."""
    return FixedActivationSpec(name=name) if name in get_args(Fixed) else PlainActivationSpec(name=name)
