"""Numbers with as few digits as float32 tells apart, against NumPy's own shortest texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.tables.shortest_numbers import as_written, shortest
from mlpcli.training.few_digits import as_float32_tells

SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(bool)


@given(st.lists(SINGLE, min_size=1, max_size=20))
def test_they_are_the_shortest_that_read_back_to_the_same_float32(numbers: list[float]) -> None:
    values = np.array(numbers, np.float32)
    found = shortest(values)
    assert found.tolist() == [float(str(value)) for value in values]
    assert found.astype(np.float32).tolist() == values.tolist()


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_a_number_of_few_bits_is_that_of_its_text(kind: type[np.floating], bits: list[int]) -> None:
    """Any that there is: subnormal, zero of either sign, infinite, none."""
    unsigned = np.uint16 if kind is np.float16 else np.uint32
    values = (np.array(bits, np.uint64) & np.iinfo(unsigned).max).astype(unsigned).view(kind)
    np.testing.assert_array_equal(as_written(values), [float(str(value)) for value in values])


def told(value: float, center: float, scale: float) -> float:
    return float(as_float32_tells(np.array([[value]]), np.array([center]), np.array([scale]))[0, 0])


@pytest.mark.parametrize(
    ("value", "center", "scale", "expected"),
    [
        (0.1 + 1e-9, 0.0, 1.0, "0.1"),
        (1234567.891, 0.0, 1e6, "1234567.9"),
        (2007.123456789, 2007.0, 10.0, "2007.1234"),
        (-3.3e-30, 0.0, 1e-30, "-3.3e-30"),
        (0.0, 0.0, 1.0, "0.0"),
        # float32 is coarser there than the network
        (1e9 + 0.123456789, 1e9, 1.0, repr(1e9 + 0.123456789)),
        (1e6 + 0.123456789, 1e6, 1.0, repr(1e6 + 0.123456789)),
        # and does not reach there
        (5.123456789e-170, 0.0, 1e-170, "5.123456789e-170"),
        (5.123456789e160, 0.0, 1e160, "5.123456789e+160"),
        (1.23456789e-40, 0.0, 1e-40, "1.23456789e-40"),
    ],
)
def test_nothing_is_lost_that_the_network_knew(
    value: float, center: float, scale: float, expected: str
) -> None:
    assert repr(told(value, center, scale)) == expected


@given(st.floats(-6, 6, width=32), st.floats(-1e12, 1e12), st.floats(1e-6, 1e12))
def test_it_is_never_further_away_than_a_thousandth_of_the_scale(
    z: float, center: float, scale: float
) -> None:
    """Or, of larger scores, than float32 is from the next one."""
    value = z * scale + center
    assert abs(told(value, center, scale) - value) <= 2e-3 * scale


def test_each_number_is_told_by_itself() -> None:
    values = np.random.default_rng(0).normal(size=(100, 2)) * [1.0, 1e7]
    center, scale = np.array([0.0, 1e10]), np.array([1.0, 3.0])
    whole = as_float32_tells(values, center, scale)
    for row in range(0, 100, 7):
        np.testing.assert_array_equal(as_float32_tells(values[row : row + 1], center, scale)[0], whole[row])
