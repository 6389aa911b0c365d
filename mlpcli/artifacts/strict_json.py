"""JSON that has one meaning: no duplicate key, no NaN or infinity, no half character, no endless nesting."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from mlpcli.artifacts.source_file import FileFormatError

MAX_DEPTH = 32


def dumps(document: Any, indent: int | None = None) -> str:
    """The text of a document: keys in their order, floats that read back to the same value; no NaN."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def without_nan(value: Any) -> Any:
    """The same document with null for every number that JSON cannot hold: undefined, or infinite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return value


def loads(data: bytes) -> dict[str, Any]:
    """The object that UTF-8 JSON text describes; raises FileFormatError."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise FileFormatError("the metadata is not UTF-8 text") from error
    except RecursionError as error:
        raise FileFormatError("the metadata is nested too deeply") from error
    except ValueError as error:
        raise FileFormatError(f"the metadata is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise FileFormatError("the metadata is not a JSON object")
    _check(value, MAX_DEPTH)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check(value: Any, depth: int) -> None:
    """Refuse what JSON's grammar lets through: nesting without end, and halves of surrogate pairs."""
    if depth == 0:
        raise FileFormatError(f"the metadata is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth - 1)
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise FileFormatError("the metadata holds half a character (a lone surrogate)") from error
