"""The loss curves of a run as pictures: the bytes of an SVG and of a PNG, the same for the same history.

matplotlib is used without pyplot, which would look for a display. Importing it and drawing both pictures
takes half a second, so nothing loads it before there is something to draw.
"""

from __future__ import annotations

import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mlpcli.artifacts.history import Row, curves_of, first_metric
from mlpcli.errors import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_TITLE: Final = 56
ONE_AT_A_TIME: Final = threading.Lock()  # matplotlib's settings, and the environment, are the whole program's


def loss_pictures(rows: Sequence[Row], name: str, best_epoch: int | None = None) -> dict[str, bytes]:
    """The pictures of a history by file name, `loss.svg` and `loss.png`.

    The losses of the rows are drawn, and beside them the first metric; `name` is the title; the best epoch is
    marked, where one is given. The SVG has the colours that the viewer prefers, light or dark.
    """
    title = clean(name, LONGEST_TITLE)
    with ONE_AT_A_TIME, _undisturbed():
        from matplotlib import rc, rc_context, rcdefaults

        from mlpcli.artifacts.loss_figure import loss_figure

        # the user's own matplotlibrc has no say: the same history gives the same picture
        with rc_context():
            rcdefaults()
            # text stays text; the salt makes the names of the elements the same every time
            rc("svg", fonttype="none", hashsalt="mlp")
            rc("font", **{"family": "sans-serif", "sans-serif": ["DejaVu Sans"]})
            metric = first_metric(rows)
            curves = {what: curves_of(rows, what) for what in ("loss", metric) if what}
            drawable = {what: series for what, series in curves.items() if series}
            figure = loss_figure(drawable, title, best_epoch)
            return {"loss.svg": _svg(figure, title), "loss.png": _png(figure)}


def _svg(figure: Figure, title: str) -> bytes:
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    picture = _saved(figure, "svg", {"Title": title, **nothing})
    return picture.replace(b"</style>", f"{dark_style()}</style>".encode(), 1)


def dark_style() -> str:
    """Rules of CSS that give every colour its counterpart where a dark scheme is preferred."""
    from mlpcli.artifacts.loss_figure import IN_THE_DARK

    rules = (
        f'[style*="{part}: {light}"]{{{part}: {dark} !important}}'
        for light, dark in IN_THE_DARK.items()
        for part in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


def _png(figure: Figure) -> bytes:
    return _saved(figure, "png", {"Software": None})


def _saved(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format=kind, metadata=metadata)
    return picture.getvalue()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps matplotlib's remarks (a glyph that a font lacks, a cache being built) off stderr, and out a
    `MPLBACKEND` that it would stumble over though no backend is used."""
    log = logging.getLogger("matplotlib")
    level, backend = log.level, os.environ.get("MPLBACKEND")
    log.setLevel(logging.CRITICAL)
    os.environ["MPLBACKEND"] = "agg"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
        del os.environ["MPLBACKEND"]
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
