"""What a step costs one process and two, and by calculation many: `python tests/benchmarks/ranks.py`.

784-512-512-10 in float32, Adam; the shortest of many steps, as others may want the processors too, and of one
process alone its processor time. Measured: steps of 256 rows on one process, the same on two (strong), and of
512 on two (weak), by messages in shared memory and by TCP on this machine. Calculated: strong and weak
scaling up to 1,024 processes, each on a processor core of its own, from that and from two networks:

- 40 Gb/s with an MPI that goes past the system's own stack: 1.93 µs and 37.23 Gb/s, as published by Cisco
  (https://blogs.cisco.com/performance/mpi-over-40gb-ethernet, NetPIPE with Open MPI over usNIC).
- 10 Gb/s by TCP: the nominal rate, and 30 µs, which is assumed.

A step of P processes computes rows/P rows, exchanges stretches of the gradient (P - 1 messages of 4n/P
bytes), adds n numbers up, passes the sums on (as much again), and lets the optimizer change all n weights.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

WIDTHS, ROWS = (784, 512, 512, 10), 256
MPIEXEC = Path(sys.executable).with_name("mpiexec")
MANY = (16, 64, 256, 1024)
REPEATS = 150


@dataclass(frozen=True)
class Measured:
    """Milliseconds of a step of so many rows, of its optimizer and of adding up alone."""

    step: float
    optimizer: float
    adding: float
    parameters: int


@dataclass(frozen=True)
class Net:
    """A network: µs until a message arrives, and GB/s."""

    name: str
    latency: float
    bandwidth: float

    def exchange(self, processes: int, size: int) -> float:
        """Milliseconds until `size` bytes, a stretch for each, are everybody's twice over."""
        return 2e-3 * (
            (processes - 1) * self.latency + size * (processes - 1) / processes / self.bandwidth / 1e3
        )


def milliseconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """The shortest of some."""
    taken = []
    for _ in range(REPEATS):
        began = clock()
        work()
        taken.append(1e3 * (clock() - began))
    return min(taken)


def worker(rows: int) -> None:
    """Steps of this process with the others; the first prints what they took."""
    from mlpcli.config.optimizer_spec import AdamSpec
    from mlpcli.nn.activations import ActivationChoice
    from mlpcli.nn.architecture import Architecture
    from mlpcli.nn.initializers import INITIALIZERS
    from mlpcli.nn.losses import Loss
    from mlpcli.nn.network import Network
    from mlpcli.optim.first_order import build
    from mlpcli.optim.stepper import Stepper
    from mlpcli.parallel import threads
    from mlpcli.parallel.mpi_pool import MpiPool, add_in_order
    from mlpcli.parallel.ranks import Ranks
    from mlpcli.parallel.wire import joined
    from mlpcli.training.data_parallel import gradient_job

    ranks = Ranks(joined(int(os.environ["PMI_SIZE"])))
    choices = (*[ActivationChoice("relu", {})] * 2, ActivationChoice("softmax", {}))
    network = Network(Architecture(WIDTHS, choices, True, (0.0, 0.0)), Loss("cross_entropy"))
    network.initialize(INITIALIZERS["glorot_uniform"], np.random.default_rng(0))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, WIDTHS[0])).astype(np.float32)
    y = np.eye(WIDTHS[-1], dtype=np.float32)[rng.integers(WIDTHS[-1], size=rows)]
    stepper = Stepper(build(AdamSpec()), network.theta, network.grad, network.layout.n_weights)
    gradient = gradient_job(network, [(x, y, None)], MpiPool(ranks.size, ranks))
    parts = np.zeros((ranks.size, network.layout.size), np.float32)
    clock = time.process_time if ranks.size == 1 else time.perf_counter
    with threads.limited(1):
        found = Measured(
            milliseconds(lambda: (gradient(0), stepper.step(1e-3)), clock),
            milliseconds(lambda: stepper.step(0.0)),
            milliseconds(lambda: add_in_order(parts, network.grad)),
            network.layout.size,
        )
    if ranks.leads:
        print(json.dumps(asdict(found)))


def measured(processes: int, rows: int, *, tcp: bool = False) -> Measured:
    """So many processes with steps of so many rows."""
    done = subprocess.run(
        [str(MPIEXEC), "-n", str(processes), sys.executable, __file__, str(rows)],
        env={**os.environ, "MPIR_CVAR_NOLOCAL": "1" if tcp else "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return Measured(**json.loads(done.stdout))


def calculated(net: Net, one: Measured, half: Measured) -> Iterator[str]:
    """Steps of 256 rows in all, and of 256 rows a process, of many processes."""
    a_row = (one.step - half.step) / (ROWS / 2)
    fixed = max(one.step - a_row * ROWS, one.optimizer)  # what does not depend on the rows
    size, adding = 4 * one.parameters, one.adding
    for processes in MANY:
        between = net.exchange(processes, size) + adding
        strong, weak = fixed + a_row * ROWS / processes + between, fixed + a_row * ROWS + between
        rates = f"{one.step / strong:.2f} | {weak:.1f} | {processes * one.step / weak:,.0f}"
        yield f"| {net.name} | {processes:,} | {strong:.1f} | {rates} |"


def main() -> None:
    """Measure and print."""
    one, half = measured(1, ROWS), measured(1, ROWS // 2)
    print("| processes | rows of a step | messages | ms | of one process |\n|---:|---:|---|---:|---:|")
    print(f"| 1 | {ROWS} | none | {one.step:.1f} | 1.00 |")
    for rows in (ROWS, 2 * ROWS):
        for tcp in (False, True):
            two = measured(2, rows, tcp=tcp)
            speed = one.step / two.step * rows / ROWS
            print(f"| 2 | {rows} | {'TCP' if tcp else 'memory'} | {two.step:.1f} | {speed:.2f} |")
    print(f"\noptimizer {one.optimizer:.1f} ms, half the rows {half.step:.1f} ms\n")
    print("| network | processes | strong: ms | times one | weak: ms | times one |")
    print("|---|---:|---:|---:|---:|---:|")
    for net in (Net("40 Gb/s", 1.93, 37.23 / 8), Net("10 Gb/s", 30.0, 10 / 8)):
        print(*calculated(net, one, half), sep="\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(int(sys.argv[1]))
    else:
        main()
