"""What scikit-learn's MLP calls the parts of a fitted network, for those who read them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlpcli.arrays import Array
from mlpcli.run.results import history_frame
from mlpcli.sklearn.networks import TrainedNetwork, TrainedNetworks


class FittedParts:
    """Attributes that are there after `fit`; those of one network alone are not there of several.

    They are about the network, which sees the inputs as `encode` scales them, and whose outputs, the scores,
    are the target's after `target_scale`.
    """

    networks_: TrainedNetworks

    @property
    def history_(self) -> pd.DataFrame:
        """The history of `fit`: a row per epoch or iteration, of each `member` where there are several."""
        rows = self._all_networks("history_").history
        return history_frame(rows, list(rows[0]))

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, (inputs, outputs): copies."""
        return [array.copy() for array in self._arrays("coefs_", "weight")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, (outputs,): copies; none where `bias` is False."""
        return [array.copy() for array in self._arrays("intercepts_", "bias")]

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of the training rows in each epoch or iteration."""
        self._network("loss_curve_")
        return [float(row["loss"] or 0.0) for row in self.networks_.history]

    @property
    def loss_(self) -> float:
        """The last loss of the training rows."""
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float:
        """The least loss of the training rows."""
        return min(self.loss_curve_)

    @property
    def n_layers_(self) -> int:
        """The number of layers, with inputs and outputs."""
        return len(self._network("n_layers_").architecture.widths)

    @property
    def n_outputs_(self) -> int:
        """The number of outputs: of two classes there is one."""
        return self._network("n_outputs_").architecture.widths[-1]

    @property
    def out_activation_(self) -> str:
        """The output activation, called as in a config: `softmax`, `sigmoid`, `identity`, ..."""
        return self._network("out_activation_").architecture.activations[-1].name

    def _arrays(self, asked: str, kind: str) -> list[Array]:
        network = self._network(asked)
        names = (f"layers.{layer}.{kind}" for layer in range(len(network.architecture.widths) - 1))
        return [np.asarray(network.arrays[name]) for name in names if name in network.arrays]

    def _network(self, asked: str) -> TrainedNetwork:
        """The only network; raises AttributeError where there are several, or none yet."""
        members = self._all_networks(asked).members
        if len(members) > 1:
            raise AttributeError(
                f"{asked} is of one network, and there are {len(members)}: networks_.members"
            )
        return members[0]

    def _all_networks(self, asked: str) -> TrainedNetworks:
        if not hasattr(self, "networks_"):
            raise AttributeError(f"{asked} is there after fit")
        return self.networks_
