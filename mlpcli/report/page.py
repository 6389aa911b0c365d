"""The page of a run, or of several side by side: one HTML file that is complete in itself.

It has no script and asks for nothing, has no date, and is the same bytes for the same documents. What came
from a table (names of columns, classes, cells) is escaped by the template engine, and made printable before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from mlpcli.report.blocks import Score
from mlpcli.report.data_parts import ClassShare, TargetRange
from mlpcli.report.document import ReportDocument
from mlpcli.report.drawn import Drawn, Named, drawn
from mlpcli.report.figures.lettering import counted, name, percent, phrase, shown, told
from mlpcli.report.figures.palette import rules, variables
from mlpcli.report.figures.svg import Cell
from mlpcli.report.matrix import heads, shade
from mlpcli.report.meanings import VERDICTS, meaning
from mlpcli.report.side_by_side import compared, different

if TYPE_CHECKING:
    from jinja2 import Environment


STUDY_PAGE: Final = "study.html.jinja"  # of a search, which few processes draw


@dataclass(frozen=True)
class Run:
    """A run on the page: its place, which its ids begin with, its document and its figures."""

    place: int
    document: ReportDocument
    figures: Drawn


def render(documents: Sequence[ReportDocument]) -> bytes:
    """The page of these runs, one at least: UTF-8, with the same bytes for the same documents."""
    runs = [Run(place, document, drawn(document, place)) for place, document in enumerate(documents)]
    page = (
        environment()
        .get_template("page.html.jinja")
        .render(
            runs=runs,
            compared=compared(documents) if len(runs) > 1 else [],
            different=different(documents) if len(runs) > 1 else [],
        )
    )
    return f"{page}\n".encode()


def prepare() -> None:
    """Load and compile everything that a page takes, which is most of the time of the first one."""
    templates = environment()
    for template in templates.list_templates(filter_func=lambda name: name != STUDY_PAGE):
        templates.get_template(template)


@cache
def environment() -> Environment:
    """The templates with what they may call; a name that they misspell is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("mlpcli.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters.update(
        shown=shown, name=name, percent=percent, sentence=_sentence, svg=_markup, told=told, phrase=phrase
    )
    templates.globals.update(
        counted=counted, shade=shade, matrix_heads=heads, meaning=meaning, verdicts=VERDICTS
    )
    templates.globals.update(named_rows=_named_rows, main_first=_main_first, range_rows=_range_rows)
    templates.globals.update(light=variables("light"), dark=variables("dark"), figure_rules=rules())
    return templates


def _markup(named: Named) -> str:
    """The SVG of a figure, which has escaped what is in it."""
    from markupsafe import Markup

    return Markup(named.figure.markup(named.name))


def _sentence(text: str) -> str:
    """A sentence as one that stands alone: with a capital and a full stop."""
    safe = phrase(text)
    return f"{safe[:1].upper()}{safe[1:]}" + ("" if safe.endswith((".", "?", "!")) else ".")


def _named_rows(classes: Sequence[ClassShare]) -> list[list[Cell]]:
    return [[name(one.name), one.rows] for one in classes]


def _range_rows(ranges: Sequence[TargetRange]) -> list[list[Cell]]:
    return [[name(one.target), one.least, one.median, one.most] for one in ranges]


def _main_first(scores: Sequence[Score], main: Score) -> list[Score]:
    """The metric that says most before the others, what was trained at the end."""
    return sorted(scores, key=lambda score: (score.metric != main.metric, score.metric == "loss"))
