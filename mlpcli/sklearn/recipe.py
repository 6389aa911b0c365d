"""The recipes of `mlp init` for arrays: what it would write for a file with these columns in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.document import parse_document
from mlpcli.config.load import Config, check
from mlpcli.errors import ConfigError, Place
from mlpcli.sklearn.arrays import SOURCE, Given, table_of_array
from mlpcli.starter.choices import Asked, Starter, choose
from mlpcli.starter.recipe import RECIPES
from mlpcli.starter.text import starter_text
from mlpcli.survey.columns import column_facts
from mlpcli.survey.disguises import Disguises
from mlpcli.survey.tables import Survey
from mlpcli.survey.targets import target_facts
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.matrix_columns import name_of

# of the section `data`; the rows that `quick` spares for a test are none of fit's business
OF_DATA = ("features", "validation")


def recipe_document(name: Any, given: Given) -> dict[str, Any]:
    """The settings that a recipe has for these rows, below the keys of a config.

    Raises ConfigError for a name that is none, DataError where there is nothing to learn.
    """
    if name not in RECIPES:
        message = f"recipe: expected one of {', '.join(RECIPES)}, found {name!r}"
        raise ConfigError.of(message, Place("parameters"))
    starter = choose(survey_of(given), Asked("recipe", SOURCE, given.task, name))
    root = parse_document(starter_text(starter).encode(), "recipe")
    document = Config(check(root), Path("recipe"), root).document
    written = {"features": _unlisted(starter), **document["data"]}
    document["data"] = {key: written[key] for key in OF_DATA if key in written}
    if given.repetitions is not None:
        document["data"]["features"] = {
            column: _without_ranks(encode) for column, encode in written["features"].items()
        }
    return document


def survey_of(given: Given) -> Survey:
    """What columns called x0, x1, ... hold: numbers alone, and no cell of them is missing."""
    texts = {name: _as_texts(given, column) for name, column in zip(given.targets, given.y.T, strict=True)}
    rows = table_of_array(given.x)
    features = [name_of(column) for column in range(given.x.shape[1])]
    table = replace(rows, texts={**rows.texts, **texts})
    return Survey(
        SOURCE,
        len(given.y),
        CsvFormat(),
        Disguises(),
        tuple(column_facts(table, name) for name in features),
        tuple(target_facts(table, name) for name in given.targets),
    )


def _as_texts(given: Given, target: Vector) -> TextColumn:
    """A target (n,) as it would stand in a file."""
    if given.task != "regression":
        return TextColumn(target.astype(np.intp), given.words, ordered=True)
    numbers, codes = np.unique(target, return_inverse=True)
    return TextColumn(codes.astype(np.intp), tuple(map(repr, numbers.tolist())))


def _unlisted(starter: Starter) -> dict[str, str]:
    """The features of a table that has too many of them to be listed, and how numbers are encoded there."""
    return {column.name: "standardize" for column in starter.columns if column.encode is not None}


def _without_ranks(encode: Any) -> Any:
    """The encoding for rows that have weights, which ranks do not know."""
    is_ranks = isinstance(encode, dict) and encode["encode"] == "quantile"
    return "standardize" if is_ranks else encode
