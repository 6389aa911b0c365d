"""A2, A4, A5, B3: every system call of every save, deadly or failing.

A run that was finished goes on for one more epoch and replaces all its files. Its calls, from taking the lock
to the end of the process, are numbered once; then each of them is hit by each fault, in a copy of the run.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.commands import Ended, WarmProcess
from tests.faults.figure import Figure
from tests.faults.run_state import problems
from tests.faults.traced import Call, calls_of, injected
from tests.support.running import write_config, write_table

QUICK, FULL = 60, 10**6  # so many calls at the most, evenly chosen; there are some two hundred
TRAIN = ("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--resume", "--set", "training.epochs=4")
FILES = ("checkpoint.npz", "model.npz", "history.csv", "splits.csv", "metrics.json", "config.yaml")
MUTATING = {"openat", "write", "fchmod", "fsync", "close", "rename"}
DEADLY = {"signal=KILL": signal.SIGKILL, "signal=TERM": signal.SIGTERM}
FAILING = {"error=ENOSPC": "No space left on device", "error=EIO": "Input/output error"}
EXPECTED = {
    "signal=KILL": ("A2", "0 corrupt, at most 1 temporary, resumes to the same bytes"),
    "signal=TERM": ("B3", "0 corrupt, no temporary, resumes to the same bytes"),
    "error=ENOSPC": ("A4, A5", "exit 6, or a warning for a checkpoint; old files intact; no temporary"),
    "error=EIO": ("A4, A5", "exit 6, or a warning for a checkpoint; old files intact; no temporary"),
    "error=EIO+": ("A4", "exit 6, or 0 and all files new; old files intact"),
}


@dataclass(frozen=True)
class Scene:
    """The run before the command, in a directory to be copied, and its files before and after."""

    directory: Path
    before: dict[str, bytes]
    after: dict[str, bytes]
    calls: Sequence[Call]


def run(times: int) -> Iterator[Figure]:
    """Each fault at each call; errors only at calls that can fail because of a disk."""
    with WarmProcess() as warm, tempfile.TemporaryDirectory() as name:
        scene = prepared(warm, Path(name))
        for fault, (row, expected) in EXPECTED.items():
            calls = [call for call in scene.calls if fault in DEADLY or about_files(call)]
            chosen = calls[:: max(1, len(calls) // times)]
            figure = Figure(row, f"{fault} at a system call of saving", expected, least=len(chosen))
            figure.facts["calls in all"] = len(calls)
            for call in chosen:
                failures = hit(warm, scene, call, fault, figure)
                figure.failures += [f"{fault} at {call}: {failure}" for failure in failures]
                figure.count += 1
            yield figure


def about_files(call: Call) -> bool:
    """Whether a call names a file or has one open."""
    return "/run" in call.text


def prepared(warm: WarmProcess, place: Path) -> Scene:
    """The run of three epochs, and what a fourth makes of it."""
    original, whole = place / "original", place / "whole"
    original.mkdir()
    write_table(original)
    write_config(original / "c.yaml", training={"epochs": 3})
    ended = warm.run(original, *TRAIN[:-2])
    if ended.status:
        raise RuntimeError(ended.output)
    shutil.copytree(original, whole)
    calls = calls_of(warm, whole, TRAIN, ".run.lock")
    return Scene(original, contents(original / "run"), contents(whole / "run"), calls)


def contents(run: Path) -> dict[str, bytes]:
    """The files of a run."""
    return {name: (run / name).read_bytes() for name in FILES}


def hit(warm: WarmProcess, scene: Scene, call: Call, fault: str, figure: Figure) -> Iterator[str]:
    """What went wrong when a fault hit a call, in a fresh copy, and when the run was then resumed."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "copy"
        shutil.copytree(scene.directory, directory)
        ended = injected(warm, directory, TRAIN, call, fault)
        figure.add("hit" if ended.status or ended.output else "no effect")
        yield from wrong_end(ended, call, fault)
        # a signal may also come right after a temporary was made, before anything can know of it
        made = fault in DEADLY and call.name == "openat"
        one_left = fault == "signal=KILL" or call.name == "unlink" or made
        yield from problems(directory / "run", most_temporaries=one_left)
        found = contents(directory / "run")
        expected = [scene.after] if ended.status == 0 else [scene.before, scene.after]
        # a stop saves where it is, which is neither the one nor the other
        files = FILES[1:] if fault == "signal=TERM" else FILES
        yield from (
            f"{file} is neither old nor new"
            for file in files
            if found[file] not in [e[file] for e in expected]
        )
        again = warm.run(directory, *TRAIN)
        if again.status or contents(directory / "run") != scene.after:
            yield f"resumed: {again}"


def wrong_end(ended: Ended, call: Call, fault: str) -> Iterator[str]:
    """What is wrong with how the command ended."""
    if "Traceback" in ended.output or "ignored" in ended.output:
        yield ended.output
    if fault in DEADLY:
        if ended.status != -DEADLY[fault] and call.name != "exit_group":  # by then it has ended
            yield f"ended with {ended}"
        return
    reason = FAILING[fault.removesuffix("+")]
    if ended.status == 0:
        if ended.output.count("warning: no checkpoint: ") != len(ended.output.splitlines()):
            yield f"said {ended.output}"
        if call.name in MUTATING and ".mlp-tmp" in call.text and "checkpoint" not in call.text:
            yield "reported nothing"
        return
    # what cannot be read of the old run is a wrong file, what cannot be written is an output error
    allowed = {6} if ".mlp-tmp" in call.text else {5, 6}
    if fault.endswith("+") and ((call.name == "write" and ended == Ended(6, "")) or call.name == "close"):
        # nothing can be written any more, the message included; no file that is closed is known by name
        if ended.status != 6:
            yield f"ended with {ended}"
        return
    first = ended.output.splitlines()[0].lower() if ended.output else ""
    if ended.status not in allowed or reason.lower() not in first or "run" not in first:
        yield f"ended with {ended}"
