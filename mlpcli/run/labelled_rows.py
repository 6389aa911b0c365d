"""What a model's config says of labelled rows: what they weigh, which are left out, which belong together."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.config.refusals import text_of
from mlpcli.data.encoding import Labelling
from mlpcli.run.predictor import Model
from mlpcli.tables.reader import Reader
from mlpcli.terminal.console import Console


def labelling_of(model: Model, reader: Reader, by: Sequence[str], console: Console) -> Labelling:
    """What the rows of an input have besides the model's inputs; `by` names columns whose texts are kept."""
    weight, carried = weight_column(model), tuple(reader.header.own(name) or name for name in by)
    tell_of_header(reader, console)
    console.notes(reader.header.respelt((*(model.inputs.wanted + model.target.wanted).names, *by)))
    if weight is not None and reader.header.own(weight) is None:
        console.warn(f"there is no column '{weight}' of sample weights: every row counts 1")
        weight = None
    return Labelling(model.target, weight, drops_unlabelled(model), carried)


def tell_of_header(reader: Reader, console: Console) -> None:
    """What to know of an input before its rows, and what may be wrong with it."""
    console.notes(reader.header.notes)
    for text in reader.header.warnings:
        console.warn(text)


def weight_column(model: Model) -> str | None:
    """The column of sample weights that the model was trained with."""
    return _column(model, "weight")


def group_column(model: Model, reader: Reader) -> str | None:
    """The column whose values kept rows together in training, where the input has it."""
    group = _column(model, "group")
    return None if group is None else reader.header.own(group)


def drops_unlabelled(model: Model) -> bool:
    """Whether the model's training left rows without a target out."""
    policy = _setting(model, "missing")
    return "drop" in (policy, policy.get("policy") if isinstance(policy, dict) else None)


def _column(model: Model, key: str) -> str | None:
    name = _setting(model, key)
    return None if name is None else text_of(name)


def _setting(model: Model, key: str) -> object:
    """What the model's config says about its data; None where it says nothing."""
    data = model.file.meta.config.get("data")
    return data.get(key) if isinstance(data, dict) else None
