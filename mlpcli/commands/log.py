"""`mlp log`: a run told to a tracker of experiments after the fact, once.

The run stays as it is, whatever becomes of that: the same command tells it again.
"""

from __future__ import annotations

from pathlib import Path

from mlpcli.errors import ExitCode, MlpError, OutputError
from mlpcli.terminal.console import Console
from mlpcli.tracking.record import read_record
from mlpcli.tracking.tracker import log_run, open_tracker, reason_of, require_tracker


def log(run: Path, tracker: str, experiment: str | None, console: Console) -> ExitCode:
    """Tell a tracker everything of a run, unless it knows it.

    Raises UsageError where there is no run or no package of the tracker, OutputError where the tracker fails.
    """
    require_tracker(tracker)
    record = read_record(run)
    try:
        where, known = log_run(open_tracker(tracker, experiment), record)
    except MlpError:
        raise
    except Exception as error:
        hint = "the run is as it was, and the same command tells it again"
        raise OutputError.of(f"{tracker} has not taken it: {reason_of(error)}", None, hint) from error
    console.note(f"{tracker} has it already: {where}" if known else f"{tracker} has it: {where}")
    return ExitCode.DONE
