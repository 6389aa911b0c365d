"""Targets as the loss sees them, and outputs turned back into the target's own words and units."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlpcli.arrays import Indices
from mlpcli.config.spec import ScaleSpec
from mlpcli.data import target as target_module
from mlpcli.data.classes import find_classes
from mlpcli.data.number_target import Treatment
from mlpcli.data.number_target import fit_numbers as fit
from mlpcli.data.target import TargetEncoder, class_target, label_target
from mlpcli.errors import DataError
from mlpcli.tables.table import Table, TrainingRows
from tests.support.tables import all_rows, table_of

THREE = table_of({"y": ["b", "a", "10", "b", "9"], "x": [0] * 5})
NUMBERS = table_of({"u": [1, 2, 3, 6], "v": [-1, 1, -1, 1]}, numbers=("u", "v"))


def scaling(name: str, transform: str | None = None, clip: bool = False) -> Treatment:
    """A scaling of the target, after a transform, or with its range."""
    scale = ScaleSpec.model_validate({"divide": 4} if name == "divide" else name)
    return Treatment(scale, transform, clip)


def fit_numbers(columns: tuple[str, ...], treatment: Treatment, table: Table, rows: Indices) -> TargetEncoder:
    """The target fitted on some rows of a table."""
    return fit(columns, treatment, TrainingRows(table, rows))


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["10", "9", "2"], ("2", "9", "10")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["NA", "None", "null"], ("NA", "None", "null")),
        (["01", "1", "0"], ("0", "01", "1")),
        (["True", "False"], ("False", "True")),
        ([" x ", "x"], (" x ", "x")),
    ],
)
def test_classes_are_the_texts_in_order(cells: list[str], classes: tuple[str, ...]) -> None:
    """As numbers if all are numbers, exactly as in the file."""
    table = table_of({"y": cells, "x": [0] * len(cells)})
    assert find_classes(table, ("y",), all_rows(table)) == classes


def test_classes_come_from_the_rows_given() -> None:
    """Other rows may hold more."""
    assert find_classes(THREE, ("y",), np.array([0, 1])) == ("a", "b")


def test_one_class_is_too_few() -> None:
    """There is nothing to tell apart."""
    with pytest.raises(DataError) as caught:
        find_classes(THREE, ("y",), np.array([0, 3]))
    assert str(caught.value) == (
        "mlp: error: t.csv: column 'y': only the class 'b' in the training rows, and two are needed"
    )


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [("binary_cross_entropy", 1), ("hinge", 1), ("mse", 1), ("huber", 1), ("cross_entropy", 2)],
)
def test_two_classes_have_one_output(loss: str, outputs: int) -> None:
    """But with cross_entropy, where the second class is the second output."""
    table = table_of({"y": ["no", "yes", "no"], "x": [0] * 3})
    y = class_target("y", ("no", "yes"), loss).encode(table).y
    expected = [[0], [1], [0]] if outputs == 1 else [[1, 0], [0, 1], [1, 0]]
    assert y.tolist() == expected


def test_more_classes_are_one_hot() -> None:
    """In the order of the classes."""
    y = class_target("y", ("10", "9", "a", "b"), "hinge").encode(THREE, np.array([1, 2])).y
    assert y.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]


def test_classes_take_a_byte_for_each_and_are_written_a_few_rows_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There may be very many rows, and many classes."""
    monkeypatch.setattr(target_module, "SPAN", 2)
    cells = ["b", "x", "a", "c", "b"]
    target = class_target("y", ("a", "b", "c"), "cross_entropy")
    encoded = target.encode(table_of({"y": cells, "x": [0] * 5}))
    assert encoded.y.dtype == np.int8
    assert encoded.y.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_a_class_that_training_lacks_is_a_fault() -> None:
    """Named, with the classes that there are."""
    (fault,) = class_target("y", ("a", "b"), "mse").encode(THREE).faults
    assert fault.problem(THREE).lines() == [
        "mlp: error: t.csv:4: column 'y': the class '10' is none of those in the training rows "
        "(and 1 more: line 6)",
        "hint: they are: a, b",
    ]


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_missing_target_is_a_fault(outputs: int) -> None:
    """Of classes and of numbers."""
    table = table_of({"y": ["a", None, "b"], "x": [1, None, 2]}, texts=("y",), numbers=("x",))
    classes = ("a", "b", "c")[: max(2, outputs)]
    (fault,) = class_target("y", classes, "mse").encode(table).faults
    assert (fault.column, fault.rows.tolist()) == ("y", [1])
    (fault,) = fit_numbers(("x",), scaling("none"), table, np.array([0, 2])).encode(table).faults
    assert (fault.column, fault.rows.tolist()) == ("x", [1])


@pytest.mark.parametrize("words", [("0", "1"), ("False", "True"), ("-1", "1")])
def test_labels_are_columns_of_two_words(words: tuple[str, str]) -> None:
    """The second in order is yes; predictions are in the same words."""
    no, yes = words
    table = table_of({"p": [no, yes, no], "q": [yes, yes, no]})
    classes = find_classes(table, ("p", "q"), all_rows(table))
    target = label_target(("p", "q"), classes, table)
    assert target.encode(table).y.tolist() == [[0, 1], [1, 1], [0, 0]]
    assert target.decode(np.array([[0, 1]])).tolist() == [[no, yes]]


def test_labels_in_other_words_are_refused() -> None:
    """One column says 1, another yes."""
    table = table_of({"p": ["0", "1"], "q": ["no", "yes"]})
    with pytest.raises(DataError) as caught:
        label_target(("p", "q"), find_classes(table, ("p", "q"), all_rows(table)), table)
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: columns p, q: expected the same two values in each, found '0', '1', 'no', 'yes'",
        "hint: each label is a column of 0 and 1",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none", [[1, -1], [2, 1], [3, -1], [6, 1]]),
        ("divide", [[0.25, -0.25], [0.5, 0.25], [0.75, -0.25], [1.5, 0.25]]),
        ("minmax", [[0, 0], [0.2, 1], [0.4, 0], [1, 1]]),
        ("maxabs", [[1 / 6, -1], [2 / 6, 1], [0.5, -1], [1, 1]]),
        ("standardize", [[-2 / 3.5**0.5, -1], [-1 / 3.5**0.5, 1], [0, -1], [3 / 3.5**0.5, 1]]),
    ],
)
def test_numbers_are_scaled_and_come_back(name: str, expected: list[list[float]]) -> None:
    """Each column by itself."""
    target = fit_numbers(("u", "v"), scaling(name), NUMBERS, all_rows(NUMBERS))
    y = target.encode(NUMBERS).y
    np.testing.assert_allclose(y, expected, rtol=1e-14)
    np.testing.assert_allclose(target.unscaled(y), [[1, -1], [2, 1], [3, -1], [6, 1]], rtol=1e-14)


def test_logarithms_are_scaled_and_come_back() -> None:
    """Worked by hand: log1p of 0, e−1 and e³−1 is 0, 1 and 3; the range is that of the numbers."""
    cells = np.expm1([0.0, 1.0, 3.0]).tolist()
    table = table_of({"u": [*cells, -1], "v": [0] * 4}, numbers=("u",))
    target = fit_numbers(("u",), scaling("minmax", "log1p", clip=True), table, np.arange(3))
    encoded = target.encode(table)
    np.testing.assert_allclose(encoded.y[:, 0], [0, 1 / 3, 1, 0], rtol=1e-12)
    (fault,) = encoded.faults
    assert (fault.rows.tolist(), fault.message) == ([3], "expected a number above -1 for log1p, found -1.0")
    np.testing.assert_allclose(target.unscaled(encoded.y[:3])[:, 0], cells, rtol=1e-12)
    assert target.bounds is not None and target.bounds.tolist() == [[0], [cells[2]]]
    outputs = np.array([[-0.5], [0.5], [9.0], [1e6], [np.nan], [np.inf]])
    found = target.predicted(outputs)[:, 0]
    np.testing.assert_allclose(found, [0, np.expm1(1.5), cells[2], cells[2], np.nan, np.inf], rtol=1e-12)


def test_near_a_number_the_way_back_is_a_line() -> None:
    """By central differences."""
    table = table_of({"u": [0, 5, 900], "v": [1, 2, 4]}, numbers=("u", "v"))
    for transform in (None, "log1p"):
        target = fit_numbers(("u", "v"), scaling("standardize", transform), table, all_rows(table))
        z = np.array([[-1.0, 0.3], [0.0, 2.0], [1.5, -2.0]])
        numbers = target.unscaled(z)
        center, scale = target.line_at(numbers)
        step = 1e-6
        slope = (target.unscaled(z + step) - target.unscaled(z - step)) / (2 * step)
        np.testing.assert_allclose(np.broadcast_to(scale, z.shape), slope, rtol=1e-8)
        np.testing.assert_allclose(center + scale * z, numbers, rtol=1e-9, atol=1e-9)


def test_a_range_of_nothing_is_none() -> None:
    """No training row has a usable number: whoever looks at them says so."""
    table = table_of({"u": [-2, -3], "v": [0, 0]}, numbers=("u",))
    target = fit_numbers(("u",), scaling("standardize", "log1p", clip=True), table, all_rows(table))
    assert [fault.rows.tolist() for fault in target.encode(table).faults] == [[0, 1]]


def test_scales_come_from_the_training_rows() -> None:
    """The last row is not one of them."""
    target = fit_numbers(("u",), scaling("standardize"), NUMBERS, np.array([0, 1, 2]))
    assert target.center.tolist() == [2]


@pytest.mark.parametrize(
    "target",
    [
        class_target("y", ("a", "b", "ü"), "cross_entropy"),
        fit_numbers(("u", "v"), scaling("standardize"), NUMBERS, all_rows(NUMBERS)),
        fit_numbers(("u",), scaling("minmax", "log1p", clip=True), NUMBERS, all_rows(NUMBERS)),
    ],
    ids=["classes", "numbers", "treated"],
)
def test_what_is_stored_is_the_encoder(target: TargetEncoder) -> None:
    """Metadata through JSON, scales as arrays."""
    restored = TargetEncoder.from_meta(json.loads(json.dumps(target.meta())), target.arrays())
    assert restored.meta() == target.meta()
    assert restored.wanted == target.wanted
    np.testing.assert_array_equal(restored.center, target.center)
    np.testing.assert_array_equal(restored.scale, target.scale)
    assert (restored.transform, restored.bounds is None) == (target.transform, target.bounds is None)
    np.testing.assert_array_equal(
        restored.arrays().get("target.bounds"), target.arrays().get("target.bounds")
    )
