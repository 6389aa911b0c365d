"""The task and the loss follow from the config where it says so, else from the target's values."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.config.loss_spec import MseSpec, PoissonSpec
from mlpcli.data.task import decide_scale
from mlpcli.errors import ConfigError
from tests.support.tables import config_for, prepare

TABLE = """n,two,spelled,text,truth,many,p,q
1,0,1,a,True,5,0,1
2,1,0,b,False,6,1,0
3,0,1.0,c,True,7,0,0
4,1,0,a,False,8,1,1
5,0,1,b,True,9,0,1
6,1,0,c,False,5,1,0
"""
TABLE += TABLE.split("\n", 1)[1]  # twice, as a class needs more than one row
X = "features: [n]"


@pytest.mark.parametrize(
    ("target", "rest", "task", "loss", "output", "classes"),
    [
        ("two", "", "classification", "binary_cross_entropy", "sigmoid", ("0", "1")),
        ("truth", "", "classification", "binary_cross_entropy", "sigmoid", ("False", "True")),
        ("text", "", "classification", "cross_entropy", "softmax", ("a", "b", "c")),
        ("many", "", "regression", "mse", "identity", ()),
        ("[p, q]", "", "multilabel", "binary_cross_entropy", "sigmoid", ("0", "1")),
        ("[p, many]", "", "regression", "mse", "identity", ()),
        ("[p, q]", "loss: mse", "regression", "mse", "identity", ()),
        ("two", "loss: mse", "classification", "mse", "identity", ("0", "1")),
        ("two", "loss: poisson", "regression", "poisson", "exponential", ()),
        ("many", "loss: cross_entropy", "classification", "cross_entropy", "softmax", tuple("56789")),
        ("two", "loss: cross_entropy", "classification", "cross_entropy", "softmax", ("0", "1")),
        ("text", "loss: hinge", "classification", "hinge", "identity", ("a", "b", "c")),
        ("text", "loss: mse", "classification", "mse", "identity", ("a", "b", "c")),
    ],
)  # fmt: skip
def test_what_is_decided(
    target: str, rest: str, task: str, loss: str, output: str, classes: tuple[str, ...], tmp_path: Path
) -> None:
    """By the loss, else by text, truth or two values."""
    prepared = prepare(config_for(tmp_path, TABLE, [f"target: {target}", X], rest))
    assert (prepared.task, prepared.loss.name, prepared.output_activation) == (task, loss, output)
    assert prepared.target.classes == classes


@pytest.mark.parametrize(("rows", "task"), [(12, "classification"), (6, "regression")])
def test_codes_that_come_again_are_classes(rows: int, task: str, tmp_path: Path) -> None:
    """08001 is no amount; numbers of one width that hardly come again may be."""
    codes = ("08001", "08002", "10000", "08115", "20095")
    table = "n,code\n" + "".join(f"{row},{codes[row % 5]}\n" for row in range(rows))
    prepared = prepare(config_for(tmp_path, table, ["target: code", X]))
    assert prepared.task == task
    assert prepared.target.classes == (tuple(sorted(codes)) if task == "classification" else ())


def test_labels_of_which_some_never_vary_are_labels_in_any_spelling(tmp_path: Path) -> None:
    """A column that once had a gap has 0.0 and 1.0, the others have 0 in every row, and 1."""
    table = "n,a,b,c\n" + "".join(f"{i},{i % 2}.0,0,1\n" for i in range(8))
    prepared = prepare(config_for(tmp_path, table, ["target: [a, b, c]", X]))
    assert (prepared.task, prepared.target.classes) == ("multilabel", ("0", "1"))
    assert prepared.train.y.tolist() == [[i % 2, 0, 1] for i in range(8)]


@pytest.mark.parametrize(
    ("task", "target", "outputs"),
    [("regression", "two", 1), ("classification", "many", 5), ("multilabel", "[two]", 1)],
)
def test_a_task_that_is_named_is_the_task(task: str, target: str, outputs: int, tmp_path: Path) -> None:
    """Whatever the values look like."""
    prepared = prepare(config_for(tmp_path, TABLE, [f"target: {target}", X, f"task: {task}"]))
    assert (prepared.task, prepared.target.outputs) == (task, outputs)


def test_two_spellings_of_a_number_are_one_class_and_noted(tmp_path: Path) -> None:
    """The plain integer is kept."""
    prepared = prepare(config_for(tmp_path, TABLE, ["target: spelled", X, "task: classification"]))
    assert prepared.target.classes == ("0", "1")
    assert prepared.notes == ("column 'spelled': '1.0' means the same as '1': one class, '1'",)


@pytest.mark.parametrize(
    ("loss", "target", "rest", "center"),
    [
        ("mse", "many", "", 40 / 6),
        ("huber", "many", "", 40 / 6),
        ("mae", "[many, n]", "", 40 / 6),
        ("squared_error", "many", "", 40 / 6),
        ("mse", "many", "model: {layers: [auto, 3, auto], activation: [relu, sigmoid]}", 0),
        ("poisson", "many", "", 0),
        ("mse", "text", "", 0),
    ],
)
def test_the_default_scaling_of_the_target(
    loss: str, target: str, rest: str, center: float, tmp_path: Path
) -> None:
    """Standardized for losses of numbers with an identity output, else as it is."""
    features = "features: [two]"
    prepared = prepare(config_for(tmp_path, TABLE, [f"target: {target}", features], f"loss: {loss}\n{rest}"))
    assert prepared.target.center[0] == pytest.approx(center, rel=1e-14)


@pytest.mark.parametrize(
    ("target", "rest", "message"),
    [
        ("text", "loss: binary_cross_entropy", "expected a loss for 3 classes, found binary_cross_entropy"),
        ("many", "class_weight: balanced", "class_weight is for classification, the task is regression"),
        (
            "two", "model: {layers: [1, 2, 1], activation: [relu, softmax]}",
            "expected an output activation for binary_cross_entropy, found softmax",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_with_the_data(target: str, rest: str, message: str, tmp_path: Path) -> None:
    """Only the data could tell: still an error of the config, at its place."""
    with pytest.raises(ConfigError) as caught:
        prepare(config_for(tmp_path, TABLE, [f"target: {target}", X], rest))
    assert caught.value.problems[0].message == message
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.line == 5


def test_counts_are_not_scaled_whatever_the_output(tmp_path: Path) -> None:
    config = config_for(tmp_path, TABLE, ["target: many", X])
    scales = [
        decide_scale(config.spec, "regression", loss, "identity").name for loss in (PoissonSpec(), MseSpec())
    ]
    assert scales == ["none", "standardize"]
