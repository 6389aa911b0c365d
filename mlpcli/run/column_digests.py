"""Whether rows are those that a model was trained on, or two models were trained on the same: by columns.

A model file has the first bits of the digest of each column that it reads, features and then targets, over
all rows of the training file. Two models may read different columns of one table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.model_arrays import COLUMNS
from mlpcli.data.dataset import Prepared
from mlpcli.data.decided import features_of_columns
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.target import TargetEncoder
from mlpcli.run.member_files import inputs_of
from mlpcli.run.predictor import Model
from mlpcli.tables.row_digest import Column, TableDigest

BITS = 64
UNKNOWN = 0


def column_digests(prepared: Prepared) -> Array:
    """The first bits of the columns' digests (int64), in the order of the features and the targets."""
    known = prepared.digests.get("train", TableDigest()).columns
    columns = _columns(prepared.inputs, prepared.target)
    return np.array([_first_bits(known[key]) if key in known else UNKNOWN for key in columns], np.int64)


def is_training_table(model: Model, digest: TableDigest) -> bool:
    """Whether rows are all rows of the table that the model was trained on, in their order."""
    known = _known(model)
    found = {key: _first_bits(digest.columns[key]) for key in known.keys() & digest.columns.keys()}
    return bool(known) and found == known


def were_trained_on_the_same(one: Model, other: Model) -> bool:
    """Whether the training tables of two models are equal in all columns that both read, their targets too.

    Where a model has no digests of columns, whether the tables are the same as a whole.
    """
    first, second = _known(one), _known(other)
    if not first or not second:
        return one.file.meta.data.sha256 == other.file.meta.data.sha256
    common = first.keys() & second.keys()
    targets = {key for key in common if key[1] in one.target.columns}
    return bool(targets) and all(first[key] == second[key] for key in common)


def _known(model: Model) -> Mapping[Column, int]:
    """The first bits of the digests that a model has."""
    meta, arrays = model.file.meta, model.file.arrays
    if not meta.data.columns:
        return {}
    columns = _columns(inputs_of(meta.features, arrays), model.target)
    bits = arrays[COLUMNS].tolist()
    return {key: own for key, own in zip(columns, bits, strict=True) if own != UNKNOWN}


def _columns(inputs: InputEncoder, target: TargetEncoder) -> Iterator[Column]:
    """What the features' columns are read as, and then the targets."""
    numbers = {*inputs.wanted.numbers, *target.wanted.numbers}
    names = (feature.name for feature in features_of_columns(inputs.features))
    for name in (*names, *target.columns):
        yield ("number" if name in numbers else "text"), name


def _first_bits(digest: bytes) -> int:
    return int.from_bytes(digest[: BITS // 8], "little", signed=True)
