"""The levels of a column as tables of C."""

from __future__ import annotations

from collections.abc import Iterable

from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.spellings import Folding, folding_of, meanings_of, sorted_texts
from mlpcli.exporting.c.words import literal
from mlpcli.exporting.columns import Levels
from mlpcli.tables.spellings import plain_word

FAULT = "FAULT"


def levels_of(source: Source, levels: Levels, name: str, decimal: str) -> str:
    """The name of a `struct levels` that holds them."""
    source.use("level")
    exact = sorted_texts(levels.texts, levels.indices)
    texts = source.texts(f"texts_{name}", [text for text, _ in exact])
    indices = source.table("int", f"indices_{name}", [str(index) for _, index in exact])
    function = _function(source, levels, decimal)
    keys, of_keys, count = "NULL", "NULL", 0
    if function != "NULL":
        meanings = meanings_of(levels, decimal)
        count = len(meanings)
        source.longest = max(source.longest, *(len(meaning.encode()) + 16 for meaning, _ in meanings))
        keys = source.texts(f"keys_{name}", [meaning for meaning, _ in meanings])
        of_keys = source.table("int", f"of_keys_{name}", [str(index) for _, index in meanings])
    rest = ", ".join(FAULT if level is None else str(level) for level in (levels.absent, levels.unseen))
    fields = f"{len(exact)}, {texts}, {indices}, {count}, {keys}, {of_keys}, {function}, {rest}"
    return source.definition(name, f"static const struct levels NAME = {{\n    {fields}\n}};\n")


def _function(source: Source, levels: Levels, decimal: str) -> str:
    """The function that says what a text means; NULL where nothing means the same as another text."""
    if levels.manner in {"number", "number or code"}:
        source.use("amount_meaning")
        return "amount_meaning"
    if levels.manner == "truth":
        source.use("truth_meaning")
        return "truth_meaning"
    if not folding_of(levels.texts) and all(plain_word(text, decimal) is None for text in levels.texts):
        return "NULL"
    source.folded.update(levels.texts)
    source.use("text_meaning")
    return "text_meaning"


def folding_tables(folding: Folding) -> dict[str, str]:
    """The tables of `text_meaning`, which must not be empty."""
    pairs = sorted(folding.to.items()) or [(" ", " ")]
    orders = sorted(folding.orders.items()) or [(" ", 0)]
    rows = (f"{{{literal(one)}, {literal(parts)}}}" for one, parts in pairs)
    marks = (f"{{{literal(one)}, {order}}}" for one, order in orders)
    return {
        "FOLDINGS": _table("struct folding", "foldings", rows, len(pairs)),
        "MARKS": _table("struct mark", "marks", marks, len(orders)),
    }


def _table(kind: str, name: str, rows: Iterable[str], count: int) -> str:
    lines = "".join(f"    {row},\n" for row in rows)
    return f"#define {name.upper()} {count}\nstatic const {kind} {name}[{name.upper()}] = {{\n{lines}}};"
