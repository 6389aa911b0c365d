"""What training on a bare config notes of columns that seem to be something else than it takes them for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mlpcli.config.spec import FeatureSpec
from mlpcli.data.roles import Roles
from mlpcli.survey.notes import column_notes
from tests.support.tables import all_rows, table_of

ROWS = 60
RNG = np.random.default_rng(0)
PLAIN = RNG.normal(size=ROWS).round(3).tolist()


def notes(columns: dict[str, Sequence[Any]], encode: str | None = None) -> list[str]:
    """Those of columns whose encoding is inferred, unless it is given."""
    table = table_of(columns, either=tuple(columns))
    spec = FeatureSpec() if encode is None else FeatureSpec.model_validate(encode)
    stated = {"another": FeatureSpec.model_validate("standardize")}
    return column_notes(table, Roles(dict.fromkeys(columns, spec) | stated, (), (), ()), all_rows(table))


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("v", PLAIN, None),
        ("v", RNG.choice(["a", "b"], ROWS).tolist(), None),
        ("v", RNG.lognormal(3, 2, ROWS).round(2).tolist(), None),
        ("v", [f"08{i % 3}" for i in range(ROWS)], None),
        ("row_id", [17 * i % 61 for i in range(ROWS)],
         "different in every row: a name of the row, which says nothing about others; leave it out: "
         "`exclude: [row_id]`"),
        ("v", [f"{1 + i % 12:02}/{1 + i % 9:02}/2024" for i in range(ROWS)],
         "dates, taken as they stand; their parts would be inputs with "
         '`v: {encode: datetime, format: "%m/%d/%Y"}`'),
        ("v", [f"2024-01-{1 + i % 9:02}" for i in range(ROWS)],
         "dates, taken as they stand; their parts would be inputs with `v: datetime`"),
        ("v", [*(f"2024-01-{1 + i % 9:02}" for i in range(ROWS - 1)), "soon"],
         "dates written as in ISO 8601, but not 'soon'; taken for texts"),
        ("store_id", [7 + i % 5 for i in range(ROWS)],
         "called like a code, and taken for amounts; `store_id: one_hot` takes each for itself"),
        ("v", [-999 if i % 9 == 0 else i % 13 for i in range(ROWS)],
         "'-999' in 7 of the first 60 training rows: if that means missing, name it in `na_values`"),
        ("v", ["?" if i == 3 else i % 13 for i in range(ROWS)],
         "'?' in 1 of the first 60 training rows: if that means missing, name it in `na_values`"),
    ],
)  # fmt: skip
def test_what_is_noted_of_a_column(name: str, cells: list[Any], said: str | None) -> None:
    """One line with what to write, and none where nothing is odd or the config says what it is."""
    assert notes({name: cells}) == ([] if said is None else [f"column '{name}': {said}"])
    assert notes({name: cells}, "one_hot") == []


@pytest.mark.parametrize("values", [range(1, ROWS + 1), [17 * i % 61 for i in range(ROWS)]])
def test_a_numbering_that_stands_alone_is_an_axis(values: Sequence[int]) -> None:
    """A curve over 1, 2, 3, ... is all that there is to learn: nothing is to be left out."""
    table = table_of({"id": list(values)}, either=("id",))
    assert column_notes(table, Roles({"id": FeatureSpec()}, (), (), ()), all_rows(table)) == []


def test_a_handful_is_noted_and_the_others_are_counted() -> None:
    """With the command that says all of them."""
    found = notes({f"id_{i}_id": [17 * j % 61 for j in range(ROWS)] for i in range(8)})
    assert (len(found), found[-1]) == (6, "and 3 more columns; `mlp init` writes a line for each")
