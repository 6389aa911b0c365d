"""A checkpoint gives back exactly what was put in, or is refused."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts import checkpoint as checkpoint_module
from mlpcli.artifacts.atomic import write_atomically
from mlpcli.artifacts.checkpoint import (
    CHECKPOINT_FORMAT,
    Checkpoint,
    checkpoint_content,
    parse_checkpoint,
    read_checkpoint,
)
from mlpcli.errors import ExitCode, ModelError, OutputError
from tests.support.hostile_models import HOSTILE, good_model, npy, with_member, zipped
from tests.support.sample_model import sample_checkpoint

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def assert_same(found: Checkpoint, expected: Checkpoint) -> None:
    """Equal in every field, arrays bit for bit, and numbers of the same type: 1 is not 1.0 here."""
    for name, array in expected.arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()
    assert found.arrays.keys() == expected.arrays.keys()
    nothing: dict[str, Any] = {"arrays": {}}
    assert repr(asdict(replace(found, **nothing))) == repr(asdict(replace(expected, **nothing)))


def written(checkpoint: Checkpoint) -> bytes:
    stream = io.BytesIO()
    checkpoint_content(checkpoint)(stream)
    return stream.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.npz"


def test_a_checkpoint_comes_back(path: Path) -> None:
    write_atomically(path, checkpoint_content(sample_checkpoint()))
    assert_same(read_checkpoint(path), sample_checkpoint())


@given(
    state=st.dictionaries(words, documents, max_size=4),
    history=st.lists(
        st.dictionaries(words, finite | st.none() | st.integers(0, 10**6), max_size=4), max_size=3
    ),
    values=st.lists(st.floats(width=32), max_size=5),
)
def test_every_checkpoint_comes_back(state: Any, history: Any, values: list[float]) -> None:
    arrays = {"theta": np.array(values), "optimizer.v": np.array([values], np.float32)}
    checkpoint = replace(sample_checkpoint(), state=state, history=tuple(history), arrays=arrays)
    assert_same(parse_checkpoint(written(checkpoint)), checkpoint)


def test_a_generator_goes_on_from_where_it_was(path: Path) -> None:
    rng = np.random.default_rng(3)
    rng.random(7)
    saved = replace(sample_checkpoint(), state={"rng": dict(rng.bit_generator.state)})
    write_atomically(path, checkpoint_content(saved))
    other = np.random.default_rng()
    other.bit_generator.state = read_checkpoint(path).state["rng"]
    assert other.random(100).tolist() == rng.random(100).tolist()


def test_the_same_state_gives_the_same_bytes() -> None:
    assert written(sample_checkpoint()) == written(sample_checkpoint())


def test_a_number_that_json_does_not_know_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        checkpoint_content(replace(sample_checkpoint(), state={"best": float("inf")}))


def test_a_checkpoint_beyond_its_format_is_an_output_error(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(CHECKPOINT_FORMAT, max_bytes=1 << 20)
    monkeypatch.setattr(checkpoint_module, "CHECKPOINT_FORMAT", small)
    with pytest.raises(OutputError, match=r"could not write the checkpoint: a file of 1\d+ bytes, more than"):
        checkpoint_content(sample_checkpoint())


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_checkpoint(path)
    assert caught.value.exit_code is ExitCode.MODEL
    first, hint = str(caught.value).split("\n")
    assert hint.startswith("hint: ")
    return first.removeprefix(f"mlp: error: {path}: ")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith("container:")])
def test_a_hostile_container_is_refused(path: Path, name: str) -> None:
    path.write_bytes(HOSTILE[name]())
    assert refusal(path)


def test_a_model_is_not_a_checkpoint(path: Path) -> None:
    path.write_bytes(good_model())
    assert refusal(path) == "expected format 'mlp-checkpoint', found 'mlp-model'"


def spoilt(**changes: Any) -> bytes:
    """The sample checkpoint with other metadata."""
    with np.load(io.BytesIO(written(sample_checkpoint()))) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    meta = json.loads(arrays.pop("meta").tobytes()) | changes
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    return zipped((f"{name}.npy", npy(array)) for name, array in {"meta": text, **arrays}.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 1}, "the checkpoint of an older mlp, whose optimizer counted otherwise"),
        ({"version": 3}, "format version 3 needs a newer mlp (this is 0.1.0)"),
        ({"epoch": -1}, "metadata.epoch: Input should be greater than or equal to 0"),
        ({"epoch": 1.5}, "metadata.epoch: Input should be a valid integer"),
        ({"surprise": 1}, "metadata.surprise: Extra inputs are not permitted"),
        (
            {"arrays": {}},
            "the arrays are not those that its metadata describes: it has 'optimizer.m' besides",
        ),
        (
            {"history": [{"loss": "low"}]},
            "metadata.history.0.loss.int: Input should be a valid integer (and 1 more)",
        ),
        ({"data_sha256": "?"}, "metadata.data_sha256: String should match pattern"),
    ],
)
def test_a_spoilt_checkpoint_is_refused(path: Path, changes: dict[str, Any], message: str) -> None:
    path.write_bytes(spoilt(**changes))
    assert refusal(path).startswith(message)


def test_an_unspoilt_checkpoint_that_numpy_wrote_is_read(path: Path) -> None:
    path.write_bytes(spoilt())
    assert_same(read_checkpoint(path), sample_checkpoint())


def test_a_lost_array_is_told(path: Path) -> None:
    path.write_bytes(with_member("meta.npy", npy(np.zeros(3, np.uint8))))
    assert refusal(path).startswith("the metadata is not valid JSON")
