"""SQLite databases, by Python's own module, which can do nothing to them but read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from mlpcli.errors import DataError, Place
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.databases import Connection, Engine, database_reader
from mlpcli.tables.formats.typed_reader import TypedReader
from mlpcli.tables.source import DataFile, refuse_other_formats

MAGIC = b"SQLite format 3\0"
# what a statement may do: nothing else is needed to read, and nothing of it reaches another file
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'"


def sqlite_reader(file: DataFile, form: CsvFormat) -> TypedReader:
    """The reader of a table or a query of an SQLite database."""
    return database_reader(file, form, Engine(_opened, TABLES, sqlite3.Error))


def _opened(file: DataFile) -> Connection:
    with file.open() as handle:
        head = handle.read(len(MAGIC))
    if head and head != MAGIC:
        refuse_other_formats(head, file.name, "an SQLite database")
        raise DataError.of("is no SQLite database", Place(file.name))
    # not `immutable`, which would read torn pages where another process writes
    path = quote(str(Path(file.name).absolute()))
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA trusted_schema = 0")
    connection.set_authorizer(_authorized)
    return connection


def _authorized(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
