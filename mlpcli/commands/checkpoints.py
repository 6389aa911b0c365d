"""Saving everything that the rest of a run depends on, and going on from it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from mlpcli.artifacts.checkpoint import START_AGAIN, Checkpoint, checkpoint_content, read_checkpoint
from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.commands.job import Job
from mlpcli.commands.model_document import versions
from mlpcli.commands.resuming import refuse_changes, resolved
from mlpcli.console import Console
from mlpcli.errors import ModelError, OutputError, Place
from mlpcli.training.epoch import Epoch
from mlpcli.training.loop import Trainer
from mlpcli.training.observers import EarlyStopping

# seconds between two checkpoints at the least: a file that survives a power cut takes longer to write than
# many a small network's epoch, and a quarter of a second is quickly trained again
PAUSE = 0.25


@dataclass(eq=False)
class Checkpoints:
    """Observes a first-order training and saves its state every so many epochs, and when asked."""

    run: RunDirectory
    job: Job
    trainer: Trainer
    stopping: EarlyStopping | None
    threads: int
    console: Console
    failed: bool = field(default=False, init=False)
    saved_at: float = field(default=float("-inf"), init=False)

    def __call__(self, epoch: Epoch) -> None:
        """Save the state after an epoch that is due."""
        due = epoch.epoch % self.job.config.spec.training.checkpoint_every == 0
        if due and time.monotonic() - self.saved_at >= PAUSE:
            self.try_to_save()

    def try_to_save(self) -> None:
        """Write the checkpoint. A failure is told once: what is trained is worth more."""
        try:
            self.save()
        except OutputError as error:
            if not self.failed:
                problem = error.problems[0]
                where = f"{problem.place}: " if problem.place else ""
                self.console.warn(f"no checkpoint: {where}{problem.message}")
            self.failed = True

    def save(self) -> None:
        """Write the checkpoint; raises OutputError."""
        self.saved_at = time.monotonic()
        self.run.write("checkpoint.npz", checkpoint_content(self.capture()))

    def capture(self) -> Checkpoint:
        """The state as it is now, between two updates."""
        arrays, state = self.trainer.state()
        if self.stopping is not None:
            arrays["best_theta"] = self.stopping.best_theta
            state["stopping"] = self.stopping.state()
        return Checkpoint(
            epoch=len(self.trainer.history),
            arrays={name: np.atleast_1d(array) for name, array in arrays.items()},
            history=tuple(epoch.row() for epoch in self.trainer.history),
            state=state,
            config=resolved(self.job.config.spec),
            data_sha256=self.job.prepared.sha256,
            init_sha256=self.job.init_sha256,
            versions=versions(),
            threads=self.threads,
        )

    def resume(self) -> None:
        """Go on from the run's checkpoint where there is one: a run that starts anew has none."""
        if not self.run.has("checkpoint.npz"):
            return
        path = self.run.path / "checkpoint.npz"
        saved = read_checkpoint(path)
        try:
            self.restore(saved)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError.of("does not hold what this run needs", Place(str(path)), START_AGAIN) from error
        if saved.threads != self.threads:
            self.console.warn(
                f"the run had {saved.threads} threads and has {self.threads} now: its bytes may differ"
            )
        self.console.note(f"going on after epoch {saved.epoch}")

    def restore(self, saved: Checkpoint) -> None:
        """Put everything back as `capture` found it; raises ConfigError, DataError for another run's."""
        refuse_changes(self.job, saved)
        self.trainer.restore(saved.arrays, saved.state, [Epoch.of_row(row) for row in saved.history])
        if self.stopping is not None:
            self.stopping.restore(saved.arrays["best_theta"], saved.state["stopping"])
