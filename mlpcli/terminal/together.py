"""A command of processes that a launcher started together: one exit code, and one who says why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from mlpcli.errors import ExitCode
from mlpcli.parallel.ranks import GRACE, EndedByAnotherError, Ranks
from mlpcli.signals import StoppedBySignal
from mlpcli.terminal.process import as_mlp_error, report


def ended_together(ranks: Ranks, command: Callable[[], int]) -> int:
    """Run this process's part of a command; the exit code that all end with.

    Where one fails it says why: the leader at once, another once it is known that no one before it does. The
    others have a moment to come to their ends; then all are ended, whatever they are doing.
    """
    failure: Exception | None = None
    code, grace = 0, None
    with ExitStack() as leading:
        if ranks.leads:
            leading.callback(ranks.dismiss)
        try:
            code = command()
        except EndedByAnotherError:
            code = 0
        except StoppedBySignal as stopped:
            code, grace = 128 + stopped.number, GRACE
        except Exception as error:
            code, grace = (report(error) if ranks.leads else code_of(error)), GRACE
            failure = error
    codes = ranks.end(code, grace)
    ends = next(((rank, one) for rank, one in enumerate(codes or ()) if one), (ranks.rank, code))
    if failure is not None and not ranks.leads and ends[0] == ranks.rank:
        report(failure)
    if codes is None:
        ranks.wire.abort(code)
    return ends[1]


def code_of(error: Exception) -> int:
    """The exit code of an error that somebody else may say."""
    known = as_mlp_error(error)
    return ExitCode.BUG if known is None else known.exit_code
