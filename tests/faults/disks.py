"""A4, A6: places where a run cannot be written, found before training, and disks that fill up during it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.commands import ROOT, Ended
from tests.faults.figure import Figure
from tests.support.running import MLP, tree, write_config, write_table

QUICK, FULL = 1, 1
PLACES = {
    "a full tmpfs": "mount -t tmpfs -o size=8k none disk; head -c 8k /dev/zero > disk/filler; {mlp} disk/run",
    "a read-only tmpfs": "mount -t tmpfs none disk; mount -o remount,ro disk; {mlp} disk/run",
    "no permission": "chmod 555 disk; setpriv --bounding-set=-all --inh-caps=-all {mlp} disk/run",
    "a part of the path that is a file": "touch disk/file; {mlp} disk/file/run",
    "a file where the directory should be": "touch disk/run; {mlp} disk/run",
    "a directory with other people's files": "mkdir disk/run; touch disk/run/thesis.tex; {mlp} disk/run",
    "files of no bytes at most (ulimit -f)": "ulimit -f 0; {mlp} disk/run",
}
DURING = {
    "a tmpfs of {size}k that fills up": "mount -t tmpfs -o size={size}k none disk; {mlp} disk/run",
    "files of {size}k at most (ulimit -f)": "ulimit -f {size}; {mlp} disk/run",
}
SIZES = (4, 8, 16, 24, 32, 48, 64)  # kilobytes; a checkpoint here is larger than a model
EPOCHS = 40


def run(_times: int) -> Iterator[Figure]:
    """Every place once."""
    before = Figure("A6", "a place that cannot be written", "exit 6, nothing trained, nothing changed")
    for name, script in PLACES.items():
        ended, left = command_in(script)
        before.count += 1
        told = ended.status == 6 and "disk/" in ended.output and "epoch " not in ended.output
        before.check(told, f"{name}: {ended}")
        before.check(not left & {"disk/run/model.npz", "disk/run/checkpoint.npz"}, f"{name}: {left}")
        before.check(not any("mlp-tmp" in file for file in left), f"{name}: left {left}")
    yield before
    during = Figure("A4", "a disk that fills up during a run", "exit 6 or 0; no half of a file, no temporary")
    for name, script in DURING.items():
        for size in SIZES:
            ended, left = command_in(script.replace("{size}", str(size)))
            during.count += 1
            during.add(f"exit {ended.status}")
            fine = ended.status in {0, 6} and "Traceback" not in ended.output
            during.check(fine, f"{name.format(size=size)}: {ended}")
            during.check("disk/run/model.npz" in left or ended.status, f"{name}: no model, exit 0")
            during.check(not any("mlp-tmp" in file for file in left), f"{name}: left {left}")
    yield during


def command_in(script: str) -> tuple[Ended, set[str]]:
    """A training in mounts of its own, and the files that are there at its end; they must be whole."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "disk").mkdir()
        write_table(directory)
        write_config(directory / "c.yaml", training={"epochs": EPOCHS})
        mlp = shlex.join([*MLP, "train", "c.yaml", "--no-plots", "-o"])
        check = shlex.join([sys.executable, "-c", "from tests.faults.disks import look; look()"])
        steps = f"set +e; {script.replace('{mlp}', mlp)}; status=$?; {check} >&2; exit $status"
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", steps],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        *said, found = done.stderr.splitlines()
        return Ended(done.returncode, "\n".join(said)), set(found.split())


def look() -> None:
    """Say which files there are, and fail in a way that is seen where one of them is not whole."""
    from tests.faults.run_state import problems

    broken = [f"Traceback: {problem}" for problem in problems(Path("disk/run"), most_temporaries=0)]
    print(*broken, " ".join(f"disk/{name}" for name in tree(Path("disk"))), sep="\n")
