"""The .npy form of one array: a text header, which is matched and never evaluated, then the numbers.

NumPy's own reader compiles the header as Python, even where it allows no pickle.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from math import prod

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.source_file import FileFormatError

MAGIC = b"\x93NUMPY\x01\x00"
START = len(MAGIC) + 2  # the header's length follows the magic in two bytes
ALIGNMENT = 64  # the header is padded so that the numbers start at a multiple of this
MAX_HEADER = 1024
MAX_DIMENSIONS = 2
STRICT_TYPES = frozenset({"<f4", "<f8", "<i8", "|u1"})
HEADER = re.compile(
    rb"\{'descr': '([<>|][A-Za-z][0-9]{0,2})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,15}, )*(?:[0-9]{1,15},?)?)\),? *\} *\n"
)


def npy_header(array: Array) -> bytes:
    """Magic, length and header for the numbers of `array`, which is C-contiguous and of a strict type."""
    if array.dtype.str not in STRICT_TYPES or not 1 <= array.ndim <= MAX_DIMENSIONS:
        raise ValueError(f"{array.dtype} array of {array.ndim} axes is not for this file format")
    text = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {array.shape}, }}"
    padding = -(START + len(text) + 1) % ALIGNMENT
    body = text.encode() + b" " * padding + b"\n"
    return MAGIC + len(body).to_bytes(2, "little") + body


@dataclass(frozen=True)
class NpyArray:
    """What one .npy member says of itself, checked against the bytes that it has."""

    descr: str
    fortran_order: bool
    shape: tuple[int, ...]
    numbers: memoryview

    def load(self, types: Collection[str] = STRICT_TYPES) -> Array:
        """A new array; raises FileFormatError where the numbers are not of one of `types`."""
        if self.descr not in types:
            raise FileFormatError(f"numbers of type {self.descr}: expected one of {', '.join(sorted(types))}")
        dtype = np.dtype(self.descr)
        if len(self.numbers) != prod(self.shape) * dtype.itemsize:
            wanted = prod(self.shape) * dtype.itemsize
            raise FileFormatError(f"shape {list(self.shape)} needs {wanted} bytes, found {len(self.numbers)}")
        flat = np.frombuffer(self.numbers, dtype)
        return flat.reshape(self.shape, order="F" if self.fortran_order else "C").copy(order="C")


def parse_npy(payload: memoryview) -> NpyArray:
    """The header of a .npy member and where its numbers are; raises FileFormatError."""
    if payload[: len(MAGIC)] != MAGIC:
        raise FileFormatError("not an array in .npy format 1.0")
    length = int.from_bytes(payload[len(MAGIC) : START], "little")
    if length > MAX_HEADER or START + length > len(payload):
        raise FileFormatError("the header of the array is too long")
    match = HEADER.fullmatch(payload[START : START + length])
    if match is None:
        raise FileFormatError("the header of the array is not one that NumPy writes")
    descr, order, sizes = (group.decode("ascii") for group in match.groups())
    shape = tuple(int(size) for size in re.findall(r"[0-9]+", sizes))
    if len(shape) > MAX_DIMENSIONS:
        raise FileFormatError(f"an array of {len(shape)} axes: expected at most {MAX_DIMENSIONS}")
    return NpyArray(descr, order == "True", shape, payload[START + length :])
