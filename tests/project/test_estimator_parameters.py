"""Every key of a config is a parameter of the estimators, or one that arrays have no use for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlpcli.config.spec import DataSpec, ModelSpec, Spec, TrainingSpec

arrays = pytest.importorskip("mlpcli.sklearn.arrays")
estimators = pytest.importorskip("mlpcli.sklearn")
settings = pytest.importorskip("mlpcli.sklearn.settings")

# keys that have another name among the parameters, or are what `fit` is given
CALLED_OTHERWISE = {
    "seed": "random_state",
    "data.features": "encode",
    "data.train": "X",
    "data.target": "y",
    "data.weight": "sample_weight",
}
# what columns of a file may be or hold, who reads a run on a screen, and where it is written
OF_FILES = {
    "data": "task positive exclude id group order stratify test missing target_parse separator "
    "decimal encoding na_values calibration table query cache",
    "training": "metrics checkpoint_every",
    "": "output",
}


def keys_of(section: str) -> set[str]:
    spec = {"": Spec, "data": DataSpec, "model": ModelSpec, "training": TrainingSpec}[section]
    return set(spec.model_fields) - ({"data", "model", "training"} if not section else set())


@pytest.mark.parametrize("section", ["", "data", "model", "training"])
def test_every_key_is_a_parameter(section: str) -> None:
    """A new key is one in mlpcli/sklearn/settings.py and estimator.py, or has its place above."""
    prefix = f"{section}." if section else ""
    keys = keys_of(section)
    files = set(OF_FILES.get(section, "").split())
    assert files <= keys
    called = {key: CALLED_OTHERWISE.get(prefix + key, key) for key in keys - files}
    parameters = {*estimators.MLPClassifier().get_params(), "X", "y", "sample_weight"}
    assert {key: name for key, name in called.items() if name not in parameters} == {}


# a value that is not the default, for what a mistake in settings.py would leave at that
GIVEN: dict[str, dict[str, Any]] = {
    "": {
        "loss": "huber",
        "l1": 0.1,
        "l2": 0.2,
        "schedule": "coslog",
        "ensemble": {"folds": 3},
        "intervals": (0.8,),
    },
    "data": {"target_scale": "maxabs", "target_transform": "log1p", "target_clip": True, "validation": 0.25},
    "model": {
        "layers": [2, 3, 3, 1],
        "activation": "mish",
        "init": "data_driven",
        "bias": False,
        "dropout": {"rate": 0.15, "schedule": "flat_cos"},
        "normalization": "layer_norm",
        "residual": True,
        "numeric_embedding": "periodic",
        "scaling": True,
    },
    "training": {
        "epochs": 7,
        "batch_size": 5,
        "parts": 2,
        "shuffle": False,
        "clip_norm": 0.5,
        "dtype": "float64",
        "early_stopping": {"keep": "last"},
        "average": {"ema": 0.9},
        "refit": True,
    },
}


OF_CLASSES: dict[str, Any] = {"calibration": "temperature", "threshold": 0.25}


def test_every_parameter_reaches_the_config() -> None:
    rates = {"weight": "fan_in", "bias": 0.1}
    optimizer = {"name": "adam", "learning_rate": 0.03, "rates": rates}
    parameters = {key: value for given in GIVEN.values() for key, value in given.items()}
    assert {*settings.ALONE, "ensemble"} == {*GIVEN[""], *OF_CLASSES}
    assert {section: set(names) for section, names in settings.SECTIONS.items()} == {
        section: set(given) for section, given in GIVEN.items() if section
    }
    asked = estimators.MLPRegressor(**parameters, encode="log1p", optimizer=optimizer, random_state=9)
    given = arrays.Given("regression", np.eye(3, 2), np.ones((3, 1)), np.ones(3))
    spec = settings.config_of_parameters(asked.get_params(), given).spec
    other = settings.config_of_parameters(estimators.MLPRegressor(random_state=0).get_params(), given).spec
    for section, values in GIVEN.items():
        here, there = (getattr(one, section) if section else one for one in (spec, other))
        assert [key for key in values if getattr(here, key) == getattr(there, key)] == []
    assert (spec.seed, spec.optimizer.learning_rate, spec.optimizer.rates.bias) == (9, 0.03, 0.1)
    assert {feature.encode.name for feature in spec.data.features.values()} == {"log1p"}
    asked = estimators.MLPClassifier(**OF_CLASSES, validation=0.5)
    given = arrays.Given("classification", np.eye(3, 2), np.eye(3, 1), np.ones(3), ("no", "yes"))
    spec = settings.config_of_parameters(asked.get_params(), given).spec
    assert {name: getattr(spec, name) for name in OF_CLASSES} == OF_CLASSES
