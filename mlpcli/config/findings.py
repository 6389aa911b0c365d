"""What a rule finds wrong."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.config.nodes import Key


@dataclass(frozen=True)
class Finding:
    """A problem with the setting at a key, whose place the config knows."""

    key: Key
    message: str
    hint: str | None = None
