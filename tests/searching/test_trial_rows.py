"""The rows of trials are read once, and what is trained on them is what its config trains by itself."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("optuna")

from mlpcli.config.load import load_config
from mlpcli.data.gathering import gather
from mlpcli.run.experiment import input_files
from mlpcli.run.study import RunRows, study_of_rows
from mlpcli.searching import worker
from mlpcli.searching.trial_rows import ChangedDataError, TrialRows, versions_of
from tests.support.running import ok, results, write_config, write_table
from tests.support.studies import failing, searched, states, write_study

RICH: dict[str, dict[str, Any]] = {
    "folds": {
        "data": {"group": "id", "features": {"colour": {"encode": "embed", "width": 2}, "length": "minmax"}},
        "class_weight": "balanced",
        "ensemble": {"folds": 2},
    },
    "refit": {
        "data": {"target": "count", "order": "w", "target_transform": "log1p", "validation": 0.25},
        "training": {"refit": True, "early_stopping": {"patience": 1}},
    },
    "members": {
        "data": {"target": "two", "weight": "w", "validation": 0.25},
        "ensemble": {"members": 2},
        "calibration": "temperature",
    },
}


class Named(SimpleNamespace):
    """Settings, of which only some may be looked at: any other one is an error."""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The features of each config whose rows are read from now on."""
    found: list[str] = []
    read = RunRows.read

    def counted(config: Any, *cache: Any) -> RunRows:
        found.append(", ".join(config.spec.data.features))
        return read(config, *cache)

    monkeypatch.setattr(RunRows, "read", counted)
    return found


def test_a_search_reads_its_rows_once(tmp_path: Path, reads: list[str]) -> None:
    assert states(searched(write_study(tmp_path), "--trials", 3)) == ["complete"] * 3
    assert len(reads) == 1


def test_other_rows_are_read_where_a_trial_wants_them(tmp_path: Path, reads: list[str]) -> None:
    space = "\n  data.features: {choices: [[length], [width, colour]]}\n"
    found = searched(write_study(tmp_path, "sampler: grid", space), "--trials", 4)
    assert set(reads) == {"length, width, colour", "length", "width, colour"}
    run = found / "trials" / "0003"
    ok("train", run / "config.yaml", "-o", tmp_path / "again", "--no-plots", "-q")
    assert results(tmp_path / "again") == results(run)


@pytest.mark.parametrize("name", RICH)
def test_what_is_trained_on_them_is_what_its_config_trains(tmp_path: Path, name: str) -> None:
    sections = {**RICH[name]}
    data = {"validation": None, "test": None, **sections.pop("data", {})}
    space = "\n  optimizer.learning_rate: {low: 1e-3, high: 1e-1, log: true}\n"
    found = searched(write_study(tmp_path, space=space, data=data, **sections), "--trials", 3)
    run = found / "trials" / "0002"
    ok("train", run / "config.yaml", "-o", tmp_path / "again", "--no-plots", "-q")
    assert results(tmp_path / "again") == results(run)


@pytest.mark.parametrize("ensemble", [None, {"folds": 2}])
def test_they_may_be_in_files(tmp_path: Path, ensemble: dict[str, int] | None) -> None:
    """Where the config has them there: what a trial's folds have of their own is given back with it."""
    table, sections = write_table(tmp_path), {} if ensemble is None else {"ensemble": ensemble}
    config = load_config(write_config(tmp_path / "c.yaml", data={"cache": "disk"}, **sections))
    with closing(TrialRows(tmp_path / "s")) as rows:
        for _ in range(2):
            study = study_of_rows(config, rows.of(config), 10**6)
            for member in study.members:
                member.make()
        assert rows._cache.files
        assert len(rows._of_trial.files) == (0 if ensemble is None else 2 * 2)
        assert rows.note is not None
        os.utime(table, (1, 1))
        before = rows._cache
        rows.of(config)
        assert rows._cache is not before
    space = "\n  optimizer.learning_rate: {low: 1e-3, high: 1e-1, log: true}\n"
    found = [
        searched(write_study(tmp_path / where, space=space, data={"cache": where}, **sections), "--trials", 2)
        for where in ("disk", "memory")
    ]
    disk, memory = ((one / "trials.csv").read_bytes() for one in found)
    assert disk == memory


def test_a_changed_file_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, settle = write_study(tmp_path), worker.settle
    table = tmp_path / "t.csv"
    text = table.read_text("utf-8")

    def changing(*arguments: Any) -> None:
        settle(*arguments)
        table.write_text(text.replace("ash", "oak", 1), "utf-8")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "settle", changing)
        done = failing(study, "--trials", 3)
    assert done.code == 4
    assert f"mlp: error: {table}: the data changed while the search went on\n" in done.err
    assert failing(study, "--trials", 3).code == 3, "nor does it go on with other data"
    table.write_text(text, "utf-8")
    assert states(searched(study, "--trials", 3)) == ["complete"] * 3


def test_a_file_is_read_again_only_where_it_may_have_changed(tmp_path: Path, reads: list[str]) -> None:
    table, config = write_table(tmp_path), load_config(write_config(tmp_path / "c.yaml"))
    rows = TrialRows(tmp_path)
    assert rows.of(config) is rows.of(config)
    os.utime(table, (1, 1))
    rows.of(config)
    assert len(reads) == 2
    table.write_bytes(table.read_bytes().replace(b"ash", b"elm", 1))
    with pytest.raises(ChangedDataError):
        rows.of(config)


def test_of_a_database_nobody_sees_whether_it_has(tmp_path: Path, reads: list[str]) -> None:
    with sqlite3.connect(tmp_path / "t.db") as base:
        pd.read_csv(write_table(tmp_path)).to_sql("t", base, index=False)
    base.close()
    rows, config = TrialRows(tmp_path), load_config(write_config(tmp_path / "c.yaml", data={"train": "t.db"}))
    assert versions_of(config) is None
    assert rows.of(config) is not rows.of(config)
    assert len(reads) == 2


@pytest.mark.parametrize("name", RICH)
def test_nothing_else_of_a_config_decides_them(tmp_path: Path, name: str) -> None:
    """So two that differ in the rest alone have the same rows."""
    write_table(tmp_path)
    config = load_config(write_config(tmp_path / "c.yaml", **RICH[name]))
    spec = config.spec
    looked_at: Any = Named(
        seed=spec.seed,
        data=spec.data,
        loss=spec.loss,
        class_weight=spec.class_weight,
        ensemble=spec.ensemble,
        folds=spec.folds,
        model=Named(activation=spec.model.activation),
        training=Named(shuffle=spec.training.shuffle),
    )
    gathered = gather(looked_at, input_files(config))
    for fold in gathered.kept().folds:
        gathered.encode_fold(fold, "float32")
    if not gathered.folds:
        gathered.kept().encode_together("float32")
    gathered.encode("float32")
