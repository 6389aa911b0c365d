"""A config given as Python values: read like a file, by the same rules and with the same errors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlpcli.config.document import parse_document
from mlpcli.config.dump import dump_document
from mlpcli.config.load import Config, check
from mlpcli.errors import ConfigError, Place


def config_of(settings: Mapping[Any, Any], name: str = "config") -> Config:
    """The config that a mapping is. Its input paths are relative to the working directory.

    Raises ConfigError, whose places are lines of the YAML that the mapping stands for.
    """
    path = Path(name)
    root = parse_document(_yaml(settings, name).encode(), name)
    return Config(check(root), path, root)


def _yaml(settings: Mapping[Any, Any], name: str) -> str:
    try:
        return dump_document(_plain(settings))
    except yaml.representer.RepresenterError as error:
        kind = type(error.args[-1]).__name__
        message = f"expected texts, numbers, booleans, None, lists and mappings, found {kind}"
        raise ConfigError.of(message, Place(name)) from None


def _plain(value: Any) -> Any:
    """The value in what YAML can write: paths are texts, NumPy's numbers are Python's."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | bytes):
        raise yaml.representer.RepresenterError("only with a tag", value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, str):
        return str(value)
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") and value.ndim == 0 else value
