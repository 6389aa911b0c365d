"""Weights to start from, out of any .npz: a model file, or one that `np.savez` wrote."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.npy_format import parse_npy
from mlpcli.artifacts.source_file import FileFormatError, read_regular_file
from mlpcli.artifacts.zip_archive import STORED, Member, read_archive, verified

DEFLATED = 8
MAX_UNPACKED_BYTES = 256 << 20  # of all compressed members together
NUMBER = r"(?:0|[1-9][0-9]{0,3})"
# what layers may have, in the order in which it comes
PARTS = (
    "factor",
    "frequency",
    "phase",
    "weight",
    "bias",
    "gamma",
    "beta",
    "running_mean",
    "running_variance",
    "alpha",
)
LAYER = rf"(?:embeddings|layers)\.{NUMBER}|numeric_embedding|scaling"
PARAMETER = re.compile(rf"((?:{LAYER})\.(?:{'|'.join(PARTS)}))\.npy")
NUMBERS = frozenset({f"<{kind}{size}" for kind in "fiu" for size in (2, 4, 8)} | {"|i1", "|u1"})


@dataclass(frozen=True, eq=False)
class PlainArrays:
    """The arrays of a network by name, in float64, and the sha256 of the file's bytes."""

    arrays: Mapping[str, Array]
    sha256: str


def read_arrays(path: Path) -> PlainArrays:
    """The arrays that a network has, as layers.I.weight and layers.I.bias; others are left aside.

    Raises FileFormatError, with a hint, for what is not an .npz, holds none of them, or no finite numbers.
    """
    data = read_regular_file(path)
    members = read_archive(data)
    found = {match[1]: member for name, member in members.items() if (match := PARAMETER.fullmatch(name))}
    if "layers.0.weight" not in found:
        names = ", ".join(name.removesuffix(".npy")[:40] for name in list(members)[:5]) or "nothing"
        raise FileFormatError(f"it holds no array called layers.0.weight, found {names}", NAMES_HINT)
    _refuse_bomb(found)
    arrays = {name: _load(name, member) for name, member in sorted(found.items(), key=_position)}
    return PlainArrays(arrays, hashlib.sha256(data).hexdigest())


NAMES_HINT = "name the arrays layers.0.weight, layers.0.bias, layers.1.weight, ..."


def _position(item: tuple[str, Member]) -> tuple[str, int, int]:
    kind, *index, part = item[0].split(".")
    return kind, int("".join(index) or 0), PARTS.index(part)


def _refuse_bomb(members: Mapping[str, Member]) -> None:
    unpacked = sum(member.size for member in members.values() if member.method != STORED)
    if unpacked > MAX_UNPACKED_BYTES:
        raise FileFormatError(
            f"its compressed arrays unpack to {unpacked} bytes, more than the {MAX_UNPACKED_BYTES} allowed",
            "save it with np.savez instead of np.savez_compressed",
        )


def _load(name: str, member: Member) -> Array:
    try:
        array = parse_npy(_unpacked(member)).load(NUMBERS).astype(np.float64)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error.message}", error.hint) from error
    if not np.isfinite(array).all():
        raise FileFormatError(f"{name}: holds a number that is not finite")
    return array


def _unpacked(member: Member) -> memoryview:
    if member.method != DEFLATED:
        return member.stored_bytes()
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(member.content, member.size + 1)
    except zlib.error as error:
        raise FileFormatError("the compressed data is damaged") from error
    return verified(member, memoryview(content))
