"""`mlp schema`: the configuration language as JSON Schema, for editors that complete and check a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlpcli.config.refusals import JsonSchema
from mlpcli.config.spec import Spec
from mlpcli.errors import ExitCode
from mlpcli.terminal.console import Console

HEAD: JsonSchema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mlp config"}


def schema(console: Console) -> ExitCode:
    """Print the schema."""
    console.document(language_schema())
    return ExitCode.DONE


def language_schema() -> JsonSchema:
    """The schema of a config as it is written: a name or a mapping with options, one or a list."""
    written: JsonSchema = _as_written(Spec.model_json_schema())
    return HEAD | written


def _as_written(node: Any) -> Any:
    """The schema without titles that only repeat a name, and with defaults as a config would have them.

    A choice's default is its name; that of a section are the defaults of its keys.
    """
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    kept = {key: _as_written(value) for key, value in node.items() if not _is_title(key, value)}
    default = node.get("default")
    if isinstance(default, Mapping):
        del kept["default"]
        if "name" in default:
            kept["default"] = default["name"]
    return kept


def _is_title(key: str, value: Any) -> bool:
    """Whether this is a schema's title, not a setting that is called so."""
    return key == "title" and isinstance(value, str)
