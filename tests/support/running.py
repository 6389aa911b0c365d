"""Runs the commands of `mlp`, in this process or in one of their own, and looks at what they left."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import select
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from mlpcli.cli import run
from mlpcli.signals import StoppedBySignal
from mlpcli.terminal.process import outcome

MLP = [sys.executable, "-c", "from mlpcli.start import main; main()"]
COLUMNS = ("id", "length", "width", "colour", "kind", "two", "size", "count", "w")
NO_EPOCHS = {"epochs": None, "batch_size": None}  # the `training` of bfgs and lbfgs
RESULTS = ("model.npz", "history.csv", "metrics.json")  # what must not depend on when, where, or how often


def shown_at(controller: int) -> str:
    """All that is written to a terminal until nobody has it open any more; its other end is closed then."""
    seen = b""
    try:
        while piece := os.read(controller, 4096):
            seen += piece
    except OSError as error:  # how Linux says so
        assert error.errno == errno.EIO
    finally:
        os.close(controller)
    return seen.decode("utf-8")


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, 128 + n for a death by signal n, and what it printed."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, str]]:
        """The CSV on stdout."""
        return list(csv.DictReader(io.StringIO(self.out, newline="")))

    def document(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)


def mlp(*arguments: object, stdin: bytes = b"") -> Done:
    """Run a command in this process."""
    with _streams(stdin) as (out, err):
        try:
            code = outcome(lambda: run([str(argument) for argument in arguments]))
        except StoppedBySignal as stopped:
            code = 128 + stopped.number
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return Done(code, _text(out), _text(err))


def ok(*arguments: object, stdin: bytes = b"") -> Done:
    """Run a command that must succeed."""
    with patch.dict(os.environ, MLP_DEBUG="1"):
        done = mlp(*arguments, stdin=stdin)
    assert done.code == 0, (arguments, done.err)
    return done


@contextmanager
def _streams(stdin: bytes) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    out, err = io.BytesIO(), io.BytesIO()
    texts = [io.TextIOWrapper(raw, "utf-8", newline="", write_through=True) for raw in (out, err)]
    given = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    with patch.multiple(sys, stdin=given, stdout=texts[0], stderr=texts[1]):
        yield out, err
    for text in texts:
        text.detach()


def _text(raw: io.BytesIO) -> str:
    return raw.getvalue().decode("utf-8")


def process(*arguments: object, env: Mapping[str, str] | None = None, **options: Any) -> Done:
    """Run a command as a process of its own."""
    done = subprocess.run(
        [*MLP, *map(str, arguments)],
        env={**os.environ, **(env or {})},
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        timeout=120,
        **options,
    )
    out, err = ((stream or b"").decode() for stream in (done.stdout, done.stderr))
    return Done(128 - done.returncode if done.returncode < 0 else done.returncode, out, err)


def write_table(directory: Path, rows: int = 40, seed: int = 0) -> Path:
    """A table `t.csv` with every kind of column: numbers, categories, classes, counts, weights."""
    rng = np.random.default_rng(seed)
    length, width = rng.normal(size=rows).round(3), rng.normal(5.0, 3.0, size=rows).round(2)
    colour = np.array(["red", "green", "blue"])[rng.integers(3, size=rows)]
    kind = np.array(["ash", "elm", "oak"])[np.argsort(np.argsort(length + width / 3)) * 3 // rows]
    two = np.where(length > 0, "yes", "no")
    size = (2 * length - width + (colour == "red")).round(3)
    count = rng.poisson(np.exp(0.3 * length + 0.5))
    weight = rng.integers(1, 4, size=rows)
    columns = ([f"r{i}" for i in range(rows)], length, width, colour, kind, two, size, count, weight)
    path = directory / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(zip(*columns, strict=True))
    return path


def starter_written(directory: Path, *targets: str) -> None:
    """Write `c.yaml` by the quick recipe, for the table `t.csv` beside it."""
    named = [word for target in targets for word in ("--target", target)]
    config = directory / "c.yaml"
    ok("init", directory / "t.csv", *named, "-o", config, "--recipe", "quick", "-q", "--overwrite")


def write_config(path: Path, **sections: Any) -> Path:
    """A config, as JSON, which is YAML too; its table is `t.csv` and three epochs are enough unless said.

    A key of `data` or `training` that is None is left out.
    """
    data = {"train": "t.csv", "target": "kind", "features": ["length", "width", "colour"]}
    training = {"epochs": 3, "batch_size": 16}
    document = {
        **sections,
        "data": _given({**data, **sections.get("data", {})}),
        "training": _given({**training, **sections.get("training", {})}),
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _given(section: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value is not None}


def history(run_directory: Path) -> list[dict[str, str]]:
    """The rows of history.csv."""
    with (run_directory / "history.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def arrays(run_directory: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the model, as anybody reads them."""
    with np.load(run_directory / "model.npz", allow_pickle=False) as model:
        return {name: model[name] for name in model.files}


def results(run_directory: Path) -> dict[str, bytes]:
    """The files whose bytes are promised."""
    return {name: (run_directory / name).read_bytes() for name in RESULTS}


def tree(directory: Path) -> dict[str, str]:
    """Every file and directory below a directory, files with their hashes."""
    return {
        str(path.relative_to(directory)): sha256(path.read_bytes()).hexdigest() if path.is_file() else "/"
        for path in sorted(directory.rglob("*"))
    }


def raw_characters(text: str) -> set[str]:
    """The characters of a text that may do something to a terminal."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


def ends_with_its_parent(code: str) -> None:
    """Run code that forks and then kills itself: what it forked must end too.

    All have a pipe that is not theirs to close; it ends when the last of them has.
    """
    ends, alive = os.pipe()
    try:
        done = subprocess.run([sys.executable, "-c", code], pass_fds=[alive], timeout=120)
    finally:
        os.close(alive)
    with os.fdopen(ends, "rb") as pipe:
        assert select.select([pipe], [], [], 60)[0]
        assert pipe.read() == b""
    assert done.returncode == -signal.SIGKILL
