"""The rows of an input for a model: by name, in order, all of them, in bounded memory."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data import encoding
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import Batch, Labelling, batches, labelled_batches
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.target import class_target
from mlpcli.errors import DataError
from mlpcli.tables import source
from mlpcli.tables.patterns import open_input
from mlpcli.tables.reader import open_table
from mlpcli.tables.row_digest import RowDigest
from mlpcli.tables.some_rows import Taken
from tests.support.tables import PLAIN, all_rows, content_file, table_of

TRAIN = table_of({"n": [1, 2, 3, 4], "t": ["a", "b", "a", "b"]}, numbers=("n",), texts=("t",))
FEATURES = {"n": FeatureSpec.model_validate("none"), "t": FeatureSpec.model_validate("one_hot")}
ENCODER: InputEncoder = fit_inputs(FEATURES, MissingSpec(name="error"), TRAIN, all_rows(TRAIN)).encoder
INPUT = "n,t,id,y\n5,a,007,no\n,b, x ,yes\n7,c,NA,no\nx,a,,yes\n9,b,1.0,yes\n"


def read_batches(content: str, carried: Sequence[str] = (), chunk: int = 1 << 20) -> list[Batch]:
    """All batches of a content."""
    with patch.object(source, "CHUNK", chunk), open_table(content_file(content), PLAIN) as reader:
        return list(batches(reader, ENCODER, "float64", Taken(carried)))


@pytest.mark.parametrize("chunk", [16, 1 << 20])
@pytest.mark.parametrize("entries", [3, 1 << 20])
def test_rows_keep_their_order_and_number(chunk: int, entries: int) -> None:
    """Bad rows too, so that a prediction can be left out for them alone."""
    with patch.object(encoding, "BATCH_ENTRIES", entries):
        found = read_batches(INPUT, ("id", "n"), chunk)
    x = np.concatenate([batch.x for batch in found])
    assert x.tolist() == [[5, 1, 0], [0, 0, 1], [7, 0, 0], [0, 1, 0], [9, 0, 1]]
    assert np.concatenate([batch.bad_rows for batch in found]).tolist() == [False, True, False, True, False]
    assert [text for batch in found for text in batch.texts("id")] == ["007", " x ", "NA", "", "1.0"]
    assert [text for batch in found for text in batch.texts("n")] == ["5", "", "7", "x", "9"]
    assert sum(unseen.count for batch in found for unseen in batch.unseen) == 1


@pytest.mark.parametrize("entries", [3, 1 << 20])
def test_bad_rows_have_places(entries: int) -> None:
    """The line in the file, whichever batch it is in."""
    with patch.object(encoding, "BATCH_ENTRIES", entries):
        found = [batch for batch in read_batches(INPUT) if batch.faults]
    lines = []
    for batch in found:
        with pytest.raises(DataError) as caught:
            batch.require_good()
        lines += [str(problem.place) for problem in caught.value.problems]
    assert sorted(lines) == ["t.csv:3", "t.csv:5"]


def test_a_good_batch_is_not_refused() -> None:
    """Also with a category that is new."""
    (batch,) = read_batches("n,t\n1,z\n")
    batch.require_good()
    assert batch.x.tolist() == [[1, 0, 0]]


@given(st.permutations(range(4)))
def test_the_order_of_columns_never_matters(order: Sequence[int]) -> None:
    """They are taken by name, others are not looked at."""
    shuffled = "".join(
        ",".join(line.split(",")[i] for i in order) + "\n" for line in INPUT.strip().split("\n")
    )
    (first,), (second,) = read_batches(INPUT), read_batches(shuffled)
    assert first.x.tobytes() == second.x.tobytes()


def test_columns_that_are_not_there_are_all_named() -> None:
    """With those that may have been meant."""
    with pytest.raises(DataError) as caught:
        read_batches("N,u,v\n1,2,3\n", ["id"])
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv:1: there is no column 'n'",
        "hint: did you mean 'N'?",
        "mlp: error: t.csv:1: there is no column 't'",
        "mlp: error: t.csv:1: there is no column 'id'",
        "hint: the columns are: N, u, v",
    ]


def test_an_input_without_rows_is_one_empty_batch() -> None:
    """That is no mistake of the reader, and whoever writes what comes of it knows the types."""
    (batch,) = read_batches("n,t\n")
    assert batch.x.shape == (0, 3)


def test_labelled_rows() -> None:
    """Inputs and targets side by side, with weights if a column holds them."""
    target = class_target("y", ("no", "yes"), "mse")
    content = "w,y,t,n\n2,yes,a,1\n1,no,b,2\n"
    with open_table(content_file(content), PLAIN) as reader:
        (batch,) = labelled_batches(reader, ENCODER, "float64", Labelling(target, "w"), RowDigest())
    assert batch.inputs.x.tolist() == [[1, 1, 0], [2, 0, 1]]
    assert batch.y.tolist() == [[1], [0]]
    assert batch.sample_weights is not None
    assert batch.sample_weights.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("maybe,a,1", "column 'y': the class 'maybe' is none of those in the training rows"),
        (",a,1", "column 'y': a missing value"),
        ("no,a,", "column 'n': a missing value, and no policy for it"),
    ],
)
def test_labelled_rows_must_be_good(row: str, message: str) -> None:
    """A row that is left out would change what is measured."""
    target = class_target("y", ("no", "yes"), "mse")
    with (
        open_table(content_file(f"y,t,n\nno,a,1\n{row}\n"), PLAIN) as reader,
        pytest.raises(DataError) as caught,
    ):
        list(labelled_batches(reader, ENCODER, "float64", Labelling(target), RowDigest()))
    assert caught.value.problems[0].message == message
    assert str(caught.value.problems[0].place) == "t.csv:3"


def test_a_fifo_is_read_once_and_to_its_end(tmp_path: Path) -> None:
    """Nothing of it can be read twice."""
    path = tmp_path / "input"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(INPUT.encode(),))
    writer.start()
    with open_input(path, PLAIN) as reader:
        found = list(batches(reader, ENCODER, "float64"))
    writer.join()
    assert sum(len(batch.rows) for batch in found) == 5


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    """Four times the rows take no more of it."""
    peaks = []
    for rows in (100_000, 400_000):
        path = tmp_path / "t.csv"
        path.write_text("n,t\n" + "123.456,a\n" * rows)
        with patch.object(source, "CHUNK", 1 << 16):
            tracemalloc.start()
            with open_input(path, PLAIN) as reader:
                assert sum(len(batch.rows) for batch in batches(reader, ENCODER, "float64")) == rows
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
