"""All figures of a run, by the section of the page that they stand in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlpcli.report.document import ReportDocument
from mlpcli.report.figures.class_scores import class_scores
from mlpcli.report.figures.errors import error_histogram, predicted_against_true
from mlpcli.report.figures.importance import importance
from mlpcli.report.figures.network import network_figure
from mlpcli.report.figures.ranking import precision_recall, roc
from mlpcli.report.figures.reliability import reliability
from mlpcli.report.figures.score_strip import score_strip
from mlpcli.report.figures.surface import surface
from mlpcli.report.figures.svg import Figure
from mlpcli.report.figures.training_curves import training_curves


@dataclass(frozen=True)
class Named:
    """A figure with the name that makes its ids its own on the page."""

    name: str
    figure: Figure


@dataclass(frozen=True)
class Drawn:
    """The figures of one run."""

    score: list[Named]
    errors: list[Named]
    classes: list[Named]
    importance: list[Named]
    surface: list[Named]
    probabilities: list[Named]
    training: list[Named]
    network: list[Named]


def drawn(document: ReportDocument, run: int) -> Drawn:
    """Draw what there is to draw. `run` is the place of the run on the page."""
    summary, history = document.summary, document.history
    targets = document.numbers.targets.shown if document.numbers else ()

    def named(section: str, figures: Iterable[Figure | None]) -> list[Named]:
        some = [figure for figure in figures if figure is not None]
        return [Named(f"r{run}-{section}{place}", figure) for place, figure in enumerate(some)]

    return Drawn(
        score=named("score", [score_strip(summary.main, summary.judged.words)]),
        errors=named(
            "errors", (draw(one) for one in targets for draw in (predicted_against_true, error_histogram))
        ),
        classes=named("classes", [class_scores(document.classes.each)] if document.classes else []),
        importance=named("importance", [importance(document.importance)] if document.importance else []),
        surface=named("surface", [surface(document.surface)] if document.surface else []),
        probabilities=named("probabilities", _probabilities(document)),
        training=named("training", (training_curves(curve, history.best_epoch) for curve in history.curves)),
        network=named("network", [network_figure(document.network)] if document.network.layers.shown else []),
    )


def _probabilities(document: ReportDocument) -> list[Figure]:
    classes = document.classes
    if classes is None:
        return []
    ranked = classes.rankings.shown if classes.rankings else ()
    figures = [reliability(classes.reliability)] if classes.reliability and classes.reliability.rows else []
    return [*figures, *([roc(ranked), precision_recall(ranked)] if ranked else [])]
