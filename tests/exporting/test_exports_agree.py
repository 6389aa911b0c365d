"""Every export says what `mlp predict` says, to rounding: of hostile rows, whatever the model is made of."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS
from mlpcli.data.encoding import batches
from mlpcli.exporting.c import running
from mlpcli.exporting.c.exporter import CExporter
from mlpcli.exporting.checking import compare, rounding
from mlpcli.exporting.differences import Answered
from mlpcli.exporting.exporter import Naming, Scorer
from mlpcli.exporting.python.exporter import PythonExporter
from mlpcli.run.prediction import predicted_values
from mlpcli.tables.patterns import open_input
from tests.support.compiled_models import COMPILER, Exported, c_scorer, numpy_scorer, python_scorer
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
            "gap": {"encode": "quantile", "missing": "mean", "indicator": True},
            "code": {"encode": {"name": "one_hot", "scaling": "standardize"}, "missing": "most_frequent"},
            "colour": {"encode": {"name": "embed", "min_count": 9}, "missing": "category", "indicator": True},
            "rated": {
                "encode": "one_hot",
                "missing": "most_frequent",
                "na_values": ["2.0"],
                "indicator": True,
            },
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


@pytest.mark.parametrize("name", EACH)
def test_numpy_agrees(name: str, place: Path, built: Callable[[str], Exported]) -> None:
    assert_agrees(place, built(name), numpy_scorer(built(name)), typed=False)


@needs_compiler
@pytest.mark.parametrize("name", EACH)
def test_c_agrees(name: str, place: Path, built: Callable[[str], Exported]) -> None:
    assert_agrees(place, built(name), c_scorer(place, built(name)), typed=True)


def test_rounding_is_what_single_precision_does(place: Path, built: Callable[[str], Exported]) -> None:
    """There is some, and little; of a model in double precision there is none."""
    for name, most in (("plain", 1e-5), ("two_classes", 0.0)):
        model, outputs = built(name).model, built(name).description.outputs
        with open_input(str(place / "t.csv"), model.form) as reader:
            (batch,) = batches(reader, model.inputs, model.dtype)
        said, judged = model.said(batch)
        expected = Answered(outputs, predicted_values(model, judged, said.scores))
        found = rounding(model, judged, said, expected)
        assert found.shape == (len(batch.rows), len(outputs.names))
        assert (0.0 < found.max() < most) if most else not found.any()


POLICIES: tuple[Any, ...] = (
    "error",
    "drop",
    "mean",
    "median",
    "most_frequent",
    "category",
    {"constant": "2"},
)
ALONE: list[tuple[Any, str]] = [
    *(
        (name, "gap")
        for name in ("standardize", "robust", "robust_clip", "minmax", "maxabs", "none", "quantile")
    ),
    *((name, "gap") for name in ("piecewise_linear", "one_hot", "embed")),
    ("log1p", "count"),
    ({"name": "quantile", "output": "normal"}, "gap"),
    ({"name": "one_hot", "min_count": 4}, "rated"),
    ({"name": "one_hot", "scaling": "robust"}, "colour"),
    ({"name": "embed", "min_count": 20}, "colour"),
    ({"name": "datetime", "parts": ["timestamp", "day_of_year", "day", "month"]}, "day"),
    ({"name": "datetime", "format": "epoch_ms", "parts": ["second", "hour", "year"]}, "epoch"),
]


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("encode", "column"), ALONE, ids=str)
def test_every_encoding_with_every_policy_agrees(encode: Any, column: str, dtype: str, place: Path) -> None:
    """One feature and its indicator beside a number, which the network may do without."""
    for number, missing in enumerate(POLICIES):
        own = {"encode": encode, "missing": missing, "na_values": ["-7"]}
        own["indicator"] = missing not in ("error", "drop")
        features = {"number": "standardize", column: own}
        training = {"dtype": dtype, "epochs": 1}
        name = f"alone_{number}"
        try:
            path = model_of(place, name, features, training=training)
        except AssertionError as refused:  # a policy that the column has nothing for
            assert "policy" in str(refused) or "cannot fill" in str(refused) or "missing" in str(refused)
            continue
        exported = Exported.of(path, name)
        for score, typed in (
            (python_scorer(exported), False),
            (numpy_scorer(exported), False),
            (c_scorer(_fresh(place, name), exported), True),
        ):
            assert_agrees(place, exported, score, typed=typed)


def _fresh(place: Path, name: str) -> Path:
    """A directory of its own: a library that is loaded must not be written again."""
    return Path(mkdtemp(prefix=name, dir=place))


SHAPES = list(
    product(("float32", "float64"), (None, "batch_norm", "layer_norm"), (False, True), ("one", "folds"))
)


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("activation", [*HIDDEN_ACTIVATIONS, "learnable"])
def test_every_activation_in_every_network_agrees(activation: str, place: Path) -> None:
    """With each normalization, residual or not, waves of numbers, alone and in folds, in both precisions."""
    chosen: Any = {"name": "mish", "learnable": True} if activation == "learnable" else activation
    for number, (dtype, normalization, residual, ensemble) in enumerate(SHAPES):
        sections: dict[str, Any] = {
            "model": {
                "activation": chosen,
                "normalization": normalization,
                "residual": residual,
                "scaling": residual,
                "numeric_embedding": "periodic" if normalization is None else None,
            },
            "training": {"dtype": dtype, "epochs": 1},
            "data": {"target": ("two", "three", "size")[number % 3]},
        }
        if ensemble == "folds":
            sections["ensemble"] = {"folds": 2}
        name = f"shape_{number}"
        exported = Exported.of(model_of(place, name, FEW, **sections), name)
        for score, typed in (
            (python_scorer(exported), False),
            (numpy_scorer(exported), False),
            (c_scorer(_fresh(place, name), exported), True),
        ):
            assert_agrees(place, exported, score, typed=typed)


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize("name", CASES)
def test_sanitizers_find_nothing(name: str, place: Path, built: Callable[[str], Exported]) -> None:
    """The program of a check, with every hostile row, under those of addresses and of undefined behaviour."""
    exported, out = built(name), _fresh(place, name) / f"{name}.c"
    flags = ("-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    for path, content in zip(
        (out, out.with_suffix(".h")), CExporter().files(exported.description, Naming(name, name)), strict=True
    ):
        path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "FLAGS", flags)
        patch.setenv("ASAN_OPTIONS", "detect_leaks=0")
        with running.compiled(out, exported.description, Naming(name, name)) as score:
            assert_agrees(place, exported, score, typed=True)


VERSIONS = [f"3.{minor}" for minor in range(9, 16)]
FOUND = (shutil.which(f"python{version}") for version in VERSIONS)
KEPT = (next(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), None) for version in VERSIONS)
PYTHONS = sorted({str(path) for path in (*FOUND, *KEPT) if path is not None and "shims" not in str(path)})


@pytest.mark.slow
@pytest.mark.parametrize("interpreter", PYTHONS)
def test_files_of_python_run_where_there_is_nothing_else(
    interpreter: str, place: Path, built: Callable[[str], Exported]
) -> None:
    for name in CASES:
        exported, out = built(name), place / f"{name}.py"
        out.write_bytes(PythonExporter().files(exported.description, exported.naming)[0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "executable", interpreter)
            with PythonExporter().scoring([out], exported.description, exported.naming) as score:
                assert_agrees(place, exported, score, typed=False)
