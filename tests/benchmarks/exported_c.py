"""How fast an exported file of C is by itself: one prediction after the other, in a program of its own.

    python tests/benchmarks/exported_c.py MODEL DATA [MODEL DATA ...] [--predictions 200000] [--out DIR]

The first rows of DATA stand in the program as they are in memory; they are predicted again and again. Rows
per second of processor time with `-O2`, and how many bytes of machine code and tables the compiler makes of
the file, as `size` says.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measured import report

from mlpcli.data.encoding import batches_of
from mlpcli.exporting.c.exporter import CExporter
from mlpcli.exporting.c.header import members_of
from mlpcli.exporting.c.running import COMPILERS, FLAGS
from mlpcli.exporting.c.words import double, literal
from mlpcli.exporting.checking import cells_of
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description, describe
from mlpcli.exporting.exporter import Naming
from mlpcli.run.predictor import Model, open_model
from mlpcli.tables.patterns import open_input
from mlpcli.tables.table import Wanted

ROWS = 16
PROGRAM = """#include <math.h>
#include <stdio.h>
#include <time.h>

#include "m.h"

int main(void)
{{
    static const struct m_row rows[] = {{
{rows}
    }};
    double answers[{answers}];
    int labels[{answers}], sum = 0;
    long i;
    clock_t start = clock();

    (void)labels;
    for (i = 0; i < {predictions}L; i++) {{
        sum += m_predict(&rows[i % {count}]{arguments});
    }}
    printf("%.9f %d\\n", (double)(clock() - start) / CLOCKS_PER_SEC, sum);
    return 0;
}}
"""


def rows_of(model: Model, description: Description, data: str) -> list[str]:
    """The first rows as C has them."""
    names = tuple(column.name for column in description.columns)
    with open_input(data, model.form) as reader:
        table = next(reader.tables(Wanted(texts=names)))
    cells = cells_of(next(batches_of(table, model.inputs, model.dtype)), description)
    each = []
    for row in range(min(ROWS, cells.rows)):
        fields = [
            f".{member} = {double(float(cells.numbers[column.name][row]))}"
            if isinstance(column, NumberColumn)
            else f".{member} = {literal(cells.texts[column.name][row])}"
            for column, member in zip(description.columns, members_of(description), strict=True)
        ]
        each.append(f"        {{{', '.join(fields)}}},")
    return each


def measured(path: str, data: str, predictions: int) -> dict[str, object]:
    """One model."""
    model = open_model(Path(path))
    description, naming = describe(model), Naming("m", "m")
    outputs, rows = description.outputs, rows_of(model, description, data)
    arguments = [", labels"] if outputs.task == "multilabel" else []
    arguments += [", answers"] if outputs.task == "regression" or outputs.probabilistic else []
    program = PROGRAM.format(
        rows="\n".join(rows),
        count=len(rows),
        predictions=predictions,
        answers=max(2, outputs.count, len(outputs.classes)),
        arguments="".join(arguments),
    )
    with tempfile.TemporaryDirectory() as place:
        for suffix, content in zip((".c", ".h"), CExporter().files(description, naming), strict=True):
            Path(place, f"m{suffix}").write_bytes(content)
        Path(place, "main.c").write_text(program, "utf-8")
        _run(place, [COMPILERS[0], *FLAGS, "-c", "m.c"])
        _run(place, [COMPILERS[0], *FLAGS, "main.c", "m.o", "-o", "main", "-lm"])
        seconds = float(_run(place, ["./main"]).split()[0])
        text, data_bytes = _run(place, ["size", "m.o"]).splitlines()[1].split()[:2]
        size = sum(Path(place, f"m{suffix}").stat().st_size for suffix in (".c", ".h"))
    return {
        "model": Path(path).parent.name,
        "bytes of C": size,
        "machine code and tables": int(text) + int(data_bytes),
        "rows/s": round(predictions / seconds),
    }


def _run(place: str, command: Sequence[str]) -> str:
    return subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", nargs="+", metavar="MODEL DATA")
    parser.add_argument("--predictions", type=int, default=200_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    pairs = zip(asked.pairs[::2], asked.pairs[1::2], strict=True)
    report("exported_c", [measured(*pair, asked.predictions) for pair in pairs], asked.out)


if __name__ == "__main__":
    main()
