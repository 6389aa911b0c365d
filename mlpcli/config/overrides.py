"""Values from the command line, grafted onto the tree of a config file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mlpcli.config.document import MAX_DEPTH, parse_node
from mlpcli.config.key_paths import CHOICE, STANDS_FOR_NAME, may_be_named
from mlpcli.config.nodes import Entry, Key, ListNode, MappingNode, Node, ScalarNode
from mlpcli.errors import ConfigError, Place, UsageError, clean

PART = r'"[^"]*"|[^=."]+'  # quotes for a name with a dot or an equals sign
PATH = rf"(?:{PART})(?:\.(?:{PART}))*"
ASSIGNMENT = rf"({PATH})=(.*)"


def path_of(key: str) -> tuple[str, ...] | None:
    """The parts of a dotted key; None for a text that is none."""
    if re.fullmatch(PATH, key) is None:
        return None
    return tuple(part.strip('"') for part in re.findall(PART, key))


def override(root: MappingNode, assignment: str) -> MappingNode:
    """The tree with one `KEY=VALUE` of `--set` in it."""
    match = re.fullmatch(ASSIGNMENT, assignment, re.DOTALL)
    if match is None:
        raise UsageError.of(
            f"expected --set KEY=VALUE, found '{clean(assignment, 60)}'",
            hint="for example --set optimizer.learning_rate=0.01",
        )
    place = Place(f"--set {assignment}")
    path = path_of(match[1]) or ()
    if len(path) > MAX_DEPTH:
        raise ConfigError.of(f"expected at most {MAX_DEPTH} levels of nesting, found {len(path)}", place)
    value = parse_node(match[2], lambda _line, _column: place)
    return put(root, path, value or ScalarNode("", True, place), place)


def put(root: MappingNode, path: Sequence[str], value: Node, place: Place) -> MappingNode:
    """The tree with a value at a path; what is missing on the way is made."""
    grafted = _graft(root, tuple(path), 0, Entry(place, value))
    return grafted if isinstance(grafted, MappingNode) else root


def _graft(node: Node, key: Key, depth: int, new: Entry) -> Node:
    """What stands at the first `depth` parts of a key, once the new value is where the whole key leads."""
    if depth == len(key):
        return new.node
    if isinstance(node, ListNode):
        return _graft_item(node, key, depth, new)
    part = str(key[depth])
    above = _as_mapping(node, key[: depth + 1], new.place)
    below = above.entries[part].node if part in above.entries else MappingNode({}, new.place)
    grafted = Entry(new.key_place, _graft(below, key, depth + 1, new))
    return MappingNode({**above.entries, part: grafted}, above.place)


def _as_mapping(node: Node, key: Key, place: Place) -> MappingNode:
    """The mapping above a key; a choice made by name alone becomes the mapping that can take options."""
    if isinstance(node, MappingNode):
        return node
    is_name = isinstance(node, ScalarNode) and node.value is not None and may_be_named(key[:-1])
    if isinstance(node, ListNode) or not is_name or key[-1] in STANDS_FOR_NAME or key[-1] == CHOICE:
        return MappingNode({}, place)
    return MappingNode({CHOICE: Entry(node.place, node)}, node.place)


def _graft_item(node: ListNode, key: Key, depth: int, new: Entry) -> Node:
    part = str(key[depth])
    if not (part.isascii() and part.isdigit() and int(part) < len(node.items)):
        there = f"0 to {len(node.items) - 1}" if node.items else "of which there are none"
        raise ConfigError.of(
            f"expected the number of a list item, {there}, found '{part}'",
            new.place,
            "set the whole list instead: --set KEY=[1, 2, 3]",
        )
    index = int(part)
    item = _graft(node.items[index], key, depth + 1, new)
    return replace(node, items=(*node.items[:index], item, *node.items[index + 1 :]))
