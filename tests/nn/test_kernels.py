"""Kernels: what they compute is what the formula says, in place."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.kernels import in_place
from mlpcli.kernels.kernel import Kernel

Arrays = dict[str, np.ndarray[Any, Any]]
OPERATIONS = [np.add, np.subtract, np.multiply, np.maximum, np.minimum]
ONE = [np.negative, np.square, np.sign]


@st.composite
def formulas(draw: st.DrawFn) -> Any:
    """A random formula of arrays x, y, a row b and a coefficient c, to any of x, y and two new arrays."""
    steps = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 99), st.integers(0, 99)), max_size=12))
    names = draw(st.lists(st.sampled_from(["x", "y", "u", "v"]), min_size=1, max_size=4, unique=True))
    picks = [draw(st.integers(0, 99)) for _ in names]

    def formula(x: Any, y: Any, b: Any, c: Any) -> dict[str, Any]:
        values = [x + b, y * c, x - 0.5, y]
        for kind, i, j in steps:
            first, second = values[i % len(values)], values[j % len(values)]
            every = [*OPERATIONS, *ONE]
            values.append(every[kind](first) if kind >= len(OPERATIONS) else every[kind](first, second))
        computed = values[:3] + values[4:]  # not an array as it is: that one would be a copy
        return {name: computed[pick % len(computed)] for name, pick in zip(names, picks, strict=True)}

    return formula


def random_arrays(shape: tuple[int, int]) -> Arrays:
    rng = np.random.default_rng(0)
    arrays = {name: rng.integers(-3, 4, shape).astype(np.float64) for name in "xyuv"}
    return arrays | {"b": rng.integers(-3, 4, shape[1]).astype(np.float64)}


@given(formulas())
def test_a_kernel_in_place_computes_what_the_formula_says(formula: Any) -> None:
    kernel = Kernel(formula, ("x", "y", "b"), ("c",))
    arrays = random_arrays((3, 4))
    with np.errstate(all="ignore"):
        expected = formula(arrays["x"], arrays["y"], arrays["b"], 2.0)
        untouched = {name: arrays[name].copy() for name in arrays if name not in expected}
        scratch = [np.full((3, 4), np.nan) for _ in range(kernel.temporaries)]
        in_place.bind(kernel, arrays, np.array([2.0]), scratch)()
    for name, array in {**untouched, **expected}.items():
        np.testing.assert_array_equal(arrays[name], np.broadcast_to(array, arrays[name].shape), err_msg=name)


def test_a_coefficient_is_read_at_every_run() -> None:
    kernel = Kernel(lambda x, c: {"x": x * c}, ("x",), ("c",))
    x, numbers = np.ones(3), np.array([2.0])
    run = in_place.bind(kernel, {"x": x}, numbers, [])
    run()
    numbers[0] = 5.0
    run()
    assert x.tolist() == [10.0] * 3


@pytest.mark.parametrize("rows", [3, 1 + in_place.MANY // 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_number_to_choose_between_is_read_as_it_is(order: Any, rows: int) -> None:
    """Up to MANY entries from an array of it, which all such kernels share, and nobody can change."""
    kernel = Kernel(lambda x: {"x": np.minimum(1.5, np.maximum(x, -0.5))}, ("x",))
    x = np.asarray(np.arange(-4.0, 4.0 * rows - 4.0).reshape(rows, 4), order=order)
    expected = x.clip(-0.5, 1.5)
    in_place.bind(kernel, {"x": x}, np.empty(0), [])()
    np.testing.assert_array_equal(x, expected)


def test_an_array_may_be_given_anew_with_every_run() -> None:
    kernel = Kernel(lambda x, y: {"x": x * y - np.square(y), "u": y + x}, ("x", "y"))
    x, u, scratch = np.empty(3), np.empty(3), [np.empty(3) for _ in range(kernel.temporaries)]
    run = in_place.bind_but_one(kernel, {"x": x, "u": u}, "y", scratch)
    for y in (np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 4.0])):
        kept = y.copy()
        x.fill(2.0)
        run(y)
        assert x.tolist() == (2.0 * kept - kept**2).tolist()
        assert u.tolist() == (kept + 2.0).tolist()
        assert y.tolist() == kept.tolist()


def test_a_factor_of_one_is_left_out() -> None:
    kernel = Kernel(lambda x: {"x": 1.0 * np.exp(x) * 1.0 + 2.0 * x}, ("x",))
    assert [one.operation for one in kernel.traced.operations] == [np.exp, np.multiply, np.add]
    assert Kernel(lambda x: {"x": x * 1.0}, ("x",)).traced.operations == ()


def test_what_no_result_needs_is_not_computed() -> None:
    kernel = Kernel(lambda x: {"x": (x + 1, np.exp(x))[0]}, ("x",))
    assert [operation.operation for operation in kernel.traced.operations] == [np.add]


@pytest.mark.parametrize("formula", [lambda x: {"x": np.add.reduce(x)}, lambda x: {"x": np.add(x, 1, out=x)}])
def test_what_is_not_elementwise_is_refused(formula: Any) -> None:
    with pytest.raises(TypeError, match="is not elementwise"):
        _ = Kernel(formula, ("x",)).traced


@pytest.mark.parametrize("formula", [lambda x: {"x": x @ x}, lambda x: {"x": np.modf(x)[0]}])
def test_what_makes_more_or_less_than_one_value_of_an_entry_is_refused(formula: Any) -> None:
    with pytest.raises(TypeError, match="does not make one value of each entry"):
        _ = Kernel(formula, ("x",)).traced


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: {"x": x if x > 0 else -x},
        lambda x: {"x": np.where(x > 0, 1.0, 2.0)},
        lambda x: {"x": x and 1},
    ],
)
def test_entries_cannot_be_asked_for(formula: Any) -> None:
    """Every stand-in would be true: half of the formula would be lost without a word."""
    with pytest.raises(TypeError, match="cannot ask whether its entries are true"):
        _ = Kernel(formula, ("x",)).traced


def test_a_comparison_in_the_middle_is_refused() -> None:
    """Its place would have to hold truth values, and then numbers."""
    with pytest.raises(TypeError, match="a result of its own"):
        _ = Kernel(lambda x: {"x": x * (x > 0)}, ("x",)).places


def test_a_kernel_allocates_nothing_as_long_as_its_arrays() -> None:
    kernel = Kernel(lambda x, y: {"x": np.sqrt(x * x + y * y) / (1 + np.abs(y))}, ("x", "y"))
    arrays = {"x": np.ones(100_000), "y": np.ones(100_000)}
    run = in_place.bind(kernel, arrays, np.empty(0), [np.empty(100_000) for _ in range(kernel.temporaries)])
    run()
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000
