"""What a network is worth on each part of its data: the loss, and the metrics beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, nan

from mlpcli.arrays import Matrix
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.experiment import Experiment
from mlpcli.training.callbacks import Values
from mlpcli.training.data_parallel import scores_job
from mlpcli.training.metrics import compute


@dataclass(frozen=True, eq=False)
class ExperimentEvaluator:
    """Judges the weights as they then are; `scores` computes those of a part's rows."""

    experiment: Experiment
    scores: Callable[[str], Matrix]

    @classmethod
    def of(cls, experiment: Experiment, pool: WorkerPool) -> ExperimentEvaluator:
        """The evaluator of an experiment, whose forward passes a pool shares."""
        rows = {name: part.rows.x for name, part in experiment.parts.items()}
        return cls(experiment, scores_job(experiment.network, rows, pool))

    def metrics(self, part: str) -> Values:
        """The metrics alone, for which nothing is computed where none are asked for."""
        return self._metrics(part, self.scores(part)) if self.experiment.metrics else {}

    def loss_and_metrics(self, part: str) -> tuple[float, Values]:
        """The loss without penalties, and the metrics, by one forward pass."""
        scores, rows = self.scores(part), self.experiment.parts[part].rows
        loss = self.experiment.network.total_loss(scores, rows.y, rows.weights)
        return loss, self._metrics(part, scores)

    def validation(self) -> tuple[float | None, Values]:
        """The same of the validation rows; None and nothing without any, a loss of nan where it is none."""
        if "val" not in self.experiment.parts:
            return None, {}
        loss, metrics = self.loss_and_metrics("val")
        return loss if isfinite(loss) else nan, metrics

    def _metrics(self, part: str, scores: Matrix) -> Values:
        outputs = self.experiment.network.predicted(scores)
        return compute(self.experiment.metrics, self.experiment.predictions(part, outputs))
