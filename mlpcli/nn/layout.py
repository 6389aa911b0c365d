"""Where each parameter array lies in the one flat vector that holds them all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from mlpcli.arrays import Array, Vector


@dataclass(frozen=True)
class Slot:
    """One named parameter array: its shape and its first index in the flat vector."""

    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        """One past the last flat index."""
        return self.start + prod(self.shape)


class Layout:
    """Named slots in one flat vector: every weight first, then everything that no penalty touches.

    Penalties and weight decay are therefore a matter of `theta[:n_weights]`, and an optimizer sees
    two vectors, `theta` and `grad`, whatever the network.
    """

    def __init__(self, weights: Mapping[str, tuple[int, ...]], others: Mapping[str, tuple[int, ...]]) -> None:
        slots: list[Slot] = []
        start = 0
        for name, shape in (*weights.items(), *others.items()):
            slots.append(Slot(name, shape, start))
            start = slots[-1].stop
        self.slots = tuple(slots)
        self.size = start
        self.n_weights = sum(prod(shape) for shape in weights.values())
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
