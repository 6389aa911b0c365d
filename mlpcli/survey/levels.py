"""Levels, texts or codes: the most frequent of them, and how many rows hold one that comes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlpcli.data.fitting import OFTEN
from mlpcli.tables.spellings import spelt_alike

SURE = 3  # levels with twice as many rows
MANY = 30  # levels with so many
SHOWN = 4


@dataclass(frozen=True)
class Levels:
    """Levels: the most frequent; how many have at least OFTEN rows, and the share of rows with these.

    `sure` where some of the training rows, however they are drawn, will hold such a level. `alike` says
    which of them differ in capitals or spaces alone.
    """

    distinct: int
    examples: tuple[str, ...]
    often: int
    covered: float
    sure: bool
    alike: str | None = None

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Levels:
        """The levels that are counted, each with its rows."""
        often = [count for count in counts.values() if count >= OFTEN]
        sure = sum(count >= 2 * OFTEN for count in often) >= SURE or len(often) >= MANY
        covered = sum(often) / max(1, sum(counts.values()))
        examples = sorted(counts, key=lambda level: -counts[level])[:SHOWN]
        return cls(len(counts), tuple(examples), len(often), covered, sure, spelt_alike(counts))

    @property
    def come_again(self) -> bool:
        """Whether most rows hold a level that is worth a vector of its own."""
        return self.sure and self.covered >= 0.5

    @property
    def words(self) -> str:
        """How many, and the most frequent of them."""
        more = ", ..." if self.distinct > len(self.examples) else ""
        doubt = f"; {self.alike}" if self.alike else ""
        return f"{self.distinct:,} different: {', '.join(self.examples)}{more}{doubt}"
