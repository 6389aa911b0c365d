"""`--set KEY=VALUE` changes one setting, and a mistake in it is told as it was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli.config.document import parse_document
from mlpcli.config.load import Config, check, load_config
from mlpcli.config.nodes import MappingNode
from mlpcli.config.overrides import override
from mlpcli.errors import ConfigError, Problem, UsageError

BASE = "data: {train: x.csv, target: y}\n"


def read(text: str) -> MappingNode:
    return parse_document(text.encode(), "c.yaml")


def loaded(text: str, *overrides: str) -> Config:
    root = read(text)
    for assignment in overrides:
        root = override(root, assignment)
    return Config(check(root), Path("c.yaml"), root)


OVERRIDES = [
    ("seed=7", "seed", 7),
    ("training.epochs=1", "training.epochs", 1),
    ("optimizer=sgd", "optimizer.name", "sgd"),
    ("optimizer.learning_rate=1e-3", "optimizer.learning_rate", 0.001),
    ("optimizer={name: lion, beta1: 0.5}", "optimizer.beta1", 0.5),
    ("model.layers=[auto, 3, auto]", "model.layers", ("auto", 3, "auto")),
    ("model.layers.1=7", "model.layers", ("auto", 7, "auto")),
    ("model.init.std=0.5", "model.init.std", 0.5),
    ("model.init.from=w.npz", "model.init.path", "w.npz"),
    ("data.missing.constant=010", "data.missing.value", "010"),
    ("data.target=no", "data.target", ("no",)),
    ('data.features."a.b=c"=one_hot', "data.features", ["a", "a.b=c"]),
    ("data.validation=", "data.validation", None),
    ("data.validation={column: s, value: 1}", "data.validation.value", "1"),
    ("training.early_stopping.patience=3", "training.early_stopping.patience", 3),
    ("loss.delta=2", "loss.delta", 2.0),
    ("class_weight.no=2", "class_weight", {"no": 2.0}),
    ("schedule.warmup=2", "schedule.warmup", 2),
    ("data.features.a.missing=median", "data.features", ["a"]),
]
CONFIG = """
data: {train: x.csv, target: y, features: {a: none}, validation: v.csv, missing: error}
model: {layers: [auto, 5, auto], init: normal}
loss: huber
training:
  early_stopping: null
"""


@pytest.mark.parametrize(("assignment", "attribute", "value"), OVERRIDES, ids=[it[0] for it in OVERRIDES])
def test_set_changes_one_setting(assignment: str, attribute: str, value: object) -> None:
    text = CONFIG.replace("loss: huber", "") if assignment.startswith("class_weight") else CONFIG
    changed: object = loaded(text, assignment).spec
    for name in attribute.split("."):
        changed = getattr(changed, name)
    assert (list(changed) if isinstance(changed, dict) and isinstance(value, list) else changed) == value


def test_the_last_set_wins_and_the_command_lines_seed_most_of_all(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("seed: 1\n" + BASE)
    assert load_config(path).spec.seed == 1
    assert load_config(path, ["seed=2", "seed=3"]).spec.seed == 3
    assert load_config(path, ["seed=3"], seed=4).spec.seed == 4


WRONG_OVERRIDES = [
    ("lr=0.1", "--set lr=0.1: unknown key `lr`: it is called `optimizer.learning_rate` here", None),
    (
        "optimizer.learning_rate=x",
        "--set optimizer.learning_rate=x: optimizer.learning_rate: expected a number above 0, found 'x'",
        None,
    ),
    (
        "training.epochs=[1",
        "--set training.epochs=[1: expected `,` or `]`",
        "a list ends with `]`, a mapping with `}`",
    ),
    ("seed=*x", "--set seed=*x: aliases are not supported", "write the value out, or quote a text with `*`"),
    (
        "model.layers.5=1",
        "--set model.layers.5=1: expected the number of a list item, 0 to 2, found '5'",
        "set the whole list instead: --set KEY=[1, 2, 3]",
    ),
    (
        "model.layers.x=1",
        "--set model.layers.x=1: expected the number of a list item, 0 to 2, found 'x'",
        "set the whole list instead: --set KEY=[1, 2, 3]",
    ),
    ("modl.layers=[1]", "--set modl.layers=[1]: unknown key `modl`", "did you mean `model`?"),
    (
        "data.target.x=1",
        "--set data.target.x=1: data.target: expected a column name or a list of them, found a mapping",
        None,
    ),
]


@pytest.mark.parametrize(
    ("assignment", "message", "hint"), WRONG_OVERRIDES, ids=[it[0] for it in WRONG_OVERRIDES]
)
def test_a_wrong_set_is_told_as_it_was_typed(assignment: str, message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(CONFIG, assignment)
    (problem,) = caught.value.problems
    assert (f"{problem.place}: {problem.message}", problem.hint) == (message, hint)
    assert problem.lines()[1:] == ([f"hint: {hint}"] if hint else [])


@pytest.mark.parametrize("before", ["data.test=0.2", "data.test=t.csv", "seed=1"])
def test_what_was_not_typed_is_not_named(before: str) -> None:
    """A fraction or a path is no choice by name: an unknown key takes its place."""
    with pytest.raises(ConfigError) as caught:
        loaded(BASE + "seed: 2", before, "data.test.group=x")
    assert [f"{problem.place}: {problem.message}" for problem in caught.value.problems] == [
        "--set data.test.group=x: the key `data.test.column` is missing",
        "--set data.test.group=x: the key `data.test.value` is missing",
        "--set data.test.group=x: unknown key `data.test.group`",
    ]


def test_the_weight_of_a_class_takes_the_place_of_a_word() -> None:
    assert loaded(BASE + "class_weight: balanced", "class_weight.no=2").spec.class_weight == {"no": 2.0}


def test_an_option_leaves_the_encoding_that_a_word_named() -> None:
    (feature,) = (loaded(CONFIG, "data.features.a.missing=median").spec.data.features or {}).values()
    assert feature.encode is not None
    assert (feature.encode.name, feature.missing and feature.missing.policy) == ("none", "median")


def test_an_empty_list_has_no_items() -> None:
    config = override(read(CONFIG), "data.exclude=[]")
    with pytest.raises(ConfigError, match="the number of a list item, of which there are none, found '0'"):
        override(config, "data.exclude.0=x")


@pytest.mark.parametrize("assignment", ["", "lr", "=1", ".=1", "a..b=1", "a.=1", '"a=1', 'a"b"=1'])
def test_a_set_without_key_or_value_is_wrong_usage(assignment: str) -> None:
    with pytest.raises(UsageError) as caught:
        override(read(CONFIG), assignment)
    assert caught.value.problems == (
        Problem(
            f"expected --set KEY=VALUE, found '{assignment}'",
            hint="for example --set optimizer.learning_rate=0.01",
        ),
    )


def test_a_set_cannot_nest_for_ever() -> None:
    with pytest.raises(ConfigError, match="expected at most 16 levels of nesting, found 1000"):
        override(read(CONFIG), ".".join("a" * 1000) + "=1")
