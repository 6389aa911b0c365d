"""`mlp export`: which format, where to, what is told, and the check of what was written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import UsageError
from mlpcli.exporting import formats
from mlpcli.exporting.python.exporter import PythonExporter
from tests.support.running import mlp, ok, write_config, write_table


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with a table and a model of it."""
    directory = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        write_table(directory)
        config = write_config(Path("c.yaml"), model={"activation": "relu"})
        ok("train", config, "-o", "run", "--no-plots", "-q")
        yield directory


def test_the_ending_says_which_format_and_the_file_is_told() -> None:
    done = ok("export", "run/model.npz", "-o", "score.py")
    assert (done.out, done.err) == ("", "wrote score.py\n")
    assert Path("score.py").read_text("utf-8").startswith('"""Predicts')


def test_the_same_model_gives_the_same_bytes_wherever_they_go() -> None:
    ok("export", "run/model.npz", "-o", "one.py", "-q")
    ok("export", "run/model.npz", "--format", "python", "-o", "other.txt", "-q")
    assert Path("one.py").read_bytes() == Path("other.txt").read_bytes()
    printed = ok("export", "run/model.npz", "--format", "python", "-o", "-")
    assert printed.out.encode() == Path("one.py").read_bytes()


def test_a_check_says_how_far_the_answers_are_apart() -> None:
    done = ok("export", "run/model.npz", "-o", "score.py", "--check", "t.csv")
    assert done.out.startswith(f"40 rows by {PythonExporter.runner}; largest difference from predict: ")
    document = ok("export", "run/model.npz", "-o", "score.py", "--check", "t.csv", "--json").document()
    assert document["check"]["verdict"] == "ok"
    assert 0 <= document["check"]["largest_difference"] <= document["check"]["tolerance"] == 1e-6
    assert document["files"][0]["bytes"] == Path("score.py").stat().st_size


class Broken(PythonExporter):
    """An exporter with a mistake in one place of its file."""

    mistake = "", ""

    def files(self, *arguments: Any) -> tuple[bytes, ...]:
        before, after = self.mistake
        (content,) = super().files(*arguments)
        assert before in content.decode()
        return (content.decode().replace(before, after, 1).encode(),)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (("lambda z: 0.0 if z < 0.0 else z", "lambda z: 0.0 if z < 0.01 else z"), "e-0"),
        (("math.exp(x) if x < 709.0", "math.inf if x < 709.0"), "another answer"),
        (("class Activation:", "class Activation:\n    x = 1 / 0\n"), "ended with 1: ZeroDivisionError"),
    ],
)
def test_a_wrong_export_fails_the_check(
    mistake: tuple[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "mistake", mistake)
    monkeypatch.setitem(formats.EXPORTERS, "python", Broken)
    done = mlp("export", "run/model.npz", "-o", "broken.py", "--check", "t.csv")
    assert done.code == 10
    assert told in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-o", "score.exe"], 2, "expected one of the endings"),
        (["-o", "score"], 2, "--format"),
        (["-o", "s.py", "--name", "1st"], 2, "expected a name for a program, found '1st'"),
        (["-o", "run/model.npz", "--format", "python"], 2, "run/model.npz would be lost"),
        (["-o", "-", "--format", "python", "--json"], 2, "-o -: there is no file to tell of"),
        (["-o", "-", "--format", "python", "--check", "t.csv"], 2, "-o -: there is no file to check"),
        (["-o", "-", "--format", "c"], 2, "-o -: 2 files are written, and - is no file"),
        (["-o", "-"], 2, "expected one of the endings"),
        (["-o", "csv.py"], 2, "would take it for the module of that name"),
        (["-o", "numpy.py", "--format", "numpy"], 2, "such as numpy_model.py"),
        (
            ["-o", "s.py", "--check", "t.csv", "--table", "t"],
            2,
            "--table is for databases, and t.csv is none",
        ),
        (["-o", "s.py", "--table", "t"], 2, "--table and --query choose the rows of --check"),
        (["-o", "s.py", "--check", "c.yaml"], 4, "expected a table, found a config"),
        (["-o", "directory.py"], 6, "Is a directory"),
        (["-o", f"{'x' * 300}.py"], 6, "File name too long"),
        (["-o", "s.py", "--check", "none.csv"], 4, "there is no column"),
        (["-o", "s.py", "--check", "empty.csv"], 4, "there are no rows"),
        (["-o", "nowhere/s.py"], 6, "No such file or directory"),
        (["-o", "s.py", "--expect-sha256", "00"], 5, "expected sha256 00"),
    ],
)
def test_mistakes_are_told(arguments: list[str], code: int, told: str) -> None:
    Path("none.csv").write_text("length,width\n1,2\n")
    Path("empty.csv").write_text("length,width,colour\n")
    Path("directory.py").mkdir(exist_ok=True)
    done = mlp("export", "run/model.npz", *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_two_files_cannot_have_one_name() -> None:
    class Twofold(PythonExporter):
        suffixes = (".c", ".h")

    assert formats.paths_of(Path("a.c"), Twofold()) == (Path("a.c"), Path("a.h"))
    with pytest.raises(UsageError, match=r"the file beside it"):
        formats.paths_of(Path("a.h"), Twofold())


@contextmanager
def pipe(path: Path) -> Iterator[int]:
    """A FIFO, and the descriptor of its other end."""
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield reading
        assert stat.S_ISFIFO(path.stat().st_mode)
    finally:
        os.close(reading)
        path.unlink()


def test_a_pipe_is_written_to_and_stays_one() -> None:
    ok("export", "run/model.npz", "-o", "one.py", "-q")
    with pipe(Path("pipe.py")) as reading:
        assert ok("export", "run/model.npz", "-o", "pipe.py").err == "wrote pipe.py\n"
        assert os.read(reading, 1 << 20) == Path("one.py").read_bytes()
        done = mlp("export", "run/model.npz", "-o", "pipe.py", "--check", "t.csv")
        assert (done.code, done.err) == (2, "mlp: error: -o pipe.py: there is no file to check, name one\n")


@pytest.mark.parametrize("name", ["two.c", "two.h"])
def test_two_files_do_not_go_into_a_pipe(name: str) -> None:
    with pipe(Path(name)):
        done = mlp("export", "run/model.npz", "-o", "two.c")
        assert (done.code, done.out) == (2, "")
        assert done.err == (
            f"mlp: error: -o two.c: 2 files are written, and {name} is no file\nhint: name a file\n"
        )
        assert not [path for path in Path().glob("*two.*") if path.name != name]


def test_dev_null_stays_a_device_that_nothing_stands_beside() -> None:
    done = mlp("export", "run/model.npz", "--format", "c", "-o", os.devnull)
    assert (done.code, done.out) == (2, "")
    assert not Path("/dev/null.h").exists()
    ok("export", "run/model.npz", "--format", "python", "-o", os.devnull)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_of_two_files_none_is_written_where_one_cannot_be() -> None:
    Path("half.h").mkdir()
    done = mlp("export", "run/model.npz", "-o", "half.c")
    assert (done.code, done.out) == (6, "")
    assert done.err.startswith("mlp: error: half.h: could not write: Is a directory\n")
    assert [path.name for path in Path().glob("*half.*")] == ["half.h"]
    Path("half.c").write_text("before", "utf-8")
    assert mlp("export", "run/model.npz", "-o", "half.c").code == 6
    assert Path("half.c").read_text("utf-8") == "before"
