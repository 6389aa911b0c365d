"""Which files in a directory are a run's, and which are somebody else's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mlpcli.artifacts.atomic import PROBE, artifact_of

CHECKPOINT: Final = "checkpoint.npz"
ARTIFACTS: Final = (
    "model.npz",
    "history.csv",
    "metrics.json",
    "config.yaml",
    "splits.csv",
    "predictions.csv",
    "out_of_fold.csv",
    "report.html",
    "report.json",
    "loss.svg",
    "loss.png",
    CHECKPOINT,
)
OF_MEMBER: Final = re.compile(r"checkpoint\.[0-9]{1,3}\.npz")
# other programs give their files such names too: those that are a run's begin so
BEGINNINGS = {
    **dict.fromkeys(("splits.csv", "predictions.csv", "out_of_fold.csv"), b"row,"),
    "report.html": b"<!doctype html>\n<!-- mlp report -->",
    "report.json": b'{"format":"mlp-report"',
}
SUPPORT = {"history.csv", "metrics.json"}  # these prove a run only where every other file is a run's too


def checkpoint_of(member: int) -> str:
    """The checkpoint of one of several networks."""
    return f"checkpoint.{member}.npz"


def is_checkpoint(name: str) -> bool:
    """Whether a file of this name is a checkpoint of a run."""
    return name == CHECKPOINT or OF_MEMBER.fullmatch(name) is not None


def is_artifact(name: str) -> bool:
    """Whether a run has a file of this name."""
    return name in ARTIFACTS or is_checkpoint(name)


def has_checkpoint(directory: Path) -> bool:
    """Whether a directory, which need not exist, holds the state of a run."""
    return directory.is_dir() and any(map(is_checkpoint, names_in(directory)))


def leftovers_in(directory: Path) -> list[str]:
    """What a run that was killed may have left besides its files."""
    return [name for name in names_in(directory) if name == PROBE or is_artifact(artifact_of(name))]


def holds_run(directory: Path) -> bool:
    """Whether a run, finished or stopped, is what a directory holds; it need not exist."""
    names = visible(directory) if directory.is_dir() else set()
    if any(name == "model.npz" or is_checkpoint(name) for name in names):
        return True  # no other program gives its files these names
    own = all(is_artifact(name) and is_of_a_run(directory / name) for name in names)
    return bool(names & SUPPORT) and own


def is_of_a_run(path: Path) -> bool:
    """Whether a file with the name of one of a run's may be one: it is not where its content says so.

    Raises OSError.
    """
    beginning = BEGINNINGS.get(path.name)
    if beginning is None:
        return True
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning


def others_in(directory: Path) -> list[str]:
    """The names in the directory of a run that are not a run's."""
    left = leftovers_in(directory)
    return sorted(
        name
        for name in names_in(directory)
        if name not in left and not (is_artifact(name) and is_of_a_run(directory / name))
    )


def listed(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def next_number(path: Path) -> int:
    """One more than the highest number behind the name of `path` in its directory."""
    pattern = re.compile(re.escape(path.name) + r"\.([0-9]{1,9})")
    names = (pattern.fullmatch(name) for name in names_in(path.parent))
    return 1 + max((int(match[1]) for match in names if match), default=0)


def visible(directory: Path) -> set[str]:
    """The names in a directory, without hidden ones such as leftover temporaries."""
    return {name for name in names_in(directory) if not name.startswith(".")}


def names_in(directory: Path) -> list[str]:
    """All names in a directory."""
    return [entry.name for entry in directory.iterdir()]


def names_of(directories: Sequence[Path]) -> list[str]:
    """What the directories are called, without what is above them where that tells them apart."""
    short = [path.resolve().name for path in directories]
    return short if len(set(short)) == len(short) else [str(path) for path in directories]
