"""Optional packages: imported where they are used, and what to install where one is missing."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from mlpcli.errors import UsageError
from mlpcli.memory import ARROW, require_space

EXTRAS = {
    "pyarrow": "arrow",
    "duckdb": "duckdb",
    "optuna": "search",
    "cmaes": "search",
    "mlflow": "mlflow",
    "wandb": "wandb",
    "tensorboardX": "tensorboard",
}  # by package: the extra of this project that brings it


def optional(module: str, purpose: str) -> ModuleType:
    """A module of an optional package; UsageError with what to install where it is not there.

    `purpose` is how the message begins: what it is needed for. MemoryLimitError where a limit leaves no room.
    """
    package = module.partition(".")[0]
    if package == "pyarrow" and package not in sys.modules:
        require_space(ARROW, "for pyarrow")
    try:
        return import_module(module)
    except ImportError as error:
        found = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be loaded: {error}"
        hint = f"pip install 'mlpcli[{EXTRAS[package]}]'"
        raise UsageError.of(f"{purpose} takes {package}, which {found}", None, hint) from error


def require(package: str, purpose: str) -> None:
    """UsageError with what to install where a package is not there, which is not imported to find out."""
    if find_spec(package) is None:
        hint = f"pip install 'mlpcli[{EXTRAS[package]}]'"
        raise UsageError.of(f"{purpose} takes {package}, which is not installed", None, hint)
