"""What a run may need of parameters and of memory: asked before anything is allocated."""

from __future__ import annotations

import numpy as np

from mlpcli.artifacts.architecture_document import normalization_of
from mlpcli.config.load import Config
from mlpcli.config.optimizer_spec import FULL_BATCH, QUASI_NEWTON
from mlpcli.memory import require
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.data_driven import ROWS
from mlpcli.parallel.threads import MOST


def check_size(config: Config, max_parameters: int, shape: Architecture | None = None) -> None:
    """Refuse a network with too many parameters before anything is allocated.

    Without its shape, which the data has a part in, before anything is even read.
    """
    count = (shape or _least(config)).count_parameters()
    if count > max_parameters:
        raise config.problem(
            ("model", "layers"),
            f"expected at most {max_parameters:,} parameters, found {count:,}",
            hint=f"use smaller layers; `mlp train` allows it with --max-params {count}",
        )


def _least(config: Config) -> Architecture:
    """The network with one input and one output where the data is to say how many."""
    model = config.spec.model
    widths = tuple(1 if width == "auto" else int(width) for width in model.layers)
    activations = (ActivationChoice("identity", {}),) * (len(widths) - 1)
    dropout = (0.0,) * model.hidden
    return Architecture(widths, activations, model.bias, dropout, normalization_of(model.normalization))


def dtype_of(config: Config) -> str:
    """The precision of the run: as asked, else float64 for quasi-Newton methods, float32 for others."""
    asked = config.spec.training.dtype
    return asked or ("float64" if config.spec.optimizer.name in QUASI_NEWTON else "float32")


def rows_per_step(config: Config, rows: int) -> int:
    """The rows of one update, of so many training rows."""
    size = config.spec.training.batch_size
    whole = size == "full" or config.spec.optimizer.name in FULL_BATCH
    return rows if whole else min(int(size), rows)


def check_memory(config: Config, shape: Architecture, rows: int) -> None:
    """Raise MemoryLimitError where training so many rows would not fit into this machine."""
    size = shape.count_parameters()
    if config.spec.optimizer.name == "bfgs":
        from mlpcli.optim.quasi_newton import bfgs_bytes  # which loads scipy.optimize

        require(bfgs_bytes(size), f"bfgs on {size:,} parameters", "use `optimizer: lbfgs`")
    needed = training_bytes(config, shape, rows)
    require(needed, f"training {size:,} parameters", "use smaller layers or a smaller training.batch_size")


def training_bytes(config: Config, shape: Architecture, rows: int) -> int:
    """About how much memory the steps of a training take, its data not included."""
    # activations, their derivatives and scratch of a step; moments, best weights, a checkpoint's copies, and
    # the gradients of those who share the work
    learnable = any(activation.learnable for activation in shape.activations)
    arrays = 4 + (shape.normalization is not None) + 3 * shape.residual + learnable
    a_row = arrays * sum(shape.widths) + 2 * shape.scaling * shape.widths[0]
    a_row += shape.numeric_embedding.memory if shape.numeric_embedding else 0
    in_a_step = rows_per_step(config, rows)
    if config.spec.model.init.name == "data_driven":
        in_a_step = max(in_a_step, min(rows, ROWS))
    buffers = in_a_step * a_row
    parts = config.spec.training.parts
    gradients = MOST if parts == "auto" else max(MOST, parts)
    return np.dtype(dtype_of(config)).itemsize * (buffers + (5 + gradients) * shape.count_parameters())


def check_batches(config: Config, shape: Architecture, rows: int) -> None:
    """Raise ConfigError where batch_norm would get a batch of one row, which has no variance."""
    size = rows_per_step(config, rows)
    if shape.normalization is None or not shape.gathers or (rows % size or size) > 1:
        return
    better = next((larger for larger in range(size + 1, rows + 1) if rows % larger != 1), None)
    raise config.problem(
        ("training", "batch_size"),
        f"{shape.normalization.name} needs at least two rows in every batch: of {rows:,} training rows "
        f"in batches of {size:,} the last has one",
        hint=f"write {better}, or use layer_norm" if better else "use layer_norm",
    )
