"""Intervals as columns of predictions.csv and out_of_fold.csv, and the range that they are kept within."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.commands.test_calibration import trained
from tests.support.running import ok

SPLIT = {"data": {"validation": 0.2, "test": 0.2, "calibration": 0.2}}
FOLDS = {"data": {"test": 0.2}, "ensemble": {"folds": 3}}


def table_of(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def run_of(directory: Path, target: str, way: dict[str, Any], levels: Any = 0.8, **data: Any) -> Path:
    """A run with intervals on 90 rows, in one of the two ways."""
    sections = {**way, "data": {**way["data"], "target": target, **data}, "intervals": levels}
    return trained(directory, rows=90, **sections)


@pytest.mark.parametrize("way", [SPLIT, FOLDS], ids=["split", "folds"])
@pytest.mark.parametrize("target", ["size", "kind"])
def test_rows_held_out_have_the_intervals_that_predict_says(
    tmp_path: Path, target: str, way: dict[str, Any]
) -> None:
    run = run_of(tmp_path, target, way)
    kept = table_of(run / "predictions.csv")
    said = pd.DataFrame(
        ok("predict", run / "model.npz", tmp_path / "t.csv", "--interval", "0.8").rows(), dtype=str
    )
    names = [name for name in said if name.startswith("prediction_")]
    assert names == (["prediction_set"] if target == "kind" else ["prediction_lower", "prediction_upper"])
    assert list(kept)[-len(names) :] == names
    own = said.loc[kept["row"].astype(int) - 1, names].reset_index(drop=True)
    if target == "kind":
        assert kept[names].equals(own)
    else:
        np.testing.assert_allclose(kept[names].astype(float), own.astype(float), rtol=1e-5, atol=1e-6)


def test_a_row_out_of_fold_has_the_errors_of_all_rows_around_it(tmp_path: Path) -> None:
    """By the network that had not seen it: none of the others may say anything of it."""
    run = run_of(tmp_path, "size", FOLDS, levels=[0.9, 0.5])
    out = pd.read_csv(run / "out_of_fold.csv")
    errors = np.sort((out["size"] - out["prediction"]).abs())
    for level in (0.9, 0.5):
        width = errors[int(np.ceil(level * (len(out) + 1))) - 1]
        for end, sign in (("lower", -1), ("upper", 1)):
            expected = out["prediction"] + sign * width
            assert out[f"prediction_{end}_{level:g}"].to_numpy() == pytest.approx(
                expected, rel=1e-5, abs=1e-5
            )
    names = [name for name in pd.read_csv(run / "predictions.csv") if name.startswith("prediction_")]
    assert names == [f"prediction_{end}_{level}" for level in ("0.9", "0.5") for end in ("lower", "upper")]


@pytest.mark.parametrize(("way", "level"), [(SPLIT, 0.9), (FOLDS, 0.95)], ids=["split", "folds"])
def test_ends_stay_within_the_range_of_a_clipped_target(
    tmp_path: Path, way: dict[str, Any], level: float
) -> None:
    run = run_of(tmp_path, "size", way, levels=level, target_clip=True)
    sizes, splits = pd.read_csv(tmp_path / "t.csv")["size"], pd.read_csv(run / "splits.csv")
    least, most = (end(sizes[(splits["part"] == "train").to_numpy()]) for end in (min, max))
    said = ok("predict", run / "model.npz", tmp_path / "t.csv", "--interval", level).rows()
    files = [run / "predictions.csv", *([run / "out_of_fold.csv"] if way is FOLDS else [])]
    for frame in (pd.DataFrame(said).astype(float), *map(pd.read_csv, files)):
        lower, upper = frame["prediction_lower"], frame["prediction_upper"]
        assert (lower >= least).all() and (upper <= most).all()
        assert (lower == least).any() or (upper == most).any()
        assert (lower <= frame["prediction"]).all() and (frame["prediction"] <= upper).all()


def test_a_column_of_the_file_with_that_name_keeps_to_itself(tmp_path: Path) -> None:
    run_of(tmp_path, "size", SPLIT)
    table = pd.read_csv(tmp_path / "t.csv", dtype=str).rename(columns={"id": "prediction_lower"})
    table.to_csv(tmp_path / "t.csv", index=False)
    config = tmp_path / "run.yaml"
    ok("train", config, "-o", tmp_path / "other", "--no-plots", "-q", "--set", "data.id=[prediction_lower]")
    kept = table_of(tmp_path / "other" / "predictions.csv")
    assert kept["id.prediction_lower"].str.startswith("r").all()
    assert not kept["prediction_lower"].str.startswith("r").any()
