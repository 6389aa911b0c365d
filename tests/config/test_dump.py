"""The resolved config reads back to the same spec, from the directory that it is written for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpcli.config.document import parse_document
from mlpcli.config.dump import dump_resolved, input_keys
from mlpcli.config.load import Config, check, load_config
from mlpcli.config.spec import Spec

RUN = Path("/project/runs/a")


def loaded(text: str, path: Path) -> Config:
    root = parse_document(text.encode(), str(path))
    return Config(check(root), path, root)


def without_paths(spec: Spec) -> dict[str, Any]:
    """The settings that a resolved config repeats as they are."""
    settings = spec.model_dump(exclude={"output": True, "data": {"train"}})
    for part in ("validation", "test"):
        if isinstance(settings["data"][part], str):
            del settings["data"][part]
    settings["model"]["init"].pop("path", None)
    return settings


def files(config: Config) -> list[str]:
    return [os.path.normpath(config.input_path(key)) for key in input_keys(config.spec)]


def assert_reads_back(config: Config) -> None:
    text = dump_resolved(config, RUN)
    again = loaded(text, RUN / "config.yaml")
    assert without_paths(again.spec) == without_paths(config.spec)
    assert files(again) == files(config)
    assert dump_resolved(again, RUN) == text


TRICKY = """
no on off yes y 010 1e3 1.50 12:30 2024-01-01 null ~ true True 0x10 1_000 inf .nan - ? : = << -- --- ...
"""
SPECIAL = [
    "",
    " ",
    "- a",
    "a: b",
    "a :b",
    "#x",
    "a #b",
    " x ",
    "'",
    '"',
    "\\",
    "a\nb",
    "\n",
    "\t",
    "!x",
    "&x",
    "*x",
]
SIGNS = [
    "%",
    "@",
    "`",
    "{",
    "]",
    ",",
    "|",
    ">",
    "é",
    "\u2028",
    "\x85",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "😀",
    "x" * 300,
]
TEXTS = st.sampled_from([text for text in TRICKY.split() + SPECIAL + SIGNS if text]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)
PATHS = st.sampled_from(
    ["x.csv", "../a b/é.csv", "/abs/x.csv", "1e3", "no", "- x.tsv", "#x", "~/x.csv", "a: b", "./010"]
)
RATES = st.floats(1e-300, 1e300, exclude_min=True)
FACTORS = {"bias": RATES, "weight": RATES | st.just("fan_in")}
NAMES = st.lists(TEXTS, min_size=1, max_size=4, unique=True)


def choice(name: str, **options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"name": st.just(name)}, optional=options)


MISSING = st.sampled_from(["error", "mean", "drop"]) | st.fixed_dictionaries({"constant": TEXTS})
ORDINAL = st.fixed_dictionaries({"name": st.just("ordinal"), "categories": NAMES})
SEPARATORS = st.sampled_from([",", ".", " ", "'"])
DECORATION = st.fixed_dictionaries(
    {"thousands": SEPARATORS},
    optional={"prefix": TEXTS.map("~{}~".format), "suffix": TEXTS.map("%{}".format)},
)
ENCODING = st.sampled_from(["one_hot", None]) | ORDINAL
FEATURES = NAMES | st.dictionaries(
    TEXTS,
    ENCODING
    | st.fixed_dictionaries({}, optional={"encode": ENCODING, "missing": MISSING})
    | st.fixed_dictionaries({"parse": DECORATION}, optional={"encode": st.sampled_from(["none", "log1p"])}),
    min_size=1,
    max_size=3,
)
PART = (
    st.none()
    | st.floats(0, 0.4, exclude_min=True)
    | PATHS
    | st.fixed_dictionaries({"column": st.just("in this part"), "value": TEXTS})
)
DATA = st.fixed_dictionaries(
    {"train": PATHS, "target": st.just("the target")},
    optional={
        "features": FEATURES,
        "target_scale": st.sampled_from(["none", "minmax"]) | st.fixed_dictionaries({"divide": RATES}),
        "target_transform": st.sampled_from(["none", "log1p"]),
        "target_clip": st.booleans(),
        "target_parse": DECORATION | st.fixed_dictionaries({"the target": DECORATION}),
        "id": st.just(["an id"]),
        "validation": PART,
        "missing": MISSING,
        "na_values": NAMES,
        "separator": st.sampled_from([";", "\t", "|", " ", "#", "~"]),
        "encoding": st.sampled_from(["utf-8", "latin-1", "1252"]),
    },
)
MODEL = st.fixed_dictionaries(
    {},
    optional={
        "layers": st.just(["auto", 10, 20, "auto"]),
        "activation": choice("elu", alpha=RATES, learnable=st.booleans())
        | st.just(["relu", {"name": "leaky_relu", "slope": 1e-5}, "tanh"]),
        "init": st.sampled_from(["zeros", "data_driven", {"name": "normal", "std": 1e-7, "biases": True}])
        | st.fixed_dictionaries({"from": PATHS}),
        "dropout": st.just(1e-20)
        | st.just([0.1, 0])
        | st.sampled_from([{"rate": 0.1, "schedule": "cosine"}, {"rate": [0.1, 0]}]),
        "normalization": choice("batch_norm", epsilon=RATES) | st.sampled_from(["layer_norm", None]),
        "residual": st.just(False),
        "numeric_embedding": choice("periodic", std=RATES) | st.just("periodic"),
        "scaling": st.booleans(),
    },
)
SPECS = st.fixed_dictionaries(
    {"data": DATA},
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "model": MODEL,
        "loss": choice("huber", delta=RATES) | choice("squared_error", factor=RATES),
        "l2": RATES,
        "optimizer": choice("sgd", learning_rate=RATES, rates=st.fixed_dictionaries({}, optional=FACTORS))
        | choice("adamw", weight_decay=RATES | st.just({"amount": 0.1, "schedule": "flat_cos"}))
        | choice("lbfgs", tolerance=RATES)
        | st.just("rprop"),
        "schedule": st.sampled_from(
            ["coslog", "flat_cos", {"name": "cosine", "per": "update"}, {"name": "coslog", "cycles": 2}]
        ),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "dtype": st.just("float64"),
                "shuffle": st.booleans(),
                "metrics": st.just(["mae", "r2"]),
                "average": st.just({"ema": 0.9}),
            },
        ),
        "output": PATHS,
    },
)


@settings(deadline=None)
@given(SPECS)
def test_what_is_written_reads_back_to_the_same(config: dict[str, Any]) -> None:
    if "lbfgs" in json.dumps(config.get("optimizer")):  # which does not go with any of these
        config.get("model", {}).pop("dropout", None)
        config.get("training", {}).pop("average", None)
        config.pop("schedule", None)
    text = json.dumps(config)
    # JSON escapes what lies beyond the first plane in two halves, YAML in one piece
    for character in {sign for sign in json.dumps(config, ensure_ascii=False) if ord(sign) > 0xFFFF}:
        text = text.replace(json.dumps(character)[1:-1], f"\\U{ord(character):08x}")
    assert_reads_back(loaded(text, Path("/project/configs/c.yaml")))


@settings(deadline=None)
@given(st.dictionaries(TEXTS, RATES, min_size=1, max_size=5))
def test_classes_keep_their_names(weights: dict[str, float]) -> None:
    spec = Spec.model_validate({"data": {"train": "x.csv", "target": "y"}, "class_weight": weights})
    root = parse_document(b"data: {train: x.csv, target: y}", "/project/c.yaml")
    config = Config(spec, Path("/project/c.yaml"), root)
    text = dump_resolved(config, RUN)
    assert loaded(text, RUN / "config.yaml").spec.class_weight == weights


WRITTEN = """\
seed: 0
data:
  train: ../../data/x.csv
  target: ['010']
  features:
    a: standardize
    b: {encode: standardize, missing: {constant: "1e3"}}
    no: null
    d: {name: ordinal, categories: [low, 'yes', "2"]}
  exclude: []
  id: []
  weight: w
  validation: {column: part, value: val}
  missing: error
  na_values: [NA, "null"]
  decimal: .
  encoding: utf-8
  cache: auto
model:
  layers: [auto, 64, 32, auto]
  activation: relu
  init: {from: ../../configs/w.npz}
  bias: true
  dropout: 0.0
  residual: false
  scaling: false
loss: {name: huber, delta: 1.0, reduction: mean}
class_weight: {"0": 1.0, 'no': 5.0}
l1: 0.0
l2: 1.0e-05
optimizer: {name: adam, learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-08, weight_decay: 0.0}
schedule: {name: constant, warmup: 0}
training:
  epochs: 100
  batch_size: 32
  parts: auto
  shuffle: true
  early_stopping: {monitor: val_loss, patience: 20, min_delta: 0.0, keep: first}
  refit: false
  checkpoint_every: 1
"""
CONFIG = """
data:
  train: ../data/x.csv
  target: 010
  features:
    a: standardize
    b: {encode: standardize, missing: {constant: 1e3}}
    no:
    d: {encode: ordinal, categories: [low, yes, 2]}
  weight: w
  validation: {column: part, value: val}
  na_values: [NA, null]
model: {init: {from: w.npz}}
loss: huber
class_weight: {0: 1, no: 5}
l2: 1e-5
training: {early_stopping: {}}
output: somewhere
"""


def test_a_resolved_config_names_every_default() -> None:
    written = dump_resolved(loaded(CONFIG, Path("/project/configs/c.yaml")), RUN)
    assert written == WRITTEN.replace("    no: null", "    'no': null")


@pytest.mark.parametrize("optimizer", ["bfgs", "lbfgs", "rprop"])
def test_full_batch_optimizers_read_back(tmp_path: Path, optimizer: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"data: {{train: x.csv, target: y}}\noptimizer: {optimizer}\n")
    config = load_config(path)
    (tmp_path / "again.yaml").write_text(dump_resolved(config, tmp_path))
    assert load_config(tmp_path / "again.yaml").spec == config.spec


def test_paths_from_the_command_line_are_rewritten_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "c.yaml"
    path.write_text("data: {train: x.csv, target: y}")
    text = dump_resolved(load_config(path, ["data.validation=v.csv"]), tmp_path / "runs" / "r")
    assert "  train: ../../x.csv\n" in text
    assert "  validation: ../../here/v.csv\n" in text


def test_paths_lead_out_of_a_linked_run_directory(tmp_path: Path) -> None:
    (tmp_path / "disk" / "runs").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "x.csv").write_text("a,y\n")
    (tmp_path / "project" / "runs").symlink_to(tmp_path / "disk" / "runs")
    path = tmp_path / "project" / "c.yaml"
    path.write_text("data: {train: x.csv, target: y}")
    run = tmp_path / "project" / "runs" / "r"
    run.mkdir()
    (run / "config.yaml").write_text(dump_resolved(load_config(path), run))
    again = load_config(run / "config.yaml")
    assert again.input_path(("data", "train")).read_text() == "a,y\n"
