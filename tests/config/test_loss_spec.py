"""What is known of a loss stands in one place: nobody else knows a loss by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.loss_spec import LOSSES, default_loss
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.links import INVERSES
from mlpcli.nn.losses import FORMULAS, Loss
from mlpcli.nn.outputs import outputs_of
from tests.support.network_cases import raw_targets

PACKAGE = Path(__file__).parents[2] / "mlpcli"
OF_MEANS = {"squared_error", "mse", "poisson", "binary_cross_entropy", "cross_entropy"}


def names_compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every loss's name that something is compared with, alone or in a collection."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and part.value in LOSSES:
                    yield part.lineno, str(part.value)


def test_nobody_asks_a_loss_for_its_name() -> None:
    """Only what has such a name in quotes can compare with it."""
    texts = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    named = {path: text for path, text in texts.items() if any(f'"{name}"' in text for name in LOSSES)}
    assert named
    compared = {path: [*names_compared(ast.parse(text))] for path, text in named.items()}
    assert not {path: found for path, found in compared.items() if found}


@pytest.mark.parametrize("text", ['loss.name == "hinge"', 'name in {"mse", "mae"}', 'loss != "poisson"'])
def test_who_asks_for_a_name_is_found(text: str) -> None:
    assert [*names_compared(ast.parse(text))]


def test_a_loss_has_a_specification_and_a_formula_in_the_same_order() -> None:
    assert list(LOSSES) == list(FORMULAS)
    assert all(LOSSES[name]().name == name for name in LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_its_own_output_activation_is_allowed(name: str) -> None:
    assert LOSSES[name].output_activation in LOSSES[name].allowed_outputs


def test_two_classes_share_an_output_unless_the_loss_wants_one_for_each() -> None:
    outputs = {name: (loss.outputs_for(2), loss.outputs_for(5)) for name, loss in LOSSES.items()}
    assert outputs == dict.fromkeys(LOSSES, (1, 5)) | {"cross_entropy": (2, 5)}


def test_the_default_loss_goes_with_the_task() -> None:
    asked = [("regression", 0), ("classification", 2), ("classification", 3), ("multilabel", 2)]
    assert [default_loss(*one).name for one in asked] == [
        "mse",
        "binary_cross_entropy",
        "cross_entropy",
        "binary_cross_entropy",
    ]
    assert all(task in default_loss(task, classes).tasks for task, classes in asked)


@pytest.mark.parametrize("name", sorted(OF_MEANS))
def test_no_constant_is_better_than_the_mean_where_a_loss_is_for_means(name: str) -> None:
    loss = Loss(name)
    y = loss.prepare(raw_targets(name, 200, 3, np.random.default_rng(1)))
    z = np.tile(loss.constant_scores(y.mean(axis=0)), (len(y), 1))
    dz = np.empty_like(z)
    loss.bind(z, dz)(y)
    np.testing.assert_allclose(dz.mean(axis=0), 0.0, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_links_predict_what_their_inverse_was_asked_for(name: str) -> None:
    link, mean = Loss(name).spec.output_activation, np.array([0.2, 0.7, 0.1])
    predicted = outputs_of(INVERSES[link](mean)[None, :], ActivationChoice(link, {}))
    np.testing.assert_allclose(predicted[0], mean, rtol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_the_constant_scores_of_targets_without_a_difference_are_finite(name: str, mean: float) -> None:
    assert np.isfinite(Loss(name).constant_scores(np.full(3, mean))).all()


def test_a_hinge_s_constant_is_its_most_frequent_class() -> None:
    hinge = Loss("hinge")
    assert hinge.constant_scores(np.array([-0.2])).tolist() == [-1.0]
    assert hinge.constant_scores(np.array([0.2, 0.5, 0.3])).tolist() == [0.0, 1.0, 0.0]
