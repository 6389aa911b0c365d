"""`mlp train` by one process, or by all that a launcher such as mpiexec started together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Final, TypeAlias

from mlpcli.errors import ExitCode, UsageError
from mlpcli.parallel.launcher import rank_and_size

if TYPE_CHECKING:
    from mlpcli.parallel.ranks import Ranks
    from mlpcli.report.drawing import Draw

Drawing: TypeAlias = "Callable[[], AbstractContextManager[Draw | None]]"
Led: TypeAlias = "Callable[[Drawing, Ranks | None], int]"

# what all processes of a launcher do together; of any other command one is enough
OF_ALL: Final = frozenset({"train", "predict", "search"})


def has_nothing_to_do(arguments: Sequence[str]) -> bool:
    """Whether another process of the launcher does what the arguments ask for."""
    return follows() and arguments[0] not in OF_ALL


def follows() -> bool:
    """Whether this process is not the first that a launcher started."""
    launched = rank_and_size()
    return launched is not None and launched[0] > 0


def trained_alone_or_together(led: Led, *, draws: bool) -> int:
    """Let this process do its part of a training; `led` is what it does alone, or as the first of several.

    It draws where it is to, by a process that is there before the first message: none is forked after that.
    """
    launched = rank_and_size()
    if launched is None or launched[1] == 1:
        return led(_drawing_process if draws else nullcontext, None)
    rank, size = launched
    with ExitStack() as drawn:
        draw = drawn.enter_context(_drawing_process()) if draws and rank == 0 else None
        from mlpcli.parallel.ranks import Ranks
        from mlpcli.parallel.wire import joined
        from mlpcli.terminal.together import ended_together

        try:
            ranks = Ranks(joined(size))
        except UsageError:
            if rank == 0:
                raise
            return ExitCode.USAGE  # the first process says why
        return ended_together(
            ranks, lambda: _follow(ranks) if rank else led(lambda: nullcontext(draw), ranks)
        )


def _follow(ranks: Ranks) -> int:
    ranks.follow()
    return ExitCode.DONE


def _drawing_process() -> AbstractContextManager[Draw | None]:
    from mlpcli.report.drawing import drawing_process

    return drawing_process()
