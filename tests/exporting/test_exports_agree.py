"""Every export says what `mlp predict` says, to rounding: of hostile rows, whatever the model is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS
from mlpcli.data.encoding import open_input
from mlpcli.exporting.checking import compare
from mlpcli.exporting.exporter import Scorer
from tests.support.compiled_models import COMPILER, Exported, c_scorer, python_scorer
from tests.support.exported_models import hostile_csv, model_of, written_table

DOUBLE = {"dtype": "float64"}
FEW = ("number", "wide", "count", "rated", "colour")
NUMBERS = ("number", "wide", "flat")
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "two_classes": {
        "data": {"target": "two", "validation": 0.3},
        "model": {"normalization": "batch_norm", "residual": True, "activation": "gelu"},
        "training": DOUBLE,
        "calibration": "temperature",
        "threshold": 0.35,
    },
    "two_outputs": {
        "features": FEW,
        "data": {"target": "two"},
        "loss": "cross_entropy",
        "model": {"activation": ["tanh", "softsign", "softmax"]},
    },
    "twelve_classes": {
        "data": {"target": "twelve"},
        "model": {"normalization": "layer_norm", "activation": "mish"},
    },
    "hinge": {"features": FEW, "loss": "hinge"},
    "hinge_of_two": {"features": FEW, "data": {"target": "two"}, "loss": "hinge", "training": DOUBLE},
    "folds_of_classes": {
        "data": {"target": "three"},
        "ensemble": {"folds": 2},
        "calibration": "temperature",
        "model": {"activation": {"name": "selu", "learnable": True}, "scaling": True},
    },
    "folds_of_two": {
        "features": FEW,
        "data": {"target": "two"},
        "ensemble": {"folds": 3},
        "threshold": {"maximize": "f1"},
        "training": DOUBLE,
    },
    "numbers": {
        "data": {"target": "amount", "target_transform": "log1p", "target_clip": True},
        "model": {"numeric_embedding": "periodic", "scaling": True, "activation": "silu"},
    },
    "folds_of_numbers": {
        "data": {"target": ["size", "other"]},
        "ensemble": {"folds": 2},
        "model": {"activation": {"name": "leaky_relu", "learnable": True}},
    },
    "members_of_numbers": {
        "features": NUMBERS,
        "data": {"target": "amount", "target_transform": "log1p"},
        "ensemble": {"members": 2},
        "model": {"numeric_embedding": {"name": "periodic", "width": 2}},
        "training": DOUBLE,
    },
    "counts": {"features": FEW, "data": {"target": "amount"}, "loss": "poisson", "ensemble": {"members": 2}},
    "labels": {"data": {"target": ["left", "right"]}, "model": {"activation": "elu"}},
    "folds_of_labels": {
        "features": FEW,
        "data": {"target": ["left", "right"]},
        "ensemble": {"folds": 2},
        "training": DOUBLE,
    },
    "every_activation": {
        "features": NUMBERS,
        "model": {
            "layers": ["auto", *[4] * len(HIDDEN_ACTIVATIONS), "auto"],
            "activation": [*HIDDEN_ACTIVATIONS, "softmax"],
        },
        "training": DOUBLE,
    },
    "every_activation_in_part": {
        "features": NUMBERS,
        "model": {
            "layers": ["auto", *[4] * len(HIDDEN_ACTIVATIONS), "auto"],
            "activation": [
                *(
                    {"name": name, "learnable": True} if name != "identity" else name
                    for name in HIDDEN_ACTIVATIONS
                ),
                "softmax",
            ],
        },
        "training": {**DOUBLE, "epochs": 20},
    },
    "other_encodings": {
        "features": {
            "number": "maxabs",
            "count": "none",
            "flat": "robust_clip",
            "gap": {"encode": "quantile", "missing": "category", "indicator": True},
            "code": {"encode": {"name": "one_hot", "scaling": "standardize"}, "missing": "most_frequent"},
            "colour": {"encode": {"name": "embed", "min_count": 9}, "missing": "category", "indicator": True},
            "rated": {"encode": "one_hot", "missing": "error", "na_values": ["2.0"], "indicator": True},
            "day": {"encode": {"name": "datetime", "cyclic": False}, "missing": "most_frequent"},
        },
        "data": {"na_values": ["4", "-7"]},
        "model": {"bias": False},
        "training": DOUBLE,
    },
}


# what the suite has time for: together they have everything that exports can get wrong in a part of its own
SAMPLE = ("plain", "two_classes", "numbers", "folds_of_numbers", "labels", "other_encodings")
EACH = [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler is here")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the table and the hostile rows."""
    directory = tmp_path_factory.mktemp("agree")
    written_table(directory)
    (directory / "hostile.csv").write_bytes(hostile_csv())
    return directory


@pytest.fixture(scope="module")
def built(place: Path) -> Callable[[str], Exported]:
    """The model of a case, trained once."""

    @cache
    def build(name: str) -> Exported:
        return Exported.of(model_of(place, name, **CASES[name]), f"case_{name}")

    return build


def assert_agrees(place: Path, exported: Exported, score: Scorer, *, typed: bool) -> None:
    """An export is no further from the model than rounding is, on the hostile rows."""
    with open_input(str(place / "hostile.csv"), exported.model.form) as reader:
        found = compare(exported.model, exported.description, reader, score, typed)
    assert found.good, found
    assert found.empty < found.rows / 2
    assert found.left_out <= 3


@pytest.mark.parametrize("name", EACH)
def test_python_agrees(name: str, place: Path, built: Callable[[str], Exported]) -> None:
    assert_agrees(place, built(name), python_scorer(built(name)), typed=False)


@needs_compiler
@pytest.mark.parametrize("name", EACH)
def test_c_agrees(name: str, place: Path, built: Callable[[str], Exported]) -> None:
    assert_agrees(place, built(name), c_scorer(place, built(name)), typed=True)
