"""`mlp report`: the page of a run from its report.json, without its data or its model; or of several runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mlpcli.artifacts.atomic import bytes_content, write_atomically
from mlpcli.artifacts.run_files import holds_run, names_of
from mlpcli.artifacts.source_file import FileFormatError, read_regular_file
from mlpcli.errors import DataError, ExitCode, MlpError, Place, UsageError
from mlpcli.report.document import ReportDocument, read_document
from mlpcli.report.drawing import PAGE
from mlpcli.terminal.console import STDOUT, Console

REPORT: Final = "report.json"
MAX_BYTES: Final = 64 << 20  # no report of ours comes near to it


def report(runs: Sequence[Path], out: Path | None, console: Console, *, json: bool) -> ExitCode:
    """Draw the page of these runs, or print what it shows; raises UsageError, DataError, OutputError.

    With `json` there is a page where a file for it is named.
    """
    documents = [document_of(run) for run in runs]
    if json:
        found = [document.model_dump(mode="json") for document in documents]
        console.document(found[0] if len(found) == 1 else {"reports": found})
        if out is None or out == STDOUT:
            return ExitCode.DONE
    from mlpcli.report.page import render

    page = render(told_apart(documents, runs))
    if out == STDOUT:
        console.result(page.decode())
        return ExitCode.DONE
    path = out or (beside(runs[0]) if len(runs) == 1 else Path(PAGE))
    write_atomically(path, bytes_content(page))
    console.note(f"wrote {path}")
    return ExitCode.DONE


def told_apart(documents: Sequence[ReportDocument], runs: Sequence[Path]) -> list[ReportDocument]:
    """Several runs are called as their directories are: they may well be of one config."""
    if len(documents) == 1:
        return list(documents)
    names = names_of([run if run.is_dir() else run.parent for run in runs])
    return [one.model_copy(update={"name": name}) for one, name in zip(documents, names, strict=True)]


def document_of(run: Path) -> ReportDocument:
    """What the report.json of a run holds; raises UsageError where there is none, DataError for others."""
    path = run / REPORT if run.is_dir() else run
    if not path.exists():
        raise _without(run)
    try:
        return read_document(bytes(read_regular_file(path, MAX_BYTES)))
    except FileFormatError as error:
        hint = error.hint or "train the run again, which writes another one"
        raise DataError.of(error.message, Place(str(path)), hint) from error


def beside(run: Path) -> Path:
    """Where the page of a run is."""
    return (run if run.is_dir() else run.parent) / PAGE


def _without(run: Path) -> MlpError:
    """Why there is nothing to draw, and what to type."""
    if not run.exists() or not holds_run(run):
        where = f"{run}" if not run.exists() else f"in {run}"
        return UsageError.of(f"there is no run {where}", hint="a run is what `mlp train` has written")
    why = "trained with --no-plots, by an older version, or not to its end"
    again = shlex.join(["mlp", "train", str(run / "config.yaml"), "-o", str(run)])
    return UsageError.of(f"the run in {run} has no {REPORT}: {why}", hint=f"train it again: {again}")
