"""A wrong config is told all that is wrong with it at once, each problem with its place and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpcli.config.activation_spec import Fixed, Plain
from mlpcli.config.document import MAX_BYTES, parse_document
from mlpcli.config.load import Config, check, load_config
from mlpcli.config.nodes import MappingNode
from mlpcli.config.overrides import override
from mlpcli.errors import ConfigError, ExitCode, MlpError, Place, Problem
from tests.support.contract import OPTIMIZERS

BASE = "data: {train: x.csv, target: y}\n"
TABLE = Path(__file__).parents[1] / "reference" / "wrong_configs.txt"
# what stands in the table for lists that grow
LISTS = {
    "{optimizers}": ", ".join(OPTIMIZERS),
    "{activations}": ", ".join([*get_args(Plain), *get_args(Fixed), "leaky_relu", "elu"]),
}


def wrong_configs() -> list[tuple[str, list[str]]]:
    """The table's configs, without `data` where that is not the point, and the problems they are told."""
    cases = []
    for block in TABLE.read_text("utf-8").strip().split("\n\n"):
        config, *problems = block.split("\n=> ")
        cases.append((config, [with_lists(problem) for problem in problems]))
    return cases


def with_lists(text: str) -> str:
    """The text of the table with its lists written out."""
    for name, words in LISTS.items():
        text = text.replace(name, words)
    return text


def told(problem: Problem) -> str:
    """A problem as in the table: line, column and message, and the hint on a line of its own."""
    place = str(problem.place).removeprefix("c.yaml:").replace("c.yaml", "file")
    hint = f"\n   hint: {problem.hint}" if problem.hint else ""
    return f"{place}: {problem.message}{hint}"


def read(text: str) -> MappingNode:
    return parse_document(text.encode(), "c.yaml")


@pytest.mark.parametrize(
    ("config", "problems"), wrong_configs(), ids=lambda it: it if isinstance(it, str) else ""
)
def test_a_wrong_config_is_told_exactly_this(config: str, problems: list[str]) -> None:
    text = config if config.startswith("data:") else BASE + config
    with pytest.raises(ConfigError) as caught:
        check(read(text))
    assert [told(problem) for problem in caught.value.problems] == problems
    assert all(len(problem.lines()) <= 4 for problem in caught.value.problems)


def test_the_table_is_long_enough() -> None:
    assert len(wrong_configs()) > 200


def test_a_problem_as_it_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(BASE + "optimizer:\n  name: sgd\n  learning_rate: abc\n  beta1: 0.9\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.exit_code is ExitCode.CONFIG
    assert str(caught.value).split("\n") == [
        f"mlp: error: {path}:4:18: optimizer.learning_rate: expected a number above 0, found 'abc'",
        "    learning_rate: abc",
        "                   ^",
        f"mlp: error: {path}:5:3: sgd has no option `beta1`",
        "    beta1: 0.9",
        "    ^",
        "hint: known here: learning_rate, momentum, dampening, nesterov, weight_decay, rates",
    ]


def test_what_is_missing_is_told_at_the_key_above_it() -> None:
    with pytest.raises(ConfigError) as caught:
        check(read("seed: 1\ndata:\n  train: x.csv\n"))
    (problem,) = caught.value.problems
    assert problem == Problem(
        "the key `data.target` is missing",
        Place("c.yaml", 2, 1, "data:"),
        "write `target: COLUMN` below `data`: the column to predict",
    )


@pytest.mark.parametrize("text", ["", "# nothing", "seed: 1"])
def test_a_config_without_data_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(read(text))
    assert [told(problem) for problem in caught.value.problems] == [
        "file: the key `data` is missing\n"
        "   hint: write `data:` and below it `train: FILE.csv` and `target: COLUMN`"
    ]


def test_terminal_escapes_in_a_config_are_shown_harmless() -> None:
    with pytest.raises(ConfigError) as caught:
        check(read(BASE + 'loss: "\\e[31mred\\u202e"\n"\\e]52;x": 1'))
    assert not any(character in str(caught.value) for character in "\x1b\u202e")
    assert "\\x1b[31mred\\u202e" in str(caught.value)


FILES = [
    ("no_such.yaml", "expected a config file, found nothing there", None),
    ("penguin.yaml", "expected a config file, found nothing there", "did you mean {0}/penguins.yaml?"),
    ("nowhere/c.yaml", "expected a config file, found nothing there", "there is no directory {0}/nowhere"),
    ("directory", "expected a config file, found a directory", "did you mean {0}/directory/a.yaml?"),
    ("penguins.yaml/c.yaml", "the config file cannot be read: Not a directory", None),
    ("nul\0.yaml", "the config file cannot be read: embedded null byte", None),
    ("large.yaml", "expected a config of at most 4 MiB, found a larger file", None),
    ("utf16.yaml", "expected UTF-8 text, found UTF-16", "save the file as UTF-8"),
]


@pytest.mark.parametrize(("name", "message", "hint"), FILES, ids=[name for name, _, _ in FILES])
def test_a_file_that_is_no_config(tmp_path: Path, name: str, message: str, hint: str | None) -> None:
    (tmp_path / "penguins.yaml").write_text(BASE)
    (tmp_path / "large.yaml").write_text("#" * (MAX_BYTES + 1))
    (tmp_path / "utf16.yaml").write_text(BASE, "utf-16")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "a.yaml").touch()
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / name)
    path = tmp_path / name
    assert caught.value.problems == (Problem(message, Place(str(path)), hint and hint.format(tmp_path)),)


def loaded(text: str, *overrides: str) -> Config:
    root = read(text)
    for assignment in overrides:
        root = override(root, assignment)
    return Config(check(root), Path("c.yaml"), root)


def test_problems_of_others_find_their_place() -> None:
    config = loaded(
        "data:\n  train: x.csv\n  target: y\n  features: [a, b]\nmodel:\n  layers: [auto, 16, 3]\n", "l1=3"
    )
    places = {
        ("model", "layers", 2): "c.yaml:6:22",
        ("model", "layers"): "c.yaml:6:11",
        ("model", "activation", 0): "c.yaml:5:1",
        ("data", "features", "b"): "c.yaml:4:17",
        ("training", "epochs"): "c.yaml",
        ("l1",): "--set l1=3",
    }
    for key, place in places.items():
        problem = config.problem(key, "expected this, found that", "do this")
        assert isinstance(problem, ConfigError)
        assert problem.problems == (
            Problem("expected this, found that", problem.problems[0].place, "do this"),
        )
        assert str(problem.problems[0].place) == place


def test_input_paths_are_relative_to_the_config_and_those_of_the_command_line_to_here(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "data: {train: ../d/x.csv, target: y, validation: /abs/v.csv}\nmodel: {init: {from: ~/w.npz}}\n"
    )
    config = load_config(path, ["data.test=t.csv"])
    assert config.input_path(("data", "train")) == tmp_path / "../d/x.csv"
    assert config.input_path(("data", "validation")) == Path("/abs/v.csv")
    assert config.input_path(("data", "test")) == Path("t.csv")
    assert config.input_path(("model", "init", "from")) == tmp_path / "~/w.npz"
    with pytest.raises(KeyError):
        config.input_path(("data", "id"))


def test_the_document_is_the_config_as_written() -> None:
    text = """
        seed: 3
        data: {train: x.csv, target: 1.50, features: [010, 5, yes], na_values: [null, ~, -1], weight: null}
        class_weight: {0: 1, 1.0: 1e1}
        optimizer: {learning_rate: 1e-3}
        output: runs/x
    """
    assert loaded(text, "l2=0.5").document == {
        "seed": 3,
        "data": {
            "train": "x.csv",
            "target": "1.50",
            "features": ["010", 5, "yes"],
            "na_values": [None, "~", -1],
            "weight": None,
        },
        "class_weight": {"0": 1, "1.0": 10.0},
        "optimizer": {"learning_rate": 0.001},
        "output": "runs/x",
        "l2": 0.5,
    }


@pytest.mark.parametrize("optimizer", ["bfgs", "lbfgs", "rprop"])
def test_full_batch_optimizers_have_the_full_batch(tmp_path: Path, optimizer: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(BASE + f"optimizer: {optimizer}\n")
    assert load_config(path).spec.training.batch_size == "full"


SCALARS = """
a y 1 0 -1 0.5 1e400 010 inf true no null ~ auto relu softmax sgd lbfgs step mse hinge val_loss r2 full
'' '1' x.csv balanced classification from one_hot ordinal
"""
OPTIONS = """
name a encode missing from divide constant column value categories
"""
VALUES = st.recursive(
    st.sampled_from(SCALARS.split()),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(OPTIONS.split()), inner, max_size=3).map(
            lambda options: f"{{{', '.join(f'{key}: {value}' for key, value in options.items())}}}"
        )
    ),
    max_leaves=6,
)
KEYS = """
seed data.target data.task data.features data.target_scale data.target_transform data.target_clip
data.target_parse data.exclude data.id data.weight data.validation data.test data.stratify data.group
data.order data.positive data.missing
data.na_values data.separator data.decimal data.encoding model model.layers model.activation model.init
model.bias model.dropout loss class_weight l1 l2 optimizer optimizer.name optimizer.momentum schedule
schedule.name schedule.warmup training training.epochs training.batch_size training.shuffle
training.clip_norm training.dtype training.early_stopping training.early_stopping.monitor
training.metrics training.checkpoint_every output data lr model.foo
"""


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS.split()), VALUES), max_size=6))
def test_whatever_the_values_a_config_is_read_or_refused(values: list[tuple[str, str]]) -> None:
    try:
        loaded(BASE, *(f"{key}={value}" for key, value in values))
    except MlpError as error:
        assert isinstance(error, ConfigError)
        assert error.problems
        for problem in error.problems:
            assert "another value" not in problem.message
            assert len(problem.lines()) <= 4


def test_a_wrong_config_costs_neither_numpy_nor_pandas(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(BASE + "lr: 1")
    code = (
        "import sys, pathlib\n"
        "from mlpcli.config.load import load_config\n"
        "from mlpcli.errors import ConfigError\n"
        "try:\n    load_config(pathlib.Path(sys.argv[1]))\n"
        "except ConfigError:\n"
        "    print(*{'numpy', 'pandas', 'scipy', 'matplotlib', 'rich'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


BUILT = """
import pathlib, sys
from typing import get_args
from mlpcli.config.load import load_config
from mlpcli.config.optimizer_spec import OptimizerSpec
load_config(pathlib.Path(sys.argv[1]))
print(*(model.__name__ for model in get_args(get_args(OptimizerSpec)[0]) if model.__pydantic_complete__))
"""


@pytest.mark.parametrize(("line", "built"), [("", "AdamSpec"), ("optimizer: rprop", "AdamSpec RpropSpec")])
def test_of_a_choice_only_the_default_and_what_a_config_names_is_built(
    tmp_path: Path, line: str, built: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(BASE + line)
    done = subprocess.run(
        [sys.executable, "-c", BUILT, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == built.split()


AT_ONCE = """
import threading
from mlpcli.config.from_python import config_of
start, wrong = threading.Barrier(8), []

def read():
    start.wait()
    try:
        config_of({"data": {"train": "t.csv", "target": "y"}, "optimizer": {"name": "sgd", "momentum": 0.5}})
    except Exception as error:
        wrong.append(error)

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(wrong)
"""


def test_threads_that_name_an_option_for_the_first_time_at_once_all_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
