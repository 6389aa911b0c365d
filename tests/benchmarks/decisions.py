"""What each bet of this package is worth: the time without it over the time with it, in one table.

    python tests/benchmarks/decisions.py [--rounds 15] [--only NAME ...] [--quiet SECONDS] [--commit HASH]

A bet is code that is there for speed alone. Each line sets two ways of doing the same work side by side:
whole processes, or workers that stay and are asked for a tenth of a second of it. They take turns, and which
begins changes from round to round; only ratios within a round count. Prints their median and quartiles on the
clock, and their median in processor time of the process that somebody waits for: above 1 the bet saves. What
saves less than 3 % of what somebody waits for is not worth its lines.

`busy` is the share of the processors that others had just before. What one process does alone is judged by
its processor time. What processes share is judged by the clock, which is worth something only in quiet:
`--quiet` waits so long before each round for others to have less than a fifth, and leaves out rounds that
begin otherwise.

The work is that of the commit at which the bets were judged: some are gone since.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
JUDGED = "ed81dea"  # the last commit that has all of them
SLICE = 0.1  # seconds of work that a worker is asked for at a time
PAUSE = 0.04  # seconds until the threads of the one before have given up waiting for work
QUIET = 0.2  # of the processors, for others

Change = tuple[str, str, str]
"""A file of the package, a text in it and what stands there instead."""


@dataclass(frozen=True)
class Way:
    """One way of doing the work: Python code, and changes to the package.

    The code of a worker defines `work(times)`.
    """

    code: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Line:
    """What is done, without and with the bet: in new processes each time, or by workers that stay."""

    what: str
    without: Way
    bet: Way
    stays: bool = False
    needs: str = "mlpcli"


@dataclass(frozen=True)
class Count:
    """What is counted, by code that prints it."""

    what: str
    code: str


# --- the bets -----------------------------------------------------------------------------------------------

STEPS = """
import sys
sys.path.insert(0, "tests/benchmarks")
import contenders
from mlpcli import threads
case = contenders.Case({widths}, {batch})
"""
CHOSEN = "threads.choose = lambda *_: {}; threads.members = lambda *_: {}\nwork = contenders.ours(case)"
SIZES = [
    ((4, 16, 3), 16),
    ((64, 64, 10), 64),
    ((784, 128, 10), 128),
    ((784, 512, 512, 10), 256),
    ((28, 300, 300, 2), 1024),
    ((54, 128, 64, 7), 4096),
]


def step_of(widths: tuple[int, ...], batch: int) -> tuple[str, str]:
    """A training step in words, and the code that begins with it."""
    return f"a step of {'-'.join(map(str, widths))}, {batch}", STEPS.format(widths=widths, batch=batch)


def kernels() -> Iterator[Line]:
    """The extra `fast`, which compiled the elementwise formulas with numba."""
    for what, code in (step_of(*size) for size in SIZES):
        plain, compiled = (Way(f"{code}work = contenders.{name}(case)") for name in ("ours", "ours_fast"))
        yield Line(what, plain, compiled, stays=True, needs="numba")
    yield Line("its price: NumPy loaded alone", Way("import numpy"), Way("import numba"), needs="numba")


def pool() -> Iterator[Line]:
    """Two processes that share a step, beside one thread and beside two threads of BLAS."""
    for what, code in (step_of(*size) for size in SIZES[3:5]):
        shared = Way(code + CHOSEN.format(2, 2))
        for words, threads in (("one thread", 1), ("two threads of BLAS", 2)):
            alone = Way(code + CHOSEN.format(threads, 1))
            yield Line(f"{what}: {words} over two processes", alone, shared, stays=True)


MLP = "import sys; sys.argv = ['mlp', {}]\nfrom mlpcli.cli import main\nmain()"
TRAIN = MLP.format("'train', 'configs/iris.yaml', '-q', '--overwrite', '-o', '../run'")
STARTS = {"mlp --help": MLP.format("'--help'"), "a wrong config": MLP.format("'train', '../wrong.yaml'")}
WRONG_CONFIG = "data: {train: t.csv, target: kind}\noptimizer: {name: adan}\n"
DRAWING, CURVES = "mlpcli/report/drawing.py", "mlpcli/artifacts/curves.py"


def drawing() -> Iterator[Line]:
    """The process that loads matplotlib and draws while the other one trains: all of `mlp train` on iris."""
    here = (DRAWING, 'if sys.platform != "linux" or available() == 1:', "if True:")
    no_svg = (CURVES, '"loss.svg": _svg(figure, title)', '"loss.svg": b"<svg/>"')
    # who is waited for is counted with its parent
    uncounted = (DRAWING, "            os.waitpid(self.process, os.WNOHANG)\n", "            pass\n")
    bet = Way(TRAIN, (uncounted,))
    yield Line("iris: both pictures drawn in the one process", Way(TRAIN, (here,)), bet)
    yield Line("iris: the same, if an SVG cost nothing", Way(TRAIN, (here, no_svg)), bet)
    yield Line("iris: no pictures", Way(TRAIN.replace("'-q'", "'-q', '--no-plots'")), bet)


TRICKS = {
    "garbage seldom looked for": ("terminal/process.py", "gc.set_threshold(*SELDOM)", "pass"),
    "the heap frozen at the end": ("terminal/process.py", "    gc.freeze()  #", "    pass  #"),
    "no plugins of pydantic": ("terminal/process.py", 'os.environ["PYDANTIC_DISABLE_PLUGINS"] = ', "_ = "),
    "only the command that is named": ("cli/__init__.py", "with_named_command(app, arguments)", "app"),
    "a lazy `import mlpcli`": (
        "__init__.py",
        "\n\ndef __dir__",
        "\n\nfrom mlpcli.api import Run\n\n\ndef __dir__",
    ),
}


def start() -> Iterator[Line]:
    """What makes the start shorter, one by one."""
    for trick, (file, text, other) in TRICKS.items():
        for what, code in STARTS.items():
            yield Line(f"{what}: {trick}", Way(code, ((f"mlpcli/{file}", text, other),)), Way(code))


OPENING = """
import io, struct, zipfile
from mlpcli.artifacts import npz
from mlpcli.artifacts.model_file import parse_model
from mlpcli.artifacts.zip_archive import Member
from tests.hostile_models import good_model
data = bytearray(good_model())
def by_zipfile(data):
    found = {}
    for it in zipfile.ZipFile(io.BytesIO(data)).infolist():
        start = it.header_offset + 30 + sum(struct.unpack_from("<2H", data, it.header_offset + 26))
        content = memoryview(data)[start : start + it.compress_size]
        found[it.filename] = Member(it.filename, it.compress_type, content, it.file_size, it.CRC)
    return found
def work(times):
    for _ in range(times):
        parse_model(data)
"""


def container() -> Iterator[Line]:
    """The own reader of the zip, beside zipfile with none of the checks that it lacks."""
    theirs = Way(OPENING + "npz.read_archive = by_zipfile\n")
    yield Line("opening a model of 39 parameters", theirs, Way(OPENING), stays=True)


READING = """
from pathlib import Path
import yaml
from mlpcli.config.document import parse_document
data = Path("configs/penguins.yaml").read_bytes()
def work(times):
    for _ in range(times):
        {}
"""


def yaml() -> Iterator[Line]:
    """The nodes built from PyYAML's events, beside its composer, which refuses nothing."""
    theirs = Way(READING.format("yaml.compose(data.decode(), yaml.SafeLoader)"))
    yield Line("reading a config", theirs, Way(READING.format("parse_document(data, '')")), stays=True)


MESSAGES = """
import inspect, sys
sys.path.insert(0, "tests")
from mlpcli.config import fields, refusals
from mlpcli.errors import ConfigError
from test_load import BASE, check, read, wrong_configs
refusal, messages, told, whole = refusals.refusal, set(), [], 0
def noted(message, *more):
    if any(frame.filename == fields.__file__ for frame in inspect.stack(0)[1:3]):
        messages.add(message)
    return refusal(message, *more)
refusals.refusal = fields.refusal = noted
for config, _ in wrong_configs():
    messages.clear()
    try:
        check(read(config if config.startswith("data:") else BASE + config))
    except ConfigError as error:
        whole += len(error.problems)
        told += [p for p in error.problems if any(map(p.message.endswith, messages))]
hooks = [one for kind in vars(fields).values() if inspect.isclass(kind) and kind.__module__ == fields.__name__
         for name, one in vars(kind).items() if name.startswith("__get_pydantic")]
lines = sum(len(inspect.getsourcelines(hook)[0]) for hook in hooks)
print(f"{len(told)} of {whole} messages; {lines} lines of hooks")
"""


def types() -> Iterator[Count]:
    """The own types of settings: pydantic's would save their hooks and tell other messages."""
    yield Count("messages for wrong configs that pydantic's own types would change", MESSAGES)


BETS: Mapping[str, Callable[[], Iterator[Line | Count]]] = {
    "kernels": kernels,
    "drawing": drawing,
    "start": start,
    "container": container,
    "yaml": yaml,
    "types": types,
    "pool": pool,
}


# --- how they are measured ----------------------------------------------------------------------------------


class Spent(NamedTuple):
    """Seconds on the clock, and of the processor."""

    clock: float
    processor: float


Work = Callable[[], Spent]
"""Does some work once."""


class Trees:
    """The package as it was when the bets were judged, a copy of it for each set of changes."""

    def __init__(self, directory: Path, commit: str) -> None:
        self._directory = directory
        self._commit = commit
        self._made: dict[tuple[Change, ...], Path] = {}

    def having(self, changes: tuple[Change, ...]) -> Path:
        """Where there is a copy with these changes."""
        if changes not in self._made:
            place = self._directory / str(len(self._made)) / "tree"
            self._unpack(place)
            (place.parent / "wrong.yaml").write_text(WRONG_CONFIG, "utf-8")
            for change in changes:
                self._change(place, *change)
            self._made[changes] = place
        return self._made[changes]

    def _unpack(self, place: Path) -> None:
        place.mkdir(parents=True)
        command = ["git", "-C", str(ROOT), "archive", self._commit]
        archive = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", str(place)], input=archive.stdout, check=True)

    def _change(self, place: Path, file: str, text: str, other: str) -> None:
        content = (place / file).read_text("utf-8")
        if content.count(text) != 1:
            raise SystemExit(f"{file} of {self._commit} does not have {text!r} once")
        (place / file).write_text(content.replace(text, other), "utf-8")


def process(way: Way, trees: Trees, code: str, pipe: int) -> subprocess.Popen[str]:
    """A new process that runs the code and imports the package from its tree."""
    tree = trees.having(way.changes)
    # modules are compiled once, as those of an installed package are
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = kept | {"PYTHONPATH": str(tree)}
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=tree, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def whole(way: Way, trees: Trees) -> Work:
    """The work, in a process from its start to its end; what it says is nobody's."""

    def once() -> Spent:
        start = time.perf_counter()
        started = process(way, trees, way.code, subprocess.DEVNULL)
        _, status, used = os.wait4(started.pid, 0)
        clock = time.perf_counter() - start
        started.returncode = os.waitstatus_to_exitcode(status)
        if started.returncode not in {0, 3}:  # a wrong config is meant to be wrong
            raise SystemExit(f"exit code {started.returncode} of\n{way.code}")
        return Spent(clock, used.ru_utime + used.ru_stime)

    once()
    return once


ANSWERS = """
import sys as _sys, time as _time
for _line in _sys.stdin:
    _clock, _processor = _time.perf_counter(), _time.process_time()
    work(int(_line))
    print(_time.perf_counter() - _clock, _time.process_time() - _processor, flush=True)
"""


@contextmanager
def staying(way: Way, trees: Trees) -> Iterator[Work]:
    """The work, as often as it takes for SLICE, by a process that stays."""
    with process(way, trees, way.code + ANSWERS, subprocess.PIPE) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        stdin, stdout = worker.stdin, worker.stdout

        def ask(times: int) -> Spent:
            print(times, file=stdin, flush=True)
            return Spent(*(float(word) / times for word in stdout.readline().split()))

        ask(1)
        times = max(1, int(SLICE / min(ask(1).clock, ask(3).clock)))

        def once() -> Spent:
            time.sleep(PAUSE)
            ask(times)  # its threads wake up and find processors of their own
            return ask(times)

        yield once
        stdin.close()


def busy() -> float:
    """The share of the processors that is in use now, while nothing is asked for here."""

    def ticks() -> tuple[int, int]:
        numbers = [int(word) for word in Path("/proc/stat").read_text("ascii").split("\n")[0].split()[1:]]
        return sum(numbers[:8]), numbers[3] + numbers[4]

    total, idle = ticks()
    time.sleep(2 * SLICE)
    later, idle_later = ticks()
    return 1 - (idle_later - idle) / max(1, later - total)


class Round(NamedTuple):
    """The ratios of one round, without the bet over with it, and how busy the machine was before."""

    clock: float
    processor: float
    busy: float


def rounds_of(line: Line, rounds: int, patience: float, trees: Trees) -> list[Round]:
    """So many rounds, or as many of them as began in quiet."""
    with ExitStack() as stack:
        works = [
            stack.enter_context(staying(way, trees)) if line.stays else whole(way, trees)
            for way in (line.without, line.bet)
        ]
        found = []
        for number in range(rounds):
            others, end = busy(), time.monotonic() + patience
            while others > QUIET and time.monotonic() < end:
                others = busy()
            if patience and others > QUIET:
                continue
            order = (0, 1) if number % 2 else (1, 0)
            spent = {way: works[way]() for way in order}
            found.append(Round(*(a / b for a, b in zip(spent[0], spent[1], strict=True)), others))
    return found


def counted(count: Count, trees: Trees) -> str:
    """What the code of a count prints."""
    with process(Way(count.code), trees, count.code, subprocess.PIPE) as one:
        said, failed = one.communicate()
    if one.returncode:
        raise SystemExit(failed)
    return said.strip()


def row(name: str, line: Line | Count, rounds: int, patience: float, trees: Trees) -> str:
    """A line of the table."""
    if isinstance(line, Count):
        return f"| {name} | {line.what} | {counted(line, trees)} | | | | |"
    if find_spec(line.needs) is None:
        return f"| {name} | {line.what} | {line.needs} is not installed | | | | |"
    found = rounds_of(line, rounds, patience, trees)
    if len(found) < 2:
        return f"| {name} | {line.what} | fewer than two rounds | | | | |"
    low, middle, high = statistics.quantiles([one.clock for one in found], n=4)
    processor, others = (statistics.median(values) for values in list(zip(*found, strict=True))[1:])
    clock = f"{middle:.3f} | {low:.3f} to {high:.3f}"
    return f"| {name} | {line.what} | {clock} | {processor:.3f} | {len(found)} | {others:.0%} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="*", default=[], choices=list(BETS))
    parser.add_argument("--quiet", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--commit", default=JUDGED)
    asked = parser.parse_args()
    print("| bet | without it / with it | clock | quartiles | processor | rounds | busy |", flush=True)
    print("|---|---|---|---|---|---|---|", flush=True)
    directory = Path(tempfile.mkdtemp())
    try:
        trees = Trees(directory, asked.commit)
        for name in asked.only or BETS:
            for line in BETS[name]():
                print(row(name, line, asked.rounds, asked.quiet, trees), flush=True)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
