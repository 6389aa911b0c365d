"""The resolved config as YAML text that reads back to the same spec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlpcli.config.activation_spec import LearnableSpec
from mlpcli.config.feature_spec import FeatureSpec, MissingSpec, ScaleSpec
from mlpcli.config.load import Config
from mlpcli.config.model_spec import FileInitSpec
from mlpcli.config.nodes import Key, resolve
from mlpcli.config.shapes import Closed
from mlpcli.config.spec import QUASI_NEWTON, Spec

WIDTH = 100


class Inline(dict[str, Any]):
    """A mapping written in one line, with braces."""


class Dumper(yaml.SafeDumper):
    """Writes what `mlpcli.config` reads: quotes where a text would mean something else, no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Equal values are written out each time."""
        return True

    def text(self, text: str) -> yaml.Node:
        """A text, in quotes where it would be read as a number, a boolean or null."""
        style = None if isinstance(resolve(text), str) and text.isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)

    def inline(self, mapping: Inline) -> yaml.Node:
        """A mapping in one line."""
        return self.represent_mapping("tag:yaml.org,2002:map", mapping.items(), flow_style=True)

    def block(self, mapping: dict[str, Any]) -> yaml.Node:
        """A mapping with a line for each key."""
        return self.represent_mapping("tag:yaml.org,2002:map", mapping.items(), flow_style=False)

    def row(self, items: list[Any]) -> yaml.Node:
        """A list in one line."""
        return self.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


Dumper.add_representer(str, Dumper.text)
Dumper.add_representer(dict, Dumper.block)
Dumper.add_representer(Inline, Dumper.inline)
Dumper.add_representer(list, Dumper.row)


def dump_resolved(config: Config, directory: Path) -> str:
    """The YAML text of what a config asks for, every default written out, `output` left out.

    Input paths are rewritten relative to `directory`, where the text is meant to be saved.
    """
    settings = settings_of(config.spec)
    for key in input_keys(config.spec):
        section, name = _below(settings, key)
        # `..` is followed on disk: both ends are taken for where they really are
        paths = [path.parent.resolve() / path.name for path in config.input_paths(key)]
        found = [os.path.relpath(path, directory.resolve()) for path in paths]
        section[name] = found[0] if len(found) == 1 else found
    return dump_document(settings)


def dump_document(settings: Mapping[str, Any]) -> str:
    """Settings as YAML text, in the order that they have."""
    return yaml.dump(dict(settings), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def input_keys(spec: Spec) -> list[Key]:
    """The keys in a config that name files to read."""
    keys: list[Key] = [("data", part) for part in spec.data.files]
    if isinstance(spec.model.init, FileInitSpec):
        keys.append(("model", "init", "from"))
    return keys


def settings_of(spec: Spec) -> dict[str, Any]:
    """The settings as a config holds them, without those that only the data can decide."""
    settings: dict[str, Any] = {name: _written(value) for name, value in spec if name != "output"}
    for section in ("data", "model", "training"):
        settings[section] = dict(settings[section])
    if isinstance(settings["data"].get("features"), dict):
        settings["data"]["features"] = dict(settings["data"]["features"])
    if spec.optimizer.name in QUASI_NEWTON:
        del settings["training"]["epochs"]
    return {name: value for name, value in settings.items() if value is not None}


def _below(settings: dict[str, Any], key: Key) -> tuple[dict[str, Any], str]:
    """The mapping that the last part of a key is in, and this part."""
    *above, name = map(str, key)
    for part in above:
        settings = settings[part]
    return settings, name


def _written(value: Any) -> Any:
    """A value in the shortest form that the config language has for it."""
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, dict):
        return _columns(value)
    if isinstance(value, MissingSpec):
        return value.policy if value.value is None else Inline(constant=value.value)
    if not isinstance(value, Closed):
        return value
    fields = type(value).model_fields
    options = {fields[name].alias or name: _written(item) for name, item in value if item is not None}
    if isinstance(value, FileInitSpec | ScaleSpec) and len(options) == 2:
        del options["name"]  # `from` and `divide` say it
    if isinstance(value, LearnableSpec) and not options["learnable"]:
        del options["learnable"]
    if set(options) <= {"name"} | ({"encode"} if isinstance(value, FeatureSpec) else set()):
        return next(iter(options.values()), None)
    return Inline(options)


def _columns(values: dict[str, Any]) -> Any:
    """Something for each column or class; columns whose encoding is left to the data are only listed."""
    if all(value == FeatureSpec() for value in values.values()):
        return list(values)
    return Inline({name: _written(value) for name, value in values.items()})
