"""Trained networks, one or several, that together predict rows of arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.calibration.conformal import Intervals
from mlpcli.calibration.said import Said
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import batches_of
from mlpcli.errors import MlpError
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.parallel.per_thread import PerThread
from mlpcli.run.experiment import Experiment
from mlpcli.run.prediction import Tally
from mlpcli.sklearn.arrays import table_of_array
from mlpcli.sklearn.mixed_rows import MixedRows
from mlpcli.sklearn.settings import explained
from mlpcli.tables.bad_cells import overflow_faults
from mlpcli.tables.matrix_columns import AnyMatrix
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

    `inputs` are those of each of them, side by side; `decoder` reads what all of them say. `history` has the
    rows of history.csv, `epochs` is the number of those of the one that was trained longest.
    `warnings` are of what was fitted after the weights, `intervals` too.
    """

    inputs: InputEncoder
    members: tuple[TrainedNetwork, ...]
    decoder: OutputDecoder
    history: Sequence[Mapping[str, float | None]]
    epochs: int
    intervals: Intervals | None = None
    warnings: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone, and nothing to compute in."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _to_compute(self) -> PerThread[list[Network]]:
        """The networks with arrays to compute in, which no two threads may share."""
        return PerThread(lambda: [member.with_scratch() for member in self.members])

    @property
    def dtype(self) -> str:
        """The precision of the networks."""
        return self.members[0].dtype

    def scores(self, x: AnyMatrix) -> Matrix:
        """The scores for rows of features: of several networks those of the mean output."""
        return np.concatenate([said.scores for said in self._said(x)])

    def _said(self, x: AnyMatrix) -> Iterator[Said]:
        """What is said of some rows at a time; raises ValueError where there are none."""
        networks = self._to_compute.own()
        outputs, tally = self.members[0].architecture.widths[-1], Tally()
        try:
            for batch in batches_of(table_of_array(x), self.inputs, self.dtype, outputs):
                batch.require_good()
                tally.add(batch)
                with np.errstate(all="ignore"):
                    said = self._said_of(networks, batch.x)
                    faults = overflow_faults(self.decoder.outputs(said.scores))
                replace(batch, faults=faults).require_good()
                yield said
        except MlpError as error:
            raise ValueError(explained(error)) from error
        if isinstance(x, MixedRows):
            for remark in tally.remarks():
                warnings.warn(x.said(remark), UserWarning, stacklevel=5)

    def _said_of(self, networks: Sequence[Network], x: Matrix) -> Said:
        """The scores for rows of inputs, of several networks those of each too."""
        each = [
            Said(network.scores(np.ascontiguousarray(x[:, member.columns])), member.decoder)
            for network, member in zip(networks, self.members, strict=True)
        ]
        if len(each) == 1:
            return Said(each[0].scores, self.decoder)
        together = combined([one.scores for one in each], [one.decoder for one in each], self.decoder)
        return Said(together, self.decoder, each)

    def predicted(self, x: AnyMatrix) -> Array:
        """Class indices (n,), labels (n, k), or numbers in the target's units (n, k)."""
        return self.read(x, OutputDecoder.predicted)

    def read(self, x: AnyMatrix, what: Callable[[OutputDecoder, Matrix], Array]) -> Array:
        """What a decoder makes of the scores of all rows, such as `OutputDecoder.probability_of_each`."""
        return np.concatenate([what(self.decoder, said.scores) for said in self._said(x)])

    def bounds(self, x: AnyMatrix, level: float) -> Array:
        """The lower and the upper end of each number (n, k, 2)."""
        assert self.intervals is not None, "asked for a level of theirs"
        return np.concatenate(
            [np.stack(self.intervals.bounds(said, level), axis=2) for said in self._said(x)]
        )

    def sets(self, x: AnyMatrix, level: float) -> Array:
        """Which classes are in the set of each row (n, classes)."""
        assert self.intervals is not None, "asked for a level of theirs"
        return np.concatenate([self.intervals.sets(said, level) for said in self._said(x)])
