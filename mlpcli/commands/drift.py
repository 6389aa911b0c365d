"""`mlp drift`: whether new rows are distributed as those that trained the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.commands.assertions import Assertion, parse_assertions
from mlpcli.config.fields import suggestion
from mlpcli.data.encoding import batches
from mlpcli.drift.verdict import MATTERS, ColumnDrift, largest
from mlpcli.errors import CheckFailedError, DataError, ExitCode, Place, UsageError, clean
from mlpcli.run.drifting import Drift, drift_in
from mlpcli.run.labelled_rows import tell_of_header
from mlpcli.run.predictor import open_model
from mlpcli.run.profiles import profiles_of_model
from mlpcli.tables.patterns import open_input
from mlpcli.tables.source import ALL_THERE_IS, Chosen
from mlpcli.terminal.console import Console, counted, reading, render_within, screen_columns
from mlpcli.terminal.progress import counting_rows
from mlpcli.terminal.screen import fits

MOST_COLUMNS = 30  # that a person is shown
PSI = "psi"


@dataclass(frozen=True)
class DriftOptions:
    """What the command line says besides the model and the input."""

    assertions: Sequence[str]
    json: bool
    expect_sha256: str | None
    chosen: Chosen = ALL_THERE_IS


def drift(model_path: Path, source: str, options: DriftOptions, console: Console) -> ExitCode:
    """Say which columns of `source` have moved. Raises CheckFailedError where an assertion is missed."""
    claims = parse_assertions(options.assertions)
    model = open_model(model_path, options.expect_sha256)
    profiles = profiles_of_model(model.file, str(model_path))
    _require_known(claims, [*profiles.columns, *profiles.predictions])
    with open_input(source, model.form, options.chosen) as reader, console.doing(reading(source)):
        tell_of_header(reader, console)
        rows = batches(reader, model.inputs, model.dtype, outputs=model.outputs)
        found = drift_in(model, profiles, counting_rows(console, rows, lambda batch: len(batch.rows)))
        console.notes(reader.last_notes)
    if not found.rows:
        raise DataError.of("there are no rows after the header", Place(source))
    if options.json:
        console.document(document_of(found))
    else:
        console.lines(report_lines(found))
    values = values_of(found)
    missed = [problem for claim in claims if (problem := claim.miss(values)) is not None]
    if missed:
        raise CheckFailedError(*missed)
    return ExitCode.DONE


def values_of(found: Drift) -> dict[str, float]:
    """What can be asserted: `psi`, the largest of all columns, and that of each, `psi.COLUMN`."""
    each = {**found.predictions, **found.columns}
    return {PSI: largest(found.columns), **{f"{PSI}.{name}": one.psi for name, one in each.items()}}


def _require_known(claims: Sequence[Assertion], names: Sequence[str]) -> None:
    """Raise UsageError for a claim about what is none of these columns."""
    for claim in claims:
        column = claim.metric.removeprefix(f"{PSI}.")
        if claim.metric == PSI or (column != claim.metric and column in names):
            continue
        if column == claim.metric:
            hint = "psi is the largest of all columns, psi.COLUMN that of one"
            raise UsageError.of(f"drift has no '{column}'", claim.place, hint)
        raise UsageError.of(f"the model has no column '{column}'", claim.place, suggestion(column, names))


def document_of(found: Drift) -> dict[str, Any]:
    """The JSON document."""
    return {
        "rows": found.rows,
        "training_rows": found.training_rows,
        "psi": largest(found.columns),
        "moved": found.moved,
        "columns": {name: _column_document(one) for name, one in found.columns.items()},
        "predictions": {name: _column_document(one) for name, one in found.predictions.items()},
    }


def _column_document(one: ColumnDrift) -> dict[str, Any]:
    return {
        "psi": one.psi,
        "chance": {"mean": one.chance.mean, "upper": one.chance.upper},
        "moved": one.moved,
        "distance": one.distance,
        "missing": {"training": one.missing_before, "new": one.missing},
        "unseen": one.unseen,
    }


def report_lines(found: Drift) -> Iterator[str]:
    """The same for a person: what has moved, and a table of all columns, the largest PSI first."""
    yield f"{counted(found.rows, 'row')} beside the {found.training_rows:,} that trained the model"
    yield from _moved(found.moved)
    yield ""
    shown = dict(sorted(found.columns.items(), key=lambda item: -item[1].psi)[:MOST_COLUMNS])
    yield from _table("column", shown)
    if len(found.columns) > MOST_COLUMNS:
        yield f"{MOST_COLUMNS} of {len(found.columns):,} columns shown; --json has all"
    yield ""
    yield from _table("prediction", found.predictions)
    yield ""
    yield f"moved: PSI above {MATTERS:g}, and above what so many rows show by chance"
    yield "distance: in quartile ranges; missing: share of the cells, before > now"
    yield "outside: categories or numbers beyond those of the training rows"


def _moved(names: Sequence[str]) -> list[str]:
    """The columns that have moved, as many as fit into a line."""
    if not names:
        return ["no column has moved"]
    said = [clean(name) for name in names]
    for count in range(len(said), 0, -1):
        more = f" and {len(said) - count} more" if count < len(said) else ""
        line = f"moved: {', '.join(said[:count])}{more}"
        if fits([line], screen_columns() or 80):
            break
    return [line]


def _table(what: str, drifts: Mapping[str, ColumnDrift]) -> list[str]:
    heads = (what, PSI, "by chance", "distance", "missing", "outside", "")
    rows = [
        (
            name,
            f"{one.psi:.3f}",
            f"{one.chance.upper:.3f}",
            "-" if one.distance is None else f"{one.distance:.2f}",
            _shares(one),
            _share(one.unseen),
            "moved" if one.moved else "",
        )
        for name, one in drifts.items()
    ]
    return render_within(heads, rows, screen_columns(), ("missing", "outside", "distance")).splitlines()


def _share(share: float) -> str:
    return "0" if not share else f"{100 * share:.1f}%"


def _shares(one: ColumnDrift) -> str:
    """The share of missing cells, and what it was where that is another."""
    before, after = _share(one.missing_before), _share(one.missing)
    return after if before == after else f"{before} > {after}"
