"""What a report shows of classes and labels: confusions, scores of each, rankings, calibration."""

from __future__ import annotations

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number
from mlpcli.report.blocks import Capped, Curve, Name, Sentence, Share
from mlpcli.report.number_parts import Coverage


class Confused(Exact):
    """Rows of one class that were taken for another."""

    truth: Name = Field(description="The class that they have.")
    predicted: Name = Field(description="The class that was said.")
    rows: Count = Field(description="How many rows.")


class Confusion(Exact):
    """How often each class was predicted for rows of each class.

    Where not all classes are shown one more row and one more column have all others together.
    """

    classes: Capped[Name] = Field(description="The classes, those of most rows where not all are shown.")
    counts: Items[Items[Count]] = Field(description="Rows of the truth, columns of the prediction.")
    most: Items[Confused] = Field(description="The most frequent confusions, most frequent first.")


class ClassScores(Exact):
    """What the model is worth for one class, or label, against all others."""

    name: Name = Field(description="The class or label.")
    rows: Count = Field(description="The rows that have it.")
    predicted: Count = Field(description="The rows for which it was predicted.")
    hits: Count = Field(description="The rows that have it and for which it was predicted.")
    precision: Share | None = Field(description="Hits among the rows for which it was predicted.")
    recall: Share | None = Field(description="Hits among the rows that have it.")
    f1: Share | None = Field(description="The harmonic mean of both.")
    roc_auc: Share | None = Field(None, description="How well rows that have it rank before the others.")
    average_precision: Share | None = Field(None, description="The area below the precision-recall curve.")


class Ranking(Exact):
    """How rows of one class, or label, rank before the others; thinned."""

    name: Name = Field(description="The class or label.")
    share: Share = Field(description="The share of rows that have it: the precision of a guess.")
    roc: Curve = Field(description="False positive rate, true positive rate.")
    roc_auc: Share = Field(description="The area below it.")
    precision_recall: Curve = Field(description="Recall, precision.")
    average_precision: Share = Field(description="The area below that.")


class Reliability(Exact):
    """Whether probabilities are right: bins of as many rows each, by probability."""

    of: Sentence = Field(description="Whose probabilities: the positive class, the predicted one, a label.")
    rows: Items[Count] = Field(description="The rows in each bin.")
    said: Items[Share] = Field(description="The mean probability in each.")
    found: Items[Share] = Field(description="The share of rows for which it came true.")
    low: Items[Share] = Field(description="Where the 95 % interval of that share begins.")
    high: Items[Share] = Field(description="Where it ends.")
    ece: Share = Field(description="The mean distance of said and found, by rows.")
    brier: Number | None = Field(None, description="The Brier score, where it is defined.")


class Classes(Exact):
    """Everything that is known of classes, or of labels, on the rows that judge the run."""

    confusion: Confusion | None = Field(None, description="Of classes; labels have none.")
    each: Capped[ClassScores] = Field(description="Every class or label, those of most rows first to stay.")
    rankings: Capped[Ranking] | None = Field(None, description="Where scores rank rows.")
    reliability: Reliability | None = Field(None, description="Where there are probabilities.")
    coverages: Items[Coverage] = Field(
        (), description="Sets of classes as predictions: `width` is their size."
    )
