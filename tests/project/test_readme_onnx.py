"""What the README says about ONNX happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.running import ok

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text("utf-8").partition("### ONNX")[2].partition("\n##")[0]


def test_the_lines_for_onnxruntime_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    few = ("--set", "training.epochs=20", "--no-plots", "-q")
    ok("train", ROOT / "configs" / "penguins.yaml", "-o", "runs/penguins", *few)
    ok("export", "runs/penguins/model.npz", "-o", "penguins.onnx", "--check", ROOT / "data" / "penguins.csv")
    (block,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    found: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), found)
    assert found["species"].tolist() == [["Adelie"]]
    assert found["probability"].shape == (1, 3)
