"""One row of the table: what was injected, how often, and what did not survive it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figure:
    """A count of faults with their failures; `row` names the hazard, `expected` what must come of each.

    `facts` are what else is worth knowing. A figure is reached where nothing failed and enough was done.
    """

    row: str
    injected: str
    expected: str
    count: int = 0
    least: int = 1
    failures: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Whether the promise held, and was put to the test at all."""
        return not self.failures and self.count >= self.least

    def check(self, fine: object, failure: str) -> None:
        """Note a failure unless all is fine."""
        if not fine:
            self.failures.append(failure)

    def add(self, fact: str, more: int = 1) -> None:
        """Count something that is worth knowing."""
        before = self.facts.get(fact, 0)
        assert isinstance(before, int)
        self.facts[fact] = before + more


def lines(figures: Sequence[Figure]) -> list[str]:
    """The table in Markdown, and below it what failed."""
    table = ["| row | injected | times | must | failed | besides | |", "|---|---|---:|---|---:|---|---|"]
    for figure in figures:
        facts = ", ".join(f"{name} {value}" for name, value in figure.facts.items())
        verdict = "ok" if figure.reached else "FAILED"
        cells = (figure.row, figure.injected, f"{figure.count:,}", figure.expected, len(figure.failures))
        table.append("| " + " | ".join(map(str, (*cells, facts, verdict))) + " |")
    for figure in figures:
        if figure.count < figure.least:
            table += ["", f"{figure.row}: {figure.count} of at least {figure.least}"]
        table += ["", *(f"{figure.row}: {failure}" for failure in figure.failures[:20])] * bool(
            figure.failures
        )
    return table
