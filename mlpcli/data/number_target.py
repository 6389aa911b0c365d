"""The target of a regression: its numbers transformed, scaled, and the range of them, from training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.config.spec import DataSpec, ScaleSpec
from mlpcli.data.scaling import SCALINGS
from mlpcli.data.target import TargetEncoder
from mlpcli.data.target_transform import TRANSFORMS
from mlpcli.tables.table import TrainingRows


@dataclass(frozen=True)
class Treatment:
    """What is done with the numbers: `transform` first, then `scale`; `clip` is of what is predicted."""

    scale: ScaleSpec
    transform: str | None = None
    clip: bool = False

    @classmethod
    def of(cls, data: DataSpec, scale: ScaleSpec) -> Treatment:
        """The one that the settings ask for."""
        asked = data.target_transform
        return cls(scale, None if asked == "none" else asked, data.target_clip is True)


def fit_numbers(columns: tuple[str, ...], treatment: Treatment, train: TrainingRows) -> TargetEncoder:
    """The target of a regression, scaled by what its training rows say, each as often as it counts.

    Where predictions are clipped, the range is that of the numbers as they are, not transformed.
    """
    fitted, ranges = [], []
    for name in columns:
        values = train.table.number(name, train.rows).values
        usable = np.isfinite(values)
        if treatment.transform is not None:
            usable &= values > TRANSFORMS[treatment.transform].above
        known = values if usable.all() else values[usable]  # there may be very many
        weights = None if train.repetitions is None else train.repetitions[usable]
        fitted.append(_scaling(known, weights, treatment))
        ranges.append((known.min(), known.max()) if len(known) else (0.0, 0.0))
    centers, scales = np.array(fitted, dtype=np.float64).T.copy()
    decorations = train.table.notation.decorations
    return TargetEncoder(
        "regression",
        columns,
        (),
        len(columns),
        centers,
        scales,
        {name: decorations[name] for name in columns if name in decorations},
        transform=treatment.transform,
        bounds=np.array(ranges, dtype=np.float64).T.copy() if treatment.clip else None,
    )


def _scaling(known: Vector, weights: Vector | None, treatment: Treatment) -> tuple[float, float]:
    """Center and scale of what the transform makes of the numbers."""
    scale = treatment.scale
    if scale.name == "divide" or not len(known):
        return 0.0, scale.number or 1.0
    if treatment.transform is not None:
        known = TRANSFORMS[treatment.transform].forward(known)
    return SCALINGS[scale.name](known, weights)
