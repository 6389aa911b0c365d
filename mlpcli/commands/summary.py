"""What a person reads: the results of a run as a table and a curve, and a config that was only checked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mlpcli.artifacts.terminal_curve import terminal_curve
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import clean
from mlpcli.nn.architecture import Architecture
from mlpcli.run.experiment import Experiment
from mlpcli.run.results import Results
from mlpcli.run.resume import resolved
from mlpcli.terminal.console import can_encode, counted, number, render, result_stream
from mlpcli.training.callbacks import Epoch

SHOWN = 10  # names in a line
LONGEST = 300  # characters of a line
PART_NAMES = {"train": "training", "val": "validation", "test": "test"}


def run_summary(experiment: Experiment, history: Sequence[Epoch], results: Results) -> list[str]:
    """The loss curve, and a row per part with the constant prediction's below it."""
    lines = _curve(history) if len(history) > 1 else []
    names = ("loss", *experiment.metrics)
    rows: list[list[str]] = []
    for part, values in results.parts.items():
        count = f"{len(experiment.parts[part].rows):,}"
        rows.append([PART_NAMES[part], count, *(number(values[name]) for name in names)])
        constant = results.baseline[part]
        rows.append(["  constant prediction", "", *(number(constant[name]) for name in names)])
    table = render(("", "rows", *names), rows)
    return [
        *lines,
        "",
        task_line(experiment.prepared.target),
        "",
        *table.splitlines(),
        "",
        _sentence(results),
    ]


def task_line(target: TargetEncoder) -> str:
    """What is learnt: `classification of ok: N, Y (positive)`."""
    line = f"{target.task} of {', '.join(target.columns[:SHOWN])}"
    if len(target.columns) > SHOWN:
        line += f" and {len(target.columns) - SHOWN:,} more"
    if target.task == "regression":
        return clean(line, LONGEST)
    return clean(f"{line}: {classes_shown(target)}", LONGEST)


def classes_shown(target: TargetEncoder) -> str:
    """The classes in order, the positive one of two marked; the two words of labels."""
    if len(target.classes) > SHOWN:
        return f"{len(target.classes):,} classes: {', '.join(target.classes[:SHOWN])}, …"
    positive = target.positive_class
    return ", ".join(f"{name} (positive)" if name == positive else name for name in target.classes)


def _curve(history: Sequence[Epoch]) -> list[str]:
    width = max(40, min(100, shutil.get_terminal_size().columns))
    rows = [epoch.row() for epoch in history]
    return terminal_curve(rows, width, 12, unicode=can_encode(result_stream(), "⠿─│"))


def _sentence(results: Results) -> str:
    """How the run ended, and where the weights come from if they are not the last ones."""
    ends = {
        "finished": f"finished after {counted(results.epochs, 'epoch')}",
        "early_stopped": f"stopped early after {counted(results.epochs, 'epoch')}",
        "worse_than_baseline": f"{counted(results.epochs, 'epoch')}, and worse than a constant prediction",
    }
    best = results.best_epoch
    kept = "" if best == results.epochs else f"; the weights are those of epoch {best}, the best"
    return ends[results.status] + kept


def dry_run_document(experiment: Experiment) -> dict[str, Any]:
    """What `--dry-run --json` prints: the resolved config, the layers, the rows of every part."""
    return {
        "task": experiment.prepared.task,
        "config": resolved(experiment.config.spec),
        "layers": list(experiment.network.architecture.widths),
        "parameters": experiment.network.layout.size,
        "rows": {name: len(part.rows) for name, part in experiment.parts.items()},
    }


def dry_run_summary(experiment: Experiment, config: str) -> list[str]:
    """The resolved config, and the layers with their shapes and parameters."""
    rows = [*embedding_rows(experiment), *layer_rows(experiment.network.architecture)]
    rows.append(["total", "", "", f"{experiment.network.layout.size:,}"])
    parts = ", ".join(f"{len(part.rows):,} {PART_NAMES[name]}" for name, part in experiment.parts.items())
    table = render(("layer", "inputs × outputs", "activation", "parameters"), rows)
    safe = [clean(line, len(line)) for line in config.rstrip().split("\n")]
    task = task_line(experiment.prepared.target)
    return [*safe, "", task, "", *table.splitlines(), "", f"rows: {parts}; nothing was trained"]


def embedding_rows(experiment: Experiment) -> list[list[str]]:
    """A row per embedded column: the name and the shape of its table, and which column it is."""
    return [
        [f"embeddings.{number}", f"{levels:,} × {width}", clean(name), f"{levels * width:,}"]
        for number, (name, _, levels, width) in enumerate(experiment.prepared.inputs.codes)
    ]


def layer_rows(shape: Architecture) -> list[list[str]]:
    """A row per layer: its name, its shape, what its scores go through, how many parameters it has."""
    counts = shape.parameters_by_part()
    rows = []
    for index, (inputs, outputs) in enumerate(pairwise(shape.widths)):
        name, then = f"layers.{index}", [shape.activations[index].name]
        if shape.normalization is not None and index < len(shape.widths) - 2:
            then.insert(0, shape.normalization.name)
        if shape.has_shortcut(index):
            then.append("residual")
        rows.append([name, f"{inputs} × {outputs}", ", ".join(then), f"{counts[name]:,}"])
    return rows
