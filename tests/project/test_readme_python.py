"""The Python code of the README runs as it stands, from the top to the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text("utf-8").partition("## From Python")[2].partition("\n## ")[0]


def test_the_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    blocks = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    assert len(blocks) == 3
    for name in ("configs", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks), "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    assert float(printed.split()[0]) >= 0.9
    assert str(tmp_path / "runs" / "python") in printed
    assert "virginica" in printed
    assert float(printed.split()[-1]) >= 0.9


def test_the_defaults_that_it_names_are_those() -> None:
    estimators = pytest.importorskip("mlpcli.sklearn")
    for estimator in (estimators.MLPClassifier(), estimators.MLPRegressor()):
        assert f"optimizer is {estimator.optimizer} and `l2` is {estimator.l2}" in SECTION.replace("\n", " ")
