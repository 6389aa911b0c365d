"""Small damage to bytes: flipped, lost, added, doubled, cut off, or overwritten with values that provoke."""

from __future__ import annotations

import random
from collections.abc import Sequence

PROVOKING = (
    *(bytes([value]) for value in (0, 1, 0x0A, 0x20, 0x22, 0x27, 0x7F, 0x80, 0xFE, 0xFF)),
    *(value.to_bytes(4, "little") for value in (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1)),
    *(text.encode() for text in ("NaN", "1e999", "-1", "null", "[[[[", "{}", "PK\3\4", "\\ud800", "9" * 30)),
)
LONGEST_SLICE = 40
IN_A_PLACE_OF_INTEREST = 0.8  # the share of the changes that is made there


def mutant_of(data: bytes, rng: random.Random, places: Sequence[tuple[int, int]]) -> bytes:
    """The data after one to four changes, most of them within `places`, pairs of start and end."""
    mutant = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        _change(mutant, rng, _position(rng, len(mutant), places))
    return bytes(mutant)


def _position(rng: random.Random, size: int, places: Sequence[tuple[int, int]]) -> int:
    start, end = rng.choice(places) if rng.random() < IN_A_PLACE_OF_INTEREST else (0, size)
    return min(rng.randrange(start, max(start + 1, end)), max(0, size - 1))


def _change(data: bytearray, rng: random.Random, at: int) -> None:
    length = rng.randrange(1, LONGEST_SLICE)
    match rng.randrange(8):
        case 0 | 1 if data:
            data[at] ^= 1 << rng.randrange(8)
        case 2:
            del data[at : at + length]
        case 3:
            data[at:at] = rng.randbytes(length)
        case 4:
            data[at:at] = data[at : at + length]
        case 5 if rng.random() < 0.2:
            del data[at:]
        case _:
            value = rng.choice(PROVOKING)
            data[at : at + len(value)] = value
