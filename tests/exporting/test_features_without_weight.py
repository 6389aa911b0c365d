"""A feature whose weights are all zero stays an input of every export, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlpcli.exporting.exporter import Cells, Scorer
from mlpcli.exporting.steps import Affine
from tests.support.compiled_models import COMPILER, Exported, c_scorer, numpy_scorer, python_scorer
from tests.support.exported_models import model_of, written_table

IDLE, OTHER = "number", "wide"
NUMBERS = (-1e3, 0.0, 0.25, 7.0)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A model of two numbers, the first of which has weights of zero."""
    directory = tmp_path_factory.mktemp("idle")
    written_table(directory)
    exported = Exported.of(
        model_of(directory, "idle", (IDLE, OTHER), model={"layers": ["auto", 4, "auto"]}), "idle"
    )
    (member,) = exported.description.members
    first, *rest = member.steps
    assert isinstance(first, Affine)
    weight = first.weight.copy()
    weight[0] = 0.0
    member = replace(member, steps=(replace(first, weight=weight), *rest))
    return replace(exported, description=replace(exported.description, members=(member,)))


def onnx_scorer(_directory: Path, exported: Exported) -> Scorer:
    """What the graph says."""
    pytest.importorskip("onnx")
    from mlpcli.exporting.onnx.document import document_of
    from mlpcli.exporting.onnx.inputs import given_columns
    from mlpcli.exporting.onnx.running import answers_of, fed, reference_runner

    run, given = reference_runner(document_of(exported.description)), given_columns(exported.description)
    assert [one.column.name for one in given] == [IDLE, OTHER]
    return lambda cells: answers_of(run(fed(cells, given)))


def compiled_scorer(directory: Path, exported: Exported) -> Scorer:
    """What the library of C says."""
    if COMPILER is None:
        pytest.skip("no C compiler is here")
    scorer = c_scorer(directory, exported)
    assert f"double {IDLE};" in (directory / "idle.h").read_text("utf-8")
    return scorer


SCORERS: dict[str, Callable[[Path, Exported], Scorer]] = {
    "onnx": onnx_scorer,
    "c": compiled_scorer,
    "python": lambda _, exported: python_scorer(exported),
    "numpy": lambda _, exported: numpy_scorer(exported),
}


def rows_of(column: str) -> Cells:
    """Rows that are different in this column alone."""
    numbers = {name: np.array(NUMBERS if name == column else [1.0] * len(NUMBERS)) for name in (IDLE, OTHER)}
    texts = {name: [repr(one) for one in values.tolist()] for name, values in numbers.items()}
    return Cells(len(NUMBERS), numbers, texts, np.zeros(len(NUMBERS), dtype=bool))


@pytest.mark.parametrize("form", SCORERS)
def test_a_feature_without_weight_is_an_input_that_changes_nothing(
    form: str, idle: Exported, tmp_path: Path
) -> None:
    score = SCORERS[form](tmp_path, idle)
    _, *same = score(rows_of(IDLE))
    assert all(len(set(np.asarray(column).tolist())) == 1 for column in same)
    _, *other = score(rows_of(OTHER))
    assert all(len(set(np.asarray(column).tolist())) == len(NUMBERS) for column in other)
    lacking = rows_of(OTHER)
    lacking = replace(lacking, numbers={OTHER: lacking.numbers[OTHER]}, texts={OTHER: lacking.texts[OTHER]})
    with pytest.raises(KeyError, match=IDLE):
        score(lacking)
