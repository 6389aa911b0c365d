"""Files that somebody might offer as a model, each wrong in one way; every one must be refused politely."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.model_file import model_content
from tests.support.sample_model import sample_arrays, sample_meta, sample_profile

WEIGHT = "layers.0.weight.npy"
Members = dict[str, bytes]


def good_model() -> bytes:
    """The bytes of a model file with nothing wrong."""
    stream = io.BytesIO()
    model_content(sample_meta(), sample_arrays())(stream)
    return stream.getvalue()


def good_members() -> Members:
    """The members of a good model."""
    with zipfile.ZipFile(io.BytesIO(good_model())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive by Python's zipfile, whatever the names."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as archive:
        warnings.simplefilter("ignore")  # about names that occur twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def with_member(name: str, content: bytes) -> bytes:
    """A good model in which one member is replaced or added."""
    return zipped((good_members() | {name: content}).items())


def without_member(name: str) -> bytes:
    """A good model that lacks a member."""
    return zipped((key, value) for key, value in good_members().items() if key != name)


def npy(array: Array) -> bytes:
    """What NumPy itself writes."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def raw_npy(header: str, numbers: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An array with a header of our choice."""
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + numbers


def weight_header(**changes: str) -> bytes:
    """The first weight array with changes to what its header says."""
    parts = {"descr": "'<f4'", "fortran_order": "False", "shape": "(5, 4)"} | changes
    header = "{" + ", ".join(f"'{key}': {value}" for key, value in parts.items()) + ", }"
    return with_member(WEIGHT, raw_npy(header, bytes(80)))


def with_meta_text(text: str | bytes) -> bytes:
    """A good model with another text as its metadata."""
    data = text.encode() if isinstance(text, str) else text
    return with_member("meta.npy", npy(np.frombuffer(data, np.uint8)))


def with_meta(*path: str | int, value: Any) -> bytes:
    """A good model with one value of its metadata changed, or a key added."""
    meta = sample_meta()
    place: Any = meta
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return with_meta_text(json.dumps(meta))


def warm(temperature: Any, after: float = 0.3) -> dict[str, Any]:
    """What metadata say of a temperature."""
    return {"temperature": temperature, "log_loss": {"before": 0.4, "after": after}}


def with_array(name: str, index: tuple[int, ...], value: float) -> bytes:
    """A good model with one number changed."""
    array = sample_arrays()[name]
    array[index] = value
    return with_member(f"{name}.npy", npy(array))


def patched(old: bytes, new: bytes, count: int = -1) -> bytes:
    """A good model with bytes replaced behind its back."""
    assert old in good_model()
    return good_model().replace(old, new, count)


def bomb() -> bytes:
    """A gigabyte of zeros in a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    stored = zipped([(WEIGHT, content)])
    local = stored.replace(struct.pack("<L", len(content)) * 2, struct.pack("<LL", len(content), 64 << 20))
    return local.replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x00\x00\x08\x00")


END = struct.Struct("<4s4H2LH")


def with_directory(before: bytes = b"", after: bytes = b"", size: int = 0, comment: int = 0) -> bytes:
    """A good model with bytes before or after its directory, or with lies about it in the end record."""
    data = good_model()
    mark, *disks, listed, start, _ = END.unpack(data[-END.size :])
    record = END.pack(mark, *disks, listed + len(after) + size, start + len(before), comment)
    return data[:start] + before + data[start : -END.size] + after + record


def same_data_twice() -> bytes:
    """Two entries of the directory that point to one member."""
    data = zipped([("meta.npy", good_members()["meta.npy"])])
    mark, _, _, _, _, size, start, _ = END.unpack(data[-END.size :])
    entry = data[start : start + size]
    record = END.pack(mark, 0, 0, 2, 2, 2 * size, start, 0)
    return data[:start] + entry + entry.replace(b"meta", b"mets") + record


def meta_json() -> str:
    return json.dumps(sample_meta())


class Danger:
    """Unpickling this would run a command."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        import os

        return os.system, ("echo executed",)


def pickled() -> bytes:
    array = np.empty(1, dtype=object)
    array[0] = Danger()
    return npy(array)


CONTAINERS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one byte": lambda: b"P",
    "text": lambda: b"seed: 0\ndata:\n",
    "a plain .npy": lambda: npy(np.zeros((5, 4))),
    "a pickle": lambda: pickle.dumps(Danger()),
    "gzip": lambda: gzip.compress(good_model()),
    "bzip2": lambda: bz2.compress(good_model()),
    "a script before the archive": lambda: b"#!/bin/sh\necho executed\n" + good_model(),
    "bytes after the archive": lambda: good_model() + b"\0",
    "an archive comment": lambda: good_model()[:-2] + b"\x05\x00hello",
    "the first half": lambda: good_model()[: len(good_model()) // 2],
    "only an end record": lambda: zipped([]),
    "only a local mark": lambda: b"PK\x03\x04",
    "a gap between members and directory": lambda: with_directory(before=b"hidden!"),
    "bytes after the last entry of the directory": lambda: with_directory(after=b"hidden!"),
    "a directory of another size": lambda: with_directory(size=1),
    "a comment that is not there": lambda: with_directory(comment=5),
    "one member twice under two names": same_data_twice,
    "encrypted": lambda: good_model().replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x01\x00\x00\x00"),
    "unknown flags": lambda: good_model().replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x08\x00\x00\x00"),
    "unknown method": lambda: good_model().replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x00\x00\x63\x00"),
    "deflated": lambda: zipped(good_members().items(), zipfile.ZIP_DEFLATED),
    "lzma": lambda: zipped(good_members().items(), zipfile.ZIP_LZMA),
    "a bomb": bomb,
    "checksum of other data": lambda: patched(b"species", b"spacies"),
    "directory and member disagree on a name": lambda: patched(b"layers.0.bias.npy", b"layers.0.bios.npy", 1),
    "a member twice": lambda: zipped([*good_members().items(), (WEIGHT, good_members()[WEIGHT])]),
    "5,000 members": lambda: zipped((f"a{i}.npy", b"") for i in range(5000)),
    "no members of a model": lambda: zipped([("w.npy", npy(np.zeros(3)))]),
    "a path upwards": lambda: with_member("../../x.npy", npy(np.zeros(1))),
    "an absolute path": lambda: with_member("/etc/passwd", npy(np.zeros(1))),
    "a name for the terminal": lambda: with_member("\x1b]52;c;ZXZpbA==\x07.npy", npy(np.zeros(1))),
    "a name right to left": lambda: with_member("a\u202egpj.npy", npy(np.zeros(1))),
    "a long name": lambda: with_member("a" * 60_000 + ".npy", npy(np.zeros(1))),
    "a directory": lambda: with_member("layers/", b""),
    "not an array": lambda: with_member("readme.txt", b"hello"),
    "a member too many": lambda: with_member("layers.2.weight.npy", npy(np.zeros((3, 3), np.float32))),
    "no weight": lambda: without_member(WEIGHT),
    "no metadata": lambda: without_member("meta.npy"),
}

ARRAYS: dict[str, Callable[[], bytes]] = {
    "a pickled object": lambda: with_member(WEIGHT, pickled()),
    "objects": lambda: weight_header(descr="'|O'"),
    "a structure": lambda: weight_header(descr="[('a', '<f4')]"),
    "a structure with objects": lambda: weight_header(descr="[('a', '|O')]"),
    "big-endian": lambda: weight_header(descr="'>f4'"),
    "raw bytes": lambda: weight_header(descr="'|V4'"),
    "dates": lambda: weight_header(descr="'<M8[s]'"),
    "characters": lambda: weight_header(descr="'<U1'"),
    "complex": lambda: weight_header(descr="'<c8'"),
    "float16": lambda: with_member(WEIGHT, npy(np.zeros((5, 4), np.float16))),
    "Fortran order": lambda: weight_header(fortran_order="True"),
    "a huge shape": lambda: weight_header(shape="(65536, 65536)"),
    "an overflowing shape": lambda: weight_header(shape="(4294967296, 4294967296)"),
    "an absurd shape": lambda: weight_header(shape="(" + "9" * 300 + ", 1)"),
    "a negative shape": lambda: weight_header(shape="(-5, -4)"),
    "three axes": lambda: weight_header(shape="(5, 2, 2)"),
    "no axes": lambda: weight_header(shape="()"),
    "one axis": lambda: weight_header(shape="(20,)"),
    "the wrong way round": lambda: weight_header(shape="(4, 5)"),
    "too few rows": lambda: weight_header(shape="(4, 4)"),
    "an expression": lambda: weight_header(shape="__import__('os').system('echo executed')"),
    "nine thousand minus signs": lambda: weight_header(shape="(" + "-" * 9000 + "5, 4)"),
    "nested brackets": lambda: weight_header(shape="(" * 900),
    "a key too many": lambda: weight_header(descr="'<f4', 'x': 1"),
    "a header of half a gigabyte": lambda: with_member(WEIGHT, b"\x93NUMPY\x02\x00\x00\x00\x40\x1f"),
    "a header beyond its end": lambda: with_member(WEIGHT, b"\x93NUMPY\x01\x00\xff\xff{"),
    "format 3": lambda: with_member(WEIGHT, raw_npy("{}", version=b"\x03\x00")),
    "a bad magic": lambda: with_member(WEIGHT, b"NOTNUMPY" + bytes(100)),
    "nothing at all": lambda: with_member(WEIGHT, b""),
    "bytes after the numbers": lambda: with_member(WEIGHT, good_members()[WEIGHT] + b"\0"),
    "float64 where float32 is due": lambda: with_member(WEIGHT, npy(np.zeros((5, 4)))),
    "a weight that is not a number": lambda: with_array("layers.0.weight", (0, 0), np.nan),
    "an infinite bias": lambda: with_array("layers.1.bias", (2,), np.inf),
    "a scale of zero": lambda: with_array("inputs.scale", (0,), 0.0),
    "a negative scale": lambda: with_array("target.scale", (1,), -1.0),
    "a centre that is not a number": lambda: with_array("inputs.center", (0,), np.nan),
    "a check that is not a number": lambda: with_array("check.outputs", (3, 1), np.nan),
    "a check row too few": lambda: with_member("check.inputs.npy", npy(np.zeros((7, 5)))),
}

METADATA: dict[str, Callable[[], bytes]] = {
    "not bytes": lambda: with_member("meta.npy", npy(np.zeros(3))),
    "a matrix": lambda: with_member("meta.npy", npy(np.zeros((3, 3), np.uint8))),
    "no text": lambda: with_meta_text(""),
    "not JSON": lambda: with_meta_text("seed: 0"),
    "not UTF-8": lambda: with_meta_text(meta_json().encode("utf-16")),
    "a list": lambda: with_meta_text("[1]"),
    "NaN": lambda: with_meta_text(meta_json().replace("0.44", "NaN")),
    "1e999": lambda: with_meta_text(meta_json().replace("0.44", "1e999")),
    "1e999 in the config": lambda: with_meta_text(meta_json().replace('"l2": 0.1', '"l2": 1e999')),
    "5,000 digits": lambda: with_meta_text(meta_json().replace("0.44", "9" * 5000)),
    "a key twice": lambda: with_meta_text(meta_json().replace('"threads"', '"threads": 1, "threads"')),
    "a lone surrogate": lambda: with_meta_text(meta_json().replace("Dream", "\\ud800")),
    "nested without end": lambda: with_meta_text('{"a":' * 100_000),
    "nested lists without end": lambda: with_meta_text("[" * 100_000 + "]" * 100_000),
    "nested more than is sensible": lambda: with_meta("config", value={"a": json.loads("[" * 60 + "]" * 60)}),
    "more than sixteen megabytes": lambda: with_meta_text(meta_json() + " " * (16 << 20)),
    "an unknown key": lambda: with_meta("surprise", value=1),
    "an unknown key inside": lambda: with_meta("training", "host", value="somewhere"),
    "a key missing": lambda: with_meta_text(meta_json().replace('"id": ["rowid"], ', "")),
    "another format": lambda: with_meta("format", value="mlp-checkpoint"),
    "no format": lambda: with_meta("format", value=None),
    "a newer version": lambda: with_meta("version", value=3),
    "several networks that are none": lambda: with_meta("version", value=2),
    "version zero": lambda: with_meta("version", value=0),
    "a true version": lambda: with_meta("version", value=True),
    "decorated classes": lambda: with_meta("target", "parse", value={"y": {"suffix": "%"}}),
    "a temperature of zero": lambda: with_meta("calibration", value=warm(0.0)),
    "a temperature below zero": lambda: with_meta("calibration", value=warm(-1.0)),
    "a temperature that is none": lambda: with_meta_text(
        json.dumps(sample_meta() | {"calibration": warm(77.5)}).replace("77.5", "NaN")
    ),
    "a temperature beyond all measure": lambda: with_meta("calibration", value=warm(1e300)),
    "a temperature in quotes": lambda: with_meta("calibration", value=warm("1.5")),
    "a negative log loss": lambda: with_meta("calibration", value=warm(1.5, after=-1.0)),
    "a temperature alone": lambda: with_meta("calibration", value={"temperature": 1.5}),
    "a threshold for three classes": lambda: with_meta("threshold", value=0.5),
    "a threshold above 1": lambda: with_meta("threshold", value=1.5),
    "intervals of no level": lambda: with_meta("intervals", value={"levels": [], "limits": []}),
    "intervals without limits": lambda: with_meta("intervals", value={"levels": [0.9]}),
    "a level of 1": lambda: with_meta("intervals", value={"levels": [1.0], "limits": [[0.5]]}),
    "a level twice": lambda: with_meta("intervals", value={"levels": [0.9, 0.9], "limits": [[0.5], [0.5]]}),
    "a limit too many": lambda: with_meta("intervals", value={"levels": [0.9], "limits": [[0.5, 0.6]]}),
    "an infinite limit": lambda: with_meta_text(
        json.dumps(sample_meta() | {"intervals": {"levels": [0.9], "limits": [[7.5]]}}).replace(
            "7.5", "1e999"
        )
    ),
    "folds of one network": lambda: with_meta("intervals", value={"levels": [0.5], "folds": [9]}),
    "a million levels": lambda: with_meta("intervals", value={"levels": [0.5] * 10**6, "limits": [[1.0]]}),
    "an unknown task": lambda: with_meta("task", value="clustering"),
    "two tasks": lambda: with_meta("task", value="multilabel"),
    "an unknown activation": lambda: with_meta("architecture", "activations", 0, "name", value="__import__"),
    "an option of another activation": lambda: with_meta("architecture", "activations", 1, "slope", value=1),
    "an infinite slope": lambda: with_meta_text(meta_json().replace('"slope": 0.01', '"slope": 1e400')),
    "a slope in quotes": lambda: with_meta("architecture", "activations", 0, "slope", value="0.01"),
    "an output that learns how much of its activation there is": lambda: with_meta(
        "architecture", "activations", 1, value={"name": "relu", "learnable": True}
    ),
    "softmax in a hidden layer": lambda: with_meta(
        "architecture", "activations", 0, value={"name": "softmax"}
    ),
    "an output that the loss does not take": lambda: with_meta(
        "architecture", "activations", 1, value={"name": "relu"}
    ),
    "an activation too few": lambda: with_meta("architecture", "activations", value=[{"name": "softmax"}]),
    "a dropout rate too many": lambda: with_meta("architecture", "dropout", value=[0.1, 0.1]),
    "dropout of everything": lambda: with_meta("architecture", "dropout", value=[1.0]),
    "half a million layers": lambda: with_meta("architecture", "layers", value=[5] + [0] * 500_000),
    "a layer of 1e18": lambda: with_meta("architecture", "layers", value=[5, 10**18, 3]),
    "a layer of zero": lambda: with_meta("architecture", "layers", value=[5, 0, 3]),
    "a layer of 4.0": lambda: with_meta("architecture", "layers", value=[5, 4.0, 3]),
    "one layer": lambda: with_meta("architecture", "layers", value=[5]),
    "other layers": lambda: with_meta("architecture", "layers", value=[5, 7, 3]),
    "no bias": lambda: with_meta("architecture", "bias", value=False),
    "a number for a boolean": lambda: with_meta("architecture", "bias", value=1),
    "an unknown dtype": lambda: with_meta("architecture", "dtype", value="float16"),
    "an unknown loss": lambda: with_meta("loss", "name", value="eval"),
    "a loss for another task": lambda: with_meta("loss", value={"name": "poisson", "reduction": "mean"}),
    "label smoothing of 1": lambda: with_meta("loss", "label_smoothing", value=1.0),
    "no features": lambda: with_meta("features", value=[]),
    "a feature twice": lambda: with_meta("features", 2, "name", value="island"),
    "a category twice": lambda: with_meta("features", 1, "categories", value=["a", "b", "a"]),
    "a category too many": lambda: with_meta("features", 1, "categories", value=["a", "b", "c", "d"]),
    "categories of numbers": lambda: with_meta("features", 0, "categories", value=["a"]),
    "an unknown encoding": lambda: with_meta("features", 0, "encode", value="guess"),
    "an unknown policy": lambda: with_meta("features", 0, "missing", value="guess"),
    "a name of a megabyte": lambda: with_meta("features", 0, "name", value="x" * (1 << 20)),
    "a name that is a number": lambda: with_meta("features", 0, "name", value=7),
    "a class twice": lambda: with_meta("target", "classes", value=["a", "b", "a"]),
    "a class too few": lambda: with_meta("target", "classes", value=["a", "b"]),
    "no classes": lambda: with_meta("target", "classes", value=[]),
    "classes of numbers": lambda: with_meta("target", "classes", value=[1, 2, 3]),
    "ten million classes": lambda: with_meta_text(
        meta_json().replace('["a", "b", "c"]', "[" + '"x",' * 10_000_000 + '"y"]')
    ),
    "two target columns": lambda: with_meta("target", "columns", value=["a", "b"]),
    "a positive class of three": lambda: with_meta("target", "positive", value="a"),
    "a positive class that is a number": lambda: with_meta("target", "positive", value=1),
    "other outputs": lambda: with_meta("target", "outputs", value=2),
    "a separator of two characters": lambda: with_meta("csv", "separator", value="||"),
    "a separator outside of ASCII": lambda: with_meta("csv", "separator", value="é"),
    "a separator that is a control character": lambda: with_meta("csv", "separator", value="\x1b"),
    "an encoding with a path": lambda: with_meta("csv", "encoding", value="../evil"),
    "a sha256 that is none": lambda: with_meta("data", "sha256", value="A" * 64),
    "no rows": lambda: with_meta("data", "rows", value=0),
    "an unknown status": lambda: with_meta("training", "status", value="perfect"),
    "an infinite metric": lambda: with_meta_text(meta_json().replace("0.44", "Infinity")),
    "a metric of an unknown part": lambda: with_meta("metrics", "future", value={}),
    "a metric with a strange name": lambda: with_meta("metrics", "train", "\x1b[31m", value=1.0),
    "100,000 keys": lambda: with_meta_text(json.dumps(sample_meta() | {str(i): 1 for i in range(100_000)})),
    "100,000 metrics": lambda: with_meta("metrics", "val", value={str(i): "" for i in range(100_000)}),
    "100,000 parts": lambda: with_meta("metrics", value={str(i): "" for i in range(100_000)}),
    "400,000 features that are none": lambda: with_meta("features", value=[{}] * 400_000),
    "no threads": lambda: with_meta("threads", value=0),
    "a version for the terminal": lambda: with_meta("mlp", value="\x1b]0;evil\x07"),
}


def profiled(**changed: Array) -> bytes:
    """A good model with a profile in which some arrays are others."""
    meta = sample_meta()
    meta["data"]["profile"] = 20
    stream = io.BytesIO()
    arrays = sample_arrays() | sample_profile()
    model_content(meta, arrays)(stream)
    with zipfile.ZipFile(stream) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped((members | {f"profile.{name}.npy": npy(array) for name, array in changed.items()}).items())


EDGES, COUNTS, LEVELS, MISSING = (
    sample_profile()[f"profile.{name}"] for name in ("edges", "counts", "levels", "missing")
)
PROFILES: dict[str, Callable[[], bytes]] = {
    "quantiles that go down": lambda: profiled(edges=EDGES[:, ::-1].copy()),
    "a quantile that is none": lambda: profiled(edges=EDGES * np.nan),
    "a quantile too few": lambda: profiled(edges=EDGES[:, 1:].copy()),
    "fewer rows than none": lambda: profiled(missing=MISSING - 1),
    "more rows than there are": lambda: profiled(counts=COUNTS + 1),
    "rows that run over": lambda: profiled(levels=np.full_like(LEVELS, 1 << 62)),
    "fewer rows than there are": lambda: profiled(levels=LEVELS * 0),
    "more predictions than rows": lambda: profiled(
        levels=LEVELS + np.eye(len(LEVELS), dtype=np.int64)[-1] * 275
    ),
    "a level too few": lambda: profiled(levels=LEVELS[1:].copy()),
    "a column too many": lambda: profiled(missing=np.append(MISSING, 0)),
    "counts that are no whole numbers": lambda: profiled(counts=COUNTS.astype(np.float64)),
    "bins of another number": lambda: with_meta("data", "profile", value=21),
    "bins that are none": lambda: with_meta("data", "profile", value=True),
    "bins without arrays": lambda: with_meta("data", "profile", value=20),
    "arrays without bins": lambda: with_member("profile.edges.npy", npy(EDGES)),
}

HOSTILE = {
    f"{group}: {name}": build
    for group, builders in {
        "container": CONTAINERS,
        "array": ARRAYS,
        "metadata": METADATA,
        "profile": PROFILES,
    }.items()
    for name, build in builders.items()
}
