"""Groups are never torn apart, and what tests is later than what trains: scikit-learn's splitters agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupShuffleSplit, TimeSeriesSplit

from mlpcli.data.blocks import Blocks, deal
from mlpcli.data.part_sizes import split_sizes
from mlpcli.data.splits import Splits, choose_rows, split_by_blocks
from mlpcli.errors import ConfigError, DataError
from tests.support.running import mlp, ok
from tests.support.tables import config_for, prepare

LABELS = st.lists(st.integers(0, 11), min_size=12, max_size=80).map(
    lambda values: np.unique(values, return_inverse=True)[1]
)
SIZES = st.sampled_from([(0, 1), (1, 0), (3, 3), (2, 5), (10, 4)])


def parts_of(labels: np.ndarray, sizes: tuple[int, int], forward: bool, seed: int = 0) -> Splits:
    rows = np.arange(len(labels)) * 3 + 2
    return split_by_blocks(rows, sizes, Blocks("g", labels, forward), seed)


@given(LABELS, SIZES, st.booleans(), st.integers(0, 99))
def test_no_block_is_torn_apart_and_no_row_is_lost(
    labels: np.ndarray, sizes: tuple[int, int], forward: bool, seed: int
) -> None:
    if labels.max() < 3:
        return
    parts = parts_of(labels, sizes, forward, seed)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together.tolist()) == list(range(2, 3 * len(labels), 3))
    blocks = [set(labels[(part - 2) // 3].tolist()) for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, blocks)) == len(set(labels.tolist()))
    assert [bool(block) for block in blocks] == [True, *(size > 0 for size in sizes)]
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part) > 0).all()


@given(LABELS, SIZES)
def test_what_tests_is_later_than_what_validates_and_that_than_what_trains(
    labels: np.ndarray, sizes: tuple[int, int]
) -> None:
    if labels.max() < 3:
        return
    parts = parts_of(labels, sizes, forward=True)
    moments = [labels[(part - 2) // 3] for part in (parts.train, parts.validation, parts.test)]
    for earlier, later in ((0, 1), (0, 2), (1, 2)):
        if len(moments[earlier]) and len(moments[later]):
            assert moments[earlier].max() < moments[later].min()


@pytest.mark.parametrize(("rows", "test"), [(20, 5), (31, 7)])
def test_moments_that_are_all_different_are_cut_as_scikit_learn_does(rows: int, test: int) -> None:
    """The last fold of TimeSeriesSplit, whatever order the file has."""
    moments = np.random.default_rng(3).permutation(rows)
    parts = parts_of(moments, (0, test), forward=True)
    *_, (_, last) = TimeSeriesSplit(2, test_size=test).split(np.arange(rows)[:, None])
    assert sorted(moments[(parts.test - 2) // 3].tolist()) == last.tolist()


def test_as_many_rows_are_held_out_as_scikit_learn_would_hold_out_groups() -> None:
    """Where groups are of one size the share of rows is the share of groups; each is drawn about as often."""
    groups = np.repeat(np.arange(20), 5)
    drawn = np.zeros(20)
    for seed in range(400):
        parts = parts_of(groups, (0, 25), forward=False, seed=seed)
        theirs = next(GroupShuffleSplit(1, test_size=0.25, random_state=seed).split(groups, groups=groups))[1]
        assert len(parts.test) == len(theirs) == 25
        drawn[np.unique(groups[(parts.test - 2) // 3])] += 1
    assert (np.abs(drawn - 100) < 35).all()


@pytest.mark.parametrize(
    ("sizes", "wanted", "forward", "expected"),
    [
        # 4 of 10 rows: 3, and 2 more would be 5, which is no nearer
        ([3, 2, 5], [4], False, [[0], [1, 2]]),
        # too large a group is passed over, and comes to the next part or trains
        ([9, 2, 1, 8], [3, 8], False, [[1, 2], [0], [3]]),
        # moments end with the first that does not fit
        ([1, 9, 1, 8], [2], True, [[0], [1, 2, 3]]),
        ([9, 2, 8], [1], True, [[0], [1, 2]]),
        # where all are too large, the smallest group
        ([9, 7, 8], [1], False, [[1], [0, 2]]),
        # as many parts as folds need
        ([2] * 5, [2] * 4, False, [[0], [1], [2], [3], [4]]),
        # one is left for every part that comes after
        ([1, 1, 1], [3, 3], False, [[0], [1], [2]]),
    ],
)  # fmt: skip
def test_which_blocks_a_part_takes(
    sizes: Sequence[int], wanted: Sequence[int], forward: bool, expected: list[list[int]]
) -> None:
    blocks = Blocks("g", np.repeat(np.arange(len(sizes)), sizes), forward)
    assert [part.tolist() for part in deal(blocks, wanted, np.arange(len(sizes)))] == expected


def table(rows: int = 60) -> str:
    """A row a day, backwards; a person has rows in several places."""
    rng = np.random.default_rng(0)
    lines = [
        f"p{i % 12},{rows - i},2024-{1 + (rows - i) // 28:02}-{1 + (rows - i) % 28:02},{x:.3f},{i % 2}"
        for i, x in enumerate(rng.normal(size=rows))
    ]
    return "\n".join(["person,step,day,x,y", *lines]) + "\n"


def rows_of(directory: Path, *data: str, csv: str | None = None) -> Splits:
    """The split that a config makes."""
    from mlpcli.data.roles import assign_roles
    from mlpcli.data.training_files import read_training_file
    from mlpcli.run.experiment import input_files

    config = config_for(directory, csv or table(), ["target: y", "task: classification", *data])
    with config.places():
        file = read_training_file(config.spec, input_files(config)["train"])
        return choose_rows(
            config.spec, assign_roles(config.spec.data, file.header), "classification", file.table
        )


FRACTIONS = ("validation: 0.2", "test: 0.2")


def test_the_rows_of_a_person_are_on_one_side(tmp_path: Path) -> None:
    parts = rows_of(tmp_path, *FRACTIONS, "group: person")
    people = [set((part % 12).tolist()) for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, people)) == 12
    # 12 of 60 rows are nearest to two people with five rows each, or three: fewer where both are as near
    assert (len(parts.validation), len(parts.test)) == (10, 10)


@pytest.mark.parametrize("column", ["step", "day"])
def test_later_rows_test(tmp_path: Path, column: str) -> None:
    """Numbers as numbers, dates as dates; the file begins with the last of them."""
    parts = rows_of(tmp_path, *FRACTIONS, f"order: {column}")
    assert parts.test.tolist() == list(range(12))
    assert parts.validation.tolist() == list(range(12, 24))


def test_rows_of_one_moment_are_not_torn_apart(tmp_path: Path) -> None:
    csv = "t,x,y\n" + "".join(f"{i // 7},{i * 0.1:.1f},{i % 2}\n" for i in range(70))
    parts = rows_of(tmp_path, "test: 0.12", "order: t", csv=csv)
    assert parts.test.tolist() == list(range(63, 70))


def test_a_date_is_read_as_the_feature_of_its_name_reads_it(tmp_path: Path) -> None:
    """The second of January is before the first of February, whichever part of the date comes first."""
    csv = "d,x,y\n" + "".join(f"{1 + i % 9:02}/{1 + i // 9:02}/2024,{i},{i % 2}\n" for i in range(81))
    feature = "features: {x: none, d: {encode: datetime, format: '%d/%m/%Y'}}"
    parts = rows_of(tmp_path, "test: 0.1", "order: d", feature, csv=csv)
    assert parts.test.tolist() == list(range(73, 81))
    parts = rows_of(tmp_path, "test: 0.1", "order: d", feature.replace("%d/%m", "%m/%d"), csv=csv)
    assert parts.test.tolist() == list(range(8, 81, 9))[1:]


def test_equal_numbers_are_one_group(tmp_path: Path) -> None:
    csv = "g,x,y\n" + "".join(f"{i % 6}{'.0' if i > 30 else ''},{i},{i % 2}\n" for i in range(60))
    parts = rows_of(tmp_path, "test: 0.2", "group: g", csv=csv)
    assert not {*(parts.test % 6).tolist()} & {*(parts.train % 6).tolist()}


def test_the_columns_that_cut_are_no_features_unless_listed(tmp_path: Path) -> None:
    prepared = prepare(config_for(tmp_path, table(), ["target: y", "group: person", "exclude: [day]"]))
    assert prepared.inputs.names == ("step", "x")
    listed = ["target: y", "order: step", "features: [step, x]", "test: 0.2"]
    assert prepare(config_for(tmp_path, table(), listed)).inputs.names == ("step", "x")
    listed = ["target: y", "group: person", "features: [person, x]", "test: 0.2"]
    assert prepare(config_for(tmp_path, table(), listed)).inputs.width > 2


@pytest.mark.parametrize(
    ("data", "csv", "message"),
    [
        ("group: g", "g,x,y\na,1,0\n,2,1\nb,3,0\nc,4,1\n", "t.csv:3: column 'g': a missing value"),
        ("order: g", "g,x,y\n1,1,0\n2,2,1\n,3,0\n4,4,1\n", "t.csv:4: column 'g': a missing value"),
        ("order: g", "g,x,y\n1,1,0\n2,2,1\nx,3,0\n4,4,1\n",
         "t.csv:2: column 'g': expected a number or a date, found '1' (and 3 more: lines 3, 4, …)"),
        ("order: g", "g,x,y\n2024-01-01,1,0\n2024-02-30,2,1\n2024-03-01,3,0\n2024-03-02,4,1\n",
         "t.csv:3: column 'g': expected a number or a date, found '2024-02-30'"),
        ("group: g", "g,x,y\na,1,0\na,2,1\na,3,0\na,4,1\n",
         "t.csv: column 'g': expected at least 2 groups, one for each part, found 1"),
        ("order: g", "g,x,y\n7,1,0\n7,2,1\n7,3,0\n7,4,1\n",
         "t.csv: column 'g': expected at least 2 moments, one for each part, found 1"),
        ("group: g", "g,x,y\na,1,0\nb,2,1\nb,3,0\nb,4,1\n", None),
        ("order: g", "g,x,y\n1,1,0\n2,2,1\n2,3,0\n2,4,1\n",
         "t.csv: expected at least 2 rows (2 to train), found 1"),
        ("group: z", "g,x,y\na,1,0\nb,2,1\nb,3,0\nb,4,1\n", "c.yaml:4:10: "),
    ],
)  # fmt: skip
def test_columns_that_cannot_cut(tmp_path: Path, data: str, csv: str, message: str | None) -> None:
    config = config_for(tmp_path, csv, ["target: y", data, "test: 0.3"])
    if message is None:
        assert len(prepare(config).train.x) == 3
        return
    with pytest.raises(DataError) as caught:
        prepare(config)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(f"mlp: error: {message}")


def test_stratified_shares_and_whole_groups_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot keep the shares of classes"):
        config_for(tmp_path, table(), ["target: y", "group: person", "stratify: true"])
    config_for(tmp_path, table(), ["target: y", "group: person", "stratify: false"])


def test_a_group_says_so_where_it_cuts_nothing(tmp_path: Path) -> None:
    parts = rows_of(tmp_path, "group: person")
    assert parts.remarks.notes == (
        "`group: person` cuts nothing here: neither validation nor test is a fraction",
    )
    assert not rows_of(tmp_path, "group: person", "test: 0.2").remarks.notes


def test_the_run_s_config_cuts_the_same_rows_again(tmp_path: Path) -> None:
    data = ["target: y", "order: step", "test: 0.2", "exclude: [day]"]
    config = config_for(tmp_path, table(), data, "training: {epochs: 2}")
    first, again = tmp_path / "first", tmp_path / "again"
    ok("train", config.path, "-o", first, "--no-plots", "-q")
    ok("train", first / "config.yaml", "-o", again, "--no-plots", "-q")
    assert (first / "metrics.json").read_bytes() == (again / "metrics.json").read_bytes()
    done = mlp("train", config.path, "-o", first, "--resume", "--no-plots", "--set", "data.order=day")
    assert done.code == 3 and "data.order: the run has step, found day" in done.err


def split_table(values: Sequence[str]) -> str:
    return "x,part,y\n" + "".join(f"{i * 0.1:.1f},{value},{i % 2}\n" for i, value in enumerate(values))


CLAIM = "validation: {column: part, value: val}"


def test_values_that_no_part_claims_are_named_where_they_train(tmp_path: Path) -> None:
    values = ["train"] * 20 + ["test"] * 10 + ["Val"] * 10 + ["val "] * 9 + ["val"] * 5 + ["spare"]
    remarks = rows_of(tmp_path, CLAIM, csv=split_table(values)).remarks
    assert remarks.notes == ("column 'part': training: train 20, test 10, Val 10, 'val ' 9, spare 1",)
    assert remarks.warnings == (
        "column 'part': 10 rows hold 'test', which no part claims: they train",
        "column 'part': 10 rows hold 'Val', which is not 'val': they train",
        "column 'part': 9 rows hold 'val ', which is not 'val': they train",
    )


def test_one_value_that_trains_is_nothing_to_speak_of(tmp_path: Path) -> None:
    remarks = rows_of(tmp_path, CLAIM, csv=split_table(["train", "val"] * 10)).remarks
    assert (remarks.notes, remarks.warnings) == ((), ())


def test_a_single_held_out_value_is_warned_of(tmp_path: Path) -> None:
    csv = split_table(["1"] * 9 + ["holdout"] + ["val"] * 4)
    (warning,) = rows_of(tmp_path, CLAIM, csv=csv).remarks.warnings
    assert warning == "column 'part': 1 row holds 'holdout', which no part claims: it trains"


def test_groups_that_a_split_column_tears_apart_are_counted(tmp_path: Path) -> None:
    csv = "person,part,x,y\n" + "".join(
        f"p{i % 5},{'val' if i % 4 == 0 else 'train'},{i},{i % 2}\n" for i in range(40)
    )
    (warning,) = rows_of(tmp_path, CLAIM, "group: person", csv=csv).remarks.warnings
    assert warning == "column 'person': 5 groups have rows that train, and rows that a part claims"


@pytest.mark.parametrize(
    ("cells", "said"),
    [(["0", "7", "0"], "1 group has"), (["3.0", "", "1"], "2 groups have"), (["9", ""], None), (None, None)],
)
@pytest.mark.parametrize("mark", ["", "p"])
def test_groups_that_train_and_are_in_another_file_too_are_counted(
    tmp_path: Path, mark: str, cells: list[str] | None, said: str | None
) -> None:
    """Numbers however they are written; a file without the groups, or a row without one, says nothing."""
    csv = "person,x,y\n" + "".join(f"{mark}{i % 6},{i % 4},{i % 2}\n" for i in range(48))
    lines = ["x,y", "1,1"]
    if cells is not None:
        names = [mark + (cell.removesuffix(".0") if mark else cell) if cell else "" for cell in cells]
        lines = ["y,person,x", *(f"1,{name},1" for name in names)]
    (tmp_path / "v.csv").write_text("\n".join(lines) + "\n")
    config = config_for(tmp_path, csv, ["target: y", "features: [x]", "group: person", "validation: v.csv"])
    warnings = [warning.replace(str(tmp_path / "v.csv"), "v.csv") for warning in prepare(config).warnings]
    assert warnings == ([f"column 'person': {said} rows that train, and rows in v.csv"] if said else [])


def test_a_class_of_later_rows_alone_is_left_out_of_them(tmp_path: Path) -> None:
    """It cannot train without being earlier, and is judged by nobody; the rest trains."""
    csv = "t,x,y\n" + "".join(f"{i},{i},{'snow' if i in (95, 97) else 'ab'[i % 2]}\n" for i in range(100))
    parts = rows_of(tmp_path, "test: 0.1", "order: t", csv=csv)
    assert parts.test.tolist() == [90, 91, 92, 93, 94, 96, 98, 99]
    (warning,) = parts.remarks.warnings
    assert warning == (
        "column 'y': 2 rows left out of the test rows, of classes that no training row has: 'snow'"
    )
    text = csv.replace("snow", "a")
    assert len(rows_of(tmp_path, "test: 0.1", "order: t", csv=text).test) == 10


def test_held_out_rows_of_unknown_classes_alone_judge_nothing(tmp_path: Path) -> None:
    csv = "t,x,y\n" + "".join(f"{i},{i},{'cd'[i % 2] if i >= 90 else 'ab'[i % 2]}\n" for i in range(100))
    with pytest.raises(DataError, match="'c', 'd': none is left\nhint: cut by another column"):
        rows_of(tmp_path, "test: 0.1", "order: t", csv=csv)


def test_a_claimed_part_without_targets_is_refused(tmp_path: Path) -> None:
    csv = "part,x,y\n" + "".join(
        f"{'val' if i < 5 else 'train'},{i},{'' if i < 5 else i % 2}\n" for i in range(40)
    )
    with pytest.raises(DataError, match="no validation row has a target"):
        rows_of(tmp_path, CLAIM, "missing: drop", csv=csv)


def test_sizes_are_those_of_the_fractions(tmp_path: Path) -> None:
    """Exactly, where every row is a group of its own."""
    parts = rows_of(tmp_path, *FRACTIONS, "group: step")
    assert (len(parts.validation), len(parts.test)) == split_sizes(60, 0.2, 0.2)


def test_python_s_train_cuts_alike_and_warns(tmp_path: Path) -> None:
    import mlpcli

    (tmp_path / "t.csv").write_text(table(), "utf-8")
    data = {
        "train": str(tmp_path / "t.csv"),
        "target": "y",
        "features": ["x"],
        "test": 0.2,
        "group": "person",
    }
    run = mlpcli.train({"data": data, "optimizer": "lbfgs"}, output=tmp_path / "grouped")
    assert run.metrics["test"] is not None
    values = ["train"] * 20 + ["test"] * 10 + ["val"] * 6
    (tmp_path / "t.csv").write_text(split_table(values), "utf-8")
    data = {**data, "group": None, "test": None, "validation": {"column": "part", "value": "val"}}
    with pytest.warns(UserWarning, match="10 rows hold 'test', which no part claims"):
        mlpcli.train({"data": data, "optimizer": "lbfgs"}, output=tmp_path / "claimed")
