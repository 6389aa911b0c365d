"""What differs between the configs of several runs, by dotted keys, and between their data and splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.document import parse_document
from mlpcli.config.load import plain
from mlpcli.run.predictor import Model
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.patterns import open_input
from mlpcli.tables.table import Wanted

FILES = (
    "data.train",
    "data.validation",
    "data.calibration",
    "data.test",
    "model.init.from",
)  # keys that may name one
PARTS = ("train", "validation", "calibration", "test", "dropped")


@dataclass(frozen=True)
class Setting:
    """A key whose values differ, one for each run; None where a run does not have it."""

    key: str
    values: tuple[Any, ...]


def different_settings(configs: Sequence[Mapping[str, Any]]) -> list[Setting]:
    """The keys that differ, in the order in which configs have them; where runs went is not among them."""
    flat = [flattened(config) for config in configs]
    keys = dict.fromkeys(key for one in flat for key in one if key != "output")
    named = {key for key in keys if f"{key}.name" in keys}
    for one in flat:  # `hinge` stands for `{name: hinge}`
        for key in named & set(one):
            one[f"{key}.name"] = one.pop(key)
    found = [Setting(key, tuple(one.get(key) for one in flat)) for key in keys if key not in named]
    return [one for one in found if any(value != one.values[0] for value in one.values)]


def flattened(config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Every setting by its dotted key; of a file its name alone, as its place depends on that of the run."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            found |= flattened(value, f"{key}.")
        else:
            found[key] = Path(value).name if key in FILES and isinstance(value, str) else value
    return found


def config_of(run: Path, model: Model) -> dict[str, Any]:
    """The config of a run with every default, as its directory has it; else as the model has it.

    Raises ConfigError for one that is no YAML any more.
    """
    path = run / "config.yaml"
    if not path.is_file():
        return model.file.meta.config
    found: dict[str, Any] = plain(parse_document(path.read_bytes(), str(path)), lambda node: node.value)
    return found


def parts_of(run: Path) -> Array | None:
    """The part of each row of the data, in order, as splits.csv has it; None where there is none."""
    path = run / "splits.csv"
    if not path.is_file():
        return None
    with open_input(path, CsvFormat()) as reader:
        reader.header.require(("part",))
        tables = reader.tables(Wanted(texts=("part",)))
        return np.concatenate([table.text("part").texts() for table in tables])


def counts_of(parts: Array | None) -> dict[str, int]:
    """How many rows are in each part that has any."""
    if parts is None:
        return {}
    return {name: count for name in PARTS if (count := int(np.count_nonzero(parts == name)))}
