"""G1: gradient checks of new networks on all kinds of tables: no false alarm, and no error that gets by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mlpcli.errors import DivergedError
from mlpcli.nn.gradcheck import Batch, CheckOptions, Report, check
from mlpcli.nn.network import Network
from tests.faults.figure import Figure
from tests.support.table_networks import table_network

QUICK, FULL = 50, 1_000
METHODS: tuple[Literal["central", "complex-step"], ...] = ("central", "complex-step")


def run(times: int) -> Iterator[Figure]:
    """So many networks by both methods, as they are and with an error in each of their layers."""
    for method in METHODS:
        right = Figure("G1", f"right gradients, {method}", "ok", least=times)
        wrong = Figure("G1", f"a gradient 5 % off in one layer, {method}", "FAIL", least=times)
        for seed in range(times):
            network, batch = table_network(seed)
            judge(seed, network, batch, CheckOptions(method), (right, wrong))
        yield right
        yield wrong


def judge(
    seed: int, network: Network, batch: Batch, options: CheckOptions, figures: tuple[Figure, Figure]
) -> None:
    """One network: first as it is, then with each layer's gradient broken."""
    right, wrong = figures
    right.count += 1
    report = checked(network, batch, options)
    if report is None:
        right.add("of infinite loss")  # unscaled inputs of 1e9 under an exponential: no gradient to check
    else:
        right.check(report.verdict == "ok", f"seed {seed}: {report.verdict}, {report.located}")
        right.add("checked with biases moved", int(report.moved is not None))
    for name in layers(network):
        broken = checked(
            network, batch, CheckOptions(options.method, options.rtol, options.eps, inject_error=name)
        )
        if broken is not None:
            wrong.count += 1
            wrong.check(broken.verdict == "FAIL", f"seed {seed}, layer {name}: {broken.verdict}")


def checked(network: Network, batch: Batch, options: CheckOptions) -> Report | None:
    """The report, or None where the loss is not finite with the dropout masks drawn for it."""
    try:
        return check(network, batch, options)
    except DivergedError:
        return None


def layers(network: Network) -> list[str]:
    """What --inject-error may name."""
    parts = network.architecture.parameters_by_part()
    return [part.removeprefix("layers.") for part in sorted(parts, reverse=True)]
