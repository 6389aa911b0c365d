"""`mlp export`: a model taken to where there is no mlp."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlpcli.errors import UsageError
from mlpcli.terminal.arguments import Json, Model, Quiet, Sha256
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.table_arguments import Query, TableName
from mlpcli.terminal.usage import require_table, rows_chosen


class FormatName(StrEnum):
    """What a model can be exported to."""

    ONNX = "onnx"
    C = "c"
    PYTHON = "python"
    NUMPY = "numpy"


def export(
    model: Model,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The file; its ending says the format: .onnx, .c, .py."
        ),
    ],
    form: Annotated[
        FormatName | None,
        typer.Option("--format", metavar="NAME", help="onnx, c, python, numpy. Default: by FILE's ending."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What C calls it. Default: as the file is called.")
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="Run it on a table; exit 10 where it differs from predict."),
    ] = None,
    table: TableName = None,
    query: Query = None,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write MODEL as a program that needs no mlp. Preprocessing and all networks are inside."""
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.export import Checked, ExportOptions, export

        asked = None if form is None else form.value
        checked = None
        if check is not None:
            require_table(check)
            checked = Checked(check, rows_chosen(check, table, query))
        elif table is not None or query is not None:
            message = "--table and --query choose the rows of --check"
            raise UsageError.of(message, hint="add --check DATABASE")
        options = ExportOptions(out, asked, name, checked, expect_sha256, json)
        return export(model, options, console)
