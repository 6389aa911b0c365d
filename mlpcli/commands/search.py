"""`mlp search`: settings found by trying, as they are found, and what came of them at last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from mlpcli.errors import DivergedError, ExitCode
from mlpcli.parallel.launcher import rank_and_size
from mlpcli.searching.search import Searched, SearchOptions, search, trials_asked
from mlpcli.searching.study_file import StudyFile, load_study
from mlpcli.searching.study_store import Standing
from mlpcli.searching.tried import Found, Tried
from mlpcli.searching.worker import Message, Told
from mlpcli.terminal.console import Console, counted, number, render_within, result_stream, screen_columns
from mlpcli.terminal.screen import wrapped

SHOWN: Final = 5  # trials in the table, the best ones
OPTIMISTIC: Final = "the best score is optimistic: it was chosen for being the best; test rows were not"


def search_command(path: Path, options: SearchOptions, console: Console, *, json: bool) -> ExitCode:
    """Search as a study file says and show what was found.

    Of processes that were launched together, by mpiexec say, each is a worker, and the first alone writes and
    speaks. Raises DivergedError where no trial has a score, and what `search` raises.
    """
    rank, _ = rank_and_size() or (0, 1)
    file = load_study(path)
    if rank:
        search(file, replace(options, writes=False), lambda _message: None, Console(quiet=True, warned=[]))
        return ExitCode.DONE
    tell_of_first(file, console)
    searched = search(file, options, Teller(file, trials_asked(file, options), console), console)
    found = searched.found
    console.note(f"wrote {searched.directory}: {', '.join(searched.files)}")
    if found.best is None and found.tried:
        reason = next((one.reason for one in found.tried if one.reason), None)
        message = f"no trial of {len(found.tried)} has a score"
        raise DivergedError.of(message, hint=reason and f"trial 0 failed: {reason}")
    if json:
        console.document(document_of(searched))
    else:
        console.lines(lines_of(found))
    return ExitCode.DONE


@dataclass(eq=False)
class Teller:
    """Tells of every trial that ends; a terminal shows between two how far the study is."""

    file: StudyFile
    total: int | None
    console: Console

    def __call__(self, message: Message) -> None:
        if isinstance(message, Standing):
            self.console.show(lambda _columns: self.line(message), at_last=True)
        else:
            self.console.note(line_of(message, self.file))

    def line(self, standing: Standing) -> str:
        """How many trials have ended, and the best score."""
        ended = counted(standing.ended, "trial")
        if self.total is not None:
            ended = f"{standing.ended}/{counted(max(self.total, standing.ended), 'trial')}"
        if standing.best is None:
            return ended
        return f"{ended}, best {self.file.spec.metric} {number(standing.best)}"


def tell_of_first(file: StudyFile, console: Console) -> None:
    """What is the config's own and cannot be tried, and what makes scores that do not compare."""
    if file.left_as_they_are:
        keys = ", ".join(file.left_as_they_are)
        console.note(f"trial 0 is the config as it is: what that has for {keys} is none of what is tried")
    if file.judging_otherwise:
        keys = ", ".join(file.judging_otherwise)
        console.warn(f"trials differ in {keys}: scores on other rows do not compare")
    if file.in_other_units:
        keys = ", ".join(file.in_other_units)
        what = "write `metric:` and one of `mlp schema --study`, such as val_accuracy or val_rmse"
        console.warn(f"trials differ in {keys}: losses in other units do not compare: {what}")


def line_of(told: Told, file: StudyFile) -> str:
    """A trial that has ended: `trial 7  val_loss 0.1234`."""
    what = f"trial {told.number}" + (", taken over" if told.taken_over else "")
    if told.value is not None:
        return f"{what}  {file.spec.metric} {number(told.value)}"
    return f"{what}  pruned" if told.reason is None else f"{what}  failed: {told.reason}"


def lines_of(found: Found) -> Iterator[str]:
    """The best trials, the config as it is, the test rows, what matters."""
    states = ("complete", "pruned", "failed", "running")
    counts = [f"{found.count(state)} {state}" for state in states if found.count(state)]
    yield f"{counted(len(found.tried), 'trial')}: {', '.join(counts)}" if counts else "0 trials"
    best = found.best
    if best is None:
        return
    yield ""
    columns = ["trial", found.metric, *found.keys]
    rows = [row_of(one, found) for one in found.ranked[:SHOWN]]
    yield render_within(columns, rows, screen_columns(), found.keys[::-1])
    yield ""
    yield from (wrapped(text, result_stream()) for text in remarks(found, best))


def remarks(found: Found, best: Tried) -> Iterator[str]:
    """What there is to say of the best score, and which settings matter."""
    if found.own is not None:
        yield f"the config as it is: {found.metric} {number(found.own.value)}; best: {number(best.value)}"
    yield from test_lines(best)
    if found.importance:
        shares = ", ".join(f"{key} {share:.0%}" for key, share in found.importance.items())
        yield f"what matters: {shares}"


def test_lines(best: Tried) -> Iterator[str]:
    """What the test rows say of the best one, which they have not chosen."""
    yield OPTIMISTIC
    if best.test:
        values = ", ".join(f"{name} {number(value)}" for name, value in best.test.items())
        yield f"test rows, by the best trial: {values}"
    else:
        yield "there are no test rows: `test: 0.2` below `data` keeps some for the end"


def row_of(one: Tried, found: Found) -> list[str]:
    """A trial in the table."""
    return [str(one.number), number(one.value), *(cell(one.values.get(key, "-")) for key in found.keys)]


def cell(value: Any) -> str:
    """A setting in the table."""
    if isinstance(value, float):
        return number(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def document_of(searched: Searched) -> dict[str, Any]:
    """The JSON document."""
    found = searched.found
    states = ("complete", "pruned", "failed", "running")
    return {
        "metric": found.metric,
        "direction": "maximize" if found.maximizes else "minimize",
        "trials": {"total": len(found.tried), **{state: found.count(state) for state in states}},
        "best": found.best and trial_document(found.best),
        "config": found.own and trial_document(found.own),
        "importance": dict(found.importance),
        "output": str(searched.directory),
    }


def trial_document(one: Tried) -> dict[str, Any]:
    """A trial in the JSON document."""
    return {
        "trial": one.number,
        "value": one.value,
        "values": dict(one.values),
        "epochs": one.epochs,
        "test": dict(one.test),
    }
