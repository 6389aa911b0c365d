"""An .npz with named arrays and one JSON document, `meta`: what models and checkpoints are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.npy_format import npy_header, parse_npy
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.artifacts.strict_json import dumps, loads
from mlpcli.artifacts.zip_archive import Member, read_archive, write_archive

META = "meta"
NAME = re.compile(r"([a-z][A-Za-z0-9_.]{0,80})\.npy")
RELEASE = re.compile(r"[0-9]{1,4}(\.[0-9a-z]{1,8}){1,4}", re.ASCII)
MAX_ZIP_BYTES = (1 << 32) - 1  # beyond it a zip needs its 64-bit form
HEADROOM = 1 << 20  # more than the headers of all members together


@dataclass(frozen=True)
class Format:
    """The name and the version that `meta` states, and how large it and the file may be."""

    name: str
    version: int
    max_meta_bytes: int
    max_bytes: int


@dataclass(frozen=True)
class ArrayKind:
    """The type and the shape that an array must have."""

    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: Array) -> ArrayKind:
        """The kind of an array in memory."""
        return cls(array.dtype.name, array.shape)

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


def npz_content(kind: Format, document: Mapping[str, Any], arrays: Mapping[str, Array]) -> Content:
    """What writes the file: `meta` first, then the arrays in their order; the same values, the same bytes.

    Raises FileFormatError where the file would be larger than its reader accepts.
    """
    meta = np.frombuffer(dumps(document).encode("utf-8"), np.uint8)
    size = meta.nbytes + sum(array.nbytes for array in arrays.values()) + HEADROOM
    if meta.nbytes > kind.max_meta_bytes:
        raise FileFormatError(f"metadata of {meta.nbytes} bytes, more than the {kind.max_meta_bytes} allowed")
    if size > kind.max_bytes:
        raise FileFormatError(f"a file of {size} bytes, more than the {kind.max_bytes} allowed")

    def write(stream: BinaryIO) -> None:
        write_archive(stream, _members({META: meta, **arrays}))

    return write


def _members(arrays: Mapping[str, Array]) -> Iterator[tuple[str, tuple[bytes, memoryview]]]:
    for name, array in arrays.items():
        numbers = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        yield f"{name}.npy", (npy_header(numbers), numbers.reshape(-1).view(np.uint8).data)


@dataclass(frozen=True)
class Npz:
    """The members of a file whose container is sound; what they hold is checked as it is asked for."""

    members: Mapping[str, Member]

    @classmethod
    def parse(cls, data: bytes | bytearray) -> Npz:
        """Check the container and the names in it; raises FileFormatError."""
        members = {}
        for name, member in read_archive(data).items():
            match = NAME.fullmatch(name)
            if match is None:
                raise FileFormatError(f"a member is called {name[:80]!r}: not a name that mlp gives")
            members[match[1]] = member
        return cls(members)

    def document(self, expected: Format) -> dict[str, Any]:
        """The JSON of `meta`, of the expected format and of a version that can be read here."""
        if META not in self.members:
            raise FileFormatError(f"not a file of mlp: it has no member {META!r}")
        text = self._load(META)
        if text.dtype != np.uint8 or text.ndim != 1 or text.size > expected.max_meta_bytes:
            raise FileFormatError(f"{META!r} is not a vector of at most {expected.max_meta_bytes} bytes")
        document = loads(text.tobytes())
        _check_format(document, expected)
        return document

    def arrays(self, expected: Mapping[str, ArrayKind]) -> dict[str, Array]:
        """Exactly the expected arrays, beside `meta`; raises FileFormatError where they differ."""
        lacking = sorted(expected.keys() - self.members.keys())
        left = sorted(self.members.keys() - expected.keys() - {META})
        if lacking or left:
            what = f"it lacks {lacking[0]!r}" if lacking else f"it has {left[0]!r} besides"
            raise FileFormatError(f"the arrays are not those that its metadata describes: {what}")
        arrays = {}
        for name, kind in expected.items():
            array = self._load(name)
            if ArrayKind.of(array) != kind:
                raise FileFormatError(f"{name}: expected {kind}, found {ArrayKind.of(array)}")
            arrays[name] = array
        return arrays

    def _load(self, name: str) -> Array:
        try:
            array = parse_npy(self.members[name].stored_bytes())
            if array.fortran_order:
                raise FileFormatError("an array in Fortran order, which mlp does not write")
            return array.load()
        except FileFormatError as error:
            raise FileFormatError(f"{name}: {error.message}", error.hint) from error


def _check_format(document: Mapping[str, Any], expected: Format) -> None:
    name, version = document.get("format"), document.get("version")
    if name != expected.name:
        raise FileFormatError(
            f"expected format {expected.name!r}, found {name!r}", _OTHER_FORMAT.get(str(name))
        )
    if type(version) is not int or version < 1:
        raise FileFormatError(f"expected a format version, found {str(version)[:20]!r}")
    if version > expected.version:
        maker = str(document.get("mlp"))
        needed = f"mlp >= {maker}" if RELEASE.fullmatch(maker) and maker != __version__ else "a newer mlp"
        raise FileFormatError(
            f"format version {str(version)[:20]} needs {needed} (this is {__version__})",
            "install the latest mlp",
        )


_OTHER_FORMAT = {
    "mlp-checkpoint": "this is the checkpoint of a run that can be resumed; the model is in model.npz",
    "mlp-model": "this is a finished model; the state of a run is in checkpoint.npz",
}
