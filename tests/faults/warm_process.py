"""A process that has imported everything and forks a command whenever it is asked: a start is cheap.

The fork happens at the bottom of the stack, so that a command ends as it does in a process of its own, the
interpreter's shutdown included. With `SHARED` among its arguments, two processes train it, however small its
steps are. Checkpoints are written after every epoch, however short: saving is then what
such a command does most of the time, and where a fault hits it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from mlpcli.parallel import threads
from mlpcli.run import pace
from mlpcli.start import main
from tests.faults.commands import SHARED
from tests.support.running import ok, write_config, write_table


def warm_up() -> None:
    """Train once: whatever is imported only when it is needed is there then."""
    with tempfile.TemporaryDirectory() as name:
        write_table(Path(name))
        config = write_config(Path(name) / "c.yaml")
        ok("train", config, "-o", Path(name) / "run", "--no-plots")


def serve() -> None:
    """Fork for every request on stdin; only in the child does this return."""
    child = 0
    for line in sys.stdin:
        request = json.loads(line)
        if request is None:
            _answer(os.waitpid(child, 0)[1])
            continue
        child = os.fork()
        if not child:
            _become(request)
            return
        _answer(child)
    os._exit(0)


def _answer(number: int) -> None:
    os.write(1, f"{number}\n".encode())


def _become(request: dict[str, Any]) -> None:
    """Take the place of a command: its directory, streams, arguments; stopped where a tracer is to come."""
    os.chdir(request["directory"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.argv = ["mlp", *request["arguments"]]
    if set(SHARED) <= set(sys.argv):
        threads.WORTH_SHARING = 0
    if request["stopped"]:
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as the entrance of a command does before anything else
    pace.PAUSE, pace.REST = 0.0, 0
    warm_up()
    serve()
    main()
