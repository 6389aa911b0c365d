"""What may be found in a run directory at any moment: whole files, and at most one temporary."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from mlpcli.artifacts.atomic import TEMPORARY_SUFFIX
from mlpcli.artifacts.checkpoint import Checkpoint, read_checkpoint
from mlpcli.artifacts.model_file import read_model
from mlpcli.errors import MlpError


def temporaries(directory: Path) -> list[Path]:
    """The temporary files in a directory and below."""
    return [path for path in directory.rglob("*") if path.name.endswith(TEMPORARY_SUFFIX)]


def checkpoint_of(run: Path) -> Checkpoint | None:
    """The checkpoint of a run where there is one; raises ModelError for one that is not whole."""
    path = run / "checkpoint.npz"
    return read_checkpoint(path) if path.exists() else None


def problems(run: Path, most_temporaries: int = 1) -> Iterator[str]:
    """What is wrong with the files of a run that was interrupted, judged by the strict readers."""
    found = temporaries(run)
    if len(found) > most_temporaries:
        yield f"{len(found)} temporaries: {sorted(path.name for path in found)}"
    try:
        saved = checkpoint_of(run)
        if saved is not None:
            yield from _gaps("checkpoint.npz", [row["epoch"] for row in saved.history], saved.epoch)
        if (run / "model.npz").exists():
            read_model(run / "model.npz")
    except MlpError as error:
        yield str(error).splitlines()[0]
    if (run / "history.csv").exists():
        with (run / "history.csv").open(encoding="utf-8", newline="") as lines:
            epochs: list[float | None] = [int(row["epoch"]) for row in csv.DictReader(lines)]
        yield from _gaps("history.csv", epochs, len(epochs))


def _gaps(name: str, epochs: list[float | None], count: int) -> Iterator[str]:
    if epochs != list(range(1, count + 1)):
        yield f"{name}: its history does not have the epochs 1 to {count}"
