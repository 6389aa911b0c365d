"""What is tried for one key of the config: as Optuna has it, and as it stands in a config."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from mlpcli.config.nodes import ListNode, MappingNode, Node, ScalarNode, Value
from mlpcli.errors import Place

if TYPE_CHECKING:
    from optuna import Trial


@dataclass(frozen=True)
class Own:
    """The config's own value of a key, where it is one of those that are tried."""

    value: Value


@dataclass(frozen=True, eq=False)
class Range:
    """Numbers from `low` to `high`, both included; `whole` ones where the key takes no others."""

    key: str
    path: tuple[str, ...]
    place: Place
    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False
    own: Own | None = None

    def suggested(self, trial: Trial) -> Value:
        """What the trial has for it, chosen now unless it was before."""
        if self.whole:
            step = int(self.step or 1)
            return trial.suggest_int(self.key, int(self.low), int(self.high), step=step, log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log)

    def node(self, value: Value) -> Node:
        """The value as it would stand in a config."""
        return ScalarNode(repr(value), True, self.place)

    def all(self) -> Sequence[Value] | None:
        """Every value, None where they cannot be counted."""
        step = self.step or (1.0 if self.whole else None)
        if step is None:
            return None
        steps = range(int((Decimal(repr(self.high)) - Decimal(repr(self.low))) / Decimal(repr(step))) + 1)
        values = [float(Decimal(repr(self.low)) + number * Decimal(repr(step))) for number in steps]
        return [int(value) for value in values] if self.whole else values

    @property
    def described(self) -> str:
        """What makes a study another one, in short."""
        return json.dumps([self.key, self.low, self.high, self.log, self.step, self.whole])


@dataclass(frozen=True, eq=False)
class Choices:
    """Some values; what is no scalar is known to Optuna by its YAML text."""

    key: str
    path: tuple[str, ...]
    place: Place
    options: tuple[tuple[Value, Node], ...]
    own: Own | None = None

    def suggested(self, trial: Trial) -> Value:
        """What the trial has for it, chosen now unless it was before."""
        return trial.suggest_categorical(self.key, self.all())

    def node(self, value: Value) -> Node:
        """The value as it would stand in a config; a study knows no others than those of its file."""
        return next(node for known, node in self.options if (type(known), known) == (type(value), value))

    def all(self) -> Sequence[Value]:
        """Every value."""
        return [value for value, _ in self.options]

    @property
    def described(self) -> str:
        """What makes a study another one, in short."""
        return json.dumps([self.key, self.all()])


Dimension: TypeAlias = Range | Choices


def stored(node: Node) -> Value:
    """How Optuna knows a value: a scalar as it is, anything else by its YAML text."""
    return node.value if isinstance(node, ScalarNode) else flow_text(node)


def flow_text(node: Node) -> str:
    """YAML in one line that reads back to the same."""
    if isinstance(node, ListNode):
        return f"[{', '.join(map(flow_text, node.items))}]"
    if isinstance(node, MappingNode):
        pairs = (f"{_quoted(key)}: {flow_text(entry.node)}" for key, entry in node.entries.items())
        return f"{{{', '.join(pairs)}}}"
    return node.text if node.plain else _quoted(node.text)


def _quoted(text: str) -> str:
    return text if text.isidentifier() else json.dumps(text, ensure_ascii=False)
