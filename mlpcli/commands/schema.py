"""`mlp schema`: the configuration language as JSON Schema, for editors that complete and check a config."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from mlpcli.artifacts.atomic import bytes_content, write_atomically
from mlpcli.config.refusals import JsonSchema
from mlpcli.config.spec import Spec
from mlpcli.errors import ExitCode
from mlpcli.terminal.console import STDOUT, Console, document_text

HEAD: JsonSchema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mlp config"}


BESIDE = "mlp.schema.json"  # what it is called in a directory of configs


def schema(out: Path | None, console: Console, of: Literal["config", "study", "report"]) -> ExitCode:
    """Print the schema, or write it to a file: of configs, study files, or the reports of runs."""
    wanted = {"config": language_schema, "study": study_schema, "report": report_schema}[of]()
    if out is None or out == STDOUT:
        console.document(wanted)
    else:
        write_atomically(out, bytes_content(f"{document_text(wanted)}\n".encode()))
    return ExitCode.DONE


def report_schema() -> JsonSchema:
    """The schema of report.json."""
    from mlpcli.report.document import report_schema

    return dict(report_schema())


def place_schema(path: Path) -> bool:
    """Copy the schema that the package ships, unless there is a file that says the same; whether it was."""
    text = (files("mlpcli") / "schema.json").read_bytes()
    is_new = not path.is_file() or path.read_bytes() != text
    if is_new:
        write_atomically(path, bytes_content(text))
    return is_new


def editor_line(config: Path) -> str:
    """The line among the comments at the top of a config by which editors find the schema beside it.

    None at all where a file has the name that is no schema of ours.
    """
    path = config.parent / BESIDE
    is_free = not path.exists() or f'"title": "{HEAD["title"]}"'.encode() in path.read_bytes()[:200]
    return f"# yaml-language-server: $schema={BESIDE}\n" if is_free else ""


def language_schema() -> JsonSchema:
    """The schema of a config as it is written: a name or a mapping with options, one or a list."""
    written: JsonSchema = _as_written(Spec.model_json_schema())
    return HEAD | written


def study_schema() -> JsonSchema:
    """The same of a study file."""
    from mlpcli.searching.study_spec import StudySpec

    written: JsonSchema = _as_written(StudySpec.model_json_schema())
    return HEAD | {"title": "mlp study"} | written


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
