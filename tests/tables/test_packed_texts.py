"""Texts that are only carried to the end of a run come back as they were, and cost little until then."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.tables import columns, source
from mlpcli.tables.columns import TextColumn
from mlpcli.tables.packed_texts import join_packed, packed
from mlpcli.tables.reader import read_whole
from mlpcli.tables.table import Wanted
from tests.support.tables import PLAIN, content_file, prepare

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=30)


def column(texts: list[str]) -> TextColumn:
    levels = list(dict.fromkeys(texts))
    return TextColumn(np.array([levels.index(text) for text in texts], np.intp), tuple(levels))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_is_packed_comes_back(parts: list[list[str]]) -> None:
    """Empty texts, and those of several bytes a character; in any order, of one piece or several."""
    whole = [text for part in parts for text in part]
    kept = join_packed(packed(column(part)) for part in parts)
    assert len(kept) == len(whole)
    rows = np.arange(len(whole))
    assert kept.take(rows).tolist() == whole
    assert kept.take(rows[::-2]).tolist() == whole[::-2]


@pytest.mark.parametrize("chunk", [64, 1 << 20])
def test_carried_columns_come_besides_those_that_are_read(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One may be both; one that is not there is left out."""
    monkeypatch.setattr(source, "CHUNK", chunk)
    lines = [f"{i},{i % 3},id-{i:03}" for i in range(100)]
    content = "\n".join(["x,both,id", *lines, ""])
    whole = read_whole(
        content_file(content),
        PLAIN,
        lambda _: Wanted(numbers=("x",), texts=("both",)),
        ("id", "both", "none"),
    )
    assert list(whole.table.texts) == ["both"]
    assert list(whole.carried) == ["id", "both"]
    rows = np.arange(100)
    assert whole.carried["id"].take(rows).tolist() == [f"id-{i:03}" for i in range(100)]
    assert whole.carried["both"].take(rows).tolist() == whole.table.text("both").texts().tolist()


def test_no_id_is_left_as_a_text_of_its_own(tmp_path: Path) -> None:
    """Neither in the table, which is given up, nor where texts of other columns are looked up again."""
    rows = [f"{i / 7:.4f},{'ab'[i % 2]},unique-{i:05}" for i in range(3000)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,id", *rows, ""]), "utf-8")
    (tmp_path / "c.yaml").write_text("data: {train: t.csv, target: y, id: id, test: 0.3}", "utf-8")
    columns._places.cache_clear()
    prepared = prepare(load_config(tmp_path / "c.yaml"))
    gc.collect()
    tuples = [held for held in gc.get_objects() if isinstance(held, tuple | list) and len(held) >= 100]
    assert not [held for held in tuples if isinstance(held[0], str) and held[0].startswith("unique-")]
    (file,) = prepared.origins.files
    assert file.ids["id"].take(np.array([0, 2999])).tolist() == ["unique-00000", "unique-02999"]
    assert len(file.ids["id"].content) == 3000 * len("unique-00000")
