"""The entrance for Python: what `mlp train` and `mlp predict` do, with DataFrames where they have files."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from mlpcli.arrays import Array
from mlpcli.artifacts.run_directory import Existing
from mlpcli.calibration.said import Said
from mlpcli.config.from_python import config_of
from mlpcli.config.load import Config, load_config
from mlpcli.data.encoding import Batch, batches_of
from mlpcli.errors import DataError, UsageError
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel.thread_pool import ThreadPool
from mlpcli.run import training
from mlpcli.run.given_frames import without_frames
from mlpcli.run.prediction import Tally, prediction_columns
from mlpcli.run.predictor import Model, intervals_of_level, open_model
from mlpcli.run.results import REMEDIES, WORSE, columns_of, history_frame, history_rows
from mlpcli.run.study import Study, study_of
from mlpcli.run.training import Finished, RunOptions, Trained, telling
from mlpcli.signals import StoppedBySignal
from mlpcli.storage.cache import Cache
from mlpcli.tables.frames import table_of_frame
from mlpcli.tables.other_frames import pandas_frame
from mlpcli.terminal.console import Console
from mlpcli.training.callbacks import Callback

Frame: TypeAlias = Any
"""A DataFrame of pandas or polars, an Arrow table, what has `__arrow_c_stream__`, or arrays by column."""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model from a file. It predicts rows of a DataFrame as `mlp predict` does those of a file.

    A DataFrame is one of pandas or polars, an Arrow table, what has `__arrow_c_stream__`, or a dict with a
    list or an array for each column; predictions are pandas', under the frame's own index where that has one.
    Columns are matched by name; others are ignored.
    A category that training did not have is encoded as `mlp predict` encodes it, with a warning. DataError
    says which cells cannot be used, with their rows counted as `.iloc` does. May be used by several threads
    at once.
    """

    _model: Model

    def __repr__(self) -> str:
        return f"<TrainedModel: {self.task} of {', '.join(self.targets)}, sha256 {self.sha256[:12]}…>"

    @property
    def task(self) -> str:
        """`classification`, `regression` or `multilabel`."""
        return self._model.target.task

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that a DataFrame must have."""
        return tuple(dict.fromkeys(entry["name"] for entry in self._model.inputs.meta()))

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that are predicted."""
        return self._model.target.columns

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes as the training file has them, which is as texts; none for a regression."""
        return self._model.target.classes

    @property
    def metrics(self) -> dict[str, Any]:
        """What the model was worth on each part of its data, as metrics.json has it."""
        return dict(self._model.file.meta.model_dump(mode="json")["metrics"])

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes."""
        return self._model.file.sha256

    def predict(self, frame: Frame) -> pd.Series[Any] | pd.DataFrame:
        """The prediction of each row, under the frame's own index; several targets: a column for each.

        Classes are texts, numbers are in the target's units.
        """
        frame = pandas_frame(frame)
        found = self._read(frame, lambda said: self._model.decoder.words(said.scores))
        if len(self.targets) == 1 and self.task != "multilabel":
            return pd.Series(found[:, 0], frame.index, name=self.targets[0])
        return pd.DataFrame(dict(zip(self.targets, found.T, strict=True)), frame.index)

    def predict_proba(self, frame: Frame) -> pd.DataFrame:
        """The probability of each class, of each label for multilabel; raises UsageError without any."""
        if not self._model.decoder.probabilistic:
            what = "a regression" if self.task == "regression" else "its loss and output activation give none"
            raise UsageError.of(f"the model has no probabilities: {what}", hint="use predict")
        frame = pandas_frame(frame)
        found = self._read(frame, lambda said: self._model.decoder.probability_of_each(said.scores))
        return pd.DataFrame(found, frame.index, self.targets if self.task == "multilabel" else self.classes)

    def predict_interval(self, frame: Frame, level: float) -> pd.Series[Any] | pd.DataFrame:
        """The intervals of a level: columns `lower` and `upper`, of several targets under each one's name.

        For classes the set of each row, as a frozenset. Raises UsageError for a level that the model has not.
        """
        model = self._model
        intervals, frame = intervals_of_level(model, level), pandas_frame(frame)
        if self.task == "classification":
            inside = self._read(frame, lambda said: intervals.sets(said, level))
            names = np.array(self.classes, dtype=object)
            return pd.Series([frozenset(names[row]) for row in inside], frame.index, name=self.targets[0])
        ends = self._read(frame, lambda said: np.hstack(intervals.bounds(said, level)))
        both = dict(zip(("lower", "upper"), np.hsplit(ends, 2), strict=True))
        if len(self.targets) == 1:
            return pd.DataFrame({end: found[:, 0] for end, found in both.items()}, frame.index)
        named = enumerate(self.targets)
        of_each = {(name, end): found[:, index] for index, name in named for end, found in both.items()}
        return pd.DataFrame(of_each, frame.index)

    def predictions(self, frame: Frame) -> pd.DataFrame:
        """The columns that `mlp predict` writes: predictions, and probabilities where there are any."""
        decoder, frame = self._model.decoder, pandas_frame(frame)

        def columns(said: Said) -> Array:
            found = prediction_columns(decoder, said.scores, np.zeros(len(said.scores), dtype=bool))
            return np.stack([column.astype(object) for column in found], axis=1)

        return pd.DataFrame(self._read(frame, columns), frame.index, decoder.columns).infer_objects()

    def _read(self, frame: pd.DataFrame, read: Callable[[Said], Array]) -> Array:
        """What `read` makes of what is said of all rows (n, columns), of not too many rows at a time."""
        model = self._model.in_this_thread
        table = table_of_frame(frame, model.inputs.wanted, model.form, model.inputs.spellings)
        tally, parts = Tally(), list[Array]()
        for given in batches_of(table, model.inputs, model.dtype, model.outputs):
            said, batch = model.said(given)
            require_good(batch)
            tally.add(batch)
            parts.append(read(said))
        for remark in tally.remarks():
            warnings.warn(remark, stacklevel=3)
        return np.concatenate(parts)


def require_good(batch: Batch) -> None:
    """Raise DataError for cells that cannot be used: the model is trained, no config can change it."""
    try:
        batch.require_good()
    except DataError as error:
        hint = "fill or convert such cells, or drop their rows, before predicting"
        raise DataError(*(replace(problem, hint=hint) for problem in error.problems)) from error


@dataclass(frozen=True, eq=False)
class Run:
    """A finished training: its directory, its metrics as metrics.json has them, a history row per epoch."""

    directory: Path
    metrics: dict[str, Any]
    history: pd.DataFrame

    @cached_property
    def model(self) -> TrainedModel:
        """The trained model, read from the directory."""
        return load(self.directory / "model.npz")


def load(path: str | PathLike[str], sha256: str | None = None) -> TrainedModel:
    """The model in a file that `mlp train` wrote; raises ModelError where it is not a sound one.

    `sha256`, where it is given, is what the file's bytes must have.
    """
    return TrainedModel(open_model(Path(path), sha256))


def train(
    config: str | PathLike[str] | Mapping[str, Any],
    *,
    output: str | PathLike[str] | None = None,
    seed: int | None = None,
    callback: Callback | None = None,
    resume: bool = False,
) -> Run:
    """Train as a config says and write a run directory, as `mlp train` does, without a word.

    The config is a file, or a mapping of what would be in it; then its paths are relative to the working
    directory, and frames may stand in place of files: `{"data": {"train": frame, "target": "y"}}` is what
    the frame as a file, train.csv, would be. `output` is the run directory; default: that of the config,
    else runs/NAME_OF_THE_FILE, or runs/config. Raises the kinds of MlpError that are the exit codes of
    `mlp train`.

    `callback` hears of every epoch, with the run in the directory as it then is; where it returns True the
    training of a single network ends, and the run is finished. What it raises ends everything and passes
    through: the run is left as a stopped one, which goes on with `resume`. Several networks are trained one
    after the other then, each epoch with the number of its `member`.
    """
    if isinstance(config, Mapping):
        settings, contents = without_frames(config)
        settings = settings if seed is None else {**settings, "seed": seed}
        asked = replace(config_of(settings), contents=contents)
    else:
        asked = load_config(Path(config), seed=seed)
    warned: list[str] = []
    try:
        options = _options(None if output is None else Path(output), callback, resume=resume)
        study, trained = _trained(asked, options, warned)
    except StoppedBySignal as stopped:
        # what is worth saving is saved: what the signal does elsewhere in this program is next
        signal.raise_signal(stopped.number)
        raise KeyboardInterrupt from None
    if isinstance(trained, Trained) and trained.results.status == "worse_than_baseline":
        warned.append(f"{WORSE}: try {REMEDIES}")
    for text in warned:
        warnings.warn(text, stacklevel=2)
    return _run_of(study, trained)


def _run_of(study: Study, trained: Trained | Finished) -> Run:
    directory = trained.output.resolve()
    if isinstance(trained, Finished):
        return Run(directory, dict(trained.results), pd.read_csv(directory / "history.csv"))
    rows = history_rows(study, [member.fitted for member in trained.members])
    history = history_frame(rows, columns_of(study.whole, several=not study.is_single))
    return Run(directory, trained.results.document(), history)


def _options(output: Path | None, callback: Callback | None, *, resume: bool) -> RunOptions:
    # whoever imports this may have threads that do not bear a fork
    existing = Existing.RESUME if resume else Existing.MOVE_ASIDE
    options = RunOptions(out=output, existing=existing, pool=ThreadPool, forks=False)
    if callback is None:
        return options
    return replace(options, in_turn=True, listeners=(telling(callback),))


def _trained(config: Config, options: RunOptions, warned: list[str]) -> tuple[Study, Trained | Finished]:
    with Cache(config.spec.data.cache, training.output_of(config, options)) as cache:
        study = study_of(config, MAX_PARAMETERS, cache)
        warned += study.whole.prepared.warnings
        return study, training.train(study, options, Console(quiet=True, warned=warned))
