"""Numbers with a long tail: amounts and counts of which a few are so large that the others look alike."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector

TIMES_THE_MEDIAN = 20
SKEWED = 2.0
CROWD = 0.05  # the share of rows that stand near 0, where other numbers are many times as large
ENOUGH_VALUES = 20  # different ones; with fewer they are grades or codes


def long_tail(known: Vector, distinct: int) -> str | None:
    """In which way numbers from 0 on have a long tail, in words; None where they have none.

    The skewness is mean((x − mean)³) / std³.
    """
    if distinct < ENOUGH_VALUES or known.min() < 0:
        return None
    low, middle = (float(value) for value in np.quantile(known, [CROWD, 0.5]))
    high = float(known.max())
    if middle > 0 and high > TIMES_THE_MEDIAN * middle:
        times = high / middle
        return (
            f"up to {times:,.0f} times the median" if times < 1e6 else f"up to {times:.1g} times the median"
        )
    if (skewness := skewness_of(known)) > SKEWED:
        return f"a long tail, skewness {skewness:.1f}"
    return "crowded near 0" if middle > TIMES_THE_MEDIAN * low > 0 else None


def skewness_of(values: Vector) -> float:
    """The skewness of numbers that are not all the same."""
    largest = float(np.abs(values).max())  # so that no power overflows
    deviation = values / largest - np.mean(values / largest)
    return float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
