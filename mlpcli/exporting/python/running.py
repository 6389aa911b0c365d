"""Runs an exported file of Python as a filter, on the cells of a table."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import CheckFailedError
from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import Cells, Scorer


def scorer(path: Path, description: Description) -> Scorer:
    """A function that has a file predict rows, in a process of its own that sees nothing of ours."""

    def score(cells: Cells) -> list[Array]:
        command = [sys.executable, "-I", str(path.absolute()), "--on-bad-row", "empty"]
        table = _table(cells, description)
        done = subprocess.run(command, input=table, capture_output=True, check=False)
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise CheckFailedError.of(f"the exported file ended with {done.returncode}: {''.join(last)}")
        return _columns(done.stdout.decode(), description)

    return score


def _table(cells: Cells, description: Description) -> bytes:
    """The cells as the file expects them; a character that its encoding lacks is an escape."""
    names = [column.name for column in description.columns]
    columns = [*(cells.texts[name] for name in names), *([""] * cells.rows for _ in description.ids)]
    separator = description.separator or ","
    header = [*names, *description.ids]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([header, *zip(*columns, strict=True)])
    return out.getvalue().encode(description.encoding, "backslashreplace")


def _columns(text: str, description: Description) -> list[Array]:
    """The columns of what it wrote, without the ids."""
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    first = len(description.ids)
    return [
        _column([row[place + first] for row in rows], name, description)
        for place, name in enumerate(description.outputs.names)
    ]


def _column(cells: Sequence[str], name: str, description: Description) -> Array:
    outputs = description.outputs
    if outputs.task != "regression" and "prediction" in name.rsplit("_", 1)[-1]:
        return np.array([cell or None for cell in cells], dtype=object)
    return np.array([float(cell) if cell else np.nan for cell in cells])
