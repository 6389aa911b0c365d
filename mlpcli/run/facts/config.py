"""The config of a run in its report: with every default, and nothing that names a machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlpcli.artifacts.strict_json import dumps
from mlpcli.config.dump import dump_document, input_keys, settings_of
from mlpcli.data.decided import features_of_columns
from mlpcli.errors import clean
from mlpcli.report.document import Config, Setting
from mlpcli.run.experiment import Experiment
from mlpcli.run.facts.shortened import capped, cell, name
from mlpcli.run.provenance import without_directory
from mlpcli.run.resolved_config import MOST_FEATURES, resolved_config

LONGEST_TEXT = 1 << 15
MOST_SETTINGS = 200


def config_of(experiment: Experiment) -> Config:
    """The resolved config as text, and key by key."""
    few = len(features_of_columns(experiment.prepared.inputs.features)) <= MOST_FEATURES
    resolved = resolved_config(experiment, encodings=few)
    settings = settings_of(resolved.spec)
    for *sections, last in input_keys(resolved.spec):
        holder: Any = settings
        for section in sections:
            holder = holder[section]
        given = holder[last]
        names = [without_directory(path) for path in (given if isinstance(given, list) else [given])]
        holder[last] = names[0] if len(names) == 1 else names
    lines = dump_document(settings).split("\n")
    text = "\n".join(clean(line, len(line)) for line in lines)  # within quotes YAML reads these escapes
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT].rsplit("\n", 1)[0] + "\n# … and more\n"
    return Config(text=text, settings=capped(list(_flat(settings, "")), MOST_SETTINGS))


def _flat(settings: Mapping[str, Any], before: str) -> Iterator[Setting]:
    """Every key with its path, sections and mappings taken apart."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield Setting(key=name(f"{before}{key}"), value=cell(_written(value)))


def _written(value: object) -> str:
    return value if isinstance(value, str) else dumps(value)
