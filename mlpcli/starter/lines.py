"""Single lines of a starter config: a setting, and a comment that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from mlpcli.config.dump import Dumper
from mlpcli.errors import clean

COMMENT_COLUMN = 48


def line(setting: str, comment: str = "", indent: int = 0) -> str:
    """A setting, and a comment in its column."""
    text = " " * indent + setting
    if not comment:
        return text
    safe = clean(comment, 160)
    return f"{text.ljust(COMMENT_COLUMN - 1)} # {safe}" if len(text) < COMMENT_COLUMN else f"{text}  # {safe}"


def scalar(text: str) -> str:
    """A text in one line, in quotes where YAML needs them, also between brackets."""
    written = yaml.dump([text], Dumper=Dumper, allow_unicode=True, width=float("inf"))
    # a character that shows nothing is in double quotes by now, where its escape means the same
    return clean(written.strip()[1:-1], len(written))


def flow(names: Sequence[str]) -> str:
    """Texts in one line between brackets."""
    return f"[{', '.join(map(scalar, names))}]"


def inline(settings: Mapping[str, str]) -> str:
    """Settings in one line between braces."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in settings.items()) + "}"
