"""Training on arrays, by the code that `mlp train` runs, and the network that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlpcli.arrays import Array, Matrix
from mlpcli.config.load import Config
from mlpcli.config.optimizer_spec import QuasiNewtonSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import batches_of
from mlpcli.errors import MlpError
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.run.experiment import Experiment, ExperimentEvaluator, checked_experiment
from mlpcli.run.fit import (
    FitResult,
    Watch,
    early_stopping_of,
    fit_first_order,
    fit_quasi_newton,
    trainer_of,
)
from mlpcli.run.limits import dtype_of
from mlpcli.run.resources import Resources
from mlpcli.run.results import columns_of, history_frame
from mlpcli.sklearn.arrays import Given, prepare_arrays, table_of_array
from mlpcli.sklearn.settings import explained
from mlpcli.tables.bad_cells import overflow_faults
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network that predicts rows of arrays: plain values only, so that it can be pickled and shared."""

    inputs: InputEncoder
    architecture: Architecture
    loss: Loss
    dtype: str
    arrays: Mapping[str, Array]
    decoder: OutputDecoder
    history: pd.DataFrame

    def scores(self, x: Matrix) -> Matrix:
        """The network's scores for rows of features."""
        return np.concatenate(list(self._scores(x)))

    def _scores(self, x: Matrix) -> Iterator[Matrix]:
        """Those of some rows at a time; raises ValueError where there are none."""
        network = Network(self.architecture, self.loss, dtype=self.dtype)
        network.load(self.arrays)
        try:
            for batch in batches_of(table_of_array(x), self.inputs, self.dtype, self.architecture.widths[-1]):
                batch.require_good()
                with np.errstate(all="ignore"):
                    scores = network.scores(batch.x)
                    faults = overflow_faults(self.decoder.outputs(scores))
                replace(batch, faults=faults).require_good()
                yield scores
        except MlpError as error:
            raise ValueError(explained(error)) from error

    def predicted(self, x: Matrix) -> Array:
        """Class indices (n,), labels (n, k), or numbers in the target's units (n, k)."""
        return np.concatenate([self.decoder.predicted(scores) for scores in self._scores(x)])

    def probability(self, x: Matrix) -> Matrix | None:
        """The probability of every class, of every label; None without any."""
        if not self.decoder.probabilistic:
            return None
        return np.concatenate([self.decoder.probability_of_each(scores) for scores in self._scores(x)])


def train_arrays(config: Config, given: Given, encode: str) -> TrainedNetwork:
    """Train the network of a config on arrays; raises the kinds of MlpError that `mlp train` does."""
    with config.places():
        prepared = prepare_arrays(config.spec, given, encode, dtype_of(config))
    experiment = checked_experiment(config, prepared, MAX_PARAMETERS)
    resources = Resources.of(experiment, None)
    with resources.in_use(), resources.pool(ThreadPool) as pool:
        fitted = _fit(experiment, pool)
    network = experiment.network
    return TrainedNetwork(
        prepared.inputs,
        network.architecture,
        network.loss,
        network.dtype.name,
        {name: array.copy() for name, array in network.arrays().items()},
        experiment.decoder,
        history_frame([epoch.row() for epoch in fitted.history], columns_of(experiment)),
    )


def _fit(experiment: Experiment, pool: WorkerPool) -> FitResult:
    stopping, evaluator = early_stopping_of(experiment), ExperimentEvaluator.of(experiment, pool)
    optimizer = experiment.config.spec.optimizer
    if isinstance(optimizer, QuasiNewtonSpec):
        fitted = fit_quasi_newton(evaluator, optimizer, stopping, Watch(), pool)
    else:
        watch = Watch()
        fitted = fit_first_order(
            trainer_of(evaluator, optimizer, watch.stop_requested, pool), stopping, watch
        )
    if stopping is not None:
        stopping.restore_best()
    return fitted
