"""Nasty first lines: each file is read, under the right names, or the command in its refusal makes it so."""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mlpcli.errors import DataError
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import Reader, WholeFile, open_table, read_whole
from mlpcli.tables.source import find
from mlpcli.tables.table import Wanted

NAMES = ("size", "colour", "price")
ROWS = [("1.5", "red", "10"), ("-2", "blue", "12"), ("0.25", "red", "9.5"), ("7", "green", "11")]
COMMAND = re.compile(
    r"(?:\{ )?(?:tail|head|sed|awk|tr|echo|printf|iconv|gunzip|grep|python|seq|cut)\b.* > [\w.-]+\.csv"
)


def table(separator: str = ",", end: str = "\n", header: bool = True) -> str:
    """The lines of the table that is meant."""
    rows = ([NAMES] if header else []) + ROWS
    return "".join(separator.join(row) + end for row in rows)


def same(content: str) -> bytes:
    """As UTF-8."""
    return content.encode()


@dataclass(frozen=True)
class First:
    """A file. `says` is in its note or in its refusal; `names` is what is read, from it or once it is mended.

    `asked` are the columns that are wanted of it as it is, where they are not the names.
    """

    what: str
    content: str
    says: str = ""
    names: tuple[str, ...] = NAMES
    asked: tuple[str, ...] = ()
    form: CsvFormat = field(default_factory=CsvFormat)
    packed: Callable[[str], bytes] = same


TITLE = "Sales of station 12\n"
META = '"Data Source","Station 12"\n\n"Last Updated","2024-05-01"\n\n'
SEMICOLON = CsvFormat(separator=";")

READ = [
    First("nothing odd", table()),
    First("a byte order mark", "\ufeff" + table()),
    First("a byte order mark and quotes", '\ufeff"size","colour","price"\n' + table(header=False)),
    First("UTF-16", table(), "is UTF-16, not utf-8", packed=lambda text: text.encode("utf-16")),
    First(
        "UTF-16, big end first", "\ufeff" + table(), "is UTF-16", packed=lambda text: text.encode("utf-16-be")
    ),
    First("UTF-32", table(), "is UTF-32", packed=lambda text: text.encode("utf-32")),
    First("UTF-16, packed", table(), "is UTF-16", packed=lambda text: gzip.compress(text.encode("utf-16"))),
    First("carriage returns", table(end="\r"), "its lines end in a carriage return"),
    First(
        "carriage returns in UTF-16",
        table(end="\r"),
        "carriage return",
        packed=lambda text: text.encode("utf-16"),
    ),
    First("sep=;", "sep=;\n" + table(";"), "a line that names the separator, ';'"),
    First("sep=; in quotes", '"sep=;"\n' + table(";"), "a line that names the separator, ';'"),
    First("SEP=tab", "SEP=\t\r\n" + table("\t", "\r\n"), "a line that names the separator"),
    First(
        "sep=, after a mark", "\ufeffsep=,\r\n" + table(end="\r\n"), "a line that names the separator, ','"
    ),
    First("sep= against what is stated", "sep=,\n" + table(";"), "not what is stated, ';'", form=SEMICOLON),
    First("a blank line", "\n" + table(), "1 blank line before the header is left out"),
    First("blank lines with spaces", "  \n\t\n" + table(), "2 blank lines before the header are left out"),
    First("lines of separators", ",,\n,,\n" + table(), "2 blank lines before the header are left out"),
    First(
        "a blank line, then sep=", "\nsep=;\n\n" + table(";"), "2 blank lines before the header are left out"
    ),
    First(
        "an unnamed column",
        "size,,price\n" + table(header=False),
        "column 2 has no name",
        names=("size", "Unnamed: 1", "price"),
    ),
    First(
        "no name at all",
        '"","",""\n' + table(header=False),
        "columns 1-3 have no name",
        names=("Unnamed: 0", "Unnamed: 1", "Unnamed: 2"),
    ),
    First(
        "a separator after the header", "size,colour,price,\n" + table(header=False), "of the header alone"
    ),
    First("separators after every line", table().replace("\n", ",,\n"), "at the end of every line"),
    First("spaces around names", " size , colour ,price\n" + table(header=False), "spaces around the names"),
    First(
        "names in two lines",
        '"size","colour","price\n(EUR)"\n' + table(header=False),
        names=("size", "colour", "price\n(EUR)"),
    ),
    First("a comment sign before the first name", "# " + table(), names=("# size", "colour", "price")),
    First(
        "years as names",
        "place,1990,2000,2010\nA,1,2,3\nB,4,5,6\nC,7,8,9\n",
        names=("place", "1990", "2000", "2010"),
    ),
    First("no header", table(header=False) * 3, "is the first line no header?", names=("1.5", "red", "10")),
]
REFUSED = [
    First("a comment", "# exported by tool X\n" + table(), "line 2 looks like the header"),
    First(
        "comments", "# exported by tool X\n# units: cm, kg, EUR\n" + table(), "line 3 looks like the header"
    ),
    First("comments of another language", "% a\n% b\n% c\n" + table(), "line 4 looks like the header"),
    First("a title", TITLE + table(), "line 2 looks like the header"),
    First("a title as wide as the table", "Sales,,\n" + table(), "line 2 looks like the header"),
    First("a title in quotes", '"Sales, Station 12"\n' + table(), "line 2 looks like the header"),
    First("a comment in quotes", '"# size, colour"\n\n' + table(), "line 3 looks like the header"),
    First(
        "a header in quotes as a whole",
        '"size,colour,price"\n' + table(header=False),
        "in quotes as a whole",
    ),
    First("a title, then nothing", "Sales,,\n,,\n" + table(), "line 3 looks like the header"),
    First("a title above semicolons", TITLE + table(";"), "line 2 looks like the header", form=SEMICOLON),
    First(
        "a title with separators", "Sales, Station 12, 2024, May\n" + table(), "line 2 looks like the header"
    ),
    First("meta lines with blank ones", META + table(), "line 5 looks like the header"),
    First(
        "meta lines of the same width",
        "Source,Station 12,\nUpdated,2024-05-01,\n\n" + table(),
        "line 4 looks",
    ),
    First("meta lines, packed", META + table(), "line 5", packed=lambda text: gzip.compress(text.encode())),
    First("meta lines in UTF-16", META + table(), "line 5", packed=lambda text: text.encode("utf-16")),
    First("a title with carriage returns", TITLE.replace("\n", "\r") + table(end="\r"), "line 2 looks"),
    First(
        "a title after a mark and a blank line", "\ufeff\n" + TITLE + table(), "line 3 looks like the header"
    ),
    First(
        "a title above years",
        TITLE + "place,code,1990,2000\nA,a,1,2\nB,b,3,4\nC,c,5,6\n",
        "line 2 looks",
        names=("place", "code", "1990", "2000"),
    ),
    First(
        "a title above texts",
        TITLE + "name,town,land\nAnn,Ulm,D\nBob,Rom,I\n",
        "line 2 looks",
        names=("name", "town", "land"),
    ),
    First(
        "a title above rows without names",
        TITLE + table(header=False),
        "put a line with names before line 2",
        names=("a", "b", "c"),
    ),
    First(
        "a name that is there twice",
        "size,size,price\n" + table(header=False),
        "several columns are called 'size'",
        names=("size", "size.1", "price"),
    ),
    First(
        "data that are there twice",
        "1,red,1\n" + table(header=False),
        "several columns are called '1'",
        names=("a", "b", "c"),
    ),
    First(
        "a header without the row names",
        "colour,price\n" + table(header=False),
        "expected 2 fields, found 3",
        names=("row", "colour", "price"),
        asked=NAMES[1:],
    ),
    First(
        "a header with a name too many",
        table().replace("price", "price,note"),
        "expected 4 fields, found 3",
        names=(*NAMES, "note"),
    ),
    First(
        "lines in quotes as a whole",
        "".join(f'"{line}"\n' for line in table().split()),
        "every line is in quotes",
    ),
    First(
        "two carriage returns before each line feed", table(end="\r\r\n"), "a carriage return in the middle"
    ),
    First("line ends of two kinds", table(end="\r")[:-1] + "\n", "a carriage return in the middle"),
    First("a quote that nothing closes", '"' + table(), "a quote that is never closed"),
    First(
        "a quote marked with a backslash",
        r'"size","colour","price \"EUR\""' + "\n" + table(header=False),
        "text after the closing quote",
        names=("size", "colour", 'price "EUR"'),
    ),
    First(
        "cp1252",
        "größe,colour,price\n" + table(header=False),
        "expected text in utf-8",
        names=("größe", *NAMES[1:]),
        packed=lambda text: text.encode("cp1252"),
    ),
    First(
        "UTF-16 without a mark",
        table(),
        "found a NUL character",
        packed=lambda text: text.encode("utf-16-le"),
    ),
    First("semicolons", table(";"), "separated by a semicolon"),
    First("bars", table("|"), "separated by a bar"),
    First("tabs", table("\t"), "separated by a tab"),
    First("spaces", table("   "), "separated by spaces"),
    First(
        "counts above numbers without names",
        "4,1,red\n" + "".join(f"{i},{i * i},{7 - i},1.5,2,0.5\n" for i in range(6)),
        "put a line with names before line 2",
        names=("a", "b", "c", "d", "e", "f"),
    ),
    First(
        "a separator after the header below a title",
        TITLE + "\n" + table().replace("price", "price,"),
        "line 3 looks like the header",
        names=NAMES,
    ),
    First("the names again", table() + table(), "the names of the columns again"),
    First(
        "a second line of names",
        "size,size,price\nmin,colour,EUR\n"
        + table(header=False).replace("red", "3").replace("blue", "4").replace("green", "5"),
        "several columns",
        names=("size min", "size colour", "price EUR"),
    ),
    First(
        "spaces before quotes", 'size, "colour", "price"\n1.5, "red", "10"\n', "take spaces before quotes out"
    ),
    First(
        "an attribute file",
        "@relation x\n@attribute size numeric\n@attribute c {a,b,c}\n@data\n" + table(header=False),
        "before line 5",
        names=("a", "b", "c"),
    ),
    First(
        "some separators at the ends",
        table().replace("red,10", "red,10,"),
        "what is after the last name is empty",
    ),
    First("remarks in the middle", table().replace("-2", "# later\n-2"), "expected 3 fields, found 1"),
    First("a NUL character", table().replace("red", "re\0d", 1), "found a NUL character"),
    First(
        "a blank line below the header", table().replace("price\n", "price\n\n"), "an empty line between rows"
    ),
    First(
        "a remark below the table", table() + "Source: station 12\n", "the last line is not part of the table"
    ),
    First(
        "remarks below the table",
        table() + table(header=False) + "\n\nSource: station 12\nUpdated: 2024\n",
        "(and 3 more: lines 11, 12, …)",
    ),
]


def read(path: Path, form: CsvFormat, names: tuple[str, ...]) -> WholeFile:
    """The columns of these names, which must be there."""

    def choose(reader: Reader) -> Wanted:
        reader.header.require(names)
        return Wanted(texts=names)

    return read_whole(find(path), form, choose)


def written(case: First) -> Path:
    """The file in the working directory."""
    content = case.packed(case.content)
    path = Path("t.csv.gz" if content.startswith(b"\x1f\x8b") else "t.csv")
    path.write_bytes(content)
    return path


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_many_more_than_forty() -> None:
    assert len({case.what for case in READ + REFUSED}) == len(READ + REFUSED) >= 60
    assert len({(case.content, case.packed) for case in READ + REFUSED}) >= 60


@pytest.mark.parametrize("case", READ, ids=lambda case: case.what)
def test_what_can_be_read_is_read_with_a_note(case: First) -> None:
    """The names are right, no row is lost, and no note is there where nothing is odd."""
    file = read(written(case), case.form, case.names)
    assert file.header.names == case.names
    assert any(case.says in note for note in file.header.notes) if case.says else not file.header.notes
    rows = [row.split(",") for row in table(header=False).split()]
    if case.names == NAMES:
        found = zip(*(file.table.texts[name].texts() for name in NAMES), strict=True)
        assert [list(row) for row in found] == rows


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.what)
def test_what_is_refused_says_what_to_type_next(case: First) -> None:
    """The very command of the hint, run by a shell, makes a file that is read, under the right names."""
    with pytest.raises(DataError) as caught:
        read(written(case), case.form, case.asked or case.names)
    *_, last = str(caught.value).split("\n")
    assert case.says in str(caught.value)
    command = COMMAND.search(last)
    assert last.startswith("hint: ") and command, last
    subprocess.run(["bash", "-c", command[0]], check=True)
    mended = read(Path(command[0].split(" > ")[-1]), case.form, case.names)
    assert mended.header.names == case.names
    assert not any(word in note for note in mended.header.notes for word in ("no header", "below the names"))
    first = [mended.table.texts[name].texts()[0] for name in case.names]
    assert first[:2] in (["1.5", "red"], ["A", "a"], ["Ann", "Ulm"], ["1", "red"], ["1.5", "3"], ["0", "0"])


def test_a_command_never_writes_over_the_file_that_it_mends() -> None:
    """Also where that has the very name that a mended file gets."""
    Path("table.csv").write_text("Sales\n" + table())
    with pytest.raises(DataError, match=r"tail -n \+2 table\.csv > new-table\.csv"):
        read(Path("table.csv"), CsvFormat(), NAMES)


def test_a_name_with_spaces_is_quoted_in_a_command() -> None:
    """For the shell."""
    Path("my table (1).tsv").write_text("Sales\n" + table("\t"))
    with pytest.raises(DataError, match=r"\(tail -n \+2 'my table \(1\)\.tsv' > table\.tsv\)"):
        read(Path("my table (1).tsv"), CsvFormat(), NAMES)


@pytest.mark.parametrize(
    ("separator", "hint"),
    [
        (";", 'the columns seem to be separated by a semicolon: write `separator: ";"` under `data`'),
        (
            " ",
            """the columns seem to be separated by spaces: python -c 'import pandas as p; """
            """p.read_csv("t.csv", sep=r"\\s+").to_csv("table.csv", index=False)'""",
        ),
    ],
)
def test_another_separator_between_quotes_is_hinted_at(separator: str, hint: str) -> None:
    """To the one that is stated it is text after a quote."""
    line = separator.join(f'"{name}"' for name in NAMES)
    Path("t.csv").write_text(line + "\n" + table(separator, header=False))
    with pytest.raises(DataError) as caught:
        read(Path("t.csv"), CsvFormat(), NAMES)
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv:1: text after the closing quote of a field",
        f"hint: {hint}",
    ]


RIGHT = [
    "name,town\nAnn,Ulm\nBob,Rom\nEve,Paris\n",
    "name,age\nAnn,NA\nBob,7\nEve,8\n",
    ",0\nAnn,\nBob,7\nEve,8\n",
    ",,x\nA,a,1\nA,b,2\nB,c,3\n",
    "name,note\nAnn,\nBob,\nEve,?\nTom,4\n",
    "day,size\nunit,cm\n1,2\n3,4\n",
    "# name,age\nAnn,1\nBob,7\nEve,8\n",
    "x\n1\n2\n3\n",
    "a,b\n1,2\n",
    "a,b\nx,y\n",
]


@pytest.mark.parametrize("content", RIGHT)
def test_right_files_are_not_taken_for_wrong_ones(content: str) -> None:
    """Their first line is the header, whatever gaps, texts and units are in the rows below."""
    Path("t.csv").write_text(content)
    with open_table(find("t.csv"), CsvFormat()) as reader:
        first = [name for name in content.split("\n")[0].split(",") if name]
        assert [name for name in reader.header.names if not name.startswith("Unnamed")] == first
        assert not any("header" in note for note in reader.header.notes)


WRONG_BELOW = [
    ("a,b\n1,2\n3,4,5\n6,7\n", "put quotes around a text"),
    ("name,address\nBob,Main St,Rome\nAnn,High St,Ulm\nEve,5th,Bonn\n", "lacks its name"),
    ("a,b\n1,2\n\nc,d\n3,4\n", "an empty line between rows"),
    # numbers with a decimal comma are no names either
    ("a;b\nx;1,5\n\ny;2,5\nz;3,5\nu;4,5\n", "an empty line between rows"),
    ('a,b\n"0,5",1\n\n"1,5",2\n"2,5",3\n"3,5",4\n', "an empty line between rows"),
]


@pytest.mark.parametrize(("content", "says"), WRONG_BELOW)
def test_a_header_stays_one_where_rows_are_wrong(content: str, says: str) -> None:
    """What is wrong is told of the rows."""
    Path("t.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        form = CsvFormat(";", ",") if ";" in content else CsvFormat()
        read(Path("t.csv"), form, tuple(content.split("\n")[0].split(form.separator or ",")))
    assert says in str(caught.value)
    assert "header" not in str(caught.value)
