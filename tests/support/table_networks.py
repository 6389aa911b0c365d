"""New networks on rows as tables have them: flags, counts, rows of zeros, columns that hardly vary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.gradcheck import Batch
from mlpcli.nn.initializers import INITIALIZERS, normal
from mlpcli.nn.losses import FORMULAS
from mlpcli.nn.network import Network
from mlpcli.nn.numeric_embedding import PeriodicKind
from mlpcli.nn.penalty import Penalty
from tests.support.gradient_cases import FREE, random_loss
from tests.support.network_cases import BATCH_NORM, HIDDEN, LAYER_NORM, OUTPUTS, Values, raw_targets

Rng = np.random.Generator
MOSTLY = 0.8  # of networks have biases

# one column of so many rows
COLUMNS: dict[str, Callable[[int, Rng], Values]] = {
    "flag": lambda rows, rng: rng.integers(0, 2, rows) * 1.0,
    "rare flag": lambda rows, rng: (rng.random(rows) < 0.1) * 1.0,
    "count": lambda rows, rng: rng.poisson(1.0, rows) * 1.0,
    "minmax": lambda rows, rng: rng.integers(0, 4, rows) / 3.0,
    "standardized": lambda rows, rng: rng.normal(size=rows),
    "constant": lambda rows, rng: np.full(rows, float(rng.choice([0.0, 1.0, 37.0]))),
    "nearly constant": lambda rows, rng: 1.0 + rng.normal(size=rows) * 10.0 ** rng.integers(-12, -2),
    "year": lambda rows, rng: 2000.0 + rng.integers(0, 20, rows),
    "tiny": lambda rows, rng: rng.normal(size=rows) * 10.0 ** rng.integers(-12, -3),
    "huge": lambda rows, rng: rng.normal(size=rows) * 10.0 ** rng.integers(3, 10),
}
KINDS = {  # what a table has columns of
    "flags": ("flag", "rare flag"),
    "counts": ("count", "flag"),
    "scaled": ("minmax", "standardized", "flag"),
    "stiff": ("nearly constant", "constant", "year"),
    "unscaled": ("tiny", "huge", "standardized"),
    "anything": tuple(COLUMNS),
}


def table(rows: int, width: int, rng: Rng) -> Values:
    """Columns of one kind of table; some rows are zero throughout, some are there twice."""
    kinds = KINDS[str(rng.choice(list(KINDS)))]
    x = np.stack([COLUMNS[str(rng.choice(kinds))](rows, rng) for _ in range(width)], axis=1)
    if rng.random() < 0.5:
        x[rng.integers(0, rows, 1 + rows // 8)] = 0.0
    if rng.random() < 0.3:
        x[rng.integers(0, rows, rows // 2)] = x[0]
    return x


def table_network(seed: int) -> tuple[Network, Batch]:
    """Any network as training begins with it, on such a table."""
    rng = np.random.default_rng(seed)
    loss = str(rng.choice(sorted(FORMULAS)))
    rows, columns, hidden = int(rng.integers(2, 33)), int(rng.integers(1, 6)), int(rng.integers(0, 5))
    x = table(rows, columns, rng)
    embeddings = _embeddings(x, rng)
    numeric, scaling = _before_the_first_layer(columns, embeddings, np.random.default_rng([seed, 1]))
    inputs = columns + sum(embedded.width - 1 for embedded in embeddings)
    inputs += numeric.added if numeric else 0
    outputs = int(rng.integers(2 if loss == "cross_entropy" else 1, 4))
    width = int(rng.integers(2, 13))
    residual = bool(rng.random() < 0.2)
    widths = (inputs, *(width if residual else int(rng.integers(1, 13)) for _ in range(hidden)), outputs)
    normalization = (None, None, BATCH_NORM, LAYER_NORM)[int(rng.integers(4))]
    network = Network(
        Architecture(
            widths,
            _activations(loss, hidden, outputs, rng),
            bool(rng.random() < MOSTLY),
            (float(rng.choice([0.0, 0.0, 0.2, 0.5])),) * hidden,
            normalization,
            residual,
            embeddings,
            numeric,
            scaling,
        ),
        random_loss(loss, rng),
        Penalty(float(rng.choice([0.0, 0.01])), float(rng.choice([0.0, 0.003]))),
        np.float64,
        np.random.default_rng(seed),
    )
    drawn = normal(0.5) if rng.random() < 0.2 else None
    network.initialize(INITIALIZERS[str(rng.choice(["glorot_uniform", "he_normal"]))], rng, drawn)
    y = raw_targets(loss, rows, outputs, rng)
    weights = 2.0 * rng.random((rows, 1)) if rng.random() < 0.3 else None
    return network, Batch(x, network.loss.prepare(y), weights)


def _embeddings(x: Values, rng: Rng) -> tuple[EmbeddedColumn, ...]:
    """Sometimes the first column holds codes; -1 is a category that training did not have."""
    if rng.random() < 0.75:
        return ()
    x[:, 0] = rng.integers(-1, 4, len(x))
    return (EmbeddedColumn(0, 6, 2),)


def _before_the_first_layer(
    columns: int, embeddings: tuple[EmbeddedColumn, ...], rng: Rng
) -> tuple[PeriodicKind | None, bool]:
    """Sometimes waves of some columns, and factors of all inputs."""
    codes = {embedded.column for embedded in embeddings}
    numbers = [column for column in range(columns) if column not in codes and rng.random() < 0.7]
    numeric = PeriodicKind(tuple(numbers), int(rng.integers(1, 6)), int(rng.integers(2, 5)), 0.1)
    return numeric if numbers and rng.random() < 0.3 else None, bool(rng.random() < 0.3)


def _activations(loss: str, hidden: int, outputs: int, rng: Rng) -> tuple[ActivationChoice, ...]:
    free = OUTPUTS[loss] == "identity" and loss != "hinge"
    link = str(rng.choice(FREE[min(outputs, 2)])) if free and rng.random() < 0.3 else OUTPUTS[loss]
    options: dict[str, dict[str, Any]] = {"leaky_relu": {"slope": 0.2}, "elu": {"alpha": 2.0}}
    name = str(rng.choice(HIDDEN))
    return tuple(ActivationChoice(one, options.get(one, {})) for one in (*[name] * hidden, link))
