"""The header of an exported model: the row that it takes, what it gives, and their names."""

from __future__ import annotations

from textwrap import wrap

from mlpcli.exporting.c.words import RESERVED, comment, literal
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description, Outputs
from mlpcli.exporting.exporter import Naming
from mlpcli.exporting.symbols import distinct

HEADER = """/* {what}
   Made by `mlp export`. The sha256 of the model: {sha256} */

#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

/* The cells of a row: a number that is missing is NAN, a text that is missing NULL or "". Texts are UTF-8. */
struct {name}_row {{
{members}}};

{enums}
{returns}
{prototype};

#ifdef __cplusplus
}}
#endif

#endif
"""


def members_of(description: Description) -> list[str]:
    """What the struct calls each column."""
    return distinct((column.name for column in description.columns), RESERVED)


def header(description: Description, naming: Naming) -> str:
    """The .h file."""
    outputs, name = description.outputs, naming.symbol
    members = "".join(
        f"    {'double ' if isinstance(column, NumberColumn) else 'const char *'}{member};"
        f" /* {comment(column.name)} */\n"
        for column, member in zip(description.columns, members_of(description), strict=True)
    )
    targets = ", ".join(map(comment, outputs.targets[:5])) + (", ..." if len(outputs.targets) > 5 else "")
    return HEADER.format(
        what=f"Predicts {targets} for a row of a table, as `mlp predict` does.",
        sha256=description.sha256,
        guard=f"{name.upper()}_H",
        name=name,
        members=members,
        enums=_declarations(outputs, name, len(description.columns)),
        returns=_returns(outputs, name),
        prototype=prototype(description, naming),
    )


def prototype(description: Description, naming: Naming) -> str:
    """The head of the function that predicts."""
    outputs, name = description.outputs, naming.symbol
    arguments = [f"const struct {name}_row *row"]
    if outputs.task == "regression":
        arguments.append("double *numbers")
    if outputs.task == "multilabel":
        arguments.append("int *labels")
    if outputs.probabilistic:
        arguments.append("double *probabilities")
    return f"int {name}_predict({', '.join(arguments)})"


def _declarations(outputs: Outputs, name: str, columns: int) -> str:
    """The numbers of columns, classes and targets, and their names."""
    tables = {"columns": columns}
    if outputs.classes:
        tables["classes"] = len(outputs.classes)
    if outputs.task != "classification":
        tables["targets"] = len(outputs.targets)
    counts = ", ".join(f"{name.upper()}_{what.upper()} = {count}" for what, count in tables.items())
    lines = [f"enum {{ {counts} }};"]
    lines += [f"extern const char *const {name}_{what}[{count}];" for what, count in tables.items()]
    return "\n".join(lines) + "\n"


def _returns(outputs: Outputs, name: str) -> str:
    """What the function does."""
    upper = name.upper()
    if outputs.task == "classification":
        first = f"Returns the number of the class, of {name}_classes"
        more = f", and writes the probability of each, {upper}_CLASSES of them, unless that is NULL"
        said = first + (more if outputs.probabilistic else "")
    elif outputs.task == "multilabel":
        said = f"Writes for each of {upper}_TARGETS labels the number of a word of {name}_classes"
        said += ", and its probability unless that is NULL" if outputs.probabilistic else ""
        said += "; returns 0"
    else:
        said = f"Writes {upper}_TARGETS numbers; returns 0"
    said += (
        f". -1-i where the cell of column i of {name}_columns cannot be used, and -1-{upper}_COLUMNS "
        "where the output for the row is not finite: then nothing is written."
    )
    return f"/* {f'{chr(10)}   '.join(wrap(said, 100, break_on_hyphens=False))} */"


def name_tables(description: Description, naming: Naming) -> str:
    """The definitions of the tables of names."""
    outputs = description.outputs
    tables = {"columns": [column.name for column in description.columns]}
    if outputs.classes:
        tables["classes"] = list(outputs.classes)
    if outputs.task != "classification":
        tables["targets"] = list(outputs.targets)
    return "".join(
        f"const char *const {naming.symbol}_{what}[{len(names)}] = {{\n"
        f"{''.join(f'    {literal(one)},{chr(10)}' for one in names)}}};\n\n"
        for what, names in tables.items()
    )
