"""What the texts of a target are that can be no classes, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mlpcli.tables.columns import Kind, kind_of
from mlpcli.tables.date_formats import likely_format
from mlpcli.tables.decorations import Decoration, decoration_of

NUMBERS = "if they are numbers to predict, write `task: regression`"
TEXTS = "a class needs several rows: name another target, or make coarser classes of this one"
MOST = 0.5  # of the rows
FEW, SHOWN = 5, 3
CLOCK = re.compile(r"\s*\d+:\d\d(:\d\d(\.\d+)?)?\s*")


def amounts_in(counts: Mapping[str, int], decimal: str) -> Decoration | None:
    """How the numbers are decorated that the texts of a target are, if they are."""
    found = decoration_of(counts, decimal)
    return found if found is not None and found.parse is not None else None


def as_numbers(found: Decoration) -> str:
    """What to write for texts that are decorated numbers."""
    assert found.parse is not None
    return f"to predict numbers, write `target_parse: {found.parse.written}` under `data`"


def instead_of_classes(counts: Mapping[str, int], decimal: str) -> str:
    """What to do about texts, with how many rows each has, of which there are too many for classes."""
    odd = [text for text in counts if kind_of(text, decimal) is not Kind.NUMBER]
    if not odd:
        return NUMBERS
    seen = decoration_of(counts, decimal)
    if seen is not None:
        alike = "" if seen.of_file else "; to predict numbers, write all of them alike"
        written = alike if seen.parse is None else f"{'; else,' if seen.of_file else ':'} {as_numbers(seen)}"
        return f"they are {seen.seen}{seen.of_file}{written}"
    if len(odd) <= FEW and sum(counts[text] for text in odd) <= MOST * sum(counts.values()):
        return _among_numbers(odd)
    what = "times" if all(map(CLOCK.fullmatch, counts)) else "dates"
    if what == "times" or likely_format(list(counts)) is not None:
        return f"they are {what}: to predict one, write it as a number, such as minutes or days from a start"
    return TEXTS


def _among_numbers(odd: Sequence[str]) -> str:
    """What to do about a few texts among numbers."""
    shown = ", ".join(f"'{text}'" for text in odd[:SHOWN]) + (", …" if len(odd) > SHOWN else "")
    named = "name it in `na_values`, with `missing: drop`"
    return f"most are numbers, but not {shown}: if that means missing, {named}"
