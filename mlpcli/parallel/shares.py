"""Who does which part of a number of things: cut by numbers alone, so that everybody cuts alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

WRITTEN: Final = re.compile(r"(\d{1,9})/([1-9]\d{0,8})", re.ASCII)


def share(n: int, rank: int, size: int) -> slice:
    """A worker's part of n things: no two differ by more than one, and the first is never the smaller."""
    return slice(-(-n * rank // size), -(-n * (rank + 1) // size))


@dataclass(frozen=True)
class Shard:
    """One of so many parts of the rows of an input; the first is number 1."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"expected a shard from 1/{self.of} to {self.of}/{self.of}, found {self}")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The shard that is written as `2/8`; ValueError where none is."""
        found = WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"expected I/N, such as 2/8 for the second of eight, found '{text}'")
        return cls(int(found[1]), int(found[2]))

    @property
    def is_first(self) -> bool:
        """Whether no other comes before it."""
        return self.number == 1

    def rows(self, total: int) -> slice:
        """Which of all rows are its own: none where there are fewer than shards."""
        return share(total, self.number - 1, self.of)
