"""A new run takes the place of an old one without ever costing it a byte, whenever the process dies."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from mlpcli.artifacts import run_directory
from mlpcli.artifacts.atomic import Content, fixed_temporary
from mlpcli.artifacts.run_directory import Existing, RunDirectory
from mlpcli.artifacts.run_files import ARTIFACTS, holds_run
from mlpcli.errors import BusyError, ExitCode, OutputError


def text(content: str) -> Content:
    def write(stream: BinaryIO) -> None:
        stream.write(content.encode())

    return write


def tree(directory: Path) -> dict[str, str]:
    """Every file below a directory with its content; an empty directory as `name/`."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_file():
            found[name] = path.read_text()
        elif not any(path.iterdir()):
            found[f"{name}/"] = ""
    return found


def finish(output: Path, content: str, existing: Existing = Existing.MOVE_ASIDE) -> list[str]:
    """A run from its beginning to its end; what it noted."""
    with RunDirectory(output, existing) as run:
        for name in ("checkpoint.npz", "model.npz"):
            run.write(name, text(content))
        run.complete()
    return run.notes


def stop(output: Path, content: str, existing: Existing = Existing.MOVE_ASIDE) -> list[str]:
    """A run that stops after its first checkpoint; what it noted."""
    with RunDirectory(output, existing) as run:
        run.write("checkpoint.npz", text(content))
    return run.notes


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("runs/penguins")


def test_nothing_is_touched_before_entering(output: Path, tmp_path: Path) -> None:
    RunDirectory(output)
    assert tree(tmp_path) == {}


def test_a_first_run_makes_its_directory_and_leaves_only_its_files(output: Path, tmp_path: Path) -> None:
    assert finish(output, "one") == []
    assert tree(tmp_path) == {"runs/penguins/checkpoint.npz": "one", "runs/penguins/model.npz": "one"}


def test_an_empty_directory_is_used(output: Path, tmp_path: Path) -> None:
    output.mkdir(parents=True)
    (output / ".DS_Store").touch()
    assert stop(output, "one") == []
    assert tree(tmp_path) == {"runs/penguins/.DS_Store": "", "runs/penguins/checkpoint.npz": "one"}


def test_runs_are_moved_aside_in_their_order(output: Path, tmp_path: Path) -> None:
    finish(output, "one")
    assert stop(output, "two") == ["moved the run in runs/penguins to runs/penguins.1"]
    assert stop(output, "three") == ["moved the run in runs/penguins to runs/penguins.2"]
    assert tree(tmp_path / "runs") == {
        "penguins/checkpoint.npz": "three",
        "penguins.1/checkpoint.npz": "one",
        "penguins.1/model.npz": "one",
        "penguins.2/checkpoint.npz": "two",
    }


def test_the_newest_aside_has_the_highest_number(output: Path, tmp_path: Path) -> None:
    stop(output, "new")
    (tmp_path / "runs/penguins.7").mkdir()
    (tmp_path / "runs/penguins.old").mkdir()
    assert stop(output, "newer") == ["moved the run in runs/penguins to runs/penguins.8"]


def test_an_absolute_directory_is_noted_as_one(tmp_path: Path) -> None:
    stop(tmp_path / "run", "one")
    assert stop(tmp_path / "run", "two") == [f"moved the run in {tmp_path}/run to {tmp_path}/run.1"]


def test_files_of_others_move_with_the_run_they_were_put_beside(output: Path, tmp_path: Path) -> None:
    finish(output, "one")
    (output / ".loss.svg.mlp-tmp").touch()  # the run's own
    for name in (".gitignore", "a.txt", "b.txt", "c.txt"):
        (output / name).write_text("mine")
    others = "other files (.gitignore, a.txt, b.txt and 1 more)"
    assert stop(output, "two") == [f"moved the run and {others} in runs/penguins to runs/penguins.1"]
    assert tree(tmp_path)["runs/penguins.1/.gitignore"] == "mine"


def test_a_link_to_a_directory_is_followed(output: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    output.parent.mkdir()
    output.symlink_to(tmp_path / "disk")
    stop(output, "one")
    assert stop(output, "two") == ["moved the run in runs/penguins to disk.1"]
    assert tree(tmp_path / "disk") == tree(output) == {"checkpoint.npz": "two"}
    assert tree(tmp_path / "disk.1") == {"checkpoint.npz": "one"}
    assert output.is_symlink()


# --- resuming -----------------------------------------------------------------------------------------------


def test_resuming_keeps_what_is_there(output: Path, tmp_path: Path) -> None:
    stop(output, "one")
    with RunDirectory(output, Existing.RESUME) as run:
        assert (run.has("checkpoint.npz"), run.has("model.npz"), run.notes) == (True, False, [])
        assert (run.path / "checkpoint.npz").read_text() == "one"
        run.write("model.npz", text("two"))
        run.complete()
    assert tree(tmp_path / "runs") == {"penguins/checkpoint.npz": "one", "penguins/model.npz": "two"}


def test_resuming_nothing_is_starting(output: Path, tmp_path: Path) -> None:
    stop(output, "one", Existing.RESUME)
    assert tree(tmp_path) == {"runs/penguins/checkpoint.npz": "one"}


def test_stale_temporaries_are_removed(output: Path, tmp_path: Path) -> None:
    stop(output, "one")
    for name in ARTIFACTS:
        (output / fixed_temporary(name)).write_text("half")
    with RunDirectory(output, Existing.RESUME):
        assert tree(tmp_path / "runs/penguins") == {"checkpoint.npz": "one"}


# --- overwriting --------------------------------------------------------------------------------------------


def test_overwriting_keeps_the_old_run_until_the_new_one_is_complete(output: Path, tmp_path: Path) -> None:
    finish(output, "old")
    with RunDirectory(output, Existing.OVERWRITE) as run:
        run.write("model.npz", text("new"))
        assert (output / "model.npz").read_text() == "old"
        run.complete()
        assert run.path == run.output == output.resolve()
        assert tree(tmp_path / "runs/penguins") == {"model.npz": "new"}
    assert run.notes == []
    assert tree(tmp_path) == {"runs/penguins/model.npz": "new"}


def test_overwriting_nothing_is_starting(output: Path, tmp_path: Path) -> None:
    assert finish(output, "one", Existing.OVERWRITE) == []
    assert tree(tmp_path) == {"runs/penguins/checkpoint.npz": "one", "runs/penguins/model.npz": "one"}


def test_a_stopped_overwriting_run_goes_on_and_then_takes_the_place(output: Path, tmp_path: Path) -> None:
    finish(output, "old")
    stop(output, "new", Existing.OVERWRITE)
    assert (output / "model.npz").read_text() == "old"
    with RunDirectory(output, Existing.RESUME) as run:
        assert (run.path / "checkpoint.npz").read_text() == "new"
        run.write("model.npz", text("new"))
        run.complete()
    assert tree(tmp_path / "runs") == {"penguins/checkpoint.npz": "new", "penguins/model.npz": "new"}


@pytest.mark.parametrize("existing", [Existing.MOVE_ASIDE, Existing.OVERWRITE])
def test_a_stopped_overwriting_run_is_a_run_that_is_not_lost(
    output: Path, tmp_path: Path, existing: Existing
) -> None:
    finish(output, "old")
    stop(output, "stopped", Existing.OVERWRITE)
    notes = finish(output, "new", existing)
    assert notes[0] == "moved a stopped run that was to replace runs/penguins to runs/penguins.1"
    found = tree(tmp_path / "runs")
    assert found.pop("penguins.1/checkpoint.npz") == "stopped"
    assert found.pop("penguins/model.npz") == found.pop("penguins/checkpoint.npz") == "new"
    aside = {"penguins.2/checkpoint.npz": "old", "penguins.2/model.npz": "old"}
    assert found == (aside if existing is Existing.MOVE_ASIDE else {})


def test_files_of_others_stay_where_they_are_when_a_run_is_overwritten(output: Path, tmp_path: Path) -> None:
    """Such as the .gitignore by which DVC keeps the run out of git."""
    finish(output, "old")
    (output / ".gitignore").write_text("/model.npz")
    (output / "plots").mkdir()
    (output / "plots" / "a.png").write_text("mine")
    assert finish(output, "new", Existing.OVERWRITE) == []
    assert tree(tmp_path / "runs") == {
        "penguins/.gitignore": "/model.npz",
        "penguins/checkpoint.npz": "new",
        "penguins/model.npz": "new",
        "penguins/plots/a.png": "mine",
    }


OURS, THEIRS = "row,part\n1,train\n", "customer,prediction\nc1,7\n"


@pytest.mark.parametrize("name", ["splits.csv", "predictions.csv"])
def test_overwriting_removes_the_rows_of_a_run_and_keeps_a_file_of_that_name(
    output: Path, tmp_path: Path, name: str
) -> None:
    """`mlp predict -o runs/penguins/predictions.csv` is a natural thing to type."""
    finish(output, "old")
    (output / name).write_text(OURS)
    assert finish(output, "new", Existing.OVERWRITE) == []
    assert not (output / name).exists()
    (output / name).write_text(THEIRS)
    assert finish(output, "newer", Existing.OVERWRITE) == []
    assert (output / name).read_text() == THEIRS
    with RunDirectory(output, Existing.OVERWRITE) as run:
        run.write("model.npz", text("newest"))
        run.write(name, text(OURS))
        run.complete()
    (note,) = run.notes
    assert note == f"moved other files ({name}) that were in runs/penguins to runs/penguins.1"
    assert tree(tmp_path / "runs/penguins.1") == {name: THEIRS}


def test_resuming_keeps_a_file_that_has_the_name_of_one_that_is_written(output: Path) -> None:
    stop(output, "one")
    for number in (1, 2):
        (output / "predictions.csv").write_text(f"{THEIRS}{number}")
        with RunDirectory(output, Existing.RESUME) as run:
            run.write("predictions.csv", text(OURS))
            run.write("predictions.csv", text(OURS))
            run.complete()
        aside = f"predictions.csv.{number}"
        assert run.notes == [f"moved predictions.csv, which is not the run's, to {aside} in runs/penguins"]
        assert (output / "predictions.csv").read_text() == OURS
        assert (output / aside).read_text() == f"{THEIRS}{number}"


def test_files_of_others_do_not_make_a_run(tmp_path: Path) -> None:
    (tmp_path / "history.csv").touch()
    (tmp_path / "predictions.csv").write_text(THEIRS)
    assert not holds_run(tmp_path)
    (tmp_path / "predictions.csv").write_text(OURS)
    assert holds_run(tmp_path)


class Died(BaseException):
    """The process ends here."""


def dying(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Let the n-th call of a method of Path be the last thing that the process does."""
    real: Callable[..., object] = getattr(Path, name)
    calls: list[object] = []

    def call(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == number:
            raise Died
        return real(*arguments, **options)

    monkeypatch.setattr(Path, name, call)


@pytest.mark.parametrize(
    ("name", "number"), [("rename", 1), ("rename", 2), ("unlink", 1), ("unlink", 2), ("rmdir", 1)]
)
@pytest.mark.parametrize("existing", Existing)
def test_death_while_the_new_run_takes_the_place_loses_neither(
    output: Path, tmp_path: Path, existing: Existing, name: str, number: int
) -> None:
    finish(output, "old")
    with (
        pytest.raises(Died),
        pytest.MonkeyPatch.context() as patch,
        RunDirectory(output, Existing.OVERWRITE) as run,
    ):
        run.write("model.npz", text("new"))
        run.write("checkpoint.npz", text("new"))
        dying(patch, name, number)
        run.complete()
    with RunDirectory(output, existing) as run:
        found = tree(tmp_path / "runs")
    place = run.path.relative_to(tmp_path / "runs")
    old_gone = (name, number) != ("rename", 1)
    assert [key for key in found if key.endswith("model.npz") and found[key] == "new"]
    assert old_gone or [key for key in found if key.endswith("model.npz") and found[key] == "old"]
    assert not [key for key in found if ".mlp-old" in key]
    assert existing is not Existing.RESUME or found[f"{place}/model.npz"] == "new"


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("existing", [one for one in Existing if one is not Existing.FINISH])
@pytest.mark.parametrize(
    "names", [["thesis.tex"], ["config.yaml"], ["history.csv", "data.csv"], ["loss.png"]]
)
def test_a_directory_of_somebodys_files_is_refused(
    output: Path, tmp_path: Path, existing: Existing, names: list[str]
) -> None:
    output.mkdir(parents=True)
    for name in names:
        (output / name).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(OutputError) as caught, RunDirectory(output, existing):
        pass
    assert caught.value.exit_code is ExitCode.OUTPUT
    assert str(caught.value) == (
        "mlp: error: runs/penguins: the directory holds files that are not a run's, "
        f"such as {min(names)}\nhint: give the run a directory of its own with `output:` or -o DIR"
    )
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], False),
        ([".hidden"], False),
        (["config.yaml"], False),
        (["model.npz"], True),
        (["checkpoint.npz", "notes.txt"], True),
        (["history.csv", "config.yaml", "loss.svg"], True),
        (["history.csv", "notes.txt"], False),
    ],
)
def test_what_counts_as_a_run(tmp_path: Path, names: list[str], expected: bool) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert holds_run(tmp_path) is expected
    assert holds_run(tmp_path / "missing") is False


def test_a_file_in_the_way_is_refused(output: Path) -> None:
    output.parent.mkdir()
    output.write_text("mine")
    with (
        pytest.raises(OutputError, match="runs/penguins: expected a directory, found a file"),
        RunDirectory(output),
    ):
        pass
    assert output.read_text() == "mine"


def test_a_parent_that_is_a_file_is_refused(output: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    with (
        pytest.raises(OutputError, match="runs/penguins: could not write: File exists"),
        RunDirectory(output),
    ):
        pass


@pytest.mark.parametrize("output", [Path("/proc/run"), Path("/"), Path("nul\0")])
def test_a_place_that_cannot_be_written_is_refused(output: Path) -> None:
    with pytest.raises(OutputError), RunDirectory(output):
        pass


def test_the_probe_fails_before_training(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_directory: Path) -> None:
        raise OutputError.of("no space")

    monkeypatch.setattr(run_directory, "probe", full)
    with pytest.raises(OutputError, match="no space"), RunDirectory(output):
        pass


@pytest.mark.parametrize("ask", ["has", "read"])
def test_a_disk_that_does_not_answer_is_an_output_error(
    output: Path, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    def failing(_path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with RunDirectory(output) as run:
        run.write("config.yaml", text("seed: 0"))
        monkeypatch.setattr(Path, {"has": "is_file", "read": "read_bytes"}[ask], failing)
        with pytest.raises(OutputError, match=r"config\.yaml: could not be read: Input/output error"):
            getattr(run, ask)("config.yaml")


def test_a_second_run_is_refused_and_changes_nothing(output: Path, tmp_path: Path) -> None:
    with RunDirectory(output) as run:
        run.write("checkpoint.npz", text("one"))
        for existing in Existing:
            with pytest.raises(BusyError, match="runs/penguins is in use by another run: process"):
                RunDirectory(output, existing).__enter__()
        assert tree(tmp_path / "runs/penguins") == {"checkpoint.npz": "one"}


KILLED = """
import os, signal, sys
from pathlib import Path
from mlpcli.artifacts.run_directory import Existing, RunDirectory
def content(stream):
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
with RunDirectory(Path(sys.argv[1]), Existing.RESUME) as run:
    run.write("checkpoint.npz", content)
"""


def test_a_kill_in_the_middle_of_a_write_leaves_one_temporary_until_the_next_start(
    output: Path, tmp_path: Path
) -> None:
    stop(output, "old")
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", KILLED, str(output)], check=False).returncode == -9
        found = tree(tmp_path / "runs")
        assert set(found) == {".penguins.lock", "penguins/.checkpoint.npz.mlp-tmp", "penguins/checkpoint.npz"}
        assert found["penguins/checkpoint.npz"] == "old"
    with RunDirectory(output, Existing.RESUME):
        assert set(tree(tmp_path / "runs")) == {".penguins.lock", "penguins/checkpoint.npz"}
