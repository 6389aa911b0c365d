"""Writes intervals.json beside this file: what MAPIE's intervals and prediction sets are for small tables.

    python tests/reference/make_intervals.py        (with mapie 1.6 installed)

Stored is what our functions are given, predictions of MAPIE's own models, and what MAPIE makes of them.
Regressions are of scikit-learn's linear models, classifications of its logistic ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

ROWS, NEW, FOLDS, CLASSES = 43, 6, 4, 3
LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95)


def table(seed: int) -> tuple[Any, Any, Any]:
    """Inputs of the rows and of new ones, and numbers to predict."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS + NEW, 2))
    y = x @ [1.0, -2.0] + rng.standard_t(3, size=ROWS + NEW)
    return x[:ROWS], y[:ROWS], x[ROWS:]


def classes(seed: int) -> tuple[Any, Any, Any]:
    """Inputs of the rows and of new ones, and classes to predict."""
    x, y, new = table(seed)
    return x, np.digitize(y, np.quantile(y, [1 / 3, 2 / 3])), new


def split() -> dict[str, Any]:
    """Split conformal of a model that has seen other rows."""
    from mapie.regression import SplitConformalRegressor
    from sklearn.linear_model import LinearRegression

    (x, y, new), model = table(1), LinearRegression().fit(*table(2)[:2])
    found = SplitConformalRegressor(model, confidence_level=LEVELS, prefit=True).conformalize(x, y)
    predicted, bounds = found.predict_interval(new)
    return {
        "truth": y.tolist(),
        "predicted": model.predict(x).tolist(),
        "new": predicted.tolist(),
        "bounds": {str(level): bounds[:, :, i].tolist() for i, level in enumerate(LEVELS)},
    }


def folds() -> dict[str, Any]:
    """CV+."""
    from mapie.regression import CrossConformalRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold

    x, y, new = table(3)
    parts = list(KFold(FOLDS).split(x))
    models = [LinearRegression().fit(x[train], y[train]) for train, _ in parts]
    levels = [level for level in LEVELS if level > 0.5]
    found = CrossConformalRegressor(
        LinearRegression(), confidence_level=levels, method="plus", cv=KFold(FOLDS)
    )
    _, bounds = found.fit_conformalize(x, y).predict_interval(new)
    predicted = [model.predict(x[held]).tolist() for model, (_, held) in zip(models, parts, strict=True)]
    return {
        "truth": [y[held].tolist() for _, held in parts],
        "predicted": predicted,
        "new": [model.predict(new).tolist() for model in models],
        "bounds": {str(level): bounds[:, :, i].tolist() for i, level in enumerate(levels)},
    }


def sets() -> dict[str, Any]:
    """Least ambiguous sets of a model that has seen other rows."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.linear_model import LogisticRegression

    (x, y, new), model = classes(4), LogisticRegression().fit(*classes(5)[:2])
    found = SplitConformalClassifier(model, confidence_level=LEVELS, conformity_score="lac", prefit=True)
    _, inside = found.conformalize(x, y).predict_set(new)
    return {
        "truth": y.tolist(),
        "scores": model.decision_function(x).tolist(),
        "new": model.decision_function(new).tolist(),
        "sets": {str(level): inside[:, :, i].astype(int).tolist() for i, level in enumerate(LEVELS)},
    }


if __name__ == "__main__":
    cases = {"split": split(), "folds": folds(), "sets": sets()}
    Path(__file__).with_name("intervals.json").write_text(json.dumps(cases) + "\n", "utf-8")
