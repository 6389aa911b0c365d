"""Exports a model to a file of C99 and its header, and runs that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mlpcli.errors import UsageError
from mlpcli.exporting.c.encoding import Cell, encoding_function
from mlpcli.exporting.c.header import header, members_of, name_tables, prototype
from mlpcli.exporting.c.levels import folding_tables
from mlpcli.exporting.c.meanings import answers, joined, units_table
from mlpcli.exporting.c.network import network_function
from mlpcli.exporting.c.running import COMPILERS, compiled, compiler_here
from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.spellings import folding_of
from mlpcli.exporting.c.words import STANDARD_HEADERS
from mlpcli.exporting.description import Description
from mlpcli.exporting.exporter import Naming, Scorer, without_intervals

REALS: Final = {"float32": "float", "float64": "double"}
ROUNDED: Final = {"float32": "rounded_float", "float64": "rounded_double"}
FILE: Final = """/* Made by `mlp export`; {stem}.h says how it is used.
   The sha256 of the model: {sha256}
   Build: cc -std=c99 -O2 -ffp-contract=off -c {stem}.c, and link with -lm. Without the flag that forbids
   fused multiplications the last digits may differ from one processor to another. */

#include "{stem}.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "NAN is a missing cell here: build this file without -ffast-math"
#endif

typedef {real} real; /* of the network's numbers; sums and all else are in double precision */

{macros}
{source}
{tables}{prototype}
{{
{body}}}
"""


class CExporter:
    """A file of C99 and its header: no memory is allocated, nothing is kept, no locale matters."""

    name = "c"
    suffixes = (".c", ".h")
    reads_texts = False

    @property
    def runner(self) -> str:
        """The compiler."""
        return f"a program of {Path(compiler_here() or COMPILERS[0]).name}"

    def files(self, description: Description, naming: Naming) -> tuple[bytes, ...]:
        """The two files. Raises UsageError for a name that no #include can have."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", naming.stem):
            hint = "letters, digits, _, -, + and points, of ASCII"
            raise UsageError.of(f"-o: no program can include a header called '{naming.stem}.h'", None, hint)
        if naming.stem.lower() in STANDARD_HEADERS:
            message = f"-o: programs in that directory would take {naming.stem}.h for C's own"
            raise UsageError.of(message, None, f"give it another name, such as {naming.stem}_model.c")
        return (
            source_file(description, naming).encode(),
            header(description, naming).encode(),
        )

    def remarks(self, description: Description) -> Iterator[str]:
        """What is left out."""
        return without_intervals(description)

    @contextmanager
    def scoring(self, paths: Sequence[Path], description: Description, naming: Naming) -> Iterator[Scorer]:
        """Compiles the file with a program around it, which is given the cells, and runs that."""
        with compiled(paths[0], description, naming) as score:
            yield score


def source_file(description: Description, naming: Naming) -> str:
    """The .c file."""
    source = Source()
    source.use(ROUNDED[description.dtype])
    body = "".join(f"    {statement}\n" for statement in _statements(source, description, naming))
    if source.folded:
        source.use("text_meaning", **folding_tables(folding_of(source.folded)))
    units = ""
    if source.uses("units"):
        each = [member.units for member in description.members] if source.uses("mean_numbers") else []
        units = units_table([*each, description.outputs.units]) + "\n"
    return FILE.format(
        stem=naming.stem,
        sha256=description.sha256,
        real=REALS[description.dtype],
        macros="".join(f"#define {name} {value}\n" for name, value in _macros(source, description)),
        source=source.text(),
        tables=units + name_tables(description, naming),
        prototype=prototype(description, naming),
        body=body,
    )


def _statements(source: Source, description: Description, naming: Naming) -> Iterator[str]:
    """The body of the function that predicts."""
    outputs, members = description.outputs, description.members
    widths = [sum(feature.width for feature in features) for features in description.encodings]
    for number, width in enumerate(widths):
        yield f"real x_{number}[{width}];"
    yield f"real scores[{outputs.count}];"
    yield f"double each[{len(members) * outputs.count}], z[{outputs.count}], outputs[{outputs.count}];"
    if outputs.task == "classification" and outputs.probabilistic and outputs.count == 1:
        yield "double both[2];"
    yield "int fault, i;\n"
    cells, row = cells_of(description), f"{naming.symbol}_row"
    for number, features in enumerate(description.encodings):
        name = encoding_function(source, f"encode_{number}", features, cells, row)
        yield f"fault = {name}(row, x_{number});"
        yield "if (fault != 0) {\n        return fault;\n    }"
    for number, member in enumerate(members):
        inputs = widths[member.encoding]
        name = network_function(source, f"network_{number}", inputs, member.steps)
        yield f"{name}(x_{member.encoding}, scores);"
        at = f"{number * outputs.count} + i" if number else "i"
        yield f"for (i = 0; i < {outputs.count}; i++) {{\n        each[{at}] = (double)scores[i];\n    }}"
    yield from joined(source, description)
    yield from answers(source, outputs)


def cells_of(description: Description) -> dict[str, Cell]:
    """How each column is read."""
    each = enumerate(zip(description.columns, members_of(description), strict=True))
    return {
        column.name: Cell(column, member, -1 - place, description.decimal) for place, (column, member) in each
    }


def _macros(source: Source, description: Description) -> Iterator[tuple[str, object]]:
    """Numbers and operations that helping parts have by these names."""
    yield "NOT_FINITE", f"({-1 - len(description.columns)})"
    if source.uses("level"):
        yield "FAULT", "(-2)"
    if source.uses("level") or source.uses("among_numbers"):
        yield "LONGEST", source.longest
    if source.uses("number_text") or source.uses("plain_word"):
        yield "DECIMAL_MARK", f"'{description.decimal}'"
    if description.together is not None:
        yield "MEMBERS", len(description.members)
    log = description.outputs.units.log
    if source.uses("units"):
        yield "TO_UNITS(u)", "expm1(u)" if log else "(u)"
    if source.uses("few_digits"):
        yield "CENTER_AT(y, center)", "((y) - (1.0 + (y)) * (log1p(y) - (center)))" if log else "(center)"
        yield "SCALE_AT(y, scale)", "((1.0 + (y)) * (scale))" if log else "(scale)"
    if source.uses("mean_numbers") and description.together is not None:
        yield "FROM_UNITS(y)", "log1p(y)" if log else "(y)"
        yield "SCORE_OF(y)", "log(y)" if description.together.log else "(y)"
