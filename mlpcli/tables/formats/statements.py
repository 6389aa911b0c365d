"""SQL of people: which statement may be run, and what to know about the rows that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from mlpcli.errors import DataError, Place
from mlpcli.tables.source import Chosen

# a comment to the end of the line, one between marks, a text, a name in quotes
APART = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
READING = ("SELECT", "WITH", "VALUES", "FROM")
ORDER_BY = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
NO_ORDER = (
    "the query has no ORDER BY, so that its rows may come in another order next time, and with them splits, "
    "training and the digest of the data"
)


@dataclass(frozen=True)
class Statement:
    """What is run for the rows that are wanted of a database, and what may be wrong with it."""

    sql: str
    warnings: tuple[str, ...] = ()


def statement_of(chosen: Chosen, tables: list[str], name: str) -> Statement:
    """The statement for a table of those that there are, or for a query.

    Raises DataError where neither is named and there is not just one table, where there is no such table,
    and where a query is no single statement that reads.
    """
    if chosen.query is not None:
        return _checked(chosen.query, name)
    table = chosen.table
    if table is None or not tables:
        if len(tables) != 1:
            _refuse_choice(tables, name)
        table = tables[0]
    elif table not in tables:
        close = get_close_matches(table, tables, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"the tables are: {', '.join(sorted(tables)[:10])}"
        raise DataError.of(f"there is no table '{table}'", Place(name), hint)
    return Statement(f"SELECT * FROM {quoted(table)}")


def _refuse_choice(tables: list[str], name: str) -> NoReturn:
    if not tables:
        raise DataError.of("holds no table", Place(name))
    hint = "say which: `table: NAME` or `query: SELECT ...` under `data`; --table or --query of a command"
    listed = ", ".join(sorted(tables)[:10]) + (", …" if len(tables) > 10 else "")
    raise DataError.of(f"holds {len(tables)} tables: {listed}", Place(name), hint)


def _checked(query: str, name: str) -> Statement:
    bare = (
        APART.sub(lambda found: " '' " if found[0][0] in "'\"" else " ", query).strip().rstrip(";").rstrip()
    )
    words = re.findall(r"\w+", bare)
    place = Place(name)
    if not words or words[0].upper() not in READING:
        found = words[0].upper() if words else "nothing"
        raise DataError.of(
            f"expected a query that reads, found {found}", place, "begin it with SELECT or WITH"
        )
    if ";" in bare:
        raise DataError.of("expected one query, found several statements", place, "leave one of them")
    return Statement(query.strip().rstrip(";"), () if ORDER_BY.search(bare) else (f"{name}: {NO_ORDER}",))


def with_texts(sql: str, names: Iterable[str]) -> str:
    """The rows of a query in their order, these columns as texts: SQL of DuckDB."""
    texts = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in map(quoted, names))
    return f"SELECT * REPLACE ({texts}) FROM ({sql}\n)"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
