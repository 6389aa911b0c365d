"""What a report shows of numbers that are predicted: predicted against true, and the errors."""

from __future__ import annotations

from pydantic import Field

from mlpcli.artifacts.exact import Count, Exact, Items, Number
from mlpcli.report.blocks import Capped, Curve, Name, Share


class Hexagons(Exact):
    """Points counted in hexagons with a corner up, where they are too many to be drawn.

    Their centers are at x, y; each is `width` wide, and its corners are `height` above and below the center.
    """

    x: Items[Number] = Field(description="The centers: true values.")
    y: Items[Number] = Field(description="The centers: predicted values.")
    rows: Items[Count] = Field(description="The rows in each, one at least.")
    width: Number = Field(description="From side to side, in units of x.")
    height: Number = Field(description="From the center to a corner, in units of y.")


class Histogram(Exact):
    """Rows counted in bins of one width."""

    edges: Items[Number] = Field(description="One more than bins.")
    rows: Items[Count] = Field(description="The rows in each bin.")


class Quantile(Exact):
    """Below which value a share of the rows is."""

    share: Share = Field(description="The share.")
    value: Number = Field(description="The value.")


class Coverage(Exact):
    """How many of the rows a prediction interval of the model covers."""

    level: Name = Field(description="The share that it is to cover.")
    coverage: Share | None = Field(description="The share that it does cover.")
    width: Number | None = Field(
        None, description="How wide the intervals are, how large the sets, in the mean."
    )


class TargetErrors(Exact):
    """Predictions of one target beside the truth; an error is the prediction less the truth."""

    target: Name = Field(description="The column.")
    rows: Count = Field(description="The rows with finite values.")
    points: Curve | None = Field(description="True and predicted values, where the rows are few.")
    hexagons: Hexagons | None = Field(description="The same of many rows.")
    errors: Histogram = Field(description="The errors; what is far out is in the outer bins.")
    quantiles: Items[Quantile] = Field(description="Of the errors.")
    mean_error: Number = Field(description="Whether predictions are too high (more than 0) or too low.")


class Numbers(Exact):
    """Everything that is known of predicted numbers, on the rows that judge the run."""

    targets: Capped[TargetErrors] = Field(description="Each target.")
    coverages: Items[Coverage] = Field((), description="The prediction intervals of the model.")
