"""How many threads a training uses: chosen by the shapes alone, so that results can be repeated."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from threading import Condition, get_ident
from typing import Any

from mlpcli.memory import OF_A_PRODUCT, require_space

# multiplications in the forward pass of a step below which a second thread costs more than it saves, and as
# how many of them the elementwise work on one output of a layer counts
WORTH_SHARING = 10_000_000
ELEMENTWISE = 40
MOST = 4
LIMIT = 4096  # more than any machine has, and the most that a model file may say


def available() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def of_machine() -> int:
    """The processors that there are for this process and those that a launcher started beside it.

    Some launchers let each process have one of those that they have themselves.
    """
    if not hasattr(os, "sched_getaffinity"):
        return available()
    return max(available(), len(os.sched_getaffinity(os.getppid())))


def choose(widths: tuple[int, ...], rows: int, processors: int | None = None) -> int:
    """The number of threads for steps of `rows` rows, of so many processors.

    OPENBLAS_NUM_THREADS, or without it OMP_NUM_THREADS, decides where it is set.
    """
    asked = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS")
    if asked and re.fullmatch("0*[1-9][0-9]*", asked):
        return LIMIT if len(asked.lstrip("0")) > len(str(LIMIT)) else min(int(asked), LIMIT)
    return min(processors or available(), MOST) if worth_sharing(widths, rows) else 1


def workers(threads: int, widths: tuple[int, ...], rows: int) -> int:
    """Among how many steps of `rows` rows are shared, where there are so many threads."""
    return min(threads, rows) if worth_sharing(widths, rows) else 1


def worth_sharing(widths: tuple[int, ...], rows: int) -> bool:
    """Whether steps of `rows` rows are long enough."""
    return sum((n + ELEMENTWISE) * m for n, m in pairwise(widths)) * rows >= WORTH_SHARING


class _Products:
    """Whose matrix products are computed: of any number of users with one thread each, or of one with more.

    `already` is the number that is set where nobody has set one here.
    """

    def __init__(self, already: int | None = None) -> None:
        self._left = Condition()
        self._users: Counter[int] = Counter()
        self._alone: int | None = None
        self._number = already
        self._already = already
        self._limits: AbstractContextManager[object] = nullcontext()

    @property
    def number(self) -> int | None:
        """The threads of each product now, where anybody has said so."""
        return self._number

    @contextmanager
    def having(self, threads: int) -> Iterator[None]:
        """Wait until the number may be this one, and keep it so; who is alone may change it for a while."""
        if self._users[get_ident()] and threads > 1 and self._alone is None:
            raise RuntimeError("who shares matrix products of one thread cannot have more within")
        if self._alone == get_ident():
            with _blas_threads(threads):
                yield
            return
        self._enter(threads)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, threads: int) -> None:
        with self._left:
            self._left.wait_for(lambda: not self._users or (threads == 1 and self._alone is None))
            if not self._users:
                self._limits = nullcontext() if threads == self._already else _blas_threads(threads)
                self._limits.__enter__()
                self._number, self._alone = threads, None if threads == 1 else get_ident()
            self._users[get_ident()] += 1

    def _leave(self) -> None:
        with self._left:
            self._users[get_ident()] -= 1
            self._users += Counter()  # without those that are 0
            if not self._users:
                self._limits.__exit__(None, None, None)
                self._number, self._alone = self._already, None
                self._left.notify_all()


@contextmanager
def _blas_threads(threads: int) -> Iterator[None]:
    # the process ends, or waits for ever, where OpenBLAS has no room for one
    require_space((threads - 1) * OF_A_PRODUCT, f"for {threads} threads", "ask for fewer (--threads)")
    controller = _controller(len(sys.modules))
    limits = controller.limit(limits=threads, user_api="blas")
    _release(controller)
    try:
        yield
    finally:
        limits.restore_original_limits()
        _release(controller)


@lru_cache(maxsize=1)
def _controller(_modules: int) -> Any:
    """Of the libraries that are loaded: looked for again when a module has come that may have brought one."""
    return import_module("threadpoolctl").ThreadpoolController()


def _release(controller: Any) -> None:
    """Let another thread set the number: it is not always the one that came first that leaves last.

    While the thread that set it lives, threadpoolctl heeds no other, from version 3.7 on.
    """
    for library in controller.lib_controllers:
        getattr(library, "clear_controlling_thread", int)()


_products = _Products()


def limited(threads: int) -> AbstractContextManager[None]:
    """Let matrix products run on so many threads, and afterwards on as many as before.

    There is one number for the whole process. Python threads that want 1 have it together; one that wants
    more has the products to itself, and others wait. Within it that one may want another number; RuntimeError
    where somebody who shares wants more.
    """
    return _products.having(threads)


def _nobody_is_here() -> None:
    """In a forked process, to which the parent's threads have not come along, but the number has.

    Setting it again would start the threads of the library, which wait busily.
    """
    global _products
    _products = _Products(_products.number)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nobody_is_here)
