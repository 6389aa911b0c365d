"""Training and test rows as each library wants them: the same columns for all, nothing learnt of the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Frame = pd.DataFrame
MISSING = "(missing)"


@dataclass(frozen=True)
class Rows:
    """Training and test features, the training target, and which columns are text. Missing cells are NaN."""

    train: Frame
    test: Frame
    target: NDArray[np.object_] | NDArray[np.float64]
    texts: list[str]

    def without_holes(self) -> Rows:
        """The median in place of missing numbers, a word in place of missing texts."""
        numbers = [name for name in self.train if name not in self.texts]
        medians = self.train[numbers].median().fillna(0.0)
        train, test = (
            pd.concat([part[numbers].fillna(medians), part[self.texts].fillna(MISSING)], axis=1)
            for part in (self.train, self.test)
        )
        return Rows(train, test, self.target, self.texts)

    def categorical(self) -> Rows:
        """Texts as pandas' categories, those of the training rows; a text unknown there is missing."""
        train, test = self.train.copy(), self.test.copy()
        for name in self.texts:
            train[name] = train[name].astype("category")
            known = test[name].where(test[name].isin(train[name].cat.categories))
            test[name] = pd.Categorical(known, categories=train[name].cat.categories)
        return Rows(train, test, self.target, self.texts)


def rows(train: Frame, test: Frame, target: str, classes: bool) -> Rows:
    """Two parts of a table, as they were read: dates as numbers, and columns without any value left out."""
    features = [name for name in map(str, train) if name != target and train[name].notna().any()]
    parts = [train[features], test[features]]
    for name in features:
        if not pd.api.types.is_numeric_dtype(train[name]) and _are_dates(train[name]):
            parts = [_dated(part, name) for part in parts]
    texts = [name for name in map(str, parts[0]) if not pd.api.types.is_numeric_dtype(parts[0][name])]
    kinds = {name: object if name in texts else np.float64 for name in parts[0]}
    train_part, test_part = (part.astype(kinds) for part in parts)
    y = train[target].to_numpy(object) if classes else train[target].to_numpy(np.float64)
    return Rows(train_part, test_part, y, texts)


def _are_dates(column: pd.Series) -> bool:
    """Whether all texts of a column are days."""
    return bool(column.dropna().astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d").all())


def _dated(frame: Frame, name: str) -> Frame:
    """A frame with a date as its day's number, month and weekday."""
    date = pd.to_datetime(frame[name])
    day = (date - pd.Timestamp("2000-01-01")) / pd.Timedelta(days=1)
    parts: dict[str, pd.Series] = {
        name: day,
        f"{name}_month": date.dt.month,
        f"{name}_weekday": date.dt.day_of_week,
    }
    return frame.drop(columns=name).assign(**parts)
