"""What is left of a config without its wrong settings, so that the rules can look at the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from mlpcli.config.explain import written_key
from mlpcli.config.nodes import Key, MappingNode, tree

PLACEHOLDER = "?"  # stands in for what is required and missing; no rule reads it


def without_errors(errors: Iterable[ErrorDetails], root: MappingNode) -> tuple[dict[str, Any], list[Key]]:
    """The config as dicts and lists without its wrong settings, and the keys of these."""
    rest = tree(root)
    wrong = [_setting(error, root) for error in errors]
    for key in wrong:
        _remove(rest, key)
    data = rest.setdefault("data", {})
    if isinstance(data, dict):
        missing = [name for name in ("train", "target") if name not in data]
        data.update(dict.fromkeys(missing, PLACEHOLDER))
        wrong += [("data", name) for name in missing]
    return rest, wrong


def _setting(error: ErrorDetails, root: MappingNode) -> Key:
    """The smallest whole setting that an error spoils: an item spoils its list, a name its choice."""
    key = written_key(error, root)
    while key and (isinstance(key[-1], int) or key[-1] == "name"):
        key = key[:-1]
    return key


def _remove(rest: Any, key: Key) -> None:
    for part in key[:-1]:
        rest = rest[part] if isinstance(rest, dict) and part in rest else None
    if isinstance(rest, dict) and key:
        rest.pop(key[-1], None)
