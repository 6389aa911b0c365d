"""A finished run as its report sees it: every part as its networks read it, and the rows that judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.data.row_origins import FileRows
from mlpcli.run.calibrating import reads
from mlpcli.run.experiment import Experiment
from mlpcli.run.facts.shortened import OTHER_WORDS, WORDS
from mlpcli.run.results import Results
from mlpcli.run.trained_study import TrainedStudy
from mlpcli.training.callbacks import Values
from mlpcli.training.metrics import compute, default_metrics
from mlpcli.training.predictions import Predictions

JUDGES = ("test", "val", "train")  # the first of these parts that there is judges the run
AS_READ = {"train": "train", "val": "validation", "test": "test"}  # what the origins of rows call them


@dataclass(frozen=True, eq=False)
class Case:
    """A trained run and what it is worth."""

    done: TrainedStudy
    results: Results

    @property
    def whole(self) -> Experiment:
        """All of its rows."""
        return self.done.study.whole

    @property
    def classes(self) -> tuple[str, ...]:
        """What is predicted: the classes, or the labels; nothing where it is numbers."""
        target = self.whole.decoder.target
        return {"classification": target.classes, "multilabel": target.columns}.get(target.task, ())

    @cached_property
    def judge(self) -> str:
        """The part whose rows judge the run."""
        return next(part for part in JUDGES if part in self.whole.parts)

    @property
    def out_of_fold(self) -> bool:
        """Whether these are rows each of which is judged by networks that it did not train."""
        return self.judge == "val" and bool(self.done.study.folds)

    def words(self, part: str) -> str:
        """What a person calls the rows of a part."""
        return (OTHER_WORDS if self.done.study.folds else {}).get(part, WORDS[part])

    def readers(self, part: str) -> Experiment:
        """The experiment that reads the scores of a part, with what was fitted after the weights."""
        return reads(self.done.by_part()[part].study, self.results.calibrated).whole

    def scores(self, part: str) -> Matrix:
        """What the networks say of a part's rows (n, outputs)."""
        return self.done.by_part()[part].scores[part]

    @cached_property
    def predictions(self) -> Predictions:
        """Truth and prediction of the rows that judge the run."""
        with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
            return self.readers(self.judge).predictions(self.judge, self.scores(self.judge))

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that are shown: those of the run, or the usual ones where it has none."""
        target = self.whole.decoder.target
        return self.whole.metrics or default_metrics(target.task, len(target.classes))

    @cached_property
    def values(self) -> Values:
        """Their values for the rows that judge the run."""
        own = self.results.parts[self.judge]
        missing = [metric for metric in self.metrics if metric not in own]
        return {**own, **compute(missing, self.predictions)}

    @cached_property
    def rows(self) -> tuple[tuple[FileRows, Indices], ...]:
        """Where the rows that judge the run are, in their order: files, and numbers of rows from 0."""
        part, files = AS_READ[self.judge], self.whole.prepared.origins.files
        if not self.out_of_fold:
            return tuple((file, rows) for file in files if len(rows := file.rows_of(part)))
        (file,) = (one for one in files if one.key == "train")
        validated = np.unique(np.concatenate([fold.validation for fold in self.done.study.folds]))
        return ((file, file.rows_of("train")[validated]),)

    @property
    def baseline(self) -> Mapping[str, float | None]:
        """What a constant prediction is worth on them."""
        return self.results.baseline[self.judge]
