"""What a model file says besides its weights: everything that predicting and auditing need."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.artifacts.architecture_document import architecture_document
from mlpcli.artifacts.model_arrays import CHECK_ROWS, DIGESTS
from mlpcli.artifacts.model_file import fitting_content
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.config.data_spec import DataSpec
from mlpcli.config.dump import input_keys
from mlpcli.errors import ConfigError
from mlpcli.run.build import options_of
from mlpcli.run.experiment import Experiment
from mlpcli.run.resources import Resources
from mlpcli.run.results import Results


def versions() -> dict[str, str]:
    """What the numbers depend on besides config, data and processor."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def config_document(experiment: Experiment) -> dict[str, Any]:
    """The config as written, without where this run's files go and without this machine's directories."""
    document: dict[str, Any] = deepcopy(experiment.config.document)
    document.pop("output", None)
    for *sections, name in input_keys(experiment.config.spec):
        holder: Any = document
        for section in sections:
            holder = holder[section]
        if Path(holder[name]).is_absolute():
            holder[name] = Path(holder[name]).name
    return document


def csv_document(data: DataSpec) -> dict[str, Any]:
    """How the files are written, in a model file; `own_na_values` where some column has any."""
    common = data.model_dump(mode="json", include={"separator", "decimal", "encoding", "na_values"})
    features = (data.features or {}).items()
    own = [{"column": name, "na_values": list(one.na_values)} for name, one in features if one.na_values]
    return {**common, **({"own_na_values": own} if own else {})}


def model_document(experiment: Experiment, results: Results, resources: Resources) -> dict[str, Any]:
    """The metadata of the model file."""
    prepared, network = experiment.prepared, experiment.network
    return {
        "format": "mlp-model",
        "version": 1,
        "mlp": __version__,
        "versions": versions(),
        "task": prepared.task,
        "architecture": architecture_document(network.architecture, network.dtype.name),
        "loss": options_of(prepared.loss),
        "features": prepared.inputs.meta(),
        "target": prepared.target.meta(),
        "id": list(experiment.config.spec.data.id),
        "csv": csv_document(experiment.config.spec.data),
        "config": config_document(experiment),
        "data": data_document(experiment),
        "training": training_document(experiment, results),
        "metrics": {name: results.document()[name] for name in results.parts},
        "threads": resources.threads,
    }


def require_savable(experiment: Experiment, resources: Resources) -> None:
    """Raise ConfigError where no model file could hold what would be trained: before it is."""
    nothing = Results({}, {}, {}, "finished", 0, 0)
    try:
        with np.errstate(all="ignore"):  # no weight is trained yet
            fitting_content(model_document(experiment, nothing, resources), model_arrays(experiment))
    except FileFormatError as error:
        hint = "use fewer layers, or columns with fewer or shorter categories"
        raise ConfigError.of(f"no model file can hold this model: {error.message}", None, hint) from error


def data_document(experiment: Experiment) -> dict[str, Any]:
    """What it was trained on."""
    known = experiment.row_digests
    rows = {"rows": len(experiment.training), "sha256": experiment.prepared.sha256}
    sample = {"count": len(known.digests), "below": known.below, "salt": known.salt}
    return {**rows, "digests": sample}


def training_document(experiment: Experiment, results: Results) -> dict[str, Any]:
    """How the run went."""
    return {
        "epochs": results.epochs,
        "best_epoch": results.best_epoch,
        "status": results.status,
        "optimizer": experiment.config.spec.optimizer.name,
        "schedule": experiment.config.spec.schedule.name,
        "parameters": experiment.network.layout.size,
        "init_sha256": experiment.init_sha256,
    }


def model_arrays(experiment: Experiment) -> Mapping[str, Array]:
    """The arrays of the model file: weights, encoders, and a few rows with their outputs to check it by."""
    rows = experiment.prepared.head[:CHECK_ROWS]
    outputs = experiment.network.predict(rows.astype(experiment.network.dtype))
    return {
        **experiment.network.arrays(),
        **experiment.prepared.inputs.arrays(),
        **experiment.prepared.target.arrays(),
        "check.inputs": rows,
        "check.outputs": outputs,
        DIGESTS: experiment.row_digests.digests,
    }
