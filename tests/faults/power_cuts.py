"""A3: every state that a power cut may leave; and the wrong ways of writing, in all of which some are bad."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.figure import Figure
from tests.support.wrong_protocols import MUTATIONS, OLD, recorded_calls, states, wrong_states

QUICK, FULL = 1, 1


def run(_times: int) -> Iterator[Figure]:
    """The states of the protocol, then those of each mutant of it."""
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "model.npz"
        target.write_bytes(OLD)
        calls = recorded_calls(target)
    figure = Figure("A3", "a power cut after any call", "0 corrupt, 0 lost once told", least=20)
    figure.count = len(states(calls, target.name))
    figure.failures += ["a bad state"] * wrong_states(calls, target.name)
    yield figure
    caught = Figure("A3", "wrong ways of writing", "all caught by the enumerator", least=len(MUTATIONS))
    for what, mutate in MUTATIONS.items():
        bad = wrong_states(mutate(calls), target.name)
        caught.count += 1
        caught.facts[what] = f"{bad} bad of {len(states(mutate(calls), target.name))}"
        caught.check(bad, f"{what}: not caught")
    yield caught
