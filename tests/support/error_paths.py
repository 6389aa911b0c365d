"""Which errors of the package the suite has raised: one that is added without a test makes the suite fail.

While tests run, every `raise SOMETHING` of mlpcli notes its place. When the whole suite has run, places that
no test came through are errors of the run. What `raise` alone passes on, and what an AssertionError calls
impossible, are no error paths.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

PACKAGE = Path(__file__).parents[2] / "mlpcli"
NOTE = "__mlp_raised__"
raised: set[str] = set()


def places(tree: ast.Module, path: Path) -> dict[str, ast.Raise]:
    """The raise statements of a module that are error paths, by file and line."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None)
    return {
        f"{path.relative_to(PACKAGE.parent)}:{node.lineno}": node
        for node in found
        if "AssertionError" not in ast.unparse(node)
    }


@cache
def every_place() -> frozenset[str]:
    """The error paths of the whole package."""
    return frozenset(
        place for path in PACKAGE.rglob("*.py") for place in places(ast.parse(path.read_bytes()), path)
    )


class NotingLoader(SourceFileLoader):
    """Loads a module in which `raise X` has become `raise note(place, X)`; nothing of it is cached.

    A module that raises nothing is what it is without, and cached as ever.
    """

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.get_filename(fullname))
        source = path.read_bytes()
        if b"raise " not in source:
            return super().get_code(fullname)
        tree = ast.parse(source)
        for place, node in places(tree, path).items():
            assert node.exc
            noted = ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(place), node.exc], [])
            node.exc = ast.fix_missing_locations(ast.copy_location(noted, node.exc))
        return compile(tree, path, "exec", dont_inherit=True)


class NotingFinder(MetaPathFinder):
    """Finds the modules of the package for the loader above."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.split(".")[0] != PACKAGE.name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin and Path(spec.origin).is_relative_to(PACKAGE):
            spec.loader = NotingLoader(fullname, spec.origin)
        return spec


def watch() -> None:
    """Note errors from now on, in modules that are not yet imported."""

    def note(place: str, error: object) -> object:
        raised.add(place)
        return error

    setattr(builtins, NOTE, note)
    sys.meta_path.insert(0, NotingFinder())
