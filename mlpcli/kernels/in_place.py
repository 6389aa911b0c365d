"""Runs kernels with NumPy: one call an operation, every array made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.expression import Expression
from mlpcli.kernels.kernel import Kernel

BoundKernel = Callable[[], None]
Call = tuple[Callable[..., Any], tuple[Array, ...]]


def bind(
    kernel: Kernel, arrays: Mapping[str, Array], coefficients: Vector, scratch: list[Array]
) -> BoundKernel:
    """A function that runs the kernel on these arrays, all of one shape.

    `coefficients` has an entry for each of the kernel's and is read at every run, `scratch` an array for each
    of its temporaries. Arrays that hold the results of comparisons may be boolean.
    """
    calls = _calls(kernel, arrays, coefficients, scratch)

    def run() -> None:
        for function, arguments in calls:
            function(*arguments)

    return run


def bind_but_one(
    kernel: Kernel, arrays: Mapping[str, Array], name: str, scratch: list[Array]
) -> Callable[[Array], None]:
    """As `bind`, of a kernel without coefficients; the array of that name is given anew with every run.

    It is only read.
    """
    stand_in = np.empty(0)
    dtype = next(iter(arrays.values())).dtype
    calls = [
        (function, [*arguments])
        for function, arguments in _calls(kernel, {**arrays, name: stand_in}, np.empty(0, dtype), scratch)
    ]
    places = [(given, i) for _, given in calls for i, argument in enumerate(given) if argument is stand_in]

    def run(array: Array) -> None:
        for arguments, i in places:
            arguments[i] = array
        for function, arguments in calls:
            function(*arguments)

    return run


def _calls(
    kernel: Kernel, arrays: Mapping[str, Array], coefficients: Vector, scratch: list[Array]
) -> list[Call]:
    cells = {name: coefficients[i : i + 1].reshape(()) for i, name in enumerate(kernel.coefficients)}

    def value(e: Expression) -> Array:
        """A number is an array without axes: of their dtype, and read in half the time of a Python float."""
        if e.order in kernel.places:
            place = kernel.places[e.order]
            return scratch[place] if isinstance(place, int) else arrays[place]
        if isinstance(e.operation, str):
            return cells[e.operation]
        return np.asarray(e.operation, coefficients.dtype)

    calls: list[Call] = []
    for operation in kernel.traced.operations:
        assert isinstance(operation.operation, np.ufunc)
        calls.append(_call(operation.operation, tuple(map(value, operation.operands)), value(operation)))
    for name, e in kernel.traced.results.items():
        if kernel.places.get(e.order) != name:
            calls.append((np.copyto, (arrays[name], value(e))))
    return calls


def _call(operation: np.ufunc, operands: tuple[Array, ...], out: Array) -> Call:
    """By position, which is a fifth of a microsecond faster than by name; NumPy wants two by name."""
    if operation in (np.maximum, np.minimum):
        return partial(operation, out=out), operands
    return operation, (*operands, out)
