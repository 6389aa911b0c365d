"""Numbers in the target's units, from what the network puts out, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.arithmetic import expm1, log1p


class Units:
    """output * scale + center, e^u - 1 of that if `log`, within the least and the largest number if given."""

    def __init__(
        self,
        center: Sequence[float],
        scale: Sequence[float],
        log: bool = False,
        bounds: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        self.center, self.scale, self.log, self.bounds = center, scale, log, bounds

    def numbers(self, outputs: Sequence[float]) -> list[float]:
        """Those of the outputs of a row; no bounds are those of one that is not finite."""
        found = [z * scale + center for z, scale, center in zip(outputs, self.scale, self.center)]
        if self.log:
            found = [expm1(u) for u in found]
        each = zip(found, self.bounded(found), outputs)
        return [within if math.isfinite(z) else x for x, within, z in each]

    def bounded(self, numbers: Sequence[float]) -> list[float]:
        """Numbers within the bounds."""
        if self.bounds is None:
            return list(numbers)
        return [min(max(x, low), high) for x, low, high in zip(numbers, *self.bounds)]

    def outputs(self, numbers: Sequence[float]) -> list[float]:
        """What gives these numbers."""
        known = [log1p(x) for x in numbers] if self.log else numbers
        return [(u - center) / scale for u, center, scale in zip(known, self.center, self.scale)]

    def line_at(self, numbers: Sequence[float]) -> list[tuple[float, float]]:
        """(center, scale), of which numbers near these are scale * output + center."""
        if not self.log:
            return list(zip(self.center, self.scale))
        slopes = [1.0 + x for x in numbers]
        each = zip(numbers, slopes, self.center, self.scale)
        return [(x - slope * (log1p(x) - center), slope * scale) for x, slope, center, scale in each]
