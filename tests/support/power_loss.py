"""Every state in which a power cut may leave a directory, computed from the calls that a writer made.

The model of the disk: what was written since the last fsync of a file may be there up to any point, torn,
or there as zeros; of the changes of names since the last fsync of the directory any selection may be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from mlpcli.artifacts.file_system import Disk

OLD_FILE = 0  # the inode that the target's name has at first


@dataclass(frozen=True)
class Create:
    name: str
    inode: int


@dataclass(frozen=True)
class Truncate:
    inode: int


@dataclass(frozen=True)
class Write:
    inode: int
    data: bytes


@dataclass(frozen=True)
class Fsync:
    inode: int


@dataclass(frozen=True)
class Rename:
    source: str
    target: str
    inode: int


@dataclass(frozen=True)
class Unlink:
    name: str


@dataclass(frozen=True)
class FsyncDirectory:
    pass


Call = Create | Truncate | Write | Fsync | Rename | Unlink | FsyncDirectory


@dataclass
class Recorder(Disk):
    """The real disk, noting every call that changes it; short writes, as a disk is free to make them."""

    calls: list[Call] = field(default_factory=list)
    inodes: dict[str, int] = field(default_factory=dict)
    handles: dict[int, int] = field(default_factory=dict)

    def create(self, path: Path, mode: int) -> int:
        handle = super().create(path, mode)
        self.handles[handle] = self.inodes[path.name] = len(self.calls) + 1
        self.calls.append(Create(path.name, self.handles[handle]))
        return handle

    def write(self, handle: int, data: memoryview) -> int:
        count = super().write(handle, data[:4])
        self.calls.append(Write(self.handles[handle], bytes(data[:count])))
        return count

    def fsync(self, handle: int) -> None:
        super().fsync(handle)
        self.calls.append(Fsync(self.handles[handle]))

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        self.calls.append(Rename(source.name, target.name, self.inodes[source.name]))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.calls.append(Unlink(path.name))

    def fsync_directory(self, path: Path) -> None:
        super().fsync_directory(path)
        self.calls.append(FsyncDirectory())


def contents_after_cut(calls: Sequence[Call], target: str, old: bytes) -> Iterator[bytes | None]:
    """What a reader may find under `target` when the power goes after these calls; None: no such file."""
    for names in _possible_names(calls, {target: OLD_FILE}):
        if target in names:
            yield from _possible_contents(calls, names[target], old if names[target] == OLD_FILE else b"")
        else:
            yield None


def _possible_names(calls: Sequence[Call], names: dict[str, int]) -> Iterator[dict[str, int]]:
    changes = [call for call in calls if isinstance(call, Create | Rename | Unlink | FsyncDirectory)]
    synced = max((i + 1 for i, call in enumerate(changes) if isinstance(call, FsyncDirectory)), default=0)
    stored, floating = changes[:synced], changes[synced:]
    for chosen in product((True, False), repeat=len(floating)):
        found = dict(names)
        for call in stored + [call for call, there in zip(floating, chosen, strict=True) if there]:
            _rename(found, call)
        yield found


def _rename(names: dict[str, int], call: Call) -> None:
    match call:
        case Create(name, inode):
            names[name] = inode
        case Rename(source, target, inode):
            names.pop(source, None)
            names[target] = inode
        case Unlink(name):
            names.pop(name, None)


def _possible_contents(calls: Sequence[Call], inode: int, stored: bytes) -> Iterator[bytes]:
    content, floating = stored, [stored]
    for call in calls:
        match call:
            case Truncate(changed) if changed == inode:
                content = b""
                floating.append(content)
            case Write(changed, data) if changed == inode:
                floating += [content + data[: len(data) // 2], content + bytes(len(data)), content + data]
                content += data
            case Fsync(changed) if changed == inode:
                floating = [content]
    yield from floating
