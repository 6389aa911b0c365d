"""Rows of a store that an order soon comes to, fetched together: so few passes over the store are enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.storage.rows import Fetch

OrderOf = Callable[[int], Indices]
A_PLACE: Final = 32  # bytes for the numbers of a row while it is fetched


def pieces_in(size: int, rows: int, a_row: int) -> int:
    """How many pieces of so many rows may be fetched together, in about `size` bytes."""
    return size // (max(1, rows) * (a_row + A_PLACE))


class Ahead:
    """The rows of several pieces of an order in `room`, of which piece after piece is then taken.

    `order_of` gives the rows of a piece by its number, of which there are `number`; they may be others in
    every epoch.
    """

    def __init__(self, fetch: Fetch, order_of: OrderOf, number: int, pieces: int, room: Matrix) -> None:
        self._fetch, self._order_of, self._room = fetch, order_of, room
        self._number, self._pieces = number, pieces
        self._now: tuple[int, int] | None = None
        self._places: Sequence[Indices] = ()

    def take(self, epoch: int, piece: int, out: Matrix) -> None:
        """out[i] = rows[order_of(piece)[i]]."""
        first = piece - piece % self._pieces
        if self._now != (epoch, first):
            together = range(first, min(first + self._pieces, self._number))
            orders = [self._order_of(one) for one in together]
            coming = np.concatenate(orders)
            places = self._fetch(coming, self._room[: len(coming)])
            self._places = np.split(places, np.cumsum([len(one) for one in orders])[:-1])
            self._now = epoch, first
        np.take(self._room, self._places[piece - first], axis=0, out=out, mode="clip")
