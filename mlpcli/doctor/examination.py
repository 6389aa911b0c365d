"""All checks of a run, one after the other: first the data, then the network, then what it will take."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.doctor import columns, cost, duplicates, signals, targets
from mlpcli.doctor.findings import Finding
from mlpcli.doctor.initial_loss import initial_loss
from mlpcli.doctor.overfitting import by_heart
from mlpcli.doctor.patient import Patient
from mlpcli.doctor.probing import probe
from mlpcli.doctor.rates import learning_rate
from mlpcli.doctor.units import unit_findings


def examine(patient: Patient) -> Iterator[Finding]:
    """What each check finds, as soon as it has; the patient's network stays as it is."""
    yield targets.target(patient)
    yield columns.leaks(patient)
    yield duplicates.shared_rows(patient)
    yield duplicates.repeated_rows(patient)
    yield columns.constant_columns(patient)
    yield columns.input_scale(patient)
    at_start = probe(patient.network(), patient.some_rows)
    yield initial_loss(patient, at_start)
    yield from unit_findings(at_start)
    yield signals.activations(at_start)
    yield signals.gradients(at_start)
    yield by_heart(patient)
    rate = learning_rate(patient)
    if rate is not None:
        yield rate
    yield cost.memory(patient)
    yield cost.duration(patient)
