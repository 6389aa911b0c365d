"""DuckDB databases, opened read-only: no extension is fetched or loaded, no other file can be reached."""

from __future__ import annotations

from threading import Lock

from mlpcli.errors import DataError, Place
from mlpcli.extras import optional
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.formats.databases import Connection, Engine, database_reader
from mlpcli.tables.formats.typed_reader import TypedReader
from mlpcli.tables.source import DataFile, refuse_other_formats

MAGIC, OFFSET = b"DUCK", 8
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY table_name"
SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "temp_directory": "",  # nothing is written beside the database
    "threads": "1",  # so that a query without an order gives its rows in the same one twice
}
# times with a zone are those of UTC, wherever the machine stands
AT_LAST = ("SET GLOBAL TimeZone = 'UTC'", "SET lock_configuration = true")
IS_SET = "SELECT current_setting('lock_configuration')"
# what it keeps of the tables that it has read; a query, or a view, may need more to sort
KEPT, VIEWS = "SET memory_limit = '128MB'", "SELECT 1 FROM duckdb_views() WHERE NOT internal LIMIT 1"
NANOSECONDS = ("TIMESTAMP_NS", "TIME_NS")
_OPENING = Lock()


def duckdb_reader(file: DataFile, form: CsvFormat) -> TypedReader:
    """The reader of a table or a query of a DuckDB database."""
    duckdb = optional("duckdb", f"{file.name}: reading .duckdb")

    def opened(_: DataFile) -> Connection:
        _refuse_others(file)
        with _OPENING:
            connection: Connection = duckdb.connect(file.name, read_only=True, config=SETTINGS)
            # readers of one file in one process share what DuckDB has of it, with its settings
            if not connection.execute(IS_SET).fetchall()[0][0]:
                whole = file.chosen.query is None and not connection.execute(VIEWS).fetchall()
                for statement in (KEPT, *AT_LAST) if whole else AT_LAST:
                    connection.execute(statement)
        return connection

    return database_reader(file, form, Engine(opened, TABLES, duckdb.Error, "FLOAT", NANOSECONDS))


def _refuse_others(file: DataFile) -> None:
    with file.open() as handle:
        head = handle.read(OFFSET + len(MAGIC))
    if head[OFFSET:] != MAGIC:
        refuse_other_formats(head, file.name, "a DuckDB database")
        raise DataError.of("is no DuckDB database", Place(file.name))
