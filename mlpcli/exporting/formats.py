"""Which formats there are, and which one a file's name asks for; a format is loaded when it is used."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

from mlpcli.errors import MlpError, UsageError
from mlpcli.exporting.exporter import Exporter
from mlpcli.terminal.console import STDOUT


def _python() -> Exporter:
    from mlpcli.exporting.python.exporter import PythonExporter

    return PythonExporter()


def _numpy() -> Exporter:
    from mlpcli.exporting.python.exporter import NumpyExporter

    return NumpyExporter()


def _onnx() -> Exporter:
    from mlpcli.exporting.onnx.exporter import OnnxExporter

    return OnnxExporter()


def _c() -> Exporter:
    from mlpcli.exporting.c.exporter import CExporter

    return CExporter()


EXPORTERS: dict[str, Callable[[], Exporter]] = {"onnx": _onnx, "c": _c, "python": _python, "numpy": _numpy}
FORMAT_OF_SUFFIX = {".onnx": "onnx", ".c": "c", ".py": "python"}
# the file itself imports some of them
MODULES = {f"{name}.py" for name in ("numpy", *sys.stdlib_module_names)}


def exporter_of(path: Path, asked: str | None) -> Exporter:
    """The exporter asked for, else the one of the file's name. Raises UsageError where that says nothing."""
    name = asked or FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if name is None:
        suffixes = ", ".join(FORMAT_OF_SUFFIX)
        found = f"found '{path.suffix}'" if path.suffix else "found none"
        hint = f"or say which format it is: --format {'|'.join(EXPORTERS)}"
        raise UsageError.of(f"-o {path}: expected one of the endings {suffixes}, {found}", None, hint)
    return EXPORTERS[name]()


def paths_of(path: Path, exporter: Exporter) -> tuple[Path, ...]:
    """Where its files go: the first has the name given.

    Raises UsageError where they cannot be two, or where Python would take one for a module that it imports.
    """
    if ".py" in exporter.suffixes and path.name in MODULES:
        message = f"-o {path}: programs in this directory would take it for the module of that name"
        raise UsageError.of(message, None, f"give it another name, such as {path.stem}_model.py")
    paths = (path, *(path.with_suffix(suffix) for suffix in exporter.suffixes[1:]))
    if len(set(paths)) < len(paths):
        raise UsageError.of(f"-o {path}: that is the name of the file beside it", None, "name the .c file")
    stream = next(filter(is_stream, paths), None)
    if stream is not None and len(paths) > 1:
        message = f"-o {path}: {len(paths)} files are written, and {stream} is no file"
        raise UsageError.of(message, None, "name a file")
    return paths


def is_stream(path: Path) -> bool:
    """Whether what is written there is gone or somebody else's: a pipe, a device, standard output."""
    if path == STDOUT:
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # told when it is written
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def nothing_to_check(path: Path) -> MlpError:
    """The error about a check of what is no file."""
    return UsageError.of(f"-o {path}: there is no file to check, name one")
