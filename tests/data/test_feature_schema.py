"""What a model file says about its columns: nothing new where nothing new is used, nothing but the truth."""

from __future__ import annotations

import re

import pytest

from mlpcli.artifacts.model_file import parse_model
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.data.encoder import InputEncoder
from tests.support.hostile_features import HOSTILE_FEATURES, rich_arrays, rich_meta, rich_model
from tests.support.sample_model import META


def test_what_is_written_can_be_read_and_encodes() -> None:
    """And says the same again."""
    model = parse_model(rich_model())
    assert model.meta.model_dump(mode="json") == rich_meta()
    assert list(model.arrays) == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "inputs.center",
        "inputs.scale", "inputs.fill", "inputs.quantiles", "inputs.bins.start", "inputs.bins.scale",
        "target.center", "target.scale", "check.inputs", "check.outputs",
    ]  # fmt: skip
    encoder = InputEncoder.from_meta(model.meta.model_dump(mode="json")["features"], model.arrays)
    assert encoder.names == (
        "n", "n=missing", "d.year", "d.month.sin", "d.month.cos", "d=missing", "t=a", "t=b", "t=other",
        "p.bin1", "p.bin2", "p.bin3",
    )  # fmt: skip
    assert encoder.meta() == rich_meta()["features"]
    arrays = rich_arrays()
    assert all(
        (array == arrays[name]).all() for name, array in encoder.arrays().items() if name != "inputs.fill"
    )


def test_models_of_before_say_nothing_more() -> None:
    """Their bytes stay the same."""
    assert ModelMeta.model_validate(META).model_dump(mode="json") == META


@pytest.mark.parametrize("name", HOSTILE_FEATURES)
def test_what_cannot_be_is_refused(name: str) -> None:
    """Before anything is made of it."""
    build, opening = HOSTILE_FEATURES[name]
    with pytest.raises(FileFormatError, match="^" + re.escape(opening)):
        parse_model(build())
