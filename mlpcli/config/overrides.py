"""Values from the command line, grafted onto the tree of a config file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mlpcli.config.document import MAX_DEPTH, parse_node
from mlpcli.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from mlpcli.errors import ConfigError, Place, UsageError, clean

PART = r'"[^"]*"|[^=."]+'  # quotes for a name with a dot or an equals sign
ASSIGNMENT = rf"((?:{PART})(?:\.(?:{PART}))*)=(.*)"
STANDS_FOR_NAME = frozenset({"constant", "divide", "from"})  # keys of a choice that has no name beside them


def override(root: MappingNode, assignment: str) -> MappingNode:
    """The tree with one `KEY=VALUE` of `--set` in it."""
    match = re.fullmatch(ASSIGNMENT, assignment, re.DOTALL)
    if match is None:
        raise UsageError.of(
            f"expected --set KEY=VALUE, found '{clean(assignment, 60)}'",
            hint="for example --set optimizer.learning_rate=0.01",
        )
    place = Place(f"--set {assignment}")
    path = [part.strip('"') for part in re.findall(PART, match[1])]
    if len(path) > MAX_DEPTH:
        raise ConfigError.of(f"expected at most {MAX_DEPTH} levels of nesting, found {len(path)}", place)
    value = parse_node(match[2], lambda _line, _column: place)
    return put(root, path, value or ScalarNode("", True, place), place)


def put(root: MappingNode, path: Sequence[str], value: Node, place: Place) -> MappingNode:
    """The tree with a value at a path; what is missing on the way is made."""
    grafted = _graft(root, path, value, place)
    return grafted if isinstance(grafted, MappingNode) else root


def _graft(node: Node, path: Sequence[str], value: Node, place: Place) -> Node:
    if not path:
        return value
    if isinstance(node, ListNode):
        return _graft_item(node, path, value, place)
    entries = dict(_as_mapping(node, path[0], place).entries)
    below = entries[path[0]].node if path[0] in entries else MappingNode({}, place)
    entries[path[0]] = Entry(place, _graft(below, path[1:], value, place))
    return MappingNode(entries, node.place)


def _as_mapping(node: Node, key: str, place: Place) -> MappingNode:
    """A choice made by name alone, as the mapping that can take options."""
    if isinstance(node, MappingNode):
        return node
    if isinstance(node, ListNode) or node.value is None or key in STANDS_FOR_NAME or key == "name":
        return MappingNode({}, place)
    return MappingNode({"name": Entry(node.place, node)}, place)


def _graft_item(node: ListNode, path: Sequence[str], value: Node, place: Place) -> Node:
    if not (path[0].isascii() and path[0].isdigit() and int(path[0]) < len(node.items)):
        there = f"0 to {len(node.items) - 1}" if node.items else "of which there are none"
        raise ConfigError.of(
            f"expected the number of a list item, {there}, found '{path[0]}'",
            place,
            "set the whole list instead: --set KEY=[1, 2, 3]",
        )
    index = int(path[0])
    item = _graft(node.items[index], path[1:], value, place)
    return replace(node, items=(*node.items[:index], item, *node.items[index + 1 :]))
