"""Runs kernels as one compiled loop each, with numba: every array is read once and written once.

Only arithmetic, roots, comparisons and extrema are fused: there NumPy and a compiled loop round alike, so the
numbers are the same to the last bit. Exponentials NumPy does faster itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.kernels.expression import Expression
from mlpcli.kernels.in_place import Run
from mlpcli.kernels.kernel import Kernel

# each operation as text; numbers are in `n`, which has the precision of the arrays
TEXTS: dict[Any, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.divide: "{0} / {1}",
    np.negative: "-{0}",
    np.square: "{0} * {0}",
    np.sqrt: "np.sqrt({0})",
    np.sign: "np.sign({0})",
    np.maximum: "({0} if {0} > {1} or {0} != {0} else {1})",  # as NumPy: what is not a number stays so
    np.minimum: "({0} if {0} < {1} or {0} != {0} else {1})",
    np.greater: "{0} > {1}",
}


def can_fuse(kernel: Kernel) -> bool:
    """Whether every operation has a text."""
    return all(one.operation in TEXTS for one in kernel.traced.operations)


def bind(kernel: Kernel, arrays: Mapping[str, Array], coefficients: Vector) -> Run:
    """A function that runs the kernel on these contiguous arrays; as `in_place.bind`, without the scratch."""
    names = [*kernel.arrays, *(name for name in kernel.traced.results if name not in kernel.arrays)]
    whole = arrays[names[0]]
    rows = [name for name in names if arrays[name].ndim < whole.ndim]
    given = [arrays[name] if rows else arrays[name].reshape(-1, copy=False) for name in names]
    n = np.empty(len(kernel.coefficients) + len(kernel.constants), whole.dtype)
    n[len(kernel.coefficients) :] = kernel.constants
    compiled = _compiled(source(kernel, names, rows))
    changing = n[: len(kernel.coefficients)]

    def run() -> None:
        changing[:] = coefficients
        compiled(n, *given)

    return run


def source(kernel: Kernel, names: list[str], rows: list[str]) -> str:
    """The kernel as the text of a module with one function `loop(n, *arrays)`.

    Arrays have one axis, or two where some of them, `rows`, have only the second.
    """
    cells = [*kernel.coefficients, *kernel.constants]
    words = {e.order: f"x_{name}" for name, e in kernel.traced.leaves.items() if name in kernel.arrays}
    at = {name: f"{name}[{'j' if name in rows else 'i, j' if rows else 'i'}]" for name in names}

    def word(e: Expression) -> str:
        return words.get(e.order) or f"n_{cells.index(e.operation)}"

    body = [f"x_{name} = {at[name]}" for name in kernel.arrays]
    for number, one in enumerate(kernel.traced.operations):
        words[one.order] = f"t_{number}"
        body.append(f"t_{number} = {TEXTS[one.operation].format(*map(word, one.operands))}")
    body += [f"{at[name]} = {word(e)}" for name, e in kernel.traced.results.items()]
    lines = ["import numpy as np", "", "", f"def loop(n, {', '.join(names)}):"]
    lines += [f"    n_{i} = n[{i}]" for i in range(len(cells))]
    lines += [f"    for i in range({names[0]}.shape[0]):"]
    lines += [f"        for j in range({names[0]}.shape[1]):"] if rows else []
    indent = " " * (12 if rows else 8)
    return "\n".join(lines + [indent + line for line in body]) + "\n"


@cache
def _compiled(text: str) -> Callable[..., None]:
    """The function of a kernel's text, compiled, or loaded from where numba keeps what it has compiled."""
    # numba tells functions apart by their names
    name = f"loop_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    text = text.replace("def loop(", f"def {name}(")
    path = _cache_file(name, text)
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(text, str(path or "<kernel>"), "exec"), namespace)
    decorate = import_module("numba").njit(cache=path is not None, nogil=True, error_model="numpy")
    compiled: Callable[..., None] = decorate(namespace[name])
    return compiled


def _cache_file(name: str, text: str) -> Path | None:
    """A file with this text in the user's cache, beside which numba keeps its own; None where none can be."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlp" / "kernels"
        path = folder / f"{name}.py"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            incomplete = folder / f"{name}.{os.getpid()}"
            incomplete.write_text(text, "utf-8")
            incomplete.replace(path)
    except (OSError, RuntimeError):  # read-only, full, or there is no home
        return None
    return path
