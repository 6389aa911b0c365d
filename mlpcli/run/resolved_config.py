"""The config of a run with everything that was not written in it: the defaults, and what the data decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlpcli.config.activation_spec import without_options
from mlpcli.config.document import MAX_BYTES
from mlpcli.config.dump import dump_resolved
from mlpcli.config.load import Config
from mlpcli.config.spec import DataSpec, ModelSpec
from mlpcli.data.decided import decided_features, features_of_columns
from mlpcli.data.task import decide_scale
from mlpcli.run.experiment import Experiment
from mlpcli.run.limits import dtype_of

# columns whose encodings are written out: a config has to stay what a person, and the reader, can read
MOST_FEATURES = 500


def resolved_text(experiment: Experiment, directory: Path) -> str:
    """The YAML text of `resolved_config`, to be saved in `directory`.

    `features` are as they were written where a config could not hold one line for each.
    """
    if len(features_of_columns(experiment.prepared.inputs.features)) <= MOST_FEATURES:
        text = dump_resolved(resolved_config(experiment), directory)
        if len(text.encode()) <= MAX_BYTES:
            return text
    return dump_resolved(resolved_config(experiment, encodings=False), directory)


def resolved_config(experiment: Experiment, *, encodings: bool = True) -> Config:
    """The config that trains the same network again and leaves nothing to be decided by the data.

    But for the widths of layers and embeddings that it has as `auto`: they are the network's shape; and
    without `encodings` for those of features where they are not written.
    """
    spec, prepared = experiment.config.spec, experiment.prepared
    training = spec.training.model_copy(
        update={"metrics": experiment.metrics, "dtype": dtype_of(experiment.config)}
    )
    parts = {
        "data": _data(experiment, encodings=encodings),
        "model": _model(experiment),
        "loss": prepared.loss,
        "training": training,
    }
    return replace(experiment.config, spec=spec.model_copy(update=parts))


def _data(experiment: Experiment, *, encodings: bool) -> DataSpec:
    spec, prepared = experiment.config.spec, experiment.prepared
    task, data = prepared.task, spec.data
    update: dict[str, object] = {"task": task}
    if encodings:
        update["features"] = decided_features(prepared.inputs.features, data.features or {})
    if task == "regression":
        update["target_scale"] = decide_scale(spec, task, prepared.loss, prepared.output_activation)
    cut = any(isinstance(part, float) for part in (data.validation, data.test))
    free = data.group is None and data.order is None
    if task == "classification" and cut and free and data.stratify is None:
        update["stratify"] = True
    return data.model_copy(update=update)


def _model(experiment: Experiment) -> ModelSpec:
    """With the activation of every layer, the output's included."""
    model = experiment.config.spec.model
    if isinstance(model.activation, tuple):
        return model
    output = without_options(experiment.prepared.output_activation)
    return model.model_copy(update={"activation": (*(model.activation,) * model.hidden, output)})
