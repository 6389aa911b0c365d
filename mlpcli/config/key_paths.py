"""Which keys the language has and where: what a key written elsewhere, or as a flag, may have meant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from mlpcli.config.encode_spec import OPTION_NAMES
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

# where to look for a key first
HOMES: tuple[tuple[str, Any], ...] = (
    ("", Spec),
    ("data.", DataSpec),
    ("model.", ModelSpec),
    ("training.", TrainingSpec),
    ("training.early_stopping.", EarlyStoppingSpec),
    ("optimizer.", OptimizerSpec),
    ("schedule.", ScheduleSpec),
)
ANY = "NAME"  # stands in a path for the name of a column
CHOICE = "name"  # the key that every choice has
STANDS_FOR_NAME = frozenset({"constant", "divide", "from"})  # keys of a choice that has no name beside them


@cache
def key_paths() -> dict[str, str]:
    """The dotted path of every key by its last word; where several end in it, the one looked for first."""
    paths: dict[str, str] = {}
    level = list(HOMES)
    while level:
        below = []
        for prefix, annotation in level:
            for model in models_in(annotation):
                for name, field in model.model_fields.items():
                    path = prefix + (field.alias or name)
                    paths.setdefault(field.alias or name, path)
                    inner = f"{path}.{ANY}." if is_by_name(field.annotation) else f"{path}."
                    below.append((inner, field.annotation))
        level = below
    return {word: path for word, path in paths.items() if word not in {CHOICE, *STANDS_FOR_NAME}}


def words_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written; the options of an encoding may stand beside it."""
    words = [field.alias or name for name, field in model.model_fields.items()]
    return [*words, *OPTION_NAMES] if model is FeatureSpec else words


def models_at(level: Key, top: type[BaseModel] = Spec) -> list[type[BaseModel]]:
    """The models that a key may lead to. Indices, columns and names of forms lead nowhere new."""
    models: list[type[BaseModel]] = [top]
    for part in level:
        fields = [field for model in models for key, field in model.model_fields.items() if part == key]
        below = [model for field in fields for model in models_in(field.annotation)]
        named = [model for model in models if part in choice_names(model)]
        models = list(dict.fromkeys(below or named or models))
    return models


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def choice_names(model: type[BaseModel]) -> tuple[Any, ...]:
    """The names of a choice that stand for a model."""
    return get_args(model.model_fields["name"].annotation) if "name" in model.model_fields else ()


def may_be_named(level: Key) -> bool:
    """Whether what stands at a key may be a name alone, for a mapping with this name."""
    return any(model is FeatureSpec or CHOICE in words_of(model) for model in models_at(level))


def is_by_name(annotation: Any) -> bool:
    """Whether an annotation mentions a mapping from names of columns."""
    return get_origin(annotation) is dict or any(map(is_by_name, get_args(annotation)))
