"""The pictures and the page of a run, drawn by a process that loads what it takes while this one trains.

Loading matplotlib and drawing take longer than the training of a small network: all in one process, that of
`mlp train configs/iris.yaml` has 1.6 times as much to do, and would if an SVG cost nothing, as it is the PNG
that needs matplotlib. On a quiet machine somebody would wait 1.3 times as long; where others have every
processor, a twentieth to a tenth less (python tests/benchmarks/decisions.py --only drawing).

The process is a fork, made before NumPy is loaded and the run is locked; no program is executed. It waits for
the history and the report, sends the pictures and the page back as bytes, and ends; where its parent ends
first, it finds its pipe closed and ends too. Where there is no such process, or it fails for whatever reason,
the pictures and the page are drawn here.
"""

from __future__ import annotations

import binascii
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from select import PIPE_BUF, select
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from mlpcli.parallel.fork import fork_with_pipes, silence
from mlpcli.parallel.threads import available

if TYPE_CHECKING:
    from mlpcli.artifacts.history import Row

Pictures: TypeAlias = dict[str, bytes]
Report: TypeAlias = Callable[[], bytes]  # makes what report.json holds, or nothing; to be called once
# history, title, best epoch, and the report, which is made while the pictures are drawn
Draw: TypeAlias = "Callable[[Sequence[Row], str, int | None, Report], Pictures]"

PATIENCE: Final = 60.0  # seconds without a sign of life from the process, after which it is given up
PAGE: Final = "report.html"
PIECE: Final = 1 << 16
TASKS: Final = Path("/proc/self/task")  # where Linux shows the threads of a process
END_OF_ORDER: Final = b"\n"


def nothing() -> bytes:
    """No report."""
    return b""


def drawn_here(rows: Sequence[Row], name: str, best_epoch: int | None, report: Report = nothing) -> Pictures:
    """The pictures, drawn by this process, and the page of a report where there is one.

    Without the page where it cannot be drawn: who wants it finds out why by drawing it alone.
    """
    from mlpcli.artifacts.curves import loss_pictures

    return loss_pictures(rows, name, best_epoch) | _page(report())


def _page(report: bytes) -> Pictures:
    """The page where there is a report, and it can be drawn."""
    with suppress(Exception):
        return {PAGE: page_of(report)} if report else {}
    return {}


def page_of(report: bytes) -> bytes:
    """The page of what a report.json holds; raises FileFormatError."""
    from mlpcli.report.document import read_document
    from mlpcli.report.page import render

    return render([read_document(report)])


@contextmanager
def drawing_process() -> Iterator[Draw]:
    """What draws the pictures, once, in a process that has begun to load what that takes."""
    artist = _started()
    if artist is None:
        yield drawn_here
        return

    def draw(rows: Sequence[Row], name: str, best_epoch: int | None, report: Report = nothing) -> Pictures:
        try:
            return artist.draw(rows, name, best_epoch, report)
        except (OSError, ValueError):
            artist.give_up()
            return drawn_here(rows, name, best_epoch, report)

    try:
        yield draw
    finally:
        artist.dismiss()


@dataclass(frozen=True)
class Artist:
    """The process, and the ends of the two pipes that lead to it and from it."""

    process: int
    orders: int
    deliveries: int

    def draw(self, rows: Sequence[Row], name: str, best_epoch: int | None, report: Report) -> Pictures:
        """The pictures; raises OSError or ValueError where they do not come, or not complete."""
        for order in ([list(map(dict, rows)), name, best_epoch], report):
            made = order().decode() if callable(order) else order
            _send(self.orders, json.dumps(made).encode() + END_OF_ORDER)
        texts = json.loads(_received(self.deliveries))
        return {name: binascii.a2b_base64(text) for name, text in texts.items()}

    def give_up(self) -> None:
        """End a process that may be stuck."""
        with suppress(ChildProcessError):
            if os.waitpid(self.process, os.WNOHANG) == (0, 0):
                os.kill(self.process, signal.SIGKILL)

    def dismiss(self) -> None:
        """Close the pipes, by which it ends; it is not waited for."""
        os.close(self.orders)
        os.close(self.deliveries)
        with suppress(ChildProcessError):
            os.waitpid(self.process, os.WNOHANG)


def _started() -> Artist | None:
    """A new drawing process, or None where there can be none or it would gain nothing."""
    if sys.platform != "linux" or available() == 1:
        return None
    try:
        if sum(1 for _ in TASKS.iterdir()) > 1:
            return None  # only the thread that forks lives on, and what the others have locked stays locked
    except OSError:
        return None
    forked = fork_with_pipes()
    if forked is None:
        return None
    if forked.process == 0:
        _serve_and_end(forked.incoming, forked.outgoing)
    return Artist(forked.process, forked.outgoing, forked.incoming)


def _serve_and_end(order: int, delivery: int) -> NoReturn:
    """Draw what is ordered and end: without a word, and without what is the parent's to do at its end."""
    try:
        silence({order, delivery})
        _load()
        with os.fdopen(order, "rb") as orders, os.fdopen(delivery, "wb") as deliveries:
            line = orders.readline()
            if line.endswith(END_OF_ORDER):
                rows, name, best_epoch = json.loads(line)
                pictures = drawn_here(rows, name, best_epoch, lambda: json.loads(orders.readline()).encode())
                texts = {name: binascii.b2a_base64(data).decode() for name, data in pictures.items()}
                deliveries.write(json.dumps(texts).encode())
    finally:
        os._exit(0)


def _load() -> None:
    """Load all that it takes while nobody waits for it."""
    drawn_here([], "", None)
    with suppress(Exception):
        from mlpcli.report.page import prepare

        prepare()


def _send(pipe: int, data: bytes) -> None:
    """Write without ever waiting longer than PATIENCE; raises OSError."""
    rest = memoryview(data)
    while rest:
        if not select([], [pipe], [], PATIENCE)[1]:
            raise TimeoutError
        rest = rest[os.write(pipe, rest[:PIPE_BUF]) :]  # as much as there is room for, then


def _received(pipe: int) -> bytes:
    """Everything up to the end, without ever waiting longer than PATIENCE; raises OSError."""
    pieces: list[bytes] = []
    while select([pipe], [], [], PATIENCE)[0]:
        piece = os.read(pipe, PIECE)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
    raise TimeoutError
