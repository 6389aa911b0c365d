"""`mlp export`: a model as a program of its own, and whether that says what the model says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mlpcli.artifacts.atomic import write_together
from mlpcli.errors import CheckFailedError, ExitCode, MlpError, UsageError, clean
from mlpcli.exporting.checking import Comparison, compare
from mlpcli.exporting.description import Description, describe
from mlpcli.exporting.exporter import Exporter, Naming
from mlpcli.exporting.formats import exporter_of, is_stream, nothing_to_check, paths_of
from mlpcli.exporting.symbols import symbol_of
from mlpcli.run.labelled_rows import tell_of_header
from mlpcli.run.predictor import Model, open_model
from mlpcli.run.table_files import refuse_to_replace
from mlpcli.tables.patterns import open_input
from mlpcli.tables.source import Chosen
from mlpcli.terminal.console import STDOUT, Console, counted, reading


@dataclass(frozen=True)
class Checked:
    """The table that the files are run on: a path, or `-`, and of a database the rows that are meant."""

    source: str
    chosen: Chosen


@dataclass(frozen=True)
class ExportOptions:
    """What the command line says besides the model."""

    out: Path
    form: str | None
    name: str | None
    check: Checked | None
    expect_sha256: str | None
    json: bool


def export(model_path: Path, options: ExportOptions, console: Console) -> ExitCode:
    """Write a model in another format; with `check` run that on a table. Raises CheckFailedError.

    Raises ConfigError for what the format cannot say, before anything is written.
    """
    exporter = exporter_of(options.out, options.form)
    paths = paths_of(options.out, exporter)
    if options.check is not None and is_stream(options.out):
        raise nothing_to_check(options.out)
    for path in paths:
        refuse_to_replace(path, str(model_path), *([options.check.source] if options.check else []))
    naming = Naming(symbol_of(options.name, options.out.stem), options.out.stem)
    model = open_model(model_path, options.expect_sha256)
    description = describe(model)
    contents = exporter.files(description, naming)
    if options.out == STDOUT:
        return _to_stdout(contents, options, console)
    write_together(list(zip(paths, contents, strict=True)))
    console.note(f"wrote {' and '.join(map(str, paths))}")
    console.notes(exporter.remarks(description))
    found = None
    if options.check is not None:
        found = _checked(model, description, exporter, (paths, naming, options.check), console)
    if options.json:
        console.document(_document(exporter, description, dict(zip(paths, contents, strict=True)), found))
    elif found is not None:
        console.lines([clean(_told(found, exporter), 2000)])
    if found is not None and not found.good:
        raise _different(found, exporter)
    return ExitCode.DONE


def _to_stdout(contents: Sequence[bytes], options: ExportOptions, console: Console) -> ExitCode:
    """A single file of text goes there; raises UsageError for anything else."""
    try:
        (content,) = contents
        text = content.decode()
    except ValueError:
        raise UsageError.of("-o -: this format is no single text, name a file") from None
    if options.json:
        raise UsageError.of("-o -: there is no file to tell of, name one")
    console.result(text.removesuffix("\n"))
    return ExitCode.DONE


def _checked(
    model: Model,
    description: Description,
    exporter: Exporter,
    what: tuple[Sequence[Path], Naming, Checked],
    console: Console,
) -> Comparison:
    """What came of running the files on a table."""
    paths, naming, table = what
    with (
        exporter.scoring(paths, description, naming) as score,
        open_input(table.source, model.form, table.chosen) as reader,
        console.doing(reading(table.source)),
    ):
        tell_of_header(reader, console)
        found = compare(model, description, reader, score, not exporter.reads_texts)
        console.notes(reader.last_notes)
    return found


def _told(found: Comparison, exporter: Exporter) -> str:
    """In one line."""
    rows = f"{counted(found.rows, 'row')} by {exporter.runner}"
    empty = f", {found.empty:,} without a prediction" if found.empty else ""
    less = f", {found.left_out:,} left out: they hold texts among numbers" if found.left_out else ""
    size = f"largest difference from predict: {_size(found)}"
    return f"{rows}{empty}{less}; {size}"


def _size(found: Comparison) -> str:
    if found.row is None:
        return "none"
    size = f"{found.largest:.3g}" if found.largest < float("inf") else "another answer"
    return f"{size} (column '{found.column}', row {found.row:,})"


def _different(found: Comparison, exporter: Exporter) -> MlpError:
    allowed = f"{found.tolerance:g} beyond its own rounding is allowed"
    return CheckFailedError.of(
        f"the {exporter.name} export differs from predict by {_size(found)}, {allowed}"
    )


def _document(
    exporter: Exporter, description: Description, files: dict[Path, bytes], found: Comparison | None
) -> dict[str, Any]:
    """The JSON document; a difference that no number tells is null."""
    document: dict[str, Any] = {
        "format": exporter.name,
        "model_sha256": description.sha256,
        "files": [
            {"file": str(path), "bytes": len(content), "sha256": sha256(content).hexdigest()}
            for path, content in files.items()
        ],
        "remarks": list(exporter.remarks(description)),
    }
    if found is not None:
        finite = found.largest < float("inf")
        document["check"] = {
            "rows": found.rows,
            "empty": found.empty,
            "left_out": found.left_out,
            "largest_difference": found.largest if finite else None,
            "row": found.row,
            "column": found.column,
            "beyond_rounding": found.beyond if finite else None,
            "tolerance": found.tolerance,
            "runner": exporter.runner,
            "verdict": "ok" if found.good else "FAIL",
        }
    return document
