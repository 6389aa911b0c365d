"""Models that the tests of all formats share: trained once, by the process that needs them."""

from __future__ import annotations

import pytest

from tests.support.export_cases import Models


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Those of `tests.support.export_cases`."""
    return Models(tmp_path_factory.mktemp("models"))
