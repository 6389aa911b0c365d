"""ONNX documents as files: names, notes, metadata, what cannot be said, and no trace of running them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import ConfigError
from mlpcli.exporting.columns import Code, Date, DatePart, Levels, Number, NumberColumn, TextColumn
from mlpcli.exporting.description import Description, describe
from mlpcli.exporting.onnx.running import seconds_of
from mlpcli.run.predictor import open_model
from tests.support.export_cases import Models
from tests.support.running import mlp, ok

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def message(description: Description) -> Any:
    """The document of a model, read back."""
    from mlpcli.exporting.onnx.document import document_of

    return onnx.load_from_string(document_of(description))


@pytest.fixture
def described(models: Models) -> Description:
    """A classification by texts, numbers and codes."""
    return describe(open_model(models.sample("levels")))


def test_inputs_and_outputs_have_names_types_and_notes(described: Description) -> None:
    graph = message(described).graph
    notes = {one.name: one.doc_string for one in graph.input}
    assert notes == {
        "length (mm)": (
            "the number of the cell; where it is missing NaN or -999, and the row then has no prediction"
        ),
        "Größe": 'the text of the cell; where it is missing "" or "-999"',
        "1st": 'the text of the cell; where it is missing "" or "-999"',
        "flag": 'the text of the cell; where it is missing "" or "-999", and the row then has no prediction',
    }
    shapes = {
        one.name: (one.type.tensor_type.elem_type, [dim.dim_param or dim.dim_value for dim in dims])
        for one in (*graph.input, *graph.output)
        for dims in (one.type.tensor_type.shape.dim,)
    }
    number, text = onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING
    assert shapes == {
        "length (mm)": (number, ["rows", 1]),
        **{name: (text, ["rows", 1]) for name in ("Größe", "1st", "flag")},
        "prediction": (text, ["rows", 1]),
        "probability": (number, ["rows", 2]),
    }


def test_the_metadata_say_what_it_is(described: Description) -> None:
    document = message(described)
    found = {one.key: one.value for one in document.metadata_props}
    assert found["model_sha256"] == described.sha256
    assert (found["task"], json.loads(found["targets"])) == ("classification", ["two"])
    assert json.loads(found["classes"]) == ["no", "yes"]
    assert [one["name"] for one in json.loads(found["inputs"])] == [one.name for one in described.columns]
    assert described.sha256 not in document.graph.doc_string


@pytest.mark.parametrize(
    ("sample", "names"),
    [
        ("numbers", ["y_prediction", "y2_prediction"]),
        ("rare levels", ["l1_prediction", "l1_probability", "l2_prediction", "l2_probability"]),
        ("orders", ["prediction"]),
        ("robust", ["prediction"]),
    ],
)
def test_outputs_are_called_as_the_columns_of_predict(sample: str, names: list[str], models: Models) -> None:
    document = message(describe(open_model(models.sample(sample))))
    assert [one.name for one in document.graph.output] == names
    assert all(one.doc_string for one in document.graph.output)


def _renamed(description: Description, name: str) -> Description:
    """The same model with another name for its first column."""
    old = description.columns[0].name
    features = [
        tuple(replace(one, column=name) if one.column == old else one for one in features)
        for features in description.encodings
    ]
    columns = (replace(description.columns[0], name=name), *description.columns[1:])
    return replace(description, columns=columns, encodings=tuple(features))


LEVELS = Levels(("a",), (0,), 1, "text", None, -1)
MOMENT = (DatePart("hour", cyclic=False),)


def _read_as(*kinds: Any) -> Callable[[Description], Description]:
    """A model whose networks read a column of texts in these ways."""

    def changed(description: Description) -> Description:
        columns = (TextColumn("t", ("",), ()), *description.columns)
        encodings = tuple((kind, *description.encodings[0]) for kind in kinds)
        return replace(description, columns=columns, encodings=encodings)

    return changed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: _renamed(one, ""), "onnx: a column has no name"),
        (lambda one: _renamed(one, "prediction"), "onnx: column 'prediction' has the name of an output"),
        (_read_as(Code("t", LEVELS), Number("t", None, False, 0.0, 1.0, False)), "several ways"),
        (_read_as(Code("t", LEVELS), Date("t", None, None, MOMENT)), "several ways"),
        (_read_as(Date("t", None, None, MOMENT), Date("t", None, "%H", MOMENT)), "several ways"),
    ],
)
def test_what_cannot_be_said_is_told_with_the_column(
    change: Callable[[Description], Description], told: str, described: Description
) -> None:
    with pytest.raises(ConfigError, match=told):
        message(change(described))


@pytest.mark.parametrize(
    "name", ["a/b", "1st ", "Größe\n2", 'q"uote', "\U0001f600", "x" * 300, "exp", "weight"]
)
def test_any_other_name_is_a_name(name: str, described: Description) -> None:
    document = message(_renamed(described, name))
    onnx.checker.check_model(document, full_check=True)
    assert document.graph.input[0].name == name


def test_a_model_beyond_two_gibibytes_is_refused(
    described: Description, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli.exporting.onnx import document

    monkeypatch.setattr(document, "LARGEST", 1_000)
    with pytest.raises(ConfigError, match="larger than 2 GiB"):
        message(described)


def test_without_onnx_it_is_told_what_to_install(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = util.find_spec
    monkeypatch.setattr(
        "mlpcli.exporting.onnx.exporter.find_spec", lambda name: None if name == "onnx" else find(name)
    )
    done = mlp("export", models.sample("robust"), "-o", tmp_path / "m.onnx")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "mlp: error: the format onnx needs the package onnx\nhint: pip install 'mlpcli[onnx]'\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("runtime", ["onnxruntime", "the reference evaluator of onnx"])
def test_a_check_says_what_ran_it(
    runtime: str, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime != "onnxruntime":
        monkeypatch.setattr("mlpcli.exporting.onnx.running.find_spec", lambda _: None)
    model = models.sample("dates")
    out = tmp_path / "m.onnx"
    done = ok("export", model, "-o", out, "--check", models.hostile)
    assert f" by {runtime} " in done.out
    assert "column 'day' is a number to the graph: the seconds from 1970-01-01 00:00 to the date" in done.err
    again = tmp_path / "other name.onnx"
    document = ok("export", model, "-o", again, "--check", models.hostile, "--json").document()
    assert document["check"]["verdict"] == "ok"
    assert document["check"]["runner"].startswith(runtime)
    assert again.read_bytes() == out.read_bytes()
    assert mlp("export", model, "-o", "-", "--format", "onnx").code == 2


# a document is written, and no runtime is loaded for it; then it is run
EXPORT_THEN_CHECK = """
import sys
from mlpcli.cli import run
model, table = sys.argv[1:]
run(["export", model, "-o", "m.onnx", "-q"])
assert not {"onnxruntime", "onnx.reference"} & sys.modules.keys()
run(["export", model, "-o", "m.onnx", "--check", table])
assert "onnxruntime" in sys.modules
"""


def test_a_check_leaves_nothing_in_the_home_directory(models: Models, tmp_path: Path) -> None:
    """onnxruntime would, where it is not told not to, and nothing in the environment says that this is CI."""
    home, place = tmp_path / "home", tmp_path / "place"
    home.mkdir()
    place.mkdir()
    kept = {key: text for key, text in os.environ.items() if key in {"PATH", "PYTHONPATH", "LANG"}}
    command = [sys.executable, "-c", EXPORT_THEN_CHECK, models.sample("robust"), models.hostile]
    subprocess.run(command, env={**kept, "HOME": str(home)}, cwd=place, capture_output=True, check=True)
    assert [path.name for path in place.iterdir()] == ["m.onnx"]
    assert not list(home.iterdir())


def test_dates_are_given_as_seconds() -> None:
    day = Date("d", None, "%d.%m.%Y", ())
    found = seconds_of(["02.01.1970", "", "NA", "31.02.2024"], ("", "NA"), day)
    np.testing.assert_array_equal(found, [86_400.0, np.nan, np.nan, np.inf])
    milliseconds = Date("d", None, "epoch_ms", ())
    found = seconds_of(["1500", "-1", "1"], ("", "-1"), milliseconds)
    np.testing.assert_array_equal(found, [1500.0, np.nan, 1.0])
    clock = Date("d", None, "%H:%M", ())
    assert seconds_of(["01:00"], ("",), clock)[0] % 86_400 == 3_600


def test_a_column_of_numbers_with_marks_takes_them_for_missing(models: Models) -> None:
    description = describe(open_model(models.sample("numbers")))
    (column,) = (one for one in description.columns if one.name == "marked")
    assert isinstance(column, NumberColumn)
    assert column.blank_numbers == (-999.0,)
