"""The dvc.yaml of the README: DVC runs it and reads what a run leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")


def stages() -> str:
    """The file as the README has it."""
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "stages:" in block)
    return text


def test_its_files_are_those_of_a_run() -> None:
    """Which are there whether or not DVC is."""
    stage = yaml.safe_load(stages())["stages"]["penguins"]
    assert stage["cmd"].split()[:2] == ["mlp", "train"]
    files = [*stage["outs"], *stage["metrics"][0], *stage["plots"][0]]
    assert [Path(name).name for name in files] == ["model.npz", "metrics.json", "history.csv"]
    assert "--overwrite" in stage["cmd"]


@pytest.mark.slow
def test_dvc_runs_it_and_reads_the_results(tmp_path: Path) -> None:
    """With `pip install '.[test-trackers]'`."""
    if find_spec("dvc") is None:
        pytest.skip("DVC is not installed")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "penguins.csv").write_bytes((ROOT / "data" / "penguins.csv").read_bytes())
    config = (ROOT / "configs" / "penguins.yaml").read_text("utf-8").replace("../data/", "data/")
    (tmp_path / "penguins.yaml").write_text(config, "utf-8")
    (tmp_path / "dvc.yaml").write_text(stages(), "utf-8")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "mlp").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m mlpcli "$@"\n', "utf-8")
    (bin_ / "mlp").chmod(0o755)
    dvc(tmp_path, "init", "--no-scm")
    dvc(tmp_path, "repro")
    assert "didn't change" in dvc(tmp_path, "repro")
    shown = json.loads(dvc(tmp_path, "metrics", "show", "--json"))
    metrics = json.loads((tmp_path / "runs" / "penguins" / "metrics.json").read_text("utf-8"))
    assert shown[""]["data"]["runs/penguins/metrics.json"]["data"]["test"] == metrics["test"]
    assert "loss" in dvc(tmp_path, "plots", "show", "--json")


def dvc(place: Path, *arguments: str) -> str:
    """What a command of DVC prints, in a home of its own and without its analytics."""
    environment: dict[str, Any] = {
        **os.environ,
        "HOME": str(place),
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
