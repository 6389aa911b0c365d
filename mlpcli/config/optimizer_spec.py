"""The optimizers: their options, defaults and bounds (torch's defaults where torch has the optimizer)."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from mlpcli.config.fields import Flag, Number
from mlpcli.config.optimizer_options import (
    Beta1,
    Beta2,
    Decay,
    Epsilon,
    Iterations,
    Momentum,
    Rate,
    Rates,
    Rho,
    Tolerance,
)
from mlpcli.config.refusals import refusal
from mlpcli.config.shapes import Choice, Option


class SgdSpec(Option):
    """Stochastic gradient descent, with momentum where asked for."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Rate = 1e-3
    momentum: Momentum = 0.0
    dampening: Annotated[
        float,
        Number(at_least=0, at_most=1),
        Field(description="share of each gradient kept out of the momentum"),
    ] = 0.0
    nesterov: Annotated[bool, Flag(), Field(description="Nesterov momentum; needs momentum")] = False
    weight_decay: Decay = 0.0
    rates: Rates = None

    @model_validator(mode="after")
    def _momentum_options_need_momentum(self) -> Self:
        if self.nesterov and (self.momentum == 0 or self.dampening > 0):
            raise refusal("`nesterov` needs a `momentum` above 0 and no `dampening`", at=("nesterov",))
        if self.dampening > 0 and self.momentum == 0:
            raise refusal("`dampening` has no effect without `momentum`", at=("dampening",))
        return self


class RmspropSpec(Option):
    """RMSprop."""

    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: Rate = 1e-2
    rho: Rho = 0.99
    momentum: Momentum = 0.0
    centered: Annotated[
        bool,
        Flag(),
        Field(description="divide by the standard deviation of gradients, not their root mean square"),
    ] = False
    epsilon: Epsilon = 1e-8
    weight_decay: Decay = 0.0
    rates: Rates = None


class AdagradSpec(Option):
    """Adagrad."""

    name: Literal["adagrad"] = "adagrad"
    learning_rate: Rate = 1e-2
    learning_rate_decay: Annotated[
        float, Number(at_least=0), Field(description="the rate is divided by 1 + decay · updates done")
    ] = 0.0
    initial_accumulator: Annotated[
        float, Number(at_least=0), Field(description="start of the sum of squared gradients")
    ] = 0.0
    epsilon: Epsilon = 1e-10
    weight_decay: Decay = 0.0
    rates: Rates = None


class AdadeltaSpec(Option):
    """Adadelta."""

    name: Literal["adadelta"] = "adadelta"
    learning_rate: Rate = 1.0
    rho: Rho = 0.9
    epsilon: Epsilon = 1e-6
    weight_decay: Decay = 0.0
    rates: Rates = None


class AdamSpec(Option):
    """Adam: the default optimizer."""

    name: Literal["adam"] = "adam"
    learning_rate: Rate = 1e-3
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8
    weight_decay: Decay = 0.0
    rates: Rates = None


class AdamwSpec(Option):
    """Adam with decoupled weight decay."""

    name: Literal["adamw"] = "adamw"
    learning_rate: Rate = 1e-3
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8
    weight_decay: Decay = 1e-2
    rates: Rates = None


class RadamSpec(Option):
    """Rectified Adam."""

    name: Literal["radam"] = "radam"
    learning_rate: Rate = 1e-3
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8
    weight_decay: Decay = 0.0
    rates: Rates = None


class NadamSpec(Option):
    """Adam with Nesterov momentum."""

    name: Literal["nadam"] = "nadam"
    learning_rate: Rate = 2e-3
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.999
    epsilon: Epsilon = 1e-8
    momentum_decay: Annotated[
        float, Number(at_least=0), Field(description="how fast the momentum grows to beta1")
    ] = 4e-3
    weight_decay: Decay = 0.0
    rates: Rates = None


class RpropSpec(Option):
    """Resilient backpropagation: a step size for every weight, signs of gradients only. Full batch only."""

    name: Literal["rprop"] = "rprop"
    learning_rate: Rate = 1e-2
    eta_minus: Annotated[
        float, Number(above=0, below=1), Field(description="factor on a step whose gradient changed sign")
    ] = 0.5
    eta_plus: Annotated[
        float, Number(above=1), Field(description="factor on a step whose gradient kept its sign")
    ] = 1.2
    step_min: Annotated[float, Number(above=0), Field(description="smallest step")] = 1e-6
    step_max: Annotated[float, Number(above=0), Field(description="largest step")] = 50.0
    weight_decay: Decay = 0.0
    rates: Rates = None

    @model_validator(mode="after")
    def _steps_in_order(self) -> Self:
        if self.step_min > self.step_max:
            raise refusal(
                f"`step_min` {self.step_min:g} is above `step_max` {self.step_max:g}", at=("step_min",)
            )
        return self


class LionSpec(Option):
    """Lion: the sign of a momentum (Chen et al. 2023, Algorithm 2)."""

    name: Literal["lion"] = "lion"
    learning_rate: Rate = 1e-4
    beta1: Beta1 = 0.9
    beta2: Beta2 = 0.99
    weight_decay: Decay = 0.0
    rates: Rates = None


class BfgsSpec(Option):
    """SciPy's BFGS on the full batch; keeps a matrix of parameters × parameters."""

    name: Literal["bfgs"] = "bfgs"
    iterations: Iterations = 200
    tolerance: Tolerance = 1e-6


class LbfgsSpec(Option):
    """SciPy's L-BFGS-B on the full batch, for more parameters than BFGS can hold."""

    name: Literal["lbfgs"] = "lbfgs"
    iterations: Iterations = 200
    tolerance: Tolerance = 1e-6


FirstOrderSpec: TypeAlias = (
    SgdSpec
    | RmspropSpec
    | AdagradSpec
    | AdadeltaSpec
    | AdamSpec
    | AdamwSpec
    | RadamSpec
    | NadamSpec
    | RpropSpec
    | LionSpec
)
QuasiNewtonSpec: TypeAlias = BfgsSpec | LbfgsSpec
OptimizerSpec: TypeAlias = Annotated[FirstOrderSpec | QuasiNewtonSpec, Choice("an optimizer", default="adam")]

QUASI_NEWTON = frozenset({"bfgs", "lbfgs"})
FULL_BATCH = QUASI_NEWTON | {"rprop"}
