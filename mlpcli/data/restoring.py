"""Fitted input columns out of what a model file says about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mlpcli.arrays import Array
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature, is_cycle
from mlpcli.data.feature import Feature, Fitted
from mlpcli.data.missing_feature import INDICATOR, MissingFeature
from mlpcli.data.number_feature import FILLING, NumberFeature
from mlpcli.data.quantiles import QuantileCurve


class Store:
    """The fitted arrays, handed out in the order of the features."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        columns = (arrays[f"inputs.{part}"].tolist() for part in ("center", "scale", "fill"))
        self._fitted: Iterator[Fitted] = zip(*columns, strict=True)
        self._curves = iter(arrays.get("inputs.quantiles", ()))

    def scaling(self) -> Fitted:
        """Center, scale and fill of the next scaled input."""
        return next(self._fitted)

    def curve(self, output: str) -> QuantileCurve:
        """The next curve of quantiles."""
        return QuantileCurve(tuple(next(self._curves).tolist()), output)


def restored(meta: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]) -> list[Feature]:
    """The features that `meta` and `arrays` describe."""
    store = Store(arrays)
    return [RESTORERS.get(entry["encode"], _number)(entry, store) for entry in meta]


def _number(entry: Mapping[str, Any], store: Store) -> Feature:
    center, scale, fill = store.scaling()
    encode, missing = entry["encode"], entry["missing"]
    curve = store.curve(entry["output"]) if encode == "quantile" else None
    given = fill if missing in FILLING else None
    return NumberFeature(entry["name"], encode, missing, center, scale, given, curve)


def _categories(entry: Mapping[str, Any], _store: Store) -> Feature:
    name, encode, missing, fill = (entry[key] for key in ("name", "encode", "missing", "fill"))
    categories, other = tuple(entry["categories"]), tuple(entry.get("other", ()))
    return CategoryFeature(name, encode, missing, fill, categories, other, entry.get("width", 1))


def _dates(entry: Mapping[str, Any], store: Store) -> Feature:
    name, missing, fill, form = (entry[key] for key in ("name", "missing", "fill", "format"))
    parts, cyclic = tuple(entry["parts"]), entry["cyclic"]
    fitted = tuple(store.scaling() for part in parts if not is_cycle(part, cyclic))
    return DateFeature(name, missing, fill, form, parts, cyclic, fitted)


def _indicator(entry: Mapping[str, Any], _store: Store) -> Feature:
    return MissingFeature(entry["name"])


RESTORERS: dict[str, Callable[[Mapping[str, Any], Store], Feature]] = {
    "one_hot": _categories,
    "embed": _categories,
    "ordinal": _categories,
    "datetime": _dates,
    INDICATOR: _indicator,
}
