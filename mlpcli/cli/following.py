"""The process that tells a tracker of a training as it goes: `python -m mlpcli.cli.following TRACKER NAME`.

`mlp train --track` starts it, and writes what is to be told to its standard input. Its last line says where
the run is to be found; with exit code 1 it says why the tracker does not have it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Final

from mlpcli.errors import ExitCode
from mlpcli.tracking.follower import Follower
from mlpcli.tracking.tracker import Tracker, open_tracker, reason_of

LOOK: Final = 1.0  # seconds between two looks whether whoever trains is there
AFTER: Final = 20.0  # seconds that a tracker has when nobody is


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


def outlive(is_there: Callable[[], bool], sleep: Callable[[float], None], end: Callable[[], None]) -> None:
    """Wait until whoever started this has gone, and a moment; then end, whatever the tracker hangs in."""
    while is_there():
        sleep(LOOK)
    sleep(AFTER)
    end()


def watch() -> None:
    """Let this process end soon after the one that started it."""
    parent = os.getppid()
    arguments = (lambda: os.getppid() == parent, time.sleep, lambda: os._exit(ExitCode.BUG))
    Thread(target=outlive, args=arguments, daemon=True).start()


if __name__ == "__main__":
    watch()
    sys.exit(follow(sys.argv[1:]))
