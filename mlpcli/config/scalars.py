"""What a plain YAML scalar means: nothing, a boolean, a number, or just its text."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | None

WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
LONGEST_NUMBER = 400  # characters; int() refuses thousands of digits, and no setting needs them


def resolve(text: str) -> Value:
    """The value that a plain scalar stands for.

    Only `true` and `false` are booleans. Leading zeros, `0x10`, `1_000`, `12:30`, dates, `inf` and `nan`
    stay text, and so does a number too large for a float.
    """
    if text in WORDS:
        return WORDS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def means_no_finite_number(text: str) -> bool:
    """Whether a text looks like a number that is not finite: `inf`, `-.inf`, `nan`, `1e400`."""
    if text.lower().lstrip("+-.") in {"inf", "infinity", "nan"}:
        return True
    return DECIMAL.fullmatch(text) is not None and isinstance(resolve(text), str)
