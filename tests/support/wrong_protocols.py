"""Ways of writing a file that a power cut may break, made from the calls of the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from mlpcli.artifacts.atomic import fixed_temporary, write_atomically
from tests.support.power_loss import (
    OLD_FILE,
    Call,
    Fsync,
    FsyncDirectory,
    Recorder,
    Rename,
    Truncate,
    Unlink,
    Write,
    contents_after_cut,
)

OLD, NEW = b"the old model", b"the new one, longer"
Mutation = Callable[[list[Call]], list[Call]]


def new_content(stream: BinaryIO) -> None:
    stream.write(NEW)


def recorded_calls(target: Path) -> list[Call]:
    """What replacing a file does to the disk."""
    recorder = Recorder()
    write_atomically(target, new_content, fixed_temporary, recorder)
    return recorder.calls


def states(calls: list[Call], name: str) -> list[bytes | None]:
    """What may be found after a cut anywhere in the calls."""
    cuts = [calls[:length] for length in range(len(calls) + 1)]
    return [content for cut in cuts for content in contents_after_cut(cut, name, OLD)]


def wrong_states(calls: list[Call], name: str) -> int:
    """How many states are neither old nor new, or old although the writer had said that it was done."""
    broken = sum(content not in (OLD, NEW) for content in states(calls, name))
    lost = sum(content != NEW for content in contents_after_cut(calls, name, OLD))
    return broken + lost


def without(kind: type) -> Mutation:
    return lambda calls: [call for call in calls if not isinstance(call, kind)]


def fsync_after_rename(calls: list[Call]) -> list[Call]:
    at = next(i for i, call in enumerate(calls) if isinstance(call, Rename))
    fsync = next(call for call in calls if isinstance(call, Fsync))
    return [*without(Fsync)(calls[: at + 1]), fsync, *calls[at + 1 :]]


def fsync_before_last_write(calls: list[Call]) -> list[Call]:
    at = next(i for i, call in enumerate(calls) if isinstance(call, Fsync))
    return [*calls[: at - 1], calls[at], calls[at - 1], *calls[at + 1 :]]


def unlink_target_first(calls: list[Call]) -> list[Call]:
    return [Unlink("model.npz"), *calls]


def in_place(calls: list[Call]) -> list[Call]:
    return without(Fsync)(in_place_with_fsync(calls))


def in_place_with_fsync(calls: list[Call]) -> list[Call]:
    writes = [Write(OLD_FILE, call.data) for call in calls if isinstance(call, Write)]
    return [Truncate(OLD_FILE), *writes, Fsync(OLD_FILE)]


MUTATIONS: Mapping[str, Mutation] = {
    "no fsync of the file": without(Fsync),
    "no fsync of the directory": without(FsyncDirectory),
    "fsync after the rename": fsync_after_rename,
    "fsync before the last write": fsync_before_last_write,
    "the target removed first": unlink_target_first,
    "in place": in_place,
    "in place with fsync": in_place_with_fsync,
}
