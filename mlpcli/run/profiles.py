"""How the columns of a model's training rows are distributed, and what it predicts: to and from its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.artifacts.feature_schema import IndicatorFeature
from mlpcli.artifacts.model_arrays import profiled_levels
from mlpcli.artifacts.model_file import ModelFile
from mlpcli.artifacts.profile_arrays import profile_arrays, profiles_from
from mlpcli.data.target import TargetEncoder
from mlpcli.drift.profile import LevelProfile, NumberProfile, Profile
from mlpcli.errors import ModelError, Place
from mlpcli.run.experiment import Experiment
from mlpcli.training.decoder import OutputDecoder

SPAN = 1 << 16  # predictions that are counted at a time


@dataclass(frozen=True, eq=False)
class Profiles:
    """Of every column, by its name, and of what is predicted, by the name of the target."""

    columns: Mapping[str, Profile]
    predictions: Mapping[str, Profile]


def predicted_columns(decoder: OutputDecoder, scores: Matrix) -> dict[str, Array]:
    """What is predicted, by target: class indices, labels or numbers (n,); NaN for a number that is none."""
    finite = np.isfinite(scores).all(axis=1)
    with np.errstate(all="ignore"):
        found = decoder.predicted(scores)
    columns = (found[:, np.newaxis] if found.ndim == 1 else found).astype(np.float64, copy=False)
    columns[~(finite & np.isfinite(columns).all(axis=1))] = np.nan
    return dict(zip(decoder.target.columns, columns.T, strict=True))


def prediction_profile(target: TargetEncoder, values: Array) -> Profile:
    """How predictions of one target are distributed."""
    if target.task == "regression":
        return NumberProfile.of(values)
    levels = len(target.classes) if target.task == "classification" else 2
    counts = np.zeros(levels + 1, np.intp)
    for start in range(0, len(values), SPAN):  # there may be very many
        some = values[start : start + SPAN]
        counts += np.bincount(some[~np.isnan(some)].astype(np.intp), minlength=levels + 1)
    return LevelProfile(counts, len(values) - int(counts.sum()))


def arrays_of_profiles(experiment: Experiment, scores: Matrix | None) -> dict[str, Array]:
    """The arrays of a model file, by the scores for its training rows: without any nothing is predicted."""
    decoder = experiment.decoder
    outputs = decoder.target.outputs
    found = predicted_columns(decoder, np.zeros((0, outputs)) if scores is None else scores)
    predicted = [prediction_profile(decoder.target, values) for values in found.values()]
    return profile_arrays([*experiment.prepared.profiles.values(), *predicted])


def profiles_of_model(file: ModelFile, path: str) -> Profiles:
    """Those that a model file has; raises ModelError where it has none."""
    meta = file.meta
    if not meta.data.profile:
        message = "this model does not know how its training rows were distributed"
        raise ModelError.of(message, Place(path), "train it again with this version of mlp")
    names = [one.name for one in meta.features if not isinstance(one, IndicatorFeature)]
    found = list(profiles_from(profiled_levels(meta), file.arrays))
    columns = dict(zip(names, found, strict=False))
    return Profiles(columns, dict(zip(meta.target.columns, found[len(names) :], strict=True)))
