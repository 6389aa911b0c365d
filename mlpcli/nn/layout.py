"""Where each parameter array lies in the one flat vector that holds them all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import get_args

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.nn.layers import Entry, Group


@dataclass(frozen=True)
class Slot:
    """One named parameter array: its shape, its first index in the flat vector, and as what it is learnt."""

    name: str
    shape: tuple[int, ...]
    start: int
    group: Group
    fan_in: int

    @property
    def stop(self) -> int:
        """One past the last flat index."""
        return self.start + prod(self.shape)


class Layout:
    """Named slots in one flat vector: every weight first, then everything that no penalty touches.

    Penalties and weight decay are therefore a matter of `theta[:n_weights]`, and an optimizer sees
    two vectors, `theta` and `grad`, whatever the network. Within both parts a group lies in one piece, so
    that the entries of one learning rate do.
    """

    def __init__(self, weights: Iterable[Entry], others: Iterable[Entry]) -> None:
        weights = tuple(weights)
        slots: list[Slot] = []
        start = 0
        for entry in (*_grouped(weights), *_grouped(others)):
            slots.append(Slot(entry.name, entry.shape, start, entry.group, entry.fan_in))
            start = slots[-1].stop
        self.slots = tuple(slots)
        self.size = start
        self.n_weights = sum(prod(entry.shape) for entry in weights)
        self._starts = [slot.start for slot in slots]

    def views(self, flat: Vector) -> dict[str, Array]:
        """Each parameter array by name, as a view into `flat` (size,)."""
        return {slot.name: flat[slot.start : slot.stop].reshape(slot.shape) for slot in self.slots}

    def slot_of(self, index: int) -> Slot:
        """The slot that holds flat index `index`."""
        return self.slots[bisect_right(self._starts, index) - 1]

    def locate(self, index: int) -> str:
        """The name of one entry: `layers.1.weight[0, 5]`."""
        slot = self.slot_of(index)
        position = np.unravel_index(index - slot.start, slot.shape)
        return f"{slot.name}[{', '.join(str(int(i)) for i in position)}]"


def _grouped(entries: Iterable[Entry]) -> list[Entry]:
    """Group after group; within one the order stays."""
    return sorted(entries, key=lambda entry: get_args(Group).index(entry.group))
