"""The same rows in every format that is read, each cell in the type that the format has for it."""

from __future__ import annotations

import csv
import gzip
import json
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, Any]]
TYPES = {
    "big": "int64",
    "small": "int32",
    "code": "string",
    "flag": "bool",
    "when": "timestamp[us]",
    "day": "date32",
    "clock": "time64[us]",
    "word": "string",
    "price": "decimal128",
    "x": "float64",
    "text_number": "string",
}
SQL_TYPES = {
    "int64": "BIGINT",
    "int32": "INTEGER",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "timestamp[us]": "TIMESTAMP",
    "date32": "DATE",
    "time64[us]": "TIME",
    "decimal128": "DECIMAL(18, 4)",
    "float64": "DOUBLE",
}
WORDS = [
    "a",
    'say "so"',
    "two\nlines",
    "grün",
    "☃ 🙂",
    "x,y",
    "a;b",
    "NA",
    "null",
    "tab\there",
    "'",
    "-",
    "0",
]
CODES = ["007", "08001", "10", "00", "123"]


def generated(seed: int, rows: int) -> list[dict[str, Any]]:
    """Rows with nulls, integers beyond 2^53, codes, booleans, times, decimals and texts of every sort."""
    draw = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.15 else value

    return [
        {
            "big": maybe(draw.choice([9007199254740993, 2**63 - 1, -(2**53) - 1, draw.randrange(10)])),
            "small": draw.randrange(-5, 6),
            "code": maybe(draw.choice(CODES)),
            "flag": maybe(draw.random() < 0.5),
            "when": maybe(datetime(2024, 1, 1, draw.randrange(24), 30, 5, draw.choice([0, 250]))),
            "day": maybe(date(2023, draw.randrange(1, 13), 28)),
            "clock": maybe(time(draw.randrange(24), draw.randrange(60))),
            "word": maybe(draw.choice(WORDS)),
            "price": maybe(Decimal(draw.randrange(-(10**6), 10**6)).scaleb(-4)),
            "x": maybe(draw.choice([0.1, 1e-7, 1e21, -3.0, draw.gauss(0, 1)])),
            "text_number": draw.choice(["1", "2.50", "-3e2", " 4"]),
            "y": draw.choice(["yes", "no"]) if index > 1 else ["yes", "no"][index],
        }
        for index in range(rows)
    ]


def in_csv(value: Any) -> str:
    """How a value is written in a CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def csv_text(rows: Rows, separator: str = ",") -> str:
    """The table as CSV."""
    lines: list[str] = []

    class Sink:
        write = staticmethod(lines.append)

    writer = csv.writer(Sink(), lineterminator="\n", delimiter=separator)
    writer.writerow(rows[0])
    writer.writerows([in_csv(value) for value in row.values()] for row in rows)
    return "".join(lines)


def json_text(rows: Rows) -> str:
    """The table as JSON Lines; what JSON has no type for as text."""

    def plain(value: Any) -> Any:
        return value if isinstance(value, bool | int | float | str | None) else in_csv(value)

    return "".join(
        json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=bool(index % 2)) + "\n"
        for index, row in enumerate(rows)
    )


def write_sqlite(path: Path, rows: Rows) -> None:
    """The table `rows` in an SQLite database, typed by cell."""

    def plain(value: Any) -> Any:
        return (
            value
            if isinstance(value, int | float | str | None) and not isinstance(value, bool)
            else in_csv(value)
        )

    with sqlite3.connect(path) as connection:
        names = ", ".join(f'"{name}"' for name in rows[0])
        connection.execute(f"CREATE TABLE rows ({names})")
        marks = ", ".join("?" * len(rows[0]))
        values = [list(map(plain, row.values())) for row in rows]
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", values)
    connection.close()


def write_duckdb(path: Path, rows: Rows) -> None:
    """The table `rows` in a DuckDB database."""
    import duckdb

    columns = ", ".join(f'"{name}" {SQL_TYPES[TYPES.get(name, "string")]}' for name in rows[0])
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE rows ({columns})")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", [list(row.values()) for row in rows])


def arrow_table(rows: Rows) -> Any:
    """The table with the types of Arrow, words as a dictionary."""
    import pyarrow as arrow

    def column(name: str) -> Any:
        values = [row[name] for row in rows]
        kind = TYPES.get(name, "string")
        if kind == "decimal128":
            return arrow.array(values, arrow.decimal128(18, 4))
        if kind in {"timestamp[us]", "date32", "time64[us]"}:
            makers = {
                "timestamp[us]": arrow.timestamp("us"),
                "date32": arrow.date32(),
                "time64[us]": arrow.time64("us"),
            }
            return arrow.array(values, makers[kind])
        array = arrow.array(values, arrow.type_for_alias(kind))
        return array.dictionary_encode() if name == "word" else array

    return arrow.table({name: column(name) for name in rows[0]})


def write_parquet(path: Path, rows: Rows) -> None:
    """A Parquet file of small row groups."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow_table(rows), path, row_group_size=7)


def write_arrow(path: Path, rows: Rows) -> None:
    """An Arrow file of small record batches."""
    import pyarrow.ipc

    table = arrow_table(rows)
    with pyarrow.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=11)


def write_stream(path: Path, rows: Rows) -> None:
    """An Arrow stream, compressed within."""
    import pyarrow.ipc

    table = arrow_table(rows)
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.ipc.new_stream(str(path), table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=13)


def write_zstandard(path: Path, content: str) -> None:
    """A text, compressed."""
    import pyarrow

    with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(content.encode())


Writer = Callable[[Path, Rows], Any]
WRITERS: dict[str, Writer] = {
    "t.csv": lambda path, rows: path.write_text(csv_text(rows), "utf-8"),
    "t.tsv": lambda path, rows: path.write_text(csv_text(rows, "\t"), "utf-8"),
    "t.csv.gz": lambda path, rows: path.write_bytes(gzip.compress(csv_text(rows).encode())),
    "t.csv.zst": lambda path, rows: write_zstandard(path, csv_text(rows)),
    "t.jsonl": lambda path, rows: path.write_text(json_text(rows), "utf-8"),
    "t.ndjson.gz": lambda path, rows: path.write_bytes(gzip.compress(json_text(rows).encode())),
    "t.jsonl.zst": lambda path, rows: write_zstandard(path, json_text(rows)),
    "t.parquet": write_parquet,
    "t.arrow": write_arrow,
    "t.feather": write_stream,
    "t.sqlite": write_sqlite,
    "t.db": write_sqlite,
    "t.duckdb": write_duckdb,
}
NEEDED = {
    ".zst": "pyarrow",
    ".parquet": "pyarrow",
    ".arrow": "pyarrow",
    ".feather": "pyarrow",
    ".duckdb": "duckdb",
}
