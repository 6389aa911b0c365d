"""What a model says of some rows, by all of its networks together and by each, and how that is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.calibration.prediction_sets import misfits
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class Said:
    """Scores (n, outputs) with their decoder; `members` the same by each network, where that is asked for."""

    scores: Matrix
    decoder: OutputDecoder
    members: Sequence[Said] = ()

    @property
    def numbers(self) -> Matrix:
        """The predicted numbers (n, K) of a regression, as they are shown."""
        return self.decoder.words(self.scores)

    @property
    def misfits(self) -> Matrix:
        """How little each class fits each row (n, C)."""
        return misfits(self.decoder.class_scores(self.scores), len(self.decoder.target.classes))


@dataclass(frozen=True, eq=False)
class Known:
    """The same of rows of which the truth is known, as the decoder gives it; `weights` (n,) of the rows."""

    said: Said
    truth: Array
    weights: Vector | None = None

    def with_decoder(self, decoder: OutputDecoder) -> Known:
        """The same rows, read in another way."""
        return replace(self, said=replace(self.said, decoder=decoder))

    @property
    def usable(self) -> Known:
        """The rows that weigh anything and have scores."""
        rows = np.isfinite(self.said.scores).all(axis=1)
        if self.weights is not None:
            rows &= self.weights > 0
        if rows.all():
            return self
        weights = None if self.weights is None else self.weights[rows]
        return Known(replace(self.said, scores=self.said.scores[rows]), self.truth[rows], weights)
