"""What the parts of a report are made of: names of bounded length, lists that say how much they leave out."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field, StringConstraints

from mlpcli.artifacts.exact import Count, Exact, Items, Number

LONGEST_NAME, LONGEST_CELL, LONGEST_SENTENCE = 120, 80, 2000

Item = TypeVar("Item")

Name: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
Cell: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_CELL)]
Sentence: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_SENTENCE)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
PartName: TypeAlias = Literal["train", "val", "cal", "test"]
Place: TypeAlias = Annotated[int, Field(ge=0, description="An index into a list, counted from 0.")]


class Capped(Exact, Generic[Item]):
    """The first of a list, and how long the whole list is: `20 of 312 features shown`."""

    total: Count = Field(description="How many there are.")
    shown: Items[Item] = Field(description="The first of them, or the most important ones.")


class Score(Exact):
    """A metric on some rows, beside what a constant prediction comes to on the same ones."""

    metric: Name = Field(description="The short name, as in metrics.json; `loss` is what was trained.")
    value: Number | None = Field(description="Null where it is not defined.")
    greater_is_better: bool = Field(description="Whether more of it is better.")
    baseline: Number | None = Field(None, description="That of a constant prediction.")
    low: Number | None = Field(None, description="Where the 95 % bootstrap interval begins.")
    high: Number | None = Field(None, description="Where it ends.")


class Curve(Exact):
    """Points in their order, as two lists of the same length."""

    x: Items[Number] = Field(description="The horizontal places.")
    y: Items[Number] = Field(description="The vertical ones.")
