"""Where a run's numbers come from: the config as written, and the versions of what computed them."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.data.row_origins import PARTS
from mlpcli.run.build import STARTING_FILE
from mlpcli.run.experiment import Experiment

# keys of `data` that say where rows lie, and nothing of what they are
SOURCES = ("train", "table", "query", "cache")


def versions() -> dict[str, str]:
    """What the numbers depend on besides config, data and processor."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def config_document(experiment: Experiment) -> dict[str, Any]:
    """The config as written, without where its files are: neither this run's nor those that it reads.

    So a config says the same wherever it stands, and with the same rows in a file of another format.
    """
    document = without_sources(experiment.config.document)
    document.pop("output", None)
    *sections, last = STARTING_FILE
    holder: Any = document
    for section in sections:
        holder = holder.get(section) if isinstance(holder, Mapping) else None
    if isinstance(holder, dict) and last in holder:
        holder[last] = Path(holder[last]).name
    return document


def without_sources(document: Mapping[str, Any]) -> dict[str, Any]:
    """A config without the keys that say in which files its rows are: a copy."""
    found = deepcopy(dict(document))
    data = found.get("data")
    if isinstance(data, dict):
        named = {part for part in PARTS if isinstance(data.get(part), str | list | tuple)}
        found["data"] = {key: value for key, value in data.items() if key not in {*SOURCES, *named}}
    return found


def file_names(experiment: Experiment) -> dict[str, str]:
    """The files of each part that has some, as the config calls them."""
    data = experiment.config.document["data"]
    named = {file.key: data[file.key] for file in experiment.prepared.origins.files}
    return {
        part: ", ".join(map(without_directory, given if isinstance(given, list) else [given]))
        for part, given in named.items()
    }


def without_directory(path: object) -> str:
    """A path as it is written; its last name alone where it is absolute and so of this machine."""
    return Path(str(path)).name if Path(str(path)).is_absolute() else str(path)
