"""The schedules: how the learning rate changes during a run."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from mlpcli.config.fields import Number, Text, Whole
from mlpcli.config.shapes import Choice, Option

Warmup = Annotated[
    int,
    Whole(0, 10**9),
    Field(description="epochs over which the rate first grows from nothing, update by update"),
]
Final = Annotated[float, Number(at_least=0), Field(description="learning rate at the end of the run")]
Monitor = Annotated[
    str, Text("a quantity of the history"), Field(description="`val_loss`, `val_` and a metric, or `loss`")
]


class ConstantSpec(Option):
    """The learning rate of the optimizer throughout."""

    name: Literal["constant"] = "constant"
    warmup: Warmup = 0


class StepSpec(Option):
    """The rate times `factor` after every `every` epochs."""

    name: Literal["step"] = "step"
    every: Annotated[int, Whole(1, 10**9), Field(description="epochs between two changes")]
    factor: Annotated[float, Number(above=0), Field(description="what the rate is multiplied by")]
    warmup: Warmup = 0


class ExponentialSpec(Option):
    """The rate times `decay` after every epoch."""

    name: Literal["exponential"] = "exponential"
    decay: Annotated[float, Number(above=0), Field(description="what the rate is multiplied by each epoch")]
    warmup: Warmup = 0


class CosineSpec(Option):
    """Half a cosine wave from the optimizer's rate down to `final`."""

    name: Literal["cosine"] = "cosine"
    final: Final = 0.0
    warmup: Warmup = 0


class LinearSpec(Option):
    """A straight line from the optimizer's rate down to `final`."""

    name: Literal["linear"] = "linear"
    final: Final = 0.0
    warmup: Warmup = 0


class InverseScalingSpec(Option):
    """The rate divided by epoch to the `power`."""

    name: Literal["inverse_scaling"] = "inverse_scaling"
    power: Annotated[float, Number(above=0), Field(description="exponent of the epoch number")] = 0.5
    warmup: Warmup = 0


class OneCycleSpec(Option):
    """Up from the optimizer's rate to `peak`, then down to `final`, update by update."""

    name: Literal["one_cycle"] = "one_cycle"
    peak: Annotated[float, Number(above=0), Field(description="largest learning rate")]
    fraction_up: Annotated[
        float, Number(above=0, below=1), Field(description="share of the run in which the rate rises")
    ] = 0.3
    final: Final = 0.0
    warmup: Warmup = 0


class PlateauSpec(Option):
    """The rate times `factor` when a quantity has not become better for more than `patience` epochs."""

    name: Literal["plateau"] = "plateau"
    monitor: Monitor
    factor: Annotated[
        float, Number(above=0, below=1), Field(description="what the rate is multiplied by")
    ] = 0.1
    patience: Annotated[
        int, Whole(0, 10**9), Field(description="epochs without improvement that are put up with")
    ] = 10
    warmup: Warmup = 0


ScheduleSpec: TypeAlias = Annotated[
    ConstantSpec
    | StepSpec
    | ExponentialSpec
    | CosineSpec
    | LinearSpec
    | InverseScalingSpec
    | OneCycleSpec
    | PlateauSpec,
    Choice("a schedule", default="constant"),
]
