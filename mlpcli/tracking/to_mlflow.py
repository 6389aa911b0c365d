"""Runs in MLflow: by its client alone, which leaves no run of the caller's active, and without its telemetry.

Where they go is MLflow's own affair: MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME and the like.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from posixpath import normpath
from typing import Any, Final

from mlpcli import __version__
from mlpcli.tracking.record import MODEL, Point, RunRecord

# what MLflow takes for the name of a metric or a parameter
NAME: Final = re.compile(r"[\w\-. /]{1,250}")
MOST_METRICS, MOST_PARAMETERS = 1000, 100  # of one call
SHA256: Final = "mlp.sha256"
SETTINGS: Final = {  # where a person says nothing else
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "GIT_PYTHON_REFRESH": "quiet",
    # of a server that does not answer one wants to know in less than MLflow's four minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def open_tracker(experiment: str | None) -> MlflowTracker:
    """The tracker of an experiment, which is made where there is none of the name."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    mlflow = import_module("mlflow")
    name = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or "Default"
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name(name)
    return MlflowTracker(
        mlflow, client, client.create_experiment(name) if found is None else found.experiment_id
    )


class MlflowTracker:
    """A run of an experiment in MLflow."""

    def __init__(self, mlflow: Any, client: Any, experiment: str) -> None:
        self._mlflow = mlflow
        self._client = client
        self._experiment = experiment
        self._run = ""

    def logged(self, sha256: str) -> str | None:
        """The run whose tag says so: it is set last."""
        asked = f"tags.`{SHA256}` = '{sha256}'"
        found = self._client.search_runs([self._experiment], asked, max_results=1)
        return self._place(found[0].info.run_id) if found else None

    def begin(self, name: str) -> None:
        """A run that is running."""
        self._run = self._client.create_run(self._experiment, run_name=name).info.run_id

    def points(self, points: Sequence[Point]) -> None:
        """Metrics, whose step is the epoch."""
        metrics = list(self._metrics(points))
        for start in range(0, len(metrics), MOST_METRICS):
            self._client.log_batch(self._run, metrics=metrics[start : start + MOST_METRICS])

    def complete(self, record: RunRecord) -> str:
        """Settings are parameters; files are artifacts, and so is the model, as one that MLflow loads."""
        entities = self._mlflow.entities
        settings = [entities.Param(*item) for item in record.settings.items() if is_taken(item[0])]
        for start in range(0, len(settings), MOST_PARAMETERS):
            self._client.log_batch(self._run, params=settings[start : start + MOST_PARAMETERS])
        self.points([Point(0, record.results)])
        for path in record.files:
            self._client.log_artifact(self._run, str(path))
        with tempfile.TemporaryDirectory() as directory:
            model = Path(directory) / "model"
            save_model(self._mlflow, record, model)
            self._client.log_artifacts(self._run, str(model), "model")
        self._client.set_tag(self._run, "mlp.version", __version__)
        self._client.set_terminated(self._run, "FINISHED")
        self._client.set_tag(self._run, SHA256, record.sha256)
        return self._place(self._run)

    def abandon(self) -> None:
        """A run that failed."""
        with suppress(Exception):  # what went wrong before is what is told
            self._client.set_terminated(self._run, "FAILED")

    def _metrics(self, points: Sequence[Point]) -> Iterator[Any]:
        now = int(time.time() * 1000)
        for epoch, values in points:
            for name, value in values.items():
                if is_taken(name):
                    yield self._mlflow.entities.Metric(name, value, now, epoch)

    def _place(self, run: str) -> str:
        return f"run {run} in {self._mlflow.get_tracking_uri()}"


def is_taken(name: str) -> bool:
    """Whether MLflow takes the name of a metric or a parameter: also as a path it has to be that name."""
    return NAME.fullmatch(name) is not None and normpath(name) == name and not name.startswith(("/", "."))


def save_model(mlflow: Any, record: RunRecord, path: Path) -> None:
    """Save a run's model where MLflow loads it from: the file as it is, and who opens it; no pickle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the signature is exact: it needs no example of an input
        mlflow.pyfunc.save_model(
            str(path),
            loader_module="mlpcli.pyfunc",
            data_path=str(record.directory / MODEL),
            signature=signature_of(mlflow, record),
            pip_requirements=[f"mlpcli=={__version__}"],
        )


def signature_of(mlflow: Any, record: RunRecord) -> Any:
    """The columns of the table by name, numbers or texts as the frame has them, and those of predictions."""
    types, model = mlflow.types, record.model
    wanted = dict.fromkeys(entry["name"] for entry in model.inputs.meta())
    inputs = [types.ColSpec(types.schema.AnyType(), name) for name in wanted]
    texts = {"prediction", *(f"{name}_prediction" for name in model.target.columns)}
    if model.target.task == "regression":
        texts = set()
    outputs = [types.ColSpec("string" if name in texts else "double", name) for name in model.decoder.columns]
    return mlflow.models.ModelSignature(types.Schema(inputs), types.Schema(outputs))
