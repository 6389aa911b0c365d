"""Features as statements of C: from a cell in `row` to inputs in `x`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlpcli.exporting.c.levels import levels_of
from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.spellings import spellings_of
from mlpcli.exporting.c.words import comment, double, literal
from mlpcli.exporting.columns import (
    Absent,
    Code,
    Column,
    Constant,
    Date,
    DatePart,
    Feature,
    Number,
    NumberColumn,
    OneHot,
    Pieces,
    Rank,
)
from mlpcli.exporting.python.runtime.dates import Date as KnownDate
from mlpcli.exporting.python.runtime.normal import CENTRAL, MIDDLE, TAIL

EPOCHS: Mapping[str | None, str] = {"epoch": "1.0", "epoch_ms": "1000.0"}


@dataclass(frozen=True)
class Cell:
    """A column as the encoding sees it: its member of the struct, what is returned where it is wrong."""

    column: Column
    member: str
    fault: int
    decimal: str

    @property
    def refused(self) -> str:
        """What follows an `if`."""
        return f"{{\n        return {self.fault};\n    }}"


def encoding_function(
    source: Source, name: str, features: Sequence[Feature], cells: Mapping[str, Cell], struct: str
) -> str:
    """The name of a function that writes inputs: it returns 0, or what the first cell does that is wrong."""
    statements, at = [], 0
    for feature in features:
        cell = cells[feature.column]
        statements.append(f"    /* {comment(feature.column)} */\n")
        statements += WRITERS[type(feature)](source, feature, cell, at)
        at += feature.width
    body = "".join(statements)
    kinds = {
        "double v;": " v = ",
        "const char *text;": " text = ",
        "struct date date;": "&date",
        "int level;": " level = ",
    }
    variables = "".join(f"    {variable}\n" for variable, sign in kinds.items() if sign in body)
    head = f"static int NAME(const struct {struct} *row, real *x)\n"
    return source.function(name, f"{head}{{\n{variables}\n{body}    return 0;\n}}\n")


def _number_cell(source: Source, cell: Cell, fill: float | None) -> list[str]:
    source.use("known")
    blanks = " || ".join(f"v == {double(number)}" for number in cell.column.blank_numbers)
    missing = [f"    if ({blanks}) {{\n        v = NAN;\n    }}\n"] if blanks else []
    known = f"known(&v, {double(float('nan') if fill is None else fill)})"
    return [f"    v = row->{cell.member};\n", *missing, f"    if (!{known}) {cell.refused}\n"]


def _written(cell: Cell, at: int, value: str) -> list[str]:
    return [f"    x[{at}] = rounded({value});\n", f"    if (!isfinite(x[{at}])) {cell.refused}\n"]


def _number(source: Source, feature: Number, cell: Cell, at: int) -> list[str]:
    x = "log1p(v)" if feature.log else "v"
    value = f"({x} - {double(feature.center)}) / {double(feature.scale)}"
    if feature.clip:
        source.use("clipped")
        value = f"clipped({value})"
    return [*_number_cell(source, cell, feature.fill), *_written(cell, at, value)]


def _constant(source: Source, feature: Constant, cell: Cell, at: int) -> list[str]:
    return [*_number_cell(source, cell, feature.fill), f"    x[{at}] = (real)0.0;\n"]


def _rank(source: Source, feature: Rank, cell: Cell, at: int) -> list[str]:
    function = "normal_rank" if feature.normal else "uniform_rank"
    source.use(function, COEFFICIENTS=_coefficients())
    name = source.table("double", f"quantiles_of_{cell.member}_{at}", map(double, feature.quantiles))
    value = f"{function}(v, {name}, {len(feature.quantiles)})"
    return [*_number_cell(source, cell, feature.fill), *_written(cell, at, value)]


def _coefficients() -> str:
    """Those of the inverse of the normal distribution, the same as in Python."""
    tables = (*CENTRAL, *MIDDLE, *TAIL)
    return ",\n".join(f"        {{{', '.join(map(double, one))}}}" for one in tables)


def _pieces(source: Source, feature: Pieces, cell: Cell, at: int) -> list[str]:
    source.use("pieces")
    starts = source.table("double", f"starts_of_{cell.member}_{at}", map(double, feature.starts))
    widths = source.table("double", f"widths_of_{cell.member}_{at}", map(double, feature.widths))
    call = f"pieces(v, {starts}, {widths}, {feature.width}, x + {at})"
    return [*_number_cell(source, cell, feature.fill), f"    if (!{call}) {cell.refused}\n"]


def _text_cell(source: Source, cell: Cell, numbers: Sequence[float] = ()) -> list[str]:
    """The text, NULL where it is missing; of `numbers` any spelling is, but none that begins with 0."""
    source.use("given")
    blanks = sorted(cell.column.blanks, key=str.encode)
    name = source.texts(f"blanks_of_{cell.member}", blanks)
    found = [f"    text = given(row->{cell.member}, {name}, {len(blanks)});\n"]
    for some, codes in ((cell.column.blank_numbers, 1), (numbers, 0)):
        if some:
            source.use("among_numbers")
            spelt = spellings_of(some)
            own = source.texts(f"blank_numbers_of_{cell.member}_{codes}", spelt)
            test = f"among_numbers(text, {own}, {len(spelt)}, {codes})"
            found.append(f"    if (text != NULL && {test}) {{\n        text = NULL;\n    }}\n")
    return found


def _level(source: Source, feature: OneHot | Code, cell: Cell, at: int) -> list[str]:
    name = levels_of(source, feature.levels, f"levels_of_{cell.member}_{at}", cell.decimal)
    cells = _text_cell(source, cell, feature.levels.blank_numbers)
    found = [*cells, f"    level = level_of(text, &{name});\n"]
    if feature.levels.absent is None or feature.levels.unseen is None:
        found.append(f"    if (level == FAULT) {cell.refused}\n")
    return found


def _one_hot(source: Source, feature: OneHot, cell: Cell, at: int) -> list[str]:
    count = feature.levels.count
    if set(feature.zeros) <= {0.0} and set(feature.ones) <= {1.0}:
        source.use("one_hot")
        write = f"one_hot(level, {count}, x + {at})"
    else:
        source.use("scaled_one_hot")
        zeros = source.table("double", f"zeros_of_{cell.member}_{at}", map(double, feature.zeros))
        ones = source.table("double", f"ones_of_{cell.member}_{at}", map(double, feature.ones))
        write = f"scaled_one_hot(level, {zeros}, {ones}, {count}, x + {at})"
    return [*_level(source, feature, cell, at), f"    {write};\n"]


def _code(source: Source, feature: Code, cell: Cell, at: int) -> list[str]:
    return [*_level(source, feature, cell, at), f"    x[{at}] = (real)level;\n"]


def _absent(source: Source, feature: Absent, cell: Cell, at: int) -> list[str]:
    if isinstance(cell.column, NumberColumn):
        blanks = "".join(f" || v == {double(number)}" for number in cell.column.blank_numbers)
        return [f"    v = row->{cell.member};\n", f"    x[{at}] = (real)(isnan(v){blanks} ? 1.0 : 0.0);\n"]
    missing = f"    x[{at}] = (real)(text == NULL ? 1.0 : 0.0);\n"
    return [*_text_cell(source, cell, feature.blank_numbers), missing]


def _date(source: Source, feature: Date, cell: Cell, at: int) -> list[str]:
    """The parts of the date, or what was computed beforehand for a missing one."""
    read = _reader(source, feature.form)
    parts, place = "", at
    for part in feature.parts:
        parts += "".join(f"        {line}\n" for line in _part(source, part, place))
        place += 2 if part.cyclic else 1
    if feature.fill is None:
        missing = f"        return {cell.fault};\n"
    else:
        known = [
            (one.name, *((None, None) if one.cyclic else (one.center, one.scale))) for one in feature.parts
        ]
        values = KnownDate(feature.column, feature.fill, feature.form, known).inputs(None)
        missing = "".join(
            f"        x[{at + i}] = rounded({double(value)});\n" for i, value in enumerate(values)
        )
    refused = f"    }} else if (!{read}) {{\n        return {cell.fault};\n    }} else {{\n"
    return [*_text_cell(source, cell), f"    if (text == NULL) {{\n{missing}{refused}{parts}    }}\n"]


def _reader(source: Source, form: str | None) -> str:
    """A call that reads a date."""
    if form is None:
        source.use("iso_date")
        return "iso_date(text, &date)"
    if form in EPOCHS:
        source.use("epoch_date")
        return f"epoch_date(text, {EPOCHS[form]}, &date)"
    source.use("formatted_date")
    return f"formatted_date(text, {literal(form.strip())}, &date)"


def _part(source: Source, part: DatePart, at: int) -> list[str]:
    name = part.name.upper()
    if not part.cyclic:
        source.use("date_part")
        value = f"(part_of(&date, {name}) - {double(part.center)}) / {double(part.scale)}"
        return [f"x[{at}] = rounded({value});"]
    source.use("date_turn")
    return [f"x[{at + i}] = rounded({f}(turn_of(&date, {name})));" for i, f in enumerate(("sin", "cos"))]


Writer = Callable[[Source, Any, Cell, int], list[str]]
WRITERS: dict[type[Any], Writer] = {
    Number: _number,
    Constant: _constant,
    Rank: _rank,
    Pieces: _pieces,
    OneHot: _one_hot,
    Code: _code,
    Absent: _absent,
    Date: _date,
}
