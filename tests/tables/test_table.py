"""Tables: who owns one gives it up span by span, other formats are one row of a table, settings are keys."""

from __future__ import annotations

import csv
import hashlib
import weakref
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.fitting import fit_inputs
from mlpcli.errors import ConfigError, NotThereError, SettingError, WrongSetting
from mlpcli.tables.columns import Notation
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.header import Header
from mlpcli.tables.owners import TableOwner
from mlpcli.tables.reader import OPENERS
from mlpcli.tables.source import DataFile
from mlpcli.tables.table import Table, Wanted
from tests.support.tables import all_rows, config_for, prepare, read, table_of

ROWS = "".join(f"{i},{'ab'[i % 2]},{i * i}\n" for i in range(60))


def owned(pieces: int) -> TableOwner:
    """The rows as a table in so many pieces, as a reader has it that reads block by block."""
    whole = read("n,t,m\n" + ROWS, Wanted(numbers=("n", "m"), texts=("t",))).table
    cut = np.linspace(0, whole.rows, pieces + 1).astype(int).tolist()
    numbers = {name: [one.between(*ends) for ends in pairwise(cut)] for name, (one,) in whole.numbers.items()}
    return TableOwner(replace(whole, numbers=numbers))


@given(pieces=st.sampled_from([1, 2, 7]), most=st.sampled_from([1, 7, 100]))
def test_every_row_is_handed_out_once_in_its_order(pieces: int, most: int) -> None:
    """With all its columns, and its line in the file."""
    spans = list(owned(pieces).give_up(most))
    assert [span.start for span in spans] == [0, *(span.stop for span in spans[:-1])]
    assert all(0 < span.stop - span.start == span.table.rows <= most for span in spans)
    numbers, squares = (
        np.concatenate([span.table.number(name).values for span in spans]) for name in ("n", "m")
    )
    texts = np.concatenate([span.table.text("t").texts() for span in spans])
    assert numbers.tolist() == list(range(60))
    assert squares.tolist() == [i * i for i in range(60)]
    assert texts.tolist() == ["ab"[i % 2] for i in range(60)]
    assert spans[-1].table.place(59).line == 61


def test_what_has_been_handed_out_is_not_kept() -> None:
    """A piece goes with its last span, before the next one comes, and the table cannot be had any more."""
    content = "n\n" + "".join(f"{i}.{i:0100d}\n" for i in range(4000))
    owner = read(content, Wanted(numbers=("n",)), chunk=100_000).owner
    pieces = [weakref.ref(piece.values) for piece in owner.table.numbers["n"]]
    bounds = owner.table.bounds
    assert len(pieces) > 2
    for span in owner.give_up(4000):
        stop = span.stop
        del span
        later = bounds.index(stop)
        assert [piece() is not None for piece in pieces[later:]] == [True] * (len(pieces) - later)
        assert [piece() for piece in pieces[: later - 1]] == [None] * (later - 1)
    assert not any(piece() is not None for piece in pieces)
    with pytest.raises(RuntimeError, match="given up"):
        _ = owner.table


class RowsReader:
    """A reader of a format of its own: JSON-like rows of cells, the header first."""

    def __init__(self, file: DataFile, form: CsvFormat) -> None:
        with file.open() as handle:
            content = handle.read()
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.notation = form.notation
        rows = [eval(line) for line in content.decode().splitlines()]
        self.header = Header(file.name, tuple(rows[0]))
        self.sample = rows[1:]
        self.last_notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def skip(self, most: float = inf) -> int:
        """All rows or none."""
        return len(self.sample) if most >= len(self.sample) else 0

    def tables(self, wanted: Wanted, **_: bool) -> Iterator[Table]:
        """All rows at once, by way of the CSV that they could have been."""
        lines = [",".join(self.header.names), *map(",".join, self.sample)]
        yield read("\n".join(lines) + "\n", wanted).table


def test_another_format_is_a_module_and_a_row(tmp_path: Path) -> None:
    """The same rows train the same, whatever file they come from."""
    config = config_for(tmp_path, "n,t,y\n" + ROWS, ["target: y", "validation: 0.2", "test: v.rows"])
    rows = list(csv.reader(["n,t,y", *ROWS.splitlines()]))
    (tmp_path / "t.rows").write_text("\n".join(map(repr, rows)))
    (tmp_path / "v.rows").write_text("\n".join(map(repr, rows)))
    with patch.dict(OPENERS, {".rows": RowsReader}):
        first = prepare(config)
        second = prepare(load_config(config.path, ["data.train=" + str(tmp_path / "t.rows")]))
    assert first.train.x.tobytes() == second.train.x.tobytes()
    assert first.test is not None
    assert second.test is not None
    assert len(first.test.x) == 60
    assert first.test.x.tobytes() == second.test.x.tobytes()
    assert first.sha256 == second.sha256


def test_settings_that_are_wrong_are_told_with_their_places(tmp_path: Path) -> None:
    """Several at once; what is not there is an error of the data."""
    config = config_for(tmp_path, "x,y\n1,2\n", ["target: y", "decimal: '.'"])
    wrong = WrongSetting(("data", "target"), "one"), WrongSetting(("data", "decimal"), "two", "a hint")
    with pytest.raises(ConfigError) as caught, config.places():
        raise SettingError(*wrong)
    found = [(problem.place, problem.message, problem.hint) for problem in caught.value.problems]
    assert [(place and (place.line, place.column), *rest) for place, *rest in found] == [
        ((3, 11), "one", None),
        ((4, 12), "two", "a hint"),
    ]
    with pytest.raises(NotThereError.placed, match=r"c\.yaml:3:11: gone"), config.places():
        raise NotThereError.of(("data", "target"), "gone")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), min_size=2, max_size=9))
def test_repetitions_are_the_same_rows_again(rows: list[tuple[int, int]]) -> None:
    """In every scaling, also of logarithms and with filled cells."""
    values = [None, *(value for value, _ in rows)]
    counts = np.array([2, *(count for _, count in rows)])
    table = table_of({"x": values, "k": counts.tolist()}, numbers=("x",))
    for encode in ("standardize", "robust", "minmax", "maxabs", "log1p"):
        spec = {"x": FeatureSpec.model_validate({"encode": encode, "missing": {"constant": 3}})}
        again = np.repeat(all_rows(table), counts)
        weighted = fit_inputs(
            spec, MissingSpec(name="error"), table, all_rows(table), counts.astype(float)
        ).encoder
        repeated = fit_inputs(spec, MissingSpec(name="error"), table, again).encoder
        np.testing.assert_allclose(
            weighted.features[0].numbers, repeated.features[0].numbers, rtol=1e-9, atol=1e-12
        )


def test_a_notation_says_what_is_missing() -> None:
    """The empty text, and those that the format names."""
    assert CsvFormat(decimal=",", na_values=("NA",)).notation == Notation(",", frozenset({"", "NA"}))
