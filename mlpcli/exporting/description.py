"""All that a model computes, from a row of a table to its prediction, in plain values for every format.

cells ─columns─▶ numbers, texts ─features─▶ inputs ─steps─▶ scores ─together─▶ scores ─outputs─▶ prediction
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.data.target import TargetEncoder
from mlpcli.exporting.columns import Column, Feature
from mlpcli.exporting.features import columns_of, feature_of
from mlpcli.exporting.steps import Activation, Step, activation_of, steps_of
from mlpcli.nn.activations import INCREASING
from mlpcli.run.predictor import Model
from mlpcli.training.combined import EXPONENTIAL
from mlpcli.training.decoder import OutputDecoder

DOUBLE: Final = np.dtype(np.float64)


@dataclass(frozen=True, eq=False)
class Units:
    """From the outputs of a regression to the target's units: backward(output · scale + center), then bounds.

    `center` and `scale` (outputs,); backward is e^u − 1 where `log`, else u; `bounds` (2, outputs) hold the
    least and the largest number, but not those of an output that is not finite. A row whose numbers are not
    all finite has no prediction.
    """

    center: Vector
    scale: Vector
    log: bool
    bounds: Matrix | None


@dataclass(frozen=True, eq=False)
class Member:
    """One network: the number of the encoding that it reads, its steps from inputs to scores.

    `activation` makes outputs of the scores, in double precision, where each network's outputs are wanted.
    """

    encoding: int
    steps: tuple[Step, ...]
    activation: Activation
    units: Units


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the scores of all networks together mean; everything here is in double precision.

    Scores are divided by `temperature`, then `activation` makes outputs of them. A row whose outputs are not
    all finite has no prediction.

    classification: one output is the probability of the last of two classes (of the first it is φ of −score).
    With `least` the class is `positive` where its probability is at least that, otherwise the other. Without,
    the one output is compared with `threshold`, of several the first largest score counts (`by_scores`), or
    the first largest output.
    multilabel: each label is there where its output is at least `threshold`.
    regression: `units` make numbers of the outputs. Those of a float32 network are written with as few digits
    as tell one float32 from the next (`training.few_digits`).
    """

    task: str
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    names: tuple[str, ...]  # the columns that `mlp predict` writes
    count: int
    activation: Activation
    probabilistic: bool
    temperature: float | None
    threshold: float
    least: float | None
    positive: int
    by_scores: bool
    units: Units


@dataclass(frozen=True, eq=False)
class Together:
    """The scores of several networks as one: `way` says of what the mean is taken.

    "softmax": log of the mean over networks of softmax(scores). "sigmoid": the log-odds of the mean of
    σ(scores). Both in double precision. "numbers": the mean of each network's outputs in its own units, made
    outputs again by the units of all, rounded to the networks' precision; `log` of these where the output
    activation is the exponential.
    """

    way: str
    log: bool


@dataclass(frozen=True, eq=False)
class Description:
    """A model. `dtype` is the precision of the networks' steps; features, outputs and units are float64.

    `encodings` are lists of features, each for one member or several. `together` is None for one network.
    """

    sha256: str
    version: str
    columns: tuple[Column, ...]
    ids: tuple[str, ...]
    decimal: str
    separator: str | None  # None: the first line of a table tells
    encoding: str
    dtype: str
    encodings: tuple[tuple[Feature, ...], ...]
    members: tuple[Member, ...]
    together: Together | None
    outputs: Outputs
    intervals: tuple[float, ...]  # the levels that the model has some of; what they take is not here

    def column(self, name: str) -> Column:
        """The column of a name."""
        return next(column for column in self.columns if column.name == name)


def describe(model: Model) -> Description:
    """What a model computes."""
    meta, form = model.file.meta, model.form
    slices = list(dict.fromkeys((one.columns.start, one.columns.stop) for one in model.members))
    return Description(
        sha256=model.file.sha256,
        version=meta.mlp,
        columns=tuple(columns_of(model.inputs, form)),
        ids=tuple(meta.id),
        decimal=form.decimal,
        separator=form.separator,
        encoding=form.encoding,
        dtype=model.dtype,
        encodings=tuple(tuple(_encoding(model, *ends)) for ends in slices),
        members=tuple(
            Member(
                slices.index((one.columns.start, one.columns.stop)),
                steps_of(one.network),
                activation_of(one.decoder.output, DOUBLE),
                units_of(one.decoder.target),
            )
            for one in model.members
        ),
        together=_together(model.decoder) if len(model.members) > 1 else None,
        outputs=outputs_of(model),
        intervals=() if model.intervals is None else model.intervals.levels,
    )


def _encoding(model: Model, start: int, stop: int) -> Iterator[Feature]:
    """The features whose inputs begin with `start` and end with `stop` of all."""
    features = model.inputs.features
    ends = accumulate((len(feature.input_names) for feature in features), initial=0)
    mine = [
        feature
        for feature, (first, last) in zip(features, pairwise(ends), strict=True)
        if start <= first and last <= stop
    ]
    return (feature_of(feature, mine, model.form) for feature in mine)


def units_of(target: TargetEncoder) -> Units:
    """Those of a target."""
    return Units(target.center, target.scale, target.transform is not None, target.bounds)


def outputs_of(model: Model) -> Outputs:
    """What a model's scores mean."""
    decoder = model.decoder
    target = decoder.target
    return Outputs(
        task=target.task,
        targets=target.columns,
        classes=target.classes,
        names=decoder.columns,
        count=target.outputs,
        activation=activation_of(decoder.output, DOUBLE),
        probabilistic=decoder.probabilistic,
        temperature=decoder.temperature,
        threshold=decoder.threshold,
        least=decoder.least,
        positive=target.positive,
        by_scores=decoder.output.name in INCREASING | {"softmax"},
        units=units_of(target),
    )


def _together(decoder: OutputDecoder) -> Together:
    if decoder.probabilistic:
        return Together(decoder.output.name, log=False)
    return Together("numbers", log=decoder.output.name == EXPONENTIAL)
