"""One epoch's record: one row of the history, one line of progress, what observers see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows came to; losses in the loss's own units, without penalties.

    A `val_loss` of None means that there are no validation rows, nan that it is not defined for them.
    For bfgs and lbfgs, which have no passes, one iteration; their rate is None.
    """

    epoch: int
    loss: float
    learning_rate: float | None
    metrics: Values = field(default_factory=dict)
    val_loss: float | None = None
    val_metrics: Values = field(default_factory=dict)

    def row(self) -> dict[str, float | int | None]:
        """The row of `history.csv`: epoch, loss, metrics, val_loss, val_ metrics, learning_rate.

        A validation loss that overflowed is None, as a metric without a value is.
        """
        validation: dict[str, float | None] = {}
        if self.val_loss is not None:
            validation = {"val_loss": self.val_loss if isfinite(self.val_loss) else None}
            validation |= {f"val_{name}": value for name, value in self.val_metrics.items()}
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            **self.metrics,
            **validation,
            "learning_rate": self.learning_rate,
        }

    @classmethod
    def of_row(cls, row: Values) -> Epoch:
        """The record that `row` was made of."""
        fixed = {"epoch", "loss", "val_loss", "learning_rate"}
        scores = {name: value for name, value in row.items() if name not in fixed}
        has_validation = "val_loss" in row
        seen = {name: value for name, value in scores.items() if not name.startswith("val_")}
        held_out = {name[4:]: value for name, value in scores.items() if name.startswith("val_")}
        epoch, loss = row["epoch"], row["loss"]
        assert epoch is not None
        assert loss is not None
        val_loss = row["val_loss"] if has_validation else None
        if has_validation and val_loss is None:
            val_loss = nan
        return cls(int(epoch), loss, row["learning_rate"], seen, val_loss, held_out)

    def quantity(self, name: str) -> float | None:
        """One quantity by its column: `loss`, `val_loss`, `val_accuracy`."""
        value = self.row().get(name)
        return None if value is None else float(value)


Observer = Callable[[Epoch], bool | None]
"""Is told every epoch; True ends the training."""
