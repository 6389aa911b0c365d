"""Something that each thread has its own of, made when it first asks: scratch that two must not share.

A network computes in arrays that it keeps, because making them costs more than a prediction of one row. So
whoever predicts from several threads has a network for each of them, and the same one at the next call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Own = TypeVar("Own")


class PerThread(Generic[Own]):
    """What `make` makes, once in each thread; it goes when its thread ends, or this does.

    It cannot be pickled, as locks cannot: who holds one leaves it out.
    """

    def __init__(self, make: Callable[[], Own]) -> None:
        self._make = make
        self._local = threading.local()

    def own(self) -> Own:
        """That of the calling thread."""
        try:
            own: Own = self._local.own
        except AttributeError:
            own = self._local.own = self._make()
        return own
