"""The language: every key of the documentation with its default, in every form that it may be written."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS, OUTPUT_ONLY
from mlpcli.config.choice_synonyms import CHOICES_ELSEWHERE, METRICS_ELSEWHERE
from mlpcli.config.document import parse_document
from mlpcli.config.fading_spec import decay_of, dropout_of
from mlpcli.config.key_paths import models_in
from mlpcli.config.load import check
from mlpcli.config.loss_spec import AnyLossSpec
from mlpcli.config.metric_names import METRIC_TASKS, MetricName
from mlpcli.config.model_spec import InitName
from mlpcli.config.optimizer_spec import QUASI_NEWTON, AdamwSpec
from mlpcli.config.spec import OptimizerSpec, ScheduleSpec, Spec
from mlpcli.config.synonyms import KEYS_ELSEWHERE
from mlpcli.nn.layers import Group
from tests.support.contract import OPTIMIZERS, RATES

EXAMPLE = """
seed: 0
data:
  train: ../data/penguins.csv
  target: species
  task: classification
  features:
    bill_length_mm: standardize
    body_mass_g: {encode: standardize, missing: median}
    island: one_hot
  target_scale: none
  exclude: [rowid]
  id: []
  weight: null
  validation: 0.2
  test: 0.2
  stratify: true
  missing: error
  na_values: []
  separator: ","
  decimal: "."
  encoding: utf-8
model:
  layers: [auto, 16, 16, auto]
  activation: relu
  init: glorot_uniform
  bias: true
  dropout: 0.0
loss: cross_entropy
class_weight: null
l1: 0.0
l2: 0.0
optimizer: {name: adam, learning_rate: 1e-3}
schedule: constant
training:
  epochs: 100
  batch_size: 32
  shuffle: true
  clip_norm: null
  dtype: float32
  early_stopping: null
  metrics: [accuracy, f1_macro]
  checkpoint_every: 1
output: runs/penguins
"""
BASE = "data: {train: x.csv, target: y}\n"


def spec_of(text: str) -> Spec:
    return check(parse_document(text.encode(), "c.yaml"))


def data(text: str) -> Any:
    return spec_of(f"data: {{train: x.csv, target: y, {text}}}").data


def test_the_documented_example_says_what_it_looks_like() -> None:
    spec = spec_of(EXAMPLE)
    assert spec.model_dump(exclude={"data", "model", "training", "optimizer", "loss", "schedule"}) == {
        "seed": 0,
        "class_weight": None,
        "l1": 0.0,
        "l2": 0.0,
        "ensemble": None,
        "calibration": None,
        "threshold": None,
        "intervals": None,
        "output": "runs/penguins",
    }
    features = spec.data.features or {}
    assert {name: feature.model_dump(exclude_none=True) for name, feature in features.items()} == {
        "bill_length_mm": {"encode": {"name": "standardize"}},
        "body_mass_g": {"encode": {"name": "standardize"}, "missing": {"policy": "median"}},
        "island": {"encode": {"name": "one_hot"}},
    }
    assert spec.data.model_dump(exclude={"features"}) == {
        "train": ("../data/penguins.csv",),
        "target": ("species",),
        "task": "classification",
        "positive": None,
        "target_scale": {"name": "none", "number": None},
        "target_transform": None,
        "target_clip": None,
        "target_parse": None,
        "exclude": ("rowid",),
        "id": (),
        "weight": None,
        "validation": 0.2,
        "test": 0.2,
        "calibration": None,
        "stratify": True,
        "group": None,
        "order": None,
        "missing": {"policy": "error", "value": None},
        "na_values": (),
        "separator": ",",
        "decimal": ".",
        "encoding": "utf-8",
        "cache": "auto",
        "table": None,
        "query": None,
    }
    assert spec.model.layers == ("auto", 16, 16, "auto")
    assert spec.training.metrics == ("accuracy", "f1_macro")
    assert (spec.optimizer.name, spec.optimizer.learning_rate) == ("adam", 0.001)


def test_two_keys_are_enough() -> None:
    settings = spec_of(BASE).model_dump()
    assert settings["model"] == {
        "layers": ("auto", 64, 32, "auto"),
        "activation": {"name": "relu"},
        "init": {"name": "glorot_uniform"},
        "bias": True,
        "dropout": 0.0,
        "normalization": None,
        "residual": False,
        "numeric_embedding": None,
        "scaling": False,
    }
    assert settings["training"] == {
        "epochs": 100,
        "batch_size": 32,
        "parts": "auto",
        "shuffle": True,
        "clip_norm": None,
        "dtype": None,
        "early_stopping": None,
        "average": None,
        "refit": False,
        "metrics": None,
        "checkpoint_every": 1,
    }
    assert settings["loss"] is None
    assert settings["data"]["features"] is None
    assert settings["optimizer"]["name"] == "adam"
    assert settings["schedule"] == {"name": "constant", "warmup": 0}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_the_documented_options(name: str) -> None:
    options = OPTIMIZERS[name]
    written = ", ".join(f"{key}: {value}".lower() for key, value in options.items())
    for text in (name, f"{{name: {name}}}", f"{{name: {name}, {written}}}"):
        found = spec_of(f"{BASE}optimizer: {text}").optimizer.model_dump()
        assert found.pop("rates", None) is None
        assert found == {"name": name, **options}


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in QUASI_NEWTON])
def test_first_order_optimizers_have_a_factor_for_each_kind_of_parameter(name: str) -> None:
    def rates(text: str) -> dict[str, Any]:
        return spec_of(f"{BASE}optimizer: {{name: {name}, rates: {text}}}").optimizer.model_dump()["rates"]

    assert rates("{}") == RATES
    assert rates("{weight: fan_in, bias: 0.1, scaling: 6}") == {
        **RATES,
        "weight": "fan_in",
        "bias": 0.1,
        "scaling": 6,
    }
    assert set(get_args(Group)) == set(RATES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", (0.5, "constant")),
        ("{amount: 0.02, schedule: flat_cos}", (0.02, "flat_cos")),
        ("{amount: 1}", (1, "constant")),
    ],
)
def test_a_decay_may_have_a_schedule(text: str, expected: tuple[float, str]) -> None:
    optimizer = spec_of(f"{BASE}optimizer: {{name: adamw, weight_decay: {text}}}").optimizer
    assert isinstance(optimizer, AdamwSpec)
    decay = decay_of(optimizer.weight_decay)
    assert (decay.amount, decay.schedule) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", (0.5, "constant")),
        ("[0.5, 0]", ((0.5, 0), "constant")),
        ("{rate: 0.15, schedule: flat_cos}", (0.15, "flat_cos")),
        ("{rate: [0.15, 0], schedule: cosine}", ((0.15, 0), "cosine")),
    ],
)
def test_dropout_may_have_a_schedule(text: str, expected: tuple[Any, str]) -> None:
    dropout = dropout_of(spec_of(f"{BASE}model: {{dropout: {text}}}").model.dropout)
    assert (dropout.rate, dropout.schedule) == expected


SCHEDULES = {
    "constant": {},
    "{name: step, every: 3, factor: 0.5}": {"every": 3, "factor": 0.5, "per": "epoch"},
    "{name: exponential, decay: 0.9}": {"decay": 0.9, "per": "epoch"},
    "cosine": {"final": 0, "per": "epoch"},
    "linear": {"final": 0, "per": "epoch"},
    "inverse_scaling": {"power": 0.5, "per": "epoch"},
    "flat_cos": {"final": 0},
    "{name: one_cycle, peak: 0.1}": {"peak": 0.1, "fraction_up": 0.3, "final": 0},
    "{name: plateau, monitor: loss}": {"monitor": "loss", "factor": 0.1, "patience": 10},
}


@pytest.mark.parametrize("text", SCHEDULES)
def test_schedules_have_the_documented_options(text: str) -> None:
    schedule = spec_of(f"{BASE}schedule: {text}").schedule.model_dump()
    assert schedule == {"name": schedule["name"], "warmup": 0, **SCHEDULES[text]}
    assert schedule["name"] in text
    with_warmup = text[:-1] + ", warmup: 2}" if text.startswith("{") else f"{{name: {text}, warmup: 2}}"
    assert spec_of(f"{BASE}schedule: {with_warmup}").schedule.warmup == 2


def test_coslog_begins_at_0_and_so_needs_no_warm_up() -> None:
    schedule = spec_of(f"{BASE}schedule: coslog").schedule
    assert (schedule.model_dump(), schedule.warmup) == ({"name": "coslog", "cycles": 4}, 0)


LOSSES = {
    "squared_error": ({"factor": 0.5}, {"regression", "classification"}, "identity"),
    "mse": ({}, {"regression", "classification"}, "identity"),
    "mae": ({}, {"regression", "classification"}, "identity"),
    "huber": ({"delta": 1}, {"regression", "classification"}, "identity"),
    "poisson": ({}, {"regression"}, "exponential"),
    "binary_cross_entropy": ({}, {"classification", "multilabel"}, "sigmoid"),
    "cross_entropy": ({"label_smoothing": 0}, {"classification"}, "softmax"),
    "hinge": ({}, {"classification"}, "identity"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_have_the_documented_options_tasks_and_outputs(name: str) -> None:
    options, tasks, output = LOSSES[name]
    loss = spec_of(f"{BASE}loss: {name}").loss
    assert loss is not None
    assert loss.model_dump() == {"name": name, "reduction": "mean", **options}
    assert loss.tasks == tasks
    assert loss.output_activation == output
    assert output in loss.allowed_outputs
    summed = spec_of(f"{BASE}loss: {{name: {name}, reduction: sum}}").loss
    assert summed is not None
    assert summed.reduction == "sum"


INITS = {
    "{name: uniform, low: -1, high: 1, biases: true}": {
        "name": "uniform",
        "low": -1,
        "high": 1,
        "biases": True,
    },
    "uniform": {"name": "uniform", "low": -0.05, "high": 0.05, "biases": False},
    "{name: normal, std: 1}": {"name": "normal", "std": 1, "biases": False},
    "normal": {"name": "normal", "std": 0.05, "biases": False},
    "{from: ../w.npz}": {"name": "from_file", "path": "../w.npz"},
} | {name: {"name": name} for name in get_args(InitName)}


@pytest.mark.parametrize("text", INITS)
def test_initializers(text: str) -> None:
    assert spec_of(f"{BASE}model: {{init: {text}}}").model.init.model_dump() == INITS[text]


def test_activations_for_all_or_for_each_layer() -> None:
    one = spec_of(BASE + "model: {activation: {name: elu, alpha: 2}}").model.activation
    assert one.model_dump() == {"name": "elu", "alpha": 2}
    each = spec_of(BASE + "model: {activation: [leaky_relu, {name: tanh}, softmax]}").model.activation
    assert isinstance(each, tuple)
    assert [it.model_dump() for it in each] == [
        {"name": "leaky_relu", "slope": 0.01},
        {"name": "tanh"},
        {"name": "softmax"},
    ]


FEATURES = {
    "age": {"age": (None, None, None)},
    "[age, 010, no]": {"age": (None, None, None), "010": (None, None, None), "no": (None, None, None)},
    "{a: , b: log1p}": {"a": (None, None, None), "b": ("log1p", None, None)},
    "{a: {missing: drop}}": {"a": (None, None, "drop")},
    "{a: {encode: minmax, missing: {constant: 1e3}}}": {"a": ("minmax", None, "constant")},
    "{a: {encode: ordinal, categories: [lo, 1]}}": {"a": ("ordinal", ("lo", "1"), None)},
    "{a: {name: ordinal, categories: [no, yes], missing: mean}}": {"a": ("ordinal", ("no", "yes"), "mean")},
    "{a: {encode: {name: ordinal, categories: [x]}}}": {"a": ("ordinal", ("x",), None)},
}


@pytest.mark.parametrize("text", FEATURES)
def test_features_in_every_form(text: str) -> None:
    features = data(f"features: {text}").features
    assert {
        name: (
            feature.encode and feature.encode.name,
            feature.encode and feature.encode.categories,
            feature.missing and feature.missing.policy,
        )
        for name, feature in features.items()
    } == FEATURES[text]


OPTIONS = {
    "{encode: quantile}": {"name": "quantile"},
    "{encode: quantile, output: normal}": {"name": "quantile", "output": "normal"},
    "{name: quantile, output: null}": {"name": "quantile"},
    "{encode: {name: piecewise_linear, bins: 7}}": {"name": "piecewise_linear", "bins": 7},
    "piecewise_linear": {"name": "piecewise_linear"},
    "{encode: one_hot, scaling: robust_clip}": {"name": "one_hot", "scaling": "robust_clip"},
    "{encode: {name: one_hot, min_count: 10}}": {"name": "one_hot", "min_count": 10},
    "{encode: datetime, parts: month}": {"name": "datetime", "parts": ("month",)},
    "{encode: datetime, parts: [year, timestamp], cyclic: false}": {
        "name": "datetime",
        "parts": ("year", "timestamp"),
        "cyclic": False,
    },
    '{encode: datetime, format: "%d.%m.%y"}': {"name": "datetime", "format": "%d.%m.%y"},
}


@pytest.mark.parametrize("text", OPTIONS)
def test_encodings_have_options_below_or_beside_their_names(text: str) -> None:
    (feature,) = data(f"features: {{a: {text}}}").features.values()
    assert feature.model_dump(exclude_none=True) == {"encode": OPTIONS[text]}


def test_an_indicator_is_asked_for() -> None:
    features = data("features: {a: {missing: median, indicator: true}, b: {missing: mean}}").features
    assert {name: feature.indicator for name, feature in features.items()} == {"a": True, "b": None}


def test_where_a_column_or_a_class_is_named_a_scalar_is_its_text() -> None:
    spec = spec_of(
        """
        data:
          train: x.csv
          target: [no, 010, 12:30]
          features: {1.50: none, on: none, null: none, 2024-01-01: none, true: none}
          exclude: 1e3
          id: [0x10, ~]
          weight: 5
          validation: {column: 7, value: 1.0}
          missing: {constant: 007}
          na_values: [null, -1, NA, 1_000]
        """
    )
    assert spec.data.target == ("no", "010", "12:30")
    assert list(spec.data.features or ()) == ["1.50", "on", "null", "2024-01-01", "true"]
    assert (spec.data.exclude, spec.data.id, spec.data.weight) == (("1e3",), ("0x10", "~"), "5")
    assert spec.data.validation.model_dump() == {"column": "7", "value": "1.0"}
    assert spec.data.missing.value == "007"
    assert spec.data.na_values == ("null", "-1", "NA", "1_000")
    assert spec_of(BASE + "class_weight: {0: 1, 1: 5, no: 2, 010: 3}").class_weight == {
        "0": 1,
        "1": 5,
        "no": 2,
        "010": 3,
    }


def test_parts_by_fraction_path_or_column() -> None:
    assert data("validation: 0.25").validation == 0.25
    assert data("validation: '0.25'").validation == "0.25"
    assert data("validation: v.csv").validation == "v.csv"
    assert data("validation: null").validation is None
    assert data("validation: {column: s, value: v}").validation.model_dump() == {"column": "s", "value": "v"}


@pytest.mark.parametrize(
    "key",
    [
        "task",
        "positive",
        "features",
        "target_scale",
        "target_transform",
        "target_clip",
        "target_parse",
        "weight",
        "test",
        "stratify",
        "group",
        "separator",
    ],
)
def test_null_means_the_default(key: str) -> None:
    assert getattr(data(f"{key}: null"), key) is None


def test_empty_sections_are_all_defaults() -> None:
    assert spec_of(BASE + "model:\ntraining:\nloss:\noutput:") == spec_of(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "training: {batch_size: full}",
        "training: {epochs: 1e3}",
        "training: {metrics: []}",
        "training: {metrics: r2}",
        "model: {dropout: [0.1, 0]}",
        "model: {layers: [4, 1]}",
        "class_weight: balanced",
        "optimizer: lbfgs\ntraining: {batch_size: full, dtype: float32}",
        "optimizer: {learning_rate: 5}",
        "schedule: {warmup: 3}",
        "loss: mse\nmodel: {layers: [auto, auto], activation: [exponential]}",
        "loss: squared_error\nclass_weight: {a: 0}",
    ],
)
def test_what_may_be_written(text: str) -> None:
    spec_of(BASE + text)


def test_a_spec_cannot_change_and_can_be_made_from_plain_values() -> None:
    spec = Spec.model_validate({"data": {"train": "x.csv", "target": 5, "weight": True}, "optimizer": "sgd"})
    assert (spec.data.target, spec.data.weight, spec.optimizer.name) == (("5",), "true", "sgd")
    with pytest.raises(ValueError, match="frozen"):
        spec.seed = 3


SCHEMA = Spec.model_json_schema()


def test_the_schema_describes_every_key() -> None:
    models = [SCHEMA, *(definition for definition in SCHEMA["$defs"].values() if "properties" in definition)]
    assert len(models) > 35
    for model in models:
        assert model["additionalProperties"] is False
        assert model["description"].endswith((".", "`.", "optional.", "required.")), model["description"]
        for name, settings in model["properties"].items():
            assert name == "name" or settings["description"], name


def test_the_schema_takes_names_alone_only_where_no_option_is_required() -> None:
    names = {key: SCHEMA["properties"][key]["anyOf"][0]["enum"] for key in ("optimizer", "schedule")}
    assert names["optimizer"] == list(OPTIMIZERS)
    assert names["schedule"] == ["constant", "cosine", "linear", "inverse_scaling", "flat_cos", "coslog"]
    init = SCHEMA["$defs"]["ModelSpec"]["properties"]["init"]["anyOf"]
    assert "from_file" not in init[0]["enum"]
    assert SCHEMA["$defs"]["FileInitSpec"]["required"] == ["from"]
    assert list(SCHEMA["$defs"]["FileInitSpec"]["properties"]) == ["from"]


def test_the_schema_wants_a_name_where_there_is_no_default() -> None:
    assert "name" in SCHEMA["$defs"]["SgdSpec"]["required"]
    assert "name" in SCHEMA["$defs"]["HuberSpec"]["required"]
    assert "required" not in SCHEMA["$defs"]["AdamSpec"]


def test_the_schema_has_every_form() -> None:
    settings = SCHEMA["$defs"]["DataSpec"]["properties"]
    assert [form.get("type") for form in settings["target"]["anyOf"]][1] == "array"
    assert SCHEMA["required"] == ["data"]
    assert SCHEMA["$defs"]["DataSpec"]["required"] == ["train", "target"]
    assert {"const": "full"} in SCHEMA["$defs"]["TrainingSpec"]["properties"]["batch_size"]["anyOf"]
    assert {"type": "null"} in SCHEMA["properties"]["training"]["anyOf"]


def names_of(union: Any) -> set[str]:
    return {name for model in models_in(union) for name in get_args(model.model_fields["name"].annotation)}


def test_what_others_compute_is_what_can_be_asked_for() -> None:
    from mlpcli.nn.activations import ACTIVATIONS
    from mlpcli.nn.initializers import INITIALIZERS
    from mlpcli.nn.losses import FORMULAS
    from mlpcli.training.metrics import METRICS

    assert {*HIDDEN_ACTIVATIONS, *OUTPUT_ONLY} == {*ACTIVATIONS, "softmax"}
    assert names_of(AnyLossSpec) == set(FORMULAS)
    assert set(get_args(InitName)) == set(INITIALIZERS)
    assert list(get_args(MetricName)) == list(METRICS)
    assert {name: metric.tasks for name, metric in METRICS.items()} == METRIC_TASKS


def test_names_from_elsewhere_lead_to_names_of_ours() -> None:
    from mlpcli.config.explain import models_at

    for path in KEYS_ELSEWHERE.values():
        *level, key = path.split(".")
        assert any(key in model.model_fields for model in models_at(tuple(level))), path
    ours = names_of(Spec.model_fields["loss"].annotation) | names_of(OptimizerSpec) | names_of(ScheduleSpec)
    ours |= {*HIDDEN_ACTIVATIONS, *OUTPUT_ONLY, *get_args(InitName), "uniform", "normal", *METRIC_TASKS}
    ours |= {
        "standardize",
        "minmax",
        "maxabs",
        "one_hot",
        "embed",
        "batch_norm",
        "layer_norm",
        "periodic",
        "log1p",
        "robust",
        "robust_clip",
        "piecewise_linear",
        "quantile",
        "datetime",
        "most_frequent",
        "float32",
        "float64",
        "full",
        "memory",
        "disk",
    }
    ours |= {"classification", "multilabel"}
    assert set(CHOICES_ELSEWHERE.values()) <= ours
    assert set(METRICS_ELSEWHERE.values()) <= set(METRIC_TASKS)
    assert not set(METRICS_ELSEWHERE) & set(METRIC_TASKS)
