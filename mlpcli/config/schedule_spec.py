"""The schedules: how the learning rate changes during a run."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from mlpcli.config.fields import Number, Text, Whole, Word
from mlpcli.config.shapes import Choice, Option

Warmup = Annotated[
    int,
    Whole(0, 10**9),
    Field(description="epochs over which the rate first grows from nothing, update by update"),
]
Per = Annotated[
    Literal["epoch", "update"],
    Word("epoch or update"),
    Field(description="what the curve goes by: `update` is every batch, counted over the whole run"),
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
    """The rate times `factor` after every `every` epochs (or updates)."""

    name: Literal["step"] = "step"
    every: Annotated[int, Whole(1, 10**9), Field(description="epochs (or updates) between two changes")]
    factor: Annotated[float, Number(above=0), Field(description="what the rate is multiplied by")]
    warmup: Warmup = 0
    per: Per = "epoch"


class ExponentialSpec(Option):
    """The rate times `decay` after every epoch (or update)."""

    name: Literal["exponential"] = "exponential"
    decay: Annotated[float, Number(above=0), Field(description="what the rate is multiplied by each time")]
    warmup: Warmup = 0
    per: Per = "epoch"


class CosineSpec(Option):
    """Half a cosine wave from the optimizer's rate down to `final`."""

    name: Literal["cosine"] = "cosine"
    final: Final = 0.0
    warmup: Warmup = 0
    per: Per = "epoch"


class LinearSpec(Option):
    """A straight line from the optimizer's rate down to `final`."""

    name: Literal["linear"] = "linear"
    final: Final = 0.0
    warmup: Warmup = 0
    per: Per = "epoch"


class InverseScalingSpec(Option):
    """The rate divided by epoch (or update) to the `power`."""

    name: Literal["inverse_scaling"] = "inverse_scaling"
    power: Annotated[float, Number(above=0), Field(description="exponent of the epoch's number")] = 0.5
    warmup: Warmup = 0
    per: Per = "epoch"


class OneCycleSpec(Option):
    """Up from the optimizer's rate to `peak`, then down to `final`, update by update."""

    name: Literal["one_cycle"] = "one_cycle"
    peak: Annotated[float, Number(above=0), Field(description="largest learning rate")]
    fraction_up: Annotated[
        float, Number(above=0, below=1), Field(description="share of the run in which the rate rises")
    ] = 0.3
    final: Final = 0.0
    warmup: Warmup = 0


class FlatCosSpec(Option):
    """The optimizer's rate in the first half, then half a cosine wave to `final`, update by update."""

    name: Literal["flat_cos"] = "flat_cos"
    final: Final = 0.0
    warmup: Warmup = 0


class CoslogSpec(Option):
    """Up from 0 to the optimizer's rate and back, cycle after cycle, each twice as long, update by update."""

    warmup: ClassVar[int] = 0

    name: Literal["coslog"] = "coslog"
    cycles: Annotated[int, Whole(1, 30), Field(description="how often the rate comes back to 0")] = 4


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
    | FlatCosSpec
    | CoslogSpec
    | PlateauSpec,
    Choice("a schedule", default="constant"),
]
