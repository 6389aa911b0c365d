"""A signal that arrives at an update of choice."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from mlpcli.signals import StopRequest

TERM = 128 + signal.SIGTERM


@contextmanager
def stopped_after(updates: int) -> Iterator[None]:
    """A SIGTERM arrives during this update (during this iteration, for bfgs and lbfgs)."""
    asked = itertools.count(1)

    def stop(request: StopRequest) -> bool:
        if next(asked) == updates:
            request.signal = signal.SIGTERM
        return request.signal is not None

    with patch.object(StopRequest, "__call__", stop):
        yield
