"""A text that means a missing cell in one column alone: in files and frames, among numbers and texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.table import Wanted
from tests.support.running import ok
from tests.support.tables import read

CONFIG = """
data:
  train: t.csv
  target: y
  features:
    a: {encode: standardize, missing: median, na_values: [-1, none]}
    b: standardize
    k: {encode: one_hot, missing: category, na_values: none}
    m: {encode: one_hot, missing: category}
training: {epochs: 2}
"""


@pytest.mark.parametrize("kind", ["numbers", "either", "texts"])
def test_a_mark_counts_in_its_own_column_alone(kind: str) -> None:
    """By value among numbers; other texts are as bad as they were."""
    form = CsvFormat(own_na_values={"a": ("-1", "none")})
    table = read("a,b\n-1,-1\nnone,3\n2,2\n-1.0,-1\n", Wanted(**{kind: ("a", "b")}), form).table
    a, b = table.number("a"), table.number("b")
    np.testing.assert_array_equal(a.values, [np.nan, np.nan, 2, np.nan])
    assert (len(a.bad), b.values.tolist()) == (0, [-1, 3, 2, -1])
    assert table.missing("a").tolist() == [True, True, False, True]
    other = read("a,b\nnone,1\nsome,2\n", Wanted(numbers=("a", "b")), form).table
    assert (other.number("a").bad.rows.tolist(), other.number("a").bad.texts.tolist()) == ([1], ["some"])


def test_the_model_keeps_them(tmp_path: Path) -> None:
    """And reads new rows and frames so; the resolved config says them again."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 9, 60), "b": rng.integers(-1, 9, 60)}, dtype=object)
    frame.loc[::7, "a"] = -1
    frame.loc[3, "a"] = "none"
    frame["k"], frame["m"] = rng.choice(["none", "u", "v"], (2, 60))
    frame["y"] = rng.normal(size=60).round(3)
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "c.yaml").write_text(CONFIG)
    ok("train", tmp_path / "c.yaml", "-q", "--no-plots", "-o", tmp_path / "run")
    model = mlpcli.load(tmp_path / "run" / "model.npz")
    features = ok("inspect", tmp_path / "run" / "model.npz", "--json").document()["features"]
    names = [name for feature in features for name in feature.get("categories", [])]
    assert sorted(names) == ["", "none", "u", "u", "v", "v"]
    new = pd.DataFrame({"a": [-1, None, "none", 3], "b": -1, "k": ["none", None, "u", "u"], "m": "none"})
    new.to_csv(tmp_path / "new.csv", index=False)
    predicted = ok("predict", tmp_path / "run" / "model.npz", tmp_path / "new.csv").rows()
    assert predicted[0] == predicted[1] != predicted[2]
    assert [float(row["prediction"]) for row in predicted] == model.predict(new).tolist()
    ok("train", tmp_path / "run" / "config.yaml", "-q", "--no-plots", "-o", tmp_path / "again")
    arrays, again = (np.load(tmp_path / run / "model.npz") for run in ("run", "again"))
    np.testing.assert_array_equal(arrays["layers.0.weight"], again["layers.0.weight"])
