"""Texts and numbers as a reader wants them: names made harmless and cut to their room, few digits."""

from __future__ import annotations

import math
import unicodedata
from typing import Final

from mlpcli.errors import clean

LONGEST: Final = 60  # characters of a name from a table: more is no name that one reads
EM: Final = 0.56  # the width of a character as a share of the size of its font, on average and a little more
WIDE: Final = {"W", "F"}  # East Asian characters are as wide as they are high
RIGHT_TO_LEFT: Final = {"R", "AL"}
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


def name(text: object, limit: int = LONGEST) -> str:
    """A name from a table, printable and cut.

    One that is written from right to left is kept apart from the rest, which would change places with it
    otherwise (Unicode Standard Annex 9, isolates).
    """
    safe = clean(text, limit)
    if any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in safe):
        return f"{ISOLATE}{safe}{END_OF_ISOLATE}"
    return safe


def phrase(text: str) -> str:
    """A part of a sentence that may have names in it, printable."""
    return name(text, 2000)


def fitted(text: object, room: float, size: float) -> str:
    """A name that takes at most about `room` in a font of that size, both in the same unit."""
    whole = clean(text, 300)
    if width(whole, size) <= room:
        return name(whole, 300)
    kept = whole
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return name(kept, 300) + "…"


def width(text: str, size: float) -> float:
    """About how wide a text is."""
    wide = sum(unicodedata.east_asian_width(character) in WIDE for character in text)
    return size * (EM * (len(text) - wide) + wide)


def shown(value: float | None) -> str:
    """A number as a table has it: four digits, at most four behind the point; `–` for what is not defined."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if isinstance(value, int) or size >= 1e4:
        return _minus(f"{value:,.0f}") if size < 1e12 else _power(value)
    if size < 1e-3:
        return _power(value) if value else "0"
    digits = 4 if size < 1 else 3 - math.floor(math.log10(size))
    return _minus(f"{value:,.{digits}f}")


def told(value: float | None) -> str:
    """A number as a sentence has it: three digits, without zeros at its end; nothing is 1 that is less."""
    if value is None or not math.isfinite(value) or abs(value) >= 1e3 or 0 < abs(value) < 1e-3:
        return shown(value)
    text = f"{value:.3g}" if not 0.999 < abs(value) < 1 else f"{value:.6f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _power(value: float) -> str:
    """`1.234e-5`."""
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    return _minus(f"{mantissa}e{int(exponent)}")


def percent(share: float) -> str:
    """A share of 1 as a percentage, with a digit behind the point where it is not whole."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"


def counted(count: int, thing: str, things: str | None = None) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def listed(texts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
