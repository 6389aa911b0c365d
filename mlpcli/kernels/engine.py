"""Which engine runs the kernels: NumPy, or numba where it is installed and repays its loading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Literal, TypeAlias

from mlpcli.arrays import Array, Vector
from mlpcli.kernels import fused, in_place
from mlpcli.kernels.kernel import Kernel

Engine: TypeAlias = Literal["numpy", "numba"]

# what one compiled loop in the place of NumPy's passes saves, roughly, for each entry
SECONDS_PER_PARAMETER = 2e-9  # and update
SECONDS_PER_ACTIVATION = 0.5e-9
WORTH_LOADING = 0.05  # seconds saved in an epoch; loading numba takes half a second to a second

_current: ContextVar[Engine] = ContextVar("engine", default="numpy")


def choose(parameters: int, updates: int, activations: int) -> Engine:
    """The engine for epochs of so many updates, each of every parameter, and activations in all."""
    saved = SECONDS_PER_PARAMETER * parameters * updates + SECONDS_PER_ACTIVATION * activations
    return "numba" if saved >= WORTH_LOADING and _numba_loads() else "numpy"


def _numba_loads() -> bool:
    """Whether numba is there, and takes this Python and this NumPy."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


@contextmanager
def using(engine: Engine) -> Iterator[None]:
    """Kernels that are bound within run on this engine."""
    token = _current.set(engine)
    try:
        yield
    finally:
        _current.reset(token)


def bind(
    kernel: Kernel, arrays: Mapping[str, Array], coefficients: Vector, scratch: list[Array]
) -> in_place.Run:
    """A function that runs the kernel on these arrays: see `in_place.bind`.

    What numba cannot do, or not faster, NumPy does under either engine; the numbers are the same.
    """
    if _current.get() == "numba" and coefficients.dtype.kind == "f" and fused.can_fuse(kernel):
        return fused.bind(kernel, arrays, coefficients)
    return in_place.bind(kernel, arrays, coefficients, scratch)
