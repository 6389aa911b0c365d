"""One run before its first update: the data in the network's precision, and how it will be judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.load import Config
from mlpcli.config.spec import Spec
from mlpcli.data.dataset import Prepared
from mlpcli.data.gathering import prepare
from mlpcli.data.labels import Dataset
from mlpcli.data.row_origins import PARTS
from mlpcli.data.training_files import InputFile
from mlpcli.nn.network import Network
from mlpcli.nn.total_loss import total_loss
from mlpcli.parallel.pool import WorkerPool
from mlpcli.run.build import architecture_of, build_network, starting_arrays
from mlpcli.run.calibration_checks import require_calibration
from mlpcli.run.limits import check_batches, check_memory, check_size, dtype_of
from mlpcli.run.row_digests import RowDigests
from mlpcli.survey.notes import notes_on
from mlpcli.tables.source import Chosen
from mlpcli.training.baseline import constant_prediction
from mlpcli.training.batches import Part
from mlpcli.training.callbacks import Values
from mlpcli.training.data_parallel import scores_job
from mlpcli.training.decoder import OutputDecoder, decoder_of
from mlpcli.training.metrics import compute, default_metrics, objection
from mlpcli.training.predictions import Predictions
from mlpcli.training.spread_rows import SpreadPart, spread_scores


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the data: its rows as the network takes them, and the truth as metrics take it."""

    rows: Part
    truth: Array
    sample_weights: Vector | None


@dataclass(frozen=True, eq=False)
class Experiment:
    """A config, its data, and the network that it describes; `parts` by name: train, val, cal, test.

    `init_sha256` is that of the file which the network's starting weights came from, if any.
    """

    config: Config
    prepared: Prepared
    network: Network
    decoder: OutputDecoder
    metrics: tuple[str, ...]
    parts: Mapping[str, Split]
    init_sha256: str | None

    @property
    def training(self) -> Part:
        """The training rows."""
        return self.parts["train"].rows

    @cached_property
    def row_digests(self) -> RowDigests:
        """Digests of the training rows."""
        return RowDigests.of(self.training.x, self.training.y)

    def predictions(self, part: str, scores: Matrix) -> Predictions:
        """Truth and predictions of a part, from the scores of its rows."""
        judged = self.parts[part]
        return self.decoder.predictions(scores, judged.truth, judged.sample_weights)

    def loss(self, part: str, scores: Matrix) -> float:
        """The loss of a part, without penalties, by the scores of its rows: what training makes small.

        It knows no temperature, so that it is that of the history; metrics are of probabilities at theirs.
        """
        rows = self.parts[part].rows
        return total_loss(self.network.loss, self.decoder.output, scores, rows.y, rows.weights)

    def baseline(self, part: str) -> Values:
        """The metrics of the constant prediction: the training rows' majority class or mean."""
        training, judged = (self._truth(name) for name in ("train", part))
        return compute(self.metrics, constant_prediction(training, judged))

    def _truth(self, part: str) -> Predictions:
        """The truth of a part as its prediction, until there is one."""
        judged, target = self.parts[part], self.decoder.target
        truth, weights = judged.truth, judged.sample_weights
        return Predictions(target.task, truth, truth, weights=weights, positive=target.positive)


def prepared_of(config: Config, dtype: str = "float64") -> Prepared:
    """The data of a config; raises ConfigError and DataError."""
    with config.places():
        return prepare(config.spec, input_files(config), dtype, notes_on)


def input_files(config: Config) -> dict[str, InputFile]:
    """The files of data that a config names, by part."""
    data = config.spec.data
    files = {}
    for part in (part for part in PARTS if part in data.files):
        start = "a path in a config starts at the config's own directory"
        if config.is_mapping or not config.is_in_file(("data", part)):
            what = "in a mapping" if config.is_mapping else "given besides"
            start = f"a path {what} starts at the working directory"
        paths, chosen = config.input_paths(("data", part)), Chosen(data.table, data.query)
        files[part] = InputFile(part, paths, start, chosen, config.contents.get(part))
    return files


def checked_experiment(config: Config, prepared: Prepared, max_parameters: int) -> Experiment:
    """The experiment of a config and its data; raises ConfigError and MemoryLimitError."""
    shape = architecture_of(config, prepared)
    require_calibration(config, prepared)
    check_size(config, max_parameters, shape)
    check_batches(config, shape, len(prepared.train.x))
    check_memory(config, shape, len(prepared.train.x))
    metrics = chosen_metrics(config, prepared)
    experiment = experiment_of(config, prepared, metrics, dtype_of(config))
    refuse_ids_that_predictions_hide(experiment)
    return experiment


def refuse_ids_that_predictions_hide(experiment: Experiment) -> None:
    """Raise ConfigError where predictions could not carry their ids: they have columns of that name."""
    for name in experiment.config.spec.data.id:
        if name in experiment.decoder.columns:
            message = f"column '{name}' has the name of a column of the predictions"
            hint = "rename it in the file, or leave it out here and write `exclude` instead"
            raise experiment.config.problem(("data", "id", name), message, hint)


def experiment_of(config: Config, prepared: Prepared, metrics: tuple[str, ...], dtype: str) -> Experiment:
    """The experiment in a precision of its own: training takes the config's, the gradient check float64."""
    start = starting_arrays(config)
    network = build_network(config, prepared, dtype, start)
    decoder = decoder_of(prepared.target, prepared.loss.name, network.architecture.activations[-1])
    given = {
        "train": prepared.train,
        "val": prepared.validation,
        "cal": prepared.calibration,
        "test": prepared.test,
    }
    parts = {name: _split(data, network, decoder) for name, data in given.items() if data is not None}
    return Experiment(
        config, prepared, network, decoder, metrics, parts, None if start is None else start.sha256
    )


def _split(data: Dataset, network: Network, decoder: OutputDecoder) -> Split:
    rows = Part.of(data.x, network.loss.prepare(data.y), data.weights, network.dtype)
    return Split(rows, decoder.truth(data.y), data.sample_weights)


def chosen_metrics(config: Config, prepared: Prepared) -> tuple[str, ...]:
    """The metrics to report; raises ConfigError for one that cannot be computed for such a model."""
    classes = len(prepared.target.classes)
    asked = config.spec.training.metrics
    names = default_metrics(prepared.task, classes) if asked is None else asked
    wanted: list[tuple[tuple[str | int, ...], str]] = [
        (("training", "metrics", index), name) for index, name in enumerate(asked or ())
    ]
    wanted += [(key, monitor.removeprefix("val_")) for key, monitor in monitors(config.spec)]
    for key, name in wanted:
        if name == "loss":
            continue
        problem = objection(name, prepared.task, classes, prepared.output_activation)
        if problem is not None:
            raise config.problem(key, problem.message, problem.hint)
        if name not in names:
            names = (*names, name)
    return names


def monitors(spec: Spec) -> list[tuple[tuple[str | int, ...], str]]:
    """The quantities that decide something during training, each with its key in the config."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    if spec.training.early_stopping is not None:
        found.append((("training", "early_stopping", "monitor"), spec.training.early_stopping.monitor))
    if spec.schedule.name == "plateau":
        found.append((("schedule", "monitor"), spec.schedule.monitor))
    return found


@dataclass(frozen=True, eq=False)
class ExperimentEvaluator:
    """Judges the weights as they then are; `scores` computes those of a part's rows.

    Of several processes the leading one judges by the scores of all rows, and the others are told.
    """

    experiment: Experiment
    scores: Callable[[str], Matrix]
    pool: WorkerPool

    @classmethod
    def of(cls, experiment: Experiment, pool: WorkerPool) -> ExperimentEvaluator:
        """The evaluator of an experiment, whose forward passes a pool shares."""
        network, parts = experiment.network, {name: one.rows for name, one in experiment.parts.items()}
        spread = {name: rows for name, rows in parts.items() if isinstance(rows, SpreadPart)}
        if spread:
            return cls(experiment, spread_scores(network, spread), pool)
        return cls(
            experiment, scores_job(network, {name: rows.x for name, rows in parts.items()}, pool), pool
        )

    def metrics(self, part: str) -> Values:
        """The metrics alone, for which nothing is computed where none are asked for."""
        if not self.experiment.metrics:
            return {}
        scores = self.scores(part)
        return self.pool.told(lambda: self._metrics(part, scores))

    def _metrics(self, part: str, scores: Matrix) -> Values:
        return compute(self.experiment.metrics, self.experiment.predictions(part, scores))

    def loss_and_metrics(self, part: str) -> tuple[float, Values]:
        """The loss without penalties, and the metrics, by one forward pass."""
        scores = self.scores(part)
        return self.pool.told(lambda: (self.experiment.loss(part, scores), self._metrics(part, scores)))

    def validation(self) -> tuple[float | None, Values]:
        """The same of the validation rows; None and nothing without any, a loss of nan where it is none."""
        if "val" not in self.experiment.parts:
            return None, {}
        loss, metrics = self.loss_and_metrics("val")
        return loss if isfinite(loss) else nan, metrics
