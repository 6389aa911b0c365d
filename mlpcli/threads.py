"""How many threads a training uses: chosen by the shapes alone, so that results can be repeated."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from threading import Lock

# multiplications in the forward pass of a step below which a second thread costs more than it saves, and as
# how many of them the elementwise work on one output of a layer counts
WORTH_SHARING = 10_000_000
ELEMENTWISE = 40
MOST = 4
LIMIT = 4096  # more than any machine has, and the most that a model file may say


def available() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose(widths: tuple[int, ...], rows: int) -> int:
    """The number of threads for steps of `rows` rows.

    OPENBLAS_NUM_THREADS, or without it OMP_NUM_THREADS, decides where it is set.
    """
    asked = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS")
    if asked and re.fullmatch("0*[1-9][0-9]*", asked):
        return LIMIT if len(asked.lstrip("0")) > len(str(LIMIT)) else min(int(asked), LIMIT)
    return min(available(), MOST) if worth_sharing(widths, rows) else 1


def members(threads: int, widths: tuple[int, ...], rows: int) -> int:
    """Among how many steps of `rows` rows are shared, where there are so many threads."""
    return min(threads, rows) if worth_sharing(widths, rows) else 1


def worth_sharing(widths: tuple[int, ...], rows: int) -> bool:
    """Whether steps of `rows` rows are long enough."""
    return sum((n + ELEMENTWISE) * m for n, m in pairwise(widths)) * rows >= WORTH_SHARING


_one_at_a_time = Lock()


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Let matrix products run on so many threads, and afterwards on as many as before.

    There is one number for the whole process: of several Python threads one is here, and the others wait.
    """
    with _one_at_a_time, import_module("threadpoolctl").threadpool_limits(limits=threads, user_api="blas"):
        yield


def _nobody_is_here() -> None:
    """In a forked process, to which the parent's threads have not come along."""
    global _one_at_a_time
    _one_at_a_time = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nobody_is_here)
