"""How long a training step takes in one checkout beside another, as `paired.py`: for each loss, by sizes.

    python tests/benchmarks/paired_losses.py BEFORE AFTER [--rounds 200] [--only WORD ...]

Each checkout has a process of its own, and they take turns, so that what else the machine does befalls both.
Processor time in microseconds a step, one thread, medians; the median of the ratios within a round, and the
ratio of the fastest rounds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLICE = 0.008  # seconds a checkout runs at a time
BATCHES = 4  # so many different ones, by turns
SIZES = [((4, 16, 3), 16), ((4, 16, 1), 16), ((64, 64, 10), 64), ((28, 300, 300, 1), 64)]
OWN = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "poisson": "exponential"}
LOSSES = ["squared_error", "mse", "mae", "huber", "poisson", "binary_cross_entropy", "cross_entropy", "hinge"]
Case = tuple[str, tuple[int, ...], int]
CASES = [(name, *size) for size in SIZES for name in LOSSES if name != "cross_entropy" or size[0][-1] > 1]


def steps(case: Case) -> Callable[[int], None]:
    """A function that trains a network for so many steps, by the checkout that comes first in the path."""
    import numpy as np

    from mlpcli.nn.activations import ActivationChoice
    from mlpcli.nn.architecture import Architecture
    from mlpcli.nn.initializers import INITIALIZERS
    from mlpcli.nn.losses import Loss
    from mlpcli.nn.network import Network
    from mlpcli.optim.first_order import OPTIMIZERS
    from mlpcli.optim.stepper import Stepper

    name, widths, batch = case
    hidden, outputs, rng = len(widths) - 2, widths[-1], np.random.default_rng(0)
    choices = [ActivationChoice("relu", {})] * hidden + [ActivationChoice(OWN.get(name, "identity"), {})]
    network = Network(Architecture(widths, tuple(choices), True, (0.0,) * hidden), Loss(name))
    network.initialize(INITIALIZERS["glorot_uniform"], rng)
    x = rng.normal(size=(BATCHES, batch, widths[0])).astype("float32")
    if name in {"cross_entropy", "hinge"} and outputs > 1:
        y = np.eye(outputs, dtype="float32")[rng.integers(0, outputs, (BATCHES, batch))]
    else:
        y = rng.integers(0, 2, (BATCHES, batch, outputs)).astype("float32")
    y = np.stack([network.loss.prepare(of_batch) for of_batch in y])
    stepper = Stepper(OPTIMIZERS["adam"](), network.theta, network.grad, network.layout.n_weights)

    def run(times: int) -> None:
        with np.errstate(all="ignore"):
            for i in range(times):
                network.loss_and_grad(x[i % BATCHES], y[i % BATCHES])
                stepper.step(1e-5)

    return run


def work(connection: Any, tree: str) -> None:
    """A process of one checkout: is told a case, then numbers of steps; answers with seconds a step."""
    sys.path.insert(0, str(Path(tree).resolve()))
    run = None
    while (message := connection.recv()) is not None:
        if isinstance(message, tuple):
            run, message = steps(message), 50
        assert run is not None
        start = time.process_time()
        run(message)
        connection.send((time.process_time() - start) / message)


def measure(asks: list[Callable[[Any], float]], case: Case, rounds: int) -> str:
    """One line of the table."""
    for ask in asks:
        ask(case)
    once = max(1, int(SLICE / max(asks[0](20), 1e-6)))
    times: list[list[float]] = [[], []]
    for number in range(rounds):
        for i in (0, 1) if number % 2 else (1, 0):
            times[i].append(asks[i](once))
    before, after = times
    ratio = statistics.median(b / a for a, b in zip(before, after, strict=True))
    size = f"{case[0]}, {'-'.join(map(str, case[1]))}, {case[2]}"
    medians = [f"{1e6 * statistics.median(values):.1f}" for values in times]
    return f"| {size} | {' | '.join(medians)} | {ratio:.3f} | {min(after) / min(before):.3f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", nargs=2)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[], help="cases with one of these words")
    options = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    context, asks, ends = multiprocessing.get_context("spawn"), [], []
    for tree in options.trees:
        here, there = context.Pipe()
        context.Process(target=work, args=(there, tree), daemon=True).start()
        ends.append(here)
        asks.append(lambda message, end=here: (end.send(message), end.recv())[1])
    print("| loss, widths, batch | before | after | ratio | of the fastest |\n|---|---|---|---|---|")
    for case in CASES:
        if not options.only or any(word in str(case) for word in options.only):
            print(measure(asks, case, options.rounds), flush=True)
    for end in ends:
        end.send(None)


if __name__ == "__main__":
    main()
