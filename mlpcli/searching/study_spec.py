"""The language of a study file: which config, what is to be best, what is tried, and who chooses."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from mlpcli.config.fields import Flag, LocalPath, Number, Whole, known_word
from mlpcli.config.metric_names import MetricName
from mlpcli.config.refusals import expected, is_scalar, refusal, text_of
from mlpcli.config.shapes import Choice, Closed, Maybe, Option
from mlpcli.memory import MOST_MEMBERS

HOW_TO_WRITE: Final = "write `{low: 1e-4, high: 1e-1, log: true}` or `{choices: [16, 32]}`"
MEASURES = ("val_loss", *(f"val_{name}" for name in get_args(MetricName)))


class TpeSpec(Option):
    """Learns from the trials so far where the good ones are (a tree-structured Parzen estimator)."""

    name: Literal["tpe"] = "tpe"
    startup: Annotated[int, Whole(1, 10**6), Field(description="trials at random before it has learnt")] = 10


class RandomSpec(Option):
    """At random, each trial by itself."""

    name: Literal["random"] = "random"


class GridSpec(Option):
    """Every combination once; ranges need a `step`, unless they are of whole numbers."""

    name: Literal["grid"] = "grid"


class CmaesSpec(Option):
    """Covariance matrix adaptation: for numbers that depend on each other, and hundreds of trials."""

    name: Literal["cmaes"] = "cmaes"


class QmcSpec(Option):
    """At random, but evenly: points of a Sobol sequence."""

    name: Literal["qmc"] = "qmc"


SamplerSpec: TypeAlias = Annotated[TpeSpec | RandomSpec | GridSpec | CmaesSpec | QmcSpec, Choice("a sampler")]


class NoPrunerSpec(Option):
    """Every trial is trained to its end."""

    name: Literal["none"] = "none"


Every = Annotated[
    Maybe[Annotated[int, Whole(1, 10**9)]],
    Field(description="epochs between two looks; default: about 25 looks in the config's epochs"),
]


class MedianSpec(Option):
    """Ends a trial whose best so far is worse than the median of the others at the same epoch."""

    name: Literal["median"] = "median"
    warmup: Annotated[int, Whole(0, 10**9), Field(description="epochs that every trial has")] = 0
    startup: Annotated[int, Whole(0, 10**6), Field(description="trials before the first is ended")] = 5
    every: Every = None


class HyperbandSpec(Option):
    """Gives many trials a few epochs, and the better ones more (Hyperband, by successive halving)."""

    name: Literal["hyperband"] = "hyperband"
    warmup: Annotated[int, Whole(1, 10**9), Field(description="epochs that every trial has")] = 1
    factor: Annotated[int, Whole(2, 100), Field(description="of so many trials one goes on")] = 3
    every: Every = None


class WilcoxonSpec(Option):
    """With `folds`: ends a trial that is worse than the best one, fold by fold, by a signed-rank test."""

    name: Literal["wilcoxon"] = "wilcoxon"
    p: Annotated[
        float, Number(above=0, below=1), Field(description="below this probability it is no chance")
    ] = 0.1


PrunerSpec: TypeAlias = Annotated[
    NoPrunerSpec | MedianSpec | HyperbandSpec | WilcoxonSpec, Choice("a pruner")
]


def _some_choices(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    if not choices:
        raise refusal("expected something to choose from, found an empty list")
    return choices


class DimensionSpec(Closed):
    """What is tried for one key: numbers from `low` to `high`, or one of `choices`."""

    low: Annotated[Maybe[Annotated[float, Number()]], Field(description="the least")] = None
    high: Annotated[Maybe[Annotated[float, Number()]], Field(description="the greatest")] = None
    log: Annotated[bool, Flag(), Field(description="whether ratios count, and not differences")] = False
    step: Annotated[
        Maybe[Annotated[float, Number(above=0)]], Field(description="low, low + step, low + 2 step, ...")
    ] = None
    choices: Annotated[
        Maybe[Annotated[tuple[Any, ...], AfterValidator(_some_choices)]],
        Field(description="values, of any kind that the key has"),
    ] = None


def _a_dimension(given: object) -> object:
    """A mapping, of its own keys and not of those of a config."""
    if not isinstance(given, dict):
        raise expected("a mapping", given, HOW_TO_WRITE)
    below = next((key for key, inner in given.items() if isinstance(inner, dict)), None)
    if below is not None:
        raise refusal(
            f"expected `low` and `high`, or `choices`, found a mapping at `{below}`",
            "write keys in one word: `optimizer.learning_rate: {low: 1e-4, high: 1e-1, log: true}`",
        )
    return given


def _measure(given: object) -> str:
    """A quantity on validation rows."""
    text = text_of(given) if is_scalar(given) else ""
    if f"val_{text}" in MEASURES:
        raise expected("a quantity on the validation rows", given, f"did you mean `val_{text}`?")
    return known_word("a quantity on the validation rows", MEASURES, given)


def _some_space(space: dict[str, DimensionSpec]) -> dict[str, DimensionSpec]:
    if not space:
        raise refusal("expected at least one key of the config to try values of, found none")
    return space


class StudySpec(Closed):
    """A study of `mlp search`: only `config` and `space` are required."""

    config: Annotated[str, LocalPath("the path of a config"), Field(description="what is trained")]
    metric: Annotated[
        str,
        BeforeValidator(_measure),
        Field(
            description="what is to be best: `val_loss`, or `val_` and a metric; with folds their mean",
            json_schema_extra={"enum": list(MEASURES)},
        ),
    ] = "val_loss"
    sampler: Annotated[SamplerSpec, Field(description="who chooses what is tried next")] = TpeSpec()
    pruner: Annotated[PrunerSpec, Field(description="who ends trials that promise little")] = NoPrunerSpec()
    folds: Annotated[
        Maybe[Annotated[int, Whole(2, MOST_MEMBERS)]],
        Field(description="cross-validate every trial: `ensemble.folds` of the config"),
    ] = None
    seed: Annotated[
        int, Whole(0, 2**63 - 1), Field(description="of the choices; networks have the config's")
    ] = 0
    space: Annotated[
        dict[str, Annotated[DimensionSpec, BeforeValidator(_a_dimension)]],
        AfterValidator(_some_space),
        Field(description="by dotted keys of the config what is tried for each"),
    ]
    output: Annotated[
        Maybe[Annotated[str, LocalPath("the path of a directory")]],
        Field(description="the study's directory, relative to the working directory; default: studies/NAME"),
    ] = None
