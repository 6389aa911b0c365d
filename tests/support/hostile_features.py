"""A model whose columns are encoded in every newer way, and the same model wrong in one way or another."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.model_file import model_content
from tests.support.hostile_models import npy, zipped
from tests.support.sample_model import sample_arrays, sample_meta

ROWS, INPUTS, BINS = 275, 12, 3


def rich_meta() -> dict[str, Any]:
    """Metadata of ranks, dates, rare categories, bins and indicators."""
    meta = sample_meta()
    meta["features"] = [
        {"name": "n", "encode": "quantile", "missing": "median", "fill": None, "output": "normal"},
        {"name": "n", "encode": "indicator"},
        {
            "name": "d",
            "encode": "datetime",
            "missing": "constant",
            "fill": "31.01.2024",
            "format": "%d.%m.%Y",
            "parts": ["year", "month"],
            "cyclic": True,
        },
        {"name": "d", "encode": "indicator"},
        {
            "name": "t",
            "encode": "one_hot",
            "missing": "error",
            "fill": None,
            "categories": ["a", "b"],
            "other": ["c", "d"],
        },
        {"name": "p", "encode": "piecewise_linear", "missing": "mean", "fill": None, "bins": BINS},
    ]
    meta["architecture"]["layers"][0] = INPUTS
    meta["training"]["parameters"] = 4 * (INPUTS + 1) + 15
    return meta


def rich_arrays() -> dict[str, Array]:
    """The arrays that go with `rich_meta()`."""
    arrays = sample_arrays()
    arrays |= {"layers.0.weight": np.ones((INPUTS, 4), np.float32), "check.inputs": np.zeros((8, INPUTS))}
    arrays |= {f"inputs.{part}": np.ones(3) for part in ("center", "scale", "fill")}
    arrays["inputs.center"][2] = 0.0
    arrays |= {"inputs.quantiles": np.linspace(0, 1, ROWS)[np.newaxis] ** 2}
    return arrays | {"inputs.bins.start": np.arange(BINS) * 2.0, "inputs.bins.scale": np.full(BINS, 2.0)}


def rich_model() -> bytes:
    """The bytes of the model."""
    stream = io.BytesIO()
    model_content(rich_meta(), rich_arrays())(stream)
    return stream.getvalue()


def with_member(name: str, content: bytes | None) -> bytes:
    """The model with a member replaced, added, or left out."""
    with zipfile.ZipFile(io.BytesIO(rich_model())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[name] = content or b""
    return zipped((key, value) for key, value in members.items() if content or key != name)


def with_feature(index: int, **keys: Any) -> bytes:
    """The model with keys of one column changed; `without` takes one away."""
    meta = rich_meta()
    without = keys.pop("without", None)
    changed = meta["features"][index] | keys
    meta["features"][index] = {key: value for key, value in changed.items() if key != without}
    return with_meta(meta)


def with_meta(meta: dict[str, Any]) -> bytes:
    """The model with other metadata."""
    return with_member("meta.npy", npy(np.frombuffer(json.dumps(meta).encode(), np.uint8)))


def with_features(order: list[int]) -> bytes:
    """The model with only some of its columns, in another order."""
    meta = rich_meta()
    meta["features"] = [meta["features"][index] for index in order]
    return with_meta(meta)


def with_quantiles(quantiles: Array) -> bytes:
    """The model with other quantiles."""
    return with_member("inputs.quantiles.npy", npy(quantiles))


def quantiles_with(value: float) -> Array:
    """The quantiles with another one in the middle."""
    quantiles = rich_arrays()["inputs.quantiles"]
    quantiles[0, 100] = value
    return quantiles


# what is wrong, and how the refusal begins
HOSTILE_FEATURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "no quantiles": (
        lambda: with_member("inputs.quantiles.npy", None),
        "the arrays are not those that its metadata describes: it lacks 'inputs.quantiles'",
    ),
    "a quantile too few": (
        lambda: with_quantiles(np.zeros((1, ROWS - 1))),
        "inputs.quantiles: expected float64 [1, 275], found float64 [1, 274]",
    ),
    "quantiles of another column": (
        lambda: with_quantiles(np.zeros((2, ROWS))),
        "inputs.quantiles: expected float64 [1, 275], found float64 [2, 275]",
    ),
    "quantiles in half precision": (
        lambda: with_quantiles(np.zeros((1, ROWS), np.float32)),
        "inputs.quantiles: expected float64 [1, 275], found float32 [1, 275]",
    ),
    "quantiles that go down": (
        lambda: with_quantiles(quantiles_with(2.0)),
        "inputs.quantiles: holds quantiles that go down",
    ),
    "a quantile that is not a number": (
        lambda: with_quantiles(quantiles_with(np.nan)),
        "inputs.quantiles: holds a number that is not finite",
    ),
    "quantiles that no column has": (
        lambda: with_feature(0, encode="robust", without="output"),
        "the arrays are not those that its metadata describes",
    ),
    "an unknown distribution": (
        lambda: with_feature(0, output="cauchy"),
        "metadata.features.0.quantile.output",
    ),
    "no distribution": (
        lambda: with_feature(0, without="output"),
        "metadata.features.0.quantile.output: Field req",
    ),
    "an output of other numbers": (
        lambda: with_feature(0, encode="minmax"),
        "metadata.features.0.minmax.output: Extra inputs are not permitted",
    ),
    "a policy of an indicator": (
        lambda: with_feature(1, missing="median"),
        "metadata.features.1.indicator.missing: Extra inputs are not permitted",
    ),
    "an indicator of another column": (
        lambda: with_feature(1, name="t"),
        "metadata: an indicator follows its own column, found one of 't'",
    ),
    "two indicators": (
        lambda: with_features([0, 1, 1, 2, 3, 4, 5]),
        "metadata: an indicator follows its own column, found one of 'n'",
    ),
    "an indicator in front": (
        lambda: with_features([1, 0, 2, 3, 4, 5]),
        "metadata: an indicator follows its own column, found one of 'n'",
    ),
    "an indicator too few": (
        lambda: with_features([0, 2, 3, 4, 5]),
        "metadata: the first layer takes 12 inputs, found features of width 11",
    ),
    "no bins": (
        lambda: with_feature(5, bins=0),
        "metadata.features.5.piecewise_linear.bins: Input should be greater than or equal to 1",
    ),
    "a bin too many": (
        lambda: with_feature(5, bins=4),
        "metadata: the first layer takes 12 inputs, found features of width 13",
    ),
    "a million bins": (lambda: with_feature(5, bins=10**6), "metadata.features.5.piecewise_linear.bins"),
    "a bin without a width": (
        lambda: with_member("inputs.bins.scale.npy", npy(np.array([1.0, 0.0, 1.0]))),
        "inputs.bins.scale: holds a scale that is not positive",
    ),
    "a bin that begins nowhere": (
        lambda: with_member("inputs.bins.start.npy", npy(np.array([0.0, np.nan, 1.0]))),
        "inputs.bins.start: holds a number that is not finite",
    ),
    "beginnings of other bins": (
        lambda: with_member("inputs.bins.start.npy", npy(np.zeros(2))),
        "inputs.bins.start: expected float64 [3], found float64 [2]",
    ),
    "no widths of bins": (
        lambda: with_member("inputs.bins.scale.npy", None),
        "the arrays are not those that its metadata describes: it lacks 'inputs.bins.scale'",
    ),
    "a decoration of nothing": (
        lambda: with_feature(0, parse={}),
        "metadata.features.0.quantile.parse: expected `prefix`, `suffix` or `thousands`",
    ),
    "a prefix that could be a digit": (
        lambda: with_feature(0, parse={"prefix": "1"}),
        "metadata.features.0.quantile.parse.prefix: expected what stands before the number",
    ),
    "decorated categories": (
        lambda: with_feature(4, parse={"prefix": "$"}),
        "metadata.features.4.one_hot.parse: Extra inputs are not permitted",
    ),
    "a part of no date": (
        lambda: with_feature(2, parts=["year", "era"]),
        "metadata.features.2.datetime.parts.1",
    ),
    "no parts": (lambda: with_feature(2, parts=[]), "metadata.features.2.datetime.parts"),
    "a part twice": (
        lambda: with_feature(2, parts=["year", "year"]),
        "metadata: parts of 'd': 'year' occurs twice",
    ),
    "a million parts": (
        lambda: with_feature(2, parts=["year"] * 100_000),
        "metadata.features.2.datetime.parts",
    ),
    "parts that are no cycles": (
        lambda: with_feature(2, cyclic=False),
        "metadata: the first layer takes 12 inputs, found features of width 11",
    ),
    "a scaling of a cycle": (
        lambda: with_feature(2, parts=["hour", "month"]),
        "metadata: the first layer takes 12 inputs, found features of width 13",
    ),
    "cyclic as a number": (lambda: with_feature(2, cyclic=1), "metadata.features.2.datetime.cyclic"),
    "a format without a year": (
        lambda: with_feature(2, format="%d"),
        "metadata.features.2.datetime.format: expected a format of dates with the year, found '%d'",
    ),
    "a format with a directive of its own": (
        lambda: with_feature(2, format="%Y %s"),
        "metadata.features.2.datetime.format: expected a format of dates, found '%s' in '%Y %s'",
    ),
    "a rare category that is not": (
        lambda: with_feature(4, other=["a"]),
        "metadata: categories of 't': 'a' occurs twice",
    ),
    "no rare categories": (
        lambda: with_feature(4, other=[]),
        "metadata: the first layer takes 12 inputs, found features of width 11",
    ),
    "other positions": (
        lambda: with_feature(4, encode="ordinal"),
        "metadata: an ordinal has no other categories, found 2",
    ),
    "a scaling of no numbers": (
        lambda: with_feature(4, scaling="robust"),
        "inputs.center: expected float64 [6], found float64 [3]",
    ),
    "an unknown scaling": (
        lambda: with_feature(4, scaling="log1p"),
        "metadata.features.4.one_hot.scaling",
    ),
    "positions that are scaled": (
        lambda: with_feature(4, encode="ordinal", scaling="robust", other=[]),
        "metadata: an ordinal is not scaled, found robust",
    ),
    "rare categories that are numbers": (
        lambda: with_feature(4, other=[1]),
        "metadata.features.4.one_hot.other",
    ),
}
