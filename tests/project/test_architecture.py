"""The house rules that can be read off the source: who imports whom, who prints, and how long things are."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "mlpcli"
MODULES = sorted(PACKAGE.rglob("*.py"))

# from the ground up; a room imports rooms of lower floors, and of its own
FLOORS = [
    {"__init__", "errors", "arrays", "signals", "cgroups", "libraries"},
    {"memory"},
    {"rng", "kernels", "extras"},
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


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


def shown(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room(module: str) -> str:
    """`mlpcli.nn.steps` → `nn`; what the package itself defines → `__init__`."""
    first = module.split(".")[1] if "." in module else "__init__"
    return first if (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").exists() else "__init__"


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(among: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and full name of every import among these nodes."""
    for node in among:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mlpcli":
            yield from ((node.lineno, f"mlpcli.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_go_downwards_only() -> None:
    wrong = []
    for path in MODULES:
        if path == PACKAGE / "__init__.py":
            continue  # the door: what it imports from above is for type checkers alone
        here = room_of(path)
        for line, name in imported(nodes(path)):
            there = room(name)
            if name.startswith(".") or (ours(name) and there != here and FLOOR[there] >= FLOOR[here]):
                wrong.append(f"{shown(path)}:{line}: {here} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_data_knows_settings_and_not_where_they_were_written() -> None:
    """An error names the key: whoever has the config turns it into a place, which is one spot."""
    config = {f"mlpcli.config.{name}" for name in ("load", "explain", "document", "overrides")}
    for path in (PACKAGE / "data").glob("*.py"):
        found = {name for _, name in imported(nodes(path))}
        assert not found & config, path.name


def ours(module: str) -> bool:
    return module.split(".")[0] == PACKAGE.name


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in MODULES} <= set(FLOOR)


def test_only_the_face_of_the_program_prints() -> None:
    found = {}
    for path in MODULES:
        if room_of(path) in PRINTERS or EXPORTED in path.parents:
            continue
        calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
        printed = [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]
        streams = [
            node.lineno
            for node in nodes(path)
            if isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr"} and _is_sys(node.value)
        ]
        rich = [line for line, name in imported(nodes(path)) if name.split(".")[0] in {"rich", "typer"}]
        found[shown(path)] = sorted({*printed, *streams, *rich})
    assert not {name: lines for name, lines in found.items() if lines}


def _is_sys(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"


def test_help_and_a_wrong_config_do_not_wait_for_heavy_packages() -> None:
    code = "import sys, mlpcli.cli, mlpcli.config.load; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


def test_a_module_is_one_idea() -> None:
    for path in MODULES:
        docstring = ast.get_docstring(tree(path)) or ""
        first = docstring.split("\n")[0]
        assert first.endswith((".", "?")), f"{shown(path)}: a module opens with one plain sentence"
        assert path.stem not in VAGUE, shown(path)
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= LINES, shown(path)
        is_part = EXPORTED in path.parents and path.parent != EXPORTED  # models take it, or not, alone
        small = path.stem == "__init__" or path.parent == PACKAGE or is_part
        assert lines >= LEAST or small, shown(path)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last statement: without signature, decorators and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    long = {f"{shown(p)}:{f.lineno} {f.name}": length(f) for p in MODULES for f in functions(p)}
    assert not {name: lines for name, lines in long.items() if lines > STATEMENT_LINES}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many arguments a caller has to think of: all but `self` and `cls`."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def test_functions_take_few_parameters() -> None:
    """Exempt: a command's signature, which is its flags; `fit` and constructors, which take their parts."""
    paths = [path for path in MODULES if room_of(path) != "cli"]
    many = {f"{shown(p)}:{f.lineno} {f.name}": parameters(f) for p in paths for f in functions(p)}
    exempt = ("fit", "__init__")
    assert not {n: count for n, count in many.items() if count > PARAMETERS and n.split()[1] not in exempt}
