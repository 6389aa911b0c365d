"""Tables whose columns are in a file: cell by cell what they are in memory, whenever they went there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.parse_spec import ParseSpec
from mlpcli.errors import DataError, OutputError
from mlpcli.storage import cache as cache_module
from mlpcli.storage import scratch_file
from mlpcli.storage.cache import Cache
from mlpcli.tables import collected, csv_rows, source
from mlpcli.tables.bad_cells import refuse_texts
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.owners import StoredOwner, TableOwner
from mlpcli.tables.reader import WholeFile, read_whole
from mlpcli.tables.table import Table, Wanted
from tests.support.tables import PLAIN, content_file

CELLS = st.sampled_from(["1", "-2.5", "", "é", "x", "08", "1e400", "nan", "town 7", "a,b"])
WANTED = Wanted(numbers=("n",), texts=("t", "id"), either=("e", "f"))
NAMES = ("n", "t", "e", "f", "id")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of a few rows, each written as it comes."""
    monkeypatch.setattr(source, "CHUNK", 64)
    monkeypatch.setattr(csv_rows, "SAMPLE", 64)
    monkeypatch.setattr(collected, "BLOCK_BYTES", (1, 1))
    yield


def contents(rows: list[tuple[str, str]]) -> str:
    """A table with numbers, texts, what may be either, what turns into texts late, and texts of their own."""
    lines = [
        f'{i},"{text}","{either}",{i if i < len(rows) - 1 else "late"},id-{i}'
        for i, (text, either) in enumerate(rows)
    ]
    return "\n".join([",".join(NAMES), *lines, ""])


def whole_file(content: str, cache: Cache, wanted: Wanted = WANTED, form: CsvFormat = PLAIN) -> WholeFile:
    """All rows, with `id` carried along besides."""
    return read_whole(content_file(content), form, lambda _: wanted, ("id",), cache)


def assert_same(one: Table, other: Table) -> None:
    """The same columns, cell by cell, bad ones included."""
    assert set(one.numbers) == set(other.numbers)
    assert (len(one.numbers), len(one.texts)) == (len(other.numbers), len(other.texts))
    assert one.with_bad_cells == other.with_bad_cells
    for name in one.numbers:
        assert (name in other.numbers, name in other.texts) == (True, name in one.texts)
        expected, found = one.number(name), other.number(name)
        np.testing.assert_array_equal(expected.values, found.values)
        assert expected.bad.rows.tolist() == found.bad.rows.tolist()
        assert expected.bad.texts.tolist() == found.bad.texts.tolist()
        assert expected.bad.hold_text == found.bad.hold_text
    assert set(one.texts) == set(other.texts)
    for name in one.texts:
        assert one.text(name).texts().tolist() == other.text(name).texts().tolist()
        assert one.text(name).counts() == other.text(name).counts()
        assert one.missing(name).tolist() == other.missing(name).tolist()


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=40), st.integers(1, 50))
def test_a_table_in_a_file_is_the_one_in_memory(rows: list[tuple[str, str]], most: int) -> None:
    """Whole, and span by span for whoever owns it."""
    content = contents(rows)
    with Cache("disk") as cache:
        one, other = whole_file(content, Cache("memory")), whole_file(content, cache)
        assert isinstance(one.owner, TableOwner)
        assert isinstance(other.owner, StoredOwner)
        assert one.digest == other.digest
        assert_same(one.table, other.table)
        spans = list(other.owner.another().give_up(most))
        assert [span.start for span in spans] == list(range(0, len(rows), most))
        for span in spans:
            some = np.arange(span.start, span.stop)
            assert span.table.rows == len(some)
            for name in one.table.numbers:
                expected, found = one.table.number(name, some), span.table.number(name)
                np.testing.assert_array_equal(expected.values, found.values)
                assert expected.bad.rows.tolist() == found.bad.rows.tolist()
            for name in one.table.texts:
                assert one.table.text(name, some).texts().tolist() == span.table.text(name).texts().tolist()
        assert_same(one.table, other.table)
        which = np.random.default_rng(most).permutation(len(rows))[: most // 2]
        assert one.carried["id"].take(which).tolist() == other.carried["id"].take(which).tolist()
        for some in (which, np.sort(which), np.sort(np.append(which, which[:3])), np.arange(len(rows))):
            for name in one.table.numbers:
                expected, found = (table.only(name).number(name, some) for table in (one.table, other.table))
                np.testing.assert_array_equal(expected.values, found.values)
                assert expected.bad.rows.tolist() == found.bad.rows.tolist()
                assert expected.bad.texts.tolist() == found.bad.texts.tolist()
            for name in one.table.texts:
                expected_texts, found_texts = (table.text(name, some) for table in (one.table, other.table))
                assert expected_texts.texts().tolist() == found_texts.texts().tolist()
        only = {name: other.table.only(name) for name in NAMES if name != "id"}
        assert all(set(table.numbers) | set(table.texts) == {name} for name, table in only.items())


def test_memory_may_become_short_at_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    content = contents([("town", str(i)) for i in range(300)])
    expected = whole_file(content, Cache("memory"))
    for after in (1, 3, 10):
        asked: list[int] = []

        def holds(_needed: int, asked: list[int] = asked, after: int = after) -> bool:
            asked.append(1)
            return len(asked) < after

        with Cache("auto") as cache:
            monkeypatch.setattr(cache, "holds", holds)
            found = whole_file(content, cache)
            assert isinstance(found.owner, StoredOwner)
            assert len(asked) == after
            assert_same(expected.table, found.table)
            rows = np.arange(300)
            assert found.carried["id"].take(rows).tolist() == [f"id-{i}" for i in rows]


def test_with_enough_memory_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "available_bytes", lambda: 10**12)
    with Cache("auto") as cache:
        assert isinstance(whole_file(contents([("a", "b")] * 9), cache).owner, TableOwner)
        assert cache.note is None


def test_texts_that_are_decorated_numbers_are_numbers_piece_by_piece() -> None:
    form = CsvFormat(decorations={"t": ParseSpec(prefix="$")})
    content = "t\n" + "".join(f"${i}.5\n" for i in range(40)) + "none\n"
    wanted = Wanted(texts=("t",))
    with Cache("disk") as cache:
        one = read_whole(content_file(content), form, lambda _: wanted).table
        other = read_whole(content_file(content), form, lambda _: wanted, (), cache).table
        for rows in (None, np.array([40, 3])):
            expected, found = one.number("t", rows), other.number("t", rows)
            np.testing.assert_array_equal(expected.values, found.values)
            assert expected.bad.texts.tolist() == found.bad.texts.tolist() == ["none"]


def test_texts_among_numbers_are_refused_with_their_lines() -> None:
    content = "n,m\n" + "".join(f"{i},{i}\n" for i in range(30)) + "x,1\n" + "1,2\n" * 10 + "y,3\n"
    told, wanted = [], Wanted(numbers=("n", "m"))
    for mode in ("memory", "disk"):
        with Cache(mode) as cache, pytest.raises(DataError) as raised:
            refuse_texts(read_whole(content_file(content), PLAIN, lambda _: wanted, (), cache).table)
        told.append(raised.value.lines())
    assert told[0] == told[1]
    assert "x" in told[0][0]


def test_a_disk_that_is_full_ends_at_any_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = contents([("town", str(i)) for i in range(40)])
    writes, pwrite = 0, scratch_file.os.pwrite

    def counted(*arguments: int) -> int:
        nonlocal writes
        writes += 1
        return pwrite(*arguments)

    monkeypatch.setattr(scratch_file.os, "pwrite", counted)
    with Cache("disk", tmp_path / "run") as cache:
        whole_file(content, cache)
    assert writes > 60
    for which in range(writes):
        left = which

        def full_after(*arguments: int) -> int:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(28, "No space left on device")
            return pwrite(*arguments)

        monkeypatch.setattr(scratch_file.os, "pwrite", full_after)
        with Cache("disk", tmp_path / "run") as cache, pytest.raises(OutputError, match="No space left"):
            whole_file(content, cache)
    assert list(tmp_path.iterdir()) == []
