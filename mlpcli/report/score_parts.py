"""Metrics of a report: of every part, target, fold and group, and how they went during the training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number
from mlpcli.report.blocks import Capped, Curve, Name, PartName, Score, Sentence


class PartScores(Exact):
    """What the model is worth on a part of the data."""

    part: PartName = Field(description="Which part it is.")
    words: Name = Field(description="What a person calls its rows.")
    rows: Count = Field(description="How many rows it has.")
    scores: Items[Score] = Field(description="The metrics; intervals only for the rows that judge the run.")


class TargetScores(Exact):
    """The metrics of one of several targets, or labels, on the rows that judge the run."""

    target: Name = Field(description="The column.")
    scores: Items[Score] = Field(description="Its metrics.")


class FoldScores(Exact):
    """A metric in every fold, on the rows that validate it."""

    metric: Name = Field(description="The short name.")
    mean: Number | None = Field(description="The mean over the folds.")
    std: Number | None = Field(description="The standard deviation of a sample of folds.")
    folds: Capped[Number | None] = Field(description="The value in each.")


class Group(Exact):
    """The rows that have one value of a column, and what the model is worth on them."""

    level: Name = Field(description="The value; empty where the cell is.")
    rows: Count = Field(description="How many rows have it.")
    scores: Items[Score] = Field(description="The metrics on them; the first one is that of the summary.")


class Groups(Exact):
    """Scores by the values of a column: where is the model good, and where is it not?"""

    column: Name = Field(description="The column.")
    reason: Sentence = Field(description="Why this one, in words.")
    groups: Capped[Group] = Field(description="Those of most rows.")


class Series(Exact):
    """A quantity over the epochs, on rows of one part."""

    part: Literal["train", "val"] = Field(description="Which rows it is of.")
    words: Name = Field(description="What a person calls them.")
    curve: Curve = Field(description="Epochs, thinned where there are many, and values.")


class HistoryCurve(Exact):
    """A quantity over the epochs."""

    metric: Name = Field(description="`loss`, or a metric.")
    greater_is_better: bool = Field(description="Whether more of it is better.")
    series: Items[Series] = Field(description="Training rows, and validation rows where there are some.")


class History(Exact):
    """How the training went."""

    epochs: Count = Field(description="How many there were.")
    best_epoch: Count | None = Field(description="The one whose weights are kept, if it is not the last.")
    averaged: Count = Field(description="How many networks the curves are the mean of.")
    curves: Items[HistoryCurve] = Field(description="The loss, then the metric that decides or is first.")
