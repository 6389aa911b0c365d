"""The losses: their options, and all that can be said of each without its formula.

Whoever else has to know something of a loss asks here, or `mlpcli.nn.losses`, which has the formulas. To add
a loss is to add a class and its place in `AnyLossSpec` here, and a formula and its row there.
"""

import math
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


class LossOptions(Closed):
    """What a loss is good for, and how its targets and outputs are read; each loss says where it differs."""

    tasks: ClassVar[frozenset[str]] = FOR_NUMBERS
    # the one at the output where none is named; the formula, which starts from scores, has it in it
    output_activation: ClassVar[str] = "identity"
    allowed_outputs: ClassVar[frozenset[str]] = ANY_OUTPUT
    # whether its targets are counts: at least 0, and not scaled where nothing is asked for
    counts: ClassVar[bool] = False
    # whether errors are squared: half of the range of numbers is left for them
    squares: ClassVar[bool] = False
    most_classes: ClassVar[float] = math.inf
    one_output_each: ClassVar[bool] = False  # for two classes too, which else share one output
    # the loss of a row of K outputs ŷ, and its derivative by the scores, or by ŷ where the link is not in it
    row_text: ClassVar[str] = ""
    slope_text: ClassVar[str] = ""
    # from this output on it is the second of two classes, or a label is there
    threshold: ClassVar[float] = 0.5

    @classmethod
    def outputs_for(cls, classes: int) -> int:
        """How many outputs so many classes have."""
        return 1 if classes == 2 and not cls.one_output_each else classes


class SquaredErrorSpec(LossOptions):
    """factor · Σ over outputs (ŷ−y)²."""

    row_text: ClassVar[str] = "{f}Σ (y − ŷ)²"
    slope_text: ClassVar[str] = "−{2f}(y − ŷ)"
    squares: ClassVar[bool] = True

    name: Literal["squared_error"] = "squared_error"
    factor: Annotated[float, Number(above=0), Field(description="what the sum is multiplied by")] = 0.5
    reduction: Reduction = "mean"


class MseSpec(LossOptions):
    """The mean over outputs of (ŷ−y)²: the default for regression."""

    row_text: ClassVar[str] = "{1/K}Σ (y − ŷ)²"
    slope_text: ClassVar[str] = "−{2/K}(y − ŷ)"
    squares: ClassVar[bool] = True

    name: Literal["mse"] = "mse"
    reduction: Reduction = "mean"


class MaeSpec(LossOptions):
    """The mean over outputs of |ŷ−y|."""

    row_text: ClassVar[str] = "{1/K}Σ |y − ŷ|"
    slope_text: ClassVar[str] = "−{1/K}sign(y − ŷ)"

    name: Literal["mae"] = "mae"
    reduction: Reduction = "mean"


class HuberSpec(LossOptions):
    """Squared for small errors, linear for large ones, the mean over outputs; as torch's HuberLoss."""

    row_text: ClassVar[str] = "{1/K}Σ c (r − c/2), r = ŷ − y, c = r within ±δ"
    slope_text: ClassVar[str] = "{1/K}c"

    name: Literal["huber"] = "huber"
    delta: Annotated[float, Number(above=0), Field(description="where squared becomes linear")] = 1.0
    reduction: Reduction = "mean"


class PoissonSpec(LossOptions):
    """For counts: the mean over outputs of ŷ − y log ŷ, y at least 0."""

    row_text: ClassVar[str] = "{1/K}Σ (ŷ − y log ŷ)"
    slope_text: ClassVar[str] = "{1/K}(ŷ − y)"
    tasks: ClassVar[frozenset[str]] = frozenset({"regression"})
    output_activation: ClassVar[str] = "exponential"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"exponential"})
    counts: ClassVar[bool] = True

    name: Literal["poisson"] = "poisson"
    reduction: Reduction = "mean"


class BinaryCrossEntropySpec(LossOptions):
    """For two classes or several labels: the sum over outputs of the logistic loss, from scores."""

    row_text: ClassVar[str] = "−Σ (y log ŷ + (1 − y) log(1 − ŷ))"
    slope_text: ClassVar[str] = "ŷ − y"
    tasks: ClassVar[frozenset[str]] = frozenset({"classification", "multilabel"})
    output_activation: ClassVar[str] = "sigmoid"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"sigmoid"})
    most_classes: ClassVar[float] = 2

    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"
    reduction: Reduction = "mean"


class CrossEntropySpec(LossOptions):
    """For classes: −log softmax of the true one, from scores."""

    row_text: ClassVar[str] = "−Σ y log ŷ"
    slope_text: ClassVar[str] = "ŷ − y"
    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})
    output_activation: ClassVar[str] = "softmax"
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"softmax"})
    one_output_each: ClassVar[bool] = True

    name: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: Annotated[
        float, Number(at_least=0, below=1), Field(description="share of each target spread over all classes")
    ] = 0.0
    reduction: Reduction = "mean"


class HingeSpec(LossOptions):
    """For classes: how far the true one's score falls short of the others' by a margin of 1."""

    row_text: ClassVar[str] = "max(0, 1 − margin of the true class)"
    slope_text: ClassVar[str] = "−1 for the true class and 1 for the largest other, 0 beyond the margin"
    tasks: ClassVar[frozenset[str]] = frozenset({"classification"})
    allowed_outputs: ClassVar[frozenset[str]] = frozenset({"identity"})
    threshold: ClassVar[float] = 0.0

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


LOSSES: dict[str, type[AnyLossSpec]] = {
    loss.model_fields["name"].default: loss for loss in get_args(AnyLossSpec)
}


def losses_for(task: str) -> list[str]:
    """The names of the losses that serve a task."""
    return [name for name, loss in LOSSES.items() if task in loss.tasks]


def default_loss(task: str, classes: int) -> AnyLossSpec:
    """The loss of a task where the config names none."""
    if task == "regression":
        return MseSpec()
    return CrossEntropySpec() if task == "classification" and classes > 2 else BinaryCrossEntropySpec()
