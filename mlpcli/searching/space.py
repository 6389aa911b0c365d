"""What a study file says of its space, checked against the language of configs before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from mlpcli.config.document import parse_node
from mlpcli.config.dump import dump_document, settings_of
from mlpcli.config.load import Config, check
from mlpcli.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, Value
from mlpcli.config.overrides import path_of, put
from mlpcli.errors import ConfigError, Place, Problem
from mlpcli.searching.dimensions import Choices, Dimension, Own, Range, stored
from mlpcli.searching.study_spec import HOW_TO_WRITE, DimensionSpec

BETWEEN: Final = 0.381966  # of the way from the least to the greatest, or to one more: no whole number


def with_value(base: Config, path: tuple[str, ...], node: Node, place: Place) -> MappingNode:
    """The tree of the config with a value at a key."""
    return put(base.root, path, node, place)


def dimension_of(key: str, spec: DimensionSpec, entry: Entry, base: Config) -> Dimension:
    """What a study file says of one key. Raises ConfigError with everything that is wrong with it."""
    path, place = path_of(key), entry.key_place
    if path is None:
        hint = 'for example `optimizer.learning_rate`, or `data.features."bill.length"`'
        raise ConfigError.of(f"expected a dotted key of the config, found `{key}`", place, hint)
    if path == ("output",):
        message, hint = "output is nothing to try: a trial is in the study's directory", "leave it out"
        raise ConfigError.of(message, place, hint)
    problems = [*_problems_of_form(key, spec, entry)]
    if problems:
        raise ConfigError(*problems)
    if spec.choices is not None:
        return _choices(key, path, entry, base)
    return _range(key, path, spec, entry, base)


def _problems_of_form(key: str, spec: DimensionSpec, entry: Entry) -> Iterator[Problem]:
    bounds = [name for name in ("low", "high") if getattr(spec, name) is not None]
    if spec.choices is not None:
        besides = [*bounds, *(["step"] if spec.step is not None else []), *(["log"] if spec.log else [])]
        if besides:
            message = f"space.{key}: `choices` and `{besides[0]}` exclude each other"
            yield Problem(message, _place(entry, besides[0]), HOW_TO_WRITE)
    elif len(bounds) < 2:
        yield Problem(f"space.{key}: expected `low` and `high`, or `choices`", entry.key_place, HOW_TO_WRITE)
    elif spec.log and spec.step is not None:
        yield Problem(f"space.{key}: `log` and `step` exclude each other", _place(entry, "step"))
    else:
        yield from _problems_of_bounds(key, spec, entry)


def _problems_of_bounds(key: str, spec: DimensionSpec, entry: Entry) -> Iterator[Problem]:
    low, high = spec.low or 0.0, spec.high or 0.0
    if low >= high:
        yield Problem(f"space.{key}: expected `high` above `low`", _place(entry, "high"))
    elif spec.log and low <= 0:
        yield Problem(f"space.{key}: with `log` expected `low` above 0", _place(entry, "low"))
    elif spec.step is not None:
        step = Decimal(repr(spec.step))
        steps = (Decimal(repr(high)) - Decimal(repr(low))) / step
        if steps != int(steps) or not steps:
            last = float(Decimal(repr(low)) + max(1, int(steps)) * step)
            message = f"space.{key}: expected `high` to be `low` and some whole steps"
            yield Problem(message, _place(entry, "high"), f"write `high: {last:g}`")


def _place(entry: Entry, name: str) -> Place:
    inner = entry.node
    below = inner.entries.get(name) if isinstance(inner, MappingNode) else None
    return entry.key_place if below is None else below.place


def _key_of(entry: Entry, node: Node) -> Place:
    """Where what is wrong with the key itself is shown: at the key, or where a value is in another line."""
    return entry.key_place if entry.key_place.line == node.place.line else node.place


def _range(key: str, path: tuple[str, ...], spec: DimensionSpec, entry: Entry, base: Config) -> Range:
    low, high = spec.low or 0.0, spec.high or 0.0
    place, problems = entry.key_place, dict[str, Problem]()
    for name in ("low", "high"):
        if isinstance(entry.node, MappingNode):
            bound = entry.node.entries[name].node
            wrong = problems_with(base, path, bound, _key_of(entry, bound))
            problems |= {problem.message: problem for problem in wrong}
    if problems:
        raise ConfigError(*problems.values())
    between = ScalarNode(repr(low + BETWEEN * min(1.0, high - low)), True, place)
    whole = bool(problems_with(base, path, between, place))
    if whole and spec.step is not None and spec.step != int(spec.step):
        message = f"space.{key}: expected a whole `step`, as the key takes whole numbers alone"
        raise ConfigError.of(message, _place(entry, "step"), "write `step: 1`")
    found = Range(key, path, place, low, high, spec.log, spec.step, whole)
    own = own_node(base, path, place)
    value = own.value if isinstance(own, ScalarNode) else None
    if own is None or isinstance(value, bool | str | None) or not _holds(found, value):
        return found
    return replace(found, own=Own(int(value) if whole else float(value)))


def _holds(found: Range, value: float) -> bool:
    if not found.low <= value <= found.high:
        return False
    steps = (Decimal(repr(float(value))) - Decimal(repr(found.low))) / Decimal(repr(found.step or 1.0))
    return steps == int(steps) or (found.step is None and not found.whole)


def _choices(key: str, path: tuple[str, ...], entry: Entry, base: Config) -> Choices:
    place, own, problems = entry.key_place, None, dict[str, Problem]()
    options: list[tuple[Value, Node]] = []
    for node in _nodes(entry):
        wrong = problems_with(base, path, node, _key_of(entry, node))
        value = stored(node)
        if not wrong and any(value == known for known, _ in options):
            wrong = [Problem(f"space.{key}: this choice is given twice", node.place, "take one away")]
        problems |= {problem.message: problem for problem in wrong}
        options.append((value, node))
        if not wrong and check(with_value(base, path, node, place)) == base.spec:
            own = Own(value)
    if problems:
        raise ConfigError(*problems.values())
    node_of_config = own_node(base, path, place)
    if own is None and node_of_config is not None and stored(node_of_config) not in dict(options):
        own = Own(stored(node_of_config))
        options.append((own.value, node_of_config))
    return Choices(key, path, place, tuple(options), own)


def _nodes(entry: Entry) -> list[Node]:
    """The choices; a text in quotes that looks like a list or a mapping is one."""
    listed = entry.node.entries["choices"].node if isinstance(entry.node, MappingNode) else None
    return [_unquoted(node) for node in listed.items] if isinstance(listed, ListNode) else []


def _unquoted(node: Node) -> Node:
    if isinstance(node, ScalarNode) and not node.plain and node.text.startswith(("[", "{")):
        return parse_node(node.text, lambda _line, _column: node.place) or node
    return node


def problems_with(base: Config, path: tuple[str, ...], node: Node, place: Place) -> list[Problem]:
    """What is wrong with the config once it has this value at this key."""
    try:
        spec = check(with_value(base, path, node, place))
    except ConfigError as error:
        return list(error.problems)
    if base.spec.validates and not spec.validates:
        return [Problem(f"{'.'.join(path)}: so there are no validation rows to choose by", node.place)]
    return []


def own_node(base: Config, path: tuple[str, ...], place: Place) -> Node | None:
    """The config's own value of a key, a default included, as a config would have it; None without one."""
    value: Any = settings_of(base.spec)
    for part in path:
        below = _below(value)
        if part not in below:
            return None
        value = below[part]
    node = parse_node(dump_document({"own": value}), lambda _line, _column: place)
    own = node.entries["own"].node if isinstance(node, MappingNode) else None
    if own is None or problems_with(base, path, own, place):
        return None
    return own if check(with_value(base, path, own, place)) == base.spec else None


def _below(value: Any) -> dict[str, Any]:
    """What a key may go on to: the options of a choice that has its name alone, the items of a list."""
    if isinstance(value, list):
        return {str(number): item for number, item in enumerate(value)}
    if isinstance(value, str):
        return {"name": value}
    return value if isinstance(value, dict) else {}
