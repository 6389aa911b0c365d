"""How the numbers of a network are called in a formula: x, z⁽²⁾, a⁽²⁾, δ⁽²⁾, W⁽¹⁾, ∂J/∂W⁽¹⁾, ŷ.

The inputs are layer 1, as lessons have it: W⁽¹⁾ leads from layer 1 to layer 2, whose scores are z⁽²⁾. In a
model file W⁽¹⁾ is `layers.0.weight`.
"""

from __future__ import annotations

from typing import Final

DIGITS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
INPUTS: Final = "x"
OUTPUTS: Final = "ŷ"

# what a layer learns, by the names of a model file
LEARNT: Final = {"weight": "W", "bias": "b", "gamma": "γ", "beta": "β", "alpha": "α"}
# what stands before the first layer has no number of a layer
BEFORE: Final = {
    "scaling.factor": "s",
    "numeric_embedding.frequency": "ω",
    "numeric_embedding.phase": "ψ",
    "numeric_embedding.weight": "V",
    "numeric_embedding.bias": "v",
}


def raised(number: int) -> str:
    """`⁽²⁾`."""
    return f"⁽{str(number).translate(DIGITS)}⁾"


def value_of(letter: str, layer: int) -> str:
    """A value that weight layer `layer` (from 0) computes: `z⁽²⁾` for the first one."""
    return letter + raised(layer + 2)


def parameter_of(name: str) -> str:
    """A parameter array by its name in a model file: `layers.0.weight` is `W⁽¹⁾`."""
    part, _, own = name.rpartition(".")
    room, _, number = part.partition(".")
    if room == "embeddings":
        return f"E{raised(int(number) + 1)}"
    return BEFORE[name] if name in BEFORE else LEARNT[own] + raised(int(number) + 1)


def derivative_of(symbol: str) -> str:
    """The derivative of J by a value: δ for scores z, as lessons write it."""
    return f"δ{symbol[1:]}" if symbol.startswith("z") else f"∂J/∂{symbol}"
