"""Random numbers: one seed, and a stream of its own for each purpose."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator for one purpose: `split`, `weights`, `shuffling`, `dropout`.

    Streams of different names are independent, so that drawing more from one changes no other.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def derived_seed(seed: int, number: int) -> int:
    """The seed of the network of that number among several: of the first one this seed itself."""
    if not number:
        return seed
    (high,) = (
        np.random.SeedSequence([seed, zlib.crc32(b"member"), number]).generate_state(1, np.uint64).tolist()
    )
    return int(high) >> 1
