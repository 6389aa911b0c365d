"""Writes configs/REFERENCE.md, configs/schema.json and mlpcli/mlp.1: `python tests/make_reference.py`.

Tests check that these files are what this script writes; make_man_page.py beside it makes the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from runpy import run_path
from typing import Any, get_args

import typer
from typer.testing import CliRunner

from mlpcli.cli import app
from mlpcli.commands.schema import language_schema, study_schema
from mlpcli.config.activation_spec import OUTPUT_ONLY
from mlpcli.config.encode_spec import ENCODINGS, POLICIES, SCALES
from mlpcli.config.model_spec import InitName
from mlpcli.nn.activations import ACTIVATIONS
from mlpcli.training.metrics import METRICS

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
SCHEMA = language_schema()
STUDY = study_schema()
DEFINITIONS = {**SCHEMA["$defs"], **STUDY["$defs"]}
TEXT = ["string", "number", "boolean", "null"]  # any scalar, taken as its source text
PATH = ["string", "number", "boolean"]  # likewise, but nothing is no path

# the keys that are sections of the config, and the models of their keys
SECTIONS = {
    "data": "DataSpec",
    "model": "ModelSpec",
    "training": "TrainingSpec",
    "training.early_stopping": "EarlyStoppingSpec",
    "training.average": "AverageSpec",
}
# the keys whose value is a choice by name, and where its options are in the schema
CHOICES = {
    "loss": ["properties", "loss"],
    "optimizer": ["properties", "optimizer"],
    "schedule": ["properties", "schedule"],
    "model.activation": ["$defs", "ModelSpec", "properties", "activation", "oneOf", 0],
    "model.init": ["$defs", "ModelSpec", "properties", "init"],
    "model.normalization": ["$defs", "ModelSpec", "properties", "normalization"],
    "model.numeric_embedding": ["$defs", "ModelSpec", "properties", "numeric_embedding"],
}
# where the schema's own words would be clumsy
WRITTEN = {
    **dict.fromkeys(CHOICES, "see below"),
    "model.layers": "list of whole numbers from 1 to 1,000,000, or `auto`",
    "model.dropout": "number ≥ 0, < 1, or list of them, or `{rate: NUMBER, schedule: SCHEDULE}`",
    "data.features": "list of columns, or mapping from a column to an encoding, to "
    "`{encode: ENCODING, missing: POLICY, parse: DECORATION, indicator: true}`, the options of the encoding "
    "beside it; the indicator is an input of 0 and 1 that says that the cell was missing",
    "data.target_parse": "decoration, see below",
    "data.target_scale": "scaling, see below",
    "data.missing": "policy, see below",
    "training.shuffle": "`true`, `false` or `{blocks: ROWS}`",
    "data.validation": "number > 0, < 1, path, or mapping",
    "data.test": "number > 0, < 1, path, or mapping",
    **dict.fromkeys(("data.target", "data.exclude", "data.id"), "column, or list of columns"),
    "data.weight": "column",
    "data.na_values": "text, or list of texts",
    "class_weight": "`balanced`, or mapping from a class to a number ≥ 0",
    "training.metrics": "metric, or list of them; see below",
}
INITIALIZERS = {
    "zeros": "0; a network with hidden layers cannot learn from it",
    "glorot_uniform": "uniform, variance 2 / (inputs + outputs)",
    "glorot_normal": "normal, variance 2 / (inputs + outputs)",
    "he_uniform": "uniform, variance 2 / inputs",
    "he_normal": "normal, variance 2 / inputs",
    "lecun_uniform": "uniform, variance 1 / inputs",
    "lecun_normal": "normal, variance 1 / inputs",
    "orthogonal": "orthonormal rows or columns, from the QR decomposition of a normal matrix",
}
PARSED = """\
At least one of them. `{prefix: "$", thousands: ","}` reads `$1,234.50`, `$ 1234.5`, `-$5`, `$-5` and
`($5)`, which is -5, and a number without the decoration, `1234.5`. Blanks around and between the parts do
not count, upper and lower case do. What does not fit is an error with its place: other words or units,
groups of other lengths (`1,23`), a first group that begins with 0. A blank or an apostrophe between
thousands may be one of those that typesetters use. Percent stays as it is written: `12 %` is 12. Missing
marks of `na_values` are texts such as `-`, or numbers, which go by value. A DataFrame may have numbers in
such a column, or texts."""
RATES = """\
Of every first-order optimizer; for rprop, of its first steps. A decoupled weight decay (adamw, lion) goes by
the rate with its factor, but for `fan_in` by the rate without it: z = x W/√n with the rate η and the decay λ
of W is then z = x V with the same steps and the same decay of V = W/√n (under Adam; it starts by
`lecun_normal`)."""
FADING = """\
Of update k of N in all, counted from 0, with t = k/N, `cosine` leaves ½ (1 + cos πt) and `flat_cos`
½ (1 + cos(π (max(1, 2t) − 1))). The gradient check is at t = 0."""
SOFTMAX = "p_j = e^z_j / Σ e^z_k"
OPENING = """\
# Reference

Every key of a config, every choice with its options, every command with its flags, every metric. Written from
the code by `python tests/make_reference.py`: change the code, not this file. An editor that knows YAML
schemas completes and checks a config that begins with `# yaml-language-server: $schema=schema.json`
([`schema.json`](schema.json) is what `mlp schema` prints).
"""


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a reference stands for."""
    return DEFINITIONS[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return text.replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterator[Sequence[str]] | list[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return [*head, *(f"| {' | '.join(map(cell, row))} |" for row in rows), ""]


def kind(schema: Mapping[str, Any]) -> str:
    """What may be written, in words."""
    if not schema:
        return "values"
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        words = [kind(option) for option in options]
        return " or ".join(dict.fromkeys(word for word in words if word != "null"))
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{name}`" for name in schema.get("enum", [schema.get("const")]))
    if "$ref" in schema:
        definition = resolved(schema)
        return "mapping" if "properties" in definition else kind(definition)
    if schema["type"] == "array":
        return f"list of {kind(schema['items'])}"
    return plain_kind(schema)


def plain_kind(schema: Mapping[str, Any]) -> str:
    """What a scalar is."""
    if schema["type"] in (TEXT, PATH):
        return "text" if schema["type"] == TEXT else "path"
    names = {"object": "mapping", "string": "path", "boolean": "`true` or `false`", "null": "null"}
    return names.get(schema["type"]) or number(schema)


def number(schema: Mapping[str, Any]) -> str:
    """A number and its bounds."""
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    bounds = [
        f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema and abs(schema[key]) < 1e9
    ]
    return " ".join(["whole number" if schema["type"] == "integer" else "number", ", ".join(bounds)]).strip()


def default(schema: Mapping[str, Any], needed: bool) -> str:
    """The default as it would be written; where it depends, the meaning says on what."""
    if needed:
        return "required"
    value = schema.get("default")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return "" if value is None else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def keys(prefix: str, model: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """A row for each key of a section, those of the sections in it included."""
    for name, schema in model["properties"].items():
        path = prefix + name
        written = WRITTEN.get(path) or ("section" if path in SECTIONS else kind(schema))
        yield f"`{path}`", written, default(schema, name in model.get("required", [])), schema["description"]
        if path in SECTIONS:
            yield from keys(f"{path}.", SCHEMA["$defs"][SECTIONS[path]])


def config_part() -> list[str]:
    """The keys."""
    return ["## Keys", "", *table(("key", "value", "default", "meaning"), keys("", SCHEMA))]


def study_part() -> list[str]:
    """The keys of a study file, what may be tried for a key, and the names and options of its choices."""
    lines = ["## Keys of a study file, for `mlp search`", ""]
    lines += table(("key", "value", "default", "meaning"), [row[1:] for row in options(STUDY)])
    lines += ["## What a study tries: below `space`", ""]
    tried = [row[1:] for row in options(DEFINITIONS["DimensionSpec"])]
    lines += table(("option", "value", "default", "meaning"), tried)
    for key in ("sampler", "pruner"):
        lines += named_part(f"`{key}` of a study file", STUDY["properties"][key])
    return lines


def at(path: Sequence[str | int]) -> Any:
    """The part of the schema that a path leads to."""
    part: Any = SCHEMA
    for step in path:
        part = part[step]
    return part


def choice_part(key: str) -> list[str]:
    """The names and options of one choice."""
    return named_part(f"Choices of `{key}`", at(CHOICES[key]))


def named_part(title: str, choice: Mapping[str, Any]) -> list[str]:
    """The names and options of a choice."""
    models = [resolved(option) for option in choice["anyOf"] if "$ref" in option]
    rows = [row for model in models for row in (*named(model), *options(model))]
    return [f"## {title}", "", *table(("name", "option", "value", "default", "meaning"), rows)]


def named(model: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for each name of a model."""
    name = model["properties"].get("name", {"const": "{from: FILE.npz}"})
    for plain in name.get("enum", ()):
        yield f"`{plain}`", "", "", "", decoder(plain)
    if "const" in name:
        yield f"`{name['const']}`", "", "", "", model["description"]


def options(model: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for each option of a model."""
    required = model.get("required", [])
    for name, schema in model["properties"].items():
        if name != "name":
            yield "", f"`{name}`", kind(schema), default(schema, name in required), schema["description"]


def decoder(name: str) -> str:
    """What an activation or an initializer without options is."""
    if name in INITIALIZERS:
        return INITIALIZERS[name]
    formula = SOFTMAX if name == "softmax" else formula_of(name)
    return f"{formula}; for outputs only" if name in OUTPUT_ONLY else formula


def formula_of(name: str) -> str:
    """The formula of an activation, from its docstring."""
    if name == "selu":
        return "elu with the scale and alpha of Klambauer et al. 2017"
    opening = (ACTIVATIONS[name].__doc__ or "").split("\n")[0]
    return opening.split(", φ′")[0].split("; φ′")[0].rstrip(".")


def words_part(title: str, words: Mapping[str, str]) -> list[str]:
    """Names with what they mean."""
    return [f"## {title}", "", *table(("name", "meaning"), [(f"`{n}`", text) for n, text in words.items()])]


def encoding_part() -> list[str]:
    """The encodings, with the options of those that have any."""
    forms = [form for form in SCHEMA["$defs"]["EncodeSpec"]["anyOf"] if "properties" in form]
    with_options = {form["properties"]["name"]["const"]: form for form in forms}
    rows: list[Sequence[str]] = []
    for name, text in ENCODINGS.items():
        rows += [(f"`{name}`", "", "", "", text), *options(with_options.get(name, {"properties": {}}))]
    columns = ("name", "option", "value", "default", "meaning")
    return ["## Encodings of `data.features`", "", *table(columns, rows)]


def parse_part() -> list[str]:
    """The options of decorated numbers, and what fits them."""
    columns = ("option", "value", "default", "meaning")
    rows = [row[1:] for row in options(SCHEMA["$defs"]["ParseSpec"])]
    title = "Numbers with decoration: `parse` of a feature, `data.target_parse`"
    return [f"## {title}", "", *table(columns, rows), PARSED, ""]


def nested_part(title: str, model: str, opening: str) -> list[str]:
    """The options of a mapping that stands in several places, or below a choice."""
    rows = [row[1:] for row in options(SCHEMA["$defs"][model])]
    return [f"## {title}", "", opening, "", *table(("option", "value", "default", "meaning"), rows)]


def flags(command: Any) -> Iterator[tuple[str, str]]:
    """A row for each argument and flag of a command."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield f"`{parameter.metavar}`", parameter.help
            continue
        given, value = parameter.default, "" if parameter.is_flag else f" {parameter.metavar}"
        kind = parameter.type_descriptor.annotation
        if isinstance(kind, type) and issubclass(kind, Enum):
            value = f" {'|'.join(member.value for member in kind)}"
            given = given and given.value
        shown = "" if given is None or parameter.is_flag else f" Default: `{given}`."
        yield ", ".join(f"`{name}{value}`" for name in parameter.opts), parameter.help + shown


def command_part() -> list[str]:
    """The commands."""
    lines = ["## Commands", ""]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        opening = " ".join((command.help or "").split())
        lines += [f"### `mlp {name}`", "", opening, ""]
        if command.params:
            lines += table(("argument, flag", "meaning"), flags(command))
    return lines


def metric_part() -> list[str]:
    """The metrics."""
    rows = [
        (f"`{name}`", ", ".join(sorted(metric.tasks)), "more" if metric.greater_is_better else "less",
         f"`{metric.sklearn}`" if metric.sklearn else "none has it", remark(metric))
        for name, metric in METRICS.items()
    ]  # fmt: skip
    opening = (
        "The positive class of two is the last in order. Sample weights (`data.weight`) apply, class weights "
        "do not; no unit of weights or targets is too small or too large. Several targets: the mean over "
        "them, and below `targets` each one's own. Rankings and log_loss come from scores, which have digits "
        "left where a probability is rounded to 0 or 1. A value that is not defined is null."
    )
    columns = ("metric", "tasks", "better is", "the value of `sklearn.metrics`", "")
    return ["## Metrics", "", opening, "", *table(columns, rows)]


def remark(metric: Any) -> str:
    """What else a metric needs."""
    if metric.instead:
        return "two classes only"
    return "sigmoid or softmax outputs only" if metric.needs == "probabilities" else ""


def reference() -> str:
    """The whole page."""
    parts = [
        config_part(),
        encoding_part(),
        parse_part(),
        words_part("Policies of `data.missing`", POLICIES),
        words_part("Scalings of `data.target_scale`", SCALES),
        *(choice_part(key) for key in CHOICES),
        nested_part("Factors on the learning rate: `optimizer.rates`", "RatesSpec", RATES),
        nested_part("A weight decay that fades: `optimizer.weight_decay`", "DecaySpec", FADING),
        nested_part("Dropout that fades: `model.dropout`", "DropoutSpec", FADING),
        study_part(),
        command_part(),
        metric_part(),
    ]
    return "\n".join([OPENING, *(line for part in parts for line in part)]).rstrip() + "\n"


def printed_schema() -> str:
    """What `mlp schema` prints."""
    return CliRunner().invoke(app, ["schema"]).stdout


if __name__ == "__main__":
    assert set(INITIALIZERS) == set(get_args(InitName))
    (CONFIGS / "REFERENCE.md").write_text(reference(), "utf-8")
    (CONFIGS / "schema.json").write_text(printed_schema(), "utf-8")
    run_path(str(Path(__file__).with_name("make_man_page.py")), run_name="__main__")
