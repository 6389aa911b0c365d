"""Digests of training rows: enough to say that a row was among them, and nothing that leads back to one.

A row is its encoded inputs and targets, as the network takes them. Its digest is 64 bits of keyed BLAKE2b;
the key is a hash of all rows together, so that models of different rows have no digests in common. Whoever
holds a row can ask whether it was a training row; nobody can compute a row from its digest but by trying.

Of many rows a sample is kept: those whose mark, a hash of 32 bits, is below a bound; marks are not stored.
Rows that are looked for are sampled by the same bound (Broder 1997, "On the resemblance and containment of
documents").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.storage.rows import Rows, taken

MOST = 8192  # digests in a model file, 64 KiB
MARKS = 1 << 32
BLOCK = 1 << 18  # numbers that are hashed at the same time


@dataclass(frozen=True)
class Overlap:
    """How many of `rows` rows were looked for among the training rows, and how many of these are there."""

    rows: int
    checked: int
    found: int

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(self.rows + other.rows, self.checked + other.checked, self.found + other.found)

    @property
    def is_sample(self) -> bool:
        """Whether some of the rows were not looked for."""
        return self.checked < self.rows

    @property
    def training_rows(self) -> int:
        """How many of all rows are training rows; an estimate where it is a sample."""
        return round(self.rows * self.found / self.checked) if self.checked else 0

    def remark(self, rows: str, *, surely: bool = False) -> str:
        """What to say of it; `rows` is what was looked for, as in `90 rows`, `surely` not for equal rows."""
        known = f"{'about ' if self.is_sample else ''}{self.training_rows:,} of {rows}"
        were = "was a training row" if self.training_rows == 1 else "were training rows"
        equal = "" if surely else ", or equal to one"
        return f"{known} {were}{equal}: what they score says little about new rows"


@dataclass(frozen=True, eq=False)
class RowDigests:
    """The digests (int64, ascending, each once) of the training rows whose mark is below a bound.

    `salt` is the key in hexadecimal digits.
    """

    digests: Indices
    below: int
    salt: str

    @classmethod
    def of(cls, x: Rows, y: Matrix) -> RowDigests:
        """Those of rows with these inputs and targets."""
        of_rows = _marks(x, y)
        ordered = np.sort(of_rows)  # np.unique takes forty times as long
        marks = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
        del ordered  # there may be very many rows
        below = int(marks[MOST]) if len(marks) > MOST else MARKS
        salt = hashlib.blake2b(marks.astype("<u4", copy=False).data, digest_size=16).hexdigest()
        rows = np.flatnonzero(of_rows < below)
        first = rows[np.unique(of_rows[rows], return_index=True)[1]]
        return cls(np.unique(_digests(x, y, first, salt)), below, salt)

    def overlap(self, x: Rows, y: Matrix) -> Overlap:
        """How many of these rows are training rows, or equal to one."""
        rows = np.flatnonzero(_marks(x, y) < self.below)
        found = np.isin(_digests(x, y, rows, self.salt), self.digests)
        return Overlap(len(x), len(rows), int(found.sum()))


def _marks(x: Rows, y: Matrix) -> Array:
    """32 bits of a hash of every row (n,): Σ mⱼ bⱼ of its words b, mixed."""
    size = max(1, BLOCK // (x.shape[1] + y.shape[1]))
    marks = np.empty(len(x), np.uint32)
    for start in range(0, len(x), size):
        words = np.hstack([_words(part[start : start + size]) for part in (x, y)])
        sums = words.astype(np.uint64) @ _mixed(np.arange(1, words.shape[1] + 1, dtype=np.uint64))
        marks[start : start + size] = _mixed(sums) >> np.uint64(32)
    return marks


def _words(numbers: Matrix) -> Array:
    """The bits of each row in words of 32; zero has one form."""
    return np.ascontiguousarray(numbers + 0, numbers.dtype.newbyteorder("<")).view("<u4")


def _mixed(words: Array) -> Array:
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on all."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(words ^ (words >> np.uint64(31)))


def _digests(x: Rows, y: Matrix, rows: Indices, salt: str) -> Vector:
    found, key = bytearray(), bytes.fromhex(salt)
    for inputs, targets in zip(_words(taken(x, rows)), _words(y[rows]), strict=True):
        found += hashlib.blake2b(inputs.tobytes() + targets.tobytes(), digest_size=8, key=key).digest()
    return np.frombuffer(found, "<i8")
