"""What is wrong with a key or a value, said so that it can be put right."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mlpcli.config.fields import CLOSE
from mlpcli.config.key_paths import choice_names, key_paths, models_at, words_of
from mlpcli.config.model_spec import FileInitSpec
from mlpcli.config.nodes import Key, MappingNode, trace
from mlpcli.config.refusals import found
from mlpcli.config.spec import Spec
from mlpcli.config.synonyms import HINTS_ELSEWHERE, KEYS_ELSEWHERE
from mlpcli.errors import Place, Problem


def unknown_key(key: Key, level: Key, language: Language) -> tuple[str, str | None]:
    """The message and the hint for an unknown key; `level` leads through the spec to where it was written."""
    name, path = str(key[-1]), ".".join(map(str, key))
    models = models_at(level, language.top)
    known = list(dict.fromkeys(word for model in models for word in words_of(model)))
    here = f"unknown key `{path}`"
    if level and len(models) == 1 and level[-1] in choice_names(models[0]):
        known.remove("name")
        here = here if models[0] is FileInitSpec else f"{level[-1]} has no option `{name}`"
    ours = language.elsewhere.get(name)
    if ours is not None and ours.split(".")[-1] in known and ours.split(".")[:-1] != list(key[:-1]):
        ours = ".".join(map(str, (*key[:-1], ours.split(".")[-1])))
    if ours is not None and ours != path:
        return f"unknown key `{path}`: it is called `{ours}` here", language.hints.get(name)
    if name in language.hints:
        return here, language.hints[name]
    home = key_paths().get(name) if language.top is Spec else None
    if home is not None and home != path and name not in known:
        section = home.rpartition(".")[0]
        return here, f"move it below `{section}`" if section else "move it to the top level"
    close = difflib.get_close_matches(name, known, n=1, cutoff=CLOSE)
    return here, f"did you mean `{close[0]}`?" if close else _listing(known)


def _listing(known: Sequence[str]) -> str | None:
    return "known here: " + ", ".join(known) if known else None


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


@dataclass(frozen=True)
class Language:
    """What a kind of file may say: its keys, what other tools call them, what to do where one is missing.

    `hints` are what to do where one of another tool is written.
    """

    top: type[BaseModel]
    elsewhere: Mapping[str, str]
    required: Mapping[str, str]
    hints: Mapping[str, str]


CONFIGS = Language(Spec, KEYS_ELSEWHERE, REQUIRED_HINTS, HINTS_ELSEWHERE)


def written_key(error: ErrorDetails, root: MappingNode) -> Key:
    """The key of what an error is about, as far as it is written in the config."""
    at = error.get("ctx", {}).get("at", ())
    return trace(root, (*error["loc"], *at))[0]


def explain(error: ErrorDetails, root: MappingNode, language: Language = CONFIGS) -> Problem:
    """The problem that an error of pydantic stands for, in a file of that language."""
    key = written_key(error, root)
    place = place_of(root, error["loc"] + tuple(error.get("ctx", {}).get("at", ())))
    kind, path = error["type"], ".".join(map(str, key))
    if kind == "extra_forbidden":
        message, hint = unknown_key(key, error["loc"][:-1], language)
        return Problem(message, _key_place(root, key), hint)
    if kind == "missing":
        name = str(error["loc"][-1])
        return Problem(
            f"the key `{'.'.join((*map(str, key), name))}` is missing", place, language.required.get(name)
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
