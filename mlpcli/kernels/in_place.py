"""Runs kernels with NumPy: one call an operation, every array made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.expression import Expression
from mlpcli.kernels.kernel import Kernel

BoundKernel = Callable[[], None]
Call = tuple[Callable[..., Any], tuple[Array, ...]]

CHOOSING = (np.maximum, np.minimum)
MANY = 1 << 17  # entries of an array of one number at the most: half a MiB in single precision


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
    value = _values(kernel, arrays, coefficients, scratch)
    calls: list[Call] = []
    for operation in kernel.traced.operations:
        function, out = operation.operation, value(operation)
        assert isinstance(function, np.ufunc)
        operands = tuple(map(value, operation.operands))
        if function in CHOOSING and out.size <= MANY:
            pairs = zip(operation.operands, operands, strict=True)
            operands = tuple(_spread(e, read, out) for e, read in pairs)
        calls.append(_call(function, operands, out))
    for name, e in kernel.traced.results.items():
        if kernel.places.get(e.order) != name:
            calls.append((np.copyto, (arrays[name], value(e))))
    return calls


def _values(
    kernel: Kernel, arrays: Mapping[str, Array], coefficients: Vector, scratch: list[Array]
) -> Callable[[Expression], Array]:
    """Where each value of the kernel is to be found."""
    cells = {name: coefficients[i : i + 1].reshape(()) for i, name in enumerate(kernel.coefficients)}

    def value(e: Expression) -> Array:
        """A number is an array without axes: of their dtype, and read in half the time of a Python float."""
        if e.order in kernel.places:
            place = kernel.places[e.order]
            return scratch[place] if isinstance(place, int) else arrays[place]
        if isinstance(e.operation, str):
            return cells[e.operation]
        return np.asarray(e.operation, coefficients.dtype)

    return value


def _spread(e: Expression, read: Array, out: Array) -> Array:
    """What an operation reads as it is, but for a constant: an array of it.

    NumPy's maximum of two arrays takes a third of the time of that of an array and a number, for which it
    has no vector instructions (in version 2.4).
    """
    if not isinstance(e.operation, float):
        return read
    return _all(e.operation, out.shape, out.dtype, out.flags.c_contiguous)


def _call(operation: np.ufunc, operands: tuple[Array, ...], out: Array) -> Call:
    """By position, which is a fifth of a microsecond faster than by name; NumPy wants two by name."""
    if operation in CHOOSING:
        return partial(operation, out=out), operands
    return operation, (*operands, out)


@lru_cache(maxsize=16)
def _all(number: float, shape: tuple[int, ...], dtype: np.dtype[Any], rows_first: bool) -> Array:
    """An array of one number, for all to read."""
    array = np.full(shape, number, dtype, "C" if rows_first else "F")
    array.flags.writeable = False
    return array
