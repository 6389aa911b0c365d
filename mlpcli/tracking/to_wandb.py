"""Runs in Weights & Biases: on its server, or with WANDB_MODE=offline in the directory wandb/ alone.

Where they go is its own affair: WANDB_PROJECT, WANDB_DIR, WANDB_API_KEY and the like. Of the machine it is
told nothing: neither its name nor its load, no code and no output of the program.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from mlpcli.tracking.record import MODEL, Point, RunRecord

MARK: Final = "mlp.sha256"  # in the directory of a run that is there to its end, and in its summary
STEP: Final = "epoch"


def open_tracker(experiment: str | None) -> WandbTracker:
    """The tracker of a project."""
    return WandbTracker(import_module("wandb"), experiment)


class WandbTracker:
    """A run of a project."""

    def __init__(self, wandb: Any, project: str | None) -> None:
        self._wandb = wandb
        self._project = project
        self._run: Any = None

    def logged(self, sha256: str) -> str | None:
        """The directory here whose mark says so: what other machines have sent is not known."""
        above = Path(os.environ.get("WANDB_DIR", "."), "wandb")
        marks = (mark for mark in sorted(above.glob(f"*run-*/{MARK}")) if mark.read_text("utf-8") == sha256)
        return next((str(mark.parent.resolve()) for mark in marks), None)

    def begin(self, name: str) -> None:
        """A run, whose curves are drawn over the epoch."""
        settings = self._wandb.Settings(
            console="off",
            disable_git=True,
            save_code=False,
            silent=True,
            x_disable_meta=True,
            x_disable_stats=True,
        )
        self._run = self._wandb.init(project=self._project, name=name, settings=settings)
        if self._run.disabled:
            raise RuntimeError("it is switched off, by WANDB_MODE for example")
        self._run.define_metric("*", step_metric=STEP)

    def points(self, points: Sequence[Point]) -> None:
        """Values with their epoch, in any order."""
        for epoch, values in points:
            self._run.log({STEP: epoch, **values})

    def complete(self, record: RunRecord) -> str:
        """Settings are the config, results the summary, files and model are saved beside them."""
        self._run.config.update(dict(record.settings))
        self._run.summary.update({**record.results, MARK: record.sha256})
        directory, above = Path(self._run.settings.sync_dir), Path(self._run.dir)
        for path in (*record.files, record.directory / MODEL):
            shutil.copyfile(path, above / path.name)
            self._run.save(str(above / path.name), base_path=str(above), policy="now")
        self._run.finish()
        (directory / MARK).write_text(record.sha256, "utf-8")
        return str(directory.resolve())

    def abandon(self) -> None:
        """A run that failed."""
        if self._run is not None:
            self._run.finish(exit_code=1)
