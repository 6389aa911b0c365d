"""What a report says of columns and rows: which columns matter, and which rows are wrong."""

from __future__ import annotations

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number, Positive
from mlpcli.report.blocks import Capped, Cell, Name, Sentence


class ColumnImportance(Exact):
    """What the metric loses when the cells of a column change places between the rows."""

    column: Name = Field(description="The column of the table.")
    mean: Number = Field(description="The loss, in units of the metric, mean over the repeats.")
    std: Number = Field(description="How much it varies between the repeats.")


class Importance(Exact):
    """Which columns the model depends on: permutation importance."""

    metric: Name = Field(description="The metric that is lost.")
    greater_is_better: bool = Field(description="Whether more of it is better.")
    whole: Number = Field(description="The metric with every column in its place.")
    words: Name = Field(description="What a person calls the rows it is computed on.")
    rows: Count = Field(description="How many rows these are.")
    of_rows: Count = Field(description="How many there would be: of many a sample is taken.")
    repeats: Positive = Field(description="How often each column was permuted.")
    columns: Capped[ColumnImportance] = Field(description="The most important ones, most important first.")
    notes: Items[Sentence] = Field((), description="Such as columns that correlate and hide each other.")


class WorstRow(Exact):
    """A row that the model gets most wrong."""

    row: Positive = Field(description="Its number in the data file, from 1, without the header.")
    file: Name | None = Field(None, description="The file, where there are several.")
    truth: Items[Cell] = Field(description="What is true, one for each target that is shown.")
    predicted: Items[Cell] = Field(description="What was said.")
    error: Number = Field(description="By what the rows are ordered.")
    probability: Number | None = Field(None, description="That of the true class, where there are any.")
    cells: Items[Cell] = Field((), description="Its cells of the columns that are shown, as in the file.")


class Worst(Exact):
    """The worst predictions, worst first."""

    by: Sentence = Field(description="What makes a prediction bad, in words.")
    targets: Capped[Name] = Field(description="The targets of `truth` and `predicted`.")
    columns: Capped[Name] = Field(description="The columns of `cells`, the most important ones.")
    rows: Capped[WorstRow] = Field(description="The rows.")
    note: Sentence | None = Field(None, description="Why cells are not shown, where they are not.")
