"""mlp trains neural networks: a YAML file says what, a table says on what."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpcli.api import Run, TrainedModel, load, train
    from mlpcli.errors import MlpError
    from mlpcli.training.callbacks import Epoch

__all__ = ["Epoch", "MlpError", "Run", "TrainedModel", "__version__", "load", "train"]
__version__ = "0.1.0"

HOMES = {
    "Epoch": "mlpcli.training.callbacks",
    "MlpError": "mlpcli.errors",
    "Run": "mlpcli.api",
    "TrainedModel": "mlpcli.api",
    "load": "mlpcli.api",
    "train": "mlpcli.api",
}


def __getattr__(name: str) -> Any:
    """What the public names mean, loaded with NumPy and pandas when one of them is first used.

    Loaded at once they would make `mlp --help` take seven times as long (tests/benchmarks/decisions.py).
    """
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = getattr(import_module(HOMES[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
