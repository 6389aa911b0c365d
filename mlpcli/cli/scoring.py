"""`mlp predict` and `mlp evaluate`: a model on the rows of a table."""

from typing import TYPE_CHECKING

from mlpcli.cli.together import predicted_alone_or_together
from mlpcli.terminal.arguments import (
    Assertions,
    BadRow,
    By,
    Confidence,
    Curves,
    Ids,
    IncludeInputs,
    Interval,
    Json,
    Model,
    OnBadRow,
    PredictionsOut,
    Quiet,
    RowsShard,
    Sha256,
    Strict,
    Threshold,
)
from mlpcli.terminal.console import Console, reading
from mlpcli.terminal.table_arguments import Input, Query, TableName
from mlpcli.terminal.usage import require_order, rows_chosen

if TYPE_CHECKING:
    from mlpcli.parallel.ranks import Ranks


def predict(
    model: Model,
    source: Input,
    table: TableName = None,
    query: Query = None,
    out: PredictionsOut = None,
    ids: Ids = None,
    include_inputs: IncludeInputs = False,
    strict: Strict = False,
    on_bad_row: BadRow = OnBadRow.ERROR,
    interval: Interval = None,
    shard: RowsShard = None,
    expect_sha256: Sha256 = None,
    quiet: Quiet = False,
) -> int:
    """Predict every row of INPUT with MODEL. As CSV, or as the name of a file says."""

    def led(ranks: "Ranks | None") -> int:
        require_order(model, source)
        with Console(quiet=quiet).doing(reading(model)) as console:
            from mlpcli.commands.predict import PredictOptions, predict

            options = PredictOptions(
                out=out,
                ids=ids or (),
                include_inputs=include_inputs,
                strict=strict,
                empty_bad_rows=on_bad_row is OnBadRow.EMPTY,
                expect_sha256=expect_sha256,
                interval=interval,
                shard=shard,
                chosen=rows_chosen(source, table, query),
            )
            if ranks is None:
                return predict(model, source, options, console)
            from mlpcli.commands.predict_together import predict_together

            return predict_together(model, source, options, console, ranks)

    return predicted_alone_or_together(led)


def evaluate(
    model: Model,
    source: Input,
    table: TableName = None,
    query: Query = None,
    ci: Confidence = False,
    by: By = None,
    threshold: Threshold = None,
    curves: Curves = False,
    assertions: Assertions = None,
    expect_sha256: Sha256 = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Judge MODEL on the labelled rows of INPUT."""
    require_order(model, source)
    with Console(quiet=quiet).doing(reading(model)) as console:
        from mlpcli.commands.evaluate import EvaluateOptions, evaluate
        from mlpcli.run.judgement import Asked

        asked = Asked(ci, by or (), curves)
        options = EvaluateOptions(
            assertions or (), json, expect_sha256, threshold, asked, rows_chosen(source, table, query)
        )
        return evaluate(model, source, options, console)
