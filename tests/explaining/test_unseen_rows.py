"""A finished run is explained on the very rows, and by the very predictions, that its metrics are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.load import load_config
from mlpcli.explaining.importance import Effort, importances
from mlpcli.run.study import study_of
from mlpcli.run.training import RunOptions, Trained, train
from mlpcli.run.unseen import Unseen, unseen_rows
from mlpcli.terminal.console import Console
from tests.support.running import write_config, write_table

NUMBERS = {"target": "size", "features": {"length": "standardize", "colour": {"encode": "embed"}}}


def trained(directory: Path, **sections: Any) -> Trained:
    write_table(directory, rows=60)
    config = write_config(directory / "c.yaml", model={"layers": ["auto", 4, "auto"]}, **sections)
    study = study_of(load_config(config), 10**6)
    done = train(study, RunOptions(out=directory / "run", draw=None, forks=False), Console(quiet=True))
    assert isinstance(done, Trained)
    return done


def unseen(done: Trained) -> Unseen:
    found = unseen_rows(done.done, done.results.calibrated)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sections", "metric", "what", "part", "rows"),
    [
        ({"data": {"test": 0.25}}, "accuracy", "test rows", "test", 15),
        ({"data": {"validation": 0.2}}, "accuracy", "validation rows", "val", 12),
        ({"data": NUMBERS | {"test": 0.25}, "ensemble": {"members": 2}}, "rmse", "test rows", "test", 15),
        ({"data": NUMBERS, "ensemble": {"folds": 3}}, "rmse", "rows out of fold", "val", 60),
        (
            {"ensemble": {"folds": 2}, "calibration": "temperature", "training": {"metrics": ["log_loss"]}},
            "log_loss",
            "rows out of fold",
            "val",
            60,
        ),
        (
            {"data": NUMBERS | {"test": 0.25, "validation": 0.2}, "training": {"refit": True}},
            "rmse",
            "test rows",
            "test",
            15,
        ),
    ],
)
def test_the_metric_of_nothing_shuffled_is_that_of_the_run(
    tmp_path: Path, sections: dict[str, Any], metric: str, what: str, part: str, rows: int
) -> None:
    done = trained(tmp_path, **sections)
    found = unseen(done)
    assert (found.what, found.rows) == (what, rows)
    explained = importances(found.parts, found.decoder, metric, Effort(repeats=2))
    assert explained.value == pytest.approx(done.results.parts[part][metric], rel=1e-5)
    features = done.done.study.config.spec.data.features or ()
    assert {one.name for one in explained.each} == set(features)


def test_a_run_of_training_rows_alone_has_nothing_to_be_explained_by(tmp_path: Path) -> None:
    done = trained(tmp_path)
    assert unseen_rows(done.done, done.results.calibrated) is None
