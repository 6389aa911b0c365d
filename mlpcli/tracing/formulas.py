"""How every step of a network is written: what it computes, and what comes back through it.

In a formula {x} is what goes into a step and {y} what comes out of it, {dy} the derivative of J by {y}, {phi}
an activation; W, b, γ, β, α are the layer's own arrays, with its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Written(NamedTuple):
    """The letter of what a step computes; its formula; ∂J/∂{x}; ∂J by each parameter, by its name there."""

    letter: str
    forward: str
    back: str
    gradients: Mapping[str, str] = NOTHING


NORMALIZED: Final = {"gamma": "Σ {dy} ∘ x̂ over the rows", "beta": "Σ {dy} over the rows"}

# by what a plan calls its steps
WRITTEN: Final[Mapping[str, Written]] = {
    "embedding": Written(
        "e",
        "{x} with the vector of E in the place of each code",
        "",
        {"weight": "Σ of {dy} over the rows of each code"},
    ),
    "periodic": Written(
        "p",
        "(cos(2π ω u + ψ) V + v, u) for every number u of {x}, then the others",
        "2π Σ ω ∂J/∂(2π ω u + ψ), plus the part of {dy} that is u's own",
        {
            "frequency": "2π Σ u ∂J/∂(2π ω u + ψ) over the rows",
            "phase": "Σ ∂J/∂(2π ω u + ψ) over the rows",
            "weight": "cos(2π ω u + ψ)ᵀ {dy}",
            "bias": "Σ {dy} over the rows",
        },
    ),
    "scaling": Written("h", "s ∘ {x}", "s ∘ {dy}", {"factor": "Σ {dy} ∘ {x} over the rows"}),
    "affine": Written(
        "z", "{x} {W} + {b}", "{dy} {W}ᵀ", {"weight": "{x}ᵀ {dy}", "bias": "Σ {dy} over the rows"}
    ),
    "batchnorm": Written(
        "n",
        "{γ} ∘ x̂ + {β}, x̂ = ({x} − mean) / √(variance + ε) over the rows",
        "{γ}/√(variance + ε) ∘ ({dy} − mean {dy} − x̂ ∘ mean({dy} ∘ x̂))",
        NORMALIZED,
    ),
    "layernorm": Written(
        "n",
        "{γ} ∘ x̂ + {β}, x̂ = ({x} − mean) / √(variance + ε) over the units",
        "1/√(variance + ε) ∘ (g − mean g − x̂ ∘ mean(g ∘ x̂)), g = {γ} ∘ {dy}",
        NORMALIZED,
    ),
    "pointwise": Written("a", "{phi}({x})", "{dy} ∘ {phi}′({x})"),
    "softmax": Written("a", "softmax({x})", "{y} ∘ ({dy} − Σ {y} ∘ {dy})"),
    "mixture": Written(
        "a",
        "{x} + {α} ∘ ({phi}({x}) − {x})",
        "{dy} ∘ (1 + {α} ∘ ({phi}′({x}) − 1))",
        {"alpha": "Σ {dy} ∘ ({phi}({x}) − {x}) over the rows"},
    ),
    "residual": Written("r", "{x} + {shortcut}", "{dy}"),
}
# steps that change nothing that is seen: nothing drops out in a trace, and a shortcut is read at its end
SILENT: Final = frozenset({"dropout", "shortcut"})


def forward_formula(kind: str, words: Mapping[str, str], *, bias: bool) -> str:
    """What a step computes, in the words of its place."""
    template = WRITTEN[kind].forward
    return (template if bias or kind != "affine" else "{x} {W}").format_map(words)


def back_formula(kind: str, words: Mapping[str, str]) -> str:
    """The derivative of J by what goes into a step."""
    return WRITTEN[kind].back.format_map(words)
