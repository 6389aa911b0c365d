"""Folds have the properties of scikit-learn's splitters: shares of classes, whole groups, forward in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedKFold, TimeSeriesSplit

from mlpcli.arrays import Array, Indices
from mlpcli.config.from_python import config_of
from mlpcli.config.spec import Spec
from mlpcli.data.folds import Fold, Folding, Folds, folds_of
from mlpcli.errors import DataError, SettingError
from tests.support.tables import table_of

Columns = dict[str, list[object]]
FOLDS = st.integers(2, 6)
SEEDS = st.integers(0, 99)


def spec_of(**data: object) -> Spec:
    return config_of({"data": {"train": "t.csv", "target": "y", **data}}).spec


def cut(columns: Columns, folding: Folding, task: str = "classification", **settings: object) -> Folds:
    """The folds of all rows but the first two, which test."""
    seed = settings.pop("seed", 0)
    spec = spec_of(**settings).model_copy(update={"seed": seed})
    padded = {name: [cells[0], cells[0], *cells] for name, cells in columns.items()}
    table = table_of(padded)
    return folds_of(spec, task, table, np.arange(2, table.rows), folding)


def validated(fold: Fold) -> Indices:
    return fold.validation - 2


def require_partition(folds: tuple[Fold, ...], rows: int) -> None:
    """Every row validates once and trains in all other folds, in the order of the file."""
    assert np.sort(np.concatenate([fold.validation for fold in folds])).tolist() == list(range(2, rows + 2))
    for fold in folds:
        assert np.union1d(fold.train, fold.validation).tolist() == list(range(2, rows + 2))
        assert len(fold.train) + len(fold.validation) == rows
        for part in (fold.train, fold.validation):
            assert (np.diff(part) > 0).all()


def spread(counts: Array) -> int:
    return int((counts.max(axis=0) - counts.min(axis=0)).max())


@settings(deadline=None)
@given(st.lists(st.integers(2, 20), min_size=1, max_size=5), FOLDS, SEEDS)
def test_classes_have_their_shares_in_every_fold(sizes: list[int], folds: int, seed: int) -> None:
    """Neither the rows of a class nor those of all folds differ by more than one, as scikit-learn's do."""
    if max(sizes) < folds or sum(sizes) < 4:
        return
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    done = cut({"x": list(range(len(labels))), "y": [f"c{n}" for n in labels]}, Folding(folds), seed=seed)
    require_partition(done.folds, len(labels))
    ours = [np.bincount(labels[validated(fold)], minlength=len(sizes)) for fold in done.folds]
    assert spread(np.array(ours)) <= 1
    if min(sizes) >= folds:
        parts = StratifiedKFold(folds).split(labels, labels)
        theirs = [np.bincount(labels[rows], minlength=len(sizes)) for _, rows in parts]
        assert np.sort(theirs, axis=0).tolist() == np.sort(ours, axis=0).tolist()
    assert spread(np.array([[len(fold.validation)] for fold in done.folds])) <= 1
    assert all(len(set(labels[fold.train - 2])) == len(sizes) for fold in done.folds)


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=6, max_size=30), FOLDS, SEEDS)
def test_groups_stay_whole_and_folds_are_balanced(sizes: list[int], folds: int, seed: int) -> None:
    """To the rows of the largest group; where groups are alike, as scikit-learn's GroupKFold."""
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    columns: Columns = {"g": [f"g{n}" for n in groups], "y": list(range(len(groups)))}
    done = cut(columns, Folding(folds), "regression", group="g", seed=seed)
    require_partition(done.folds, len(groups))
    for fold in done.folds:
        assert not set(groups[fold.train - 2]) & set(groups[validated(fold)])
    assert spread(np.array([[len(fold.validation)] for fold in done.folds])) <= max(sizes)


def test_groups_of_one_size_are_dealt_as_scikit_learn_does() -> None:
    groups = np.tile(np.arange(17), 3)
    columns: Columns = {"g": groups.tolist(), "y": list(range(51))}
    done = cut(columns, Folding(5), "regression", group="g")
    theirs = [len(rows) for _, rows in GroupKFold(5).split(groups, groups=groups)]
    assert sorted(len(fold.validation) for fold in done.folds) == sorted(theirs)


def test_a_giant_group_has_a_fold_to_itself() -> None:
    groups = [0] * 60 + list(range(1, 41))
    done = cut({"g": list(groups), "y": list(range(100))}, Folding(5), "regression", group="g")
    assert sorted(len(fold.validation) for fold in done.folds) == [10, 10, 10, 10, 60]


@pytest.mark.parametrize(("rows", "folds"), [(24, 5), (31, 4), (7, 6)])
def test_folds_go_forward_in_time_as_scikit_learn_s(rows: int, folds: int) -> None:
    """Whatever order the file has; the earliest rows validate in no fold; earlier ones train."""
    moments = np.random.default_rng(3).permutation(rows)
    columns: Columns = {"t": moments.tolist(), "y": list(range(rows))}
    done = cut(columns, Folding(folds), "regression", order="t") if rows > 7 else None
    if done is None:
        with pytest.raises(DataError, match=r"at least 2 rows to train on .* found 1 and 1"):
            cut(columns, Folding(folds), "regression", order="t")
        return
    for fold, (train, validation) in zip(done.folds, TimeSeriesSplit(folds).split(moments), strict=True):
        assert sorted(moments[fold.train - 2].tolist()) == train.tolist()
        assert sorted(moments[validated(fold)].tolist()) == validation.tolist()
        assert (np.diff(fold.train) > 0).all() and (np.diff(fold.validation) > 0).all()


def test_rows_of_one_moment_are_in_one_stretch() -> None:
    moments = np.repeat(np.arange(12), 5)
    done = cut({"t": moments.tolist(), "y": list(range(60))}, Folding(3), "regression", order="t")
    assert [sorted(set(moments[validated(fold)].tolist())) for fold in done.folds] == [
        [3, 4, 5], [6, 7, 8], [9, 10, 11],
    ]  # fmt: skip
    assert [len(fold.train) for fold in done.folds] == [15, 30, 45]


@pytest.mark.parametrize("settings", [{}, {"stratify": False}, {"group": "g"}])
def test_the_seed_decides_and_more_partings_change_none(settings: dict[str, object]) -> None:
    columns: Columns = {"g": [n % 23 for n in range(90)], "y": [f"c{n % 3}" for n in range(90)]}
    thrice = cut(columns, Folding(4, 3), **settings).folds
    once = cut(columns, Folding(4), **settings).folds
    other = cut(columns, Folding(4), seed=1, **settings).folds
    for again, fold in zip(thrice[:4], once, strict=True):
        assert again.train.tolist() == fold.train.tolist()
        assert again.validation.tolist() == fold.validation.tolist()
    for repeat in range(3):
        require_partition(thrice[4 * repeat : 4 * repeat + 4], 90)
    drawn = {tuple(fold.validation.tolist()) for fold in (*thrice, *other)}
    assert len(drawn) == 16


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_other_rows_are_dealt_evenly(task: str) -> None:
    cells = [n % 2 for n in range(43)] if task == "multilabel" else [n / 2 for n in range(43)]
    done = cut({"y": list(cells)}, Folding(5), task)
    require_partition(done.folds, 43)
    assert sorted(len(fold.validation) for fold in done.folds) == [8, 8, 9, 9, 9]


def test_a_label_so_rare_that_a_fold_could_take_all_of_it_is_in_several() -> None:
    cells = [int(n in (3, 4, 30)) for n in range(40)]
    done = cut({"y": list(cells)}, Folding(4), "multilabel")
    assert sorted(sum(cells[row] for row in validated(fold)) for fold in done.folds) == [0, 1, 1, 1]


def test_classes_smaller_than_the_folds_are_told_and_one_row_always_trains() -> None:
    labels = ["a"] * 20 + ["b"] * 20 + ["c"] * 3 + ["d"]
    done = cut({"y": list(labels)}, Folding(5))
    assert done.remarks.notes == (
        "column 'y': 2 classes have fewer rows than the 5 folds: 'c' 3, 'd' 1; "
        "the only row of a class trains in every fold",
    )
    assert all(45 in fold.train for fold in done.folds)
    assert not done.remarks.warnings
    assert cut({"y": list(labels)}, Folding(5), stratify=False).remarks.notes == ()
    many = cut({"y": [*("a" * 20), *"bbccddee"]}, Folding(3)).remarks.notes
    assert many == ("column 'y': 4 classes have fewer rows than the 3 folds: 'b' 2, 'c' 2, 'd' 2 and 1 more",)


def test_classes_that_do_not_train_in_a_fold_are_not_judged_there() -> None:
    labels = [*("ab" * 20), *("ab" * 9), "snow", "a"]
    done = cut({"y": list(labels), "t": list(range(60))}, Folding(2), order="t")
    assert done.remarks.warnings == (
        "fold 2: column 'y': 1 row left out of the validation rows, "
        "of classes that no training row has: 'snow'",
    )
    assert len(done.folds[1].validation) == 19


@pytest.mark.parametrize(
    ("columns", "folding", "settings", "message"),
    [
        ({"y": list("abab")}, Folding(5), {}, "expected at least 5 rows, one for each fold, found 4"),
        ({"y": list("aabbccdd")}, Folding(3), {},
         "column 'y': the largest class: expected at least 3 rows, one for each fold, found 2"),
        ({"y": [0.5, 1.5, 2.5]}, Folding(2), {"task": "regression"},
         "expected at least 2 rows to train on and 1 to validate in every fold, found 1 and 1"),
        ({"y": list("abababab"), "g": list("ppqqrrpp")}, Folding(4), {"group": "g"},
         "column 'g': expected at least 4 groups, one for each fold, found 3"),
        ({"y": list("abababab"), "g": [1, 1, 2, 2, 3, 3, 4, 4]}, Folding(4), {"order": "g"},
         "column 'g': expected at least 5 moments, one to train on and one for each fold, found 4"),
        ({"y": [0, 0, 0, 0, 1]}, Folding(5), {"task": "multilabel"}, "found 4 and 0"),
    ],
)  # fmt: skip
def test_too_little_to_part_is_told_with_numbers(
    columns: Columns, folding: Folding, settings: dict[str, object], message: str
) -> None:
    given = {"task": "classification", **settings}
    with pytest.raises(DataError) as caught:
        cut(columns, folding, **given)
    assert message in str(caught.value)


def test_time_is_parted_once() -> None:
    with pytest.raises(SettingError, match="expected 1, as rows are in order of `t`, found 2"):
        cut({"y": list(range(9)), "t": list(range(9))}, Folding(2, 2), "regression", order="t")
