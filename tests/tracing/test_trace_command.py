"""`mlp trace` as its user meets it: rows, tables, summaries, the page, and what is said of mistakes."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.config_runs import CONFIGS
from tests.support.running import mlp, ok, tree, write_config, write_table

D1 = CONFIGS / "documents" / "d1.yaml"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table and a network of few weights."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml", model={"layers": ["auto", 3, "auto"], "activation": "tanh"})
    return tmp_path


def test_the_terminal_shows_formulas_and_numbers_and_nothing_is_written(place: Path) -> None:
    before = tree(place)
    lines = ok("trace", D1, "--rows", "1..3").out.splitlines()
    assert tree(place) == before
    assert lines[:2] == ["regression of score", "2-3-1, 9 parameters, float64; 3 rows of the file"]
    at = lines.index("  δ⁽³⁾ = ∂J/∂ŷ ∘ sigmoid′(z⁽³⁾)")
    assert [line.split() for line in lines[at + 1 : at + 5]] == [
        ["1"],
        ["row", "1", "0.010781"],
        ["row", "2", "-0.003177"],
        ["row", "3", "-0.013486"],
    ]
    assert "  0.00767397" in lines
    assert {"FORWARD", "BACKWARD", "UPDATE"} <= set(lines)


def test_wide_arrays_are_cut_for_a_screen() -> None:
    lines = ok("trace", CONFIGS / "iris.yaml").out.splitlines()
    assert max(len(line) for line in lines if line.startswith("    ")) <= 80
    at = lines.index("  W⁽¹⁾   (layers.0.weight)")
    columns = [int(word) for line in lines[at + 1 : at + 20] for word in line.split() if word.isdigit()]
    assert columns[:16] == list(range(1, 17))


def test_a_row_is_that_of_the_file() -> None:
    """With a test part the first training row is not the first row; its cells tell which it is."""
    write_config(Path("c.yaml"), data={"test": 0.3, "features": {"length": "none"}})
    lengths = [line.split(",")[1] for line in Path("t.csv").read_text("utf-8").splitlines()]
    first = ok("trace", "c.yaml", "--json").document()
    number = first["rows"][0]
    assert first["forward"][0]["lines"][0]["values"][0][0] == pytest.approx(float(lengths[number]))
    again = ok("trace", "c.yaml", "--json", "--row", number).document()
    assert again == first


def test_rows_that_do_not_train_are_left_out_of_several() -> None:
    write_config(Path("c.yaml"), data={"test": 0.3})
    rows = ok("trace", "c.yaml", "--json", "--rows", "1..40").document()["rows"]
    assert len(rows) == 28
    held = next(number for number in range(1, 41) if number not in rows)
    done = mlp("trace", "c.yaml", "--row", held)
    assert done.code == 2
    assert f"expected a row that trains: row {held} tests" in done.err
    assert f"--row {rows[0]}" in done.err


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("--row 41", "row 41: the training file has 40 rows"),
        ("--row 1 --rows 1..2", "expected --row or --rows, found both"),
        ("--rows 3", "--rows: expected N..M, two row numbers from 1 on, found '3'"),
        ("--rows 3..2", "found '3..2'"),
        ("--rows 0..2", "found '0..2'"),
        ("--row 0", "'--row'"),
    ],
)
def test_rows_that_are_not_there(flags: str, says: str) -> None:
    done = mlp("trace", "c.yaml", *flags.split())
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_several_rows_of_which_none_trains() -> None:
    Path("u.csv").write_text("a,s,y\n1,test,0\n2,test,1\n3,train,0\n4,train,1\n5,train,1\n", "utf-8")
    data = {"train": "u.csv", "target": "y", "features": ["a"], "test": {"column": "s", "value": "test"}}
    write_config(Path("c.yaml"), data=data)
    done = mlp("trace", "c.yaml", "--rows", "1..2")
    assert "row 1 tests, and no other up to row 2 trains" in done.err
    assert "--row 3" in done.err


def test_batch_norm_has_two_rows_at_least() -> None:
    write_config(Path("c.yaml"), model={"layers": ["auto", 3, "auto"], "normalization": "batch_norm"})
    assert len(ok("trace", "c.yaml", "--json").document()["rows"]) == 2
    done = mlp("trace", "c.yaml", "--row", 1)
    assert done.code == 2
    assert "expected at least 2 training rows, found 1: batch_norm is over rows" in done.err


def test_a_large_network_is_summed_up() -> None:
    write_config(Path("c.yaml"), model={"layers": ["auto", 300, "auto"]})
    done = ok("trace", "c.yaml")
    assert "norm" in done.out
    assert len(done.out.splitlines()) < 50
    line = next(line for line in done.out.splitlines() if line.startswith("b⁽¹⁾ "))
    assert line.split() == ["b⁽¹⁾", "300", "0", "0", "0", "100%"]
    ok("trace", "c.yaml", "--page", "p.html")
    page = Path("p.html").read_text("utf-8")
    assert "too large to be read" in page
    assert "<svg" not in page


def test_numbers_that_overflow_are_shown_and_are_null_in_the_document() -> None:
    write_config(Path("c.yaml"), model={"layers": ["auto", 2, "auto"], "activation": "identity"})
    flags = ("--set", "model.init={name: normal, std: 1e30}")
    assert "inf" in ok("trace", "c.yaml", *flags).out
    document = ok("trace", "c.yaml", "--json", *flags).document()
    assert document["objective"]["penalty"] == 0
    after = [value for line in document["update"]["parameters"] for value in _flat(line["values"])]
    assert None in after


def _flat(values: object) -> list[object]:
    return [entry for value in values for entry in _flat(value)] if isinstance(values, list) else [values]


class Page(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def page_of(*arguments: object) -> str:
    done = ok("trace", *arguments, "--page", "page.html")
    assert done.out == ""
    assert done.err == "wrote page.html\n"
    return Path("page.html").read_text("utf-8")


def test_the_page_is_one_file_without_script_and_the_same_twice() -> None:
    text = page_of(D1, "--rows", "1..3")
    assert page_of(D1, "--rows", "1..3") == text
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert "http" not in text
    assert not [name for _, attributes in page.tags for name in attributes if name in {"style", "onload"}]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for number in ("0.00767397", "0.82451", "0.010781", "-0.0011328"):
        assert number in page.texts, number


def test_both_drawings_have_a_circle_a_unit_and_a_line_a_weight() -> None:
    text = page_of(D1, "--rows", "1..3")
    forward, backward = (ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    for svg in (forward, backward):
        assert len(svg.findall("circle")) == 2 * (2 + 3 + 1)
        assert len(svg.findall("line")) == 2 * 3 + 3 * 1
        assert svg.get("role") == "img"
    titles = [title.text for title in forward.iter("title")]
    assert "W⁽¹⁾[hours_slept, 1] = 0.548814" in titles
    assert {"0.549", "0.825", "y = 0.75"} <= {text.text for text in forward.iter("text")}
    signs = {line.get("class") for line in backward.findall("line")}
    assert signs == {"pos", "neg"}


def test_names_are_only_text_on_the_page() -> None:
    name = "<script>alert(1)</script>"
    header, *rows = Path("t.csv").read_text("utf-8").splitlines()
    Path("h.csv").write_text("\n".join([header.replace("length", name), *rows]) + "\n", "utf-8")
    data = {"train": "h.csv", "features": [name, "width"], "target": "kind"}
    write_config(Path("c.yaml"), data=data, model={"layers": ["auto", 2, "auto"]})
    page = Page(page_of("c.yaml"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert name in page.texts


def test_a_page_that_cannot_be_written_is_exit_6() -> None:
    assert mlp("trace", "c.yaml", "--page", "none/page.html").code == 6


def test_json_and_page_together() -> None:
    done = ok("trace", "c.yaml", "--json", "--page", "page.html", "-q")
    assert done.document()["layers"] == [5, 3, 3]
    assert done.err == ""
    assert Path("page.html").exists()
