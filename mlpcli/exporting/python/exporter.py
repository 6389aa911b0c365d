"""Exports a model to one file of Python, and runs that."""

from __future__ import annotations

import ast
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import Naming, Scorer, without_intervals
from mlpcli.exporting.python.literals import column_literal, encoding_literal, listed
from mlpcli.exporting.python.meanings import network_literal, reading_literal, together_literal
from mlpcli.exporting.python.parts import joined, needed
from mlpcli.exporting.python.running import scorer

PLAIN: Final = tuple(
    f"runtime.{name}"
    for name in (
        *("cells", "decorated", "levels", "arithmetic", "numbers", "normal", "ranks", "categories", "absent"),
        *("dates", "layers", "activations", "units", "together", "digits", "classes", "labels", "amounts"),
        *("predicting", "csv_text", "streams", "filtering"),
    )
)
AT_ONCE: Final = (
    *(
        f"runtime.{name}"
        for name in ("cells", "decorated", "levels", "categories", "dates", "normal", "digits")
    ),
    *("runtime.csv_text", "runtime.streams"),
    *(f"vectorized.{name}" for name in ("arrays", "cells", "features", "ranks", "layers", "activations")),
    *(f"vectorized.{name}" for name in ("units", "readings", "predicting")),
)
CODES: Final = {"float32": "f", "float64": "d"}
HEAD: Final = '''"""Predicts rows of a table as `mlp predict` does; needs nothing but {needs}.

Made by `mlp export`. The sha256 of the model: {sha256}

In a program, this file being score.py; a missing cell is None, "" or NaN:

    from score import predict
    predict({{"COLUMN": {cell}, ...}})

As a filter, for tables written as the one that the model was trained on:

    python score.py < in.csv > out.csv

With `--on-bad-row empty` a row that cannot be used is left without a prediction.
"""

from __future__ import annotations

'''
TAIL: Final = """
# The model: its columns, what they become, its networks with their weights, what their scores mean.

MODEL = Model(
    {columns},
    {encodings},
    {networks},
    {together},
    {reading},
)
IDS = {ids!r}
predict = MODEL.predict


if __name__ == "__main__":
    sys.exit(main(MODEL, IDS, {separator!r}, {encoding!r}))
"""


class PythonExporter:
    """One file that needs the standard library alone, and predicts one row at a time."""

    name = "python"
    suffixes = (".py",)
    reads_texts = True
    runner = f"Python {platform.python_version()}"
    parts = PLAIN
    head = MappingProxyType({"needs": "Python 3.9 or newer", "cell": "1.5"})

    def files(self, description: Description, _naming: Naming) -> tuple[bytes, ...]:
        """The file."""
        decimal = description.decimal
        tail = TAIL.format(
            columns=listed((column_literal(one, decimal) for one in description.columns), 4),
            encodings=listed((encoding_literal(one, decimal) for one in description.encodings), 4),
            networks=listed(map(network_literal, description.members), 4),
            together=together_literal(description),
            reading=reading_literal(description.outputs),
            ids=list(description.ids),
            separator=description.separator,
            encoding=description.encoding,
        )
        used = {node.id for node in ast.walk(ast.parse(tail)) if isinstance(node, ast.Name)}
        parts = joined(needed(used, self.parts))
        precision = f'PRECISION = "{CODES[description.dtype]}"'
        text = HEAD.format(sha256=description.sha256, **self.head) + parts + tail
        return (text.replace('PRECISION = "d"', precision, 1).encode(),)

    def remarks(self, description: Description) -> Iterator[str]:
        """That intervals are left out, if there are any."""
        return without_intervals(description)

    @contextmanager
    def scoring(self, paths: Sequence[Path], description: Description, _naming: Naming) -> Iterator[Scorer]:
        """Runs the file as a filter."""
        yield scorer(paths[0], description)


class NumpyExporter(PythonExporter):
    """One file that needs NumPy besides, and predicts all rows of a table at once."""

    name = "numpy"
    runner = f"{PythonExporter.runner} and NumPy {np.__version__}"
    parts = AT_ONCE
    head = MappingProxyType({"needs": "Python 3.9 or newer, and NumPy", "cell": "[1.5, ...]"})
