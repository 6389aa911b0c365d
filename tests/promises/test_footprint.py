"""What the commands touch besides what they were asked for: no network, no program, no other file."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.running import MLP, ok, tree, write_config, write_table

COMMANDS = [
    "train c.yaml -o out/run",
    "train c.yaml -o out/run --overwrite --json",
    "train c.yaml -o out/run --resume",
    "train c.yaml --dry-run",
    "predict model.npz t.csv -o out/p.csv",
    "predict model.npz t.csv",
    "evaluate model.npz t.csv --json",
    "explain model.npz t.csv --force --json",
    "drift model.npz t.csv --json",
    "export model.npz -o out/score.py",
    *(["export model.npz -o out/score.onnx --check t.csv"] if find_spec("onnx") else []),
    "gradcheck c.yaml -q",
    "trace c.yaml --page out/t.html",
    "doctor c.yaml --json",
    "inspect model.npz",
    "init t.csv --target kind -o out/t.yaml",
    "schema",
    "train bad.yaml",
    "predict bad.npz t.csv",
]
WRITTEN = re.compile(r'(?:open|openat|creat)\(.*?"([^"]+)".*O_CREAT')
RENAMED = re.compile(r'(?:rename|mkdir|link|symlink|mknod|unlink)\w*\((?:AT_FDCWD, )?"([^"]+)"')

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed: what the kernel is asked for goes unseen"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with good and bad files, one for outputs, and a home and caches apart from them."""
    place = tmp_path / "place"
    for directory in (place / "out", tmp_path / "home", tmp_path / "caches"):
        directory.mkdir(parents=True)
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "caches"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("MLP_SECRET_OF_A_TEST", "swordfish-4711")
    write_table(place)
    write_config(place / "c.yaml")
    (place / "bad.yaml").write_text("data: {train: 'https://example.org/t.csv', target: kind}\n")
    (place / "bad.npz").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    ok("train", "c.yaml", "-o", "made", "--no-plots", "-q")
    (place / "made" / "model.npz").rename(place / "model.npz")
    shutil.rmtree(place / "made")
    return place


# every command in one process that lets go of nothing; the arguments are separated by line ends
ALL = """
import sys
from mlpcli.cli import run
from mlpcli.terminal.process import outcome, prepare_streams
prepare_streams()
sys.stderr.write("".join(f"{outcome(lambda: run(line.split()))} " for line in sys.argv[1].splitlines()))
"""


# a hook that tells of every event that no command has a reason for; pictures are drawn by a fork, which runs
# no other program
HOOKED = """
import sys
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn",
             "urllib.", "ftplib.", "http.", "smtplib.", "pickle.find_class", "webbrowser.")
def hook(event, arguments):
    if event.startswith(FORBIDDEN) and "fc-list" not in str(arguments) and event != "socket.gethostname":
        sys.__stderr__.write(f"FORBIDDEN {event} {arguments}\\n")
        sys.__stderr__.flush()
sys.addaudithook(hook)
"""


def traced(log: Path, *command: str) -> list[str]:
    """Run under strace, with every thread and child; what was asked of the kernel."""
    files = "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,unlink,unlinkat"
    watch = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace=network,execve,{files}", "-o", log]
    done = subprocess.run([*watch, *command], capture_output=True, timeout=300)
    assert b"bug in mlp" not in done.stderr
    assert b"FORBIDDEN" not in done.stderr
    assert done.stderr.split()[-len(COMMANDS) :] == [b"0"] * (len(COMMANDS) - 2) + [b"3", b"5"], done.stderr
    return log.read_text("utf-8", "replace").splitlines()


@needs_strace
def test_no_command_reaches_the_network_starts_a_program_or_writes_elsewhere(
    place: Path, tmp_path: Path
) -> None:
    """But matplotlib's search for fonts and its cache; Python itself sees nothing of the kind either."""
    calls = traced(tmp_path / "log", sys.executable, "-c", HOOKED + ALL, "\n".join(COMMANDS))
    assert [line for line in calls if re.search(r"\b(socket|connect|sendto|bind)\(", line)] == []
    started = [line for line in calls if "execve(" in line and "ENOENT" not in line]
    assert [line for line in started[1:] if "fc-list" not in line] == []
    touched = {
        match[1] for line in calls for match in [WRITTEN.search(line) or RENAMED.search(line)] if match
    }
    assert any("out/" in path for path in touched)
    inside = (str(place / "out"), "out", str(tmp_path / "caches"), "/dev/")
    assert sorted(path for path in touched if not path.startswith(inside)) == []


@pytest.mark.skipif(shutil.which("strace") is not None, reason="these commands have run under strace above")
@pytest.mark.usefixtures("place")
def test_python_itself_sees_no_network_no_program_and_no_pickle() -> None:
    command = [sys.executable, "-c", HOOKED + ALL, "\n".join(COMMANDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert "FORBIDDEN" not in done.stderr
    assert done.stderr.split()[-2:] == ["3", "5"]


def test_nothing_of_this_machine_or_its_user_is_in_any_file(place: Path, tmp_path: Path) -> None:
    for line in COMMANDS[:1] + COMMANDS[4:5] + COMMANDS[9:10]:
        ok(*line.split())
    secrets = {str(tmp_path), str(Path.home()), os.environ["HOME"], "swordfish-4711", socket.gethostname()}
    names = {getpass.getuser()} - {"root"}  # a word of too many other meanings
    files = [path for path in (place / "out").rglob("*") if path.is_file()]
    assert len(files) >= 8
    for path in files:
        content = path.read_bytes()
        found = {text for text in secrets | names if len(text) > 3 and text.encode() in content}
        assert not found, (path.name, found)


def test_no_command_changes_what_it_reads(place: Path) -> None:
    """Inputs, the old model and the good files, by their hashes; also where nothing may be written."""
    before = {name: digest for name, digest in tree(place).items() if not name.startswith("out")}
    for line in COMMANDS[:-2]:
        ok(*line.split())
    assert {name: digest for name, digest in tree(place).items() if not name.startswith("out")} == before


@needs_strace
@pytest.mark.usefixtures("place")
def test_a_model_and_its_rows_are_opened_once_and_never_to_write(tmp_path: Path) -> None:
    """What changes while a command runs cannot make it read two different files."""
    log = tmp_path / "log"
    command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=open,openat", "-o", log, *MLP]
    subprocess.run([*command, "predict", "model.npz", "t.csv"], check=True, capture_output=True)
    opened = [
        line for line in log.read_text("utf-8").splitlines() if re.search(r'"(model\.npz|t\.csv)"', line)
    ]
    assert len(opened) == 2
    assert all("O_RDONLY" in line for line in opened)
