"""Exported files of Python as filters among other programs: what parts fields, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.exporting.python.runtime.csv_text import rows_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import open_table
from tests.support.running import ok, write_config, write_table
from tests.support.tables import content_file

FORMATS = ("python", "numpy")


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with a table whose fields tabs part, and both filters of a model of it."""
    directory = tmp_path_factory.mktemp("filters")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        table = write_table(directory).read_text("utf-8")
        assert "\t" not in table
        Path("t.tsv").write_text(table.replace(",", "\t"), "utf-8")
        config = write_config(Path("c.yaml"), data={"train": "t.tsv", "id": ["id"]})
        ok("train", config, "-o", "run", "--no-plots", "-q")
        for name in FORMATS:
            ok("export", "run/model.npz", "--format", name, "-o", f"by_{name}.py", "-q")
        yield directory


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which $PY is Python."""
    line = command.replace("$PY", f'"{sys.executable}"')
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", FORMATS)
def test_a_filter_tells_by_the_names_what_parts_fields(name: str) -> None:
    expected = ok("predict", "run/model.npz", "t.tsv").out
    for table in ("t.tsv", "t.csv"):
        done = shell(f"$PY by_{name}.py < {table}")
        assert (done.returncode, done.stderr) == (0, ""), table
        assert len(done.stdout.splitlines()) == len(expected.splitlines()) == 41
    assert done.stdout == shell(f"$PY by_{name}.py < t.tsv").stdout


@pytest.mark.parametrize("name", FORMATS)
def test_a_check_runs_filters_that_no_separator_is_stated_to(name: str) -> None:
    done = ok("export", "run/model.npz", "--format", name, "-o", f"by_{name}.py", "--check", "t.tsv")
    assert done.out.startswith("40 rows by Python")


@pytest.mark.parametrize("name", FORMATS)
def test_a_check_gives_filters_any_text_that_a_table_has(name: str) -> None:
    """Carriage returns in quotes, and letters that the encoding of the training file lacks."""
    rows = 9 * ['"a\rb",\x1b1\n', "c,\x1b2\n"]
    Path("r.csv").write_text("".join(["t,y\n", *rows]), "latin-1", newline="")
    data = {"train": "r.csv", "target": "y", "encoding": "latin-1", "features": {"t": "one_hot"}}
    ok("train", write_config(Path("r.yaml"), data=data), "-o", "r", "--no-plots", "-q", "--overwrite")
    rows = ["t,y\n", *rows, '"\r\n",\x1b1\n', "\u03b1,\x1b2\n"]
    Path("more.csv").write_text("".join(rows), "utf-16", newline="")
    done = ok("export", "r/model.npz", "--format", name, "-o", f"r_{name}.py", "--check", "more.csv")
    assert done.out.startswith("20 rows by Python")
    assert done.out.rstrip("\n").isprintable()


HEADERS = ("a\tb", "a,b", "a\tb,c", "a;b", "a", '"a\tx"\tb', '"a,x"\tb', '"a\nx"\tb')
BEFORE = ("", "\n", " \t \r\n\n", "sep=;\n", '"sep=\t"\r\n', "SEP=|\n\n", "\ufeff", "\ufeffsep=,\n")


@given(
    header=st.sampled_from(HEADERS), before=st.sampled_from(BEFORE), stated=st.sampled_from([None, ",", "\t"])
)
def test_the_names_of_columns_are_those_of_the_reader(header: str, before: str, stated: str | None) -> None:
    """As in a pipe, which has no name."""
    text = f"{before}{header}\n"
    mine = next(rows_of(iter(text.splitlines(keepends=True)), stated))
    try:
        assert tuple(mine) == names_by_mlp(text, stated)
    except DataError:  # mlp refuses quotes in the middle of a field
        reject()


def names_by_mlp(text: str, separator: str | None) -> Sequence[str]:
    """The names that mlp reads; raises DataError."""
    with open_table(content_file(text, "stdin"), CsvFormat(separator)) as reader:
        return reader.header.names


@pytest.mark.parametrize("name", FORMATS)
def test_a_filter_that_nobody_reads_ends_by_the_signal_of_pipes(name: str) -> None:
    """In silence, as `cat` does: a shell says 141."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with Path("t.tsv").open("rb") as table:
            command = [sys.executable, f"by_{name}.py"]
            done = subprocess.run(command, stdin=table, stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def fed(stream: IO[bytes], content: bytes) -> None:
    """Content goes into a pipe for as long as anybody reads it."""
    with suppress(BrokenPipeError):
        stream.write(content)


@pytest.mark.parametrize("name", FORMATS)
def test_a_filter_that_is_interrupted_ends_by_that_signal(name: str) -> None:
    """In silence, as `cat` does: a shell says 130. It has written something, and waits for more."""
    names, _, rows = Path("t.tsv").read_bytes().partition(b"\n")
    command, pipe = [sys.executable, f"by_{name}.py"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0) as running:
        assert running.stdin is not None and running.stdout is not None and running.stderr is not None
        feeding = Thread(target=fed, args=(running.stdin, names + b"\n" + 300 * rows))
        feeding.start()
        assert running.stdout.read(1) == b"i"
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        feeding.join()
        assert (running.wait(), running.stderr.read()) == (-signal.SIGINT, b"")


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("< t.tsv > /dev/full", 6, "error: No space left on device\n"),
        ("< t.tsv >&-", 6, "error: standard output is closed\n"),
        ("<&-", 4, "error: standard input is closed\n"),
        ("< t.tsv >&- 2>&-", 6, ""),
    ],
)
def test_what_cannot_be_written_or_read_is_told(command: str, code: int, told: str) -> None:
    done = shell(f"$PY by_python.py {command}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", told)
