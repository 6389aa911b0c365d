"""A study file: read as configs are, its space checked against the language of configs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mlpcli.commands.schema import study_schema
from mlpcli.config.document import parse_document
from mlpcli.config.load import plain
from mlpcli.errors import ConfigError
from mlpcli.searching.dimensions import Choices, Own, Range, flow_text
from mlpcli.searching.space import with_value
from mlpcli.searching.study_file import StudyFile, load_study
from mlpcli.searching.trial_config import config_with
from tests.support.config_runs import CONFIGS, ROOT
from tests.support.running import mlp, ok, write_config, write_table

README = (ROOT / "README.md").read_text("utf-8")

SPACE = "space:\n  l2: {low: 1e-6, high: 1e-2, log: true}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a table and a config that validates."""
    directory = tmp_path_factory.mktemp("study")
    write_table(directory)
    write_config(directory / "c.yaml", data={"validation": 0.25})
    write_config(directory / "blind.yaml")
    return directory


def loaded(place: Path, text: str) -> StudyFile:
    path = place / "study.yaml"
    path.write_text(f"config: c.yaml\n{text}", "utf-8")
    return load_study(path)


def one(place: Path, key: str, what: str) -> Any:
    (dimension,) = loaded(place, f"space:\n  {key}: {what}\n").space
    return dimension


def test_only_the_config_and_the_space_are_required(place: Path) -> None:
    study = loaded(place, SPACE)
    assert study.spec.metric == "val_loss"
    assert not study.maximizes
    assert (study.spec.sampler.name, study.spec.pruner.name, study.cuts_folds) == ("tpe", "none", False)


def test_the_direction_is_that_of_the_metric(place: Path) -> None:
    assert loaded(place, f"metric: val_accuracy\n{SPACE}").maximizes
    assert not loaded(place, f"metric: val_log_loss\n{SPACE}").maximizes


def test_folds_are_those_of_the_config(place: Path) -> None:
    study = loaded(place, f"folds: 3\n{SPACE}")
    assert study.base.spec.folds == 3


@pytest.mark.parametrize(
    ("key", "what", "whole"),
    [
        ("training.batch_size", "{low: 4, high: 32, log: true}", True),
        ("training.epochs", "{low: 2, high: 8, step: 2}", True),
        ("model.dropout", "{low: 0, high: 0.5}", False),
        ("optimizer.learning_rate", "{low: 1e-4, high: 1}", False),
        ("l2", "{low: 0, high: 1}", False),
        ("seed", "{low: 0, high: 9e18}", True),
    ],
)
def test_a_range_has_whole_numbers_where_the_key_takes_no_others(
    place: Path, key: str, what: str, whole: bool
) -> None:
    dimension = one(place, key, what)
    assert isinstance(dimension, Range)
    assert dimension.whole is whole


def test_the_value_of_a_range_is_the_config_s_own_where_it_is_within(place: Path) -> None:
    assert one(place, "optimizer.learning_rate", "{low: 1e-4, high: 1e-1}").own.value == 1e-3
    assert one(place, "training.epochs", "{low: 1, high: 9, step: 2}").own.value == 3
    assert one(place, "training.epochs", "{low: 2, high: 8, step: 2}").own is None
    assert one(place, "l2", "{low: 1e-6, high: 1e-2, log: true}").own is None
    assert one(place, "training.early_stopping.patience", "{low: 2, high: 8}").own is None


def test_the_items_of_a_list_are_keys(place: Path) -> None:
    write_config(place / "layers.yaml", data={"validation": 0.25}, model={"layers": ["auto", 6, "auto"]})
    path = place / "items.yaml"
    path.write_text("config: layers.yaml\nspace: {model.layers.1: {low: 4, high: 8}}\n", "utf-8")
    (dimension,) = load_study(path).space
    assert isinstance(dimension, Range)
    assert (dimension.whole, dimension.own) == (True, Own(6))


def test_choices_may_be_anything(place: Path) -> None:
    dimension = one(
        place, "model.layers", '{choices: [[auto, 4, auto], "[auto, 8, auto]", [auto, 64, 32, auto]]}'
    )
    assert isinstance(dimension, Choices)
    assert dimension.all() == ["[auto, 4, auto]", "[auto, 8, auto]", "[auto, 64, 32, auto]"]
    assert dimension.own.value == "[auto, 64, 32, auto]"
    assert one(place, "optimizer", "{choices: [adam, {name: sgd, momentum: 0.9}]}").all() == [
        "adam",
        "{name: sgd, momentum: 0.9}",
    ]
    assert one(place, "training.shuffle", "{choices: [true, false]}").all() == [True, False]
    assert one(place, "training.clip_norm", "{choices: [null, 1.0]}").all() == [None, 1.0]


def test_the_config_s_own_value_is_one_more_choice(place: Path) -> None:
    dimension = one(place, "model.layers", "{choices: [[auto, 4, auto], [auto, 8, auto]]}")
    assert dimension.all()[-1] == dimension.own.value == "[auto, 64, 32, auto]"


def test_what_optuna_has_of_a_choice_leads_back_to_it(place: Path) -> None:
    study = loaded(
        place, 'space:\n  data.features: {choices: [{"a b": one_hot, length: none}, [length, "1"]]}\n'
    )
    (dimension,) = study.space
    for value in dimension.all():
        assert flow_text(dimension.node(value)) == value
        assert with_value(study.base, dimension.path, dimension.node(value), dimension.place)


def test_what_is_above_a_key_is_tried_before_it(place: Path) -> None:
    """In whichever order they are written: else the one below would never have been tried."""
    ranges = "  optimizer.learning_rate: {low: 1e-3, high: 1}\n"
    names = "  optimizer: {choices: [adam, sgd]}\n"
    for space in (ranges + names, names + ranges):
        study = loaded(place, f"space:\n{space}")
        optimizer: Any = config_with(
            study, {"optimizer.learning_rate": 0.5, "optimizer": "sgd"}
        ).spec.optimizer
        assert (optimizer.name, optimizer.learning_rate) == ("sgd", 0.5)


def test_what_makes_scores_that_do_not_compare_is_known(place: Path) -> None:
    rows = "  data.validation: {low: 0.1, high: 0.4}\n"
    units = "  loss: {choices: [cross_entropy, {name: cross_entropy, label_smoothing: 0.1}]}\n"
    study = loaded(place, f"space:\n{rows}{units}")
    assert (study.judging_otherwise, study.in_other_units) == (["data.validation"], ["loss"])
    study = loaded(place, f"metric: val_accuracy\nspace:\n  class_weight.ash: {{low: 1, high: 2}}\n{units}")
    assert (study.judging_otherwise, study.in_other_units) == ([], [])


def test_a_name_with_a_dot_is_quoted(place: Path) -> None:
    dimension = one(place, "'class_weight.\"ash.1\"'", "{low: 1, high: 2}")
    assert dimension.path == ("class_weight", "ash.1")


RATE = "optimizer.learning_rate"
WRONG = {
    "metric: accuracy\n": "study.yaml:2:9: metric: expected a quantity on the validation rows, found",
    "metric: val_acc\n": "hint: it is called `val_accuracy` here",
    "sampler: bayes\n": "study.yaml:2:10: sampler: expected a sampler, found 'bayes'",
    "sampler: {name: tpe, startups: 3}\n": "hint: did you mean `startup`?",
    "pruner: wilcoxon\n": "study.yaml:2:9: pruner: wilcoxon is for folds, of which there are none",
    "folds: 3\npruner: median\n": "study.yaml:3:9: pruner: median is not for folds",
    "cv: 3\n": "unknown key `cv`: it is called `folds` here",
    "trials: 100\n": "hint: `mlp search STUDY --trials N` says how many",
    "direction: maximize\n": "hint: a metric has its own: more of an accuracy is better",
    "seed: -1\n": "seed: expected a whole number",
}
WRONG_SPACE = {
    "optimizer.lr: {low: 1e-4, high: 1}": f"unknown key `optimizer.lr`: it is called `{RATE}` here",
    "modle.layers: {choices: [[auto, 4, auto]]}": "study.yaml:3:3: unknown key `modle`",
    "optimizer.learning_rate: {low: 1e-4}": "expected `low` and `high`, or `choices`",
    "optimizer.learning_rate: {low: 1, high: 1e-4}": f"study.yaml:3:43: space.{RATE}: expected `high` above",
    "optimizer.learning_rate: {low: 0, high: 1, log: true}": "with `log` expected `low` above 0",
    "optimizer.learning_rate: {low: -1, high: 1}": f"study.yaml:3:34: {RATE}: expected a number above 0",
    "model.dropout: {low: 0, high: 1}": "study.yaml:3:33: model.dropout: expected a number of at least 0",
    "model.dropout: {low: 0.1, high: 0.5, step: 0.3}": "hint: write `high: 0.4`",
    "l2: {low: 0.1, high: 0.5, step: 0.1, log: true}": "`log` and `step` exclude each other",
    "l2: {low: 0.1, choices: [1]}": "`choices` and `low` exclude each other",
    "l2: {choices: [1], log: true}": "`choices` and `log` exclude each other",
    "l2: {choices: [0.1, -1]}": "study.yaml:3:23: l2: expected a number of at least 0, found -1",
    "l2: {choices: [0.1, 0.10]}": "space.l2: this choice is given twice",
    "l2: {choices: []}": "expected something to choose from",
    "l2: {choices: 3}": "expected a list, found 3",
    "training.batch_size: {choices: [16, many]}": "study.yaml:3:39: training.batch_size: expected a whole",
    "loss: {choices: [mse, hinge]}": None,
    "'l2.': {choices: [1]}": "expected a dotted key of the config, found `l2.`",
    "l2: 3": "expected a mapping, found 3",
    "l2: [0.1, 1]": "hint: write `{low: 1e-4, high: 1e-1, log: true}` or `{choices: [16, 32]}`",
    "l2: {min: 0.1, high: 1}": "unknown key `space.l2.min`: it is called `space.l2.low` here",
    "l2: {type: float, low: 0.1, high: 1}": "hint: leave it out: ",
    "optimizer: {learning_rate: {low: 0.1, high: 1}}": "hint: write keys in one word",
    "training.batch_size: {low: 8, high: 16, step: 0.5}": "study.yaml:3:49: space.tra",
    "output: {choices: [a, b]}": "output is nothing to try",
    "data.validation: {choices: [0.2, null]}": "so there are no validation rows to choose by",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_study_file_is_said_with_its_place(place: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(place, text + SPACE)
    assert WRONG[text] in str(caught.value)


@pytest.mark.parametrize("text", WRONG_SPACE)
def test_what_is_wrong_with_a_space_is_said_with_its_place(place: Path, text: str) -> None:
    expected = WRONG_SPACE[text]
    if expected is None:  # each by itself would do: whether they go together, a trial finds out
        loaded(place, f"space:\n  {text}\n")
        return
    with pytest.raises(ConfigError) as caught:
        loaded(place, f"space:\n  {text}\n")
    assert expected in str(caught.value)
    assert "study.yaml:3" in str(caught.value)


def test_all_that_is_wrong_with_a_space_is_said_at_once(place: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(place, "space:\n  l2: {low: -1, high: 1}\n  l1: {choices: [1, a, b]}\n")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("text", ["space: {}\n", "space:\n"])
def test_a_study_without_a_space_is_none(place: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="space"):
        loaded(place, text)


def test_a_config_is_no_study(place: Path) -> None:
    with pytest.raises(ConfigError, match="expected a study file, found a config"):
        load_study(place / "c.yaml")


def test_what_is_required_is_said(place: Path) -> None:
    path = place / "empty.yaml"
    path.write_text("metric: val_loss\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_study(path)
    assert "the key `config` is missing" in str(caught.value)
    assert "the key `space` is missing" in str(caught.value)


def test_a_config_that_is_not_there(place: Path) -> None:
    path = place / "lost.yaml"
    path.write_text(f"config: nowhere.yaml\n{SPACE}", "utf-8")
    with pytest.raises(ConfigError, match="expected a config file, found nothing at"):
        load_study(path)


def test_without_validation_rows_there_is_nothing_to_choose_by(place: Path) -> None:
    path = place / "blind_study.yaml"
    path.write_text(f"config: blind.yaml\nmetric: val_loss\n{SPACE}", "utf-8")
    with pytest.raises(ConfigError, match="test rows are not for choosing"):
        load_study(path)


def test_a_grid_needs_what_can_be_counted(place: Path) -> None:
    with pytest.raises(ConfigError, match="a grid needs a `step` here"):
        loaded(place, f"sampler: grid\n{SPACE}")
    grid = "  model.dropout: {low: 0, high: 0.5, step: 0.1}\n  training.batch_size: {low: 4, high: 6}\n"
    study = loaded(place, f"sampler: grid\nspace:\n{grid}")
    assert study.grid == 18
    assert [*study.space[0].all()] == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert loaded(place, SPACE).grid is None


def test_the_schema_of_study_files_knows_them() -> None:
    validator = Draft202012Validator(study_schema())
    Draft202012Validator.check_schema(study_schema())
    root = parse_document((CONFIGS / "studies" / "concrete.yaml").read_bytes(), "study")
    shipped = plain(root, lambda node: node.value)
    assert not list(validator.iter_errors(shipped))
    assert list(validator.iter_errors({**shipped, "metric": "rmse"}))
    assert list(validator.iter_errors({**shipped, "pruner": {"name": "median", "warm": 3}}))
    printed = ok("schema", "--study").document()
    assert printed == study_schema()
    assert mlp("schema", "--study", "--report").code == 2
    assert load_study(CONFIGS / "studies" / "concrete.yaml").cuts_folds


def test_the_readme_shows_a_study_that_is_one(place: Path) -> None:
    shown = next(block for block in README.split("```yaml\n") if block.startswith("config: ")).split("```")[0]
    path = place / "shown.yaml"
    path.write_text(shown.replace("../concrete.yaml", str(CONFIGS / "concrete.yaml")), "utf-8")
    assert load_study(path).spec.metric == "val_rmse"
