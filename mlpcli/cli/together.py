"""Commands by one process, or by all that a launcher such as mpiexec has started."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Final, TypeAlias

from mlpcli.errors import ConfigError, DataError, ExitCode, UsageError
from mlpcli.parallel.launcher import rank_and_size

if TYPE_CHECKING:
    from mlpcli.parallel.ranks import Ranks
    from mlpcli.report.drawing import Draw

Drawing: TypeAlias = "Callable[[], AbstractContextManager[Draw | None]]"
Led: TypeAlias = "Callable[[Drawing, Ranks | None], int]"

# what all processes of a launcher do together; of any other command one is enough
OF_ALL: Final = frozenset({"train", "predict", "search"})
HELP: Final = frozenset({"-h", "--help"})
FIRST_WORD: Final = 3.0  # seconds that the first process has to say what is wrong


def has_nothing_to_do(arguments: Sequence[str]) -> bool:
    """Whether another process of the launcher does what the arguments ask for."""
    return follows() and (arguments[0] not in OF_ALL or not HELP.isdisjoint(arguments))


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
    with ExitStack() as drawn:
        draw = drawn.enter_context(_drawing_process()) if draws and launched[0] == 0 else None
        return _together(launched, lambda ranks: led(lambda: nullcontext(draw), ranks))


def predicted_alone_or_together(led: Callable[[Ranks | None], int]) -> int:
    """Let this process do its part of predictions; `led` is what it does alone, or as the first of all."""
    launched = rank_and_size()
    return led(None) if launched is None or launched[1] == 1 else _together(launched, led)


def searched_alone_or_together(command: Callable[[], int]) -> int:
    """Let this process be a worker of a search, which sends no messages.

    What is wrong with the files that all of them read the first one says.
    """
    try:
        return command()
    except (UsageError, ConfigError, DataError) as error:
        if not follows():
            raise
        return after_the_first(error.exit_code)


def after_the_first(code: ExitCode) -> ExitCode:
    """The exit code of a process that the first one speaks for, once that has had time to.

    Some launchers, such as Open MPI's, end all processes as soon as one has failed.
    """
    time.sleep(FIRST_WORD)
    return code


def _together(launched: tuple[int, int], led: Callable[[Ranks], int]) -> int:
    """Join the other processes, lead them or follow; the exit code that all end with."""
    from mlpcli.parallel.ranks import Ranks
    from mlpcli.parallel.wire import joined
    from mlpcli.terminal.together import ended_together

    rank, size = launched
    try:
        ranks = Ranks(joined(size))
    except UsageError:
        if rank == 0:
            raise
        return after_the_first(ExitCode.USAGE)
    return ended_together(ranks, lambda: _follow(ranks) if rank else led(ranks))


def _follow(ranks: Ranks) -> int:
    ranks.follow()
    return ExitCode.DONE


def _drawing_process() -> AbstractContextManager[Draw | None]:
    from mlpcli.report.drawing import drawing_process

    return drawing_process()
