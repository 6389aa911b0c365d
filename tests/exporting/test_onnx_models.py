"""ONNX documents say what `mlp predict` says: in onnxruntime and in the evaluator that comes with onnx."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlpcli
from mlpcli.arrays import Array
from mlpcli.exporting.checking import Comparison, compare
from mlpcli.exporting.description import describe
from mlpcli.exporting.onnx.inputs import given_columns
from mlpcli.exporting.onnx.running import Runner, answers_of, fed, onnxruntime_runner, reference_runner
from mlpcli.run.predictor import Model, open_model
from mlpcli.tables.patterns import open_input
from tests.support.export_cases import MATRIX, SAMPLE, Models, training_table, write_table

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

RUNNERS: dict[str, Callable[[bytes], Runner]] = {
    "onnxruntime": onnxruntime_runner,
    "reference": reference_runner,
}


def document(model: Model) -> bytes:
    """The model as ONNX."""
    from mlpcli.exporting.onnx.document import document_of

    return document_of(describe(model))


def compared(model: Model, run: Runner, table: Path) -> Comparison:
    """How far a document is from the model, on the rows of a table."""
    description = describe(model)
    given = given_columns(description)
    with open_input(table, replace(model.form, empty_rows=True)) as reader:
        return compare(model, description, reader, lambda cells: answers_of(run(fed(cells, given))), True)


def require_same(path: Path, table: Path) -> None:
    """A document is sound, always the same, has every column, and says what the model says."""
    model = open_model(path)
    content = document(model)
    assert document(open_model(path)) == content
    graph = onnx.load_from_string(content)
    onnx.checker.check_model(graph, full_check=True)
    onnx.shape_inference.infer_shapes(graph, check_type=True, strict_mode=True, data_prop=True)
    assert graph.ir_version == 8
    assert {one.domain: one.version for one in graph.opset_import} == {"": 17, "ai.onnx.ml": 3}
    assert {one.name for one in graph.graph.input} == set(model.inputs.wanted.names)
    for name, runner in RUNNERS.items():
        found = compared(model, runner(content), table)
        assert found.good, (name, found)
        assert (found.rows > 60, found.left_out) == (True, 0)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_document_says_what_the_model_says_of_hostile_rows(name: str, models: Models) -> None:
    require_same(models.sample(name), models.hostile)


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-10, 10).map(lambda number: f"{number:.3f}"),
    st.integers(-(2**60), 2**60).map(str),
    st.sampled_from(["", "-999", "0", "-0.0", "5e-324", "1e38", "4e38"]),
)
words = st.one_of(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn")), max_size=6),
    st.sampled_from(["", "-999", *training_table()["Größe"][:20]]),
)
moments = st.datetimes().map(lambda date: date.isoformat(timespec="seconds"))
RANDOM = {"length (mm)": numbers, "a/b": numbers, "marked": numbers, "far": numbers, "same": numbers}
RANDOM |= {"Größe": words, "when": st.one_of(moments, words), "epoch": numbers}


@pytest.mark.parametrize("name", ["robust", "ranks", "vectors alone", "dates"])
def test_a_document_says_what_the_model_says_of_any_cells(
    name: str, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = open_model(models.sample(name))
    run, table = onnxruntime_runner(document(model)), tmp_path_factory.mktemp("any") / "any.csv"
    usual = {column: cells[5] for column, cells in training_table().items()}
    used = [column for column in model.inputs.wanted.names if column in RANDOM]

    @settings(max_examples=8)
    @given(
        st.lists(st.fixed_dictionaries({column: RANDOM[column] for column in used}), min_size=1, max_size=8)
    )
    def same(rows: list[dict[str, str]]) -> None:
        filled = [usual | row for row in rows]
        write_table(table, {column: [row[column] for row in filled] for column in usual})
        found = compared(model, run, table)
        assert found.good, found

    same()


@pytest.mark.slow  # `python -m pytest -m slow tests/exporting/test_onnx_models.py`: some 3 minutes
@pytest.mark.parametrize("name", MATRIX)
def test_every_choice_by_itself_says_what_the_model_says(name: str, models: Models) -> None:
    require_same(models.trained(MATRIX[name]), models.hostile)


def test_a_document_is_used_as_the_readme_says(models: Models) -> None:
    """With frames and without mlp; beside the entrance for Python, which goes another way."""
    path = models.sample("levels")
    frame = pd.read_csv(models.hostile, dtype={"1st": str, "flag": str}, keep_default_na=False)[:20]
    frame["length (mm)"] = frame["length (mm)"].astype(float)
    trained = mlpcli.load(path)
    run = onnxruntime_runner(document(open_model(path)))
    found = run({name: frame[[name]].to_numpy() for name in trained.features})
    assert found["prediction"][:, 0].tolist() == trained.predict(frame).tolist()
    np.testing.assert_allclose(found["probability"], trained.predict_proba(frame), rtol=1e-6)


def test_one_row_and_none_are_rows_too(models: Models) -> None:
    path = models.sample("vectors")
    run = onnxruntime_runner(document(open_model(path)))
    full = row_inputs(models, path)
    (alone,) = run(full)["prediction"]
    assert alone[0].startswith("c")
    none = run({name: values[:0] for name, values in full.items()})
    assert (none["prediction"].shape, none["probability"].shape) == ((0, 1), (0, 12))


def row_inputs(models: Models, path: Path) -> dict[str, Array]:
    """The inputs of a usual row."""
    frame = pd.read_csv(models.hostile, dtype=str, keep_default_na=False)[5:6]
    wanted = open_model(path).inputs.wanted
    numbers = {name: frame[[name]].replace("", "nan").to_numpy(np.float64) for name in wanted.numbers}
    return numbers | {name: frame[[name]].to_numpy(object) for name in wanted.texts}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda value: {"length (mm)": value.astype(np.float32)}, "Unexpected input data type"),
        (lambda value: {"length (mm)": value.astype(str)}, "Unexpected input data type"),
        (lambda value: {"length (mm)": value[:, 0]}, "Invalid rank for input"),
        (lambda value: {"length (mm)": np.hstack([value, value])}, "Got invalid dimensions for input"),
        (lambda value: {"length": value}, "Required inputs .* are missing"),
        (lambda value: {"length (mm)": value, "height": value}, "Invalid input name: height"),
    ],
)
def test_onnxruntime_refuses_inputs_of_another_kind(
    change: Callable[[Array], dict[str, Array]], told: str, models: Models
) -> None:
    """As the README's table has it."""
    path = models.sample("vectors")
    run = onnxruntime_runner(document(open_model(path)))
    given = row_inputs(models, path)
    with pytest.raises(Exception, match=told):
        run(given | change(given.pop("length (mm)")))


def test_one_wrong_weight_is_found(models: Models) -> None:
    """The tests above can fail."""
    model = open_model(models.sample("robust"))
    wrong = open_model(models.sample("robust"))
    wrong.members[0].network.theta[3] += 1e-3
    assert not compared(model, onnxruntime_runner(document(wrong)), models.hostile).good
