"""The config of a trial: complete, so that `mlp train` trains the same network again from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlpcli.config.document import parse_document
from mlpcli.config.load import Config, check
from mlpcli.config.nodes import Value
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.run.resolved_config import resolved_text
from mlpcli.run.study import Study, study_of
from mlpcli.searching.space import with_value
from mlpcli.searching.study_file import StudyFile


def config_with(file: StudyFile, values: Mapping[str, Value]) -> Config:
    """The study's config with these values; raises ConfigError where they do not go together."""
    config = file.base
    for dimension in file.space:
        if dimension.key in values:
            node = dimension.node(values[dimension.key])
            root = with_value(config, dimension.path, node, dimension.place)
            config = replace(config, root=root)
    return config.with_root(config.root)


def complete_text(file: StudyFile, values: Mapping[str, Value], directory: Path) -> str:
    """The config with every default and what the data decides, to be saved in a directory.

    The metric of the study is among those that it computes. Raises ConfigError, DataError and
    MemoryLimitError.
    """
    whole = study_of(config_with(file, values), MAX_PARAMETERS).whole
    if file.metric not in ("loss", *whole.metrics):
        whole = replace(whole, metrics=(*whole.metrics, file.metric))
    return resolved_text(whole, directory)


def study_of_text(text: str, directory: Path) -> Study:
    """The run that a complete config in a directory describes; what its model keeps of the config is that."""
    path = directory / "config.yaml"
    root = parse_document(text.encode(), str(path))
    return study_of(Config(check(root), path, root), MAX_PARAMETERS)
