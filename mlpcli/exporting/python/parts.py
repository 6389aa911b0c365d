"""The runtime's parts as one text: those that a model needs, each word for word, all imports in front."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Final

ROOM: Final = "mlpcli.exporting.python."


@dataclass(frozen=True)
class Part:
    """A module of the runtime: what it defines, what it imports from where, its text without both ends."""

    title: str
    names: frozenset[str]
    parts: tuple[str, ...]
    imports: tuple[str | tuple[str, str], ...]
    text: str


@cache
def part(name: str) -> Part:
    """The part of this name: `runtime.cells`."""
    path = Path(__file__).parent.joinpath(*name.split(".")).with_suffix(".py")
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    parts: list[str] = []
    imports: list[str | tuple[str, str]] = []
    last = 0
    for node in tree.body:
        if isinstance(node, ast.Import):
            imports += [
                alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"
                for alias in node.names
            ]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOM):
            parts.append((node.module or "").removeprefix(ROOM))
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            imports += [(node.module or "", alias.name) for alias in node.names]
        elif not isinstance(node, ast.ImportFrom) and node is not tree.body[0]:
            break
        last = node.end_lineno or 0
    title = (ast.get_docstring(tree) or "").partition("\n\n")[0]
    text = "\n".join(source.splitlines()[last:]).strip("\n")
    return Part(title, frozenset(_defined(tree.body)), tuple(parts), tuple(imports), text)


def _defined(body: Sequence[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name


def needed(used: Iterable[str], order: Sequence[str]) -> list[str]:
    """The parts, in this order, that define names which are used, and those that these import."""
    names = set(used)
    wanted = [name for name in order if part(name).names & names]
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += part(name).parts
    return [name for name in order if name in found]


def joined(names: Sequence[str]) -> str:
    """The imports of these parts, and then their texts."""
    plain: set[str] = set()
    of_modules: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        for imported in part(name).imports:
            if isinstance(imported, str):
                plain.add(imported)
            else:
                of_modules[imported[0]].add(imported[1])
    lines = [f"import {name}\n" for name in sorted(plain)]
    lines += [
        f"from {module} import {', '.join(sorted(of_modules[module]))}\n" for module in sorted(of_modules)
    ]
    sections = (f"{_comment(part(name).title)}\n\n{part(name).text}\n" for name in names)
    return "".join(lines) + "\n" + "\n\n".join(sections)


def _comment(title: str) -> str:
    return "\n".join(f"# {line}" for line in wrap(title.replace("\n", " "), 100))
