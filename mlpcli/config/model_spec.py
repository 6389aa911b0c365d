"""The network: its widths, activations, starting weights, and what stands between its layers."""

from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from mlpcli.config.activation_spec import Activations, PlainActivationSpec
from mlpcli.config.fading_spec import Dropout
from mlpcli.config.fields import LARGEST, Flag, LocalPath, Number, Whole
from mlpcli.config.refusals import refusal
from mlpcli.config.shapes import Choice, Closed, Maybe, Option

InitName = Literal[
    "zeros",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
]
BiasesToo = Annotated[bool, Flag(), Field(description="draw the biases too; else they start at zero")]


class PlainInitSpec(Option):
    """An initializer without options."""

    name: InitName = "glorot_uniform"


class UniformInitSpec(Option):
    """Uniform between two bounds."""

    name: Literal["uniform"] = "uniform"
    low: Annotated[float, Number(), Field(description="lower bound")] = -0.05
    high: Annotated[float, Number(), Field(description="upper bound")] = 0.05
    biases: BiasesToo = False

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.low >= self.high:
            raise refusal(f"`low` {self.low:g} is not below `high` {self.high:g}", at=("low",))
        if self.high - self.low > LARGEST:
            raise refusal(f"`low` {self.low:g} and `high` {self.high:g} are too far apart", at=("low",))
        return self


class NormalInitSpec(Option):
    """Normal around zero."""

    name: Literal["normal"] = "normal"
    std: Annotated[float, Number(above=0), Field(description="standard deviation")] = 0.05
    biases: BiasesToo = False


class DataDrivenInitSpec(Option):
    """By the training rows, layer after layer: scores of variance 1, biases that centre on random rows."""

    name: Literal["data_driven"] = "data_driven"


class FileInitSpec(Option):
    """Every array from a model file or a plain `.npz`; written `{from: FILE.npz}`."""

    name: Literal["from_file"] = "from_file"
    path: Annotated[
        str,
        LocalPath("the path of an .npz file"),
        Field(alias="from", description="a model file, or an .npz with layers.0.weight, layers.0.bias, ..."),
    ]


InitSpec: TypeAlias = Annotated[
    PlainInitSpec | UniformInitSpec | NormalInitSpec | DataDrivenInitSpec | FileInitSpec,
    Choice("an initializer", implied=("from", "from_file")),
]


Epsilon = Annotated[float, Number(above=0), Field(description="added to the variance")]


Over = Literal["rows", "units"]  # what the mean and the variance are over


class BatchNormSpec(Option):
    """Each unit over the rows of a batch in training, by running statistics in prediction."""

    over: ClassVar[Over] = "rows"

    name: Literal["batch_norm"] = "batch_norm"
    momentum: Annotated[
        float,
        Number(above=0, at_most=1),
        Field(description="share of each new batch in the running mean and variance"),
    ] = 0.1
    epsilon: Epsilon = 1e-5


class LayerNormSpec(Option):
    """Each row over the units of a layer, in training and in prediction alike."""

    over: ClassVar[Over] = "units"

    name: Literal["layer_norm"] = "layer_norm"
    epsilon: Epsilon = 1e-5


NormalizationSpec: TypeAlias = Annotated[BatchNormSpec | LayerNormSpec, Choice("a normalization")]


class PeriodicSpec(Option):
    """Of a number x cosines of learnt frequencies, made into a few numbers, and x itself as the last."""

    name: Literal["periodic"] = "periodic"
    frequencies: Annotated[
        int, Whole(1, 1_000), Field(description="cosines cos(2π w x + b) of each column, w and b learnt")
    ] = 16
    width: Annotated[
        int, Whole(2, 1_000), Field(description="inputs that a column becomes, itself being one of them")
    ] = 4
    std: Annotated[
        float, Number(above=0), Field(description="standard deviation of the frequencies w at the start")
    ] = 0.1


NumericEmbeddingSpec: TypeAlias = Annotated[PeriodicSpec, Choice("a numeric embedding")]


def _network_widths(layers: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """At least inputs and outputs, and only these two may be left to the data."""
    if len(layers) < 2:
        raise refusal(
            f"expected at least two widths, the inputs' and the outputs', found {len(layers)}",
            "`[auto, 16, auto]` has one hidden layer of 16",
        )
    for index, width in enumerate(layers[1:-1], start=1):
        if width == "auto":
            hint = "only the first and the last width can come from the data"
            raise refusal("expected a whole number for a hidden layer, found auto", hint, (index,))
    return layers


Width = Annotated[int | Literal["auto"], Whole(1, 1_000_000, word="auto")]


class ModelSpec(Closed):
    """The network."""

    layers: Annotated[
        tuple[Width, ...],
        AfterValidator(_network_widths),
        Field(
            description="every width, inputs and outputs included; `auto` takes these two from the data",
            json_schema_extra={"minItems": 2},
        ),
    ] = ("auto", 64, 32, "auto")
    activation: Annotated[
        Activations,
        Field(
            description="one for all hidden layers, or a list with one per weight layer, the output's last"
        ),
    ] = PlainActivationSpec(name="relu")
    init: Annotated[InitSpec, Field(description="starting weights")] = PlainInitSpec(name="glorot_uniform")
    bias: Annotated[bool, Flag(), Field(description="whether layers have biases")] = True
    dropout: Annotated[
        Dropout,
        Field(description="share of hidden units dropped in training: a number, or one per hidden layer"),
    ] = 0.0
    normalization: Annotated[
        Maybe[NormalizationSpec],
        Field(
            description="of the scores of hidden layers, before the activation; each unit then has a learnt "
            "scale gamma and shift beta; default: none"
        ),
    ] = None
    residual: Annotated[
        bool,
        Flag(),
        Field(
            description="whether a hidden layer adds its input to its output, where the hidden layer before "
            "has the same width"
        ),
    ] = False
    numeric_embedding: Annotated[
        Maybe[NumericEmbeddingSpec],
        Field(
            description="of every column of numbers, and of the numbers in dates: several inputs of the "
            "first layer in its place; default: none"
        ),
    ] = None
    scaling: Annotated[
        bool,
        Flag(),
        Field(description="whether every input of the first layer is multiplied by a learnt factor"),
    ] = False

    @property
    def hidden(self) -> int:
        """The number of hidden layers."""
        return len(self.layers) - 2
