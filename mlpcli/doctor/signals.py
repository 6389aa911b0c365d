"""How large activations and gradients are from layer to layer: whether they vanish or explode on the way."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any, Final

from mlpcli.doctor.findings import Finding, Verdict
from mlpcli.doctor.probing import LayerProbe, Probe
from mlpcli.terminal.console import number

ACTIVATIONS: Final = "activations"
GRADIENTS: Final = "gradients"
ROOM: Final = 1e3  # times larger or smaller than 1 that an output may be
FAR: Final = 1e8
LOOK, WRONG = 1e-4, 1e-10  # of the derivative at the first layer to that at the last
OTHER_INIT = "another `init` (he_uniform for relu, glorot_uniform for tanh), batch_norm or layer_norm help"


def activations(probe: Probe) -> Finding:
    """The outputs of hidden layers: about 1, or at least not far from it."""
    hidden = [layer for layer in probe.layers if layer.is_hidden] or list(probe.layers)
    sizes = {f"layers.{layer.number}": layer.outputs for layer in probe.layers}
    farthest = max(hidden, key=_distance)
    far = _distance(farthest)
    verdict: Verdict = "wrong" if far >= FAR else "look" if far >= ROOM else "ok"
    says = "root mean squares " + _path([layer.outputs for layer in probe.layers])
    if verdict != "ok":
        says = f"layer {farthest.number + 1} puts out {number(farthest.outputs)} on average; {says}"
    hint = OTHER_INIT if verdict != "ok" else None
    return Finding(ACTIVATIONS, verdict, says, hint, {"root_mean_squares": sizes})


def gradients(probe: Probe) -> Finding:
    """The derivative of the loss by the scores of each layer, the first one's against the last one's."""
    deltas = [layer.delta for layer in probe.layers]
    numbers: dict[str, Any] = {
        "root_mean_squares": {f"layers.{layer.number}": layer.delta for layer in probe.layers}
    }
    path = "root mean squares of δ " + _path(deltas)
    if not all(map(isfinite, deltas)):
        return Finding(GRADIENTS, "wrong", f"not finite: {path}", OTHER_INIT, numbers)
    if deltas[-1] == 0.0:
        return Finding(GRADIENTS, "look", "0 at the outputs: there is nothing to learn", None, numbers)
    ratio = deltas[0] / deltas[-1]
    numbers["first_to_last"] = ratio
    if ratio <= LOOK:
        verdict: Verdict = "wrong" if ratio <= WRONG else "look"
        return Finding(GRADIENTS, verdict, f"vanish: {path}", OTHER_INIT, numbers)
    if ratio >= 1 / LOOK:
        verdict = "wrong" if ratio >= 1 / WRONG else "look"
        return Finding(GRADIENTS, verdict, f"explode: {path}", OTHER_INIT, numbers)
    return Finding(GRADIENTS, "ok", path, None, numbers)


def _distance(layer: LayerProbe) -> float:
    """How many times larger or smaller than 1 the outputs are."""
    if not isfinite(layer.outputs):
        return inf
    return max(layer.outputs, 1.0 / layer.outputs) if layer.outputs else ROOM


def _path(values: list[float]) -> str:
    return " → ".join(number(value, 2) if isfinite(value) else f"{value}" for value in values)
