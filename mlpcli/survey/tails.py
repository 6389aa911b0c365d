"""Numbers with a long tail: amounts and counts of which a few are so large that the others look alike."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector

TIMES_THE_MEDIAN = 20
SKEWED = 2.0
CROWD = 0.05  # the share of rows that stand near 0, where other numbers are many times as large
# the lowest number stands out where so many rows have it, and so many times more than have each of those that
# are no farther from it than a fiftieth of the standard deviation
FEWEST_LOWEST, LEAST_LOWEST, STANDS_OUT, NEXT = 5, 0.005, 4, 0.02
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
    if middle > TIMES_THE_MEDIAN * low > 0:
        return "crowded near 0"
    return f"crowded at {known.min():g}" if lowest_stands_out(known) else None


def lowest_stands_out(known: Vector) -> bool:
    """Whether many rows have the lowest number, which is not 0, and the next ones are hardly above it.

    An account of one day may be another thing than one of two, though standardized it is the same.
    """
    if known.min() <= 0:
        return False
    values = known / known.max()  # so that no power overflows
    low = values.min()
    rows = np.count_nonzero(values == low)
    near = values[(values > low) & (values <= low + NEXT * values.std())]
    enough = rows >= max(FEWEST_LOWEST, LEAST_LOWEST * len(values))
    return bool(enough and len(near) and rows * len(np.unique(near)) >= STANDS_OUT * len(near))


def skewness_of(values: Vector) -> float:
    """The skewness of numbers that are not all the same."""
    largest = float(np.abs(values).max())  # so that no power overflows
    deviation = values / largest - np.mean(values / largest)
    return float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
