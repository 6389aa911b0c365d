"""A short version of every fault experiment; `python -m tests.faults --full` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import config_mutants, model_mutants, tables
from tests.faults.__main__ import main
from tests.faults.commands import ROOT
from tests.faults.figure import Figure


# power cuts are in test_atomic; disks and limits of memory take seconds for each of many processes
@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("kills", 20),
        ("system_calls", 2),
        pytest.param("resumes", 4, marks=pytest.mark.slow),  # test_resume.py stops runs in one process
        pytest.param("searches", 10, marks=pytest.mark.slow),
        pytest.param("ranks", 3, marks=pytest.mark.slow),
    ],
)
def test_commands_survive_what_hits_them(name: str, times: int, tmp_path: Path) -> None:
    """In a process of its own, as it forks."""
    command = [sys.executable, "-m", "tests.faults", name, "--times", str(times), "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "faults.json").read_text("utf-8"))
    assert all(figure["count"] >= times for figure in figures)


def test_a_figure_is_reached() -> None:
    assert Figure("X1", "nothing failed", "", count=3, least=3).reached


@pytest.mark.parametrize(
    "figure",
    [Figure("X1", "too few", "", count=2, least=3), Figure("X1", "a failure", "", 3, 3, failures=["lost"])],
)
def test_a_figure_is_not_reached(figure: Figure) -> None:
    assert not figure.reached


def test_mutants_are_refused_or_change_nothing() -> None:
    found = [*model_mutants.run(500), *config_mutants.run(100), *tables.run(60)]
    assert [figure.failures for figure in found] == [[]] * len(found)


def test_the_command_fails_where_a_figure_is_not_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here by a reader that takes every table for another one."""
    monkeypatch.setattr(tables, "same", lambda *_: False)
    assert main(["tables", "--times", "5", "--save", str(tmp_path)]) == 1
    table = capsys.readouterr().out
    assert "FAILED" in table
    assert "FAILED" in (tmp_path / "faults.md").read_text("utf-8")
    assert not any(figure["reached"] for figure in json.loads((tmp_path / "faults.json").read_text("utf-8")))
