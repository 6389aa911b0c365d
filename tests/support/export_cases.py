"""Models of every kind that can be exported, and rows that are hostile to them: the same for every format.

A case is what a config says besides its training file. SAMPLE has every encoding, activation and kind of
output at least once, in few models; MATRIX has them one by one.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import mlpcli
from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS

Case: TypeAlias = Mapping[str, Any]
Table: TypeAlias = Mapping[str, Sequence[str]]

ROWS = 120
TOWNS = ("Bonn", "Kiel", "True", "São Paulo", 'q"uote', "a b")


def training_table() -> Table:
    """Columns of every kind under names of every kind, and targets that depend on them."""
    rng = np.random.default_rng(0)
    length, gap, code = rng.lognormal(size=ROWS), rng.normal(size=ROWS).round(3), rng.integers(1, 5, ROWS)
    town = ["7", "7", *rng.choice(TOWNS, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1], size=ROWS - 2).tolist()]
    start = datetime(2022, 1, 1)
    dates = [start + timedelta(seconds=int(one)) for one in rng.integers(800 * 86_400, size=ROWS)]
    y = length + np.array([np.sin(date.month) for date in dates]) + (np.array(town) == "Kiel")
    place = np.argsort(np.argsort(y))
    return {
        "length (mm)": [f"{one:.4f}" for one in length],
        "a/b": ["" if row % 7 == 0 else f"{one}" for row, one in enumerate(gap)],
        "marked": ["-999" if row % 10 == 0 else f"{one:.2f}" for row, one in enumerate(length)],
        "far": [f"{1.7e9 + one:.6f}" for one in length],
        "same": ["5"] * ROWS,
        "Größe": ["" if row % 11 == 3 else one for row, one in enumerate(town)],
        "1st": ["" if row % 9 == 0 else str(one) for row, one in enumerate(code)],
        "flag": rng.choice(["true", "false"], size=ROWS).tolist(),
        "when": [date.isoformat() for date in dates],
        "day": [f"{date:%d.%m.%Y}" for date in dates],
        "clock": [f"{date:%H:%M:%S}" for date in dates],
        "epoch": [f"{(date - datetime(1970, 1, 1)).total_seconds():.0f}" for date in dates],
        "price": [f"$ {1000 * one:,.2f}" for one in length],
        "y": [f"{one:.4f}" for one in y],
        "y2": [f"{3 * one + 5:.4f}" for one in y],
        "kind": np.array(["ash", "elm", "oak"])[place * 3 // ROWS].tolist(),
        "two": ["yes" if 2 * one > ROWS else "no" for one in place],
        "twelve": [f"c{one * 12 // ROWS}" for one in place],
        "count": [str(one) for one in rng.poisson(np.exp(length / 3))],
        "l1": [str(int(one > 1)) for one in y],
        "l2": [str(int(one > 1)) for one in length],
    }


# what stands in one cell of an otherwise usual row
HOSTILE: Mapping[str, Sequence[str]] = {
    "length (mm)": ("1e300", "-1e300", "0", "-0.5", "-2", "1e-300", ""),
    "a/b": ("1e300", "-1e300", ""),
    "marked": ("-999", "-999.0", "", "1e300"),
    "far": ("1.7e9", "1e300", ""),
    "same": ("6", ""),
    "Größe": (
        "",
        "Rom",
        "sao paulo",
        "Sa\u0303o Paulo",
        'q"uote',
        "a\u00a0b",
        "-999",
        " Bonn",
        "\U0001f600",
        "nan",
        *("TRUE", "false", "7.0", "07"),
    ),
    "1st": ("", "9", "1.0", "1", "01", "-999", "-999.0"),
    "flag": ("TRUE", "False", "", "x"),
    "when": (
        *(
            "",
            "2024-02-29",
            "2023-03-01T00:00:00",
            "1969-12-31 23:59:59",
            "0001-01-01",
            "9999-12-31T23:59:59",
        ),
        *("2000-12-31", "1900-02-28", "2023-02-30", "tomorrow"),
    ),
    "day": ("29.02.2024", "", "31.12.2023", "01.03.1900"),
    "clock": ("00:00:00", "23:59:59", ""),
    "epoch": ("0", "-1", "-999", "1700000000.5", ""),
    "price": ("$ 1", "", "$ 1,234,567.5"),
}


def hostile_table(columns: Table) -> Table:
    """Some rows as they are, one with each of the hostile cells, and one with nothing at all."""
    usual = {name: cells[5] for name, cells in columns.items()}
    rows = [{name: cells[row] for name, cells in columns.items()} for row in range(20)]
    rows += [{**usual, name: cell} for name, cells in HOSTILE.items() for cell in cells]
    rows.append(dict.fromkeys(columns, ""))
    return {name: [row[name] for row in rows] for name in columns}


def write_table(path: Path, columns: Table) -> Path:
    """A CSV of some columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


class Models:
    """Trains cases in a directory of its own, those of SAMPLE once."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._known = directory, dict[str, Path]()
        table = training_table()
        self._train = write_table(directory / "train.csv", table)
        self.hostile = write_table(directory / "hostile.csv", hostile_table(table))

    def sample(self, name: str) -> Path:
        """The model of a case of SAMPLE."""
        if name not in self._known:
            self._known[name] = self.trained(SAMPLE[name])
        return self._known[name]

    def trained(self, case: Case) -> Path:
        """The model of a case, after two epochs."""
        data = {"train": str(self._train), "na_values": ["-999"], **case["data"]}
        usual = {"model": {"layers": ["auto", 6, 6, "auto"]}, "training": {"epochs": 2, "batch_size": 32}}
        joined = {key: {**value, **case.get(key, {})} for key, value in usual.items()}
        output = self._directory / f"run{len(list(self._directory.iterdir()))}"
        with warnings.catch_warnings(action="ignore"):  # that two epochs are few
            mlpcli.train({**case, **joined, "data": data}, output=output)
        return output / "model.npz"


MEDIAN = {"missing": "median"}
LENGTH = {"length (mm)": "standardize"}
PARTS = ["year", "month", "day", "day_of_week", "day_of_year", "hour", "minute", "second", "timestamp"]
TIMES = PARTS[5:8]
NORMAL = {"encode": "quantile", "output": "normal"}

FEATURES: Mapping[str, Mapping[str, Any]] = {
    "standardized": {
        **LENGTH,
        "a/b": {"missing": "mean"},
        "price": {"parse": {"prefix": "$", "thousands": ","}},
    },
    "dropped": {**LENGTH, "a/b": {"encode": "robust", "missing": "drop"}},
    "ranges": {
        "length (mm)": "minmax",
        "a/b": {"encode": "maxabs", **MEDIAN, "indicator": True},
        "far": "standardize",
        "same": "standardize",
    },
    "robust": {
        "length (mm)": "robust",
        "a/b": {"encode": "robust_clip", **MEDIAN},
        "same": "robust_clip",
        "far": "robust_clip",
    },
    "as they are": {"length (mm)": "none", "marked": {"encode": "none", "missing": {"constant": "7"}}},
    "logarithms": {"length (mm)": "log1p", "marked": {"encode": "log1p", **MEDIAN}},
    "ranks": {
        "length (mm)": "quantile",
        "a/b": {"encode": "quantile", **MEDIAN},
        "1st": {"encode": "quantile", **MEDIAN},
        "same": "quantile",
    },
    "normal ranks": {"length (mm)": NORMAL, "a/b": {**NORMAL, **MEDIAN}, "1st": {**NORMAL, **MEDIAN}},
    "pieces": {
        "length (mm)": {"encode": "piecewise_linear", "bins": 5},
        "a/b": {"encode": "piecewise_linear", "missing": "mean", "indicator": True},
        "same": "piecewise_linear",
    },
    "levels": {
        **LENGTH,
        "Größe": {"encode": "one_hot", "missing": "category"},
        "1st": {"encode": "one_hot", "missing": "most_frequent"},
        "flag": "one_hot",
    },
    "rare levels": {
        "Größe": {"encode": "one_hot", "missing": "drop", "min_count": 12},
        "1st": {"encode": "one_hot", "missing": "drop"},
        "flag": {"encode": "one_hot", "scaling": "standardize"},
    },
    "scaled levels": {
        "Größe": {
            "encode": "one_hot",
            "missing": "most_frequent",
            "min_count": 12,
            "scaling": "robust_clip",
            "indicator": True,
        },
        "1st": {"encode": "one_hot", "missing": {"constant": "3"}},
    },
    "orders": {
        **LENGTH,
        "1st": {"encode": "ordinal", "categories": ["4", "3", "2", "1"], "missing": "most_frequent"},
        "flag": {"encode": "ordinal", "categories": ["false", "true"], "missing": "drop"},
    },
    "vectors": {
        "Größe": {"encode": "embed", "missing": "category", "min_count": 12},
        "1st": {"encode": "embed", "width": 2, "missing": "drop"},
        **LENGTH,
        "flag": {"encode": "embed", "width": 1},
        "a/b": MEDIAN,
    },
    "vectors alone": {"Größe": {"encode": "embed", "missing": "category"}},
    "dates": {
        "when": {"encode": "datetime", "missing": "most_frequent"},
        "day": {"encode": "datetime", "format": "%d.%m.%Y", "missing": "drop"},
        "epoch": {"encode": "datetime", "format": "epoch"},
    },
    "parts of dates": {"when": {"encode": "datetime", "parts": PARTS}, **LENGTH},
    "numbers of dates": {
        "when": {
            "encode": "datetime",
            "cyclic": False,
            "indicator": True,
            "missing": "most_frequent",
            "parts": PARTS,
        },
        "clock": {"encode": "datetime", "format": "%H:%M:%S", "missing": "most_frequent", "parts": TIMES},
    },
}

MODELS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "batch norm": {"normalization": "batch_norm"},
    "layer norm": {"normalization": "layer_norm"},
    "residual": {"residual": True, "normalization": "layer_norm", "layers": ["auto", 6, 6, 6, "auto"]},
    "dropout": {"dropout": 0.2},
    "waves": {"numeric_embedding": "periodic"},
    "factors": {"scaling": True},
    "learnable": {"activation": {"name": "mish", "learnable": True}},
    "everything": {
        "normalization": "batch_norm",
        "residual": True,
        "numeric_embedding": "periodic",
        "scaling": True,
        "activation": {"name": "relu", "learnable": True},
    },
}


def _outputs(activation: str) -> dict[str, Any]:
    """A model of this output activation."""
    return {"activation": ["relu", "relu", activation]}


TASKS: Mapping[str, Mapping[str, Any]] = {
    "number": {"data": {"target": "y"}},
    "numbers": {"data": {"target": ["y", "y2"], "target_clip": True}},
    "logarithm": {
        "data": {"target": "count", "target_transform": "log1p", "target_clip": True},
        "loss": "mae",
    },
    "logarithm, unbounded": {"data": {"target": "count", "target_transform": "log1p"}},
    "counts": {"data": {"target": "count"}, "loss": "poisson"},
    "softplus": {"data": {"target": "y"}, "loss": "mse", "model": _outputs("softplus")},
    "exponential": {"data": {"target": "y", "target_scale": "none"}, "model": _outputs("exponential")},
    "two classes": {"data": {"target": "two"}},
    "two, chosen": {"data": {"target": "two", "positive": "no"}, "threshold": {"maximize": "f1"}},
    "two, calibrated": {"data": {"target": "two"}, "threshold": 0.3, "calibration": "temperature"},
    "two outputs": {
        "data": {"target": "two"},
        "loss": "cross_entropy",
        "threshold": 0.7,
        "calibration": "temperature",
    },
    "two, squared": {"data": {"target": "two"}, "loss": "mse", "model": _outputs("erf_sigmoid")},
    "two, hinge": {"data": {"target": "two"}, "loss": "hinge"},
    "three classes": {"data": {"target": "kind"}, "calibration": "temperature"},
    "three, squared": {"data": {"target": "kind"}, "loss": "mse", "model": _outputs("sigmoid")},
    "three, not monotone": {"data": {"target": "kind"}, "loss": "mse", "model": _outputs("relu")},
    "three, hinge": {"data": {"target": "kind"}, "loss": "hinge"},
    "twelve classes": {"data": {"target": "twelve"}},
    "labels": {"data": {"target": ["l1", "l2"]}, "calibration": "temperature"},
}
ENSEMBLES: Mapping[str, Mapping[str, Any]] = {"alone": {}, "folds": {"folds": 3}, "members": {"members": 2}}
PRECISIONS = ("float32", "float64")


def case(
    features: Mapping[str, Any],
    task: str,
    precision: str,
    model: Mapping[str, Any] | None = None,
    ensemble: str = "alone",
) -> Case:
    """A config of these parts."""
    chosen = TASKS[task]
    validation = {} if ensemble == "folds" else {"validation": 0.2}
    found = {
        **chosen,
        "data": {"features": features, **validation, **chosen["data"]},
        "model": {**(model or {}), **chosen.get("model", {})},
        "training": {"dtype": precision},
    }
    return found | ({"ensemble": ENSEMBLES[ensemble]} if ENSEMBLES[ensemble] else {})


def _matrix() -> Iterator[tuple[str, Case]]:
    """Every encoding, every activation, every kind of network, every task of every ensemble, by names."""
    mixed = {**FEATURES["ranges"], "Größe": {"missing": "category"}}
    for precision in PRECISIONS:
        for name, features in FEATURES.items():
            yield f"{name}, {precision}", case(features, "number", precision)
        for name in HIDDEN_ACTIVATIONS:
            yield f"{name}, {precision}", case(mixed, "three classes", precision, {"activation": name})
        for name, model in MODELS.items():
            yield f"{name}, {precision}", case(FEATURES["vectors"], "twelve classes", precision, model)
        for task, ensemble in product(TASKS, ENSEMBLES):
            yield f"{task}, {ensemble}, {precision}", case(mixed, task, precision, None, ensemble)


def _hidden(*activations: str) -> dict[str, Any]:
    """Layers of these activations, one after the other."""
    return {"layers": ["auto", *[6] * len(activations), "auto"], "activation": [*activations, "identity"]}


def _sample() -> Iterator[tuple[str, Case]]:
    first, second = HIDDEN_ACTIVATIONS[:7], HIDDEN_ACTIVATIONS[7:]
    price, quantile = FEATURES["standardized"]["price"], {"encode": "quantile", **MEDIAN}
    numbers = {**FEATURES["ranges"], "marked": {"encode": "log1p", **MEDIAN}, "price": price}
    ranks = {**FEATURES["normal ranks"], "marked": quantile, "same": "quantile"}
    single, double = PRECISIONS
    yield "numbers", case(numbers, "numbers", double, _hidden(*first))
    yield "robust", case(FEATURES["robust"], "logarithm", single, _hidden(*second))
    yield "ranks", case(ranks, "counts", double, None, "folds")
    yield "pieces", case(FEATURES["pieces"], "three, squared", single, None, "members")
    yield "levels", case(FEATURES["levels"], "two, chosen", single, MODELS["batch norm"], "folds")
    yield "rare levels", case(FEATURES["rare levels"], "labels", double, None, "members")
    yield "scaled levels", case(FEATURES["scaled levels"], "two outputs", single, None, "members")
    yield "orders", case(FEATURES["orders"], "three, hinge", double, None, "folds")
    yield "vectors", case(FEATURES["vectors"], "twelve classes", single, MODELS["everything"])
    yield "vectors alone", case(FEATURES["vectors alone"], "number", double, MODELS["layer norm"])
    yield "dates", case(FEATURES["dates"], "three classes", double, MODELS["residual"], "folds")
    yield "parts", case(FEATURES["numbers of dates"], "two, calibrated", single, None, "members")


SAMPLE: Mapping[str, Case] = dict(_sample())
MATRIX: Mapping[str, Case] = dict(_matrix())
