"""Kernels: what they compute is what the formula says, in place, by either engine."""

from __future__ import annotations

import importlib.util
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.kernels import engine, fused, in_place
from mlpcli.kernels.kernel import Kernel
from mlpcli.nn.activations import ACTIVATIONS, ActivationChoice
from mlpcli.nn.planner import CHAIN_RULE
from mlpcli.optim.first_order import OPTIMIZERS
from mlpcli.optim.stepper import step_kernel

Arrays = dict[str, np.ndarray[Any, Any]]
NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
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


def test_what_no_result_needs_is_not_computed() -> None:
    kernel = Kernel(lambda x: {"x": (x + 1, np.exp(x))[0]}, ("x",))
    assert [operation.operation for operation in kernel.traced.operations] == [np.add]


@pytest.mark.parametrize("formula", [lambda x: {"x": np.add.reduce(x)}, lambda x: {"x": np.add(x, 1, out=x)}])
def test_what_is_not_elementwise_is_refused(formula: Any) -> None:
    with pytest.raises(TypeError, match="is not elementwise"):
        _ = Kernel(formula, ("x",)).traced


def test_a_comparison_in_the_middle_is_refused() -> None:
    """Its place would have to hold truth values, and then numbers."""
    with pytest.raises(TypeError, match="a result of its own"):
        _ = Kernel(lambda x: {"x": x * (x > 0)}, ("x",)).places


def every_kernel(dtype: np.dtype[Any]) -> dict[str, Kernel]:
    """All that the package is made of and that can be fused."""
    kernels = {"chain rule": CHAIN_RULE}
    for name in ACTIVATIONS:
        choice = ActivationChoice(name, {})
        kernels |= {name: choice.kernel(dtype), f"{name} with bias": choice.kernel(dtype, ("z", "b"))}
        kernels |= {f"{name} alone": choice.value_kernel(dtype)}
    for name, rule in OPTIMIZERS.items():
        for options in ({}, {"momentum": 0.9}, {"centered": True}, {"nesterov": True, "momentum": 0.5}):
            if options.keys() <= rule.__dataclass_fields__.keys():
                made = rule(**options)
                state = tuple(n for n, a in made.start(np.zeros(0)).items() if a.ndim == 1)
                kernels[f"{name} {options}"] = step_kernel(made, state, decays=True)
    return {name: kernel for name, kernel in kernels.items() if fused.can_fuse(kernel)}


@NUMBA
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fused_kernel_gives_the_very_bits(
    dtype: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fused._compiled.cache_clear()
    kernels = every_kernel(np.dtype(dtype))
    few = {"relu", "relu with bias", "chain rule", "adam {}"}
    assert few <= kernels.keys()
    if dtype == np.float64:  # compiling takes its time
        kernels = {name: kernels[name] for name in few}
    for name, kernel in kernels.items():
        one, other = (arrays_for(kernel, dtype) for _ in range(2))
        numbers = np.linspace(0.1, 0.9, len(kernel.coefficients)).astype(dtype)
        scratch = [np.empty((50, 30), dtype) for _ in range(kernel.temporaries)]
        with np.errstate(all="ignore"):
            in_place.bind(kernel, one, numbers, scratch)()
            fused.bind(kernel, other, numbers)()
        for array in one:
            np.testing.assert_array_equal(one[array], other[array], err_msg=f"{name}: {array}")


def arrays_for(kernel: Kernel, dtype: Any) -> Arrays:
    """Numbers of every size, zeros and one that is none."""
    rng = np.random.default_rng(1)
    names = [*kernel.arrays, *kernel.traced.results]
    arrays = {
        name: (rng.normal(size=(50, 30)) * 10 ** rng.uniform(-8, 3, (50, 30))).astype(dtype) for name in names
    }
    for name, array in arrays.items():
        array[0, :3] = (0.0, -0.0, np.nan)
        if name in {"v", "u", "step"}:  # what a root is taken of
            np.abs(array, out=array)
    return arrays | ({"b": arrays["b"][1].copy()} if "b" in kernel.arrays and "theta" not in arrays else {})


@NUMBA
def test_a_cache_that_cannot_be_written_costs_the_compiling_only(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    fused._compiled.cache_clear()
    dz, prime = np.full(3, 2.0), np.array([True, False, True])
    fused.bind(CHAIN_RULE, {"dz": dz, "prime": prime}, np.empty(0))()
    assert dz.tolist() == [2.0, 0.0, 2.0]


@NUMBA
def test_numba_is_for_long_runs_of_large_networks() -> None:
    assert engine.choose(parameters=99, updates=10, activations=2_400) == "numpy"
    assert engine.choose(parameters=101_770, updates=469, activations=7_680_000) == "numba"


def test_without_a_numba_that_loads_numpy_runs_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not installed, or of a version that refuses this NumPy: an ImportError in both cases."""
    monkeypatch.setitem(sys.modules, "numba", None)
    assert engine.choose(parameters=10**7, updates=10**4, activations=10**9) == "numpy"


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
