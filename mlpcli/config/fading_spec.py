"""Amounts that a schedule may take down during a run: dropout and weight decay."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from mlpcli.config.fields import Number, Word
from mlpcli.config.shapes import EACH, ONE, Closed, one_or_each

SCHEDULED = "with a schedule"  # the tag of this form

FadingSchedule = Annotated[
    Literal["constant", "cosine", "flat_cos"],
    Word("a schedule"),
    Field(
        description="what is left of it at every update: all, half a cosine wave down to 0, or all in the "
        "first half and then the wave"
    ),
]
Amount = Annotated[float, Number(at_least=0)]
Share = Annotated[float, Number(at_least=0, below=1)]
Shares: TypeAlias = Annotated[
    Annotated[Share, Tag(ONE)] | Annotated[tuple[Share, ...], Tag(EACH)], Discriminator(one_or_each)
]


def _with_schedule(given: object) -> str:
    """Whether a schedule comes with one amount."""
    return SCHEDULED if isinstance(given, dict | Closed) else ONE


def _form(given: object) -> str:
    """Whether a schedule comes with it, or else how many there are."""
    return SCHEDULED if isinstance(given, dict | Closed) else one_or_each(given)


class DecaySpec(Closed):
    """A weight decay with a schedule."""

    amount: Annotated[Amount, Field(description="the decay where training begins")]
    schedule: FadingSchedule = "constant"


class DropoutSpec(Closed):
    """Dropout with a schedule."""

    rate: Annotated[
        Shares,
        Field(description="share of hidden units dropped where training begins, or one per hidden layer"),
    ]
    schedule: FadingSchedule = "constant"


WeightDecay: TypeAlias = Annotated[
    Annotated[Amount, Tag(ONE)] | Annotated[DecaySpec, Tag(SCHEDULED)], Discriminator(_with_schedule)
]
Dropout: TypeAlias = Annotated[
    Annotated[Share, Tag(ONE)]
    | Annotated[tuple[Share, ...], Tag(EACH)]
    | Annotated[DropoutSpec, Tag(SCHEDULED)],
    Discriminator(_form),
]


def decay_of(given: float | DecaySpec) -> DecaySpec:
    """A weight decay with its schedule, whichever way it was written."""
    return given if isinstance(given, DecaySpec) else DecaySpec(amount=given)


def dropout_of(given: float | tuple[float, ...] | DropoutSpec) -> DropoutSpec:
    """Dropout with its schedule, whichever way it was written."""
    return given if isinstance(given, DropoutSpec) else DropoutSpec(rate=given)
