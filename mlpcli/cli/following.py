"""The process that tells a tracker of a training as it goes: `python -m mlpcli.cli.following TRACKER NAME`.

`mlp train --track` starts it, and writes what is to be told to its standard input. Its last line says where
the run is to be found; with exit code 1 it says why the tracker does not have it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from mlpcli.errors import ExitCode
from mlpcli.tracking.follower import Follower
from mlpcli.tracking.tracker import Tracker, open_tracker, reason_of


def follow(arguments: list[str], opened: Callable[[str, str | None], Tracker] = open_tracker) -> ExitCode:
    """Follow what standard input tells."""
    tracker, name = arguments
    try:
        where = Follower(opened(tracker, None), name).follow(sys.stdin)
    except Exception as error:
        print(reason_of(error))
        return ExitCode.BUG
    if where is not None:
        print(where)
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(follow(sys.argv[1:]))
