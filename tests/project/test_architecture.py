"""The house rules that can be read off the source: who imports whom, who prints, and how long things are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mlpcli"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]

# from the ground up; a room imports rooms of lower floors, and of its own
FLOORS = [
    {"__init__", "errors", "arrays", "signals", "cgroups"},
    {"rng", "memory", "kernels", "extras"},
    {"parallel"},
    {"storage"},
    {"config"},
    {"tables", "drift"},
    {"data", "nn", "optim"},
    {"artifacts", "survey", "training"},
    {"terminal", "calibration", "report", "explaining", "judging"},
    {"run", "starter", "tracing"},
    {"doctor", "exporting", "searching", "tracking"},
    {"commands"},
    {"cli", "api", "sklearn"},
    {"start", "pyfunc"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PRINTERS = {"terminal", "cli"}
EXPORTED = PACKAGE / "exporting" / "python"  # programs of their own print
HEAVY = {"numpy", "pandas", "scipy", "matplotlib"}
VAGUE = {"utils", "util", "helpers", "helper", "base", "common", "misc"}
LINES, STATEMENT_LINES, PARAMETERS = 250, 25, 5
LEAST = 29  # lines of a module in a room: what is less belongs to a neighbour


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def room(module: str) -> str:
    """`mlpcli.nn.steps` → `nn`; what the package itself defines → `__init__`."""
    first = module.split(".")[1] if "." in module else "__init__"
    return first if (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").exists() else "__init__"


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(nodes: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Line and full name of every import among `nodes`."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mlpcli":
            yield from ((node.lineno, f"mlpcli.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_go_downwards_only(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # the door: what it imports from above is for type checkers alone
    here, wrong = room_of(path), []
    for line, name in imported(ast.walk(tree(path))):
        there = room(name)
        if name.startswith(".") or (ours(name) and there != here and FLOOR[there] >= FLOOR[here]):
            wrong.append(f"{path.name}:{line}: {here} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_data_knows_settings_and_not_where_they_were_written() -> None:
    """An error names the key: whoever has the config turns it into a place, which is one spot."""
    config = {f"mlpcli.config.{name}" for name in ("load", "explain", "document", "overrides")}
    for path in (PACKAGE / "data").glob("*.py"):
        found = {name for _, name in imported(ast.walk(tree(path)))}
        assert not found & config, path.name


def ours(module: str) -> bool:
    return module.split(".")[0] == PACKAGE.name


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in MODULES} <= set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_only_the_face_of_the_program_prints(path: Path) -> None:
    if room_of(path) in PRINTERS or EXPORTED in path.parents:
        return
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    printed = [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]
    streams = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr"} and _is_sys(node.value)
    ]
    rich = [line for line, name in imported(ast.walk(tree(path))) if name.split(".")[0] in {"rich", "typer"}]
    lines = sorted({*printed, *streams, *rich})
    assert not lines, f"{path.name}: lines {lines}"


def _is_sys(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"


def test_help_and_a_wrong_config_do_not_wait_for_heavy_packages() -> None:
    code = "import sys, mlpcli.cli, mlpcli.config.load; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_is_one_idea(path: Path) -> None:
    docstring = ast.get_docstring(tree(path)) or ""
    assert docstring.split("\n")[0].endswith((".", "?")), "a module opens with one plain sentence"
    assert path.stem not in VAGUE
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LINES
    is_part = EXPORTED in path.parents and path.parent != EXPORTED  # which models take, or do not take, alone
    assert lines >= LEAST or path.stem == "__init__" or path.parent == PACKAGE or is_part


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last statement: without signature, decorators and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_functions_are_short(path: Path) -> None:
    long = {f"{path.name}:{f.lineno} {f.name}": length(f) for f in functions(path)}
    assert not {name: lines for name, lines in long.items() if lines > STATEMENT_LINES}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many arguments a caller has to think of: all but `self` and `cls`."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_functions_take_few_parameters(path: Path) -> None:
    """Exempt: a command's signature, which is its flags; `fit` and constructors, which take their parts."""
    if room_of(path) == "cli":
        return
    many = {f"{path.name}:{f.lineno} {f.name}": parameters(f) for f in functions(path)}
    exempt = ("fit", "__init__")
    assert not {n: count for n, count in many.items() if count > PARAMETERS and n.split()[1] not in exempt}
