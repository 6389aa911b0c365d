"""Rows without a target: left out wherever a model is judged whose training left them out, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import mlp, ok, write_config, write_table


def halves(directory: Path, policy: str) -> Path:
    """A model of a table of which every fourth row lacks its target; the table."""
    rows = "".join(f"{i * 0.1:.1f},{'' if i % 4 == 0 else f'{i * 0.3:.1f}'}\n" for i in range(40))
    (directory / "gaps.csv").write_text(f"x,y\n{rows}", "utf-8")
    data = {"train": "gaps.csv", "target": "y", "features": ["x"], "missing": policy}
    write_config(directory / "gaps.yaml", data=data)
    done = mlp("train", directory / "gaps.yaml", "-o", directory / "gaps", "--no-plots", "--overwrite")
    assert (done.code == 0) == (policy == "drop"), done.err
    return directory / "gaps.csv"


def test_rows_without_a_target_are_left_out_where_training_left_them_out(tmp_path: Path) -> None:
    path = halves(tmp_path, "drop")
    (tmp_path / "whole.csv").write_text(
        "".join(line for line in path.read_text("utf-8").splitlines(True) if not line.endswith(",\n")),
        "utf-8",
    )
    model = tmp_path / "gaps" / "model.npz"
    done = ok("evaluate", model, path, "--json")
    whole = ok("evaluate", model, tmp_path / "whole.csv", "--json").document()
    metrics = whole["metrics"]
    assert done.document() == {"rows": 30, "left_out": 10, "metrics": metrics, "training_rows": 30}
    assert (whole["rows"], whole["left_out"]) == (30, 0)
    assert done.err.startswith("10 rows without a target left out\n")


def test_a_file_of_the_config_is_judged_on_the_rows_that_have_a_target(tmp_path: Path) -> None:
    path = halves(tmp_path, "drop")
    (tmp_path / "none.csv").write_text("x,y\n1,\n2,\n", "utf-8")
    options = ["-o", tmp_path / "run", "--no-plots", "--json", "--set"]
    done = ok("train", tmp_path / "gaps.yaml", *options, f"data.test={path}")
    assert done.document()["test"]["r2"] == pytest.approx(done.document()["train"]["r2"])
    assert f"{path}: 10 rows without a target left out" in done.err
    failed = mlp("train", tmp_path / "gaps.yaml", *options, f"data.test={tmp_path / 'none.csv'}")
    assert failed.code == 4 and "none.csv: no row has a target" in failed.err
    failed = mlp("evaluate", tmp_path / "gaps" / "model.npz", tmp_path / "none.csv")
    assert failed.code == 4 and "none.csv: no row has a target" in failed.err


def test_without_that_policy_a_row_without_a_target_is_wrong(tmp_path: Path) -> None:
    """And the hint says what could have been done about it."""
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    text = (tmp_path / "t.csv").read_text("utf-8").replace(",oak,", ",,", 1)
    (tmp_path / "gap.csv").write_text(text, "utf-8")
    done = mlp("evaluate", tmp_path / "run" / "model.npz", tmp_path / "gap.csv")
    assert done.code == 4
    assert "column 'kind': a missing value" in done.err
    assert "a model trained with `missing: drop` under `data` leaves out those without" in done.err


def test_labels_of_which_one_is_missing_leave_the_row_out(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 2},{'' if i % 5 == 0 else i % 3 // 2}\n" for i in range(30))
    (tmp_path / "t.csv").write_text(f"x,a,b\n{rows}", "utf-8")
    data = {"target": ["a", "b"], "features": ["x"], "missing": "drop"}
    write_config(tmp_path / "c.yaml", data=data)
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    found = ok("evaluate", tmp_path / "run" / "model.npz", tmp_path / "t.csv", "--json").document()
    assert (found["rows"], found["left_out"]) == (24, 6)
