"""One training step of a network, by mlp and by what one would use instead: each gives a function to time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

LEARNT = "learnt "
Step = Callable[[int], Any]
"""Runs so many training steps."""

_pools = ExitStack()  # the one of the case that is measured


@dataclass(frozen=True)
class Case:
    """A network with its loss (cross-entropy over its outputs), trained on batches of one size.

    `before` is what mlp alone has before the first layer: `waves` of every column, `scaling`. Of an
    activation that is `learnt`, as in `learnt selu`, units learn how much there is.
    """

    widths: tuple[int, ...]
    batch: int
    activation: str = "relu"
    optimizer: str = "adam"
    dtype: str = "float32"
    before: str = ""

    @property
    def name(self) -> str:
        """How the tables call it."""
        usual = Case(self.widths, self.batch)
        parts = [
            getattr(self, key)
            for key in ("activation", "optimizer", "dtype", "before")
            if getattr(self, key) != getattr(usual, key)
        ]
        return ", ".join(["-".join(map(str, self.widths)), str(self.batch), *parts])

    def data(self) -> tuple[Any, Any]:
        """Rows, and the class of each; every row is there twice, of two classes.

        So no contender can learn them all, and gradients do not die away: the subnormal numbers that they
        would become slow some contenders down many times.
        """
        rng = np.random.default_rng(0)
        half = self.batch // 2
        x = rng.normal(size=(half, self.widths[0])).astype(self.dtype)
        y = rng.integers(0, self.widths[-1], half)
        return np.tile(x, (2, 1)), np.concatenate([y, (y + 1) % self.widths[-1]])


def ours(case: Case) -> Step:
    """A step as the training loop makes it, with the number of processes or threads that mlp chooses."""
    from mlpcli.config.optimizer_spec import AdamSpec, SgdSpec
    from mlpcli.nn.activations import ActivationChoice
    from mlpcli.nn.architecture import Architecture
    from mlpcli.nn.initializers import INITIALIZERS
    from mlpcli.nn.losses import Loss
    from mlpcli.nn.network import Network
    from mlpcli.nn.numeric_embedding import PeriodicKind
    from mlpcli.optim.first_order import build
    from mlpcli.optim.stepper import Stepper
    from mlpcli.parallel import shared_memory, threads
    from mlpcli.parallel.pool import SerialPool
    from mlpcli.parallel.process_pool import process_pool
    from mlpcli.training.data_parallel import gradient_job

    _pools.close()
    number = threads.choose(case.widths, case.batch)
    workers = threads.workers(number, case.widths, case.batch)
    pool = SerialPool() if workers == 1 else process_pool(workers)
    _pools.enter_context(threads.limited(number if workers == 1 else 1))
    hidden = len(case.widths) - 2
    own = ActivationChoice(case.activation.removeprefix(LEARNT), {}, case.activation.startswith(LEARNT))
    choices = (*[own] * hidden, ActivationChoice("softmax", {}))
    columns = case.widths[0]
    waves = PeriodicKind(tuple(range(columns)), 16, 4, 0.1) if "waves" in case.before else None
    widths = (columns + (waves.added if waves else 0), *case.widths[1:])
    architecture = Architecture(
        widths,
        choices,
        bias=True,
        dropout=(0.0,) * hidden,
        numeric_embedding=waves,
        scaling="scaling" in case.before,
    )
    network = Network(architecture, Loss("cross_entropy"), dtype=case.dtype, zeros=shared_memory.zeros)
    network.initialize(INITIALIZERS["glorot_uniform"], np.random.default_rng(0))
    x, classes = case.data()
    y = np.eye(case.widths[-1], dtype=case.dtype)[classes]
    optimizer = build({"adam": AdamSpec, "sgd": SgdSpec}[case.optimizer]())
    stepper = Stepper(optimizer, network.theta, network.grad, network.layout.n_weights)
    stepper.share_with(pool)
    loss_and_grad = gradient_job(network, [(x, y, None)], pool)
    _pools.enter_context(pool)

    def step(times: int) -> None:
        with np.errstate(all="ignore"):
            for _ in range(times):
                if not loss_and_grad(0)[1]:
                    raise FloatingPointError
                stepper.step(1e-3)

    return step


def torch(case: Case) -> Step:
    """torch.nn with the fused optimizer, and the number of threads that torch chooses."""
    torch = import_or_skip("torch")
    torch.manual_seed(0)
    kinds = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "selu": "SELU", "mish": "Mish"}
    kind = getattr(torch.nn, known(kinds, case))
    layers: list[Any] = []
    for inputs, outputs in pairwise(case.widths):
        layers += [torch.nn.Linear(inputs, outputs), kind()]
    network = torch.nn.Sequential(*layers[:-1]).to(getattr(torch, case.dtype))
    optimizers = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    optimizer = optimizers[case.optimizer](network.parameters(), lr=1e-3, fused=True)
    loss = torch.nn.CrossEntropyLoss()
    x, y = map(torch.from_numpy, case.data())

    def step(times: int) -> None:
        for _ in range(times):
            optimizer.zero_grad()
            loss(network(x), y).backward()
            optimizer.step()

    return step


def jax(case: Case) -> Step:
    """One jitted function from parameters and optimizer state to the next."""
    jax = import_or_skip("jax")
    jax.config.update("jax_enable_x64", case.dtype == "float64")
    jnp, tree = jax.numpy, jax.tree
    rng = np.random.default_rng(0)
    parameters = [
        (jnp.asarray(rng.normal(size=(i, o)) * i**-0.5, case.dtype), jnp.zeros(o, case.dtype))
        for i, o in pairwise(case.widths)
    ]
    x, y = map(jnp.asarray, case.data())
    kinds = {name: getattr(jax.nn, name) for name in ("relu", "tanh", "sigmoid", "selu", "mish")}
    phi = known(kinds, case)

    def loss(parameters: Any) -> Any:
        a = x
        for weight, bias in parameters[:-1]:
            a = phi(a @ weight + bias)
        weight, bias = parameters[-1]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(a @ weight + bias), y[:, None], 1))

    def adam(parameters: Any, m: Any, v: Any, t: Any) -> Any:
        value, g = jax.value_and_grad(loss)(parameters)
        m = tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        a, b = 1 - 0.9**t, 1 - 0.999**t
        new = tree.map(lambda p, m, v: p - 1e-3 * (m / a) / (jnp.sqrt(v / b) + 1e-8), parameters, m, v)
        return value, (new, m, v, t + 1)

    def sgd(parameters: Any, m: Any, v: Any, t: Any) -> Any:
        value, g = jax.value_and_grad(loss)(parameters)
        return value, (tree.map(lambda p, g: p - 1e-3 * g, parameters, g), m, v, t)

    update = jax.jit({"adam": adam, "sgd": sgd}[case.optimizer], donate_argnums=(0, 1, 2))
    zeros = tree.map(jnp.zeros_like, parameters)
    state = [(parameters, zeros, tree.map(jnp.zeros_like, parameters), jnp.asarray(1, case.dtype))]

    def step(times: int) -> None:
        for _ in range(times):
            value, state[0] = update(*state[0])
            value.block_until_ready()

    return step


def scikit_learn(case: Case) -> Step:
    """`MLPClassifier.fit` on some batches, all of it divided by the number of its updates."""
    network = import_or_skip("sklearn.neural_network")
    x, y = case.data()
    y[: case.widths[-1]] = np.arange(case.widths[-1])  # every class occurs
    batches = 10
    x, y = np.tile(x, (batches, 1)), np.tile(y, batches)

    def step(times: int) -> float:
        classifier = network.MLPClassifier(
            hidden_layer_sizes=case.widths[1:-1],
            activation=known({"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}, case),
            solver=case.optimizer,
            momentum=0.0,
            alpha=0.0,
            batch_size=case.batch,
            max_iter=max(1, times // batches),
            n_iter_no_change=10**6,
            shuffle=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classifier.fit(x, y)
        return max(1, times // batches) * batches

    return step


def floor(case: Case, threads: int) -> Step:
    """The matrix products alone, and one read and write of the optimizer's memory: no step can be faster."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads, user_api="blas")
    rng = np.random.default_rng(0)
    widths = (case.widths[0] * (4 if "waves" in case.before else 1), *case.widths[1:])
    z = [rng.normal(size=(case.batch, width)).astype(case.dtype) for width in widths]
    W = [rng.normal(size=shape).astype(case.dtype) for shape in pairwise(widths)]
    out, dW, dz = ([np.empty_like(a) for a in arrays] for arrays in (z, W, z))
    rows = {"adam": 3, "sgd": 1}[case.optimizer]  # parameters and moments
    memory = np.ones(rows * sum(w.size for w in W), case.dtype)

    def step(times: int) -> None:
        for _ in range(times):
            for i, w in enumerate(W):
                np.dot(z[i], w, out[i + 1])
            for i in reversed(range(len(W))):
                np.dot(z[i].T, z[i + 1], dW[i])
                if i or case.before:
                    np.dot(z[i + 1], W[i].T, dz[i])
            np.negative(memory, memory)

    return step


CONTENDERS: dict[str, Callable[[Case], Step]] = {
    "mlp": ours,
    "torch": torch,
    "scikit-learn": scikit_learn,
    "JAX": jax,
    "floor, one thread": lambda case: floor(case, 1),
    "floor, all threads": lambda case: floor(case, len(os.sched_getaffinity(0))),
}
PEERS = ("torch", "scikit-learn", "JAX")


def known(kinds: dict[str, Any], case: Case) -> Any:
    """What a contender has for the activation; ModuleNotFoundError where it has none."""
    if case.activation not in kinds:
        raise ModuleNotFoundError(case.activation)
    return kinds[case.activation]


def import_or_skip(name: str) -> Any:
    """The module; ImportError means that the contender is not here."""
    from importlib import import_module

    return import_module(name)
