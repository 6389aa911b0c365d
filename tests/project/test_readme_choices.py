"""The README's table of choices has every name that a config may have there, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlpcli.config.spec import Spec

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
SCHEMA = Spec.model_json_schema()
TOP, MODEL = SCHEMA["properties"], SCHEMA["$defs"]["ModelSpec"]["properties"]
PLACES: dict[str, Any] = {
    **{key: TOP[key] for key in ("loss", "optimizer", "schedule")},
    **{f"model.{key}": MODEL[key] for key in ("activation", "init", "normalization", "numeric_embedding")},
    "encode": SCHEMA["$defs"]["FeatureSpec"],
    "missing": SCHEMA["$defs"]["MissingSpec"],
}


def rows() -> dict[str, str]:
    """The cells of the table, by the key of each row."""
    table = README[README.index("| key | values |") :].split("\n\n")[0]
    return dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", table, re.MULTILINE))


def names(schema: Any) -> Iterator[str]:
    """The names among which a part of the schema lets one choose."""
    if "$ref" in schema:
        yield from names(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    for key in {"name", "encode"} & set(schema.get("properties", {})):
        yield from names(schema["properties"][key])
    yield from schema.get("enum", [])
    yield from [schema["const"]] if "const" in schema else []
    for part in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(part, []):
            yield from names(one)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from names(schema[inner])


@pytest.mark.parametrize("key", PLACES)
def test_the_table_has_every_name_and_no_other(key: str) -> None:
    """The list ends where words follow that explain it: at a comma, a colon or a semicolon."""
    told, there = rows()[key], set(names(PLACES[key]))
    assert there
    plain = re.sub(r"`[^`]*`", "", told)
    assert there - set(re.findall(r"\w+", plain)) == set()
    assert set(re.findall(r"\w+", re.split("[,;:]", plain)[0])) - there == set()


def test_the_table_has_no_other_row() -> None:
    assert set(rows()) == set(PLACES)
