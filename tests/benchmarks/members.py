"""Members of an ensemble that take their training steps together, beside the same steps one after the other.

    taskset -c 0 python tests/benchmarks/members.py [--rounds 100] [--only WORD ...] [--members 8 ...]

One thread. Both take turns, a fiftieth of a second of processor time at a time. Prints the medians in
microseconds of a step of all members, and the median of the ratios within a round with its quartiles.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from contenders import Case

from mlpcli.config.optimizer_spec import AdamSpec
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.initializers import INITIALIZERS
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.nn.stack import Stack
from mlpcli.optim.first_order import build
from mlpcli.optim.stepper import Stepper
from mlpcli.parallel import threads

CASES = [
    Case((4, 16, 3), 16),
    Case((4, 16, 3), 16, activation="selu"),
    Case((10, 32, 16, 2), 32),
    Case((20, 64, 32, 1), 32),
    Case((64, 64, 10), 64),
    Case((50, 128, 128, 128, 10), 128),
]
SLICE = 0.02
Steps = Callable[[int], None]


def networks(case: Case, members: int) -> list[Network]:
    """Each with starting weights of its own."""
    hidden = len(case.widths) - 2
    output = ActivationChoice("softmax" if case.widths[-1] > 1 else "identity", {})
    choices = (*[ActivationChoice(case.activation, {})] * hidden, output)
    architecture = Architecture(case.widths, choices, bias=True, dropout=(0.0,) * hidden)
    loss = Loss("cross_entropy" if case.widths[-1] > 1 else "mse")
    made = [Network(architecture, loss, dtype=case.dtype) for _ in range(members)]
    for number, network in enumerate(made):
        network.initialize(INITIALIZERS["glorot_uniform"], np.random.default_rng(number))
    return made


def stepper(owner: Any, n_weights: int) -> Stepper:
    """Adam of a network, or of a stack."""
    return Stepper(build(AdamSpec()), owner.theta, owner.grad, n_weights)


def contenders(case: Case, members: int) -> dict[str, Steps]:
    """Steps of all members, either way."""
    x, classes = case.data()
    y = np.eye(case.widths[-1], dtype=case.dtype)[classes]
    alone = [(one, stepper(one, one.layout.n_weights)) for one in networks(case, members)]
    stack = Stack(networks(case, members))
    step_of_all = stepper(stack, stack.n_weights)
    part = np.stack([x] * members), np.stack([y] * members), None

    def one_by_one(times: int) -> None:
        for _ in range(times):
            for network, own in alone:
                network.loss_and_grad(x, y)
                own.step(1e-3)

    def together(times: int) -> None:
        for _ in range(times):
            stack.loss_and_grad([part])
            step_of_all.step(1e-3)

    return {"one by one": one_by_one, "together": together}


def seconds(steps: Steps, times: int) -> float:
    """Of a step of all members: processor time, not that of other programs."""
    start = time.process_time()
    steps(times)
    return (time.process_time() - start) / times


def measure(case: Case, members: int, rounds: int) -> str:
    """A line."""
    both = contenders(case, members)
    times = max(1, round(SLICE / seconds(both["one by one"], 20)))
    found: dict[str, list[float]] = {name: [] for name in both}
    for _ in range(rounds + 1):
        for name, steps in both.items():
            found[name].append(seconds(steps, times))
    slow, fast = (values[1:] for values in found.values())  # the first round warms up
    low, middle, high = statistics.quantiles([a / b for a, b in zip(slow, fast, strict=True)], n=4)
    medians = ", ".join(f"{name} {1e6 * statistics.median(values):.4g} µs" for name, values in found.items())
    return f"{case.name}, {members} members: {medians}, × {middle:.2f} ({low:.2f}-{high:.2f})"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", nargs="*", default=[], help="cases with one of these words")
    parser.add_argument("--members", nargs="*", type=int, default=[2, 5, 8])
    options = parser.parse_args()
    with threads.limited(1), np.errstate(all="ignore"):
        for case in CASES:
            if not options.only or any(word in case.name for word in options.only):
                for members in options.members:
                    print(measure(case, members, options.rounds), flush=True)


if __name__ == "__main__":
    main()
