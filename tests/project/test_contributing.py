"""The lists of files that a new thing touches, in the contributor's guide, hold."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
LISTS = dict(re.findall(r"### An? [\w ]+, like `([^`]+)`\n(.*?)(?=\n### |\Z)", GUIDE, re.DOTALL))
# more is not wanted of anything: new names are what users may have from elsewhere
SYNONYMS = {"mlpcli/config/synonyms.py", "mlpcli/config/choice_synonyms.py"}
MOST = {
    "softsign": 3,
    "poisson": 2,
    "adagrad": 2,
    "robust": 3,
    "ordinal": 5,
    "layer_norm": 5,
    "schema": 3,
    ".tsv": 2,
}


def listed(example: str, numbered: bool = False) -> list[str]:
    """The files that a list names, or those of its numbered lines alone."""
    text = LISTS[example]
    lines = re.findall(r"^\d+\. .*(?:\n   .*)*", text, re.MULTILINE) if numbered else [text]
    return re.findall(r"`(mlpcli/[\w/]+\.py)`", "\n".join(lines))


def names(text: str, word: str) -> bool:
    """Whether the code of a module has this word: as a text, as a name of its own, or as an option."""
    return any(
        getattr(node, field, None) == word
        for node in ast.walk(ast.parse(text))
        for field, kind in (("value", ast.Constant), ("name", ast.FunctionDef), ("id", ast.Name))
        if isinstance(node, kind)
    )


def test_there_is_a_list_for_each() -> None:
    assert LISTS.keys() == MOST.keys()


@pytest.mark.parametrize("example", MOST)
def test_every_file_is_there_and_they_are_few(example: str) -> None:
    files = listed(example)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert len(re.findall(r"^\d+\. ", LISTS[example], re.MULTILINE)) <= MOST[example]


@pytest.mark.parametrize("example", [example for example in MOST if example != "schema"])
def test_no_other_file_knows_the_example(example: str) -> None:
    """`schema` is too common a word to be looked for."""
    texts = {path: path.read_text("utf-8") for path in (ROOT / "mlpcli").rglob("*.py")}
    likely = {path: text for path, text in texts.items() if example in text}
    knowing = {str(path.relative_to(ROOT)) for path, text in likely.items() if names(text, example)}
    assert knowing - SYNONYMS <= set(listed(example))


def test_every_file_of_tests_has_a_name_of_its_own() -> None:
    """Two of one name are one module to pytest, which then runs neither."""
    names = Counter(path.name for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
