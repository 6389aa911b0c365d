"""Strict building blocks of metadata: exact types, bounded numbers and texts, no key that is not declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.types import Strict
from pydantic_core import PydanticCustomError

MAX_FEATURES = 10_000
MAX_CATEGORIES = 10_000
MAX_WIDTH = 1 << 31
MAX_KEYS = 100

Item = TypeVar("Item")
# JSON has lists, a frozen value has tuples; the first wrong item is enough, a hostile file has a million
Items: TypeAlias = Annotated[tuple[Item, ...], Strict(False), FailFast()]
Text = Annotated[str, StringConstraints(max_length=1 << 16)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Release = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.+_-]{1,64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Separator = Annotated[
    str, StringConstraints(pattern=r"^[\t -!#-~]$")
]  # one byte; a quote has a meaning of its own
Count = Annotated[int, Field(ge=0, le=1 << 53)]
Positive = Annotated[int, Field(ge=1, le=1 << 53)]
Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


def few_keys(given: Any) -> Any:
    """Refuse a mapping that is too large to be real before every key of it becomes a complaint."""
    if isinstance(given, Mapping) and len(given) > MAX_KEYS:
        raise PydanticCustomError("keys", f"expected at most {MAX_KEYS} keys, found {len(given)}")
    return given


Few: TypeAlias = Annotated[dict[Word, Item], BeforeValidator(few_keys)]


def without(document: Mapping[str, Any], unused: Mapping[str, Any]) -> dict[str, Any]:
    """The document without the keys that are as they are where they are not used."""
    return {key: value for key, value in document.items() if key not in unused or value != unused[key]}


class Exact(BaseModel):
    """Only the keys that are declared, only values of exactly their types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, given: Any) -> Any:
        return few_keys(given)
