"""A model written once, by the first version of its format, loads and predicts the same for ever."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlpcli.artifacts.model_file import read_model
from tests.support.hostile_models import npy, zipped
from tests.support.running import mlp, ok

REFERENCE = Path(__file__).parents[1] / "reference"
GOLDEN, ROWS = REFERENCE / "golden_model.npz", REFERENCE / "golden_rows.csv"


@pytest.mark.kernels
def test_it_predicts_what_it_always_has() -> None:
    found = ok("predict", GOLDEN, ROWS).rows()
    text = (REFERENCE / "golden_predictions.csv").read_text("utf-8")
    expected = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(found) == len(expected) == 30
    for row, before in zip(found, expected, strict=True):
        assert list(row) == list(before)
        assert (row["name"], row["prediction"]) == (before["name"], before["prediction"])
        for name in ("probability_no", "probability_yes"):
            assert float(row[name]) == pytest.approx(float(before[name]), rel=1e-12)


def test_it_can_be_evaluated_and_inspected() -> None:
    assert ok("evaluate", GOLDEN, ROWS, "--json").document()["rows"] == 30
    shown = ok("inspect", GOLDEN, "--json").document()
    assert shown["features"][4]["categories"] == ["S", "M", "L"]
    assert read_model(GOLDEN).meta.version == 1


def test_a_model_of_a_newer_format_says_which_mlp_is_needed(tmp_path: Path) -> None:
    """Whatever else is new in it."""
    with zipfile.ZipFile(GOLDEN) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    meta = json.loads(bytes(np.load(io.BytesIO(members["meta.npy"]))))
    text = json.dumps({**meta, "version": 3, "mlp": "9.1.0", "quantum": True})
    newer = {**members, "meta.npy": npy(np.frombuffer(text.encode(), np.uint8)), "new.npy": b"of a new kind"}
    path = tmp_path / "newer.npz"
    path.write_bytes(zipped(newer.items()))
    for command in (["predict", path, ROWS], ["evaluate", path, ROWS], ["inspect", path]):
        done = mlp(*command)
        assert (done.code, done.out) == (5, "")
        assert "format version 3 needs mlp >= 9.1.0 (this is " in done.err
        assert "hint: install the latest mlp" in done.err
