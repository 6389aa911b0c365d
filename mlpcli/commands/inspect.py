"""`mlp inspect`: what a model file holds, for a person or as one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpcli.artifacts.model_file import read_model
from mlpcli.commands.model_facts import facts_of
from mlpcli.commands.parts_table import PartResults, parts_table
from mlpcli.config.dump import dump_document
from mlpcli.data.scaling import SCALINGS
from mlpcli.errors import ExitCode, clean
from mlpcli.terminal.console import Console, counted, number, render, screen_columns

MOST_FEATURES = 50  # lines of features that a person would still read
WIDEST = 120  # characters of a line that lists things
FITTED_WORDS = {name: scaling.words for name, scaling in SCALINGS.items()}
FITTED_WORDS["log1p"] = ("mean of log(1+x)", "std")


def inspect(path: Path, console: Console, *, json: bool) -> ExitCode:
    """Show what the model file at `path` holds. Raises ModelError."""
    facts = facts_of(read_model(path))
    if json:
        console.document(facts)
    else:
        console.lines(report_lines(path, facts))
    return ExitCode.DONE


def report_lines(path: Path, facts: Mapping[str, Any]) -> list[str]:
    """The facts as a person reads them."""
    return [
        clean(path),
        *(f"  {line}" for line in aligned(list(_summary(facts)))),
        "",
        *_layer_table(facts).splitlines(),
        "",
        *_feature_lines(facts),
        "",
        *_metric_table(facts["metrics"]),
        "",
        "config as written, but for its files:",
        *(f"  {clean(line, 2000)}" for line in dump_document(facts["config"]).splitlines()),
    ]


def _summary(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    training, data, csv = facts["training"], facts["data"], facts["csv"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    yield "sha256", facts["sha256"]
    yield "made by", f"mlp {facts['mlp']}, {versions}, {counted(facts['threads'], 'thread')}"
    yield f"{facts['task']} of", _target(facts["target"])
    yield "trained on", f"{counted(data['rows'], 'row')} of data with sha256 {data['sha256']}"
    if "init_sha256" in training:
        yield "begun with", f"weights of a file with sha256 {training['init_sha256']}"
    if "members" in facts:
        yield "networks", _networks(facts["members"])
    yield "loss", choice(facts["loss"])
    yield "optimizer", f"{training['optimizer']}, schedule {training['schedule']}"
    yield from _afterwards(facts)
    yield "epochs", f"{training['epochs']:,}, weights of {training['best_epoch']:,}: {training['status']}"
    yield "input", "as CSV, " + ", ".join(f"{name} {value!r}" for name, value in csv.items() if value)
    if facts["id"]:
        yield "id columns", listed(facts["id"])


def _afterwards(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was fitted after the weights."""
    if "calibration" in facts:
        losses = facts["calibration"]["log_loss"]
        of_rows = f"log loss {number(losses['before'])} before, {number(losses['after'])} after"
        yield "temperature", f"{number(facts['calibration']['temperature'])}; {of_rows}"
    if "threshold" in facts:
        yield "threshold", f"{facts['target']['positive']} from a probability of {facts['threshold']:g} on"
    if "intervals" in facts:
        yield "intervals", f"of {', '.join(f'{level:g}' for level in facts['intervals']['levels'])}"


def _networks(members: Sequence[Mapping[str, Any]]) -> str:
    """How many there are, and the epochs that they came to."""
    epochs = [member["training"]["best_epoch"] for member in members]
    span = f"{min(epochs):,}" if min(epochs) == max(epochs) else f"{min(epochs):,} to {max(epochs):,}"
    return f"{len(members)}, whose outputs are averaged; weights of epoch {span}"


def _target(target: Mapping[str, Any]) -> str:
    columns = listed(target["columns"])
    if target["task"] != "regression":
        positive = f"; positive: {target['positive']}" if "positive" in target else ""
        return f"{columns}: {listed(target['classes'])}{positive}"
    pairs = zip(target["center"], target["scale"], strict=True)
    written = target.get("parse", {}).items()
    parsed = "".join(f"; {name} written with {_decoration(parse)}" for name, parse in written)
    if "bounds" in target:
        ranges = zip(target["columns"], *target["bounds"], strict=True)
        parsed += "".join(f"; {name} from {number(low)} to {number(high)}" for name, low, high in ranges)
    transform = target.get("transform")
    if all(pair == (0.0, 1.0) for pair in pairs) and transform is None:
        return columns + parsed
    scales = zip(target["columns"], target["center"], target["scale"], strict=True)
    of = "{}" if transform is None else f"{transform}({{}})"
    parts = [f"{of.format(name)} = output · {number(scale)} + {number(at)}" for name, at, scale in scales]
    return listed(parts) + parsed


def _layer_table(facts: Mapping[str, Any]) -> str:
    rows: list[tuple[str, ...]] = [
        (
            one["name"],
            f"{one['levels']:,} × {one['width']}",
            clean(one["column"]),
            "",
            f"{one['parameters']:,}",
        )
        for one in facts.get("embeddings", ())
    ]
    rows += _before_first_layer(facts)
    rows += [
        (
            layer["name"],
            f"{layer['inputs']} × {layer['outputs']}",
            _then(layer),
            number(layer["dropout"]),
            f"{layer['parameters']:,}",
        )
        for layer in facts["layers"]
    ]
    rows.append(("total", "", facts["dtype"], "", f"{facts['parameters']:,}"))
    return render(("layer", "inputs × outputs", "activation", "dropout", "parameters"), rows)


def _before_first_layer(facts: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What else stands there: an embedding of numbers, the factors of inputs."""
    if "numeric_embedding" in facts:
        own = dict(facts["numeric_embedding"])
        columns, parameters = own.pop("columns"), own.pop("parameters")
        yield "numeric_embedding", f"{columns:,} × {own['width']}", choice(own), "", f"{parameters:,}"
    if "scaling" in facts:
        inputs, parameters = facts["scaling"].values()
        yield "scaling", f"{inputs:,}", "", "", f"{parameters:,}"


def _then(layer: Mapping[str, Any]) -> str:
    """What a layer's scores go through."""
    normalization = [choice(layer["normalization"])] if "normalization" in layer else []
    residual = ["residual"] if layer.get("residual") else []
    return ", ".join([*normalization, choice(layer["activation"]), *residual])


def _feature_lines(facts: Mapping[str, Any]) -> list[str]:
    features = facts["features"]
    shown = features[:MOST_FEATURES]
    rows = [(one["name"], one["encode"], _missing(one), _fitted(one)) for one in shown]
    lines = aligned([("feature", "encode", "missing", "fitted"), *rows])
    if len(shown) < len(features):
        lines.append(f"and {len(features) - len(shown):,} more; --json has them all")
    return lines


def _missing(feature: Mapping[str, Any]) -> str:
    fill = feature.get("fill")
    if fill is None:
        return str(feature.get("missing", ""))
    return f"{feature['missing']}: {number(fill) if isinstance(fill, float) else repr(fill)}"


def _fitted(feature: Mapping[str, Any]) -> str:
    if "categories" in feature:
        categories, other = feature["categories"], feature.get("other", ())
        rare = f", {len(other)} rare ones as other" if other else ""
        scaled = f", scaled by {feature['scaling']}" if "scaling" in feature else ""
        return f"{len(categories)} categories{rare}{scaled}: {listed(categories)}"
    if "inputs" in feature:
        return listed(feature["inputs"])
    if "quantiles" in feature:
        low, high = feature["quantiles"][0], feature["quantiles"][-1]
        ranks = f"{len(feature['quantiles'])} quantiles from {number(low)} to {number(high)}"
        return ", ".join([ranks, *_written(feature)])
    if "edges" in feature:
        low, high = feature["edges"][0], feature["edges"][-1]
        bins = f"{counted(feature['bins'], 'bin')} from {number(low)} to {number(high)}"
        return ", ".join([bins, *_written(feature)])
    words = FITTED_WORDS.get(feature["encode"], ())
    values = zip(words, (feature.get("center"), feature.get("scale")), strict=False)
    fitted = [f"{word} {number(value)}" for word, value in values if word is not None]
    return ", ".join(fitted + _written(feature))


def _written(feature: Mapping[str, Any]) -> list[str]:
    return [f"written with {_decoration(feature['parse'])}"] if "parse" in feature else []


def _decoration(parse: Mapping[str, str]) -> str:
    """What stands around and inside numbers: `prefix '$', thousands ','`."""
    return ", ".join(f"{name} {text!r}" for name, text in parse.items())


def _metric_table(metrics: Mapping[str, Any]) -> list[str]:
    found = dict.fromkeys(name for part in metrics.values() for name in part)
    names = [name for name in found if name not in {"baseline", "targets", "intervals"}]
    parts = [PartResults(part, values, values.get("baseline") or {}) for part, values in metrics.items()]
    return parts_table(parts, names, screen_columns())


def choice(chosen: Mapping[str, Any]) -> str:
    """A choice with its options: `leaky_relu (slope 0.01)`."""
    options = ", ".join(
        name if value is True else f"{name} {value}" for name, value in chosen.items() if name != "name"
    )
    return f"{chosen['name']} ({options})" if options else str(chosen["name"])


def listed(names: Sequence[str]) -> str:
    """Names with commas, cut where a line gets too long."""
    text = ", ".join(name if name else "''" for name in names)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of texts as lines with aligned columns; what a terminal would obey is escaped."""
    safe = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in safe
    ]
