"""What the name of a file says about its format: by its suffix, and whether it is compressed."""

from __future__ import annotations

from pathlib import Path

COMPRESSED = (".gz", ".zst")
SQLITE = (".sqlite", ".sqlite3", ".db")
DUCKDB = (".duckdb",)


def compression_of(name: str) -> str:
    """How a file of this name is compressed: `.gz`, `.zst`, or nothing."""
    suffix = Path(name.lower()).suffix
    return suffix if suffix in COMPRESSED else ""


def suffix_of(name: str) -> str:
    """The suffix that says what the content is, in small letters: `.csv` for `Rows.CSV.gz`."""
    return Path(name.lower().removesuffix(compression_of(name))).suffix


def separator_by_suffix(name: str, otherwise: str = ",") -> str:
    """What parts the fields in a file of this name: a tab in .tsv, a comma in .csv; else `otherwise`."""
    return {".csv": ",", ".tsv": "\t"}.get(suffix_of(name), otherwise)


def is_database(name: str) -> bool:
    """Whether a file of this name holds tables, of which one has to be named."""
    return suffix_of(name) in (*SQLITE, *DUCKDB) and not compression_of(name)
