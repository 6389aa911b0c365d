"""Functions of NumPy and SciPy with the types that they have for values: their stubs know arrays alone.

What each of them makes of values is in `operators`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Final, TypeAlias

import numpy as np
import scipy.special

from mlpcli.exporting.onnx.graph import Operand, Value

Unary: TypeAlias = Callable[[Value], Value]
Binary: TypeAlias = Callable[[Operand, Operand], Value]

_np: Any = np
_special: Any = scipy.special

exp: Final[Unary] = _np.exp
expm1: Final[Unary] = _np.expm1
log: Final[Unary] = _np.log
log1p: Final[Unary] = _np.log1p
sqrt: Final[Unary] = _np.sqrt
cos: Final[Unary] = _np.cos
floor: Final[Unary] = _np.floor
rint: Final[Unary] = _np.rint
reciprocal: Final[Unary] = _np.reciprocal
normal_quantile: Final[Unary] = _special.ndtri
is_nan: Final[Unary] = _np.isnan
hypot: Final[Binary] = _np.hypot
maximum: Final[Binary] = _np.maximum
minimum: Final[Binary] = _np.minimum
equal: Final[Binary] = _np.equal
less: Final[Binary] = _np.less
less_equal: Final[Binary] = _np.less_equal
add: Final[Binary] = _np.add
either: Final[Binary] = _np.bitwise_or
where: Final[Callable[[Value, Operand, Operand], Value]] = _np.where


def finite(x: Value) -> Value:
    """Where numbers are finite ones."""
    return maximum(x, -x) < inf


def not_finite(x: Value) -> Value:
    """Which rows (rows, 1) of numbers hold one that is not finite."""
    return finite(x).cast(np.float32).min_of_rows() < 0.5
