"""The arguments and flags that name a table: a file, and of a database the rows that are meant."""

from typing import Annotated

import typer

Tables = Annotated[
    list[str],
    typer.Argument(
        metavar="TABLE...",
        help="A .csv, .tsv or .jsonl (with .gz, .zst), .parquet, .arrow, .sqlite, .duckdb; files of the same "
        "columns, or a pattern of them in quotes.",
        show_default=False,
    ),
]
Input = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="A table of any format, a pattern of files in quotes, or - for CSV from stdin.",
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
