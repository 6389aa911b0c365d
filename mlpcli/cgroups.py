"""What the control groups of this process leave of the memory that they allow: containers, batch systems.

Both versions: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html. A group's parents limit it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple


class _Files(NamedTuple):
    """What a version calls its files, and in the file of its statistics the pages that can be given back."""

    limit: str
    usage: str
    pages: tuple[str, ...]


VERSIONS = {
    "cgroup2": _Files("memory.max", "memory.current", ("inactive_file", "active_file")),
    "cgroup": _Files(
        "memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file")
    ),
}


def left_in_groups(root: Path = Path("/")) -> int | None:
    """The least that any of the groups leaves, in bytes; None where none has a limit.

    Pages that hold a file count as free: the system takes them back where it needs them.
    """
    left: list[int] = []
    with suppress(OSError, ValueError):
        for version, group, mount in _groups(root):
            for directory in (group, *group.parents):
                if directory.is_relative_to(mount):
                    with suppress(OSError, ValueError):
                        left += _left_in(directory, VERSIONS[version])
    return min(left) if left else None


def _left_in(directory: Path, files: _Files) -> Iterator[int]:
    limit = (directory / files.limit).read_text("ascii").strip()
    if limit == "max":
        return
    usage = int((directory / files.usage).read_text("ascii"))
    lines = (line.split() for line in (directory / "memory.stat").read_text("ascii").splitlines())
    pages = sum(int(size) for name, size in lines if name in files.pages)
    yield max(0, int(limit) - max(0, usage - pages))


def _groups(root: Path) -> Iterator[tuple[str, Path, Path]]:
    """The groups that count this process's memory: version, directory, and where their tree is mounted."""
    own = dict(_own_groups(root))
    for line in (root / "proc/self/mountinfo").read_text("utf-8").splitlines():
        # 36 35 98:0 /root /mount/point options ... - type source options
        before, _, after = line.partition(" - ")
        top, point = before.split()[3:5]
        kind, _source, options = after.split(maxsplit=2)
        if kind in own and (kind == "cgroup2" or "memory" in options.split(",")):
            group, mount = PurePosixPath(own[kind]), root / point.lstrip("/")
            inside = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
            yield kind, mount / inside, mount


def _own_groups(root: Path) -> Iterator[tuple[str, str]]:
    """By version the path of the group that counts memory, as the kernel has it."""
    for line in (root / "proc/self/cgroup").read_text("utf-8").splitlines():
        # 4:memory:/path of the first version, 0::/path of the second
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield "cgroup2", path
        elif "memory" in controllers.split(","):
            yield "cgroup", path
