"""Texts that are kept to the end of a run: as bytes, a fraction of the memory of a table's cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.tables.columns import TextColumn


@dataclass(frozen=True)
class PackedTexts:
    """A column of texts, exactly as in the file: row i ends at byte `ends[i]`, where the next one begins."""

    content: bytes
    ends: Indices

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, rows: Indices) -> Array:
        """The texts of these rows, as an array of objects."""
        ends = self.ends[rows]
        starts = np.where(rows > 0, self.ends[rows - 1], 0)
        found = np.empty(len(rows), dtype=object)
        for i, (first, last) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            found[i] = self.content[first:last].decode("utf-8")
        return found


def packed(column: TextColumn) -> PackedTexts:
    """The texts of a column, row by row."""
    levels = [level.encode("utf-8") for level in column.levels]
    lengths = np.fromiter(map(len, levels), np.int64, len(levels))
    content = b"".join(map(levels.__getitem__, column.codes.tolist()))
    return PackedTexts(content, np.cumsum(lengths[column.codes], dtype=np.int64))


def join_packed(parts: Iterable[PackedTexts]) -> PackedTexts:
    """One column from its parts, top to bottom."""
    parts = list(parts)
    before = np.cumsum([0, *(len(part.content) for part in parts)])
    ends = [part.ends + start for part, start in zip(parts, before[:-1], strict=True)]
    return PackedTexts(b"".join(part.content for part in parts), np.concatenate(ends))
