"""The page of a study: what was found, how good it is, how it went; the same trials give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlpcli.config.nodes import Value
from mlpcli.report.drawn import Named
from mlpcli.report.figures.lettering import name, shown
from mlpcli.report.figures.svg import Cell
from mlpcli.report.page import STUDY_PAGE, environment
from mlpcli.searching.dimensions import Dimension, flow_text
from mlpcli.searching.figures import history_figure, importance_figure
from mlpcli.searching.space import own_node
from mlpcli.searching.study_file import StudyFile
from mlpcli.searching.tried import Found, Tried

MOST_TRIALS: Final = 200  # on the page; trials.csv has all


@dataclass(frozen=True)
class Setting:
    """A key that was searched: what the config has, what the best trial has."""

    key: str
    own: str
    best: str


def study_page(file: StudyFile, found: Found) -> bytes:
    """The page, UTF-8."""
    figures = {"history": history_figure(found), "importance": importance_figure(found)}
    drawn = {what: Named(what, figure) for what, figure in figures.items() if figure is not None}
    page = (
        environment()
        .get_template(STUDY_PAGE)
        .render(
            title=name(file.path.stem),
            config=name(file.base.path.name),
            study=file.path.name,
            spec=file.spec,
            found=found,
            best=found.best,
            own=found.own,
            settings=settings_found(file, found.best),
            test=test_rows(found),
            figures=drawn,
            trials=trial_rows(found),
            columns=["trial", "state", found.metric, *map(name, found.keys), "epochs"],
        )
    )
    return f"{page}\n".encode()


def settings_found(file: StudyFile, best: Tried | None) -> list[Setting]:
    """What is searched, as the config and as the best trial have it."""
    values = {} if best is None else best.values
    return [
        Setting(one.key, _own(file, one), said(values.get(one.key, "as the config has it")))
        for one in file.space
    ]


def _own(file: StudyFile, one: Dimension) -> str:
    if one.own is not None:
        return said(one.own.value)
    node = own_node(file.base, one.path, one.place)
    return "–" if node is None else name(flow_text(node))


def said(value: Value) -> str:
    """A setting as the page has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else shown(value) if isinstance(value, float) else name(value)


def test_rows(found: Found) -> list[list[Cell]]:
    """The metrics of the test rows: of the best trial, and of the config as it is."""
    best, own = found.best, found.own
    if best is None:
        return []
    return [
        [metric, value, None if own is None else own.test.get(metric)] for metric, value in best.test.items()
    ]


def trial_rows(found: Found) -> list[list[Cell]]:
    """The trials, the best first, those without a score at the end."""
    ranked = found.ranked
    others = [one for one in found.tried if one.state != "complete" or one.value is None]
    return [_row(one, found.keys) for one in [*ranked, *others][:MOST_TRIALS]]


def _row(one: Tried, keys: Sequence[str]) -> list[Cell]:
    tried = [said(one.values[key]) if key in one.values else "–" for key in keys]
    state = one.state if one.reason is None else f"{one.state}: {name(one.reason)}"
    return [str(one.number), state, one.value, *tried, one.epochs]
