"""The config of a trial: complete, so that `mlp train` trains the same network again from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlpcli.config.document import parse_document
from mlpcli.config.load import Config, check
from mlpcli.config.nodes import Value
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.run.experiment import checked_experiment
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.study import RunRows
from mlpcli.searching.space import with_value
from mlpcli.searching.study_file import StudyFile


def config_with(file: StudyFile, values: Mapping[str, Value]) -> Config:
    """The study's config with these values; raises ConfigError where they do not go together.

    What is above comes first: a learning rate is that of whichever `optimizer` is tried.
    """
    config = file.base
    for dimension in sorted(file.space, key=lambda dimension: len(dimension.path)):
        if dimension.key in values:
            node = dimension.node(values[dimension.key])
            root = with_value(config, dimension.path, node, dimension.place)
            config = replace(config, root=root)
    return config.with_root(config.root)


def complete_text(file: StudyFile, config: Config, rows: RunRows, directory: Path) -> str:
    """A config with every default and what its rows decide, to be saved in a directory.

    The metric of the study is among those that it computes. Raises ConfigError and MemoryLimitError.
    """
    whole = checked_experiment(config, rows.prepared, MAX_PARAMETERS)
    if file.metric not in ("loss", *whole.metrics):
        whole = replace(whole, metrics=(*whole.metrics, file.metric))
    return resolved_text(whole, directory)


def config_of_text(text: str, directory: Path) -> Config:
    """The complete config in a directory; what a model keeps of its config is that."""
    path = directory / "config.yaml"
    root = parse_document(text.encode(), str(path))
    return Config(check(root), path, root)
