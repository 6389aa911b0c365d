"""How a file is laid out: every command reads it, or says the same thing about it and what to type next."""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from mlpcli.config.load import load_config
from tests.support.running import Done, mlp, ok

ROWS = 80
HEADER = "size,colour,price"
QUICK = ["--no-plots", "--overwrite", "--set", "training.epochs=2"]


def rows(separator: str = ",") -> list[str]:
    """Lines of numbers and texts; a size is none of the others'."""
    words = ("red", "green", "blue")
    cells = [(f"{i * 37 % 101 / 7:.2f}", words[i * i % 3], f"{i * 53 % 97 / 3:.2f}") for i in range(ROWS)]
    return [separator.join(row) for row in cells]


def lines(*first: str, below: list[str] | None = None, end: str = "\n") -> str:
    return "".join(line + end for line in (*first, *(rows() if below is None else below)))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def every_command(name: str, target: str = "price") -> list[Done]:
    """`init`, and with what it writes `train`, `predict` and `evaluate`, all of them on one file."""
    config, model = f"{name.split('.')[0]}.yaml", "run/model.npz"
    return [
        ok("init", name, "--target", target, "--recipe", "quick", "--overwrite"),
        ok("train", config, "-o", "run", *QUICK),
        ok("predict", model, name),
        ok("evaluate", model, name),
    ]


# a file, and the note that each command has about it
NOTED: dict[str, tuple[str, str]] = {
    "what pandas writes": (
        lines("," + HEADER, below=[f"{i},{row}" for i, row in enumerate(rows())]),
        "t.csv:1: column 1 has no name: it is called 'Unnamed: 0' here",
    ),
    "a column without a name among the others": (
        lines("size,colour,,price", below=[row.replace(",", ",k,").replace("k,", "", 1) for row in rows()]),
        "t.csv:1: column 3 has no name: it is called 'Unnamed: 2' here",
    ),
    "a separator at the end of the header": (
        lines(HEADER + ","),
        "t.csv: a separator at the end of the header alone: there is no column after it",
    ),
    "two separators at the end of the header": (
        lines(HEADER + ",,"),
        "t.csv: a separator at the end of the header alone: there is no column after it",
    ),
    "a separator at the end of every line": (
        lines(HEADER + ",", below=[row + "," for row in rows()]),
        "t.csv: a separator at the end of every line: the empty column after it is left out",
    ),
    "carriage returns": (lines(HEADER, end="\r"), "t.csv: its lines end in a carriage return"),
    "blank lines first": (lines("", "", HEADER), "t.csv: 2 blank lines before the header are left out"),
    "what a spreadsheet leaves": (
        lines(HEADER) + ",,\n" * 3,
        "t.csv: 3 lines are left out at the end, with nothing between the separators",
    ),
    "an end mark": (lines(HEADER) + "\x1a", "t.csv: a ^Z at the end is left out"),
    "a sum at the end": (
        lines(HEADER) + "Total,red,312\n",
        f"t.csv:{ROWS + 2}: the last row begins with 'Total'",
    ),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_is_changed_or_skipped_is_said_once_by_every_command(name: str) -> None:
    """On stderr, and in the comments of the config."""
    content, note = NOTED[name]
    Path("t.csv").write_text(content, newline="")
    target = "colour" if name == "a sum at the end" else "price"  # it makes a text of a number column
    for done in every_command("t.csv", target):
        assert done.err.count(note) == 1, done.err
    assert Path("t.yaml").read_text().count(f"# {note}\n") == 1


def test_units_below_the_names_are_seen() -> None:
    """They are no numbers among numbers, which stand for missing cells: the note says what they are."""
    Path("t.csv").write_text(lines(HEADER, "cm,,EUR"))
    done = ok("init", "t.csv", "--target", "colour")
    assert done.err.startswith(
        "t.csv:1: the row below the names holds no number where all others do (cm, EUR)\n"
        "hint: if these are units, or a second line of names, take it out: sed 2d t.csv > table.csv\n"
    )


def test_row_numbers_without_a_name_are_left_out_and_may_be_named() -> None:
    """By `init`; a config and a file that pandas read and wrote again have the same name for them."""
    numbered = [f"{i},{row}" for i, row in enumerate(rows())]
    Path("t.csv").write_text(lines("," + HEADER, below=numbered))
    every_command("t.csv")
    assert "Unnamed: 0" in load_config(Path("t.yaml")).spec.data.exclude
    Path("again.csv").write_text(lines(",Unnamed: 0," + HEADER, below=[f"7,{row}" for row in numbered]))
    assert ok("predict", "run/model.npz", "again.csv").out == ok("predict", "run/model.npz", "t.csv").out
    named = "data: {train: t.csv, target: price, features: ['Unnamed: 0', size], exclude: [colour]}\n"
    Path("c.yaml").write_text(named)
    ok("train", "c.yaml", "-o", "named", *QUICK)
    Path("named.csv").write_text(lines("Unnamed: 0," + HEADER, below=numbered))
    first, second = (
        ok("predict", "named/model.npz", name, "--id", "Unnamed: 0") for name in ("t.csv", "named.csv")
    )
    assert first.out == second.out
    assert first.out.startswith("Unnamed: 0,prediction\n0,")


def test_a_column_at_the_end_without_a_name_may_be_empty_in_new_rows() -> None:
    """It is no column of theirs, and a missing cell where the model knows it."""
    Path("t.csv").write_text(lines(HEADER + ",", below=[f"{row},{i % 7}" for i, row in enumerate(rows())]))
    Path("c.yaml").write_text("data: {train: t.csv, target: price, missing: median}\n")
    ok("train", "c.yaml", "-o", "run", *QUICK)
    Path("new.csv").write_text(lines(HEADER + ",", below=[row + "," for row in rows()]))
    Path("same.csv").write_text(lines(HEADER + ",Unnamed: 3", below=[row + "," for row in rows()]))
    assert ok("predict", "run/model.npz", "new.csv").out == ok("predict", "run/model.npz", "same.csv").out


def test_the_separator_is_detected_and_the_model_keeps_it() -> None:
    """A semicolon with a decimal comma, a tab, a bar, a line that names it: `predict` is told nothing."""
    for separator in ";\t|":
        below = [row.replace(".", ",") if separator != "|" else row for row in rows(separator)]
        Path("t.csv").write_text(lines(HEADER.replace(",", separator), below=below))
        every_command("t.csv")
        data = load_config(Path("t.yaml")).spec.data
        assert (data.separator, data.decimal) == (separator, "." if separator == "|" else ",")
    Path("t.csv").write_text(lines("sep=;", HEADER.replace(",", ";"), below=rows(";")))
    for done in every_command("t.csv"):
        assert done.err.count("t.csv: a line that names the separator, ';'\n") == 1
    assert load_config(Path("t.yaml")).spec.data.separator == ";"


@pytest.mark.parametrize(
    ("encoding", "stated"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("cp1252", "cp1252")]
)
def test_the_encoding_is_detected_and_written_down(encoding: str, stated: str) -> None:
    content = lines("größe" + HEADER.removeprefix("size"))
    Path("t.csv").write_bytes(content.encode(encoding))
    first, *_ = every_command("t.csv")
    assert (f"t.csv: is not UTF-8: it is read as {stated}\n" in first.err) == (stated != "utf-8")
    assert load_config(Path("t.yaml")).spec.data.encoding == stated
    assert ("encoding: " in Path("t.yaml").read_text()) == (stated != "utf-8")


def test_utf_16_is_read_where_nothing_is_stated() -> None:
    """A model of UTF-8 predicts a file that a spreadsheet saved in another encoding."""
    Path("t.csv").write_text(lines(HEADER))
    every_command("t.csv")
    Path("wide.csv").write_bytes(gzip.compress(lines(HEADER).encode("utf-16")))
    done = ok("predict", "run/model.npz", "wide.csv")
    assert done.out == ok("predict", "run/model.npz", "t.csv").out
    assert "wide.csv: is UTF-16, not utf-8: it is read as what it is" in done.err


REFUSED: dict[str, tuple[str, str]] = {
    "comments": (
        lines("# exported by tool X", "# units: cm", HEADER),
        "line 3 looks like the header: remove the lines before it (tail -n +3 bad.csv > table.csv)",
    ),
    "meta lines": (
        lines('"Data Source","Station 12"', "", '"Last Updated","2024-05-01"', "", HEADER),
        "line 5 looks like the header: remove the lines before it (tail -n +5 bad.csv > table.csv)",
    ),
    "a title of a spreadsheet": (lines("Sales 2024,,", ",,", HEADER), "(tail -n +3 bad.csv > table.csv)"),
    "a remark at the end": (lines(HEADER) + "\nSource: station 12\n", "head -n 81 bad.csv > table.csv"),
    "line ends of two kinds": (
        lines(HEADER, end="\r")[:-1] + "\n",
        r"tr -s '\r' '\n' < bad.csv > unix.csv",
    ),
    "an open quote": (lines(HEADER).replace("red", '"red', 1), "sed '2s/\"//' bad.csv > table.csv"),
    "the header again": (
        lines(HEADER) * 2,
        "awk 'NR <= 1 {h = $0; print; next} $0 != h' bad.csv > table.csv",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_by_every_command_in_the_same_words(name: str) -> None:
    """With the command that mends it."""
    content, hint = REFUSED[name]
    Path("t.csv").write_text(lines(HEADER))
    every_command("t.csv")
    Path("bad.csv").write_text(content, newline="")
    Path("bad.yaml").write_text("data: {train: bad.csv, target: price}\n")
    commands = [
        mlp("init", "bad.csv", "--target", "price", "-o", "other.yaml"),
        mlp("train", "bad.yaml", "-o", "bad", *QUICK),
        mlp("predict", "run/model.npz", "bad.csv", "-o", "p.csv"),
        mlp("evaluate", "run/model.npz", "bad.csv"),
    ]
    for done in commands:
        assert (done.code, done.out) == (4, "")
        assert done.err == commands[0].err
    assert hint in commands[0].err
    assert not Path("other.yaml").exists()


HEADLESS: dict[str, tuple[list[str], str]] = {
    "numbers": (
        [f"M,{i * 37 % 101 / 100},{i * 53 % 97 / 100},{i * 7 % 89 / 100},{i % 29}" for i in range(1, ROWS)],
        "4 of the 5 names of columns are numbers",
    ),
    "texts": (
        [
            f"{'pex'[i % 3]},{'xsb'[i * i % 3]},{'ny'[i % 2]},{'aln'[i // 3 % 3]},{'kw'[i // 5 % 2]}"
            for i in range(ROWS)
        ],
        "5 of the 5 names of columns are as the cells below them",
    ),
}


@pytest.mark.parametrize("name", HEADLESS)
def test_a_first_line_of_data_is_said_by_every_command(name: str) -> None:
    """With a command that puts a header first; the table that it makes has all rows."""
    below, says = HEADLESS[name]
    Path("t.csv").write_text(lines(below=below))
    note = (
        f"t.csv:1: {says}: is the first line no header?\n"
        "hint: put a line with names first: { echo a,b,c,d,e; cat t.csv; } > named.csv\n"
    )
    for done in every_command("t.csv", below[0].split(",")[-1]):
        assert note in done.err
    done = mlp("init", "t.csv", "--target", "e", "-o", "other.yaml")
    assert done.code == 4
    assert "hint: put a line with names first: { echo a,b,c,d,e; cat t.csv; } > named.csv" in done.err


def spelt(form: str) -> Callable[[str], str]:
    return lambda name: unicodedata.normalize(form, name)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("größe", unicodedata.normalize("NFD", "größe"), "'o' + U+0308 for U+00F6"),
        ("x kg", "x\xa0kg", "U+00A0 for U+0020"),
        ("price (EUR)", '"price\n(EUR)"', "U+000A for U+0020"),
    ],
)
def test_a_name_that_looks_the_same_is_the_same_column(ours: str, theirs: str, said: str) -> None:
    """As a feature and as an id; what is written has the spelling of the file."""
    here, there = (lines(f"{name},colour,price") for name in (ours, theirs))
    Path("ours.csv").write_text(here)
    Path("theirs.csv").write_text(there)
    Path("c.yaml").write_text(
        f'data: {{train: theirs.csv, target: price, features: ["{ours}"], exclude: [colour]}}\n'
    )
    trained = ok("train", "c.yaml", "-o", "run", *QUICK)
    assert trained.err.count(f"theirs.csv:1: column '{ours}' is written with {said} here\n") == 1
    first, second = (ok("predict", "run/model.npz", name) for name in ("ours.csv", "theirs.csv"))
    assert first.out == second.out
    assert "is written with" not in first.err
    assert said in second.err
    written = ok("predict", "run/model.npz", "theirs.csv", "--id", ours, "--include-inputs").out
    assert written.startswith(f"{theirs},colour,price,prediction\n")


@pytest.mark.parametrize(
    "role", ["target: {0}", "target: price\n  exclude: [{0}]", "target: price\n  id: [{0}]"]
)
def test_a_column_that_is_spelt_in_another_way_has_its_role_and_is_no_feature(role: str) -> None:
    """A target that were a feature too would look like a perfect model."""
    Path("t.csv").write_text(lines(unicodedata.normalize("NFD", "größe") + ",colour,price"))
    Path("c.yaml").write_text("data:\n  train: t.csv\n  " + role.format("größe") + "\n")
    done = ok("train", "c.yaml", "-o", "run", *QUICK, "--dry-run")
    assert "gro" not in done.out.split("layer")[-1]
    ok("train", "c.yaml", "-o", "run", *QUICK)
    features = {
        feature["name"] for feature in ok("inspect", "run/model.npz", "--json").document()["features"]
    }
    assert features in ({"colour", "price"}, {"colour"})
    done = ok("init", "t.csv", "--target", "größe", "-o", "i.yaml")
    assert (
        "# t.csv:1: column 'größe' is written with 'o' + U+0308 for U+00F6 here\n"
        in Path("i.yaml").read_text()
    )
    assert "gr" not in "".join(load_config(Path("i.yaml")).spec.data.features or ())


def test_lines_of_separators_are_rows_where_a_prediction_can_be_made_of_them() -> None:
    """Else they are left out with a note, or have an empty prediction where that is asked for."""
    Path("t.csv").write_text(lines(HEADER))
    Path("new.csv").write_text("size,colour\n1,red\n,\n")
    Path("c.yaml").write_text("data: {train: t.csv, target: price}\n")
    ok("train", "c.yaml", "-o", "run", *QUICK)
    done = ok("predict", "run/model.npz", "new.csv")
    assert len(done.rows()) == 1
    assert "new.csv: 1 line is left out at the end, with nothing between the separators" in done.err
    done = ok("predict", "run/model.npz", "new.csv", "--on-bad-row", "empty")
    assert len(done.rows()) == 2
    Path("c.yaml").write_text("data: {train: t.csv, target: price, missing: most_frequent}\n")
    ok("train", "c.yaml", "-o", "run", *QUICK)
    done = ok("predict", "run/model.npz", "new.csv")
    assert len(done.rows()) == 2
    assert "left out" not in done.err


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_table_of_very_many_columns_has_a_config_that_trains(count: int) -> None:
    """Also where nearly all of them are left out by name; the time does not grow with the square of them."""
    names = [f"gene_{i:05d}" for i in range(count)]
    cells = [[str(i * row % 7) if i % 20 == 0 else "0" for i in range(count)] for row in range(20)]
    content = [",".join([*names, "y"]), *(",".join([*row, str(i % 2)]) for i, row in enumerate(cells))]
    Path("t.csv").write_text("\n".join(content) + "\n")
    ok("init", "t.csv", "--target", "y")
    assert len(load_config(Path("t.yaml")).spec.data.exclude) >= count * 19 // 20
    ok("train", "t.yaml", "-o", "run", *QUICK)
    Path("c.yaml").write_text("data: {train: t.csv, target: y}\nmodel: {layers: [auto, 2, auto]}\n")
    ok("train", "c.yaml", "-o", "all", *QUICK)
    assert len(ok("predict", "all/model.npz", "t.csv").rows()) == 20
