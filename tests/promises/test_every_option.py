"""Every key of the configuration language is accepted, and another value of it trains another model."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlpcli.config.spec import Spec
from tests.support.running import NO_EPOCHS, ok, write_config, write_table

DEFINITIONS: dict[str, Any] = {"Spec": Spec.model_json_schema(), **Spec.model_json_schema()["$defs"]}
# what a choice needs before its options mean something
NEEDED: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "learning_rate": 0.1},
    "rprop": {},
    "step": {"every": 2, "factor": 0.5},
    "exponential": {"decay": 0.9},
    "one_cycle": {"peak": 0.02},
    "plateau": {"monitor": "val_accuracy", "patience": 1},
    "bfgs": {"iterations": 5},
    "lbfgs": {"iterations": 5},
}
# another value than the one that the base has, by option, or by choice and option
OTHER: dict[str, Any] = {
    "reduction": "sum",
    "learning_rate": 0.03,
    "momentum": 0.5,
    "beta1": 0.5,
    "beta2": 0.5,
    "rho": 0.5,
    "epsilon": 0.1,
    "dampening": 0.3,
    "weight_decay": 0.3,
    "learning_rate_decay": 0.3,
    "initial_accumulator": 0.3,
    "momentum_decay": 0.3,
    "step_min": 0.009,
    "step_max": 0.02,
    "eta_minus": 0.2,
    "eta_plus": 2,
    "iterations": 2,
    "tolerance": 0.2,
    "warmup": 2,
    "final": 0.005,
    "every": 1,
    "factor": 0.2,
    "decay": 0.5,
    "power": 2,
    "peak": 0.2,
    "fraction_up": 0.7,
    "monitor": "val_loss",
    "plateau.patience": 5,
    "delta": 0.2,
    "label_smoothing": 0.3,
    "std": 0.5,
    "low": -0.5,
    "high": 0.5,
    "slope": 0.3,
    "alpha": 0.3,
    "rates": {"bias": 3},
    "per": "update",
    "cycles": 2,
}
LOSSES = {
    "PoissonSpec": "count",
    "HingeSpec": "kind",
    "CrossEntropySpec": "kind",
    "BinaryCrossEntropySpec": "two",
}


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A working directory with a table, one without a cell, and a model to start from."""
    directory = tmp_path_factory.mktemp("options")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        write_table(directory)
        text = (directory / "t.csv").read_text("utf-8")
        (directory / "missing.csv").write_text(text.replace(",red,", ",?,", 5).replace("red", "", 2), "utf-8")
        write_config(Path("start.yaml"), model={"layers": ["auto", 4, "auto"]})
        ok("train", "start.yaml", "-o", "start", "--no-plots", "-q")
        yield directory
        fingerprint.cache_clear()


@cache
def fingerprint(text: str) -> str:
    """What a config trains: every array, the history, the metrics."""
    sections = json.loads(text)
    write_config(Path("c.yaml"), **sections)
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite")
    with np.load("run/model.npz") as model:
        arrays = b"".join(name.encode() + model[name].tobytes() for name in model.files if name != "meta")
    files = [Path("run", name).read_bytes() for name in ("history.csv", "metrics.json")]
    return hashlib.sha256(b"".join([arrays, *files])).hexdigest()


def assert_matters(base: dict[str, Any], other: dict[str, Any]) -> None:
    assert fingerprint(json.dumps(base)) != fingerprint(json.dumps(other))


def choices() -> list[tuple[str, str, str]]:
    """Definition, name and option of every choice among several that has options."""
    found = []
    for definition, schema in DEFINITIONS.items():
        settings = schema.get("properties", {})
        name = settings.get("name", {}).get("const")
        if name is not None and definition != "FileInitSpec":
            found += [(definition, name, option) for option in settings if option != "name"]
    return found


def sections_of(definition: str, choice: dict[str, Any]) -> dict[str, Any]:
    """A config that has the choice in its place."""
    name = choice["name"]
    base: dict[str, Any] = {
        "model": {"layers": ["auto", 4, "auto"]},
        "data": {"validation": 0.3},
        "training": {"epochs": 6},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
    }
    if definition.endswith("InitSpec"):
        base["model"]["init"] = choice
    elif name in ("batch_norm", "layer_norm"):
        base["model"]["normalization"] = choice
    elif name == "periodic":
        base["model"]["numeric_embedding"] = choice
    elif name in ("elu", "leaky_relu"):
        base["model"]["activation"] = choice
    elif name in DEFINED["schedule"]:
        base["schedule"] = choice
    elif name in DEFINED["loss"]:
        base["loss"] = choice
        base["data"]["target"] = LOSSES.get(definition, "size")
    else:
        base["optimizer"] = choice
        if name in ("bfgs", "lbfgs"):
            base["training"] = NO_EPOCHS
        elif name == "rprop":
            base["training"]["batch_size"] = "full"
    return base


DEFINED = {
    "schedule": {
        "constant",
        "step",
        "exponential",
        "inverse_scaling",
        "linear",
        "cosine",
        "one_cycle",
        "flat_cos",
        "coslog",
        "plateau",
    },
    "loss": {
        "mse",
        "mae",
        "huber",
        "squared_error",
        "poisson",
        "hinge",
        "cross_entropy",
        "binary_cross_entropy",
    },
}


@pytest.mark.parametrize(("definition", "name", "option"), choices(), ids=lambda text: text)
def test_every_option_of_every_choice_matters(definition: str, name: str, option: str) -> None:
    default = DEFINITIONS[definition]["properties"][option].get("default")
    fallback = not default if isinstance(default, bool) else OTHER.get(option, 2.0)
    value = OTHER.get(f"{name}.{option}", fallback)
    base = {"name": name, **NEEDED.get(name, {})}
    assert value != base.get(option, default)
    assert_matters(sections_of(definition, base), sections_of(definition, {**base, option: value}))


SMALL = {"layers": ["auto", 4, "auto"]}
HELD = {"validation": 0.3}
STOPPING = {"patience": 2, "min_delta": 10}
STOPPING_BY_ACCURACY = {"monitor": "val_accuracy", "patience": "none"}
LEARNT = {"activation": {"name": "selu", "learnable": True}}
FADING = {"weight_decay": {"amount": 0.5}}
# key: a config, and the same with another value of the key
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Spec.seed": ({"seed": 0}, {"seed": 1}),
    "Spec.data": ({}, {"data": {"target": "two"}}),
    "Spec.model": ({}, {"model": SMALL}),
    "Spec.loss": ({}, {"loss": "hinge"}),
    "Spec.class_weight": ({}, {"class_weight": "balanced"}),
    "Spec.l1": ({}, {"l1": 0.1}),
    "Spec.l2": ({}, {"l2": 0.1}),
    "Spec.optimizer": ({}, {"optimizer": "sgd"}),
    "Spec.schedule": ({}, {"schedule": "cosine"}),
    "Spec.training": ({}, {"training": {"epochs": 2}}),
    "Spec.ensemble": ({}, {"ensemble": {"members": 2}}),
    "EnsembleSpec.members": ({"ensemble": {"members": 2}}, {"ensemble": {"members": 3}}),
    "EnsembleSpec.folds": ({"ensemble": {"folds": 2}}, {"ensemble": {"folds": 3}}),
    "EnsembleSpec.repeats": ({"ensemble": {"folds": 2}}, {"ensemble": {"folds": 2, "repeats": 2}}),
    "Spec.calibration": (
        {"data": {**HELD, "target": "two"}},
        {"data": {**HELD, "target": "two"}, "calibration": "temperature"},
    ),
    "Spec.threshold": ({"data": {"target": "two"}}, {"data": {"target": "two"}, "threshold": 0.2}),
    **{
        f"ThresholdGoal.{goal}": (
            {"data": {**HELD, "target": "two"}},
            {"data": {**HELD, "target": "two"}, "threshold": {goal: value}},
        )
        for goal, value in (("maximize", "f1"), ("precision", 0.9), ("recall", 0.9))
    },
    "Spec.intervals": (
        {"data": {"calibration": 0.3, "test": 0.2}, "intervals": 0.5},
        {"data": {"calibration": 0.3, "test": 0.2}, "intervals": [0.5, 0.8]},
    ),
    "DataSpec.calibration": (
        {"data": {"calibration": 0.3}, "intervals": 0.5},
        {"data": {"calibration": 0.4}, "intervals": 0.5},
    ),
    "DataSpec.train": ({}, {"data": {"train": "missing.csv", "missing": "category"}}),
    "DataSpec.target": ({}, {"data": {"target": "two"}}),
    "DataSpec.task": (
        {"data": {"target": "count", "task": "regression"}},
        {"data": {"target": "count", "task": "classification"}},
    ),
    "DataSpec.features": ({}, {"data": {"features": ["length", "width"]}}),
    "DataSpec.target_scale": (
        {"data": {"target": "size"}},
        {"data": {"target": "size", "target_scale": "minmax"}},
    ),
    "DataSpec.target_transform": (
        {"data": {"target": "count"}, "loss": "mse"},
        {"data": {"target": "count", "target_transform": "log1p"}, "loss": "mse"},
    ),
    "DataSpec.target_clip": (
        {"data": {"target": "size"}, "loss": "mse"},
        {"data": {"target": "size", "target_clip": True}, "loss": "mse"},
    ),
    "DataSpec.exclude": (
        {"data": {"features": None, "exclude": ["id"]}},
        {"data": {"features": None, "exclude": ["id", "two"]}},
    ),
    "DataSpec.id": (
        {"data": {"features": None, "exclude": ["id"]}},
        {"data": {"features": None, "exclude": ["id"], "id": ["two"]}},
    ),
    "DataSpec.weight": ({}, {"data": {"weight": "w"}}),
    "DataSpec.validation": ({}, {"data": HELD}),
    "DataSpec.test": ({}, {"data": {"test": 0.3}}),
    "DataSpec.stratify": ({"data": HELD}, {"data": {**HELD, "stratify": False}}),
    "DataSpec.group": ({"data": HELD}, {"data": {**HELD, "group": "w"}}),
    "DataSpec.order": ({"data": HELD}, {"data": {**HELD, "order": "w"}}),
    "DataSpec.positive": (
        {"data": {"target": "two"}, "training": {"metrics": ["f1"]}},
        {"data": {"target": "two", "positive": "no"}, "training": {"metrics": ["f1"]}},
    ),
    "DataSpec.missing": (
        {"data": {"train": "missing.csv", "missing": "category"}},
        {"data": {"train": "missing.csv", "missing": "drop"}},
    ),
    "DataSpec.na_values": (
        {"data": {"train": "missing.csv", "missing": "drop"}},
        {"data": {"train": "missing.csv", "missing": "drop", "na_values": ["?"]}},
    ),
    "SplitColumn.column": (
        {"data": {"validation": {"column": "two", "value": "yes"}}},
        {"data": {"validation": {"column": "w", "value": "2"}}},
    ),
    "SplitColumn.value": (
        {"data": {"validation": {"column": "w", "value": "1"}}},
        {"data": {"validation": {"column": "w", "value": "2"}}},
    ),
    "ModelSpec.layers": ({"model": SMALL}, {"model": {"layers": ["auto", 5, "auto"]}}),
    "ModelSpec.activation": ({}, {"model": {"activation": "tanh"}}),
    "PlainActivationSpec.learnable": (
        {"model": {"activation": "tanh"}},
        {"model": {"activation": {"name": "tanh", "learnable": True}}},
    ),
    "ModelSpec.init": ({}, {"model": {"init": "he_normal"}}),
    "ModelSpec.bias": ({}, {"model": {"bias": False}}),
    "ModelSpec.dropout": ({}, {"model": {"dropout": 0.3}}),
    "ModelSpec.normalization": ({}, {"model": {"normalization": "layer_norm"}}),
    "ModelSpec.residual": (
        {"model": {"layers": ["auto", 4, 4, "auto"]}},
        {"model": {"layers": ["auto", 4, 4, "auto"], "residual": True}},
    ),
    "ModelSpec.scaling": ({}, {"model": {"scaling": True}}),
    "ModelSpec.numeric_embedding": ({}, {"model": {"numeric_embedding": "periodic"}}),
    "FileInitSpec.from": ({"model": SMALL}, {"model": {**SMALL, "init": {"from": "start/model.npz"}}}),
    "TrainingSpec.epochs": ({}, {"training": {"epochs": 2}}),
    "TrainingSpec.batch_size": ({}, {"training": {"batch_size": "full"}}),
    "TrainingSpec.parts": ({}, {"training": {"parts": 2}}),
    "TrainingSpec.shuffle": ({}, {"training": {"shuffle": False}}),
    "BlocksSpec.blocks": (
        {"training": {"shuffle": {"blocks": 4}}},
        {"training": {"shuffle": {"blocks": 9}}},
    ),
    "TrainingSpec.clip_norm": ({}, {"training": {"clip_norm": 1e-9}}),
    "TrainingSpec.dtype": ({}, {"training": {"dtype": "float64"}}),
    "TrainingSpec.early_stopping": (
        {"data": HELD, "training": {"epochs": 6}},
        {"data": HELD, "training": {"epochs": 6, "early_stopping": STOPPING}},
    ),
    "TrainingSpec.metrics": ({}, {"training": {"metrics": ["mcc"]}}),
    "EarlyStoppingSpec.monitor": (
        {"data": HELD, "training": {"epochs": 9, "early_stopping": {**STOPPING, "monitor": "val_loss"}}},
        {
            "data": HELD,
            "training": {"epochs": 9, "early_stopping": {"patience": 1, "monitor": "val_accuracy"}},
        },
    ),
    "EarlyStoppingSpec.patience": (
        {"data": HELD, "training": {"epochs": 9, "early_stopping": STOPPING}},
        {"data": HELD, "training": {"epochs": 9, "early_stopping": {**STOPPING, "patience": 4}}},
    ),
    "EarlyStoppingSpec.keep": (
        {"data": HELD, "training": {"epochs": 9, "early_stopping": STOPPING_BY_ACCURACY}},
        {"data": HELD, "training": {"epochs": 9, "early_stopping": {**STOPPING_BY_ACCURACY, "keep": "last"}}},
    ),
    "TrainingSpec.average": ({}, {"training": {"average": {"ema": 0.9}}}),
    "TrainingSpec.refit": ({"data": HELD}, {"data": HELD, "training": {"refit": True}}),
    "AverageSpec.ema": ({"training": {"average": {"ema": 0.9}}}, {"training": {"average": {"ema": 0.5}}}),
    **{
        f"RatesSpec.{group}": (
            {"model": {"normalization": "batch_norm"}, "optimizer": {"rates": {group: 1}}},
            {"model": {"normalization": "batch_norm"}, "optimizer": {"rates": {group: factor}}},
        )
        for group, factor in (("weight", "fan_in"), ("bias", 0.1), ("normalization", 0.1))
    },
    "RatesSpec.activation": (
        {"model": LEARNT, "optimizer": {"rates": {"activation": 1}}},
        {"model": LEARNT, "optimizer": {"rates": {"activation": 0.1}}},
    ),
    "DecaySpec.amount": ({"optimizer": FADING}, {"optimizer": {"weight_decay": {"amount": 0.2}}}),
    "DecaySpec.schedule": (
        {"optimizer": FADING},
        {"optimizer": {"weight_decay": {"amount": 0.5, "schedule": "cosine"}}},
    ),
    "DropoutSpec.rate": (
        {"model": {"dropout": {"rate": 0.3}}},
        {"model": {"dropout": {"rate": [0.3, 0]}}},
    ),
    "DropoutSpec.schedule": (
        {"model": {"dropout": {"rate": 0.3}}},
        {"model": {"dropout": {"rate": 0.3, "schedule": "flat_cos"}}},
    ),
    "EarlyStoppingSpec.min_delta": (
        {"data": HELD, "training": {"epochs": 9, "early_stopping": STOPPING}},
        {"data": HELD, "training": {"epochs": 9, "early_stopping": {**STOPPING, "min_delta": 0}}},
    ),
}
# keys that say where and how files are, not what is trained: tests of their own
FILES = {
    "Spec.output": "test_the_output_is_that_of_the_command_line_the_config_or_the_config_s_name",
    "TrainingSpec.checkpoint_every": "test_checkpoints_come_as_often_as_asked_for",
    "DataSpec.separator": "test_the_way_that_a_file_is_written_is_followed",
    "DataSpec.decimal": "test_the_way_that_a_file_is_written_is_followed",
    "DataSpec.encoding": "test_the_way_that_a_file_is_written_is_followed",
    "DataSpec.cache": "test_a_run_from_files_has_the_bytes_of_one_in_memory",
    **dict.fromkeys(("DataSpec.table", "DataSpec.query"), "test_a_model_of_the_rows_that_are_chosen"),
    # of parameters that no key makes yet
    **dict.fromkeys(
        ("RatesSpec.scaling", "RatesSpec.embedding"),
        "test_every_group_steps_as_if_it_were_alone_with_a_rate_of_its_own",
    ),
    **dict.fromkeys(
        ("DataSpec.target_parse", "ParseSpec.prefix", "ParseSpec.suffix", "ParseSpec.thousands"),
        "test_the_way_that_numbers_are_decorated_is_followed",
    ),
}


@pytest.mark.parametrize(("base", "other"), SETTINGS.values(), ids=SETTINGS)
def test_every_setting_matters(base: dict[str, Any], other: dict[str, Any]) -> None:
    assert_matters(base, other)


def test_the_way_that_a_file_is_written_is_followed(place: Path) -> None:
    """The same table in another dress trains the same model, where the config says so."""
    lines = (place / "t.csv").read_text("utf-8").replace("red", "röd")
    (place / "plain.csv").write_text(lines, "utf-8")
    (place / "dressed.csv").write_bytes(lines.replace(",", ";").replace(".", ",").encode("utf-16"))
    dress = {"separator": ";", "decimal": ",", "encoding": "utf-16"}
    plain, dressed = {"data": {"train": "plain.csv"}}, {"data": {"train": "dressed.csv", **dress}}
    assert fingerprint(json.dumps(plain)) == fingerprint(json.dumps(dressed))


def test_the_way_that_numbers_are_decorated_is_followed(place: Path) -> None:
    """The same numbers with a prefix, a suffix and thousands apart train the same model."""
    table = pd.read_csv(place / "t.csv")
    table["length"] = (1000 * table["length"]).round(3)
    table.to_csv(place / "plain.csv", index=False)
    table["length"] = table["length"].map("{:,.3f}".format)
    table["size"] = table["size"].map("~{} kg".format)
    table.to_csv(place / "decorated.csv", index=False)
    options = {"prefix": "~", "suffix": "kg"}
    features = {"length": {"parse": {"thousands": ","}}, "width": None}
    data = {"train": "decorated.csv", "target": "size", "target_parse": options, "features": features}
    plain = {"data": {"train": "plain.csv", "target": "size", "features": ["length", "width"]}}
    assert fingerprint(json.dumps(plain)) == fingerprint(json.dumps({"data": data}))


def test_checkpoints_come_as_often_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpcli.artifacts.run_directory import RunDirectory
    from mlpcli.run import pace

    written: list[str] = []
    write = RunDirectory.write

    def counted(directory: RunDirectory, name: Any, content: Any) -> None:
        written.append(name)
        write(directory, name, content)

    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    monkeypatch.setattr(RunDirectory, "write", counted)
    counts = []
    for every in (1, 3):
        written.clear()
        write_config(Path("c.yaml"), training={"epochs": 6, "checkpoint_every": every})
        ok("train", "c.yaml", "-o", "often", "--no-plots", "-q", "--overwrite")
        counts.append(written.count("checkpoint.npz"))
    assert counts[0] - counts[1] == 4


def test_no_key_is_left_out() -> None:
    every = {
        f"{definition}.{key}"
        for definition, schema in DEFINITIONS.items()
        for key in schema.get("properties", {})
        if key != "name"
    }
    tried = {f"{definition}.{option}" for definition, _, option in choices()}
    assert every == {*tried, *SETTINGS, *FILES}
