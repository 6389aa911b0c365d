"""A model file is an ordinary .npz, always the same bytes, and nothing but a model file is read as one."""

from __future__ import annotations

import errno
import io
import os
import random
import re
import subprocess
import sys
import time
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import write_atomically
from mlpcli.artifacts.checkpoint import checkpoint_content
from mlpcli.artifacts.model_arrays import CHECK_ROWS, implied_arrays
from mlpcli.artifacts.model_file import ModelFile, model_content, parse_model, read_model
from mlpcli.artifacts.model_schema import ModelMeta
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.errors import ExitCode, ModelError
from tests.support.hostile_models import HOSTILE, good_members, good_model, npy, with_meta, zipped
from tests.support.sample_model import META, sample_arrays, sample_checkpoint, sample_meta


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.npz"


def assert_sample(model: ModelFile) -> None:
    assert model.meta.model_dump(mode="json") == META
    assert_equal(model.arrays, sample_arrays())


def assert_equal(found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


# --- what is written ----------------------------------------------------------------------------------------


def test_what_is_written_can_be_read(path: Path) -> None:
    write_atomically(path, model_content(sample_meta(), sample_arrays()))
    assert_sample(read_model(path))


def test_a_model_that_names_numba_opens(path: Path) -> None:
    """As those do that were trained with the extra `fast`, while there was one."""
    meta = sample_meta()
    meta["versions"]["numba"] = "0.68.1"
    write_atomically(path, model_content(meta, sample_arrays()))
    assert read_model(path).meta.versions == {**META["versions"], "numba": "0.68.1"}


def test_plain_numpy_reads_a_model(path: Path) -> None:
    write_atomically(path, model_content(sample_meta(), sample_arrays()))
    with np.load(path) as loaded:
        assert loaded.files == ["meta", *sample_arrays()]
        assert_equal({name: loaded[name] for name in sample_arrays()}, sample_arrays())
        assert loaded["meta"].tobytes().startswith(b'{"format":"mlp-model","version":1,')


def test_the_same_model_gives_the_same_bytes_wherever_the_arrays_lie(path: Path) -> None:
    other = dict(reversed(sample_arrays().items()))
    other["layers.0.weight"] = np.asfortranarray(other["layers.0.weight"])
    write_atomically(path, model_content(sample_meta(), other))
    assert path.read_bytes() == good_model()


def test_numpy_would_have_written_the_same_members(path: Path) -> None:
    path.write_bytes(good_model())
    with np.load(path) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    assert good_members() == {f"{name}.npy": npy(array) for name, array in arrays.items()}


def test_a_model_that_numpy_saved_again_is_the_same_model(path: Path) -> None:
    path.write_bytes(good_model())
    with np.load(path) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    np.savez(path, **arrays)
    assert_sample(read_model(path))


def test_the_sha256_is_that_of_the_file(path: Path) -> None:
    path.write_bytes(good_model())
    shown = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout
    assert read_model(path).sha256 == shown.split()[0]


def test_arrays_that_were_read_are_ready_to_be_worked_on(path: Path) -> None:
    path.write_bytes(good_model())
    for array in read_model(path).arrays.values():
        assert array.flags.aligned
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_an_undefined_metric_becomes_null(path: Path) -> None:
    meta = sample_meta()
    meta["metrics"]["train"]["accuracy"] = float("nan")
    write_atomically(path, model_content(meta, sample_arrays()))
    assert read_model(path).meta.metrics["train"]["accuracy"] is None


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "layers.0.weight",
            np.zeros((5, 4)),
            "layers.0.weight: expected float32 [5, 4], found float64 [5, 4]",
        ),
        ("layers.0.bias", np.full(4, np.nan, np.float32), "layers.0.bias: holds a number that is not finite"),
        ("stranger", np.zeros(3), "stranger: expected None, found float64 [3]"),
    ],
)
def test_a_model_that_could_not_be_read_is_not_written(name: str, array: Array, message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        model_content(sample_meta(), sample_arrays() | {name: array})


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def models(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Array]]:
    """Regression models of any shape, with any text and any finite number in them."""
    meta = sample_meta()
    columns = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    hidden = draw(st.lists(st.integers(1, 4), max_size=3))
    numbers = draw(st.booleans())
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    levels = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    feature = {"missing": "error", "fill": None}
    kind = {"encode": "log1p"} if numbers else {"encode": "one_hot", "categories": levels}
    meta["features"] = [{"name": name, **kind, **feature} for name in names]
    layers = [len(names) * (1 if numbers else len(levels)), *hidden, len(columns)]
    meta["task"] = "regression"
    meta["target"] = {"columns": columns, "task": "regression", "classes": [], "outputs": len(columns)}
    meta["loss"] = {"name": "huber", "delta": draw(st.floats(1e-300, 1e300)), "reduction": "sum"}
    meta["architecture"] = {
        "layers": layers,
        "activations": [{"name": "relu"}] * (len(layers) - 1),
        "bias": draw(st.booleans()),
        "dropout": [draw(st.floats(0, 1, exclude_max=True))] * len(hidden),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
    }
    meta["config"] = {
        "note": draw(texts),
        "nested": [draw(st.integers()), draw(st.floats(allow_nan=False, allow_infinity=False)), None, True],
    }
    meta["data"]["rows"] = draw(st.integers(1, 20))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    kinds = implied_arrays(ModelMeta.model_validate(meta))
    return meta, {name: rng.random(kind.shape).astype(kind.dtype) for name, kind in kinds.items()}


@given(models())
def test_every_model_that_can_be_written_can_be_read(model: Any) -> None:
    meta, arrays = model
    stream = io.BytesIO()
    model_content(meta, arrays)(stream)
    found = parse_model(stream.getvalue())
    assert found.meta.model_dump(mode="json") == meta
    assert_equal(found.arrays, arrays)


def test_check_rows_are_fewer_only_where_the_data_has_fewer() -> None:
    meta = sample_meta()
    for rows, expected in [(3, 3), (CHECK_ROWS, CHECK_ROWS), (1000, CHECK_ROWS)]:
        meta["data"]["rows"] = rows
        assert implied_arrays(ModelMeta.model_validate(meta))["check.inputs"].shape == (expected, 5)


def with_digests(*digests: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """The sample model with digests of so many training rows."""
    meta, numbers = sample_meta(), np.array(digests, np.int64)
    meta["data"]["digests"] = {"count": len(digests), "below": 1 << 32, "salt": "a1" * 16}
    return meta, {**sample_arrays(), "training.digests": numbers}


def test_digests_of_training_rows_are_kept(path: Path) -> None:
    meta, arrays = with_digests(-(1 << 63), -7, 0, (1 << 63) - 1)
    write_atomically(path, model_content(meta, arrays))
    found = read_model(path)
    assert found.meta.model_dump(mode="json") == meta
    assert_equal(found.arrays, arrays)


@pytest.mark.parametrize(
    ("digests", "message"),
    [
        ((3, 2), "training.digests: holds digests that do not go up"),
        ((2, 2), "training.digests: holds digests that do not go up"),
        (range(276), "275 training rows have as many digests at the most, found 276"),
    ],
    ids=["down", "twice", "too many"],
)
def test_digests_that_cannot_be_are_refused(digests: tuple[int, ...], message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        model_content(*with_digests(*digests))


# --- what is refused ----------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """The message about a file that is not a model, checked for what must hold of every message."""
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert caught.value.exit_code is ExitCode.MODEL
    lines = str(caught.value).split("\n")
    assert len(lines) == 2
    assert lines[0].startswith(f"mlp: error: {path}: ")
    assert lines[1].startswith("hint: ")
    assert "pickle" not in str(caught.value)
    assert all(unicodedata.category(c) not in {"Cc", "Cf"} for line in lines for c in line)
    assert len(lines[0]) < 1200
    return lines[0].removeprefix(f"mlp: error: {path}: ")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every hostile file, by its name."""
    directory = tmp_path_factory.mktemp("corpus")
    paths = {name: directory / f"{number}.npz" for number, name in enumerate(HOSTILE)}
    for name, build in HOSTILE.items():
        paths[name].write_bytes(build())
    return paths


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_politely_and_quickly(corpus: dict[str, Path], name: str) -> None:
    start = time.process_time()
    refusal(corpus[name])
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("container: empty", "the file is empty"),
        ("container: text", "expected an .npz archive, found a file that begins with b'seed: 0\\n'"),
        ("container: deflated", "meta: member meta.npy is compressed"),
        ("container: a bomb", "not a file of mlp: it has no member 'meta'"),
        ("container: encrypted", "the archive is encrypted"),
        (
            "container: a script before the archive",
            "expected an .npz archive, found a file that begins with b'#!/bin/s'",
        ),
        ("container: the first half", "the archive is cut short or damaged"),
        ("container: checksum of other data", "meta: member meta.npy is damaged (checksum)"),
        ("container: a member twice", "member layers.0.weight.npy occurs twice"),
        (
            "container: no weight",
            "the arrays are not those that its metadata describes: it lacks 'layers.0.weight'",
        ),
        ("array: objects", "layers.0.weight: numbers of type |O: expected one of"),
        ("array: a huge shape", "layers.0.weight: shape [65536, 65536] needs 17179869184 bytes, found 80"),
        ("array: a weight that is not a number", "layers.0.weight: holds a number that is not finite"),
        ("array: a scale of zero", "inputs.scale: holds a scale that is not positive"),
        ("metadata: a newer version", "format version 3 needs a newer mlp (this is 0.1.0)"),
        ("metadata: NaN", "the metadata is not valid JSON: NaN is not a number"),
        ("metadata: a key twice", "the metadata is not valid JSON: a key occurs twice in one object"),
        ("metadata: a class twice", "metadata: classes: 'a' occurs twice"),
        (
            "metadata: a category too many",
            "metadata: the first layer takes 5 inputs, found features of width 6",
        ),
        (
            "metadata: an unknown activation",
            "metadata.architecture.activations.0: expected an activation, found '__import__'",
        ),
        ("metadata: an unknown key", "metadata.surprise: Extra inputs are not permitted"),
        ("metadata: other layers", "layers.0.weight: expected float32 [5, 7], found float32 [5, 4]"),
    ],
)
def test_a_refusal_says_what_is_wrong(corpus: dict[str, Path], name: str, message: str) -> None:
    assert refusal(corpus[name]).startswith(message)


def test_a_checkpoint_is_not_a_model_and_the_hint_says_where_the_model_is(path: Path) -> None:
    write_atomically(path, checkpoint_content(sample_checkpoint()))
    with pytest.raises(ModelError) as caught:
        read_model(path)
    assert str(caught.value) == (
        f"mlp: error: {path}: expected format 'mlp-model', found 'mlp-checkpoint'\n"
        "hint: this is the checkpoint of a run that can be resumed; the model is in model.npz"
    )


def test_a_newer_format_is_told_before_anything_else_that_is_strange(path: Path) -> None:
    members = good_members() | {"quantum.npy": b"not even an array"}
    with zipfile_of(with_meta("version", value=7)) as newer:
        members["meta.npy"] = newer.read("meta.npy")
    path.write_bytes(zipped(members.items()))
    assert refusal(path) == "format version 7 needs a newer mlp (this is 0.1.0)"


def zipfile_of(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_what_is_not_a_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe) == "expected a regular file, found a pipe or a device"
    assert refusal(tmp_path) == "expected a file, found a directory"
    assert refusal(tmp_path / "missing") == "could not open it: no such file or directory"


def test_a_file_beyond_the_limit_is_not_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(path) == "the file has 1099511627776 bytes, more than the 1073741824 allowed"


def test_a_close_that_fails_costs_nothing_that_was_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(good_model())
    close = os.close

    def failing(handle: int) -> None:
        close(handle)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "close", failing)
    assert_sample(read_model(path))


def test_a_model_cut_short_anywhere_is_refused() -> None:
    data = good_model()
    for length in range(len(data)):
        with pytest.raises(FileFormatError):
            parse_model(data[:length])


def test_changed_bytes_are_refused_or_change_nothing() -> None:
    data, rng = good_model(), random.Random(0)
    refused = 0
    for _ in range(3000):
        mutant = bytearray(data)
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            mutate(mutant, rng)
        try:
            model = parse_model(mutant)
        except FileFormatError:
            refused += 1
        else:
            assert_sample(model)
    assert refused > 2500


def mutate(data: bytearray, rng: random.Random) -> None:
    """Flip, set, insert, remove or copy some bytes."""
    at, to = rng.randrange(len(data)), rng.randrange(len(data))
    length = rng.randrange(1, 9)
    match rng.randrange(5):
        case 0:
            data[at] ^= 1 << rng.randrange(8)
        case 1:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
        case 2:
            data[at:at] = rng.randbytes(length)
        case 3:
            del data[at : at + length]
        case _:
            data[to : to + length] = data[at : at + length]


# --- opening a model runs nothing ---------------------------------------------------------------------------

WATCHED = """
import resource, sys
from pathlib import Path
from mlpcli.artifacts.model_file import read_model
from mlpcli.config.shapes import Option
from mlpcli.errors import ModelError
options = Option.__subclasses__()
for option in options:
    option.model_rebuild()  # as for the first config or model that names it
    options += option.__subclasses__()
events, watching = [], False
def hook(event, arguments):
    if watching and not (event == "open" and arguments[0] == str(current)):
        events.append((current.name, event, arguments))
sys.addaudithook(hook)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20),) * 2)
for current in map(Path, sys.argv[1:]):
    watching = True
    try:
        read_model(current)
    except ModelError:
        pass
    watching = False
print(events)
"""


def test_opening_a_model_opens_one_file_runs_nothing_and_takes_little_memory(
    path: Path, corpus: dict[str, Path]
) -> None:
    path.write_bytes(good_model())
    command = [sys.executable, "-c", WATCHED, path, *corpus.values()]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
