"""Zstandard streams: by Python's own module from 3.14 on, before that by the codec of pyarrow."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from mlpcli.extras import optional

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def unpacking(handle: BinaryIO | io.RawIOBase, name: str) -> Any:
    """What reads the content of a compressed stream, to be used in a `with`, which leaves `handle` open.

    Raises UsageError where nothing is installed that can; its `read` raises OSError or EOFError for what is
    damaged.
    """
    if sys.version_info >= (3, 14):
        return import_module("compression.zstd").ZstdFile(handle)
    arrow = optional("pyarrow", f"{name}: reading .zst")
    return arrow.CompressedInputStream(arrow.PythonFile(_Borrowed(handle), mode="r"), "zstd")


def damages() -> tuple[type[Exception], ...]:
    """What reading raises for something damaged, besides OSError and EOFError."""
    if sys.version_info >= (3, 14):
        return (import_module("compression.zstd").ZstdError,)
    return ()


def packing(handle: BinaryIO, name: str) -> Any:
    """What compresses into a stream, to be used in a `with`, which leaves `handle` open."""
    if sys.version_info >= (3, 14):
        return import_module("compression.zstd").ZstdFile(handle, "w")
    arrow = optional("pyarrow", f"{name}: writing .zst")
    return arrow.CompressedOutputStream(arrow.PythonFile(_Borrowed(handle), mode="w"), "zstd")


class _Borrowed(io.RawIOBase):
    """A stream that stays open when pyarrow closes what it was given."""

    def __init__(self, handle: BinaryIO | io.RawIOBase) -> None:
        super().__init__()
        self._handle = handle

    def readable(self) -> bool:
        """Whether the stream can be read."""
        return self._handle.readable()

    def writable(self) -> bool:
        """Whether the stream can be written to."""
        return self._handle.writable()

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end."""
        return self._handle.read(size)

    def write(self, data: ReadableBuffer, /) -> int:
        """Pass bytes on; how many they are."""
        return self._handle.write(data)
