"""Units that cannot learn from where they start: dead ones, whose slope is 0 everywhere, and saturated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from mlpcli.doctor.findings import Finding, Verdict
from mlpcli.doctor.probing import LayerProbe, Probe
from mlpcli.nn.activations import ActivationChoice

DEAD: Final = "dead units"
SATURATED: Final = "saturated units"
FLAT: Final = 0.02  # of the steepest slope: what is less is flat
DEAD_LOOK, DEAD_WRONG = 0.25, 0.9  # shares of the units of a layer
NEAR, FAR = np.linspace(-6.0, 6.0, 241), np.array([-60.0, 60.0])  # where an activation is steep, where flat
FLAT_LOOK, FLAT_WRONG = 0.5, 0.95  # shares of rows and units of a layer


def unit_findings(probe: Probe) -> Iterator[Finding]:
    """What there is to say of dead and of saturated units, where there are activations that have such."""
    hidden = [layer for layer in probe.layers if layer.slopes is not None and layer.is_hidden]
    yield _found(
        DEAD,
        [(layer, _dead(layer)) for layer in hidden],
        (DEAD_LOOK, DEAD_WRONG),
        "of its units have a slope of 0 for every row",
        "begin with `init: he_uniform` and biases of 0, or use leaky_relu, gelu or another smooth activation",
    )
    sloping = [layer for layer in probe.layers if layer.slopes is not None]
    flattening = [layer for layer in sloping if steepest(layer.choice) is not None]
    yield _found(
        SATURATED,
        [(layer, _flat(layer)) for layer in flattening],
        (FLAT_LOOK, FLAT_WRONG),
        "of its outputs lie where the activation is flat",
        "begin with smaller weights (`init: glorot_uniform`), and scale the features",
    )


def _dead(layer: LayerProbe) -> float:
    """The share of units that no row can change."""
    assert layer.slopes is not None
    return float(np.mean(np.all(layer.slopes == 0.0, axis=0)))


def _flat(layer: LayerProbe) -> float:
    """The share of rows and units whose slope is next to nothing; a slope that is no number is flat too."""
    steep = steepest(layer.choice)
    assert layer.slopes is not None and steep is not None
    return float(np.mean(~(np.abs(layer.slopes) >= FLAT * steep)))


def steepest(choice: ActivationChoice) -> float | None:
    """The largest slope of an activation that flattens out on both sides, as tanh does; None of any other."""
    slopes = choice.formula(NEAR.dtype)
    most = float(np.max(np.abs(slopes(NEAR)[1])))
    return most if bool(np.all(np.abs(slopes(FAR)[1]) < FLAT * most)) else None


def _found(
    check: str,
    shares: Sequence[tuple[LayerProbe, float]],
    limits: tuple[float, float],
    what: str,
    hint: str,
) -> Finding:
    """The finding of the worst layer."""
    numbers: dict[str, Any] = {"layers": {f"layers.{layer.number}": share for layer, share in shares}}
    if not shares:
        return Finding(check, "ok", "no activation of this network has any", None, numbers)
    layer, share = max(shares, key=lambda pair: pair[1])
    look, wrong = limits
    verdict: Verdict = "wrong" if share >= wrong else "look" if share >= look else "ok"
    most = f"{share:.0%} of layer {layer.number + 1} ({layer.activation})"
    says = "none" if share == 0.0 else f"layer {layer.number + 1} ({layer.activation}): {share:.0%} {what}"
    if verdict == "ok" and share:
        says = f"at most {most}"
    return Finding(check, verdict, says, hint if verdict != "ok" else None, numbers)
