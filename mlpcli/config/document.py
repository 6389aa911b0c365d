"""YAML text to nodes that know their line and column, refusing every feature of YAML that surprises.

PyYAML's pure-Python parser supplies events; its resolver and constructor are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from mlpcli.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from mlpcli.config.yaml_errors import explain_yaml_error
from mlpcli.errors import ConfigError, Place, Problem, clean

# room for a list of all columns of the widest table
MAX_BYTES = 4 << 20
MAX_DEPTH = 16
MAX_EVENTS = 100_000

# what ends a line for YAML, as `\r\n` does
LINE_ENDS = str.maketrans(dict.fromkeys("\r\x85\u2028\u2029", "\n"))

Locate: TypeAlias = Callable[[int, int], Place]  # a line and a column, both from 0, to a place


def parse_document(data: bytes, source: str) -> MappingNode:
    """The mapping that a config file holds; `source` is what messages call the file."""
    text = decode(data, source)
    lines = lines_of(text)

    def locate(line: int, column: int) -> Place:
        shown = lines[line] if line < len(lines) and lines[line].strip() else None
        return Place(source, line + 1, column + 1, shown)

    node = parse_node(text, locate)
    if node is None or (isinstance(node, ScalarNode) and node.plain and node.value is None):
        return MappingNode({}, Place(source))
    if not isinstance(node, MappingNode):
        found = "a list" if isinstance(node, ListNode) else f"'{clean(node.text, 60)}'"
        raise ConfigError.of(f"expected keys such as `data:`, found {found}", node.place)
    return node


def decode(data: bytes, source: str) -> str:
    """The text of a config file: UTF-8, with a byte order mark or without, and not too large."""
    if len(data) > MAX_BYTES:
        raise ConfigError.of(
            f"expected a config of at most {MAX_BYTES >> 20} MiB, found a larger file", Place(source)
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError.of("expected UTF-8 text, found UTF-16", Place(source), "save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = None if b"\0" in data else "save the file as UTF-8"
        message = f"expected UTF-8 text, found the byte 0x{data[error.start]:02x}"
        raise ConfigError.of(message, Place(source, line), hint) from None


def lines_of(text: str) -> list[str]:
    """The lines of a text without what ends them."""
    return text.replace("\r\n", "\n").translate(LINE_ENDS).split("\n")


def parse_node(text: str, locate: Locate) -> Node | None:
    """The one value that a YAML text holds, or None for a text without any."""
    builder = Builder(text, locate)
    node: Node | None = None
    try:
        node = builder.document()
    except ReaderError as error:
        message = f"expected printable text, found the character U+{ord(text[error.position]):04X}"
        builder.problems.append(Problem(message, locate(*_position(text, error.position))))
    except MarkedYAMLError as error:
        message, hint = explain_yaml_error(error.problem or error.context or "")
        mark = error.problem_mark or error.context_mark
        builder.problems.append(Problem(message, locate(*_spot(mark)), hint))
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        builder.problems.append(Problem("this is not valid YAML", locate(0, 0)))
    if builder.problems:
        raise ConfigError(*builder.problems)
    return node


def _spot(mark: Any) -> tuple[int, int]:
    return (mark.line, mark.column) if mark else (0, 0)


def _position(text: str, index: int) -> tuple[int, int]:
    before = lines_of(text[:index])
    return len(before) - 1, len(before[-1])


def _events(text: str, locate: Locate) -> Iterator[Event]:
    """The events of a text, stopping at one that no reasonable config has."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader), start=1):
        if isinstance(event, SequenceStartEvent | MappingStartEvent):
            depth += 1
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            depth -= 1
        place = locate(*_spot(event.start_mark))
        if depth > MAX_DEPTH:
            raise ConfigError.of(f"expected at most {MAX_DEPTH} levels of nesting, found more", place)
        if count > MAX_EVENTS:
            raise ConfigError.of(f"expected a config of at most {MAX_EVENTS:,} values, found more", place)
        yield event


class Builder:
    """Builds the nodes of one document from its events, collecting what it has to refuse.

    As a subclass of PyYAML's composer it would be 15 lines shorter, and without the types of its events.
    """

    def __init__(self, text: str, locate: Locate) -> None:
        self.events = _events(text, locate)
        self.locate = locate
        self.problems: list[Problem] = []

    def document(self) -> Node | None:
        """The node of the first document; a second one is refused."""
        node: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    self.refuse("YAML directives are not supported", event, "take the line with % away")
                if documents == 2:
                    self.refuse("expected one document, found a second one after `---`", event)
            elif isinstance(event, NodeEvent):
                node = self.node(event)
        return node

    def refuse(self, message: str, event: Event, hint: str | None = None) -> None:
        """Note a problem at the start of an event."""
        self.problems.append(Problem(message, self.place(event), hint))

    def place(self, event: Event) -> Place:
        """Where an event starts."""
        return self.locate(*_spot(event.start_mark))

    def node(self, event: Event) -> Node:
        """The node that begins with an event."""
        if isinstance(event, AliasEvent):
            self.refuse("aliases are not supported", event, "write the value out, or quote a text with `*`")
            return ScalarNode("", True, self.place(event))
        if getattr(event, "anchor", None) is not None:
            self.refuse("anchors are not supported", event, "take it away, or quote a text with `&`")
        if getattr(event, "tag", None) is not None:
            self.refuse("tags are not supported", event, "take it away, or quote a text with `!`")
        if isinstance(event, ScalarEvent):
            return self.scalar(event)
        if isinstance(event, SequenceStartEvent):
            items = [self.node(item) for item in self.children(SequenceEndEvent)]
            return ListNode(tuple(items), self.place(event))
        return self.mapping(event)

    def children(self, end: type[Event]) -> Iterator[Event]:
        """The events that begin the children of a collection, up to its end."""
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def scalar(self, event: ScalarEvent) -> ScalarNode:
        """A text. A character that no file or terminal takes can only come from an escape in quotes."""
        bad = next((c for c in event.value if c == "\0" or "\ud800" <= c <= "\udfff"), None)
        if bad is not None:
            self.refuse(f"expected text, found the character U+{ord(bad):04X}", event)
        return ScalarNode(event.value, event.style is None, self.place(event))

    def mapping(self, start: Event) -> MappingNode:
        """A mapping whose keys are texts, each given once."""
        entries: dict[str, Entry] = {}
        children = self.children(MappingEndEvent)
        for event in children:
            key = self.node(event)
            entry = Entry(key.place, self.node(next(children)))
            if not isinstance(key, ScalarNode):
                found = "a list" if isinstance(key, ListNode) else "a mapping"
                self.refuse(f"expected a text as a key, found {found}", event)
            elif key.plain and key.text in {"", "<<"}:
                message = "merge keys are not supported" if key.text else "expected a key before `:`"
                self.refuse(message, event)
            elif key.text in entries:
                first = entries[key.text].key_place.line
                hint = f"the first is in line {first}: take one away" if first else "take one away"
                self.refuse(f"the key `{key.text}` is given twice", event, hint)
            else:
                entries[key.text] = entry
        return MappingNode(entries, self.place(start))
