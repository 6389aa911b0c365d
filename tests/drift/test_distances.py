"""PSI, its chance and the distance: by hand, by SciPy on the rows themselves, and by drawing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, wasserstein_distance

from mlpcli.drift.distances import Outside, chance, joined_bins, psi, wasserstein
from mlpcli.drift.profile import LevelProfile, NumberProfile
from mlpcli.drift.tally import LevelTally, NumberTally
from mlpcli.drift.verdict import ColumnDrift, drift_of, largest

Floats = npt.NDArray[np.float64]


def counts(*numbers: int) -> npt.NDArray[np.intp]:
    return np.array(numbers, np.intp)


def drift(before: Floats, after: Floats, columns: int = 1) -> ColumnDrift:
    tally = NumberTally(NumberProfile.of(before))
    for part in np.array_split(after, 3):
        tally.add(part)
    return drift_of(tally, columns)


def test_psi_by_hand() -> None:
    """Shares 0.25 and 0.75 against halves, each with half a row more: 49.5 of 99, 24.5 and 74.5 of 99."""
    found = psi(counts(49, 49), counts(24, 74))
    p, q = np.array([49.5, 49.5]) / 99, np.array([24.5, 74.5]) / 99
    assert found == pytest.approx(sum((q - p) * np.log(q / p)), rel=1e-12)
    assert found == pytest.approx(0.25 * np.log(3), abs=0.01)
    assert psi(counts(49, 49, 0), counts(24, 74, 0)) == found
    assert psi(counts(7, 8), counts(7, 8)) == 0.0


def test_chance_by_hand() -> None:
    found = chance(counts(50, 30, 20), counts(20, 30, 0), columns=5)
    assert found.mean == pytest.approx(2 * (1 / 100 + 1 / 50), rel=1e-12)
    assert found.upper == pytest.approx(chi2.isf(0.01, 2) * (1 / 100 + 1 / 50), rel=1e-9)
    assert chance(counts(5), counts(7), 1).upper == chance(counts(5, 5), counts(0, 0), 1).mean == 0.0


def test_empty_bins_join_the_one_before() -> None:
    before = counts(0, 4, 0, 5, 0)
    assert joined_bins(before, counts(1, 2, 3, 4, 5)).tolist() == [6, 9]
    assert joined_bins(counts(0, 0), counts(3, 4)).tolist() == [7]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(0.3, 3))
def test_the_distance_is_that_of_the_rows(seed: int, shift: float, scale: float) -> None:
    """SciPy's, of the very rows, up to how they lie within bins of a twentieth."""
    rng = np.random.default_rng(seed)
    before, after = rng.uniform(size=2000), shift + scale * rng.uniform(size=1000)
    lower, upper = np.quantile(before, [0.25, 0.75])
    expected = wasserstein_distance(before, after) / (upper - lower)
    assert drift(before, after).distance == pytest.approx(expected, abs=0.05 + 0.02 * expected)


def test_the_distance_by_hand() -> None:
    """All of a uniform distribution moved by a quarter of its quartile range; flags of which more are set."""
    before = np.arange(400.0)
    assert drift(before, before + 50).distance == pytest.approx(0.25, abs=0.01)
    edges, outside = np.array([0.0, 0.0, 1.0, 1.0]), Outside()
    assert wasserstein(edges, counts(3, 1, 0), counts(2, 2, 0), outside) == pytest.approx(0.25)
    assert wasserstein(np.array([0.0, 2.0]), counts(4), counts(4), Outside(0, 2, 6.0)) == pytest.approx(
        0.25 * 2 + 6.0 / 4
    )
    crossing = wasserstein(np.array([0.0, 1.0, 2.0, 3.0]), counts(1, 0, 1), counts(0, 2, 0), outside)
    assert crossing == pytest.approx(0.25 + 0.25 + 0.25)
    assert drift(np.array([1.0] * 9 + [2.0]), np.array([2.0])).distance is None
    assert drift(before, np.array([np.nan])).distance is None


@pytest.mark.parametrize(("rows", "new"), [(2000, 500), (300, 100), (150, 60), (60, 20)])
def test_rows_of_the_same_distribution_are_not_flagged(rows: int, new: int) -> None:
    """Of ten columns, numbers and categories, in at least 95 % of the draws none."""
    rng = np.random.default_rng(rows)
    flagged = 0
    for _ in range(100):
        verdicts = []
        for column in range(10):
            if column % 2:
                trained = rng.integers(0, 6, rows)
                tally = LevelTally(LevelProfile.of(trained, 6))
                tally.add(rng.choice(trained, new))
                verdicts.append(drift_of(tally, 10))
            else:
                trained = rng.normal(size=rows).round(1)
                verdicts.append(drift(trained, rng.choice(trained, new), 10))
        flagged += any(one.moved for one in verdicts)
    assert flagged <= 5


def test_the_mean_of_psi_is_as_expected() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        before, after = (rng.multinomial(size, np.full(20, 0.05)) for size in (1000, 400))
        found.append(psi(before, after) / chance(before, after, 1).mean)
    assert np.mean(found) == pytest.approx(1.0, abs=0.1)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([-1.0, 1.0]))
def test_what_has_moved_by_a_deviation_is_flagged(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    found = drift(rng.normal(size=500), rng.normal(size=200) + shift, 10)
    assert found.moved and found.psi > 0.5
    assert found.distance == pytest.approx(1 / 1.35, abs=0.3)


def test_missing_cells_and_numbers_beyond_are_shares_and_count_in_psi() -> None:
    before = np.arange(200.0)
    after = np.where(np.arange(100) < 30, np.nan, np.linspace(-50, 150, 100))
    found = drift(before, after)
    assert (found.missing_before, found.missing, found.unseen) == (0.0, 0.3, 0.0)
    assert found.moved
    assert drift(before, np.array([-1.0, 5.0, 200.0, 201.0])).unseen == 0.75


def test_categories_that_training_had_none_of_are_a_share_and_a_bin() -> None:
    tally = LevelTally(LevelProfile.of(np.repeat([0, 1, 2, -1], [50, 40, 3, 7]), 3))
    tally.add(np.repeat([0, 1, 2, 3, -1], [20, 20, 2, 8, 10]))
    before, after = tally.bins
    assert before.tolist() == [50, 40, 3, 7]
    assert after.tolist() == [20, 20, 10, 10]
    found = drift_of(tally, 1)
    assert (found.unseen, found.missing, found.distance) == (8 / 60, 10 / 60, None)
    assert largest({"a": found}) == found.psi and largest({}) == 0.0
