"""What a report says of the network: layers with their sizes, and how it was trained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from mlpcli.nn.architecture import Architecture
from mlpcli.report.network_parts import Before, Layer, Network
from mlpcli.run.calibrating import calibration_documents
from mlpcli.run.experiment import Experiment
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.coverages import levels_of
from mlpcli.run.facts.shortened import capped, name, sentence
from mlpcli.terminal.console import number

MOST_BEFORE, MOST_LAYERS = 10, 30


def network_of(case: Case) -> Network:
    """The network, of several one of those that are kept."""
    kept = case.done.kept
    experiment, count = case.whole, len(kept.members)
    spec, shape = experiment.config.spec, experiment.network.architecture
    return Network(
        before=capped(list(_before(experiment)), MOST_BEFORE),
        layers=capped(list(_layers(shape)), MOST_LAYERS),
        parameters=experiment.network.layout.size,
        members=count,
        together=None if count == 1 else sentence(_together(case, count)),
        loss=experiment.prepared.loss.name,
        optimizer=spec.optimizer.name,
        schedule=spec.schedule.name,
        dtype=experiment.network.dtype.name,
        afterwards=tuple(_afterwards(case)),
    )


def _before(experiment: Experiment) -> Iterator[Before]:
    """Embeddings, waves of numbers, factors."""
    shape = experiment.network.architecture
    counts = shape.parameters_by_part()
    for place, (column, _, levels, width) in enumerate(experiment.prepared.inputs.codes):
        what = f"a vector of {width:,} numbers for each of {levels:,} levels of {column}"
        yield Before(name=f"embeddings.{place}", what=sentence(what), parameters=levels * width)
    if shape.numeric_embedding is not None:
        columns, width = len(shape.numeric_embedding.columns), shape.numeric_embedding.width
        what = f"{width:,} learnt inputs for each of {columns:,} numbers ({shape.numeric_embedding.name})"
        yield Before(name="numeric_embedding", what=what, parameters=counts["numeric_embedding"])
    if shape.scaling:
        what = f"a learnt factor for each of {shape.widths[0]:,} inputs"
        yield Before(name="scaling", what=what, parameters=counts["scaling"])


def _layers(shape: Architecture) -> Iterator[Layer]:
    counts, dropout = shape.parameters_by_part(), (*shape.dropout, 0.0)
    for index, (inputs, outputs) in enumerate(pairwise(shape.widths)):
        then = [shape.activations[index].name]
        if shape.normalization is not None and index < len(shape.widths) - 2:
            then.insert(0, shape.normalization.name)
        if dropout[index]:
            then.append(f"dropout {dropout[index]:g}")
        if shape.has_shortcut(index):
            then.append("residual")
        layer = f"layers.{index}"
        yield Layer(name=layer, inputs=inputs, outputs=outputs, then=tuple(then), parameters=counts[layer])


def _together(case: Case, count: int) -> str:
    """What several networks are."""
    if case.done.refit is not None:
        return f"the mean of what {count} networks say, trained again on all rows that may train"
    if case.done.study.folds:
        return f"the mean of what {count} networks say, each trained without another part of the rows"
    return f"the mean of what {count} networks say, trained on the same rows from other starts"


def _afterwards(case: Case) -> Iterator[str]:
    """What was fitted after the weights."""
    found = calibration_documents(case.results.calibrated)
    if "calibration" in found:
        losses = found["calibration"]["log_loss"]
        temperature = number(found["calibration"]["temperature"])
        changed = f"log loss {number(losses['before'])} before, {number(losses['after'])} after"
        yield f"scores are divided by {temperature} (temperature): {changed}"
    if "threshold" in found:
        positive = case.whole.decoder.target.positive_class
        yield sentence(
            f"'{name(positive)}' is predicted from a probability of {number(found['threshold'])} on"
        )
    levels = levels_of(case)
    if levels:
        yield f"prediction intervals of {', '.join(f'{level:g}' for level in levels)}"
    if case.done.refit is not None and len(case.done.kept.members) == 1:
        yield f"trained again on all rows that may train, for {case.done.refit.best_epochs[0]} epochs"
