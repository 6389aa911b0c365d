"""Functions for which ONNX has no operator, as formulas of those that it has, for arrays and for graphs.

Each is exact to a few units in the last place of float64, in the tails too, and passes NaN on. Coefficients
are published ones:

- erfc: W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969), 631-637,
  in the form of his CALERF; relative error below 1e-15 where erfc is a normal number.
- The normal quantile: M. J. Wichura, Algorithm AS 241, Appl. Statist. 37 (1988), 477-484, PPND16; relative
  error below 1e-15.
- log(1 + x), e^x − 1: W. Kahan's corrections of the naive formulas, N. J. Higham, Accuracy and Stability of
  Numerical Algorithms (2002), section 1.14.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import Any, Final

import numpy as np
import scipy.special

ERF: Final = (  # |x| ≤ 0.46875, of x²: numerator and denominator, highest power first
    (
        0.185777706184603153,
        3.16112374387056560,
        113.864154151050156,
        377.485237685302021,
        3209.37758913846947,
    ),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)
ERFC: Final = (  # up to 4, of x
    (
        2.15311535474403846e-8,
        0.564188496988670089,
        8.88314979438837594,
        66.1191906371416295,
        298.635138197400131,
        881.952221241769090,
        1712.04761263407058,
        2051.07837782607147,
        1230.33935479799725,
    ),
    (
        1.0,
        15.7449261107098347,
        117.693950891312499,
        537.181101862009858,
        1621.38957456669019,
        3290.79923573345963,
        4362.61909014324716,
        3439.36767414372164,
        1230.33935480374942,
    ),
)
ERFC_FAR: Final = (  # beyond, of 1/x²
    (
        0.0163153871373020978,
        0.305326634961232344,
        0.360344899949804439,
        0.125781726111229246,
        0.0160837851487422766,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242,
        1.87295284992346047,
        0.527905102951428412,
        0.0605183413124413191,
        2.33520497626869185e-3,
    ),
)
NEAR, FAR, FARTHEST = 0.46875, 4.0, 28.0  # where the formulas change; erfc is 0 in float64 from about 26.6 on

CENTRAL: Final = (  # |p − ½| ≤ 0.425, of 0.425² − (p − ½)²
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852854561,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
TAIL: Final = (  # of r − 1.6 with r = √(−log min(p, 1 − p)) up to 5
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)


def log1p(x: Any) -> Any:
    """log(1 + x)."""
    u = 1.0 + x
    return np.where(u == 1.0, x, np.log(u) * (x / (u - 1.0)))


def expm1(x: Any) -> Any:
    """e^x − 1: corrected near 0, where the difference loses digits, and as it is elsewhere."""
    u = np.exp(x)
    corrected = np.where(u == 1.0, x, (u - 1.0) * (x / np.log(u)))
    return np.where(np.maximum(x, -x) < 0.5, corrected, u - 1.0)


def square(x: Any) -> Any:
    """x²."""
    return x * x


def hypot(x: float, y: Any) -> Any:
    """√(x² + y²) without y², which may overflow."""
    size = np.maximum(y, -y)
    larger, smaller = np.maximum(size, x), np.minimum(size, x)
    ratio = smaller / larger
    return larger * np.sqrt(1.0 + ratio * ratio)


def erfc(x: Any) -> Any:
    """1 − erf x."""
    y = np.minimum(np.maximum(x, -x), FARTHEST)
    square_of_y = y * y
    near = 1.0 - x * _ratio(ERF, square_of_y)
    # e^(−y²) in two factors, the first of a number whose square is exact
    start = np.floor(y * 16.0) / 16.0
    decay = np.exp(-(start * start)) * np.exp((start - y) * (start + y))
    inverse = 1.0 / square_of_y
    far = decay / y * (1.0 / sqrt(pi) - inverse * _ratio(ERFC_FAR, inverse))
    positive = np.where(y <= FAR, decay * _ratio(ERFC, y), far)
    return np.where(y <= NEAR, near, np.where(x < 0.0, 2.0 - positive, positive))


def ndtr(x: Any) -> Any:
    """The normal distribution function, ½ erfc(−x/√2)."""
    return 0.5 * erfc(x * -sqrt(0.5))


def erfc_single(x: Any) -> Any:
    """1 − erf x by the operator that float32 has: of small values no digits are left."""
    return 1.0 - scipy.special.erf(x)


def ndtr_single(x: Any) -> Any:
    """½ (1 + erf(x/√2)), likewise."""
    return 0.5 * (1.0 + scipy.special.erf(x * sqrt(0.5)))


def ndtri(p: Any) -> Any:
    """The normal quantile of p, for p from e^−25 to 1 − e^−25."""
    q = p - 0.5
    centre = q * _ratio(CENTRAL, 0.180625 - q * q)
    tail = _ratio(TAIL, np.sqrt(-np.log(np.minimum(p, 1.0 - p))) - 1.6)
    return np.where(np.maximum(q, -q) <= 0.425, centre, np.where(q < 0.0, -tail, tail))


def _ratio(polynomials: tuple[Sequence[float], Sequence[float]], x: Any) -> Any:
    """A polynomial of x divided by another one, by Horner's rule."""
    above, below = (_polynomial(one, x) for one in polynomials)
    return above / below


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    first, second, *others = coefficients
    total = first * x + second
    for coefficient in others:
        total = total * x + coefficient
    return total
