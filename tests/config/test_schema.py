"""The JSON Schema of the language: valid itself, agreeing with the language on configs and on mistakes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from mlpcli.commands.schema import language_schema
from mlpcli.config.load import load_config
from mlpcli.config.spec import Spec
from tests.support.config_runs import CONFIGS, STEMS
from tests.support.running import ok, write_table

SCHEMA = language_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
SMALLEST = {"data": {"train": "t.csv", "target": "y"}}
FIRST_LINE = "# yaml-language-server: $schema="
# what is put in the place of every value of the shipped configs
VALUES: list[Any] = [
    None, True, 0, -1, 0.5, 3, 1e12, "x", [], {}, ["a", "b"], ["a", "a"], [0.1], [1, 2], "auto", "adam",
    "relu", "balanced", "full", "median", {"name": "adam"}, {"name": "relu"}, {"a": 1}, {"constant": 3},
    {"divide": 2}, {"from": "x.npz"}, {"column": "c", "value": 1}, {"encode": "one_hot"},
    {"encode": "ordinal"}, {"encode": "datetime", "parts": "year"}, {"name": "batch_norm"}, "embedding",
]  # fmt: skip


def document(stem: str) -> dict[str, Any]:
    return load_config(CONFIGS / f"{stem}.yaml").document


def changed(**sections: Any) -> dict[str, Any]:
    data = {**SMALLEST["data"], **sections.pop("data", {})}
    return {"data": data, **sections}


def speaks(config: Any) -> bool:
    """Whether a config belongs to the language, rules between settings aside: a schema has none of these."""
    try:
        Spec.model_validate(config)
    except ValidationError:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "mlp config"
    assert SCHEMA["description"]


@pytest.mark.parametrize("stem", STEMS)
def test_every_shipped_config_is_valid_and_names_the_schema(stem: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document(stem))] == []
    path = CONFIGS / f"{stem}.yaml"
    first = path.read_text("utf-8").split("\n")[0]
    assert first.startswith(FIRST_LINE)
    assert (path.parent / first.removeprefix(FIRST_LINE)).resolve() == CONFIGS / "schema.json"


def test_the_resolved_config_is_valid(tmp_path: Path) -> None:
    printed = ok("train", CONFIGS / "penguins.yaml", "--dry-run").out
    path = tmp_path / "resolved.yaml"
    path.write_text(printed.split("\n\n")[0] + "\n", "utf-8")
    assert VALIDATOR.is_valid(load_config(path).document)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"data": {"train": "t.csv"}},
        changed(seeds=1),
        changed(seed="one"),
        changed(seed=-1),
        changed(seed=0.5),
        changed(data={"missing": "no such policy"}),
        changed(data={"missing": {"constant": 0, "mean": 1}}),
        changed(data={"missing": {"constnat": 0}}),
        changed(data={"features": {"a": "one-hot"}}),
        changed(data={"features": {"a": {"encode": "ordinal"}}}),
        changed(data={"features": {}}),
        changed(data={"validation": 1.5}),
        changed(data={"validation": {"column": "split"}}),
        changed(data={"task": "multiclass"}),
        changed(data={"decimal": ";"}),
        changed(model={"layers": [3]}),
        changed(model={"layers": ["auto", 0, "auto"]}),
        changed(model={"activation": "rleu"}),
        changed(model={"activation": {"name": "relu", "slope": 1}}),
        changed(model={"init": "from_file"}),
        changed(model={"dropout": 1}),
        changed(loss="crossentropy"),
        changed(loss={"name": "huber", "delta": 0}),
        changed(loss={"delta": 1}),
        changed(optimizer={"name": "adam", "lr": 0.1}),
        changed(optimizer={"name": "sgd", "beta1": 0.1}),
        changed(schedule="step"),
        changed(schedule={"name": "step", "every": 10}),
        changed(training={"epochs": 0}),
        changed(training={"batch_size": "all"}),
        changed(training={"metrics": ["acuracy"]}),
        changed(training={"early_stopping": {"patience": 0}}),
        changed(class_weight="equal"),
        changed(class_weight={"a": -1}),
        changed(output=[3]),
        changed(data={"train": None}),
    ],
    ids=str,
)
def test_a_wrong_config_is_not_valid(config: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(config)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


def put(config: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with one value replaced."""
    changed = copy.deepcopy(config)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = copy.deepcopy(value)
    return changed


def test_the_schema_accepts_whatever_the_language_does() -> None:
    """Every value of every shipped config replaced by others: an editor never blames what is right.

    Where several have the same section, one of them stands for all.
    """
    accepted, wrong, seen = 0, [], set()
    for stem in STEMS:
        config = document(stem)
        for path in paths(config):
            place = (path, repr(config[path[0]]))
            if place in seen:
                continue
            seen.add(place)
            for value in VALUES:
                other = put(config, path, value)
                if speaks(other):
                    accepted += 1
                    wrong += [] if VALIDATOR.is_valid(other) else [(stem, path, value)]
    assert accepted > 1000
    assert not wrong


@pytest.mark.parametrize("stem", ["penguins", "seattle_weather", "documents/d1"])
def test_the_schema_knows_the_keys_and_the_required_ones(stem: str) -> None:
    config = document(stem)
    for path in paths(config):
        if isinstance(path[-1], str):
            misspelt = put(config, path, 0)
            holder = misspelt
            for key in path[:-1]:
                holder = holder[key]
            holder[f"{path[-1]}_"] = holder.pop(path[-1])
            if not speaks(misspelt):
                assert not VALIDATOR.is_valid(misspelt), path


def test_every_key_says_what_it_is_for() -> None:
    models = [SCHEMA, *(model for model in SCHEMA["$defs"].values() if "properties" in model)]
    silent = [
        name
        for model in models
        for name, schema in model["properties"].items()
        if name != "name" and "description" not in schema
    ]
    assert not silent


def test_every_default_is_valid_where_it_stands() -> None:
    models = [SCHEMA, *(model for model in SCHEMA["$defs"].values() if "properties" in model)]
    for model in models:
        for name, schema in model["properties"].items():
            if "default" in schema:
                alone = {**schema, "$defs": SCHEMA["$defs"]}
                assert Draft202012Validator(alone).is_valid(schema["default"]), name


def test_the_committed_schema_is_what_the_command_prints() -> None:
    """Where this fails: `python tests/make_reference.py`."""
    assert (CONFIGS / "schema.json").read_text("utf-8") == ok("schema").out


def test_a_starter_config_names_the_schema_that_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = write_table(tmp_path)
    Path("configs").mkdir()
    for _ in range(2):
        ok("init", "--recipe", "quick", table, "--target", "kind", "-o", "configs/t.yaml", "--overwrite")
        comments = takewhile(
            lambda line: line.startswith("#"), Path("configs/t.yaml").read_text("utf-8").split("\n")
        )
        (line,) = [line for line in comments if line.startswith(FIRST_LINE)]
        schema = Path("configs") / line.removeprefix(FIRST_LINE)
        assert schema.read_text("utf-8") == ok("schema").out
        assert Draft202012Validator(json.loads(schema.read_bytes())).is_valid(
            load_config(Path("configs/t.yaml")).document
        )
        schema.write_text('{\n  "$schema": "", "title": "mlp config"}', "utf-8")  # that of another version
    assert sorted(path.name for path in Path("configs").iterdir()) == ["mlp.schema.json", "t.yaml"]
    assert FIRST_LINE not in ok("init", "--recipe", "quick", table, "--target", "kind", "-o", "-").out


def test_a_file_of_that_name_that_is_somebody_elses_stays(tmp_path: Path) -> None:
    (tmp_path / "mlp.schema.json").write_text("{}", "utf-8")
    ok("init", "--recipe", "quick", write_table(tmp_path), "--target", "kind", "-o", tmp_path / "t.yaml")
    assert (tmp_path / "mlp.schema.json").read_text("utf-8") == "{}"
    assert FIRST_LINE not in (tmp_path / "t.yaml").read_text("utf-8")


def test_the_schema_can_be_written_to_a_file(tmp_path: Path) -> None:
    assert ok("schema", "-o", tmp_path / "s.json").out == ""
    assert (tmp_path / "s.json").read_text("utf-8") == ok("schema", "-o", "-").out == ok("schema").out
