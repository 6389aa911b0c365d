"""What pydantic finds wrong, as problems with a sentence and a place."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from mlpcli.config.known_keys import unknown_key
from mlpcli.config.nodes import Key, MappingNode, trace
from mlpcli.config.refusals import found
from mlpcli.errors import Place, Problem

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
