"""Runs an exported file of C: compiled with a small program that reads cells and writes answers."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.errors import CheckFailedError, UsageError
from mlpcli.exporting.c.header import members_of
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description, Outputs
from mlpcli.exporting.exporter import Cells, Naming, Scorer

COMPILERS: Final = ("cc", "gcc", "clang", "tcc")
FLAGS: Final = ("-std=c99", "-O2", "-ffp-contract=off")
ABSENT: Final = 0xFFFFFFFF  # in place of a text's length
PROGRAM: Final = """#include <stdio.h>
#include <stdlib.h>

#include "{stem}.h"

static int number(double *to)
{{
    return fread(to, sizeof *to, 1, stdin) == 1;
}}

static int text(const char **to)
{{
    unsigned length;
    char *bytes = NULL;

    if (fread(&length, sizeof length, 1, stdin) != 1) {{
        return 0;
    }}
    if (length != {absent}u) {{
        bytes = malloc((size_t)length + 1);
        if (bytes == NULL || fread(bytes, 1, length, stdin) != length) {{
            exit(1);
        }}
        bytes[length] = 0;
    }}
    *to = bytes;
    return 1;
}}

int main(void)
{{
    struct {name}_row row;

    while ({reads}) {{
        double found[{count}] = {{0}};
        {locals}
        found[0] = {name}_predict({arguments});
        {copies}
        fwrite(found, sizeof found, 1, stdout);
        {frees}
    }}
    return ferror(stdout) || ferror(stdin);
}}
"""


@contextmanager
def compiled(path: Path, description: Description, naming: Naming) -> Iterator[Scorer]:
    """A function that has the compiled file predict rows. Raises UsageError where no compiler is there."""
    compiler = compiler_here()
    if compiler is None:
        names, hint = ", ".join(COMPILERS), "install gcc, clang or tcc, or check it where one is"
        raise UsageError.of(f"--check: C needs a compiler, and none of {names} is here", None, hint)
    with TemporaryDirectory(prefix="mlp-export-") as directory:
        main, program = Path(directory, "main.c"), Path(directory, "program")
        main.write_text(main_file(description, naming), "utf-8")
        own = ["-I", str(path.absolute().parent), str(path.absolute())]
        _ran([compiler, *FLAGS, *own, str(main), "-o", str(program), "-lm"], b"")

        def score(cells: Cells) -> list[Array]:
            written = _ran([str(program)], packed(cells, description))
            return answers(np.frombuffer(written).reshape(cells.rows, -1), description.outputs)

        yield score


def _ran(command: Sequence[str], given: bytes) -> bytes:
    """What a command writes. Raises CheckFailedError where it fails."""
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines()
        why = next((f": {line}" for line in said if "error" in line), "")
        raise CheckFailedError.of(f"{Path(command[0]).name} ended with {done.returncode}{why}")
    return done.stdout


def compiler_here() -> str | None:
    """Where a C compiler is, if there is one."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


def main_file(description: Description, naming: Naming) -> str:
    """The program around the exported file."""
    outputs, members = description.outputs, members_of(description)
    texts = {
        member
        for column, member in zip(description.columns, members, strict=True)
        if not isinstance(column, NumberColumn)
    }
    reads = (f"{'text' if member in texts else 'number'}(&row.{member})" for member in members)
    is_labels, count = outputs.task == "multilabel", outputs.count
    first = 1 + count if is_labels else 1
    shares = len(outputs.classes) if outputs.task == "classification" else count
    written = outputs.task == "regression" or outputs.probabilistic
    arguments = ["&row", *(["labels"] if is_labels else []), *([f"found + {first}"] if written else [])]
    return PROGRAM.format(
        stem=naming.stem,
        name=naming.symbol,
        absent=ABSENT,
        reads=" && ".join(reads),
        count=first + shares * written,
        locals=f"int labels[{count}] = {{0}}, i;" if is_labels else "",
        arguments=", ".join(arguments),
        copies=f"for (i = 0; i < {count}; i++) found[1 + i] = labels[i];" if is_labels else "",
        frees="".join(f"free((void *)row.{member});" for member in sorted(texts)),
    )


def packed(cells: Cells, description: Description) -> bytes:
    """The cells, row after row: numbers as they are in memory, texts behind their lengths."""
    columns = [
        [struct.pack("=d", value) for value in cells.numbers[column.name].tolist()]
        if isinstance(column, NumberColumn)
        else [_text(text) for text in cells.texts[column.name]]
        for column in description.columns
    ]
    return b"".join(cell for row in zip(*columns, strict=True) for cell in row)


def _text(text: str) -> bytes:
    content = text.encode("utf-8")
    return struct.pack("=I", len(content)) + content


def answers(found: Matrix, outputs: Outputs) -> list[Array]:
    """The columns of predictions of what was written: what was returned, labels, numbers or probabilities."""
    good = found[:, 0] >= 0
    numbers = np.where(good[:, np.newaxis], found[:, 1:], np.nan)
    if outputs.task == "regression":
        return list(numbers.T)
    if outputs.task == "classification":
        return [_words(found[:, 0], good, outputs.classes), *numbers.T]
    labels = [_words(column, good, outputs.classes) for column in found[:, 1 : 1 + outputs.count].T]
    if not outputs.probabilistic:
        return labels
    shares = numbers[:, outputs.count :].T
    return [column for pair in zip(labels, shares, strict=True) for column in pair]


def _words(places: Array, good: Array, classes: Sequence[str]) -> Array:
    return np.array(
        [classes[int(place)] if fine else None for place, fine in zip(places, good, strict=True)],
        dtype=object,
    )
