"""How the prediction intervals, or the sets of classes, of a run do on the rows that judge it.

What they promise is a share of rows; how wide they have to be for it says how much the model knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.report.number_parts import Coverage
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.scores import finite

WIDTHS = ("mean_width", "mean_size")  # of intervals, of sets


def coverages_of(case: Case) -> Iterator[Coverage]:
    """Each level that the run has on these rows.

    There is none on rows that the intervals were fitted on, which are covered as often as was asked for
    whatever the network may be worth.
    """
    for level, own in case.results.intervals.get(case.judge, {}).items():
        width = next((own[key] for key in WIDTHS if key in own), None)
        yield Coverage(level=level, coverage=finite(own.get("coverage")), width=finite(width))


def levels_of(case: Case) -> tuple[float, ...]:
    """The levels that the model has intervals of, wherever they were judged."""
    found = case.results.calibrated.intervals
    return () if found is None else tuple(found.levels)
