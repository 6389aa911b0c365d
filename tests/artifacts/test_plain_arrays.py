"""Starting weights come out of what NumPy saves and out of model files; anything else is told."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mlpcli.arrays import Array
from mlpcli.artifacts import plain_arrays
from mlpcli.artifacts.plain_arrays import read_arrays
from mlpcli.artifacts.source_file import FileFormatError
from tests.support.hostile_models import bomb, good_model, npy, pickled, raw_npy, zipped
from tests.support.sample_model import sample_arrays

WEIGHT, BIAS = np.arange(6.0).reshape(2, 3), np.array([1.0, -0.5, 1e-300])


def numpy_bytes(save: Callable[..., None], **arrays: Array) -> bytes:
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "start.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_is_read(path: Path, save: Callable[..., None]) -> None:
    arrays = {
        "layers.1.weight": BIAS[:, None],
        "layers.0.bias": BIAS,
        "layers.0.weight": WEIGHT,
        "x": np.eye(2),
    }
    path.write_bytes(numpy_bytes(save, **arrays))
    found = read_arrays(path).arrays
    assert list(found) == ["layers.0.weight", "layers.0.bias", "layers.1.weight"]
    for name, array in found.items():
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, arrays[name])


def test_a_model_file_is_read(path: Path) -> None:
    path.write_bytes(good_model())
    found = read_arrays(path).arrays
    assert list(found) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    np.testing.assert_array_equal(found["layers.1.weight"], sample_arrays()["layers.1.weight"])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_type_and_order_of_numbers_is_read(path: Path, dtype: str, order: str) -> None:
    weight = np.asarray(WEIGHT, dtype, order="F" if order == "F" else "C")
    path.write_bytes(numpy_bytes(np.savez, **{"layers.0.weight": weight}))
    np.testing.assert_array_equal(read_arrays(path).arrays["layers.0.weight"], WEIGHT)


def test_eleven_layers_come_in_their_order(path: Path) -> None:
    path.write_bytes(numpy_bytes(np.savez, **{f"layers.{i}.weight": np.eye(2) for i in reversed(range(11))}))
    assert list(read_arrays(path).arrays) == [f"layers.{i}.weight" for i in range(11)]


def member(content: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    return zipped([("layers.0.weight.npy", content)], method)


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (
            numpy_bytes(np.savez, W1=WEIGHT, b1=BIAS),
            "it holds no array called layers.0.weight, found W1, b1",
            "name the arrays layers.0.weight, layers.0.bias, layers.1.weight, ...",
        ),
        (zipped([]), "expected an .npz archive, found a file that begins with b'PK\\x05\\x06", None),
        (npy(WEIGHT), "expected an .npz archive, found a file that begins with b'\\x93NUMPY", None),
        (member(npy(np.array([[np.nan]]))), "layers.0.weight: holds a number that is not finite", None),
        (member(npy(np.zeros(3, bool))), "layers.0.weight: numbers of type |b1: expected one of", None),
        (member(npy(np.zeros((2, 2, 2)))), "layers.0.weight: an array of 3 axes: expected at most 2", None),
        (member(pickled()), "layers.0.weight: numbers of type |O: expected one of", None),
        (
            member(raw_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 9), }", bytes(8))),
            "layers.0.weight: shape [9, 9] needs 648 bytes, found 8",
            None,
        ),
        (
            member(npy(WEIGHT), zipfile.ZIP_BZIP2),
            "layers.0.weight: member layers.0.weight.npy is compressed",
            "mlp reads what np.savez writes, not np.savez_compressed",
        ),
        (
            member(npy(WEIGHT), zipfile.ZIP_DEFLATED).replace(npy(WEIGHT)[8:9], b"\xff", 1)[:40],
            "the archive is cut short or damaged",
            None,
        ),
    ],
)
def test_what_cannot_be_used_is_told(path: Path, data: bytes, message: str, hint: str | None) -> None:
    path.write_bytes(data)
    with pytest.raises(FileFormatError) as caught:
        read_arrays(path)
    assert caught.value.message.startswith(message)
    assert caught.value.hint == hint


def test_a_bomb_is_refused_before_it_is_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_arrays, "MAX_UNPACKED_BYTES", 1 << 20)
    path.write_bytes(bomb())
    with pytest.raises(FileFormatError, match="its compressed arrays unpack to 67108864 bytes, more than"):
        read_arrays(path)


def test_a_compressed_array_that_is_longer_than_it_says_is_refused(path: Path) -> None:
    data = bytearray(member(npy(np.zeros((100, 100))), zipfile.ZIP_DEFLATED))
    size = len(npy(np.zeros((100, 100)))).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (200).to_bytes(4, "little")))
    with pytest.raises(FileFormatError, match="is damaged"):
        read_arrays(path)


def test_damaged_compressed_data_is_refused(path: Path) -> None:
    data = bytearray(member(npy(np.random.default_rng(0).random((9, 9))), zipfile.ZIP_DEFLATED))
    start = data.index(b"layers.0.weight.npy") + len(b"layers.0.weight.npy")
    data[start] = 0xFF
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"layers\.0\.weight: the compressed data is damaged"):
        read_arrays(path)
