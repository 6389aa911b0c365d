"""The programs of the README's page on exports run as they stand, outside of the project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.compiled_models import COMPILER
from tests.support.running import ok

ROOT = Path(__file__).parents[2]
PAGE = (
    (ROOT / "README.md").read_text("utf-8").partition("## Taking a model elsewhere")[2].partition("\n## ")[0]
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the exports of a model of penguins, and nothing else."""
    directory = tmp_path_factory.mktemp("elsewhere")
    shorter = ("--set", "training.epochs=5", "--no-plots", "-q")
    ok("train", ROOT / "configs" / "penguins.yaml", "-o", directory / "run", *shorter)
    for name in ("penguins.c", "penguins.py"):
        ok("export", directory / "run" / "model.npz", "-o", directory / name, "-q")
    return directory


def ran(place: Path, *command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(COMPILER is None, reason="no C compiler is here")
def test_the_program_of_c_predicts(place: Path) -> None:
    (program,) = re.findall(r"```c\n(.*?)```", PAGE, re.DOTALL)
    (place / "main.c").write_text(program, "utf-8")
    assert COMPILER is not None
    ran(place, COMPILER, "-std=c99", "-O2", "main.c", "penguins.c", "-lm", "-o", "score")
    word, probability = ran(place, "./score").split()
    assert word in {"Adelie", "Chinstrap", "Gentoo"}
    assert float(probability) > 1 / 3


def test_the_program_of_python_predicts(place: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (program,) = [block for block in blocks if "from penguins import" in block]
    found = ran(place, sys.executable, "-c", program)
    assert found.startswith("{'prediction': ")
    assert found.count("probability_") == 3
