"""The claims of `--assert`: a metric, a comparison, a bound, and whether it holds."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlpcli.config.nodes import resolve
from mlpcli.errors import Place, Problem, UsageError
from mlpcli.terminal.console import number

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
# a metric, or what there is of a column, which may be called anything
CLAIM = re.compile(r"\s*([A-Za-z0-9_.]+?|psi\..+?)\s*(>=|<=|==|>|<)\s*(\S+)\s*")


@dataclass(frozen=True)
class Assertion:
    """One claim about a metric, as written and in its parts."""

    text: str
    metric: str
    comparison: str
    bound: float

    @property
    def place(self) -> Place:
        """Where it was written."""
        return Place(f"--assert '{self.text}'")

    def miss(self, values: Mapping[str, Any]) -> Problem | None:
        """What is wrong where the metrics do not keep the claim. An undefined one keeps none."""
        value = values[self.metric]
        if value is not None and COMPARISONS[self.comparison](value, self.bound):
            return None
        found = "no value: it is not defined for these rows" if value is None else shown(value, self.bound)
        return Problem(f"expected {self.metric} {self.comparison} {self.bound!r}, found {found}", self.place)


def shown(value: float, bound: float) -> str:
    """A value with as many digits as it takes to tell it from the bound."""
    short = number(value)
    return short if short != number(bound) else repr(value)


def parse_assertions(texts: Iterable[str]) -> list[Assertion]:
    """The claims that the texts are; raises UsageError for those that are none."""
    parsed = [(text, _parsed(text)) for text in texts]
    problems = [
        Problem(
            "expected a metric, one of >= <= > < == and a number",
            Place(f"--assert '{text}'"),
            "for example --assert 'accuracy>=0.9'",
        )
        for text, claim in parsed
        if claim is None
    ]
    if problems:
        raise UsageError(*problems)
    return [claim for _, claim in parsed if claim is not None]


def _parsed(text: str) -> Assertion | None:
    parts = CLAIM.fullmatch(text)
    bound = resolve(parts[3]) if parts else None
    if parts is None or isinstance(bound, bool) or not isinstance(bound, int | float):
        return None
    return Assertion(text, parts[1], parts[2], float(bound))
