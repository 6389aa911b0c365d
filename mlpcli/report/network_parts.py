"""What a report says of the network: its layers, and what it computes of one or two inputs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number, Positive
from mlpcli.report.blocks import Capped, Name, Place, Sentence


class Layer(Exact):
    """What stands between two rows of units: z = x W + b and what z goes through."""

    name: Name = Field(description="As in the model file.")
    inputs: Positive = Field(description="How many units it reads.")
    outputs: Positive = Field(description="How many it has.")
    then: Items[Name] = Field(description="What its scores go through: normalization, activation, dropout.")
    parameters: Count = Field(description="How many numbers it learns.")


class Before(Exact):
    """What stands before the first layer: an embedding, a scaling."""

    name: Name = Field(description="As in the model file.")
    what: Sentence = Field(description="What it is, in words.")
    parameters: Count = Field(description="How many numbers it learns.")


class Network(Exact):
    """The network; of several one, as all have the same layers."""

    before: Capped[Before] = Field(description="What stands before the first layer.")
    layers: Capped[Layer] = Field(description="The layers with weights, from the inputs on.")
    parameters: Positive = Field(description="How many numbers one network learns.")
    members: Positive = Field(description="How many networks predict together.")
    together: Sentence | None = Field(None, description="What the members are, in words.")
    loss: Name = Field(description="The loss that was trained.")
    optimizer: Name = Field(description="The optimizer.")
    schedule: Name = Field(description="The schedule of the learning rate.")
    dtype: Name = Field(description="The precision of the weights.")
    afterwards: Items[Sentence] = Field((), description="What was fitted after the weights.")


class Axis(Exact):
    """A column that varies along an axis."""

    column: Name = Field(description="The column.")
    places: Items[Number] = Field(description="The values at which the network was asked, ascending.")
    low: Number = Field(description="The least value of the training rows.")
    high: Number = Field(description="The largest one.")


class Rows(Exact):
    """Rows that judge the run, to be drawn as points; a sample where there are many."""

    total: Count = Field(description="How many there are.")
    x: Items[Number] = Field(description="The first column.")
    y: Items[Number] = Field(description="The second column, or the true value.")
    classes: Items[Place] = Field((), description="The class of each, where there are classes.")


class Line(Exact):
    """What the network says along an axis: a number, or the probability or score of a class."""

    name: Name = Field(description="The target, class or label.")
    y: Items[Number] = Field(description="Its value at each place of the axis.")


class FittedCurve(Exact):
    """Of one number that goes in: what comes out."""

    kind: Literal["curve"] = Field(description="This kind.")
    axis: Axis = Field(description="The column that goes in.")
    lines: Capped[Line] = Field(description="What comes out.")
    rows: Rows = Field(description="Rows beside it: of classes, y is 1 where a row has the first line's.")


class ClassSurface(Exact):
    """Of two numbers that go in: which class is said."""

    kind: Literal["classes"] = Field(description="This kind.")
    x: Axis = Field(description="The first column.")
    y: Axis = Field(description="The second column.")
    classes: Capped[Name] = Field(description="The classes; a number on the surface is a place in this list.")
    cells: Items[Items[Place]] = Field(description="A row for each place of y, a column for each of x.")
    rows: Rows = Field(description="Rows beside it.")


class NumberSurface(Exact):
    """Of two numbers that go in: which number comes out."""

    kind: Literal["numbers"] = Field(description="This kind.")
    x: Axis = Field(description="The first column.")
    y: Axis = Field(description="The second column.")
    target: Name = Field(description="What comes out: the first target.")
    cells: Items[Items[Number]] = Field(description="A row for each place of y, a column for each of x.")
    rows: Rows = Field(description="Rows beside it, without their values.")
