"""Whether a run fits into this machine, asked before it starts."""

from __future__ import annotations

import ctypes
import resource
from importlib import import_module
from pathlib import Path
from typing import Final

from mlpcli.cgroups import left_in_groups
from mlpcli.errors import MemoryLimitError

MEGABYTE = 1_000_000
MAX_PARAMETERS = 50_000_000  # of a network, where nobody allows more
MOST_MEMBERS = 100  # networks that predict together, folds times repeats
# address space that Python's libraries take before there is any data, the first matrix product included;
# with less they may end the process themselves, with any exit code
LIBRARIES = 190 * MEGABYTE
ARROW = 190 * MEGABYTE  # more, where pyarrow is loaded
OF_A_PRODUCT = 42 * MEGABYTE  # more for each thread of OpenBLAS but the first: its stack, and room for blocks
LARGE_BLOCK: Final = 8 << 20  # bytes that are worth a call of the system each time
M_MMAP_THRESHOLD: Final = -3  # of malloc.h
OF_A_THREAD = 75 * MEGABYTE  # address space: its stack, and what the C library reserves for what it allocates


def available_bytes() -> int | None:
    """Memory that can still be had: the system's, or what the limits of this process leave if that is less.

    These are that of its address space, and those of its control groups.
    """
    limits = [n for n in (_free_in_system(), left_of_limit(), left_in_groups()) if n is not None]
    return min(limits) if limits else None


def portion(share: int, least: int, most: int) -> int:
    """One part in `share` of the memory that can still be had, in bytes, within bounds; else the most."""
    free = available_bytes()
    return most if free is None else min(most, max(least, free // share))


def give_back_large_blocks() -> None:
    """Let the C library give large blocks back to the system as soon as they are freed, from now on.

    glibc raises the size from which on it does so to that of the largest block freed, up to 32 MiB, unless
    it is told one (mallopt(3), M_MMAP_THRESHOLD): arrays of one number a row would leave holes as large.
    Other libraries have no such call, and stay as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def threads_that_fit(most: int) -> int:
    """How many threads, of so many, may work beside this one: a limit on address space may leave no room."""
    left = left_of_limit()
    return most if left is None else max(0, min(most, left // (4 * OF_A_THREAD)))


def _free_in_system() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def left_of_limit() -> int | None:
    """Address space that a limit leaves; None without one."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return None
    return max(0, limit - pages * resource.getpagesize())


def require_libraries() -> None:
    """Raise MemoryLimitError where this process's limit leaves too little to load what computes.

    OpenBLAS ends the process where it has no room for a product: with a limit it takes that room now, as
    long as there is some.
    """
    if left_of_limit() is None:
        return
    require_space(LIBRARIES, "to start")
    numpy = import_module("numpy")
    numpy.dot(*numpy.ones((2, 2, 2)))


def require_space(needed: int, what: str, hint: str = "raise the limit (ulimit -v)") -> None:
    """Raise MemoryLimitError where this process's limit on its address space leaves less than `needed`."""
    _require(needed, left_of_limit(), what, hint)


def require(needed: int, what: str, hint: str) -> None:
    """Raise MemoryLimitError where `needed` bytes for `what` are more than there are."""
    _require(needed, available_bytes(), f"for {what}", hint)


def _require(needed: int, there: int | None, what: str, hint: str) -> None:
    if there is not None and needed > there:
        found = f"about {_shown(needed)} needed, {_shown(there)} available"
        raise MemoryLimitError.of(f"not enough memory {what}: {found}", hint=hint)


def _shown(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"
