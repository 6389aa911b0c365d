"""Another point to check at: where many numbers lie on a kink at once, biases are moved a little.

A row of zeros and biases of zero, as a new network has them, put every unit exactly on the kink of a relu; a
layer_norm divides such a row by next to nothing. Both are accidents of the starting point. The formula of the
gradient is the same at any weights, so what cannot be judged there is judged a little beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from mlpcli.nn.network import Network

SEED = 0
ADDED = {"bias", "normalization"}  # what is added to a score, and so moves it off zero
LEAST, MOST = 0.05, 0.1  # how far an entry moves, up or down; steps of differences are far smaller


def moving(network: Network) -> Literal["biases", "weights"]:
    """Biases are moved, γ and β of normalizations and others among them; weights where there are none."""
    return "biases" if any(slot.group in ADDED for slot in network.layout.slots) else "weights"


@contextmanager
def shifted(network: Network) -> Iterator[None]:
    """The network with what is `moving` moved, every entry by LEAST to MOST up or down."""
    theta = network.theta
    entries = theta[network.layout.n_weights :] if moving(network) == "biases" else theta
    kept, rng = theta.copy(), np.random.default_rng(SEED)
    entries += rng.uniform(LEAST, MOST, entries.size) * rng.choice((-1.0, 1.0), entries.size)
    try:
        yield
    finally:
        theta[...] = kept
