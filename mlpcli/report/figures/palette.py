"""The colours of a page: each has a light and a dark value, as an attribute of a figure and as a variable.

Blue, orange and their like follow the eight that nearly everyone can tell apart (Okabe & Ito 2008), brighter
on a dark ground. Text has the colours of the first table: contrast is 4.5 and more in both schemes.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Colour(NamedTuple):
    """What a colour is on a light and on a dark ground."""

    light: str
    dark: str


GROUNDS: Final = {
    "ink": Colour("#1f2328", "#e6e9ee"),
    "soft": Colour("#57606a", "#a3acb8"),
    "grey": Colour("#8c959f", "#7d8590"),
    "faint": Colour("#dfe3e8", "#343b44"),
    "card": Colour("#f6f8fa", "#161b22"),
    "paper": Colour("#ffffff", "#0d1117"),
}
HUES: Final = {
    "blue": Colour("#0072b2", "#56b4e9"),
    "orange": Colour("#d55e00", "#e69f00"),
    "green": Colour("#009e73", "#2fc79a"),
    "pink": Colour("#b5568c", "#e08fbd"),
    "gold": Colour("#a67c00", "#f0e442"),
    "sky": Colour("#3a95cc", "#9ad1f5"),
}
PALETTE: Final = {**GROUNDS, **HUES}


def hue(index: int) -> str:
    """The name of the colour of one of several things, which come around again after the last."""
    names = list(HUES)
    return names[index % len(names)]


def painted(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes in which `fill` and `stroke` may name a colour of the palette.

    The attribute has the light colour itself, which holds wherever a policy or a reader leaves out the style
    sheet; the class is what a rule of the page overrides it by, where a dark scheme is preferred.
    """
    classes = [
        f"{part[0]}-{attributes[part]}" for part in ("fill", "stroke") if attributes.get(part) in PALETTE
    ]
    values = {
        name: PALETTE[value].light if name in ("fill", "stroke") and value in PALETTE else value
        for name, value in attributes.items()
    }
    return {**values, "class": " ".join(classes)} if classes else values


def variables(scheme: str) -> str:
    """The declarations of all colours, `light` or `dark`."""
    return ";".join(f"--{name}:{getattr(colour, scheme)}" for name, colour in PALETTE.items())


def rules() -> str:
    """What gives the parts of the figures the colours of the scheme in use."""
    return "".join(
        f".{part[0]}-{name}{{{part}:var(--{name})}}" for part in ("fill", "stroke") for name in PALETTE
    )
