"""Which keys the spec knows at which level, for suggestions about a key that it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from mlpcli.config.encode_spec import OPTION_NAMES
from mlpcli.config.fields import CLOSE
from mlpcli.config.model_spec import FileInitSpec
from mlpcli.config.names_elsewhere import HINTS_ELSEWHERE, KEYS_ELSEWHERE
from mlpcli.config.nodes import Key
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
