"""The whole configuration language: every key with its default, its bounds and what it is for."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag

from mlpcli.config.activation_spec import ActivationSpec
from mlpcli.config.calibration_spec import CalibrationName, Intervals, Threshold
from mlpcli.config.data_spec import DataSpec, SplitColumn
from mlpcli.config.encode_spec import EncodeSpec
from mlpcli.config.ensemble_spec import EnsembleSpec
from mlpcli.config.feature_spec import FeatureSpec, MissingSpec, ScaleSpec
from mlpcli.config.fields import LocalPath, Number, Whole, Word
from mlpcli.config.loss_spec import LossSpec
from mlpcli.config.model_spec import InitSpec, ModelSpec
from mlpcli.config.optimizer_spec import FULL_BATCH, QUASI_NEWTON, AdamSpec, OptimizerSpec
from mlpcli.config.refusals import is_scalar, refusal
from mlpcli.config.schedule_spec import ConstantSpec, ScheduleSpec
from mlpcli.config.shapes import Closed, Maybe, Section
from mlpcli.config.training_spec import EarlyStoppingSpec, TrainingSpec


def _some_class(weights: dict[str, float]) -> dict[str, float]:
    if not weights:
        raise refusal("expected a weight for at least one class, found none")
    return weights


ClassWeights: TypeAlias = Annotated[
    Annotated[
        Annotated[Literal["balanced"], Word("`balanced` or a mapping from classes to weights")],
        Tag("by name"),
    ]
    | Annotated[
        dict[str, Annotated[float, Number(at_least=0)]], AfterValidator(_some_class), Tag("by class")
    ],
    Discriminator(lambda given: "by name" if is_scalar(given) else "by class"),
]
Penalty = Annotated[float, Number(at_least=0)]


class Spec(Closed):
    """A training run of `mlp`: only `data.train` and `data.target` are required."""

    seed: Annotated[
        int,
        Whole(0, 2**63 - 1),
        Field(description="what all randomness comes from: split, weights, shuffling, dropout"),
    ] = 0
    data: Annotated[Section[DataSpec], Field(description="what to learn from")]
    model: Annotated[Section[ModelSpec], Field(description="the network")] = ModelSpec()
    loss: Annotated[
        Maybe[LossSpec],
        Field(
            description="default: mse, binary_cross_entropy or cross_entropy, by task and number of classes"
        ),
    ] = None
    class_weight: Annotated[
        Maybe[ClassWeights],
        Field(description="weights of the classes in the loss: `balanced` or a mapping; default: all 1"),
    ] = None
    l1: Annotated[Penalty, Field(description="penalty l1 Σ|w| on weights, not on biases")] = 0.0
    l2: Annotated[Penalty, Field(description="penalty l2/2 Σ w² on weights, not on biases")] = 0.0
    optimizer: Annotated[OptimizerSpec, Field(description="how weights are updated")] = AdamSpec()
    schedule: Annotated[ScheduleSpec, Field(description="how the learning rate changes")] = ConstantSpec()
    training: Annotated[
        Section[TrainingSpec], Field(description="how long, in which batches, when to stop")
    ] = TrainingSpec()
    ensemble: Annotated[
        Maybe[EnsembleSpec],
        Field(description="several networks whose predictions are averaged, or cross-validation"),
    ] = None
    calibration: Annotated[
        Maybe[Annotated[CalibrationName, Word("`temperature`")]],
        Field(
            description="`temperature`: one number, fitted on validation or out-of-fold rows, by which "
            "scores are divided before they become probabilities; default: none"
        ),
    ] = None
    threshold: Annotated[
        Threshold,
        Field(
            description="from which probability on the positive class of two is predicted: a number, or what "
            "it is to reach on the validation rows: `{maximize: f1}`, `{precision: 0.9}` or `{recall: 0.9}`; "
            "default: 0.5"
        ),
    ] = None
    intervals: Annotated[
        Maybe[Intervals],
        Field(
            description="the levels, such as 0.9, of intervals around predicted numbers, or sets of classes, "
            "that hold the truth so often, fitted on `data.calibration`, else on folds; default: none"
        ),
    ] = None
    output: Annotated[
        Maybe[Annotated[str, LocalPath("the path of a directory")]],
        Field(description="the run directory, relative to the working directory; default: runs/CONFIG_NAME"),
    ] = None

    @property
    def folds(self) -> int | None:
        """How many folds the rows that do not test are cut into, None where they are not."""
        return None if self.ensemble is None else self.ensemble.folds

    @property
    def validates(self) -> bool:
        """Whether some rows validate: a part of their own, or each fold in its turn."""
        return self.data.validation is not None or self.folds is not None


ALL_TASKS = frozenset({"regression", "classification", "multilabel"})
FOR_ONE_TARGET = frozenset({"regression", "classification"})
FOR_SEVERAL_TARGETS = frozenset({"regression", "multilabel"})

# what `possible_tasks` looks at
DECIDES_TASK = (("data", "task"), ("data", "target"), ("data", "target_parse"), ("loss",))


def possible_tasks(spec: Spec) -> frozenset[str]:
    """The task named; else the tasks that the loss serves and the targets allow: parsed ones are numbers."""
    if spec.data.task is not None:
        return frozenset({spec.data.task})
    if spec.data.target_parse is not None:
        return frozenset({"regression"})
    served = spec.loss.tasks if spec.loss else ALL_TASKS
    return served & (FOR_SEVERAL_TARGETS if len(spec.data.target) > 1 else FOR_ONE_TARGET)


def only(tasks: frozenset[str]) -> str | None:
    """The task, if there is only one that it can be."""
    return next(iter(tasks)) if len(tasks) == 1 else None


__all__ = [
    "FULL_BATCH",
    "QUASI_NEWTON",
    "ActivationSpec",
    "DataSpec",
    "EarlyStoppingSpec",
    "EncodeSpec",
    "EnsembleSpec",
    "FeatureSpec",
    "InitSpec",
    "LossSpec",
    "MissingSpec",
    "ModelSpec",
    "OptimizerSpec",
    "ScaleSpec",
    "ScheduleSpec",
    "Spec",
    "SplitColumn",
    "TrainingSpec",
]
