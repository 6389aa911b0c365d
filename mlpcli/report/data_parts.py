"""What a report says of the data: columns and what became of them, parts, what is odd."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number
from mlpcli.report.blocks import Capped, Name, PartName, Sentence, Share


class ColumnFacts(Exact):
    """A column that the network learns from."""

    column: Name = Field(description="Its name.")
    kind: Literal["number", "text", "date"] = Field(description="As what it is read.")
    encode: Name = Field(description="The encoding.")
    inputs: Count = Field(description="How many inputs of the network it makes.")
    levels: Count | None = Field(None, description="How many texts it has, where it is one of texts.")
    missing: Share | None = Field(None, description="The share of missing cells, where it is known.")
    policy: Name = Field(description="What is done with a missing cell.")
    fill: Name | None = Field(None, description="What stands in its place.")
    center: Number | None = Field(None, description="What is subtracted from numbers.")
    scale: Number | None = Field(None, description="What they are then divided by.")


class PartRows(Exact):
    """A part of the data."""

    part: PartName | Literal["dropped"] = Field(description="Which one.")
    words: Name = Field(description="What a person calls it.")
    rows: Count = Field(description="How many rows it has.")


class ClassShare(Exact):
    """How many of the training rows have a class or a label."""

    name: Name = Field(description="The class or label.")
    rows: Count = Field(description="The training rows that have it.")


class TargetRange(Exact):
    """Where the training rows' values of a target are."""

    target: Name = Field(description="The column.")
    least: Number = Field(description="The least.")
    median: Number = Field(description="The median.")
    most: Number = Field(description="The most.")


class DataFacts(Exact):
    """The table that was learnt from."""

    files: Items[Name] = Field(description="The files' names, without directories.")
    rows: Count = Field(description="All rows.")
    parts: Items[PartRows] = Field(description="How they were divided.")
    cut: Sentence = Field(description="How, in words.")
    columns: Capped[ColumnFacts] = Field(description="Those that the network learns from.")
    inputs: Count = Field(description="How many inputs of the network they make.")
    classes: Capped[ClassShare] = Field(description="The classes or labels in the training rows.")
    ranges: Capped[TargetRange] = Field(description="The numbers to predict in the training rows.")
    notes: Capped[Sentence] = Field(description="What was said while the data were read.")
    leaks: Items[Sentence] = Field(description="What may tell the network more than it will know later.")
