"""Data in files: the bytes of a run in memory, whatever is trained; nothing left; a full disk is survived."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.run import pace
from mlpcli.storage import cache, row_file, scratch_file
from mlpcli.tables import collected
from mlpcli.training import batches
from tests.support.running import (
    MLP,
    NO_EPOCHS,
    mlp,
    ok,
    process,
    results,
    tree,
    write_config,
    write_table,
)
from tests.support.stopping import TERM, stopped_after

NUMBERS = {"target": "size", "features": ["length", "width", "colour", "two"], "weight": "w", "id": "id"}
HELD_OUT = {"validation": 0.25, "test": 0.2}
SMALL = {"layers": ["auto", 6, "auto"]}
RUNS: dict[str, dict[str, Any]] = {
    "classes": {"data": HELD_OUT},
    "numbers with weights and ids": {"data": NUMBERS | HELD_OUT},
    "labels": {"data": {"target": ["two", "again"], "features": ["length", "colour"], "test": 0.3}},
    "missing cells": {"data": {"train": "gaps.csv", "missing": "median", **HELD_OUT}},
    "dropped rows": {"data": {"train": "gaps.csv", "missing": "drop", **HELD_OUT}},
    "an embedding": {"data": {**HELD_OUT, "features": {"colour": "embed", "length": "quantile"}}},
    "files of their own": {"data": {"validation": "gaps.csv", "missing": "mean"}},
    "batches as they are": {"training": {"shuffle": False}},
    "blocks of rows": {"training": {"shuffle": {"blocks": 7}}},
    "one batch": {"training": {"batch_size": "full"}},
    "a quasi-Newton method": {"optimizer": {"name": "lbfgs", "iterations": 5}, "training": NO_EPOCHS},
    "early stopping": {"data": HELD_OUT, "training": {"epochs": 30, "early_stopping": {"patience": 2}}},
    "folds": {"data": {"test": 0.2}, "ensemble": {"folds": 3}},
    "folds and a refit": {"data": NUMBERS, "ensemble": {"folds": 2}, "training": {"refit": True}},
    "members": {"data": HELD_OUT, "ensemble": {"members": 2}, "training": {"refit": True}},
    "dates": {"data": {"features": {"day": "datetime", "length": "standardize"}, **HELD_OUT}},
    "dates, some of them missing": {
        "data": {"train": "gaps.csv", "features": {"day": "datetime"}, "missing": "most_frequent", **HELD_OUT}
    },
    "rows sorted by their target": {"data": {"train": "sorted.csv"}, "training": {"shuffle": {"blocks": 30}}},
    "a start from rows": {"model": {**SMALL, "init": "data_driven"}, "data": HELD_OUT},
    "float64": {"training": {"dtype": "float64"}},
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with tables; whatever goes to a file goes there in small pieces."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(collected, "BLOCK_BYTES", (1, 1))
    monkeypatch.setattr(batches, "WINDOW_BYTES", 1)
    monkeypatch.setattr(batches, "portion", lambda *_bounds: 3000)
    lines = write_table(tmp_path, rows=90).read_text("utf-8").splitlines()
    cells = [
        [*line.split(","), line.split(",")[5], f"2024-{i % 12 + 1:02}-{i % 28 + 1:02} 10:{i % 60:02}"]
        for i, line in enumerate(lines)
    ]
    cells[0][-2:] = ["again", "day"]
    (tmp_path / "t.csv").write_text("".join(",".join(row) + "\n" for row in cells), "utf-8")
    ordered = [cells[0], *sorted(cells[1:], key=lambda row: row[4])]
    (tmp_path / "sorted.csv").write_text("".join(",".join(row) + "\n" for row in ordered), "utf-8")
    for row in cells[5::9]:
        row[1] = row[-1] = ""
    (tmp_path / "gaps.csv").write_text("".join(",".join(row) + "\n" for row in cells), "utf-8")
    return tmp_path


def read_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoded rows are no memory that is mapped, but read a few at a time."""
    monkeypatch.setattr(row_file, "available_bytes", lambda: 1)
    monkeypatch.setattr(row_file, "left_of_limit", lambda: 1)
    monkeypatch.setattr(row_file, "STRETCH", (200, 200))


@pytest.fixture(params=["mapped", "in stretches"])
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How encoded rows are read."""
    if request.param == "in stretches":
        read_in_stretches(monkeypatch)


def trained(mode: str, output: str, *flags: object) -> dict[str, bytes]:
    """The files of a run with its data in a place; all but the resolved config, which names it."""
    ok("train", "c.yaml", "-o", output, "--no-plots", "-q", "--set", f"data.cache={mode}", *flags)
    names = ("splits.csv", "predictions.csv", "out_of_fold.csv")
    there = [Path(output) / name for name in names if (Path(output) / name).exists()]
    return results(Path(output)) | {path.name: path.read_bytes() for path in there}


def left(directory: Path) -> list[str]:
    """What is there besides tables, configs and runs."""
    known = {"t.csv", "gaps.csv", "sorted.csv", "c.yaml", "memory", "disk", "run"}
    return [path.name for path in directory.iterdir() if path.name not in known]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_from_files_has_the_bytes_of_one_in_memory(
    place: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they are mapped, or read in stretches."""
    write_config(place / "c.yaml", **{"model": SMALL, **RUNS[name]})
    expected = trained("memory", "memory")
    assert trained("disk", "disk") == expected
    read_in_stretches(monkeypatch)
    assert trained("disk", "disk", "--overwrite") == expected
    assert left(place) == []


def test_a_text_in_rows_held_out_does_not_decide_what_a_column_is(place: Path) -> None:
    rows = [f"{i}.5,{i % 2},{'held' if i > 50 else 'own'}" for i in range(60)]
    rows[-1] = "ten,1,held"
    (place / "t.csv").write_text("\n".join(["amount,kind,part", *rows, ""]), "utf-8")
    data = {"target": "kind", "features": ["amount"], "test": {"column": "part", "value": "held"}}
    write_config(place / "c.yaml", model=SMALL, data=data)
    said = [mlp("train", "c.yaml", "-q", "--set", f"data.cache={mode}") for mode in ("memory", "disk")]
    assert [one.code for one in said] == [4, 4]
    assert said[0].err == said[1].err
    assert "found 'ten'" in said[0].err


@pytest.mark.usefixtures("reading")
def test_several_processes_share_the_steps_of_rows_in_files(place: Path) -> None:
    write_config(place / "c.yaml", model={"layers": ["auto", 400, 400, "auto"]}, data=HELD_OUT)
    assert trained("memory", "memory", "--threads", 2) == trained("disk", "disk", "--threads", 2)


def test_no_model_knows_of_the_cache(place: Path) -> None:
    """The resolved config does, and trains the same model again."""
    write_config(place / "c.yaml", model=SMALL)
    trained("disk", "run")
    with np.load("run/model.npz") as model:
        document = json.loads(bytes(model["meta"]))
    assert "cache" not in document["config"]["data"]
    assert "  cache: disk\n" in Path("run/config.yaml").read_text("utf-8")


@pytest.mark.usefixtures("reading")
@pytest.mark.parametrize("modes", list(itertools.product(["memory", "disk"], repeat=2)))
def test_a_run_goes_on_wherever_its_data_are_now(
    place: Path, modes: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_config(place / "c.yaml", model=SMALL, data=HELD_OUT, training={"epochs": 4})
    expected = trained("memory", "memory")
    first, then = modes
    with stopped_after(6):
        stopped = mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", f"data.cache={first}")
    assert stopped.code == TERM
    assert left(place) == []
    assert trained(then, "run", "--resume") == expected


def test_a_person_is_told_where_the_data_are(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(place / "c.yaml", model=SMALL)
    plain = ok("train", "c.yaml", "-o", "run", "--no-plots")
    assert "of the data are in" not in plain.err
    told = ok("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite", "--set", "data.cache=disk")
    assert f"data.cache: disk: 0 MB of the data are in {place}, until the run ends" in told.err
    monkeypatch.setattr(cache, "available_bytes", lambda: 1)
    short = ok("train", "c.yaml", "-o", "run", "--no-plots", "--overwrite")
    assert f"memory is short: 0 MB of the data are in {place}, until the run ends" in short.err
    assert results(Path("run"))


def test_one_is_warned_of_blocks_of_sorted_rows(place: Path) -> None:
    blocks = {"shuffle": {"blocks": 30}}
    write_config(place / "c.yaml", model=SMALL, data={"train": "sorted.csv"}, training=blocks)
    told = ok("train", "c.yaml", "-o", "run", "--no-plots", "-q").err
    assert "100% of the variance of the target is between blocks of 30 rows that follow each other" in told
    write_config(place / "c.yaml", model=SMALL, training=blocks)
    mixed = ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite").err
    assert "blocks of 30 rows" not in mixed


def test_a_dry_run_leaves_nothing(place: Path) -> None:
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk"})
    before = tree(place)
    done = ok("train", "c.yaml", "-o", "new/run", "--dry-run")
    assert "cache: disk" in done.out
    assert tree(place) == before


def test_from_python_too(place: Path) -> None:
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk", **HELD_OUT})
    expected = trained("memory", "memory")
    run = mlpcli.train("c.yaml", output="run")
    assert (run.directory / "model.npz").read_bytes() == expected["model.npz"]
    assert left(place) == []


def _failing_after(which: int) -> Iterator[int]:
    """Counts down, then fails as a full disk does."""
    yield from range(which, 0, -1)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_loses_nothing_whenever_it_is_full(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that was there is as it was, at every single write."""
    write_config(place / "c.yaml", model=SMALL, data=HELD_OUT)
    trained("memory", "run")
    before = tree(place)
    pwrite = os.pwrite
    calls: list[int] = []

    def counted(handle: int, data: bytes, start: int) -> int:
        calls.append(1)
        return pwrite(handle, data, start)

    monkeypatch.setattr(scratch_file.os, "pwrite", counted)
    ok("train", "c.yaml", "-o", "other", "--no-plots", "-q", "--dry-run", "--set", "data.cache=disk")
    assert len(calls) > 10
    for which in range(len(calls)):
        left_over = _failing_after(which)

        def full(handle: int, data: bytes, start: int, left_over: Iterator[int] = left_over) -> int:
            next(left_over)
            return pwrite(handle, data, start)

        monkeypatch.setattr(scratch_file.os, "pwrite", full)
        done = mlp("train", "c.yaml", "-o", "run", "--overwrite", "-q", "--set", "data.cache=disk")
        assert done.code == 6
        assert f"mlp: error: {place}: the cache of the data: could not write: No space left" in done.err
        assert "hint: free some space, or write to another disk" in done.err
        assert tree(place) == before
    monkeypatch.setattr(scratch_file.os, "pwrite", pwrite)

    def none(_handle: int, _start: int, _size: int) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(scratch_file.os, "posix_fallocate", none, raising=False)
    assert mlp("train", "c.yaml", "-o", "run", "--overwrite", "-q", "--set", "data.cache=disk").code == 6
    assert tree(place) == before


def test_files_that_may_not_be_so_large_are_an_output_that_cannot_be_written(place: Path) -> None:
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk"})
    words = shlex.join(map(str, MLP))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 0; {words} train c.yaml -o run -q --no-plots"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert "File too large" in done.stderr
    assert left(place) == []


def test_a_place_that_does_not_take_files_is_told(place: Path) -> None:
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk"})
    (place / "run").write_text("a file", "utf-8")
    done = mlp("train", "c.yaml", "-o", "run/below", "-q", "--no-plots")
    assert done.code == 6


@pytest.mark.slow
def test_a_killed_run_leaves_no_cache(place: Path) -> None:
    """Not even one: the files have no name. Run by `pytest -m slow tests/commands/test_cache.py`."""
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk"}, training={"epochs": 10**6})
    with subprocess.Popen([*MLP, "train", "c.yaml", "-o", "run", "-q", "--no-plots"]) as running:
        while not (place / "run" / "checkpoint.npz").exists():
            assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    assert set(left(place)) <= {".run.lock"}
    write_config(place / "c.yaml", model=SMALL, data={"cache": "disk"})
    assert process("train", "c.yaml", "-o", "run", "-q", "--no-plots", "--overwrite").code == 0
    assert left(place) == []


LIMITED = """
import resource
from mlpcli.start import main
resource.setrlimit(resource.RLIMIT_AS, (310 * 10**6,) * 2)
main()
"""


def write_wide_table(path: Path, rows: int) -> None:
    """A table of 50 columns: so many rows, many of them equal, as none of the limits knows."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(5000, 48))
    some = ["".join(f"{cell:.5f}," for cell in row) + f"red,{row[0]:.5f}\n" for row in numbers]
    names = ",".join([*(f"n{i}" for i in range(48)), "kind", "y"])
    with path.open("w", encoding="ascii") as file:
        file.write(names + "\n")
        for start in range(0, rows, len(some)):
            file.writelines(some[: rows - start])


@pytest.mark.slow
def test_a_table_of_ten_times_a_limit_is_trained_on_under_it_and_300_megabytes(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 10 MB, by the address space, with the bytes of a run without one. Slow: 100 MB are read twice."""
    monkeypatch.undo()
    monkeypatch.chdir(place)
    write_wide_table(place / "t.csv", 250_000)
    assert (place / "t.csv").stat().st_size > 10 * 10**7
    write_config(
        place / "c.yaml",
        data={"target": "y", "features": None, "validation": 0.1},
        training={"epochs": 1, "batch_size": 256},
        model={"layers": ["auto", 16, "auto"]},
    )
    flags = ["train", "c.yaml", "--no-plots", "-q", "-o"]
    done = subprocess.run([sys.executable, "-c", LIMITED, *flags, "run"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    ok(*flags, "memory", "--set", "data.cache=memory")
    assert results(Path("run")) == results(Path("memory"))
