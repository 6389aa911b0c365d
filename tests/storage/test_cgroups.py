"""What control groups leave, from files as the kernel has them, of both versions and mounted anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlpcli import cgroups, memory
from mlpcli.cgroups import left_in_groups

MOUNT_2 = "30 23 0:26 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
MOUNT_1 = (
    "35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


def system(root: Path, mounts: str, groups: str, **files: dict[str, str]) -> Path:
    """A root with what the kernel says of the groups, by directory, `_` for what is between them."""
    proc = root / "proc/self"
    proc.mkdir(parents=True)
    (proc / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda rw\n" + mounts)
    (proc / "cgroup").write_text(groups)
    for name, contents in files.items():
        directory = root / "sys/fs/cgroup" / name.replace("_", "/")
        directory.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            (directory / file).write_text(content)
    return root


def second(limit: str, usage: int, files: int = 0) -> dict[str, str]:
    """A group of the second version, some of whose memory holds files."""
    stat = f"anon 1\nactive_file {files // 2}\ninactive_file {files - files // 2}\nunevictable 0\n"
    return {"memory.max": limit + "\n", "memory.current": f"{usage}\n", "memory.stat": stat}


def first(limit: int, usage: int, files: int = 0) -> dict[str, str]:
    """A group of the first version."""
    stat = f"cache 1\ninactive_file 7\ntotal_inactive_file {files}\ntotal_active_file 0\n"
    return {
        "memory.limit_in_bytes": f"{limit}\n",
        "memory.usage_in_bytes": f"{usage}\n",
        "memory.stat": stat,
    }


def test_the_limit_of_the_own_group_counts_without_the_pages_of_files(tmp_path: Path) -> None:
    root = system(tmp_path, MOUNT_2.format(top="/"), "0::/job\n", job=second("1000", 700, files=300))
    assert left_in_groups(root) == 600


def test_a_parent_may_leave_less(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        MOUNT_2.format(top="/"),
        "0::/batch/job\n",
        batch=second("900", 850),
        batch_job=second("1000", 700),
    )
    assert left_in_groups(root) == 50


def test_no_limit_is_none(tmp_path: Path) -> None:
    root = system(tmp_path, MOUNT_2.format(top="/"), "0::/job\n", job=second("max", 700))
    assert left_in_groups(root) is None


def test_in_a_container_the_own_group_is_what_is_mounted(tmp_path: Path) -> None:
    mounts, groups = MOUNT_2.format(top="/docker/abc"), "0::/docker/abc\n"
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    for name, content in second("1000", 990, files=10).items():
        (tmp_path / "sys/fs/cgroup" / name).write_text(content)
    assert left_in_groups(system(tmp_path, mounts, groups)) == 20


def test_the_first_version_is_known_too(tmp_path: Path) -> None:
    groups = "5:cpu:/other\n4:memory:/job\n0::/\n"
    root = system(tmp_path, MOUNT_1, groups, memory_job=first(500, 450, files=60))
    assert left_in_groups(root) == 110


@pytest.mark.parametrize("groups", ["", "nonsense\n", "0::/job\n"])
def test_what_is_not_there_limits_nothing(tmp_path: Path, groups: str) -> None:
    assert left_in_groups(system(tmp_path, MOUNT_2.format(top="/"), groups)) is None
    assert left_in_groups(tmp_path / "nothing") is None


def test_what_a_group_leaves_is_all_that_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "left_in_groups", lambda: 12345)
    assert memory.available_bytes() == 12345
    assert memory.portion(5, 1, 10**9) == 2469
    assert (memory.portion(5, 3000, 10**9), memory.portion(5, 1, 100)) == (3000, 100)
    assert cgroups.left_in_groups is not memory.left_in_groups


def test_threads_need_address_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "left_of_limit", lambda: None)
    assert memory.threads_that_fit(3) == 3
    monkeypatch.setattr(memory, "left_of_limit", lambda: 8 * memory.OF_A_THREAD)
    assert memory.threads_that_fit(3) == 2
    monkeypatch.setattr(memory, "left_of_limit", lambda: 0)
    assert memory.threads_that_fit(3) == 0
