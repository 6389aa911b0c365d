"""The tree that a config is: scalars, lists and mappings, each knowing where it was written."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mlpcli.errors import Place

Key: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class ScalarNode:
    """A text, and whether it was written plainly: a quoted scalar is text whatever it looks like."""

    text: str
    plain: bool
    place: Place

    @property
    def value(self) -> Value:
        """What the scalar means where no text is asked for."""
        return resolve(self.text) if self.plain else self.text


@dataclass(frozen=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    key_place: Place
    node: Node

    @property
    def place(self) -> Place:
        """The value's place, or the key's where the value only begins on a later line."""
        same_line = self.node.place.line == self.key_place.line
        return self.node.place if same_line else self.key_place


@dataclass(frozen=True)
class MappingNode:
    """A mapping, in the order written; the keys are their source text."""

    entries: dict[str, Entry]
    place: Place


Node: TypeAlias = ScalarNode | ListNode | MappingNode


def tree(node: Node) -> Any:
    """The nodes as dicts and lists, the scalars still nodes: what the spec is validated from."""
    if isinstance(node, MappingNode):
        return {key: tree(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [tree(item) for item in node.items]
    return node


def step(node: Node, part: str | int) -> Entry | None:
    """The child that one part of a key names. In a list a text names the item that is this text."""
    if isinstance(node, MappingNode):
        return node.entries.get(str(part))
    if isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            if part in (index, getattr(item, "text", None)):
                return Entry(item.place, item)
    return None


def trace(root: Node, key: Sequence[str | int]) -> tuple[Key, Entry | None]:
    """Follow a key as far as the tree has it, stepping over parts that it lacks.

    A part may be lacking because a short form leaves it out (`relu` for `{name: relu}`), or because
    nothing was written there at all; either way the nearest thing written is what a person wants to see.
    Options may stand beside a name instead of below it: `{encode: quantile, output: normal}`.
    """
    followed: Key = ()
    found: Entry | None = None
    above = here = root
    for part in key:
        entry = step(here, part)
        if entry is None and isinstance(here, ScalarNode):
            entry = step(above, part)
            followed = followed if entry is None else followed[:-1]
        if entry is not None:
            followed, found = (*followed, part), entry
            above, here = here if isinstance(here, MappingNode) else above, entry.node
    return followed, found


Value: TypeAlias = bool | int | float | str | None

WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
LONGEST_NUMBER = 400  # characters; int() refuses thousands of digits, and no setting needs them


def resolve(text: str) -> Value:
    """The value that a plain scalar stands for.

    Only `true` and `false` are booleans. Leading zeros, `0x10`, `1_000`, `12:30`, dates, `inf` and `nan`
    stay text, and so does a number too large for a float.
    """
    if text in WORDS:
        return WORDS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def means_no_finite_number(text: str) -> bool:
    """Whether a text looks like a number that is not finite: `inf`, `-.inf`, `nan`, `1e400`."""
    if text.lower().lstrip("+-.") in {"inf", "infinity", "nan"}:
        return True
    return DECIMAL.fullmatch(text) is not None and isinstance(resolve(text), str)
