"""Trained networks, one or several, that together predict rows of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlpcli.arrays import Array, Matrix
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import batches_of
from mlpcli.errors import MlpError
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.run.experiment import Experiment
from mlpcli.sklearn.arrays import table_of_array
from mlpcli.sklearn.settings import explained
from mlpcli.tables.bad_cells import overflow_faults
from mlpcli.training.combined import combined
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One network in plain values: which columns of the inputs are its own, and how its scores are read."""

    architecture: Architecture
    loss: Loss
    dtype: str
    arrays: Mapping[str, Array]
    columns: slice
    decoder: OutputDecoder

    @classmethod
    def of(cls, experiment: Experiment, columns: slice) -> TrainedNetwork:
        """The network of an experiment as it is now."""
        network = experiment.network
        arrays = {name: array.copy() for name, array in network.arrays().items()}
        return cls(
            network.architecture, network.loss, network.dtype.name, arrays, columns, experiment.decoder
        )

    def with_scratch(self) -> Network:
        """The network with arrays to compute in."""
        network = Network(self.architecture, self.loss, dtype=self.dtype)
        network.load(self.arrays)
        return network


@dataclass(frozen=True, eq=False)
class TrainedNetworks:
    """Networks that predict rows of arrays: plain values only, so that they can be pickled and shared.

    `inputs` are those of each of them, side by side; `decoder` reads what all of them say. `epochs` of the
    one that was trained longest.
    """

    inputs: InputEncoder
    members: tuple[TrainedNetwork, ...]
    decoder: OutputDecoder
    history: pd.DataFrame
    epochs: int

    @property
    def dtype(self) -> str:
        """The precision of the networks."""
        return self.members[0].dtype

    def scores(self, x: Matrix) -> Matrix:
        """The scores for rows of features: of several networks those of the mean output."""
        return np.concatenate(list(self._scores(x)))

    def _scores(self, x: Matrix) -> Iterator[Matrix]:
        """Those of some rows at a time; raises ValueError where there are none."""
        networks = [member.with_scratch() for member in self.members]
        outputs = self.members[0].architecture.widths[-1]
        try:
            for batch in batches_of(table_of_array(x), self.inputs, self.dtype, outputs):
                batch.require_good()
                with np.errstate(all="ignore"):
                    scores = self._scores_of(networks, batch.x)
                    faults = overflow_faults(self.decoder.outputs(scores))
                replace(batch, faults=faults).require_good()
                yield scores
        except MlpError as error:
            raise ValueError(explained(error)) from error

    def _scores_of(self, networks: Sequence[Network], x: Matrix) -> Matrix:
        """The scores for rows of inputs."""
        each = [
            network.scores(np.ascontiguousarray(x[:, member.columns]))
            for network, member in zip(networks, self.members, strict=True)
        ]
        if len(each) == 1:
            return each[0]
        return combined(each, [member.decoder for member in self.members], self.decoder)

    def predicted(self, x: Matrix) -> Array:
        """Class indices (n,), labels (n, k), or numbers in the target's units (n, k)."""
        return np.concatenate([self.decoder.predicted(scores) for scores in self._scores(x)])

    def probability(self, x: Matrix) -> Matrix | None:
        """The probability of every class, of every label; None without any."""
        if not self.decoder.probabilistic:
            return None
        return np.concatenate([self.decoder.probability_of_each(scores) for scores in self._scores(x)])
