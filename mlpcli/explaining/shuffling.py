"""The metric with columns shuffled; of very many columns a search for those that matter, by halves."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.explaining.unseen_rows import UnseenRows
from mlpcli.rng import stream
from mlpcli.training.decoder import OutputDecoder
from mlpcli.training.metrics import METRICS, compute

ENTRIES = 1 << 21  # of the inputs of several repeats, which are judged at once


@dataclass(frozen=True, eq=False)
class Shuffled:
    """The parts, each with its shuffles: the places (repeats, n) that the cells of its rows come from."""

    parts: Sequence[UnseenRows]
    orders: Sequence[Indices]
    decoder: OutputDecoder
    metric: str

    @classmethod
    def of(
        cls, parts: Sequence[UnseenRows], decoder: OutputDecoder, metric: str, repeats: int, seed: int
    ) -> Shuffled:
        """So many shuffles of each part, by a seed."""
        rng = stream(seed, "permutations")
        orders = [np.stack([rng.permutation(len(part.x)) for _ in range(repeats)]) for part in parts]
        return cls(parts, orders, decoder, metric)

    def value(self) -> float | None:
        """The metric with nothing shuffled."""
        return self._judged([part.scores(part.matrix) for part in self.parts])

    def losses(self, columns: Sequence[str], value: float) -> tuple[float | None, ...]:
        """How much worse than a value the metric is with some columns shuffled, repeat by repeat."""
        sign = 1.0 if METRICS[self.metric].greater_is_better else -1.0
        of_parts = [
            _scores_without(part, np.concatenate([part.columns[name] for name in columns]), orders)
            for part, orders in zip(self.parts, self.orders, strict=True)
        ]
        found = [self._judged(scores) for scores in zip(*of_parts, strict=True)]
        return tuple(None if other is None else sign * (value - other) for other in found)

    def _judged(self, scores: Sequence[Matrix]) -> float | None:
        truth = np.concatenate([part.truth for part in self.parts])
        known = [part.weights for part in self.parts if part.weights is not None]
        weights = np.concatenate(known) if known else None
        with np.errstate(all="ignore"):  # what is beyond float64 is no value of a metric
            predictions = self.decoder.predictions(np.concatenate(scores), truth, weights)
        return compute([self.metric], predictions)[self.metric]


def _scores_without(part: UnseenRows, inputs: Indices, orders: Indices) -> list[Matrix]:
    """The scores (n, outputs) of each repeat; as many as fit into ENTRIES of inputs at once."""
    rows, width = part.matrix.shape
    several = max(1, ENTRIES // max(1, rows * width))
    found: list[Matrix] = []
    for start in range(0, len(orders), several):
        some = orders[start : start + several]
        x = np.tile(part.matrix, (len(some), 1))
        x[:, inputs] = part.matrix[:, inputs][some.ravel()]
        with np.errstate(all="ignore"):
            found += np.split(part.scores(x), len(some))
    return found


def searched(
    shuffled: Shuffled, grouped: Sequence[tuple[str, ...]], value: float, most: int
) -> Iterator[tuple[tuple[str, ...], tuple[float | None, ...]]]:
    """The columns that matter most among very many, each with its losses, by about so many measurements.

    Of the stretches of columns that are left the one that costs most when it is shuffled as a whole is cut
    into halves, again and again; a stretch of one column is done. A column that matters only together with
    one that another column hides may be missed.
    """
    everything = tuple(grouped)
    left: list[tuple[float, int, int, tuple[float | None, ...]]] = [(-np.inf, 0, len(everything), ())]
    measured = 0
    while left and measured < most:
        _, start, stop, losses = heapq.heappop(left)
        if stop - start == 1:
            yield everything[start], losses
            continue
        middle = (start + stop) // 2
        for first, last in ((start, middle), (middle, stop)):
            names = [name for columns in everything[first:last] for name in columns]
            changes = shuffled.losses(names, value)
            known = [change for change in changes if change is not None]
            heapq.heappush(left, (-float(np.mean(known)) if known else -np.inf, first, last, changes))
            measured += 1
    yield from ((everything[start], losses) for _, start, stop, losses in left if stop - start == 1)
