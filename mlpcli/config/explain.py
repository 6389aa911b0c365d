"""What is wrong with a key or a value, said so that it can be put right."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mlpcli.config.encode_spec import OPTION_NAMES
from mlpcli.config.fields import CLOSE
from mlpcli.config.model_spec import FileInitSpec
from mlpcli.config.nodes import Key, MappingNode, trace
from mlpcli.config.refusals import found
from mlpcli.config.spec import (
    DataSpec,
    EarlyStoppingSpec,
    FeatureSpec,
    ModelSpec,
    OptimizerSpec,
    ScheduleSpec,
    Spec,
    TrainingSpec,
)
from mlpcli.config.synonyms import HINTS_ELSEWHERE, KEYS_ELSEWHERE
from mlpcli.errors import Place, Problem

# where to look for a key that was written at the wrong level, nearest to the top first
HOMES: tuple[tuple[str, Any], ...] = (
    ("", Spec),
    ("data.", DataSpec),
    ("model.", ModelSpec),
    ("training.", TrainingSpec),
    ("training.early_stopping.", EarlyStoppingSpec),
    ("optimizer.", OptimizerSpec),
    ("schedule.", ScheduleSpec),
)


def unknown_key(key: Key, level: Key) -> tuple[str, str | None]:
    """The message and the hint for an unknown key; `level` leads through the spec to where it was written."""
    name, path = str(key[-1]), ".".join(map(str, key))
    models = models_at(level)
    known = list(dict.fromkeys(word for model in models for word in _words(model)))
    here = f"unknown key `{path}`"
    if level and len(models) == 1 and level[-1] in _choice_names(models[0]):
        known.remove("name")
        here = here if models[0] is FileInitSpec else f"{level[-1]} has no option `{name}`"
    ours = KEYS_ELSEWHERE.get(name)
    if ours is not None and ours.split(".")[-1] in known and ours.split(".")[:-1] != list(key[:-1]):
        ours = ".".join(map(str, (*key[:-1], ours.split(".")[-1])))
    if ours is not None and ours != path:
        return f"unknown key `{path}`: it is called `{ours}` here", HINTS_ELSEWHERE.get(name)
    home = _home(name)
    if home is not None and home != path and name not in known:
        section = home.rpartition(".")[0]
        return here, f"move it below `{section}`" if section else "move it to the top level"
    close = difflib.get_close_matches(name, known, n=1, cutoff=CLOSE)
    return here, f"did you mean `{close[0]}`?" if close else _listing(known)


def _listing(known: Sequence[str]) -> str | None:
    return "known here: " + ", ".join(known) if known else None


def _home(name: str) -> str | None:
    for prefix, annotation in HOMES:
        if any(name in _words(model) for model in models_in(annotation)) and name != "name":
            return prefix + name
    return None


def _words(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written; the options of an encoding may stand beside it."""
    words = [field.alias or name for name, field in model.model_fields.items()]
    return [*words, *OPTION_NAMES] if model is FeatureSpec else words


def models_at(level: Key) -> list[type[BaseModel]]:
    """The models that a key may lead to. Indices, columns and names of forms lead nowhere new."""
    models: list[type[BaseModel]] = [Spec]
    for part in level:
        fields = [field for model in models for key, field in model.model_fields.items() if part == key]
        below = [model for field in fields for model in models_in(field.annotation)]
        named = [model for model in models if part in _choice_names(model)]
        models = list(dict.fromkeys(below or named or models))
    return models


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def _choice_names(model: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(model.model_fields["name"].annotation) if "name" in model.model_fields else ()


WANTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
REQUIRED_HINTS = {
    "data": "write `data:` and below it `train: FILE.csv` and `target: COLUMN`",
    "train": "write `train: FILE.csv` below `data`",
    "target": "write `target: COLUMN` below `data`: the column to predict",
}


def written_key(error: ErrorDetails, root: MappingNode) -> Key:
    """The key of what an error is about, as far as it is written in the config."""
    at = error.get("ctx", {}).get("at", ())
    return trace(root, (*error["loc"], *at))[0]


def explain(error: ErrorDetails, root: MappingNode) -> Problem:
    """The problem that an error of pydantic stands for."""
    key = written_key(error, root)
    place = place_of(root, error["loc"] + tuple(error.get("ctx", {}).get("at", ())))
    kind, path = error["type"], ".".join(map(str, key))
    if kind == "extra_forbidden":
        message, hint = unknown_key(key, error["loc"][:-1])
        return Problem(message, _key_place(root, key), hint)
    if kind == "missing":
        name = str(error["loc"][-1])
        return Problem(
            f"the key `{'.'.join((*map(str, key), name))}` is missing", place, REQUIRED_HINTS.get(name)
        )
    context = error.get("ctx", {})
    expected = f"expected {WANTED.get(kind, 'another value')}, found {found(error['input'])}"
    message = context.get("message", expected)
    return Problem(f"{path}: {message}" if path else message, place, context.get("hint"))


def place_of(root: MappingNode, key: Key) -> Place:
    """Where a key is written, or else the nearest thing above it, or else the file."""
    entry = trace(root, key)[1]
    return Place(root.place.source) if entry is None else entry.place


def _key_place(root: MappingNode, key: Key) -> Place:
    entry = trace(root, key)[1]
    return Place(root.place.source) if entry is None else entry.key_place
