"""`mlp explain` and `mlp drift`: what predictions depend on, whether new rows are like those that trained."""

from typing import Annotated

import typer

from mlpcli.terminal.arguments import Json, Model, Quiet, Sha256
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.table_arguments import Input, Query, TableName
from mlpcli.terminal.usage import require_order, rows_chosen

Repeats = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Shuffles of each column.")]
ShuffleSeed = Annotated[int, typer.Option(min=0, metavar="N", help="Another seed, other shuffles.")]
MetricName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="What importance is told in. Default: the first that training reported."
    ),
]
Group = Annotated[
    list[str] | None,
    typer.Option(metavar="COL,COL", help="Columns that are shuffled together. Repeatable."),
]
Pdp = Annotated[
    list[str] | None,
    typer.Option(metavar="COL[,COL]", help="Predictions along a column, or along two. Repeatable."),
]
DriftAssertions = Annotated[
    list[str] | None,
    typer.Option(
        "--assert", metavar="CLAIM", help="Exit 10 unless it holds: 'psi<0.2', 'psi.COLUMN<0.2'. Repeatable."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Training rows too.")]


def explain(
    model: Model,
    source: Input,
    table: TableName = None,
    query: Query = None,
    repeats: Repeats = 10,
    seed: ShuffleSeed = 0,
    metric: MetricName = None,
    group: Group = None,
    pdp: Pdp = None,
    force: Force = False,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say which columns the predictions of MODEL depend on, and how."""
    require_order(model, source)
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.explain import ExplainOptions, explain

        options = ExplainOptions(
            repeats=repeats,
            seed=seed,
            metric=metric,
            groups=group or (),
            pdp=pdp or (),
            json=json,
            force=force,
            expect_sha256=expect_sha256,
            chosen=rows_chosen(source, table, query),
        )
        return explain(model, source, options, console)


def drift(
    model: Model,
    source: Input,
    table: TableName = None,
    query: Query = None,
    assertions: DriftAssertions = None,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say which columns of INPUT have moved since MODEL was trained."""
    require_order(model, source)
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.drift import DriftOptions, drift

        chosen = rows_chosen(source, table, query)
        return drift(model, source, DriftOptions(assertions or (), json, expect_sha256, chosen), console)
