"""Gradients of batches and forward passes by parts of the rows, and whether they are finite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.errors import DivergedError, Problem
from mlpcli.nn.evaluation import CHUNK, rows_of
from mlpcli.nn.layout import Layout
from mlpcli.nn.network import Network
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.shares import share
from mlpcli.storage.rows import Rows, spans
from mlpcli.training.numbered import Numbered

SEEDS = 2**63

Gradient = Callable[[int], tuple[float, bool]]
"""The loss of the batch of a number, and whether it and its gradient, now in `grad`, are finite."""


def gradient_job(network: Network, batches: Numbered, pool: WorkerPool) -> Gradient:
    """`Network.loss_and_grad` of a batch, by a pool."""
    if pool.size > 1 or pool.here is not pool:
        return _SharedGradient(network, batches, pool)

    def loss_and_grad(index: int) -> tuple[float, bool]:
        loss = network.loss_and_grad(*batches[index])
        return loss, isfinite(loss) and is_finite(network.grad)

    return loss_and_grad


class _SharedGradient:
    """Every worker has a network of its own over the same parameters, and takes its part of the rows.

    The mean over a batch, and so its gradient, is a sum over the parts: they are added up in the workers'
    order. Where rows drop out, the others are told a seed for the masks of each batch.
    """

    def __init__(self, network: Network, batches: Numbered, pool: WorkerPool) -> None:
        self._network, self._batches, self._pool = network, batches, pool
        self._networks = dict(zip(pool.own, _networks(network, pool), strict=True))
        self._seed = pool.zeros((1,), np.uint64)
        self._of_parts = pool.job(self._of_part)
        gradients = [one.grad for one in self._networks.values()]
        self._add_up = pool.adder(gradients, network.grad, is_finite)

    def __call__(self, index: int) -> tuple[float, bool]:
        network = self._network
        if network.drops_out and self._pool.size > 1:
            self._seed.fill(network.rng.integers(SEEDS))
            self._pool.spread(self._seed)
        loss = sum(self._of_parts(index))
        finite = self._add_up() and isfinite(loss)
        if network.statistics:
            self._pool.spread(network.state[network.layout.size :])
        return loss, finite

    def _of_part(self, rank: int, index: int) -> float:
        x, y, weights = self._batches[index]
        network, rows = self._networks[rank], share(len(x), rank, self._pool.size)
        if rows.start == rows.stop:
            network.grad.fill(0.0)
            return 0.0
        if rank and network.drops_out:
            network.rng.bit_generator.state = _seeded(self._seed.item(), rank)
        own_weights = None if weights is None else weights[rows]
        return network.loss_and_grad(x[rows], y[rows], own_weights, len(x))


def scores_job(network: Network, rows: Mapping[str, Rows], pool: WorkerPool) -> Callable[[str], Matrix]:
    """The scores of the rows of a name, as `Network.scores`, until they are asked for again."""
    networks, names = _networks(network, pool), list(rows)
    outputs = network.architecture.widths[-1]
    scores = {name: pool.zeros((len(x), outputs), network.dtype) for name, x in rows.items()}

    def of_part(rank: int, number: int) -> float:
        name = names[number]
        x, own = rows[name], rows_of(len(rows[name]), rank, pool.size)
        for part in spans(x, own, CHUNK):
            networks[rank].scores_into(x[part], scores[name][part])
        return 0.0

    job = pool.job(of_part)

    def compute(name: str) -> Matrix:
        job(names.index(name))
        return scores[name]

    return compute


def _networks(network: Network, pool: WorkerPool) -> list[Network]:
    """A network for each worker of this process: that of the first of all workers is this one."""
    assert all(map(pool.sees, (network.state, network.grad))), "Network(..., zeros=shared_memory.zeros)"
    return [network if worker == 0 else network.twin() for worker in pool.own]


def _seeded(*entropy: int) -> Mapping[str, object]:
    """The state of a generator that starts from these numbers."""
    return np.random.PCG64(np.random.SeedSequence(entropy)).state


def is_finite(vector: Vector) -> bool:
    """Whether every entry is finite: one dot product, and a second look only where that overflows."""
    return isfinite(vector.dot(vector)) or bool(np.isfinite(vector).all())


def first_bad(layout: Layout, vector: Vector) -> str | None:
    """The name of the first entry of `vector` that is not finite: `layers.1.weight[0, 5]`."""
    bad = np.flatnonzero(~np.isfinite(vector))
    return layout.locate(int(bad[0])) if bad.size else None


def diverged(where: str, what: str, rate: float | None) -> DivergedError:
    """The error that ends a run: where it was, what was not finite, what to try."""
    # quasi-Newton methods have no rate, and nothing to clip; at a rate of 0 nothing has been changed yet
    lower = "" if not rate else f"a learning rate below {rate:g}, training.clip_norm: 1.0, or "
    hint = f"try {lower}features and targets that are scaled"
    return DivergedError(Problem(f"training diverged in {where}: {what}", hint=hint))
