"""Where a run's numbers come from: the config as written, and the versions of what computed them."""

from __future__ import annotations

import platform
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.config.dump import input_keys
from mlpcli.config.nodes import Key
from mlpcli.run.experiment import Experiment


def versions() -> dict[str, str]:
    """What the numbers depend on besides config, data and processor."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def config_document(experiment: Experiment) -> dict[str, Any]:
    """The config as written, without where its files are: neither this run's nor those that it reads.

    So a config says the same wherever it stands. Of files that are called the same the paths are kept that
    are relative.
    """
    document: dict[str, Any] = deepcopy(experiment.config.document)
    document.pop("output", None)
    document["data"].pop("cache", None)
    holders = [(_holder(document, key), str(key[-1])) for key in input_keys(experiment.config.spec)]
    names = Counter(Path(holder[key]).name for holder, key in holders)
    for holder, key in holders:
        path = Path(holder[key])
        if path.is_absolute() or names[path.name] == 1:
            holder[key] = path.name
    return document


def _holder(document: Any, key: Key) -> Any:
    """The mapping that a key ends in."""
    for section in key[:-1]:
        document = document[section]
    return document
