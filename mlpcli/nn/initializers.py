"""Starting values of weights, drawn in float64 from an explicit generator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpcli.arrays import Array

Draw = Callable[[tuple[int, int], np.random.Generator], Array]


def zeros(shape: tuple[int, int], _rng: np.random.Generator) -> Array:
    """All zero: every unit of a hidden layer then stays like its neighbours; for single layers."""
    return np.zeros(shape)


def _uniform_of_variance(shape: tuple[int, int], rng: np.random.Generator, variance: float) -> Array:
    """Uniform on ±√(3 · variance)."""
    bound = (3.0 * variance) ** 0.5
    return rng.uniform(-bound, bound, shape)


def _normal_of_variance(shape: tuple[int, int], rng: np.random.Generator, variance: float) -> Array:
    """Normal, not truncated."""
    return rng.normal(0.0, variance**0.5, shape)


def glorot(shape: tuple[int, int]) -> float:
    """Variance 2 / (inputs + outputs). Glorot & Bengio 2010, equation 16."""
    return 2.0 / (shape[0] + shape[1])


def he(shape: tuple[int, int]) -> float:
    """Variance 2 / inputs. He et al. 2015, equation 10."""
    return 2.0 / shape[0]


def lecun(shape: tuple[int, int]) -> float:
    """Variance 1 / inputs. LeCun et al. 1998, section 4.6."""
    return 1.0 / shape[0]


def orthogonal(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Orthonormal columns, or rows when there are fewer of them, uniform over all such. Saxe et al. 2014.

    The Q of a normal matrix's QR, its columns' signs fixed by R's diagonal (Mezzadri 2007).
    """
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.normal(size=(rows, columns)))
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return np.ascontiguousarray(q if shape[0] >= shape[1] else q.T)


def _scaled(variance: Callable[[tuple[int, int]], float], draw: Callable[..., Array]) -> Draw:
    return lambda shape, rng: draw(shape, rng, variance(shape))


INITIALIZERS: dict[str, Draw] = {
    "zeros": zeros,
    "glorot_uniform": _scaled(glorot, _uniform_of_variance),
    "glorot_normal": _scaled(glorot, _normal_of_variance),
    "he_uniform": _scaled(he, _uniform_of_variance),
    "he_normal": _scaled(he, _normal_of_variance),
    "lecun_uniform": _scaled(lecun, _uniform_of_variance),
    "lecun_normal": _scaled(lecun, _normal_of_variance),
    "orthogonal": orthogonal,
}


def uniform(low: float, high: float) -> Draw:
    """Uniform on [low, high)."""
    return lambda shape, rng: rng.uniform(low, high, shape)


def normal(std: float) -> Draw:
    """Normal with mean 0 and standard deviation `std`."""
    return lambda shape, rng: rng.normal(0.0, std, shape)
