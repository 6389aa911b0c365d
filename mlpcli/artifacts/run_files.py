"""Which files in a directory are a run's, and which are somebody else's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from mlpcli.artifacts.atomic import PROBE, fixed_temporary

Artifact: TypeAlias = Literal[
    "model.npz",
    "history.csv",
    "metrics.json",
    "config.yaml",
    "splits.csv",
    "predictions.csv",
    "loss.svg",
    "loss.png",
    "checkpoint.npz",
]
ARTIFACTS: tuple[Artifact, ...] = get_args(Artifact)
PROOF = {"model.npz", "checkpoint.npz"}  # no other program gives its files these names
# other programs do: those that are a run's begin so
BEGINNINGS = {"splits.csv": b"row,part", "predictions.csv": b"row,part"}
SUPPORT = {"history.csv", "metrics.json"}  # these prove a run only where every other file is a run's too


def holds_run(directory: Path) -> bool:
    """Whether a run, finished or stopped, is what a directory holds; it need not exist."""
    names = visible(directory) if directory.is_dir() else set()
    if names & PROOF:
        return True
    own = all(name in ARTIFACTS and is_of_a_run(directory / name) for name in names)
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
    own = {*ARTIFACTS, *map(fixed_temporary, ARTIFACTS), PROBE}
    return sorted(
        name for name in names_in(directory) if name not in own or not is_of_a_run(directory / name)
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
