"""A small model and a small checkpoint, of which tests take and spoil what they need."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.checkpoint import Checkpoint

META: dict[str, Any] = {
    "format": "mlp-model",
    "version": 1,
    "mlp": "0.1.0",
    "versions": {"python": "3.11.7", "numpy": "2.4.6"},
    "task": "classification",
    "architecture": {
        "layers": [5, 4, 3],
        "activations": [{"name": "leaky_relu", "slope": 0.01}, {"name": "softmax"}],
        "bias": True,
        "dropout": [0.25],
        "dtype": "float32",
    },
    "loss": {"name": "cross_entropy", "label_smoothing": 0.1, "reduction": "mean"},
    "features": [
        {"name": "bill length (mm)", "encode": "standardize", "missing": "median", "fill": None},
        {
            "name": "island",
            "encode": "one_hot",
            "missing": "constant",
            "fill": "Dream",
            "categories": ["Biscoe", "Dream", "Süd"],
        },
        {"name": "size", "encode": "ordinal", "missing": "error", "fill": None, "categories": ["S", "L"]},
    ],
    "target": {"columns": ["species"], "task": "classification", "classes": ["a", "b", "c"], "outputs": 3},
    "id": ["rowid"],
    "csv": {"separator": None, "decimal": ".", "encoding": "utf-8", "na_values": ["NA"]},
    "config": {
        "data": {"train": "penguins.csv", "target": "species"},
        "seed": 12345678901234567890,
        "l2": 0.1,
    },
    "data": {"rows": 275, "sha256": "0f" * 32},
    "training": {
        "epochs": 100,
        "best_epoch": 90,
        "status": "early_stopped",
        "optimizer": "adam",
        "schedule": "constant",
        "parameters": 39,
    },
    "metrics": {"train": {"accuracy": 0.1 + 0.2, "roc_auc": None, "baseline": {"accuracy": 0.44}}},
    "threads": 2,
}


def sample_meta() -> dict[str, Any]:
    """Metadata that may be changed."""
    return copy.deepcopy(META)


def sample_arrays() -> dict[str, Array]:
    """The arrays that go with `sample_meta()`."""
    rng = np.random.default_rng(0)
    widths = META["architecture"]["layers"]
    arrays: dict[str, Array] = {}
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        arrays[f"layers.{index}.weight"] = rng.normal(size=(inputs, outputs)).astype(np.float32)
        arrays[f"layers.{index}.bias"] = rng.normal(size=outputs).astype(np.float32)
    arrays |= {
        "inputs.center": np.array([43.9]),
        "inputs.scale": np.array([5.4]),
        "inputs.fill": np.array([44.4]),
    }
    arrays |= {"target.center": np.zeros(3), "target.scale": np.ones(3)}
    arrays |= {"check.inputs": rng.normal(size=(8, 5)), "check.outputs": rng.random((8, 3))}
    return arrays


def sample_profile() -> dict[str, Array]:
    """How its 275 training rows are distributed: a number, five levels, three classes predicted."""
    return {
        "profile.edges": np.linspace(30.0, 60.0, 21)[np.newaxis],
        "profile.counts": np.full((1, 20), 13, np.int64),
        "profile.levels": np.array([100, 100, 70, 5, 200, 75, 0, 90, 90, 95, 0], np.int64),
        "profile.missing": np.array([15, 0, 0, 0], np.int64),
    }


def sample_checkpoint() -> Checkpoint:
    """The state of a run in its second epoch."""
    return Checkpoint(
        epoch=2,
        arrays={"theta": np.arange(39, dtype=np.float32), "optimizer.m": np.full(39, np.nan, np.float32)},
        history=(
            {"epoch": 1, "loss": 0.1 + 0.2, "val_loss": None},
            {"epoch": 2, "loss": 1e-300, "val_loss": 1.0},
        ),
        state={"rng": {"shuffle": {"state": 2**127 + 1}}, "best": None, "rates": [0.1, 1e-17], "done": False},
        config={"data": {"train": "penguins.csv"}},
        data_sha256="ab" * 32,
        init_sha256=None,
        versions={"mlp": "0.1.0", "numpy": "2.4.6"},
        threads=1,
    )
