"""A profile counts every row once, has quantiles that are numbers of the column, and no rare category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.drift.profile import FEW, MOST_LEVELS, LevelProfile, NumberProfile, binned
from mlpcli.run.study import study_of
from tests.support.running import write_config

Floats = npt.NDArray[np.float64]

NUMBERS = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e9, 1e9), st.just(float("nan"))))


@given(NUMBERS)
def test_numbers_are_counted_between_their_quantiles(values: list[float]) -> None:
    found = NumberProfile.of(np.array(values))
    known = sorted(value for value in values if value == value)
    assert found.counts.sum() == len(known)
    assert found.missing == len(values) - len(known)
    for k, edge in enumerate(found.edges.tolist()):
        if known:
            assert edge == known[max(0, -(-len(known) * k // 20) - 1)]
            assert found.counts[:k].sum() >= sum(value <= edge for value in known) or k == 0
    assert (np.diff(found.edges) >= 0).all()
    if known:
        assert (found.counts == binned(np.array(known), found.edges)).all()


def test_by_hand() -> None:
    found = NumberProfile.of(np.arange(1.0, 41.0))
    assert found.edges.tolist() == [1.0, *np.arange(2.0, 41.0, 2.0)]
    assert found.counts.tolist() == [2] * 20
    assert (found.quartiles, found.common) == ((10.0, 20.0, 30.0), (2.0, 38.0))
    flags = NumberProfile.of(np.array([0.0] * 30 + [1.0] * 10))
    assert flags.counts.tolist() == [30] + [0] * 14 + [10] + [0] * 4
    assert binned(np.array([-5.0, 0.0, 0.5, 1.0, 9.0]), flags.edges)[[0, 15, 19]].tolist() == [2, 2, 1]


@given(st.lists(st.integers(-1, 130)), st.sampled_from([3, 120]))
def test_categories_that_are_rare_or_many_are_counted_with_the_others(codes: list[int], levels: int) -> None:
    repeated = np.array(codes * 3, np.intp)
    found = LevelProfile.of(repeated, levels)
    assert found.counts.sum() + found.missing == len(repeated)
    assert found.missing == (repeated < 0).sum()
    told = found.counts[:-1]
    assert ((told == 0) | (told >= FEW)).all()
    assert np.count_nonzero(told) == len(found.common) <= MOST_LEVELS
    for level in found.common.tolist():
        assert told[level] == (repeated == level).sum()


def test_the_most_frequent_categories_are_told_of() -> None:
    codes = np.repeat(np.arange(150), np.arange(150) + 5)
    found = LevelProfile.of(codes, 150)
    assert sorted(found.common.tolist()) == list(range(50, 150))
    assert found.common[0] == 149


def test_a_run_knows_how_its_training_rows_are_distributed(tmp_path: Path) -> None:
    """As they were read: nothing is filled or scaled; what has no category is counted with the others."""
    lines = [
        f"{'' if k % 10 == 0 else k},{'rare' if k == 3 else 'ab'[k % 2]},2024-01-{k % 28 + 1:02},{k % 3}"
        for k in range(60)
    ]
    (tmp_path / "t.csv").write_text("n,c,d,kind\n" + "\n".join(lines) + "\n", encoding="utf-8")
    features = {
        "n": {"encode": "standardize", "missing": "median", "indicator": True},
        "c": {"encode": "one_hot"},
        "d": "datetime",
    }
    config = write_config(tmp_path / "c.yaml", data={"features": features, "validation": 0.25})
    for sections in (["training.refit=true"], ["ensemble.folds=2", "data.validation=null"]):
        study = study_of(load_config(config, sections), 10**6)
        last = study.refit or study
        number, level, day = last.whole.prepared.profiles.values()
        assert isinstance(number, NumberProfile) and isinstance(level, LevelProfile)
        assert isinstance(day, NumberProfile)
        assert (number.missing, number.edges[0], number.edges[-1]) == (6, 1.0, 59.0)
        assert level.counts.tolist() == [30, 29, 0, 1]
        assert day.edges[[0, -1]].tolist() == [19723.0, 19750.0]
        few = next(iter(study.whole.prepared.profiles.values()))
        assert few.missing + few.counts.sum() == len(study.whole.prepared.train.x)
