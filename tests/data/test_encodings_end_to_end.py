"""Every encoding from the config to a file and back: trained, looked at, predicted and judged by commands."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.running import mlp, ok, write_config

FEATURES: dict[str, dict[str, Any]] = {
    "robust": {"x": "robust"},
    "robust_clip": {"x": {"encode": "robust_clip", "missing": "median"}},
    "quantile": {"x": {"encode": "quantile"}},
    "pieces": {"gap": {"encode": "piecewise_linear", "missing": "mean", "indicator": True}},
    "few pieces": {"x": {"encode": "piecewise_linear", "bins": 3}},
    "quantile, normal": {"x": {"encode": "quantile", "output": "normal"}},
    "indicators": {
        "gap": {"encode": "standardize", "missing": "median", "indicator": True},
        "town": {"missing": "category", "indicator": True},
    },
    "datetime": {"when": {"encode": "datetime"}},
    "datetime, numbers": {"when": {"encode": "datetime", "parts": ["month", "timestamp"], "cyclic": False}},
    "datetime, format": {"day": {"encode": "datetime", "format": "%d.%m.%Y"}},
    "scaled": {"town": {"encode": "one_hot", "scaling": "robust_clip", "missing": "most_frequent"}},
    "min_count": {"town": {"encode": "one_hot", "min_count": 12, "missing": "most_frequent"}},
}
INPUTS = {
    "robust": 1, "robust_clip": 1, "quantile": 1, "pieces": 43, "few pieces": 3, "quantile, normal": 1,
    "indicators": 8, "datetime": 8, "datetime, numbers": 2, "datetime, format": 6, "scaled": 4,
    "min_count": 4,
}  # fmt: skip
COLUMNS = ("x", "gap", "town", "when", "day", "y")


def write_rows(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    """A CSV of some rows, the columns in the order given."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def rows() -> list[dict[str, str]]:
    """Rows with a number, one with gaps, towns of which some are rare, and dates in two spellings."""
    rng, found = np.random.default_rng(0), []
    for index in range(100):
        date = datetime(2022, 1, 1) + timedelta(hours=int(rng.integers(24 * 800)))
        town = "Ulm" if index < 2 else str(rng.choice(["Bonn", "Kiel", "Jena", ""], p=[0.5, 0.3, 0.1, 0.1]))
        x = rng.lognormal()
        y = x + np.sin(2 * np.pi * date.month / 12) + (town == "Kiel")
        gap = "" if index % 7 == 0 else f"{rng.normal():.3f}"
        cells = (f"{x:.3f}", gap, town or ("" if index else "Essen"), date.isoformat())
        found.append(dict(zip(COLUMNS, (*cells, date.strftime("%d.%m.%Y"), f"{y:.3f}"), strict=True)))
    return found


@pytest.mark.parametrize("name", FEATURES)
def test_a_model_predicts_files_as_it_predicted_the_table(
    tmp_path: Path, rows: list[dict[str, str]], name: str
) -> None:
    """Whole or row by row, the columns in any order; and inspect knows what was fitted."""
    write_rows(tmp_path / "t.csv", rows)
    data = {"target": "y", "features": FEATURES[name]}
    config = write_config(tmp_path / "c.yaml", data=data, model={"layers": ["auto", 4, "auto"]})
    layers = json.loads(ok("train", config, "--dry-run", "--json").out)["layers"]
    assert layers == [INPUTS[name], 4, 1]
    ok("train", config, "-o", tmp_path / "run", "--no-plots", "-q")
    model = tmp_path / "run" / "model.npz"
    whole = ok("predict", model, tmp_path / "t.csv").rows()
    assert len(whole) == len(rows)
    for index in (0, 50, 99):
        one = write_rows(tmp_path / "one.csv", [rows[index]], COLUMNS[::-1])
        (alone,) = ok("predict", model, one).rows()
        assert float(alone["prediction"]) == pytest.approx(float(whole[index]["prediction"]), abs=1e-5)
    scores = ok("evaluate", model, tmp_path / "t.csv", "--json").document()["metrics"]
    trained = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))["train"]
    assert scores["r2"] == pytest.approx(trained["r2"], abs=1e-6)
    features = ok("inspect", model, "--json").document()["features"]
    assert {feature["name"] for feature in features} == FEATURES[name].keys()
    for word in FEATURES[name]:
        assert word in ok("inspect", model).out


def test_the_resolved_config_trains_the_same_model(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    """With every option of every encoding."""
    write_rows(tmp_path / "t.csv", rows)
    features = {**FEATURES["quantile, normal"], **FEATURES["indicators"], **FEATURES["datetime, format"]}
    features |= {**FEATURES["datetime, numbers"], **FEATURES["min_count"]}
    features["town"] = {**features["town"], "scaling": "robust_clip"}
    features["gap"] = {"encode": "piecewise_linear", "bins": 5, "missing": "median", "indicator": True}
    config = write_config(tmp_path / "c.yaml", data={"target": "y", "features": features})
    ok("train", config, "-o", tmp_path / "a", "--no-plots", "-q")
    ok("train", tmp_path / "a" / "config.yaml", "-o", tmp_path / "b", "--no-plots", "-q")
    first, second = (np.load(tmp_path / run / "model.npz") for run in "ab")
    assert first.files == second.files
    for array in first.files:
        if array != "meta":
            np.testing.assert_array_equal(first[array], second[array])


def test_unseen_towns_are_the_other_ones_and_wrong_dates_are_found(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    """On stderr, with where they are."""
    write_rows(tmp_path / "t.csv", rows)
    features = {**FEATURES["min_count"], **FEATURES["datetime"]}
    config = write_config(tmp_path / "c.yaml", data={"target": "y", "features": features})
    ok("train", config, "-o", tmp_path / "run", "--no-plots", "-q")
    model = tmp_path / "run" / "model.npz"
    same = [rows[1] | {"town": town} for town in ("Ulm", "Ulm", "Rom")]
    done = ok("predict", model, write_rows(tmp_path / "new.csv", same))
    assert len({row["prediction"] for row in done.rows()}) == 1
    assert done.err == (
        "mlp: warning: 1 value of 'town' not seen in training, such as 'Rom': encoded as other, as the rare "
        "ones\n"
    )
    assert mlp("predict", model, tmp_path / "new.csv", "--strict").code == 4
    wrong = write_rows(tmp_path / "wrong.csv", [rows[1], rows[1] | {"when": "tomorrow"}])
    refused = mlp("predict", model, wrong)
    assert (refused.code, refused.out) == (4, "")
    assert refused.err == (
        f"mlp: error: {wrong}:3: column 'when': expected a date such as 2024-01-31, found 'tomorrow'\n"
        "hint: --on-bad-row empty leaves such rows without a prediction\n"
    )
    kept = ok("predict", model, wrong, "--on-bad-row", "empty").rows()
    assert [bool(row["prediction"]) for row in kept] == [True, False]
