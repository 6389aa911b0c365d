"""The losses: their options, the tasks that they serve and the output activations that go with them."""

from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from pydantic import Field

from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS, OUTPUT_ONLY
from mlpcli.config.fields import Number, Word
from mlpcli.config.shapes import Choice, Closed

Reduction = Annotated[
    Literal["mean", "sum"],
    Word("a reduction"),
    Field(description="over rows: their mean, or their sum"),
]

FOR_NUMBERS = frozenset({"regression", "classification"})  # as 0 and 1 the classes are numbers too
ANY_OUTPUT = frozenset(HIDDEN_ACTIVATIONS) | OUTPUT_ONLY


class SquaredErrorSpec(Closed):
    """factor · Σ over outputs (ŷ−y)²."""

    tasks: ClassVar[frozenset[str]] = FOR_NUMBERS
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = ANY_OUTPUT

    name: Literal["squared_error"] = "squared_error"
    factor: Annotated[float, Number(above=0), Field(description="what the sum is multiplied by")] = 0.5
    reduction: Reduction = "mean"


class MseSpec(Closed):
    """The mean over outputs of (ŷ−y)²: the default for regression."""

    tasks: ClassVar[frozenset[str]] = FOR_NUMBERS
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = ANY_OUTPUT

    name: Literal["mse"] = "mse"
    reduction: Reduction = "mean"


class MaeSpec(Closed):
    """The mean over outputs of |ŷ−y|."""

    tasks: ClassVar[frozenset[str]] = FOR_NUMBERS
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = ANY_OUTPUT

    name: Literal["mae"] = "mae"
    reduction: Reduction = "mean"


class HuberSpec(Closed):
    """Squared for small errors, linear for large ones, the mean over outputs; as torch's HuberLoss."""

    tasks: ClassVar[frozenset[str]] = FOR_NUMBERS
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = ANY_OUTPUT

    name: Literal["huber"] = "huber"
    delta: Annotated[float, Number(above=0), Field(description="where squared becomes linear")] = 1.0
    reduction: Reduction = "mean"


class PoissonSpec(Closed):
    """For counts: the mean over outputs of ŷ − y log ŷ, y at least 0."""

    tasks: ClassVar[frozenset[str]] = frozenset({"regression"})
    output_activation: ClassVar[str] = "exponential"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"exponential"})

    name: Literal["poisson"] = "poisson"
    reduction: Reduction = "mean"


class BinaryCrossEntropySpec(Closed):
    """For two classes or several labels: the sum over outputs of the logistic loss, from scores."""

    tasks: ClassVar[frozenset[str]] = frozenset({"classification", "multilabel"})
    output_activation: ClassVar[str] = "sigmoid"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"sigmoid"})

    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    reduction: Reduction = "mean"


class CrossEntropySpec(Closed):
    """For classes: −log softmax of the true one, from scores."""

    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})
    output_activation: ClassVar[str] = "softmax"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"softmax"})

    name: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Annotated[
        float, Number(at_least=0, below=1), Field(description="share of each target spread over all classes")
    ] = 0.0
    reduction: Reduction = "mean"


class HingeSpec(Closed):
    """For classes: how far the true one's score falls short of the others' by a margin of 1."""

    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"identity"})

    name: Literal["hinge"] = "hinge"
    reduction: Reduction = "mean"


AnyLossSpec: TypeAlias = (
    SquaredErrorSpec
    | MseSpec
    | MaeSpec
    | HuberSpec
    | PoissonSpec
    | BinaryCrossEntropySpec
    | CrossEntropySpec
    | HingeSpec
)
LossSpec: TypeAlias = Annotated[AnyLossSpec, Choice("a loss")]


def losses_for(task: str) -> list[str]:
    """The names of the losses that serve a task."""
    return [spec.model_fields["name"].default for spec in get_args(AnyLossSpec) if task in spec.tasks]
