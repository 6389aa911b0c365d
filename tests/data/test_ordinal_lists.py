"""The list of an `ordinal` has all categories: a cell that is not in it cannot be used, then or later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli.errors import DataError
from tests.support.running import mlp, ok

SIZES = ["S", "M", "L"]
CONFIG = """
data: {train: t.csv, target: y, task: regression, features: {s: SIZES, x: standardize}}
training: {epochs: 2}
"""


@pytest.fixture(params=["{encode: ordinal, categories: [S, M, L]}",
                        "{encode: ordinal, categories: [S, M, L], missing: category}"])  # fmt: skip
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One that was trained with the list, with a policy for missing cells and without."""
    rng = np.random.default_rng(0)
    pd.DataFrame({"s": rng.choice(SIZES, 60), "x": rng.normal(size=60), "y": rng.normal(size=60)}).to_csv(
        tmp_path / "t.csv", index=False
    )
    (tmp_path / "c.yaml").write_text(CONFIG.replace("SIZES", request.param))
    ok("train", tmp_path / "c.yaml", "-q", "--no-plots", "-o", tmp_path / "run")
    (tmp_path / "new.csv").write_text("s,x\nS,0\nXL,0\nM,0\n,0\n")
    return tmp_path / "run" / "model.npz"


def test_what_is_not_in_the_list_is_a_bad_cell(model: Path) -> None:
    """It has not the place of another category, and neither has a missing cell that training had none of."""
    new = model.parent.parent / "new.csv"
    done = mlp("predict", model, new)
    assert done.code == 4
    assert f"{new}:3: column 's': expected a category of the list given for it, found 'XL'" in done.err
    assert f"{new}:5: column 's': a missing value, and no policy for it" in done.err
    rows = ok("predict", model, new, "--on-bad-row", "empty").rows()
    assert [row["prediction"] != "" for row in rows] == [True, False, True, False]


def test_a_frame_is_told_the_same(model: Path) -> None:
    """By Python's entrance."""
    loaded = mlpcli.load(model)
    assert len(loaded.predict(pd.DataFrame({"s": SIZES, "x": 0.0}))) == 3
    with pytest.raises(DataError, match="expected a category of the list given for it, found 'XL'"):
        loaded.predict(pd.DataFrame({"s": ["XL"], "x": 0.0}))
