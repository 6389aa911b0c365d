"""The model file: an ordinary .npz, the same bytes for the same model, and read without trusting it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import Content
from mlpcli.artifacts.model_arrays import check_arrays, check_meta, implied_arrays
from mlpcli.artifacts.model_schema import ModelMeta, validated
from mlpcli.artifacts.npz import ArrayKind, Format, Npz, npz_content
from mlpcli.artifacts.source_file import MAX_BYTES, FileFormatError, read_regular_file
from mlpcli.artifacts.strict_json import without_nan
from mlpcli.errors import ModelError, Place

MODEL, CHECKPOINT = "model.npz", "checkpoint.npz"
MODEL_FORMAT = Format("mlp-model", 2, max_meta_bytes=16 << 20, max_bytes=MAX_BYTES)
TRAIN_ONE = "train a model with `mlp train CONFIG`; it is written as model.npz"
FINISH = "this run has no model yet: `mlp train CONFIG --resume --finish` makes one of what there is"


@dataclass(frozen=True)
class ModelFile:
    """A model file that kept every promise of its format; `sha256` is that of its bytes."""

    meta: ModelMeta
    arrays: Mapping[str, Array]
    sha256: str


def model_content(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> Content:
    """What writes a model file; raises ModelError where the reader would refuse it."""
    with model_errors(Path("model")):
        content = fitting_content(meta, arrays)
        check_arrays(_checked_meta(without_nan(meta)), arrays)
        return content


def fitting_content(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> Content:
    """The same whatever the values of the arrays are; raises FileFormatError."""
    checked = _checked_meta(without_nan(meta))
    kinds = implied_arrays(checked)
    found = {name: ArrayKind.of(array) for name, array in arrays.items()}
    if found != kinds:
        wrong = sorted(found.items() ^ kinds.items(), key=lambda item: item[0])[0][0]
        raise FileFormatError(f"{wrong}: expected {kinds.get(wrong)}, found {found.get(wrong)}")
    return npz_content(MODEL_FORMAT, checked.model_dump(mode="json"), {k: arrays[k] for k in kinds})


def read_model(path: Path) -> ModelFile:
    """Read a model file: opens that one file, executes nothing; raises ModelError."""
    with model_errors(path):
        try:
            return parse_model(read_regular_file(path))
        except FileFormatError as error:
            raise FileFormatError(error.message, _meant(path) or error.hint) from error


def _meant(path: Path) -> str | None:
    """What to do next for whoever names a run in place of its model, or a model that is not there yet."""
    if path.is_file() and path.name != CHECKPOINT:
        return None
    run = path if path.is_dir() else path.parent
    if (run / MODEL).is_file():
        return f"did you mean {run / MODEL}?"
    return FINISH if (run / CHECKPOINT).is_file() else None


def parse_model(data: bytes | bytearray) -> ModelFile:
    """The model that the bytes of a file hold; raises FileFormatError."""
    npz = Npz.parse(data)
    meta = _checked_meta(npz.document(MODEL_FORMAT))
    arrays = npz.arrays(implied_arrays(meta))
    check_arrays(meta, arrays)
    return ModelFile(meta, arrays, hashlib.sha256(data).hexdigest())


def _checked_meta(document: Mapping[str, Any]) -> ModelMeta:
    meta = validated(ModelMeta, document)
    check_meta(meta)
    return meta


@contextmanager
def model_errors(path: Path) -> Iterator[None]:
    """Turn what is wrong with the file at `path` into a ModelError about it."""
    try:
        yield
    except FileFormatError as error:
        raise ModelError.of(error.message, Place(str(path)), error.hint or TRAIN_ONE) from error
