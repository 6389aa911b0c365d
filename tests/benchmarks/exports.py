"""How fast exported models are, and how large, beside the model itself.

    python tests/benchmarks/exports.py MODEL DATA [MODEL DATA ...] [--rows 20000] [--formats onnx,python]
        [--runs 3] [--out DIR]

The rows of DATA, again and again until there are so many, are scored by the model as `mlp predict` does once
a file is read (encoding, networks, predictions as columns), and by each export as `--check` runs it: a graph
in this process, a program in one of its own, its start included. Rows per second of processor time of all
processes, the best of some runs; one row alone, milliseconds of wall time, the median of a hundred; the bytes
of the files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import Any

import numpy as np
from measured import report

from mlpcli.data.encoding import Batch, batches_of
from mlpcli.exporting.checking import cells_of
from mlpcli.exporting.description import describe
from mlpcli.exporting.exporter import Exporter, Naming
from mlpcli.exporting.formats import EXPORTERS
from mlpcli.run.prediction import predicted_values
from mlpcli.run.predictor import Model, open_model
from mlpcli.tables.patterns import open_input
from mlpcli.tables.table import Table, Wanted


def table_of(model: Model, data: str) -> Table:
    """The columns of the model from a file, as texts and as numbers."""
    with open_input(data, model.form) as reader:
        names = describe(model).columns
        (table,) = reader.tables(model.inputs.wanted + Wanted(texts=tuple(one.name for one in names)))
    return table


def batch_of(model: Model, table: Table, rows: int) -> Batch:
    """So many rows of a table, from the first on, again and again."""
    chosen = np.arange(rows) % table.rows
    encoded = model.inputs.encode(table, chosen, model.inputs.zeros(rows, model.dtype))
    return Batch(table, chosen, encoded.x, encoded.faults, encoded.unseen)


def processor_seconds() -> float:
    """Of this process and of those that it waited for."""
    each = (getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in each)


def fastest(work: Callable[[], object], runs: int) -> float:
    """The least processor time of some runs."""
    taken = []
    for _ in range(runs):
        start = processor_seconds()
        work()
        taken.append(processor_seconds() - start)
    return min(taken)


def latency(work: Callable[[], object]) -> float:
    """Milliseconds of wall time, the median of a hundred times."""
    taken = []
    for _ in range(100):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return median(taken)


def predicted(model: Model, table: Table, rows: Any) -> None:
    """What `mlp predict` does with rows that are read."""
    for batch in batches_of(table, model.inputs, model.dtype, model.outputs, rows):
        said, judged = model.said(batch)
        predicted_values(model, judged, said.scores)


def measured(path: Path, data: str, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for the model, and one for each format."""
    model = open_model(path)
    table, rows = table_of(model, data), options.rows
    chosen = np.arange(rows) % table.rows
    yield {
        "model": path.parent.name,
        "format": "mlp",
        "bytes": path.stat().st_size,
        "rows/s": round(rows / fastest(lambda: predicted(model, table, chosen), options.runs)),
        "one row, ms": round(latency(lambda: predicted(model, table, chosen[:1])), 3),
    }
    for name in options.formats.split(","):
        yield {"model": path.parent.name, **_of_format(EXPORTERS[name](), model, table, options)}


def _of_format(
    exporter: Exporter, model: Model, table: Table, options: argparse.Namespace
) -> dict[str, object]:
    description, naming = describe(model), Naming("model", "model")
    many, one = (cells_of(batch_of(model, table, rows), description) for rows in (options.rows, 1))
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place, f"model{suffix}") for suffix in exporter.suffixes]
        contents = exporter.files(description, naming)
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        with exporter.scoring(paths, description, naming) as score:
            score(one)
            seconds = fastest(lambda: score(many), options.runs)
            alone: object = "" if exporter.reads_texts else round(latency(lambda: score(one)), 3)
    size = sum(map(len, contents))
    speed = round(options.rows / seconds)
    return {"format": exporter.name, "bytes": size, "rows/s": speed, "one row, ms": alone}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="+", metavar="MODEL DATA")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--formats", default=",".join(EXPORTERS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    pairs = zip(options.pairs[::2], options.pairs[1::2], strict=True)
    rows = [row for model, data in pairs for row in measured(Path(model), data, options)]
    report("exports", rows, options.out)


if __name__ == "__main__":
    main()
