"""Every table that is wrong is refused with its place and a hint: these, word by word."""

from __future__ import annotations

import gzip
from pathlib import Path
from unittest.mock import patch

import pytest

from mlpcli.errors import DataError
from mlpcli.tables import source
from mlpcli.tables.bad_cells import refuse_texts
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import Reader, read_whole
from mlpcli.tables.source import find
from mlpcli.tables.table import Wanted
from tests.support.tables import PLAIN, content_file, read

# the content, how it is said to be written, and what is said about it when columns a and b should be numbers
WRONG: list[tuple[bytes, CsvFormat, list[str]]] = [
    (
        b"a,b\n1,2\n3,4,5\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: expected 2 fields, found 3",
            "hint: put quotes around a text that holds the separator",
        ],
    ),
    (b"a,b\n1,2\n3\n4,5\n", PLAIN, ["mlp: error: t.csv:3: expected 2 fields, found 1"]),
    (
        b"a,b\n1\n2,2\n3\n4\n5\n",
        PLAIN,
        ["mlp: error: t.csv:2: expected 2 fields, found 1 (and 3 more: lines 4, 5, …)"],
    ),
    (
        b"a,b\n1,2\n\n3,4\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: an empty line between rows",
            "hint: take such lines out: sed '/^[[:space:]]*$/d' t.csv > table.csv",
        ],
    ),
    (
        b"a\n1\n\n3\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: an empty line between rows",
            "hint: take such lines out: sed '/^[[:space:]]*$/d' t.csv > table.csv",
        ],
    ),
    (
        b"a,b\n1,2,\n3,4\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: expected 3 fields, found 2",
            "hint: if what is after the last name is empty everywhere: cut -d , -f 1-2 t.csv > table.csv",
        ],
    ),
    (
        b"a,b\n1,2,\n3,4,x\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: a column without a name must be empty, found 'x'",
            "hint: give it a name: sed '1s/,*\\r*$/,column3/' t.csv > named.csv",
        ],
    ),
    (
        b"a,b,a\n1,2,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: several columns are called 'a': 1, 3",
            "hint: give each its own: { echo a,b,a.1; tail -n +2 t.csv; } > named.csv",
        ],
    ),
    (
        b"a, a\n1,2\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: several columns are called 'a': 1, 2",
            "hint: give each its own: { echo a,a.1; tail -n +2 t.csv; } > named.csv",
        ],
    ),
    (
        b"a,,c\n1,2,3\n",
        PLAIN,
        ["mlp: error: t.csv:1: there is no column 'b'", "hint: the columns are: a, Unnamed: 1, c"],
    ),
    (b"", PLAIN, ["mlp: error: t.csv: is empty; expected a header and rows"]),
    (b"\xef\xbb\xbf", PLAIN, ["mlp: error: t.csv: is empty; expected a header and rows"]),
    (b"\n", PLAIN, ["mlp: error: t.csv: is empty; expected a header and rows"]),
    (b"a,b\n", PLAIN, ["mlp: error: t.csv: there are no rows after the header"]),
    (b"a,b", PLAIN, ["mlp: error: t.csv: there are no rows after the header"]),
    (
        b"a,b\n1,2\nx,3\n2,4\ny,5\nz,6\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: column 'a': expected a number, found 'x' (and 2 more: lines 5, 6)",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a,b\n1,2\nnan,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: column 'a': expected a number, found 'nan'",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a,b\n1,2\n-Infinity,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: column 'a': expected a number, found '-Infinity'",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a,b\n1,2\n1e400,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: column 'a': expected a number, found '1e400'",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a,b\nTrue,2\nTrue,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:2: column 'a': expected a number, found 'True' (and 1 more: line 3)",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a,b\n1,2\n  ,3\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: column 'a': expected a number, found '  '",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        b"a;b\n1,5;2\n2,5;3\n",
        CsvFormat(separator=";"),
        [
            "mlp: error: t.csv:2: column 'a': expected a number, found '1,5' (and 1 more: line 3)",
            'hint: if the comma is the decimal mark, write `decimal: ","` under `data`',
        ],
    ),
    (
        b"a;b\n1.5;2\n",
        CsvFormat(separator=";", decimal=","),
        [
            "mlp: error: t.csv:2: column 'a': expected a number, found '1.5'",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
    (
        "a,b\n1,2\né,3\n".encode("latin-1"),
        PLAIN,
        [
            "mlp: error: t.csv:3: expected text in utf-8, found the byte 0xe9 at offset 8",
            "hint: write `encoding: cp1252` under `data`, or: iconv -f CP1252 -t UTF-8 t.csv > utf8.csv",
        ],
    ),
    (
        b"a,b\n1,2\n3,\xc3",
        PLAIN,
        [
            "mlp: error: t.csv:3: expected text in utf-8, found the byte 0xc3 at offset 10",
            "hint: write `encoding: cp1252` under `data`, or: iconv -f CP1252 -t UTF-8 t.csv > utf8.csv",
        ],
    ),
    (
        "a,b\n1,2\n".encode("utf-16-le"),
        PLAIN,
        [
            "mlp: error: t.csv:1: expected text, found a NUL character",
            "hint: write `encoding: utf-16-le` under `data`, or: iconv -f UTF-16LE -t UTF-8 t.csv > utf8.csv",
        ],
    ),
    (
        b"a,b\n1,2\n3\x00,4\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: expected text, found a NUL character",
            "hint: save the table as CSV, or take such characters out: tr -d '\\000' < t.csv > table.csv",
        ],
    ),
    (
        b"PK\x03\x04\x14\x00\x00",
        PLAIN,
        [
            "mlp: error: t.csv: is a zip file or an Excel workbook, not a CSV file",
            "hint: unpack it, or save the table as CSV",
        ],
    ),
    (
        b"\xfd7zXZ\x00\x00",
        PLAIN,
        [
            "mlp: error: t.csv: is an xz file, not a CSV file",
            "hint: unpack it first; .gz and .zst are read as they are",
        ],
    ),
    (
        b"\x89PNG\r\n\x1a\n",
        PLAIN,
        ["mlp: error: t.csv: is a PNG picture, not a CSV file", "hint: a table as text is expected (CSV)"],
    ),
    (
        b"BZh91AY&SY",
        PLAIN,
        [
            "mlp: error: t.csv: is a bzip2 file, not a CSV file",
            "hint: unpack it first; .gz and .zst are read as they are",
        ],
    ),
    (
        b"%PDF-1.4",
        PLAIN,
        ["mlp: error: t.csv: is a PDF document, not a CSV file", "hint: a table as text is expected (CSV)"],
    ),
    (
        gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-12],
        PLAIN,
        ["mlp: error: t.csv: is a damaged compressed file: it ends too early"],
    ),
    (
        gzip.compress(b"a,b\n1,2\n")[:-8] + b"\0" * 8,
        PLAIN,
        ["mlp: error: t.csv: is a damaged compressed file: CRC check failed 0x0 != 0xa97077b"],
    ),
    (
        b'a,b\n1,2\n"3,4\n5,6\n',
        PLAIN,
        [
            "mlp: error: t.csv:3: a quote that is never closed",
            "hint: close it, or take it away: sed '3s/\"//' t.csv > table.csv",
        ],
    ),
    (
        b'a,"b\n1,2\n',
        PLAIN,
        [
            "mlp: error: t.csv:1: a quote that is never closed",
            "hint: close it, or take it away: sed '1s/\"//' t.csv > table.csv",
        ],
    ),
    (
        b'a,b\n1,2\n"3"x,4\n',
        PLAIN,
        [
            "mlp: error: t.csv:3: text after the closing quote of a field",
            "hint: a quote within a quoted field is doubled; without those of this line: "
            "sed '3s/\"//g' t.csv > table.csv",
        ],
    ),
    (
        b"a,b\n1,2\n3\r,4\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: a carriage return in the middle of a line",
            "hint: take it away: tr -d '\\r' < t.csv > unix.csv",
        ],
    ),
    (
        b"a,b\r\r\n1,2\r\n3,4\r\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: a carriage return in the middle of a line",
            "hint: take it away: tr -d '\\r' < t.csv > unix.csv",
        ],
    ),
    (
        b"a,b\n1,2\r\r\n3,4\n",
        PLAIN,
        [
            "mlp: error: t.csv:2: lines 2 to 3 can be read in more than one way: 3 rows in place of 2",
            "hint: is a line end or a quote doubled?",
        ],
    ),
    (
        b"a,b\n1,2\n3," + b"9" * (1 << 20) + b"9\n",
        PLAIN,
        [
            "mlp: error: t.csv:3: a field is longer than 1 MiB",
            "hint: a quote that is never closed makes one field of the rest of the file",
        ],
    ),
    (
        b"a;b\n1;2\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: there is no column 'a'",
            "mlp: error: t.csv:1: there is no column 'b'",
            'hint: the columns seem to be separated by a semicolon: write `separator: ";"` under `data`, '
            "or: tr ';' ',' < t.csv > table.csv",
        ],
    ),
    (
        b"a\tb\n1\t2\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: there is no column 'a'",
            "mlp: error: t.csv:1: there is no column 'b'",
            'hint: the columns seem to be separated by a tab: write `separator: "\\t"` under `data`, '
            "or: tr '\\t' ',' < t.csv > table.csv",
        ],
    ),
    (
        b"5,6\n1,2\n",
        PLAIN,
        [
            "mlp: error: t.csv:1: there is no column 'a'",
            "mlp: error: t.csv:1: there is no column 'b'",
            "hint: put a line with names first: { echo a,b; cat t.csv; } > named.csv",
        ],
    ),
    (
        "a,b\né,3\n".encode(),
        CsvFormat(encoding="ascii"),
        [
            "mlp: error: t.csv:2: expected text in ascii, found the byte 0xc3 at offset 4",
            "hint: write `encoding: utf-8` under `data`",
        ],
    ),
    (
        "a,b\n1,2\n".encode("utf-16")[:-1],
        CsvFormat(encoding="utf-16"),
        [
            "mlp: error: t.csv:2: expected text in utf-16-le, found the byte 0x0a at offset 16",
            "hint: the file is cut off within a character, or in another encoding",
        ],
    ),
    (
        b"a\n1\n",
        CsvFormat(decimal=","),
        [
            "mlp: error: t.csv: ',' is both the separator and the decimal mark",
            'hint: write `separator: ";"` or `decimal: "."` under `data`',
        ],
    ),
    (
        b"a,b\n1,\x1b[31mred\n",
        PLAIN,
        [
            "mlp: error: t.csv:2: column 'b': expected a number, found '\\x1b[31mred'",
            "hint: if it means that the value is missing, name it in `na_values` under `data`",
        ],
    ),
]


def wanted(reader: Reader) -> Wanted:
    """Columns a and b as numbers; a alone where there is no other."""
    names = ("a",) if reader.header.names == ("a",) else ("a", "b")
    reader.header.require(names)
    return Wanted(numbers=names)


@pytest.mark.parametrize(("content", "form", "message"), WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("chunk", [20, 1 << 23])
def test_wrong_tables(content: bytes, form: CsvFormat, message: list[str], chunk: int) -> None:
    """Wherever a piece of the file ends, the same is said."""
    size = chunk if len(content) < 10_000 else 1 << 23
    with patch.object(source, "CHUNK", size), pytest.raises(DataError) as caught:
        refuse_texts(read_whole(content_file(content), form, wanted).table)
    assert str(caught.value).split("\n") == message


def test_more_columns_than_anybody_has() -> None:
    """A limit far above tables of genes, with a command that takes some."""
    content = ";".join(f"c{i}" for i in range(100_001)) + "\n"
    with pytest.raises(DataError) as caught:
        read(content, form=CsvFormat(separator=";"))
    assert str(caught.value) == (
        "mlp: error: t.csv:1: 100,001 columns, and at most 100,000 are allowed\n"
        "hint: take some of them, the first ones for example: cut -d ';' -f 1-1000 t.csv > table.csv"
    )


def test_a_file_that_unpacks_to_far_more_is_refused() -> None:
    """Before it fills the memory."""
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * (1 << 20))
    with patch.object(source, "ALWAYS_UNPACKED", 1 << 20), pytest.raises(DataError) as caught:
        read(packed, chunk=1 << 16)
    assert str(caught.value) == (
        "mlp: error: t.csv: unpacks to more than 200 times its size\nhint: unpack it first if that is right"
    )
    assert read(packed).table.rows == 1 << 20


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("https://example.org/t.csv", "is a URL; only local files are read"),
        ("s3://bucket/t.csv", "is a URL; only local files are read"),
        (".", "is a directory; a file was expected"),
        ("nowhere.csv", "cannot be read: No such file or directory"),
        ("t\0.csv", "cannot be read: embedded null byte"),
    ],
)
def test_what_is_no_file(path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched, and no directory is read."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        find(path)
    assert caught.value.problems[0].message == message
