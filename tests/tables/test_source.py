"""Bytes come from paths, FIFOs and standard input; what training reads twice is kept."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest

from mlpcli.errors import DataError
from mlpcli.tables.source import Peeked, find
from tests.support.tables import config_for, prepare


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name that messages call it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n")))
    file = find("-")
    assert (file.name, file.regular) == ("stdin", False)
    with file.open() as handle:
        assert handle.read() == b"a,b\n"


def test_a_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an empty one."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="stdin: standard input is closed"):
        find("-").open()


def test_a_tilde_is_a_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are taken as they are written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "t.csv").write_text("a\n")
    with pytest.raises(DataError, match=r"~/t\.csv: cannot be read: No such file or directory"):
        find("~/t.csv")


@pytest.mark.parametrize("sizes", [[-1], [1, 2, 3, -1], [7, 0, 20, 20, -1], [16, -1], [100]])
def test_every_byte_is_read_once_and_counted(sizes: list[int]) -> None:
    """Those that were looked at too."""
    content = bytes(range(60))
    source = Peeked(io.BytesIO(content))
    assert source.head == content[:16]
    pieces = [source.read(size) for size in sizes]
    assert b"".join(pieces) == content
    assert [len(piece) for piece, size in zip(pieces, sizes, strict=True) if size > 0] == [
        min(size, 60) for size in sizes if size > 0
    ]
    assert source.size == 60


def test_training_from_a_fifo(tmp_path: Path) -> None:
    """Also where a column turns out to be text, and the file is needed once more."""
    config = config_for(tmp_path, "", ["target: y"])
    (tmp_path / "t.csv").unlink()
    os.mkfifo(tmp_path / "t.csv")
    content = "x,y\n" + "".join(f"{i % 3},{i}\n" for i in range(500)) + "a,3\n"
    writer = threading.Thread(target=(tmp_path / "t.csv").write_text, args=(content,))
    writer.start()
    prepared = prepare(config)
    writer.join()
    assert prepared.inputs.names == ("x=0", "x=1", "x=2", "x=a")
