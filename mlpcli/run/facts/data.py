"""What a report says of the data: columns and their encodings, parts, and what was remarked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from mlpcli.config.spec import Spec
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.feature import Feature
from mlpcli.data.row_origins import PLACES
from mlpcli.report.data_parts import ClassShare, ColumnFacts, DataFacts, PartRows, TargetRange
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.shortened import WORDS, capped, name, sentence
from mlpcli.run.facts.source_rows import SourceRows
from mlpcli.run.provenance import file_names
from mlpcli.run.shared_rows import shared_rows
from mlpcli.survey.leaks import ASKED

MOST_COLUMNS, MOST_CLASSES, MOST_TARGETS, MOST_NOTES = 50, 30, 10, 20
PART_OF = {"train": "train", "validation": "val", "calibration": "cal", "test": "test", "dropped": "dropped"}


def data_of(case: Case, source: SourceRows | None) -> DataFacts:
    """The table that was learnt from; of its cells what the files say, where they could be read again."""
    prepared = case.whole.prepared
    files = prepared.origins.files
    paths = file_names(case.whole)
    columns = list(_columns(prepared.inputs.features, source))
    remarks = [*prepared.warnings, *(note for note in prepared.notes if not note.endswith(ASKED))]
    return DataFacts(
        files=tuple(name(path.replace("\\", "/").rsplit("/", 1)[-1]) for path in paths.values()),
        rows=sum(len(file.places) for file in files),
        parts=tuple(_parts(case)),
        cut=sentence(_cut(case.whole.config.spec)),
        columns=capped(columns, MOST_COLUMNS),
        inputs=prepared.inputs.width,
        classes=capped(_classes(case), MOST_CLASSES, len(case.classes)),
        ranges=capped(_ranges(case), MOST_TARGETS, 0 if case.classes else len(prepared.target.columns)),
        notes=capped([sentence(note) for note in remarks], MOST_NOTES),
        leaks=tuple(leaks_of(case)),
    )


def leaks_of(case: Case) -> Iterator[str]:
    """What was noted of columns that alone tell the target, and of rows that train and judge."""
    noted = (note for note in case.whole.prepared.notes if note.endswith(ASKED))
    return map(sentence, (*noted, *shared_rows(case.done.kept.study.whole)))


def _parts(case: Case) -> Iterator[PartRows]:
    """The parts of the files: with folds the rows that validate are those that train."""
    for place in PLACES:
        files = case.whole.prepared.origins.files
        rows = sum(len(file.rows_of(place)) for file in files)
        if rows:
            part = PART_OF[place]
            words = WORDS.get(part, "left out")
            yield PartRows.model_validate({"part": part, "words": words, "rows": rows})


def _cut(spec: Spec) -> str:
    """How the rows were divided, in words."""
    data = spec.data
    if spec.folds is not None:
        repeats = spec.ensemble.repeats if spec.ensemble is not None else 1
        how = f"each of {spec.folds} networks was trained without one part of the rows, which validates it"
        how += f", {repeats} times over" if repeats > 1 else ""
    elif all(part is None for part in data.parts.values()):
        return "all rows train"
    elif any(isinstance(part, float) for part in data.parts.values()):
        how = "a share of the rows each, drawn by the seed"
    else:
        how = "as files or a column of the data say"
    if data.group is not None:
        how += f"; rows with the same '{data.group}' stay together"
    if data.order is not None:
        how += f"; in the order of '{data.order}', the last rows held out"
    return how


def _columns(features: Sequence[Feature], source: SourceRows | None) -> Iterator[ColumnFacts]:
    """Each column once: an indicator of missing cells is an input of the column that it tells of."""
    inputs: dict[str, int] = {}
    for feature in features:
        inputs[feature.name] = inputs.get(feature.name, 0) + len(feature.input_names)
    first = {feature.name: feature for feature in reversed(features)}
    for column, count in inputs.items():
        feature, meta = first[column], first[column].meta()
        own = feature.facts()
        fill = meta.get("fill") if own.get("fill") is None else f"{own['fill']:.6g}"
        center, scale = own.get("center"), own.get("scale")
        numbers = isinstance(center, float) and isinstance(scale, float)
        yield ColumnFacts(
            column=name(column),
            kind=_kind(feature),
            encode=feature.encode,
            inputs=count,
            levels=feature.levels if isinstance(feature, CategoryFeature) else None,
            missing=None if source is None else source.missing(column),
            policy=name(meta["missing"]),
            fill=None if fill is None else name(fill),
            center=center if numbers else None,
            scale=scale if numbers else None,
        )


def _kind(feature: Feature) -> Literal["number", "text", "date"]:
    if isinstance(feature, CategoryFeature):
        return "text"
    return "date" if isinstance(feature, DateFeature) else "number"


def _classes(case: Case) -> list[ClassShare]:
    """How many training rows have each class or label."""
    truth = case.whole.parts["train"].truth
    if case.whole.decoder.target.task == "regression":
        return []
    counts = truth.sum(axis=0) if truth.ndim > 1 else np.bincount(truth, minlength=len(case.classes))
    pairs = zip(case.classes, counts.tolist(), strict=True)
    return [ClassShare(name=name(one), rows=int(count)) for one, count in pairs]


def _ranges(case: Case) -> list[TargetRange]:
    """Where the training rows' numbers to predict are."""
    target = case.whole.decoder.target
    if target.task != "regression":
        return []
    truth = case.whole.parts["train"].truth
    found = zip(target.columns, *(np.quantile(truth, at, axis=0).tolist() for at in (0, 0.5, 1)), strict=True)
    return [TargetRange(target=name(one), least=a, median=b, most=c) for one, a, b, c in found]
