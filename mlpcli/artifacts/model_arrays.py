"""What must be true between a model's metadata and its arrays, beyond what each of them says alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NoReturn, TypeAlias

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.architecture_document import architecture_of
from mlpcli.artifacts.calibration_schema import check_fits, check_intervals
from mlpcli.artifacts.feature_schema import (
    CategoricalFeature,
    DateFeature,
    EmbeddedFeature,
    IndicatorFeature,
    PiecewiseFeature,
    QuantileFeature,
)
from mlpcli.artifacts.model_schema import MemberDocument, ModelMeta, Target
from mlpcli.artifacts.npz import ArrayKind
from mlpcli.artifacts.profile_arrays import (
    check_profiles,
    levels_of_features,
    levels_of_target,
    profile_kinds,
)
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.activation_spec import OUTPUT_ONLY, learns
from mlpcli.config.loss_spec import LossSpec
from mlpcli.data.number_feature import MAX_QUANTILES

NetworkDocument: TypeAlias = ModelMeta | MemberDocument

DIGESTS, COLUMNS = "training.digests", "training.columns"  # of rows; the first bits of those of columns
ERRORS = "intervals.errors"  # of the rows that validate a fold, ascending
CHECK_ROWS = 8  # encoded training rows stored with their outputs, fewer where the training data has fewer


def implied_arrays(meta: ModelMeta) -> dict[str, ArrayKind]:
    """The name, type and shape of every array of the model, in the order of the file."""
    of_rows = _digest_arrays(meta) | (profile_kinds(profiled_levels(meta)) if meta.data.profile else {})
    if not meta.members:
        return _network_arrays(meta, meta.data.rows, meta.target) | of_rows
    kinds = _encoder_arrays(meta, meta.data.rows) | _target_arrays(meta, meta.target) | of_rows
    for number, member in enumerate(meta.members):
        own = _network_arrays(member, member.rows, meta.target)
        kinds |= {member_array(number, name): kind for name, kind in own.items()}
    for number, rows in enumerate(meta.intervals.folds if meta.intervals else ()):
        kinds[member_array(number, ERRORS)] = ArrayKind("float64", (rows, meta.columns_of_errors))
    return kinds


def profiled_levels(meta: ModelMeta) -> list[int | None]:
    """How many levels each column has that is profiled, and what is predicted; None where it has numbers."""
    return [*levels_of_features(meta.features), *levels_of_target(meta.target)]


def check_arrays(meta: ModelMeta, arrays: Mapping[str, Array]) -> None:
    """Raise FileFormatError for values that cannot be, by themselves or for what the metadata says."""
    check_values(arrays)
    if meta.data.profile:
        predicted = len(levels_of_target(meta.target))
        check_profiles(profiled_levels(meta), predicted, meta.data.rows, arrays)


def member_array(number: int, name: str) -> str:
    """What an array of one of several networks is called."""
    return f"members.{number}.{name}"


def _network_arrays(network: NetworkDocument, rows: int, target: Target) -> dict[str, ArrayKind]:
    """What a network learnt from so many rows, its encodings, some of the rows with its outputs."""
    shape, dtype = architecture_of(network.architecture, network.features), network.architecture.dtype
    kinds = {name: ArrayKind(dtype, entry.shape) for name, entry in shape.entries().items()}
    kinds |= _encoder_arrays(network, rows) | _target_arrays(network, target)
    checked = min(CHECK_ROWS, rows)
    kinds["check.inputs"] = ArrayKind("float64", (checked, shape.inputs))
    kinds["check.outputs"] = ArrayKind("float64", (checked, shape.widths[-1]))
    return kinds


def _target_arrays(network: NetworkDocument, target: Target) -> dict[str, ArrayKind]:
    """How its outputs become numbers in the target's units, and what these stay within."""
    outputs = network.architecture.layers[-1]
    kinds = {f"target.{part}": ArrayKind("float64", (outputs,)) for part in ("center", "scale")}
    return {**kinds, **({"target.bounds": ArrayKind("float64", (2, outputs))} if target.clip else {})}


def _digest_arrays(meta: ModelMeta) -> dict[str, ArrayKind]:
    digests, columns = meta.data.digests, ArrayKind("int64", (len(profiled_levels(meta)),))
    of_rows = {} if digests is None else {DIGESTS: ArrayKind("int64", (digests.count,))}
    return of_rows | ({COLUMNS: columns} if meta.data.columns else {})


def _encoder_arrays(network: NetworkDocument, rows: int) -> dict[str, ArrayKind]:
    """The arrays that the encoding of the inputs needs, which was fitted on so many rows."""
    scaled = sum(feature.scaled for feature in network.features)
    kinds = {f"inputs.{part}": ArrayKind("float64", (scaled,)) for part in ("center", "scale", "fill")}
    curves = sum(isinstance(feature, QuantileFeature) for feature in network.features)
    if curves:
        kinds["inputs.quantiles"] = ArrayKind("float64", (curves, min(MAX_QUANTILES, rows)))
    bins = sum(feature.bins for feature in network.features if isinstance(feature, PiecewiseFeature))
    if bins:
        kinds |= {f"inputs.bins.{part}": ArrayKind("float64", (bins,)) for part in ("start", "scale")}
    return kinds


def check_meta(meta: ModelMeta) -> None:
    """Raise FileFormatError where two statements of the metadata contradict each other."""
    networks: tuple[NetworkDocument, ...] = (meta, *meta.members)
    for network in networks:
        _check_layers(network, meta.loss)
        _check_features(network)
        if _ends(network) != _ends(meta):
            _contradict("all networks have the same outputs", ", ".join(map(str, _ends(network))))
    _check_target(meta)
    _check_calibration(meta)
    if meta.data.digests is not None and meta.data.digests.count > meta.data.rows:
        _contradict(
            f"{meta.data.rows} training rows have as many digests at the most", meta.data.digests.count
        )


def _ends(network: NetworkDocument) -> tuple[int, str, str]:
    shape = network.architecture
    return shape.layers[-1], shape.activations[-1].name, shape.dtype


def check_values(arrays: Mapping[str, Array]) -> None:
    """Raise FileFormatError for a number that is not finite, a scale or a variance that cannot be one."""
    for name, array in arrays.items():
        if name.endswith(".running_variance") and (array < 0).any():
            raise FileFormatError(f"{name}: holds a negative variance")
        if not np.isfinite(array).all():
            raise FileFormatError(f"{name}: holds a number that is not finite")
        if name.endswith(".scale") and not (array > 0).all():
            raise FileFormatError(f"{name}: holds a scale that is not positive")
        if name == DIGESTS and not (array[1:] > array[:-1]).all():
            raise FileFormatError(f"{name}: holds digests that do not go up")
        if name.endswith(".bounds") and not (array[0] <= array[1]).all():
            raise FileFormatError(f"{name}: holds a range whose end is before its beginning")
        if name.endswith(ERRORS) and not (array[1:] >= array[:-1]).all():
            raise FileFormatError(f"{name}: holds errors that go down")
        if name.endswith(".quantiles") and not (array[:, 1:] >= array[:, :-1]).all():
            raise FileFormatError(f"{name}: holds quantiles that go down")


def _check_layers(meta: NetworkDocument, loss: LossSpec) -> None:
    layers, activations = meta.architecture.layers, meta.architecture.activations
    if len(activations) != len(layers) - 1:
        _contradict(f"{len(layers)} layers need {len(layers) - 1} activations", len(activations))
    if len(meta.architecture.dropout) != len(layers) - 2:
        _contradict(
            f"{len(layers)} layers need {len(layers) - 2} dropout rates", len(meta.architecture.dropout)
        )
    if meta.architecture.residual and not any(one == other for one, other in pairwise(layers[1:-1])):
        _contradict("residual layers need two hidden layers of the same width", list(layers[1:-1])[:20])
    for activation in activations[:-1]:
        if activation.name in OUTPUT_ONLY:
            _contradict("a hidden activation is due", activation.name)
    if learns(activations[-1]):
        _contradict("an output activation that is not learnt is due", activations[-1].name)
    if activations[-1].name not in loss.allowed_outputs:
        _contradict(f"an output activation for {loss.name} is due", activations[-1].name)


def _check_features(meta: NetworkDocument) -> None:
    _unique("features", (one.name for one in meta.features if not isinstance(one, IndicatorFeature)))
    for before, feature in pairwise((None, *meta.features)):
        if isinstance(feature, CategoricalFeature | EmbeddedFeature):
            _unique(f"categories of {feature.name[:80]!r}", (*feature.categories, *feature.other))
            if feature.other and feature.encode == "ordinal":
                _contradict("an ordinal has no other categories", len(feature.other))
            if isinstance(feature, CategoricalFeature) and feature.scaling and feature.encode == "ordinal":
                _contradict("an ordinal is not scaled", feature.scaling)
        if isinstance(feature, DateFeature):
            _unique(f"parts of {feature.name[:80]!r}", feature.parts)
        if isinstance(feature, IndicatorFeature) and (
            before is None or isinstance(before, IndicatorFeature) or before.name != feature.name
        ):
            _contradict("an indicator follows its own column", f"one of {feature.name[:80]!r}")
    embedded = architecture_of(meta.architecture, meta.features).numeric_embedding
    if embedded is not None and not embedded.columns:
        _contradict("a numeric embedding is of numbers", "no feature that is one")
    width = sum(feature.width for feature in meta.features) + (embedded.added if embedded else 0)
    if width != meta.architecture.layers[0]:
        _contradict(
            f"the first layer takes {meta.architecture.layers[0]} inputs", f"features of width {width}"
        )


def _check_target(meta: ModelMeta) -> None:
    target, outputs = meta.target, meta.architecture.layers[-1]
    _unique("target columns", target.columns)
    _unique("classes", target.classes)
    for name in target.parse:
        if name not in target.columns or target.task != "regression":
            _contradict("decorated numbers are a target of a regression", f"'{name[:80]}'")
    if (target.transform or target.clip) and target.task != "regression":
        _contradict("numbers that are transformed or clipped are a target of a regression", target.task)
    if target.task != meta.task:
        _contradict(f"the task is {meta.task}", f"a target for {target.task}")
    if meta.task not in meta.loss.tasks:
        _contradict(f"a loss for {meta.task} is due", meta.loss.name)
    allowed = _widths(meta)
    if target.outputs != outputs or outputs not in allowed:
        _contradict(
            f"the target needs {' or '.join(map(str, allowed))} outputs", f"{target.outputs}, {outputs}"
        )
    if meta.loss.one_output_each and outputs < 2:
        _contradict(f"{meta.loss.name} needs two outputs", outputs)


def _check_calibration(meta: ModelMeta) -> None:
    """Raise FileFormatError for what was fitted after the weights of a model that cannot have it."""
    output, classes = meta.architecture.activations[-1].name, len(meta.target.classes)
    for key in ("calibration", "threshold", "intervals"):
        if getattr(meta, key) is not None:
            check_fits(key, meta.task, output, classes)
    if meta.intervals is not None:
        check_intervals(meta.intervals, meta.columns_of_errors, len(meta.members))
        if not meta.target.classes and any(limit < 0 for limits in meta.intervals.limits for limit in limits):
            _contradict("the limit of an error is at least 0", min(map(min, meta.intervals.limits)))


def _widths(meta: ModelMeta) -> tuple[int, ...]:
    """How many outputs the task allows; two classes may share one."""
    target = meta.target
    if target.task == "regression" and target.classes:
        _contradict("a regression has no classes", len(target.classes))
    if target.task != "classification":
        return (len(target.columns),)
    if len(target.columns) != 1 or len(target.classes) < 2:
        found = f"{len(target.columns)} columns, {len(target.classes)} classes"
        _contradict("a classification has one target column and two or more classes", found)
    return (1, 2) if len(target.classes) == 2 else (len(target.classes),)


def _unique(what: str, names: Iterable[str]) -> None:
    name, count = Counter(names).most_common(1)[0] if (names := tuple(names)) else ("", 1)
    if count > 1:
        raise FileFormatError(f"metadata: {what}: {name[:80]!r} occurs twice")


def _contradict(expected: str, found: object) -> NoReturn:
    raise FileFormatError(f"metadata: {expected}, found {found}")
