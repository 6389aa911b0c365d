"""Row weights: the column's times the class's, 1 on average over the rows of each part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from mlpcli.errors import ConfigError, DataError
from tests.support.tables import config_for, prepare

CSV = "x,y,w,part\n1,a,1,t\n2,a,3,t\n3,a,0,t\n4,b,4,t\n5,b,6,v\n6,a,2,v\n"
LINES = ["target: y", "features: [x]", "validation: {column: part, value: v}"]


def weights_of(directory: Path, lines: list[str], rest: str = "", csv: str = CSV) -> list[list[float]]:
    """The weights of training and validation rows."""
    prepared = prepare(config_for(directory, csv, [*LINES, *lines], rest))
    assert prepared.validation is not None
    assert prepared.train.weights is not None
    assert prepared.validation.weights is not None
    return [prepared.train.weights.tolist(), prepared.validation.weights.tolist()]


def test_rows_weigh_the_same_unless_said(tmp_path: Path) -> None:
    """There is nothing to multiply by then."""
    prepared = prepare(config_for(tmp_path, CSV, LINES))
    assert prepared.train.weights is None
    assert prepared.train.sample_weights is None


def test_sample_weights(tmp_path: Path) -> None:
    """Divided by the mean of the part; as they are for metrics."""
    assert weights_of(tmp_path, ["weight: w"]) == [[0.5, 1.5, 0, 2], [1.5, 0.5]]
    prepared = prepare(config_for(tmp_path, CSV, [*LINES, "weight: w"]))
    assert prepared.train.sample_weights is not None
    assert prepared.train.sample_weights.tolist() == [1, 3, 0, 4]


def test_class_weights(tmp_path: Path) -> None:
    """A class that is not named weighs 1."""
    assert weights_of(tmp_path, [], "class_weight: {b: 5}") == [[0.5, 0.5, 0.5, 2.5], [5 / 3, 1 / 3]]


def test_both_are_multiplied(tmp_path: Path) -> None:
    """And rescaled once: 1, 3, 0 and 4 · 3 have the mean 4, 6 · 3 and 2 the mean 10."""
    assert weights_of(tmp_path, ["weight: w"], "class_weight: {b: 3}") == [[0.25, 0.75, 0, 3], [1.8, 0.2]]


@given(st.lists(st.sampled_from("abc"), min_size=8, max_size=30).filter(lambda ys: len(set(ys)) > 1))
def test_balanced_is_that_of_scikit_learn(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str]
) -> None:
    """n / (classes · count), over training rows; the mean of these is 1 already."""
    csv = "x,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels))
    directory = tmp_path_factory.mktemp("balanced")
    prepared = prepare(config_for(directory, csv, ["target: y"], "class_weight: balanced"))
    classes = np.unique(labels)
    expected = dict(zip(classes, compute_class_weight("balanced", classes=classes, y=labels), strict=True))
    assert prepared.train.weights is not None
    np.testing.assert_allclose(prepared.train.weights, [expected[label] for label in labels], rtol=1e-12)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-1", "column 'w': expected a weight of at least 0, found -1"),
        ("", "column 'w': a missing value"),
        ("x", "column 'w': expected a number, found 'x'"),
    ],
)
def test_weights_are_numbers_of_at_least_0(cell: str, message: str, tmp_path: Path) -> None:
    """In every row."""
    csv = CSV.replace("4,b,4,t", f"4,b,{cell},t")
    with pytest.raises(DataError) as caught:
        prepare(config_for(tmp_path, csv, [*LINES, "weight: w"]))
    assert caught.value.problems[0].message == message
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.line == 5


def test_some_row_must_count(tmp_path: Path) -> None:
    """Weights of 0 alone teach nothing."""
    csv = "x,y,w\n1,a,0\n2,b,0\n3,b,0\n"
    with pytest.raises(DataError, match="the weights of all training rows are 0"):
        prepare(config_for(tmp_path, csv, ["target: y", "weight: w"]))


def test_no_policy_fills_a_weight_or_a_target(tmp_path: Path) -> None:
    """What is said to help must help."""
    for column, csv in (("w", "x,y,w\n1,a,1\n2,b,\n3,b,1\n"), ("y", "x,y,w\n1,a,1\n2,,1\n3,b,1\n4,a,2\n")):
        with pytest.raises(DataError) as caught:
            prepare(config_for(tmp_path, csv, ["target: y", "weight: w", "missing: median"]))
        assert f"t.csv:3: column '{column}': a missing value\nhint: every row needs a " in str(caught.value)


@pytest.mark.parametrize("unit", ["1e-20", "3e80", "1e307", "1e-320"])
def test_the_unit_of_weights_does_not_matter(unit: str, tmp_path: Path) -> None:
    """Nor that their sum is more than a number can hold."""
    csv = "x,y,w\n" + "".join(f"{row},{'ab'[row % 2]},{(row + 1) * float(unit)!r}\n" for row in range(8))
    prepared = prepare(config_for(tmp_path, csv, ["target: y", "weight: w"]))
    exact = 1e-3 if unit == "1e-320" else 1e-14  # subnormal numbers have few digits
    np.testing.assert_allclose(prepared.train.weights, np.arange(1, 9) / 4.5, rtol=exact)


def test_a_part_without_any_weight_has_no_loss(tmp_path: Path) -> None:
    """And stops nothing."""
    csv = CSV.replace(",6,v", ",0,v").replace(",2,v", ",0,v")
    train, validation = weights_of(tmp_path, ["weight: w"], csv=csv)
    assert (sum(train), validation) == (4, [0, 0])


def test_weights_of_a_class_that_is_not_there(tmp_path: Path) -> None:
    """At its place in the config."""
    with pytest.raises(ConfigError) as caught:
        prepare(config_for(tmp_path, CSV, LINES, "class_weight: {a: 1, c: 2}"))
    assert str(caught.value).split("\n") == [
        f"mlp: error: {tmp_path}/c.yaml:6:25: there is no class 'c'",
        "  class_weight: {a: 1, c: 2}",
        "                          ^",
        "hint: the classes of the training rows are: a, b",
    ]
