"""The checkpoint of a run: all that the rest of the run depends on, in the container of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.types import Strict

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.exact import Count, Digest, Exact, Items, Release, Word
from mlpcli.artifacts.model_schema import validated
from mlpcli.artifacts.npz import MAX_ZIP_BYTES, ArrayKind, Format, Npz, npz_content
from mlpcli.artifacts.source_file import FileFormatError, read_regular_file
from mlpcli.errors import ModelError, OutputError, Place

# version 2: the optimizer's running means are the means themselves
CHECKPOINT_FORMAT = Format("mlp-checkpoint", 2, max_meta_bytes=256 << 20, max_bytes=MAX_ZIP_BYTES)
START_AGAIN = "train again without --resume: the old run is moved aside, not deleted"


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after `epoch` epochs.

    `arrays`: weights, optimizer state and best weights by name; `history`: one row per epoch; `state`:
    whatever else, as JSON, in which integers of any size and floats come back exactly; `config`:
    with its defaults; `versions` and `threads`: what the numbers depend on besides.
    """

    epoch: int
    arrays: Mapping[str, Array]
    history: tuple[Mapping[str, float | None], ...]
    state: Mapping[str, Any]
    config: Mapping[str, Any]
    data_sha256: str
    init_sha256: str | None
    versions: Mapping[str, str]
    threads: int


class _Meta(Exact):
    format: Literal["mlp-checkpoint"]
    version: Literal[2]
    epoch: Count
    arrays: dict[str, Annotated[tuple[str, Items[int]], Strict(False)]]
    history: Items[dict[str, int | float | None]]
    state: dict[str, Any]
    config: dict[str, Any]
    data_sha256: Digest
    init_sha256: Digest | None = None
    versions: dict[Word, Release]
    threads: Annotated[int, Field(ge=1)]


def checkpoint_content(checkpoint: Checkpoint) -> Content:
    """What writes a checkpoint; raises OutputError where it is larger than its format can hold."""
    kinds = {name: ArrayKind.of(array) for name, array in checkpoint.arrays.items()}
    document = {
        "format": CHECKPOINT_FORMAT.name,
        "version": CHECKPOINT_FORMAT.version,
        **vars(checkpoint),
        "arrays": {name: [kind.dtype, list(kind.shape)] for name, kind in kinds.items()},
    }
    try:
        return npz_content(CHECKPOINT_FORMAT, document, checkpoint.arrays)
    except FileFormatError as error:
        raise OutputError.of(f"could not write the checkpoint: {error.message}", hint=error.hint) from error


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint as carefully as a model; raises ModelError."""
    try:
        return parse_checkpoint(read_regular_file(path, CHECKPOINT_FORMAT.max_bytes))
    except FileFormatError as error:
        raise ModelError.of(error.message, Place(str(path)), error.hint or START_AGAIN) from error


def parse_checkpoint(data: bytes | bytearray) -> Checkpoint:
    """The checkpoint that bytes hold, whose numbers need not be finite; raises FileFormatError."""
    npz = Npz.parse(data)
    document = npz.document(CHECKPOINT_FORMAT)
    if document["version"] < CHECKPOINT_FORMAT.version:
        raise FileFormatError(
            "the checkpoint of an older mlp, whose optimizer counted otherwise", START_AGAIN
        )
    meta = validated(_Meta, document)
    arrays = npz.arrays({name: ArrayKind(dtype, shape) for name, (dtype, shape) in meta.arrays.items()})
    stated = {name: value for name, value in meta if name not in {"format", "version", "arrays"}}
    return Checkpoint(arrays=arrays, **stated)
