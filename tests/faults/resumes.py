"""B1, B2, B4: runs stopped by anything at any moment and resumed; two interrupts almost at once."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.commands import SHARED, Ended, WarmProcess
from tests.faults.figure import Figure
from tests.faults.run_state import problems
from tests.support.running import NO_EPOCHS, results, write_config, write_table

QUICK, FULL = 24, 200
MOST_STOPS = 6
STOPS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
TRAIN = ("train", "c.yaml", "--no-plots", "-q")
BETWEEN_INTERRUPTS = 0.01  # seconds

FADING = {"amount": 0.1, "schedule": "flat_cos"}
OPTIMIZERS: tuple[dict[str, Any], ...] = (
    {"name": "sgd", "momentum": 0.9},
    {"name": "rmsprop", "momentum": 0.5, "centered": True},
    {"name": "adagrad"},
    {"name": "adadelta"},
    {"name": "adam", "weight_decay": 0.01},
    {"name": "adamw", "rates": {"weight": "fan_in", "bias": 0.1}, "weight_decay": FADING},
    {"name": "radam"},
    {"name": "nadam"},
    {"name": "lion"},
    {"name": "rprop"},
    {"name": "lbfgs", "iterations": 60},
    {"name": "bfgs", "iterations": 60},
)
SCHEDULES: tuple[dict[str, Any], ...] = (
    {"name": "constant", "warmup": 2},
    {"name": "step", "every": 3, "factor": 0.7},
    {"name": "exponential", "decay": 0.9},
    {"name": "cosine", "warmup": 1, "per": "update"},
    {"name": "coslog"},
    {"name": "inverse_scaling"},
    {"name": "one_cycle", "peak": 0.02},
    {"name": "plateau", "monitor": "val_loss", "patience": 1, "factor": 0.5},
)
LAYERS: tuple[dict[str, Any], ...] = (
    {"layers": ["auto", 6, "auto"]},
    {"layers": ["auto", 6, "auto"], "dropout": {"rate": 0.3, "schedule": "flat_cos"}},
    {"layers": ["auto", 6, 5, "auto"], "normalization": "batch_norm"},
)
AVERAGES: tuple[dict[str, Any], ...] = ({}, {"average": {"ema": 0.9}})
KINDS = 2 * len(OPTIMIZERS)
STOPPING = {"monitor": "val_loss", "patience": 6}


@dataclass
class Whole:
    """What an undisturbed run of a config came to, how long it took, and what it said."""

    files: dict[str, bytes]
    seconds: float
    output: str


def run(times: int) -> Iterator[Figure]:
    """Runs of every optimizer and schedule, stopped up to six times each; then runs interrupted twice."""
    resumed = Figure(
        "B1, B4",
        "runs stopped by KILL, TERM, INT, HUP and resumed",
        "same bytes as undisturbed; dies by the signal",
        least=times,
    )
    resumed.facts |= {"configs": 0, "stopped at least twice": 0}
    twice = Figure("B2", "two SIGINT 10 ms apart", "0 corrupt, resumes to the same bytes", least=times)
    rng, wholes = random.Random(4), dict[int, Whole]()
    with WarmProcess() as warm:
        for number in range(times):
            one_run(warm, number, wholes, resumed, rng)
        for number in range(times):
            two_interrupts(warm, number, wholes, twice, rng)
    resumed.facts["configs"] = len(wholes)
    stopped_often = resumed.facts["stopped at least twice"]
    resumed.check(
        isinstance(stopped_often, int) and stopped_often >= times // 4, "too few runs stopped twice"
    )
    yield resumed
    yield twice


def write_case(directory: Path, number: int) -> None:
    """The table and one of 24 configs."""
    kind = number % KINDS
    optimizer = OPTIMIZERS[kind % len(OPTIMIZERS)]
    by_iterations = optimizer["name"] in {"lbfgs", "bfgs"}
    full_batch = {"batch_size": "full"} if optimizer["name"] == "rprop" else {"batch_size": 9}
    training = NO_EPOCHS if by_iterations else {"epochs": 12, **full_batch, **AVERAGES[kind % 2]}
    model = LAYERS[0] if by_iterations else LAYERS[kind % len(LAYERS)]
    write_table(directory)
    write_config(
        directory / "c.yaml",
        seed=kind,
        data={"validation": 0.25},
        model=model,
        optimizer=optimizer,
        training={**training, **({"early_stopping": STOPPING} if kind % 2 else {})},
        **(
            {}
            if by_iterations
            else {"schedule": SCHEDULES[(kind + kind // len(OPTIMIZERS)) % len(SCHEDULES)]}
        ),
    )


def resuming(number: int) -> tuple[str, ...]:
    """The command of a run; every second one is shared by two processes, the next time that config is not."""
    shared = SHARED if (number + number // KINDS) % 2 else ()
    return (*TRAIN, *shared, "-o", "run", "--resume")


def whole_run(warm: WarmProcess, directory: Path, number: int, wholes: dict[int, Whole]) -> Whole:
    """The undisturbed run of a config, trained once in one process, and once in two."""
    kind = number % (2 * KINDS)
    if kind not in wholes:
        start = time.monotonic()
        ended = warm.run(directory, *resuming(number)[:-3], "-o", "whole")
        if ended.status:
            raise RuntimeError(ended.output)
        wholes[kind] = Whole(results(directory / "whole"), time.monotonic() - start, ended.output)
    return wholes[kind]


def one_run(
    warm: WarmProcess, number: int, wholes: dict[int, Whole], figure: Figure, rng: random.Random
) -> None:
    """One run, stopped at random moments, resumed until it is finished."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_case(directory, number)
        whole = whole_run(warm, directory, number, wholes)
        stops = 0
        for _ in range(MOST_STOPS):
            signalled = rng.choice(STOPS)
            running = warm.start(directory, resuming(number))
            time.sleep(rng.uniform(0, whole.seconds))
            running.send(signalled)
            ended = warm.wait(running)
            figure.failures += [f"{signalled.name}: {what}" for what in problems(directory / "run")]
            if ended.status == 0 and ended.output in {"", whole.output}:
                break  # it was done before the signal came, now or already the last time
            figure.check(
                ended.status == -signalled and "Traceback" not in ended.output, f"{signalled.name}: {ended}"
            )
            figure.add(signalled.name)
            stops += 1
        finish(warm, directory, resuming(number), whole, figure)
    figure.add("stopped at least twice", stops >= 2)


def two_interrupts(
    warm: WarmProcess, number: int, wholes: dict[int, Whole], figure: Figure, rng: random.Random
) -> None:
    """One run, interrupted at a random moment and once more at once."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_case(directory, number)
        whole = whole_run(warm, directory, number, wholes)
        running = warm.start(directory, resuming(number))
        time.sleep(rng.uniform(0, whole.seconds))
        running.send(signal.SIGINT)
        time.sleep(BETWEEN_INTERRUPTS)
        running.send(signal.SIGINT)
        ended = warm.wait(running)
        figure.check(ended.status in {0, -signal.SIGINT}, str(ended))
        figure.failures += problems(directory / "run")
        figure.add("dead at once" if ended.output == "" and ended.status else "after saving")
        finish(warm, directory, resuming(number), whole, figure)


def finish(
    warm: WarmProcess, directory: Path, command: tuple[str, ...], whole: Whole, figure: Figure
) -> None:
    """Let a stopped run go on to its end, and compare."""
    ended: Ended = warm.run(directory, *command)
    figure.count += 1
    figure.check(ended.status == 0, f"resumed: {ended}")
    figure.failures += problems(directory / "run", most_temporaries=0)
    if ended.status == 0:
        found = results(directory / "run")
        figure.failures += [f"{name} differs" for name in whole.files if found[name] != whole.files[name]]
