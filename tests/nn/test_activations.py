"""Every activation's value and derivative against SciPy, mpmath and the complex step."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special as sp
import scipy.stats

from mlpcli.kernels.in_place import BoundKernel, bind
from mlpcli.kernels.kernel import Kernel
from mlpcli.nn.activations import ACTIVATIONS, SELU_ALPHA, SELU_SCALE, ActivationChoice

pytestmark = pytest.mark.kernels

Values = npt.NDArray[Any]
Pair = tuple[Callable[[Values], Values], Callable[[Values], Values]]

CHOICES = {
    **{name: ActivationChoice(name, {}) for name in ACTIVATIONS},
    "leaky_relu, slope 0.3": ActivationChoice("leaky_relu", {"slope": 0.3}),
    "elu, alpha 2": ActivationChoice("elu", {"alpha": 2.0}),
    "elu, alpha 0.5": ActivationChoice("elu", {"alpha": 0.5}),
}
KINKED = ["relu", "leaky_relu", "leaky_relu, slope 0.3", "selu", "elu, alpha 2", "elu, alpha 0.5"]


def rectified(slope: float) -> Pair:
    return lambda z: np.where(z > 0, z, slope * z), lambda z: np.select([z > 0, z < 0], [1.0, slope], 0.0)


def exponential_unit(
    alpha: float, scale: float
) -> tuple[Callable[[Values], Values], Callable[[Values], Values]]:
    at_zero = scale if alpha == 1 else 0.0
    return (
        lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
        lambda z: scale * np.select([z > 0, z < 0], [1.0, alpha * np.exp(np.minimum(z, 0))], at_zero / scale),
    )


def soft(z: Values) -> Values:
    """tanh of the softplus."""
    return np.tanh(np.logaddexp(0, z))


# name -> (φ, φ′), in float64
SCIPY: dict[str, Pair] = {
    "identity": (lambda z: z, np.ones_like),
    "sigmoid": (sp.expit, lambda z: sp.expit(z) * sp.expit(-z)),
    "tanh": (np.tanh, lambda z: np.cosh(np.clip(z, -300, 300)) ** -2.0),
    "relu": rectified(0.0),
    "leaky_relu": rectified(0.01),
    "leaky_relu, slope 0.3": rectified(0.3),
    "elu": exponential_unit(1.0, 1.0),
    "elu, alpha 2": exponential_unit(2.0, 1.0),
    "elu, alpha 0.5": exponential_unit(0.5, 1.0),
    "selu": exponential_unit(SELU_ALPHA, SELU_SCALE),
    "gelu": (lambda z: z * sp.ndtr(z), lambda z: sp.ndtr(z) + z * scipy.stats.norm.pdf(z)),
    "silu": (lambda z: z * sp.expit(z), lambda z: sp.expit(z) * (1 + z * sp.expit(-z))),
    "mish": (lambda z: z * soft(z), lambda z: soft(z) + z * sp.expit(z) * (1 - soft(z) ** 2)),
    "softplus": (lambda z: np.logaddexp(0, z), sp.expit),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z: (1 + np.abs(z)) ** -2.0),
    "erf_sigmoid": (lambda z: 0.5 * sp.erfc(-z), lambda z: np.exp(-z * z) / np.sqrt(np.pi)),
    "exponential": (np.exp, np.exp),
}


def points(name: str, dtype: npt.DTypeLike) -> Values:
    """Ordinary, tiny and extreme scores; e^z only where it is finite."""
    tiny = 1e-300 if np.dtype(dtype) == np.float64 else 1e-38
    positive = np.concatenate([[tiny, 1e-8, 30.0, 88.0, 104.0, 709.0, 745.0, 1e4], np.linspace(0.01, 12, 53)])
    z = np.concatenate([-positive, [-0.0, 0.0], positive]).astype(dtype).reshape(-1, 2)
    return np.minimum(z, np.asarray(80.0, dtype)) if name == "exponential" else z


def run(name: str, z: Values) -> tuple[Values, Values]:
    """φ and φ′ of `z`; the arrays to be written start as NaN, so that nothing can be read from them."""
    value, prime = z.copy(), np.full_like(z, np.nan)
    bound(CHOICES[name].kernel(z.dtype), z=value, prime=prime)()
    return value, prime


def bound(kernel: Kernel, **arrays: Values) -> BoundKernel:
    """The kernel on these arrays; its scratch starts as NaN."""
    z = arrays["z"]
    scratch = [np.full_like(z, np.nan) for _ in range(kernel.temporaries)]
    return bind(kernel, arrays, np.empty(0, z.dtype), scratch)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CHOICES)
def test_values_and_derivatives_are_scipy_s_at_every_kind_of_score(name: str, dtype: npt.DTypeLike) -> None:
    z = points(name, dtype)
    value, prime = run(name, z)
    phi, phi_prime = (f(z.astype(np.float64)) for f in SCIPY[name])
    assert value.dtype == prime.dtype == dtype
    eps = float(np.finfo(dtype).eps)
    # exact to a few units of the last place of the value, or of 1 where the value is smaller
    np.testing.assert_allclose(value, phi, rtol=4 * eps, atol=2 * eps)
    np.testing.assert_allclose(prime, phi_prime, rtol=4 * eps, atol=16 * eps)


SMOOTH = [name for name in ACTIVATIONS if name not in {"identity", "relu", "leaky_relu"}]


@pytest.mark.parametrize("name", SMOOTH)
def test_small_values_keep_their_digits(name: str) -> None:
    """A value near zero is exact relative to itself, not only relative to 1."""
    z = np.concatenate([np.linspace(-20, -0.5, 40), -np.logspace(-12, -1, 12)]).reshape(-1, 1)
    np.testing.assert_allclose(run(name, z)[0], SCIPY[name][0](z), rtol=3e-14)


MPMATH: dict[str, Callable[[Any, Any], Any]] = {
    "identity": lambda _mp, z: z,
    "sigmoid": lambda mp, z: 1 / (1 + mp.exp(-z)),
    "tanh": lambda mp, z: mp.tanh(z),
    "relu": lambda _mp, z: max(z, 0),
    "leaky_relu": lambda mp, z: max(z, 0) + mp.mpf(0.01) * min(z, 0),
    "elu": lambda mp, z: max(z, 0) + mp.expm1(min(z, 0)),
    "selu": lambda mp, z: mp.mpf(SELU_SCALE) * (max(z, 0) + mp.mpf(SELU_ALPHA) * mp.expm1(min(z, 0))),
    "gelu": lambda mp, z: z * mp.ncdf(z),
    "silu": lambda mp, z: z / (1 + mp.exp(-z)),
    "mish": lambda mp, z: z * mp.tanh(mp.log1p(mp.exp(z))),
    "softplus": lambda mp, z: mp.log1p(mp.exp(z)),
    "softsign": lambda _mp, z: z / (1 + abs(z)),
    "erf_sigmoid": lambda mp, z: (1 + mp.erf(z)) / 2,
    "exponential": lambda mp, z: mp.exp(z),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_those_of_fifty_digits(name: str) -> None:
    mp = pytest.importorskip("mpmath")
    z = np.array([[-745.0, -30.0, -7.5, -2.0, -0.3, -1e-9], [1e-9, 0.3, 2.0, 7.5, 30.0, 80.0]])
    value, prime = run(name, z)
    with mp.workdps(50):
        exact = [MPMATH[name](mp, mp.mpf(v)) for v in z.ravel().tolist()]
        slope = [
            mp.diff(lambda v: MPMATH[name](mp, v), mp.mpf(v), h=mp.mpf(10) ** -25) for v in z.ravel().tolist()
        ]
    np.testing.assert_allclose(value.ravel(), [float(v) for v in exact], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(prime.ravel(), [float(v) for v in slope], rtol=1e-14, atol=1e-15)


def test_mpmath_knows_every_activation() -> None:
    assert set(MPMATH) == set(ACTIVATIONS)
    assert set(SCIPY) == set(CHOICES)


def test_selu_keeps_a_normal_variable_s_mean_and_variance() -> None:
    """Where its constants come from (Klambauer et al. 2017, theorem 1): E φ(z) = 0 and E φ(z)² = 1."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    mean = square = 0.0
    for low, high in ((-12.0, 0.0), (0.0, 12.0)):
        z = (low + high) / 2 + (high - low) / 2 * nodes
        density = (high - low) / 2 * weights * scipy.stats.norm.pdf(z)
        phi = run("selu", z.reshape(-1, 1))[0].ravel()
        mean, square = mean + density @ phi, square + density @ phi**2
    assert mean == pytest.approx(0.0, abs=1e-14)
    assert square == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_derivative_of_a_relu_fits_booleans(dtype: npt.DTypeLike) -> None:
    z = points("relu", dtype)
    assert CHOICES["relu"].derivative_type(np.dtype(dtype)) == np.bool_
    assert CHOICES["tanh"].derivative_type(np.dtype(dtype)) == dtype
    gate = np.empty(z.shape, np.bool_)
    bound(CHOICES["relu"].kernel(z.dtype), z=z.copy(), prime=gate)()
    np.testing.assert_array_equal(gate, run("relu", z)[1])


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("name", KINKED)
def test_the_derivative_at_a_kink_is_zero(name: str, zero: float) -> None:
    value, prime = run(name, np.full((3, 2), zero))
    assert value.tolist() == prime.tolist() == [[0.0, 0.0]] * 3


def test_the_derivative_of_elu_is_one_at_zero_where_it_has_no_kink() -> None:
    assert run("elu", np.zeros((1, 1)))[1].item() == 1.0


@pytest.mark.parametrize("name", CHOICES)
def test_a_kink_is_declared_exactly_where_the_derivative_jumps(name: str) -> None:
    _, prime = run(name, np.array([[-1e-12, 1e-12]]))
    assert CHOICES[name].has_kink() == (abs(prime[0, 1] - prime[0, 0]) > 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CHOICES)
def test_without_a_derivative_the_value_is_the_same(name: str, dtype: npt.DTypeLike) -> None:
    z = points(name, dtype)
    alone = z.copy()
    bound(CHOICES[name].value_kernel(z.dtype), z=alone)()
    np.testing.assert_array_equal(alone, run(name, z)[0])


@pytest.mark.parametrize("name", CHOICES)
def test_complex_scores_carry_the_derivative_in_their_imaginary_part(name: str) -> None:
    """Im φ(z + ih) / h = φ′(z), with no cancellation: what the complex-step check relies on."""
    z = np.concatenate([np.linspace(-6, 6, 24), [-40.0, 40.0]]).reshape(-1, 2)
    moved = z + 1e-30j
    bound(CHOICES[name].value_kernel(moved.dtype), z=moved)()
    value, prime = run(name, z)
    np.testing.assert_allclose(moved.real, value, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(moved.imag / 1e-30, prime, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", CHOICES)
def test_a_score_that_is_not_a_number_stays_one(name: str) -> None:
    """Divergence must not be hidden."""
    value, prime = run(name, np.array([[np.nan]]))
    assert np.isnan(value).all()
    assert np.isnan(prime).all() or name in {"identity", "relu"}


@pytest.mark.parametrize("name", CHOICES)
def test_nothing_array_sized_is_allocated(name: str) -> None:
    z, prime = np.ones((300, 300)), np.empty((300, 300))
    run_again = bound(CHOICES[name].kernel(z.dtype), z=z, prime=prime)
    run_again()
    tracemalloc.start()
    run_again()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000  # an array has 720,000 bytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saturated_sigmoid_is_no_subnormal_number(dtype: npt.DTypeLike) -> None:
    value, _ = run("sigmoid", np.array([[-88.0, -104.0, -720.0, -1e4, -1e30]], dtype))
    assert (value >= np.finfo(dtype).smallest_normal).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mish_has_its_limits_at_the_largest_scores_there_are(dtype: npt.DTypeLike) -> None:
    """Nothing overflows on the way, and nothing is a subnormal number, which products are slow with."""
    largest = np.finfo(dtype).max
    z = np.array([[1e4, 1e30, largest, -1e4, -1e30, -largest]], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        value, prime = run("mish", z)
    np.testing.assert_array_equal(value[0, :3], z[0, :3])
    assert (value[0, 3:] < 0.0).all()
    assert (-value[0, 3:] >= np.finfo(dtype).smallest_normal).all()
    assert (-value[0, 3:] < 1e-30).all()
    assert prime.tolist() == [[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]


def test_the_exponential_of_a_large_score_is_infinite() -> None:
    with np.errstate(over="ignore"):
        assert np.isinf(run("exponential", np.array([[1e4]]))[0]).all()
