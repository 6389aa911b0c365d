"""Which operators of ONNX do what functions of NumPy and SciPy do, and formulas for those without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import scipy.special

from mlpcli.exporting.onnx import special_functions

# operators of opset 17 that onnxruntime computes in float32 and in float64, for whole numbers where due
OPERATORS: Final[Mapping[np.ufunc, str]] = {
    np.add: "Add",
    np.subtract: "Sub",
    np.multiply: "Mul",
    np.divide: "Div",
    np.floor_divide: "Div",  # of whole numbers that are not negative
    np.remainder: "Mod",  # of such too
    np.negative: "Neg",
    np.reciprocal: "Reciprocal",
    np.exp: "Exp",
    np.log: "Log",
    np.sqrt: "Sqrt",
    np.tanh: "Tanh",
    np.cos: "Cos",
    np.sign: "Sign",
    np.floor: "Floor",
    np.rint: "Round",
    np.maximum: "Max",
    np.minimum: "Min",
    np.isnan: "IsNaN",
    np.less: "Less",
    np.less_equal: "LessOrEqual",
    np.greater: "Greater",
    np.greater_equal: "GreaterOrEqual",
    np.equal: "Equal",
    scipy.special.erf: "Erf",  # of float32
    np.bitwise_or: "Or",  # of truths
    np.bitwise_and: "And",
}
TRUTHS: Final = frozenset(
    (np.isnan, np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.bitwise_or, np.bitwise_and)
)
FORMULAS: Final[Mapping[np.ufunc, Callable[..., Any]]] = {
    np.square: special_functions.square,
    np.log1p: special_functions.log1p,
    np.expm1: special_functions.expm1,
    np.hypot: special_functions.hypot,
    scipy.special.erfc: special_functions.erfc,
    scipy.special.ndtr: special_functions.ndtr,
    scipy.special.ndtri: special_functions.ndtri,
}
OF_SINGLE: Final[Mapping[np.ufunc, Callable[..., Any]]] = {
    scipy.special.erfc: special_functions.erfc_single,
    scipy.special.ndtr: special_functions.ndtr_single,
}


def formula_of(ufunc: np.ufunc, dtype: np.dtype[Any]) -> Callable[..., Any] | None:
    """The formula that stands for a function of numbers in a precision; None where there is an operator."""
    single = OF_SINGLE.get(ufunc) if dtype == np.float32 else None
    return single or FORMULAS.get(ufunc)
