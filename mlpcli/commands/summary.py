"""What a person reads: the results of a run as a table and a curve, and a config that was only checked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from mlpcli.artifacts.history import mean_rows
from mlpcli.artifacts.terminal_curve import Extras, terminal_curve
from mlpcli.commands.calibration_lines import calibration_lines, interval_lines
from mlpcli.commands.parts_table import PART_NAMES, PartResults, parts_table, target_table
from mlpcli.data.target import TargetEncoder
from mlpcli.errors import clean
from mlpcli.nn.architecture import Architecture
from mlpcli.run.experiment import Experiment
from mlpcli.run.member import TrainedMember
from mlpcli.run.resolved_config import resolved_config
from mlpcli.run.results import Results
from mlpcli.run.resume import resolved
from mlpcli.run.study import Study
from mlpcli.terminal.console import (
    counted,
    number,
    render,
    render_within,
    result_stream,
    screen_columns,
)
from mlpcli.terminal.screen import can_encode, has_colours
from mlpcli.training.callbacks import Epoch

SHOWN = 10  # names in a line
LONGEST = 300  # characters of a line


def run_summary(study: Study, trained: Sequence[TrainedMember], results: Results) -> list[str]:
    """The loss curve, a row per part with the constant prediction's below it, and what folds are worth."""
    experiment, histories = study.whole, [member.fitted.history for member in trained]
    chosen = trained[0].fitted.chosen if study.is_single else None
    lines = _curve(histories, chosen) if results.epochs > 1 else []
    names = ("loss", *experiment.metrics)
    parts = [
        PartResults(part, values, results.baseline[part], rows_judged(study, results)[part])
        for part, values in results.parts.items()
    ]
    table = parts_table(parts, names, screen_columns())
    after = [*calibration_lines(results.calibrated, experiment.decoder.target)]
    after += interval_lines(results.intervals)
    below = [*_by_target(results, names[1:]), *_by_fold(results), "", *after, _sentence(results)]
    return [*lines, "", task_line(experiment.prepared.target), "", *table, *below]


def rows_judged(study: Study, results: Results) -> dict[str, int]:
    """How many rows each part has; those that train, in the last training."""
    last = study.refit if results.refit and study.refit else study
    return {part: len(rows.rows) for part, rows in (*study.whole.parts.items(), *last.whole.parts.items())}


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


def _by_target(results: Results, metrics: Sequence[str]) -> list[str]:
    """A row per target and part where there are several targets."""
    rows = [
        [target, PART_NAMES[part], *(number(values[name]) for name in metrics)]
        for part, targets in results.targets.items()
        for target, values in targets.items()
    ]
    if not rows:
        return []
    return ["", *target_table(("target", "", *metrics), rows, "metrics.json", screen_columns())]


def _by_fold(results: Results) -> list[str]:
    """Mean and standard deviation over the folds, of each metric, each fold by the rows that validate it."""
    if not results.folds:
        return []
    rows = [
        [name, number(own["mean"]), number(own["std"]), *map(number, own["folds"][:SHOWN])]
        for name, own in results.cross_validation.items()
    ]
    folds = [f"fold {index + 1}" for index in range(min(SHOWN, len(results.folds)))]
    columns = ("cross-validation", "mean", "std", *folds)
    return ["", *render_within(columns, rows, screen_columns(), folds[::-1]).splitlines()]


def _curve(histories: Sequence[Sequence[Epoch]], chosen: int | None) -> list[str]:
    """The curve of a history, or of the mean of several."""
    width = max(40, min(100, screen_columns() or shutil.get_terminal_size().columns))
    rows = mean_rows([[epoch.row() for epoch in history] for history in histories])
    unicode = can_encode(result_stream(), "⠿─│●")
    extras = Extras(chosen, has_colours(result_stream()))
    return terminal_curve(rows, width, 12, unicode=unicode, extras=extras)


def _sentence(results: Results) -> str:
    """How the run ended, and where the weights come from if they are not the last ones."""
    ends = {
        "finished": f"finished after {counted(results.epochs, 'epoch')}",
        "early_stopped": f"stopped early after {counted(results.epochs, 'epoch')}",
        "stopped": f"stopped by hand after {counted(results.epochs, 'epoch')}",
        "worse_than_baseline": f"{counted(results.epochs, 'epoch')}, and worse than a constant prediction",
    }
    if results.refit:
        longest = counted(max(results.refit), "epoch")
        again = f"; then trained again on all rows but the test's for {longest}"
    else:
        again = ""
    if results.members:
        return f"{len(results.members)} networks, {ends[results.status]} at the most{again}"
    if again:
        return ends[results.status] + again
    best = results.best_epoch
    kept = "" if best == results.epochs else f"; the weights are those of epoch {best}, the best"
    return ends[results.status] + kept


def dry_run_document(study: Study) -> dict[str, Any]:
    """What `--dry-run --json` prints: the resolved config, the layers, the rows of every part."""
    experiment = study.whole
    return {
        "task": experiment.prepared.task,
        "config": resolved(resolved_config(experiment).spec),
        "layers": list(experiment.network.architecture.widths),
        "parameters": experiment.network.layout.size,
        "rows": {name: len(part.rows) for name, part in experiment.parts.items()},
        **({} if study.is_single else {"members": len(study.members)}),
        **({} if study.refit is None else {"refit": {"rows": len(study.refit.whole.training)}}),
    }


def dry_run_summary(study: Study, config: str) -> list[str]:
    """The resolved config, and the layers with their shapes and parameters."""
    experiment = study.whole
    shape = experiment.network.architecture
    rows = [*embedding_rows(experiment), *input_rows(shape), *layer_rows(shape)]
    rows.append(["total", "", "", f"{experiment.network.layout.size:,}"])
    parts = ", ".join(f"{len(part.rows):,} {PART_NAMES[name]}" for name, part in experiment.parts.items())
    table = render(("layer", "inputs × outputs", "activation", "parameters"), rows)
    safe = [clean(line, len(line)) for line in config.rstrip().split("\n")]
    task = task_line(experiment.prepared.target)
    several = [] if study.is_single else [f"networks: {len(study.members)}, each by itself"]
    if study.refit is not None:
        several.append(f"then trained again on {len(study.refit.whole.training):,} rows")
    below = [_inputs(experiment), *several, f"rows: {parts}; nothing was trained"]
    return [*safe, "", task, "", *table.splitlines(), "", *below]


def _inputs(experiment: Experiment) -> str:
    """How many inputs the columns make: a date is several, and so is a text."""
    encoder = experiment.prepared.inputs
    columns = len(dict.fromkeys(entry["name"] for entry in encoder.meta()))
    inputs = counted(experiment.network.architecture.widths[0], "input")
    return f"columns: {columns:,}, which make {inputs}"


def embedding_rows(experiment: Experiment) -> list[list[str]]:
    """A row per embedded column: the name and the shape of its table, and which column it is."""
    return [
        [f"embeddings.{number}", f"{levels:,} × {width}", clean(name), f"{levels * width:,}"]
        for number, (name, _, levels, width) in enumerate(experiment.prepared.inputs.codes)
    ]


def input_rows(shape: Architecture) -> Iterator[list[str]]:
    """A row for what else stands before the first layer: its name, its shape, how many parameters it has."""
    counts, numeric = shape.parameters_by_part(), shape.numeric_embedding
    if numeric is not None:
        size = f"{len(numeric.columns):,} × {numeric.width}"
        yield ["numeric_embedding", size, numeric.name, f"{counts['numeric_embedding']:,}"]
    if shape.scaling:
        yield ["scaling", f"{shape.widths[0]:,}", "", f"{counts['scaling']:,}"]


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
