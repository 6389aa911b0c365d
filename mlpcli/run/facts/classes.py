"""What a report says of classes and labels: who is taken for whom, how each ranks, whether odds hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.judging.curves import precision_recall_curves, roc_curves
from mlpcli.judging.reliability import calibration_error, reliability
from mlpcli.report.blocks import Capped
from mlpcli.report.class_parts import (
    Classes,
    ClassScores,
    Confused,
    Confusion,
    Ranking,
    Reliability,
)
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.coverages import coverages_of
from mlpcli.run.facts.shortened import capped, curve, drawn, name, sentence
from mlpcli.training.class_scores import ClassScores as Scores
from mlpcli.training.metrics import compute
from mlpcli.training.predictions import Predictions

MOST_SHOWN, MOST_EACH, MOST_RANKINGS, MOST_CONFUSED = 20, 50, 6, 10
MOST_POINTS = 80  # of a curve


def classes_of(case: Case) -> Classes | None:
    """All of it; None where numbers are predicted."""
    predictions = case.predictions
    if predictions.task == "regression":
        return None
    order = _most_frequent(predictions, len(case.classes))
    rankings = dict(_rankings(case, predictions))
    return Classes(
        confusion=_confusion(case, predictions, order) if predictions.task == "classification" else None,
        each=_each(case, predictions, order, rankings),
        rankings=_shown(rankings, order, len(case.classes)),
        reliability=reliability_of(case),
        coverages=tuple(coverages_of(case)),
    )


def _most_frequent(predictions: Predictions, classes: int) -> Indices:
    """The classes or labels, those of most rows first."""
    return np.argsort(-_counts(predictions.truth, classes), kind="stable")


def _counts(codes: Array, classes: int) -> Indices:
    """The rows that have each class or label."""
    return np.asarray(codes.sum(axis=0) if codes.ndim > 1 else np.bincount(codes, minlength=classes))


def _confusion(case: Case, predictions: Predictions, order: Indices) -> Confusion:
    count = len(case.classes)
    pairs = np.bincount(predictions.truth * count + predictions.predicted, minlength=count * count)
    whole = pairs.reshape(count, count)
    some = np.sort(order[:MOST_SHOWN])
    matrix = _with_others(whole, some)
    wrong = whole - np.diag(np.diag(whole))
    found = [
        divmod(place, count)
        for place in np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSED].tolist()
    ]
    names = [name(text) for text in case.classes]
    return Confusion(
        classes=capped([names[index] for index in some.tolist()], MOST_SHOWN, count),
        counts=tuple(tuple(row) for row in matrix.tolist()),
        most=tuple(
            Confused(truth=names[truth], predicted=names[said], rows=int(wrong[truth, said]))
            for truth, said in found
            if wrong[truth, said]
        ),
    )


def _with_others(whole: Array, some: Indices) -> Array:
    """The rows and columns of some classes, and one more of each for all others, if there are any."""
    others = np.setdiff1d(np.arange(len(whole)), some)
    if not len(others):
        return whole
    beside = whole[np.ix_(some, others)].sum(axis=1, keepdims=True)
    below = whole[np.ix_(others, some)].sum(axis=0, keepdims=True)
    corner = whole[np.ix_(others, others)].sum(keepdims=True)
    return np.block([[whole[np.ix_(some, some)], beside], [below, corner]])


def _each(
    case: Case, predictions: Predictions, order: Indices, rankings: dict[int, Ranking]
) -> Capped[ClassScores]:
    count = len(case.classes)
    true, said = (_counts(codes, count) for codes in (predictions.truth, predictions.predicted))
    right = predictions.truth == predictions.predicted
    codes = predictions.truth[right] if predictions.truth.ndim == 1 else predictions.truth * right
    hits = _counts(codes, count)
    weighed = _weighed(predictions, count)
    found = []
    for index in np.sort(order[:MOST_EACH]).tolist():
        ranking = rankings.get(index)
        precision, recall, f1 = (values[index] for values in weighed)
        found.append(
            ClassScores(
                name=name(case.classes[index]),
                rows=int(true[index]),
                predicted=int(said[index]),
                hits=int(hits[index]),
                precision=precision if said[index] else None,
                recall=recall if true[index] else None,
                f1=f1 if said[index] or true[index] else None,
                roc_auc=None if ranking is None else ranking.roc_auc,
                average_precision=None if ranking is None else ranking.average_precision,
            )
        )
    return capped(found, MOST_EACH, count)


def _weighed(predictions: Predictions, count: int) -> list[list[float]]:
    """Precision, recall and F1 of each class, by the weights of the rows as metrics are; 0 for 0/0."""
    counts, pad = predictions.counts, max(0, count - len(predictions.counts.hits))
    hits, true, said = (np.pad(one, (0, pad)) for one in (counts.hits, counts.true, counts.predicted))
    pairs = ((hits, said), (hits, true), (2 * hits, true + said))
    return [
        np.clip(np.divide(part, whole, out=np.zeros_like(hits), where=whole > 0), 0, 1).tolist()
        for part, whole in pairs
    ]


def _rankings(case: Case, predictions: Predictions) -> Iterator[tuple[int, Ranking]]:
    """How rows rank by each class or label that some rows have and some have not, with its index."""
    if not predictions.total_share > 0:
        return
    curves = [roc_curves(predictions, MOST_POINTS), precision_recall_curves(predictions, MOST_POINTS)]
    binary = predictions.task == "classification" and len(case.classes) == 2
    for place, (roc, precision) in enumerate(zip(*curves, strict=True)):
        index = predictions.positive if binary else place
        if roc is None or precision is None:
            continue
        share = float(_share(predictions, index))
        yield (
            index,
            Ranking(
                name=name(case.classes[index]),
                share=share,
                roc=curve(roc.x, roc.y),
                roc_auc=_within(roc.area),
                precision_recall=curve(precision.x, precision.y),
                average_precision=_within(precision.area),
            ),
        )


def _share(predictions: Predictions, index: int) -> Array:
    """The share of rows, by what they weigh, that have a class or label."""
    truth = predictions.truth
    return predictions.mean((truth[:, index] if truth.ndim > 1 else truth == index).astype(np.float64))


def _within(share: float) -> float:
    return float(np.clip(share, 0.0, 1.0))


def _shown(rankings: dict[int, Ranking], order: Indices, count: int) -> Capped[Ranking] | None:
    """The rankings of the classes of most rows, in the order of the classes."""
    chosen = sorted([index for index in order.tolist() if index in rankings][:MOST_RANKINGS])
    total = 1 if len(rankings) == 1 and count == 2 else count
    return capped([rankings[index] for index in chosen], MOST_RANKINGS, total) if chosen else None


def reliability_of(case: Case) -> Reliability | None:
    """Whether what is said comes true as often; None where nothing is said with a probability."""
    predictions = case.predictions
    if not predictions.ranked.probabilistic or not predictions.total_share > 0:
        return None
    of = "the probability of the predicted class"
    if predictions.task == "multilabel":
        of, predictions = "the probability of any label", _pooled(predictions)
    elif len(case.classes) == 2:
        of = f"the probability of '{name(case.classes[predictions.positive])}'"
    bins = reliability(predictions)
    single = case.predictions.task == "classification"
    brier = compute(["brier"], predictions)["brier"] if single else None
    said, found = ([getattr(one, what) for one in bins] for what in ("probability", "share"))
    return Reliability(
        of=sentence(of),
        rows=tuple(one.rows for one in bins),
        said=drawn(np.clip(said, 0, 1)),
        found=drawn(np.clip(found, 0, 1)),
        low=drawn(np.array([one.interval.lower for one in bins])),
        high=drawn(np.array([one.interval.upper for one in bins])),
        ece=_within(calibration_error(bins)),
        brier=brier,
    )


def _pooled(predictions: Predictions) -> Predictions:
    """Every label of every row as a row of two classes."""
    scores, labels = predictions.odds, predictions.truth.shape[1]
    weights = None if predictions.weights is None else np.repeat(predictions.weights, labels)
    pooled = Scores(scores.z.reshape(-1, 1), scores.output)
    truth, predicted = predictions.truth.ravel(), predictions.predicted.ravel()
    return Predictions("classification", truth, predicted, pooled, weights)
