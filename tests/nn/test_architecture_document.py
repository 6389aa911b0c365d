"""The architecture in a model file: what is written there, and that what is read back is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlpcli.artifacts.architecture_document import (
    ArchitectureDocument,
    architecture_document,
    architecture_of,
)
from mlpcli.artifacts.feature_schema import (
    DateFeature,
    EmbeddedFeature,
    IndicatorFeature,
    NumericFeature,
)
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import NORMALIZATIONS, Architecture
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.losses import Loss
from mlpcli.nn.normalization import Normalization
from mlpcli.nn.numeric_embedding import PeriodicKind
from tests.support.network_cases import BATCH_NORM, LAYER_NORM, Case

SLOPE = ActivationChoice("leaky_relu", {"slope": 0.2})
PLAIN = Case(Loss("mse"), (2, 3, 1), SLOPE, dropout=0.1, bias=False).network().architecture
CHOICES: list[Normalization | None] = [None, replace(BATCH_NORM, momentum=0.3), LAYER_NORM]


def stored(shape: Architecture) -> ArchitectureDocument:
    """What the reader of a model file makes of what is written."""
    return ArchitectureDocument.model_validate(architecture_document(shape, "float32"))


def test_nothing_is_said_of_what_there_is_not() -> None:
    assert stored(PLAIN).model_dump(mode="json") == {
        "layers": [2, 3, 1],
        "activations": [{"name": "leaky_relu", "slope": 0.2}, {"name": "identity"}],
        "bias": False,
        "dropout": [0.1],
        "dtype": "float32",
    }


def test_a_normalization_is_its_name_and_its_options() -> None:
    document = stored(replace(PLAIN, normalization=BATCH_NORM, residual=True)).model_dump(mode="json")
    assert list(document)[-2:] == ["normalization", "residual"]
    assert list(document["normalization"].items()) == [
        ("name", "batch_norm"),
        ("momentum", 0.1),
        ("epsilon", 1e-5),
    ]
    assert document["residual"] is True


def test_there_is_a_case_for_every_normalization() -> None:
    assert {choice.name for choice in CHOICES if choice is not None} == NORMALIZATIONS.keys()


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("choice", CHOICES)
def test_what_is_read_back_is_what_was_written(choice: Normalization | None, residual: bool) -> None:
    shape = Architecture(
        (7, 4, 4, 2),
        (SLOPE, ActivationChoice("gelu", {}, learnable=True), ActivationChoice("softmax", {})),
        True,
        (0.25, 0.0),
        choice,
        residual,
        (EmbeddedColumn(1, 3, 5),),
        PeriodicKind((0, 2, 3, 6), 8, 3, 0.2) if residual else None,
        not residual,
    )
    features = (
        NumericFeature(name="a", encode="none", missing="error", fill=None),
        EmbeddedFeature(
            name="b", encode="embed", missing="error", fill=None, categories=("x", "y", "z"), width=5
        ),
        NumericFeature(name="c", encode="none", missing="error", fill=None),
        DateFeature(
            name="d",
            encode="datetime",
            missing="error",
            fill=None,
            format=None,
            parts=("year", "month", "day"),
            cyclic=True,
        ),
        IndicatorFeature(name="d", encode="indicator"),
    )
    assert architecture_of(stored(shape), features) == shape
