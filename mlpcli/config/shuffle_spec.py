"""The order of the rows in an epoch: as in the file, or shuffled: all together, or by blocks."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from mlpcli.config.fields import Flag, Whole
from mlpcli.config.shapes import ONE, Closed

BY_BLOCKS = "by blocks"  # the tag of this form


class BlocksSpec(Closed):
    """An order by blocks: these come in a random order, and the rows inside of each do."""

    blocks: Annotated[int, Whole(2, 10**9), Field(description="rows of a block, which follow each other")]


def _form(given: object) -> str:
    """Whether blocks come with it."""
    return BY_BLOCKS if isinstance(given, dict | Closed) else ONE


Shuffle: TypeAlias = Annotated[
    Annotated[bool, Flag(), Tag(ONE)] | Annotated[BlocksSpec, Tag(BY_BLOCKS)], Discriminator(_form)
]


def rows_of_block(given: bool | BlocksSpec) -> int | None:
    """The rows of a block where there are blocks."""
    return given.blocks if isinstance(given, BlocksSpec) else None
