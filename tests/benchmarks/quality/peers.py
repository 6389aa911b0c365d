"""The other contenders, with their default settings, one thread each: one fit in a process of its own.

    python -m quality.peers NAME FOLDER SEED     # in an environment that has them, from tests/benchmarks

FOLDER holds train.csv, test.csv and job.json (target, classes) and gets predictions.npz. What is printed is a
JSON object with the seconds of the fit, encoding included, reading and imports not.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .features import Rows, rows

Predict = tuple[Any, pd.DataFrame]
"""A fitted model and the test rows as it wants them."""


def sklearn_mlp(data: Rows, classes: bool, seed: int) -> Predict:
    """scikit-learn's MLP on standardized numbers and one-hot texts; numeric targets are standardized too."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    data = data.without_holes()
    numbers = [name for name in data.train if name not in data.texts]
    parts = [
        ("numbers", StandardScaler(), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore"), data.texts),
    ]
    model: Any = MLPClassifier(random_state=seed)
    if not classes:  # with targets as they are it would hardly ever learn anything
        model = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    pipeline = make_pipeline(ColumnTransformer(parts, sparse_threshold=0), model)
    return pipeline.fit(data.train, data.target), data.test


def hist_gradient_boosting(data: Rows, classes: bool, seed: int) -> Predict:
    """scikit-learn's gradient boosting; of a text with more than 254 values the rarest are one."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=254)
    encode = ColumnTransformer([("texts", codes, data.texts)], remainder="passthrough")
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = kind(random_state=seed, categorical_features=list(range(len(data.texts))))
    return make_pipeline(encode, model).fit(data.train, data.target), data.test


def lightgbm(data: Rows, classes: bool, seed: int) -> Predict:
    """LightGBM, missing cells and categories by itself."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    data = data.categorical()
    kind = LGBMClassifier if classes else LGBMRegressor
    return kind(random_state=seed, n_jobs=1, verbose=-1).fit(data.train, data.target), data.test


def catboost(data: Rows, classes: bool, seed: int) -> Predict:
    """CatBoost, texts as its categories, a missing one being a category."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    train, test = (
        part.assign(**{name: part[name].fillna("(missing)") for name in data.texts})
        for part in (data.train, data.test)
    )
    kind = CatBoostClassifier if classes else CatBoostRegressor
    model = kind(random_seed=seed, thread_count=1, verbose=0, allow_writing_files=False)
    return model.fit(train, data.target, cat_features=data.texts), test


def of_pytabkit(name: str, **options: Any) -> Callable[[Rows, bool, int], Predict]:
    """A network of pytabkit; `options` are for classes."""

    def fitted(data: Rows, classes: bool, seed: int) -> Predict:
        import pytabkit

        data = data.without_holes().categorical()
        kind = getattr(pytabkit, f"{name}_{'Classifier' if classes else 'Regressor'}")
        chosen = options if classes else {}
        model = kind(device="cpu", random_state=seed, n_threads=1, **chosen)
        return model.fit(data.train, data.target), data.test

    return fitted


PEERS: dict[str, Callable[[Rows, bool, int], Predict]] = {
    "sklearn-mlp": sklearn_mlp,
    "hist-gb": hist_gradient_boosting,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "realmlp-td-s": of_pytabkit("RealMLP_TD_S"),
    "realmlp-td": of_pytabkit("RealMLP_TD"),
    "realmlp-td-ce": of_pytabkit("RealMLP_TD", use_ls=False, val_metric_name="cross_entropy"),
    "tabm-d": of_pytabkit("TabM_D"),
}


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Fit, predict, and say how long the fit took."""
    name, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    job = json.loads((folder / "job.json").read_text())
    target, classes = job["target"], job["classes"]
    kinds = {target: str} if classes else None
    parts = [
        pd.read_csv(folder / f"{part}.csv", keep_default_na=False, na_values=[""], dtype=kinds)
        for part in ("train", "test")
    ]
    data = rows(parts[0], parts[1], target, bool(classes))
    __import__({"sklearn-mlp": "sklearn.neural_network", "hist-gb": "sklearn.ensemble"}.get(name, name)
               if name in {"sklearn-mlp", "hist-gb", "lightgbm", "catboost"} else "pytabkit")  # fmt: skip
    start, wall = cpu_seconds(), time.perf_counter()
    model, test = PEERS[name](data, bool(classes), seed)
    seconds = {"cpu": cpu_seconds() - start, "wall": time.perf_counter() - wall}
    found = {"prediction": np.asarray(model.predict(test)).ravel()}
    if classes:
        found = {"classes": np.asarray(model.classes_).astype(str), "probability": model.predict_proba(test)}
    np.savez(folder / "predictions.npz", allow_pickle=False, **found)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
