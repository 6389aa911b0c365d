"""A config given as Python values: read like a file, by the same rules and with the same errors."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli.config.document import parse_document
from mlpcli.config.dump import dump_document
from mlpcli.config.load import Config, check
from mlpcli.errors import ConfigError, Place

Names = tuple[str, ...]
SCALARS = frozenset({bool, int, float, type(None), datetime.date, datetime.datetime})


def config_of(settings: Mapping[Any, Any], name: str = "config") -> Config:
    """The config that a mapping is. Its input paths are relative to the working directory.

    Raises ConfigError, whose places are lines of the YAML that the mapping stands for.
    """
    path = Path(name)
    root = parse_document(dump_document(_mapping(settings, Place(name), ())).encode(), name)
    return Config(check(root), path, root, is_mapping=True)


def _mapping(settings: Mapping[Any, Any], place: Place, key: Names) -> dict[Any, Any]:
    return {
        _scalar(name, place, key): _plain(item, place, (*key, str(name))) for name, item in settings.items()
    }


def _plain(value: Any, place: Place, key: Names) -> Any:
    """The value at a key in what YAML can write: arrays and other sequences are lists."""
    if isinstance(value, Mapping):
        return _mapping(value, place, key)
    value = _of_python(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item, place, key) for item in value]
    return _scalar(value, place, key)


def _scalar(value: Any, place: Place, key: Names) -> Any:
    """A single value: paths are texts, NumPy's numbers are Python's."""
    value = _of_python(value)
    if isinstance(value, str):
        return str(value)
    if type(value) not in SCALARS:
        name, kind = ".".join(key), type(value).__name__
        message = f"expected texts, numbers, booleans, None, lists and mappings, found {kind}"
        raise ConfigError.of(f"{name}: {message}" if name else message, place)
    return value


def _of_python(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, type) and hasattr(value, "dtype"):  # np.float32 is the precision of that name
        return value.__name__
    return value.tolist() if hasattr(value, "dtype") and hasattr(value, "tolist") else value
