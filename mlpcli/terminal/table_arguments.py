"""The arguments and flags that name a table: a file, and of a database the rows that are meant."""

from pathlib import Path
from typing import Annotated

import typer

Table = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        help="A .csv, .tsv or .jsonl (with .gz, .zst), .parquet, .arrow, .sqlite, .duckdb.",
        show_default=False,
    ),
]
Input = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="A table as `mlp init` takes it, a pattern of files in quotes, or - for CSV from stdin.",
        show_default=False,
    ),
]
TableName = Annotated[
    str | None,
    typer.Option("--table", metavar="NAME", help="The table of a database. Default: the only one."),
]
Query = Annotated[
    str | None,
    typer.Option("--query", metavar="SQL", help="The rows of a database: 'SELECT ... ORDER BY ...'."),
]
