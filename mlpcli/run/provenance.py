"""Where a run's numbers come from: the config as written, and the versions of what computed them."""

from __future__ import annotations

import platform
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.config.dump import input_keys
from mlpcli.run.experiment import Experiment


def versions() -> dict[str, str]:
    """What the numbers depend on besides config, data and processor."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def config_document(experiment: Experiment) -> dict[str, Any]:
    """The config as written, without where this run's files go and without this machine's directories."""
    document: dict[str, Any] = deepcopy(experiment.config.document)
    document.pop("output", None)
    document["data"].pop("cache", None)
    for *sections, name in input_keys(experiment.config.spec):
        holder: Any = document
        for section in sections:
            holder = holder[section]
        if Path(holder[name]).is_absolute():
            holder[name] = Path(holder[name]).name
    return document
