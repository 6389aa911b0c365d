"""Finds out that texts are numbers with decoration: a currency sign, a unit, thousands apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from mlpcli.config.parse_spec import ParseSpec
from mlpcli.tables.csv_format import MISSING_MARKS
from mlpcli.tables.decorated_numbers import THOUSANDS, decorated_numbers
from mlpcli.tables.units import NO_UNITS, is_currency, is_unit

LOOKED_AT = 100  # texts that tell whether the others are worth a look
MOST_FORMS = 5  # different decorations that still seem to be meant as numbers
FEWEST = 10  # different texts for these to be told
TELLING = 5  # different numbers that show a word to be a unit which no list has
MOSTLY = 0.8  # of the texts, in which a comma is a decimal mark
ODD = 0.2  # cells that may be no numbers for the others to be told
BLANKS = " \u00a0\u2009\u202f"
TEXT = re.compile(
    rf"\s*[+\u2212-]?\s*(?P<prefix>[^\d+\u2212-]*?)\s*[+\u2212-]?"
    rf"(?P<number>(?:(?<![A-Za-z])\.)?[0-9](?:[0-9.,'\u2019{BLANKS}]*[0-9])?)(?P<suffix>.*)",
    re.DOTALL,
)
UNKNOWN_UNIT = re.compile(r"[^\W\d_][^\W\d_ ./²³°-]*([ ./-][^\W\d_ ./²³°]+){0,2}[²³.]?")
CODE_OF_CURRENCY = re.compile("[A-Z]{3}")
DECIMAL_COMMA = re.compile(r"'[+\u2212-]?[0-9]+(,[0-9]+)?'")
CODE = re.compile("0[0-9]")  # that a number begins with


@dataclass(frozen=True)
class Decoration:
    """What is seen in the texts of a column, and how they are parsed; None where not all of them agree.

    `marks` are texts with the decoration and no number, which stand for missing ones.
    """

    seen: str
    parse: ParseSpec | None = None
    marks: tuple[str, ...] = ()

    @property
    def of_file(self) -> str:
        """What to write where all numbers of the file have such commas; nothing where there are none."""
        commas = self.parse == ParseSpec(thousands=".") and DECIMAL_COMMA.search(self.seen)
        return ': `decimal: ","` under `data` if all of the file is so' if commas else ""


class _Parts(NamedTuple):
    """A text with a number in it: what stands before, the digits with what parts them, what stands after."""

    prefix: str
    number: str
    suffix: str


def decoration_of(counts: Mapping[str, int], decimal: str = ".") -> Decoration | None:
    """How the numbers are decorated that texts are, which occur so often; None where they are something else.

    Marks of missing cells are set aside. All others must agree: ranks, dates, times, codes, versions, ranges
    and names with numbers are no amounts.
    """
    known = {text: n for text, n in counts.items() if text.strip() and text.strip() not in MISSING_MARKS}
    first = [_parts(text) for text in islice(known, LOOKED_AT)]
    words = {(part.prefix, part.suffix.strip()) for part in first if part is not None}
    if len(known) < 2 or not 0 < len(words) <= MOST_FORMS or first.count(None) > LOOKED_AT * ODD:
        return None
    parted = {text: _parts(text) for text in known}
    parts = _without_zeros({text: found for text, found in parted.items() if found is not None})
    forms: Counter[tuple[str, str]] = Counter()
    for text, found in parts.items():
        forms[found.prefix.strip(), found.suffix.strip()] += known[text]
    odd = {text: known[text] for text, found in parted.items() if found is None}
    marks = tuple(text for text in odd if len(forms) == 1 and _is_bare(text, *next(iter(forms))))
    if len(odd) > len(marks) or len(forms) > 1:
        return _disagreement(known, forms, odd)
    if len(parts) < 2 or _are_names(list(parts), list(parts.values()), len(known) == sum(known.values())):
        return None
    parse = next(_candidates(list(parts.values()), decimal), None)
    if parse is None or not _are_read(list(parts), parse, decimal):
        return None
    return Decoration(f"numbers written as '{next(iter(parts)).strip()}'", parse, marks)


def _is_bare(text: str, prefix: str, suffix: str) -> bool:
    """Whether a text is the decoration alone, with or without a dash: `bhp`, `$-`."""
    return re.sub(r"[\s-]", "", text) in {
        re.sub(r"[\s-]", "", words) for words in (prefix, suffix, prefix + suffix)
    }


def _without_zeros(parts: Mapping[str, _Parts]) -> Mapping[str, _Parts]:
    """The texts without a bare zero, which is nothing in any unit, if there are others."""
    given = {
        text: part for text, part in parts.items() if part.prefix or part.suffix or part.number.strip("0.,")
    }
    return given or parts


def _are_names(texts: Sequence[str], parts: Sequence[_Parts], different: bool) -> bool:
    """Whether texts number something: telephones, years in parentheses, codes such as RM101, RM102."""
    prefix, suffix = parts[0].prefix.strip(), parts[0].suffix.strip()
    if all(text.strip().startswith("(") for text in texts):
        return True
    if not prefix and not suffix and any(text.lstrip().startswith("+") for text in texts):
        return True
    alike = len({len(part.number) for part in parts}) == 1 and all(part.number.isdigit() for part in parts)
    return different and alike and not suffix and prefix.isalpha() and prefix.isascii()


def _parts(text: str) -> _Parts | None:
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    found = TEXT.fullmatch(inner)
    return None if found is None else _Parts(found["prefix"], found["number"], found["suffix"])


def _disagreement(
    known: Mapping[str, int], forms: Counter[tuple[str, str]], odd: Mapping[str, int]
) -> Decoration | None:
    """What is seen where only some cells agree, if they seem to be meant as numbers."""
    units = [form for form in forms if _is_known(*form)]
    if len(known) < FEWEST or len(forms) > MOST_FORMS or not units or not {*forms} <= {*units, ("", "")}:
        return None
    # most cells bare: a few with a letter behind the number are no amounts, as boats 13 and 5 B
    if sum(odd.values()) > ODD * sum(known.values()) or forms.most_common(1)[0][0] == ("", ""):
        return None
    shown = ", ".join(f"{_shown(*form)} ({n:,})" for form, n in forms.most_common())
    seen = f"numbers with different units: {shown}" if len(forms) > 1 else f"numbers with {_shown(*units[0])}"
    if not odd:
        return Decoration(seen)
    text, n = max(odd.items(), key=lambda item: item[1])
    return Decoration(f"{seen}, but not '{text}' ({n:,}): if that means missing, name it in na_values")


def _shown(prefix: str, suffix: str) -> str:
    return " and ".join(f"'{text}'" for text in (prefix, suffix) if text) or "none"


def _is_known(prefix: str, suffix: str) -> bool:
    return bool(prefix or suffix) and (not prefix or is_currency(prefix)) and (not suffix or is_unit(suffix))


def _candidates(parts: Sequence[_Parts], decimal: str) -> Iterator[ParseSpec]:
    """How the numbers may be parsed, the likeliest first, where all have the same words around them."""
    prefix, suffix = parts[0].prefix.strip(), parts[0].suffix.strip()
    numbers = [part.number for part in parts]
    if any(CODE.match(number) for number in numbers) or not _can_be_words(parts):
        return
    first, second = (",", ".") if decimal == "." else (".", ",")
    apart = [
        mark
        for mark in (None, first, " ", "'", second)
        if (prefix or suffix) or _is_apart(numbers, mark, first)
    ]
    blank = " " if suffix and parts[0].suffix[0].isspace() else ""
    for mark in apart:
        spec = ParseSpec(prefix=prefix or None, suffix=blank + suffix or None, thousands=mark)
        if _are_read(numbers, spec, decimal):
            yield spec
    if not (prefix or suffix) and decimal == "." and _have_decimal_commas(numbers):
        yield ParseSpec(thousands=".")


def _have_decimal_commas(numbers: Sequence[str]) -> bool:
    """Whether commas part digits as a decimal mark does, and neither thousands nor the items of lists."""
    cells = [number.split(",") for number in numbers]
    plain = len(numbers) >= FEWEST and all(len(cell) < 3 and "".join(cell).isdigit() for cell in cells)
    digits = [len(cell[1]) for cell in cells if len(cell) == 2]
    if not plain or len(digits) < MOSTLY * len(cells) or set(digits) == {3}:
        return False
    return max(digits) > 1 or any(cell[0] == "0" for cell in cells)


def _are_read(texts: Sequence[str], parse: ParseSpec, decimal: str) -> bool:
    """Whether all texts are numbers so written; the first of them mostly tell."""
    parts = (texts[:LOOKED_AT], texts[LOOKED_AT:])
    return not any(np.isnan(decorated_numbers(part, parse, decimal)).any() for part in parts)


def _can_be_words(parts: Sequence[_Parts]) -> bool:
    """Whether what all numbers share can be a currency or a unit."""
    prefix, suffix = parts[0].prefix.strip(), parts[0].suffix.strip()
    known = not prefix or is_currency(prefix) or prefix in {"~", "≈"}
    # a currency that no list has, if thousands are apart
    if not known and not (CODE_OF_CURRENCY.fullmatch(prefix) and any("," in part.number for part in parts)):
        return False
    glued = not parts[0].suffix[:1].isspace()
    names = glued and all(part.number.isdigit() for part in parts)
    few = len(parts) < TELLING
    if not suffix or is_unit(suffix):
        return not (names and few and len(suffix) == 1 and suffix.isalpha())  # 3G, 4G; 7a, 8a
    if suffix.casefold() in NO_UNITS or len(suffix) > 20 or not UNKNOWN_UNIT.fullmatch(suffix):
        return False
    return not (few or names or (glued and len(suffix) == 1))


def _is_apart(numbers: Sequence[str], mark: str | None, natural: str) -> bool:
    """Whether a mark between thousands alone makes numbers of texts, and not of names such as 555 123 456."""
    if mark is None or not any(re.search(THOUSANDS[mark], number) for number in numbers):
        return False
    plain = [number for number in numbers if not re.search(r"[^0-9]", number)]
    if any(len(number) > 3 for number in plain):
        return False
    if mark == natural == ",":
        return True
    if mark in ",." and mark != natural:
        return any(natural in number and mark in number for number in numbers)
    return len({len(number) for number in numbers}) > 1 or (mark == natural and numbers[0].count(mark) < 2)
