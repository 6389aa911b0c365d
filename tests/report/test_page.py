"""The page of a run as text: complete, the same every time, and nothing that a table says is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from mlpcli.report.document import ReportDocument
from mlpcli.report.page import prepare, render
from tests.support.sample_reports import FEATURES, SAMPLES, of_classes, of_numbers

KILOBYTE = 1000
NAMES = [*SAMPLES, "side by side"]
VOID = {"meta", "br", "img", "link", "hr", "input"}
OPTIONAL_END = {"li", "tr", "td", "th", "thead", "tbody", "dt", "dd", "p", "html", "head", "body"}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The page of each sample, and one with two runs."""
    prepare()
    both = render([SAMPLES["three classes"], SAMPLES["two classes"]])
    return {"side by side": both.decode()} | {name: render([one]).decode() for name, one in SAMPLES.items()}


class Tree(HTMLParser):
    """Every element with its attributes, and whether each end tag ends the last one that is open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.wrong.append(f"an attribute twice in {tag}")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL_END:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> ends nothing")


def of(page: str, *tags: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in Tree(page).elements if tag in tags]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_well_formed_and_its_ids_are_unique(pages: dict[str, str], name: str) -> None:
    tree = Tree(pages[name])
    assert not tree.wrong
    assert not tree.open
    ids = [attributes["id"] for _, attributes in tree.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tree.elements:
        for reference in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(reference, ids[0]) in ids
        target = attributes.get("href")
        assert target is None or (target[:1] == "#" and target[1:] in ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_and_runs_nothing(pages: dict[str, str], name: str) -> None:
    tags = {tag for tag, _ in Tree(pages[name]).elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "image", "use"}
    for tag, attributes in Tree(pages[name]).elements:
        assert not {key for key in attributes if key.startswith("on") or key in ("src", "style")}, tag
    style = pages[name].partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = of(pages[name], "meta")[1]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_what_it_shows_in_a_sentence_and_in_a_table(
    pages: dict[str, str], name: str
) -> None:
    figures = re.findall(r"<figure>.*?</figure>", pages[name], re.DOTALL)
    assert len(figures) == pages[name].count("<svg")
    for figure in figures:
        assert 'role="img"' in figure
        assert re.search(r"<title[^>]*>[^<]{4,}</title><desc[^>]*>[^<]{20,}</desc>", figure), figure[:200]
        assert re.search(r"<desc[^>]*>[^<]*\d", figure), "its numbers"
        assert "<table>" in figure.partition("<details>")[2]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_a_caption_and_heads(pages: dict[str, str], name: str) -> None:
    tables = re.findall(r"<table.*?</table>", pages[name], re.DOTALL)
    assert tables
    for table in tables:
        assert re.search(r"<caption><span>.+?</span></caption>", table, re.DOTALL)
        assert all("scope" in attributes for attributes in of(table, "th"))
        width = table.partition("</thead>")[0].count("<th ")
        body = table.partition("<tbody>")[2].split("<tr>")[1:]
        assert {row.count("<td") + row.count("<th") for row in body} == {width}, table[:300]


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_attributes_that_hold_without_a_style_sheet(pages: dict[str, str], name: str) -> None:
    """No figure is black where a policy forbids styles."""
    for figure in re.findall(r"<svg.*?</svg>", pages[name], re.DOTALL):
        for shape in re.findall(r"<(?:path|rect|circle|text|g|line)[^>]*>", figure):
            for kind in re.findall(r'class="([^"]*)"', shape):
                assert ('fill="#' in shape) == ("f-" in kind), shape
                assert ('stroke="#' in shape) == ("s-" in kind), shape
        assert not list(blank(ElementTree.fromstring(figure)))


def blank(element: ElementTree.Element, fill: str = "", stroke: str = "") -> Iterator[str]:
    """The shapes that would be black: without a fill, of their own or of a group, and without a stroke."""
    fill, stroke = element.get("fill", fill), element.get("stroke", stroke)
    if element.tag in {"text", "rect", "circle"} and not fill:
        yield ElementTree.tostring(element, encoding="unicode")
    if element.tag in {"path", "line"} and not (fill or stroke):
        yield ElementTree.tostring(element, encoding="unicode")
    for child in element:
        yield from blank(child, fill, stroke)


def test_the_same_documents_make_the_same_bytes() -> None:
    for document in SAMPLES.values():
        assert render([document]) == render([ReportDocument.model_validate_json(document.model_dump_json())])


def test_one_run_has_one_heading_and_several_a_section_that_compares_them(pages: dict[str, str]) -> None:
    for name in NAMES:
        assert len(of(pages[name], "h1")) == 1
        assert ("Settings that differ" in pages[name] or "No setting" in pages[name]) == (
            name == "side by side"
        )


def test_nothing_that_a_table_says_is_markup(pages: dict[str, str]) -> None:
    page = pages["hostile"]
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert not set(page) & {"\x00", "\u202e", "\u202c"}, "nothing that turns the text around it"


def test_a_page_is_small(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert len(page.encode()) <= 150 * KILOBYTE
    many = [f"a rather long name of column {place}" for place in range(50)]
    wide = render([of_classes([f"class {place}" for place in range(30)], many)])
    assert len(wide) <= 500 * KILOBYTE
    assert len(render([of_numbers(["y"], many)])) <= 500 * KILOBYTE


def without(document: ReportDocument, **changes: Any) -> str:
    return render([ReportDocument.model_validate(document.model_dump() | changes)]).decode()


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """What a document may lack."""
    yield "no importance", {"importance": None, "surface": None}
    yield "no worst rows", {"worst": None}
    yield "no metrics", {"parts": []}
    history = {"epochs": 0, "best_epoch": None, "averaged": 1, "curves": []}
    yield "no history", {"history": history}
    point = {"part": "train", "words": "training", "curve": {"x": [1.0], "y": [0.5]}}
    one = {"metric": "loss", "greater_is_better": False, "series": [point]}
    nothing = {"metric": "accuracy", "greater_is_better": True, "series": []}
    yield "one epoch", {"history": {"epochs": 1, "best_epoch": 1, "averaged": 5, "curves": [one, nothing]}}


@pytest.mark.parametrize("changes", [changes for _, changes in cases()], ids=[name for name, _ in cases()])
def test_what_is_not_known_leaves_no_hole(changes: dict[str, Any]) -> None:
    for document in SAMPLES.values():
        page = without(document, **changes)
        assert "None" not in page
        assert not Tree(page).wrong


def test_a_metric_that_is_not_defined_is_a_dash() -> None:
    document = SAMPLES["three classes"].model_dump()
    undefined = document["summary"]["main"] | {"value": None, "low": None, "high": None, "baseline": None}
    page = without(SAMPLES["three classes"], summary=document["summary"] | {"main": undefined})
    assert "<b>–</b>" in page


def test_what_is_left_out_is_counted_in_words(pages: dict[str, str]) -> None:
    assert f"{len(FEATURES)} of {len(FEATURES) + 3} features shown." in pages["three classes"]
    assert "10 of 69 rows shown." in pages["three classes"]
    assert "3 of 14 classes shown." in pages["labels"]
