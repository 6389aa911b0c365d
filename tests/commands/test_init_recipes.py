"""What the recipes of `mlp init` write: which network by the size of the table, how many, which encodings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.support.running import ok


def table(path: Path, rows: int, classes: int) -> None:
    """Two numbers, an amount that is 0 in nine rows of ten, a text, and a target."""
    rng = np.random.default_rng(0)
    amount = np.where(rng.random(rows) < 0.9, 0, rng.integers(100, 20_000, rows))
    x, score = rng.normal(size=(rows, 2)), rng.normal(size=rows)
    columns = {"a": x[:, 0], "b": x[:, 1], "amount": amount, "colour": rng.choice(["r", "g"], rows)}
    y = [f"c{int(rank * classes / rows)}" for rank in score.argsort().argsort()] if classes else score
    pd.DataFrame(columns).assign(y=y).to_csv(path, index=False)


def written(directory: Path, recipe: str, rows: int, classes: int = 2) -> dict[str, Any]:
    """The config for such a table; that it is in order is checked by `mlp train --dry-run`."""
    table(directory / "t.csv", rows, classes)
    config = directory / "c.yaml"
    ok("init", directory / "t.csv", "--target", "y", "--recipe", recipe, "-o", config, "--overwrite", "-q")
    ok("train", config, "--dry-run", "-q")
    document: dict[str, Any] = yaml.safe_load(config.read_text())
    return document


def is_modern(document: dict[str, Any]) -> bool:
    return document["model"].get("scaling", False) is True and document["schedule"] == "coslog"


@pytest.mark.parametrize(
    ("rows", "classes", "modern"), [(300, 2, False), (499, 0, False), (500, 2, True), (800, 0, True)]
)
def test_strong_is_the_usual_network_in_folds_where_rows_are_few(
    tmp_path: Path, rows: int, classes: int, modern: bool
) -> None:
    strong, quick = (written(tmp_path, recipe, rows, classes) for recipe in ("strong", "quick"))
    assert is_modern(strong) is modern
    assert not is_modern(quick)
    assert "ensemble" not in quick
    alike = {"members": 5} if not classes and not modern else {"folds": 5}
    assert strong["ensemble"] == alike
    assert "test" not in strong["data"], "no row is spared: folds judge"


def test_best_has_twice_the_networks_of_strong_and_twice_their_width(tmp_path: Path) -> None:
    best, strong = (written(tmp_path, recipe, 600) for recipe in ("best", "strong"))
    assert best["ensemble"] == {"folds": 5, "repeats": 2}
    assert (best["model"]["layers"][1], strong["model"]["layers"][1]) == (256, 128)
    assert written(tmp_path, "best", 300, classes=0)["ensemble"] == {"members": 10}


def test_numbers_of_which_most_are_the_same_are_cut_into_bins_that_tell_the_others_apart(
    tmp_path: Path,
) -> None:
    """Scaled by their quartiles, which agree, the others would hardly differ from each other."""
    rows = 2_000
    features = written(tmp_path, "strong", rows)["data"]["features"]
    amount = features["amount"]
    assert amount["encode"] == "piecewise_linear"
    values = pd.read_csv(tmp_path / "t.csv")["amount"]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, amount["bins"] + 1)))
    assert 10 <= len(edges) <= 64 + 2
    assert features["a"] == features["b"] == "robust_clip"


def test_a_few_others_are_no_reason_for_bins(tmp_path: Path) -> None:
    assert written(tmp_path, "strong", 600)["data"]["features"]["amount"] == "robust_clip"


def test_quick_cuts_nothing_into_bins(tmp_path: Path) -> None:
    assert "piecewise_linear" not in str(written(tmp_path, "quick", 2_000))
