"""What the tests of all formats share: models, trained once by the process that needs them."""

from __future__ import annotations

import os

import pytest

from mlpcli.exporting.onnx.running import NO_TELEMETRY
from tests.support.export_cases import Models

# before any test imports onnxruntime, which writes into the home directory otherwise
os.environ[NO_TELEMETRY] = "1"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Those of `tests.support.export_cases`."""
    return Models(tmp_path_factory.mktemp("models"))
