"""Small tables and configs for the tests of the data."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from mlpcli.arrays import Indices
from mlpcli.config.load import Config, load_config
from mlpcli.data.dataset import Prepared
from mlpcli.run.experiment import prepared_of
from mlpcli.tables import source
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import WholeFile, read_whole
from mlpcli.tables.source import DataFile
from mlpcli.tables.table import Table, Wanted

PLAIN = CsvFormat()


def content_file(content: bytes | str, name: str = "t.csv") -> DataFile:
    """A data file that is only in memory."""
    data = content.encode() if isinstance(content, str) else content
    return DataFile(name, lambda: io.BytesIO(data), regular=True)


def read(
    content: bytes | str, wanted: Wanted | None = None, form: CsvFormat = PLAIN, chunk: int = 1 << 20
) -> WholeFile:
    """All rows of a content, in pieces of `chunk` bytes; every column as text unless others are wanted."""
    with patch.object(source, "CHUNK", chunk):
        return read_whole(
            content_file(content), form, lambda reader: wanted or Wanted(texts=reader.header.names)
        )


def table_of(columns: dict[str, Sequence[object]], **wanted: tuple[str, ...]) -> Table:
    """A table of some columns, read from CSV; None is a missing cell."""
    rows = zip(*columns.values(), strict=True)
    lines = [
        ",".join(columns),
        *(",".join("" if cell is None else str(cell) for cell in row) for row in rows),
    ]
    form = CsvFormat(empty_rows=True)
    return read("\n".join(lines) + "\n", Wanted(**wanted) if wanted else None, form).table


def prepare(config: Config, dtype: str = "float64") -> Prepared:
    """The data of a config."""
    return prepared_of(config, dtype)


def all_rows(table: Table) -> Indices:
    """The numbers of all rows."""
    return np.arange(table.rows)


def config_for(directory: Path, csv: str | bytes, data: Iterable[str] = (), rest: str = "") -> Config:
    """A config whose training file is `csv`, with lines for `data`, its target among them, and a rest."""
    (directory / "t.csv").write_bytes(csv.encode() if isinstance(csv, str) else csv)
    lines = ["data:", "  train: t.csv", *(f"  {line}" for line in data), rest]
    (directory / "c.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    return load_config(directory / "c.yaml")
