"""Exported models called in this process: files of Python as modules, files of C as libraries."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.exporting.c.exporter import CExporter
from mlpcli.exporting.c.header import members_of
from mlpcli.exporting.c.running import answers
from mlpcli.exporting.columns import NumberColumn
from mlpcli.exporting.description import Description, describe
from mlpcli.exporting.exporter import Cells, Naming, Scorer
from mlpcli.exporting.python.exporter import NumpyExporter, PythonExporter
from mlpcli.run.predictor import Model, open_model

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-ffp-contract=off")


@dataclass(frozen=True, eq=False)
class Exported:
    """A model with its description, and the name that its exports have."""

    model: Model
    description: Description
    naming: Naming

    @classmethod
    def of(cls, path: Path, name: str) -> Exported:
        """That of a file."""
        model = open_model(path)
        return cls(model, describe(model), Naming(name, name))


def module_of(source: bytes, name: str) -> ModuleType:
    """The module that a file of Python makes."""
    module = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec", dont_inherit=True), module.__dict__)
    return module


def python_scorer(exported: Exported) -> Scorer:
    """What the exported file says of rows, one at a time."""
    (source,) = PythonExporter().files(exported.description, exported.naming)
    module = module_of(source, exported.naming.stem)

    def predicted(row: Mapping[str, str]) -> list[Any]:
        try:
            return list(module.predict(row).values())
        except module.UnusableError:
            return [None] * len(exported.description.outputs.names)

    def score(cells: Cells) -> list[Array]:
        names = list(cells.texts)
        rows = [
            predicted(dict(zip(names, row, strict=True))) for row in zip(*cells.texts.values(), strict=True)
        ]
        return [np.array(column, dtype=object) for column in zip(*rows, strict=True)]

    return score


def numpy_scorer(exported: Exported) -> Scorer:
    """What the exported file that needs NumPy says of rows, all at once."""
    (source,) = NumpyExporter().files(exported.description, exported.naming)
    module = module_of(source, exported.naming.stem)
    return lambda cells: list(module.predict(cells.texts, "empty").values())


def c_scorer(directory: Path, exported: Exported) -> Scorer:
    """The same for C: compiled as a library, with the strictest flags."""
    assert COMPILER is not None
    naming = exported.naming
    for suffix, content in zip((".c", ".h"), CExporter().files(exported.description, naming), strict=True):
        (directory / f"{naming.stem}{suffix}").write_bytes(content)
    library = directory / f"{naming.stem}.so"
    own = [str(directory / f"{naming.stem}.c"), "-o", str(library), "-lm"]
    done = subprocess.run(
        [COMPILER, *FLAGS, "-shared", "-fPIC", *own], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return _loaded(exported, getattr(ctypes.CDLL(str(library)), f"{naming.symbol}_predict"))


def _loaded(exported: Exported, predict: Any) -> Scorer:
    description = exported.description
    outputs, members = description.outputs, members_of(description)
    kinds = [
        (member, ctypes.c_double if isinstance(column, NumberColumn) else ctypes.c_char_p)
        for column, member in zip(description.columns, members, strict=True)
    ]
    row_type = type("Row", (ctypes.Structure,), {"_fields_": kinds})
    labels = (ctypes.c_int * outputs.count)()
    shares = len(outputs.classes) if outputs.task == "classification" else outputs.count
    numbers = (ctypes.c_double * shares)()

    def called(row: ctypes.Structure) -> list[float]:
        arguments: list[Any] = [ctypes.byref(row)]
        arguments += [labels] if outputs.task == "multilabel" else []
        written = outputs.task == "regression" or outputs.probabilistic
        arguments += [numbers] if written else []
        found = predict(*arguments)
        return [found, *(labels if outputs.task == "multilabel" else ()), *(numbers if written else ())]

    def score(cells: Cells) -> list[Array]:
        columns = [
            cells.numbers[column.name].tolist()
            if isinstance(column, NumberColumn)
            else [text.encode() for text in cells.texts[column.name]]
            for column in description.columns
        ]
        rows = (row_type(**dict(zip(members, row, strict=True))) for row in zip(*columns, strict=True))
        return answers(np.array([called(row) for row in rows], dtype=np.float64), outputs)

    return score
