"""A finished run as a tracker is told of it: settings, curves, results and files, read from its directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from mlpcli.artifacts.history import MEMBER, Row, mean_rows
from mlpcli.artifacts.source_file import MAX_BYTES, FileFormatError, read_regular_file
from mlpcli.artifacts.strict_json import loads
from mlpcli.config.dump import Dumper
from mlpcli.errors import DataError, Place, UsageError
from mlpcli.run.predictor import Model, open_model
from mlpcli.run.settings_apart import config_of, flattened
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.patterns import open_input
from mlpcli.tables.table import Wanted

MODEL: Final = "model.npz"
FILES: Final = (
    "config.yaml",
    "history.csv",
    "metrics.json",
    "report.html",
)  # that are kept beside the numbers
LONGEST: Final = 500  # characters of a setting that is one; longer ones are in config.yaml alone

Settings: TypeAlias = Mapping[str, str]


class Point(NamedTuple):
    """The values of curves at an epoch."""

    epoch: int
    values: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run: its name, the settings by their dotted keys, the results by part and metric (`test.accuracy`).

    `sha256` is that of the model, by which a tracker knows the run again.
    """

    name: str
    directory: Path
    model: Model
    settings: Settings
    points: Sequence[Point]
    results: Mapping[str, float]

    @property
    def sha256(self) -> str:
        """The hash of the model's bytes."""
        return self.model.file.sha256

    @property
    def files(self) -> list[Path]:
        """Those of the run that a person looks at later."""
        return [self.directory / name for name in FILES if (self.directory / name).is_file()]


def read_record(directory: Path) -> RunRecord:
    """The record of the run in a directory.

    Raises UsageError where there is none, ModelError, DataError and ConfigError for files that are not as
    they were written.
    """
    path = directory / MODEL
    if not path.is_file():
        hint = "expected a directory that `mlp train` has written to its end"
        raise UsageError.of(f"{directory}: there is no run: no {MODEL}", None, hint)
    model = open_model(path)
    return RunRecord(
        directory.resolve().name,
        directory,
        model,
        settings_of(config_of(directory, model)),
        points_of(_history(directory / "history.csv")),
        _results(directory / "metrics.json", model),
    )


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Each setting as YAML has it in one line, but for where the run went and what is too long."""
    texts = {key: _text(value) for key, value in flattened(config).items() if key != "output"}
    return {key: text for key, text in texts.items() if len(text) <= LONGEST}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    line: str = yaml.dump(value, Dumper=Dumper, default_flow_style=True, width=10**6, allow_unicode=True)
    return line.removesuffix("...\n").strip()


def points_of(rows: Sequence[Row]) -> list[Point]:
    """The curves of a history: of several networks their mean, and each one's as `member_1/loss`."""
    members: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        members[int(row.get(MEMBER) or 0)].append({k: v for k, v in row.items() if k != MEMBER})
    if len(members) < 2:
        return [point_of(row) for own in members.values() for row in own]
    values: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for number, own in ((None, mean_rows(list(members.values()))), *members.items()):
        for row in own:
            point = point_of(row, number)
            values[point.epoch] |= point.values
    return [Point(epoch, values[epoch]) for epoch in sorted(values)]


def point_of(row: Row, member: int | None = None) -> Point:
    """A row of a history, of one of several networks as `member_2/loss`, without what is no finite number."""
    prefix = "" if member is None else f"member_{member}/"
    known = {name: float(value) for name, value in row.items() if value is not None and name != "epoch"}
    finite = {prefix + name: value for name, value in known.items() if isfinite(value)}
    return Point(int(row["epoch"] or 0), finite)


def _history(path: Path) -> list[Row]:
    """The rows of history.csv; none where it is not there any more."""
    if not path.is_file():
        return []
    with open_input(path, CsvFormat()) as reader:
        names = reader.header.names
        reader.header.require(("epoch",))
        rows: list[Row] = []
        for table in reader.tables(Wanted(texts=names)):
            cells = zip(*(table.text(name).texts().tolist() for name in names), strict=True)
            rows += [
                {name: _number(cell, path) for name, cell in zip(names, row, strict=True)} for row in cells
            ]
    return rows


def _row(cells: Mapping[str, str], path: Path) -> dict[str, float | None]:
    return {name: _number(cell, path) for name, cell in cells.items()}


def _number(cell: str, path: Path) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        message = f"expected a number, found '{cell}'"
        raise DataError.of(message, Place(str(path)), "it is no history that `mlp train` wrote") from None


def _results(path: Path, model: Model) -> dict[str, float]:
    """The numbers of metrics.json by their dotted names, else what the model says of itself."""
    found: Mapping[str, Any] = model.file.meta.model_dump(mode="json")["metrics"]
    if path.is_file():
        try:
            found = loads(bytes(read_regular_file(path, MAX_BYTES)))
        except FileFormatError as error:
            raise DataError.of(error.message, Place(str(path)), error.hint) from error
    return {key: float(value) for key, value in flattened(found).items() if _is_number(value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
