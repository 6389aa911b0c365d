"""How a validator refuses a value, and how it speaks of what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from mlpcli.config.nodes import Key, ScalarNode, resolve
from mlpcli.errors import clean


@dataclass(frozen=True)
class Finding:
    """A problem with the setting at a key, whose place the config knows."""

    key: Key
    message: str
    hint: str | None = None


JsonSchema: TypeAlias = dict[str, Any]


def refusal(message: str, hint: str | None = None, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """The one kind of error that validators raise; `at` leads from the value on to the part to point at."""
    return PydanticCustomError("refused", "{message}", {"message": message, "hint": hint, "at": at})


def expected(what: str, given: object, hint: str | None = None) -> PydanticCustomError:
    """The refusal that says what was expected and what was found."""
    return refusal(f"expected {what}, found {found(given)}", hint)


def found(given: object) -> str:
    """What was written, as a person would say it."""
    if isinstance(given, ScalarNode):
        if given.plain and not isinstance(given.value, str):
            return clean(given.text, 60) or "nothing"
        looks_otherwise = not isinstance(resolve(given.text), str)
        return ("the text " if looks_otherwise else "") + f"'{clean(given.text, 60)}'"
    if isinstance(given, str):
        return f"'{clean(given, 60)}'"
    if isinstance(given, list | tuple):
        return "a list"
    return "a mapping" if isinstance(given, dict | BaseModel) else clean(text_of(given), 60)


def value_of(given: object) -> object:
    """The value of a scalar, from a config or from Python."""
    return given.value if isinstance(given, ScalarNode) else given


def text_of(given: object) -> str:
    """The source text of a scalar; a value from Python as YAML would write it."""
    if isinstance(given, ScalarNode):
        return given.text
    if given is None:
        return "null"
    return str(given).lower() if isinstance(given, bool) else str(given)


def is_scalar(given: object) -> bool:
    """Whether something is neither a list nor a mapping."""
    return isinstance(given, ScalarNode | str | int | float | None)


def none_if_null(given: object) -> object:
    """None for a plain null, whether written out or left empty."""
    return None if value_of(given) is None else given


def empty_if_null(given: object) -> object:
    """An empty mapping for a plain null: a section whose keys are all commented out."""
    return {} if value_of(given) is None else given
