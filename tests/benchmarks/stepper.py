"""What the numbers of the stepper are worth: blocks, and clearing what has died away.

    taskset -c 0 python tests/benchmarks/stepper.py [--parameters 669706] [--rounds 15]

Steps of Adam alone, in float32, on so many parameters. The variants take turns; prints medians of
microseconds a step, in processor time, and the median of the ratios to the stepper as it is. In `dead` all
means have died away under a gradient of 0, as those of dead units do, and are subnormal where nothing clears
them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import numpy as np

from mlpcli.config.optimizer_spec import AdamSpec
from mlpcli.optim.first_order import build
from mlpcli.optim.rule import Factors
from mlpcli.optim.stepper import Stepper

SLICE = 0.05  # seconds that a variant runs at a time
NEVER = 10**9
# block and steps between two clearings, and whether everything is dead, or has rates by group
VARIANTS = {
    "as it is": (Stepper.BLOCK, Stepper.FLUSH_EVERY, ""),
    "blocks of 4,096": (4_096, Stepper.FLUSH_EVERY, ""),
    "blocks of 16,384": (16_384, Stepper.FLUSH_EVERY, ""),
    "blocks of 262,144": (262_144, Stepper.FLUSH_EVERY, ""),
    "one block": (NEVER, Stepper.FLUSH_EVERY, ""),
    "rates by group": (Stepper.BLOCK, Stepper.FLUSH_EVERY, "rates"),
    "cleared at every step": (Stepper.BLOCK, 1, ""),
    "never cleared": (Stepper.BLOCK, NEVER, ""),
    "dead": (Stepper.BLOCK, Stepper.FLUSH_EVERY, "dead"),
    "dead, never cleared": (Stepper.BLOCK, NEVER, "dead"),
}


def stepper(parameters: int, block: int, kind: str) -> Stepper:
    """A stepper in the state of a long training; by groups two stretches of matrices, and one of biases."""
    rng = np.random.default_rng(0)
    theta, grad = (rng.normal(size=parameters).astype(np.float32) for _ in range(2))
    ends = (0, parameters * 3 // 5, parameters - parameters // 600, parameters) if kind == "rates" else ()
    factors = tuple(Factors(*pair, 1 / n, 1.0) for n, pair in enumerate(pairwise(ends), 2))
    with patch.object(Stepper, "BLOCK", block):
        made = Stepper(replace(build(AdamSpec()), factors=factors), theta, grad, 0)
    made.step(1e-3)
    if kind == "dead":
        grad.fill(0.0)
        tiny = float(np.finfo(np.float32).tiny)
        made.restore({name: np.minimum(a, 10 * tiny) if a.ndim else a for name, a in made.state().items()})
    return made


def seconds(made: Stepper, flush_every: int, steps: int) -> float:
    """Of processor time, a step."""
    with patch.object(Stepper, "FLUSH_EVERY", flush_every):
        start = time.process_time()
        for _ in range(steps):
            made.step(1e-3)
    return (time.process_time() - start) / steps


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", type=int, default=669_706, help="of 784-512-512-10")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    made = {name: stepper(options.parameters, block, kind) for name, (block, _, kind) in VARIANTS.items()}
    once = seconds(made["as it is"], Stepper.FLUSH_EVERY, 20)
    # whole clearings in each slice, and dead means have become subnormal after the first
    steps = max(1, round(SLICE / once / Stepper.FLUSH_EVERY)) * Stepper.FLUSH_EVERY
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(options.rounds + 1):
        for name, (_, flush_every, _) in VARIANTS.items():
            times[name].append(seconds(made[name], flush_every, steps))
    for name, found in times.items():
        ratios = [one / usual for one, usual in zip(found[1:], times["as it is"][1:], strict=True)]
        print(f"{name}: {1e6 * statistics.median(found[1:]):.4g} µs, × {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
