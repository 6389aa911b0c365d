"""The page of a run as people see it: in both schemes, small, printed, and where styles are forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlpcli.report.figures.palette import PALETTE
from mlpcli.report.page import render
from tests.support.browser import ADDRESS, JENKINS, Shown, chromium
from tests.support.sample_reports import SAMPLES, of_classes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TELEPHONE = 360
LONG = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "שלום עולם",
    "العربية " * 9,
    "W" * 80,
]
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


def pages() -> dict[str, bytes]:
    """The page of each sample, one of hostile names, and one with two runs."""
    both = render([SAMPLES["three classes"], SAMPLES["two classes"]])
    odd = render([of_classes(LONG, LONG[::-1])])
    return {name: render([one]) for name, one in SAMPLES.items()} | {"odd": odd, "side by side": both}


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    return pages()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("name", ["one number", "odd", "side by side"])
def test_axe_finds_nothing_wrong(browser: Browser, drawn: dict[str, bytes], name: str) -> None:
    with Shown(browser, drawn[name]) as page:
        page.tab.evaluate(OPEN_ALL)
        assert not page.violations({"color-contrast": False})


def test_axe_finds_every_text_readable_in_both_schemes(browser: Browser, drawn: dict[str, bytes]) -> None:
    """The texts of figures have the same colours, of which the test of the palette knows; they take long."""
    with Shown(browser, drawn["two classes"]) as page:
        for scheme in ("light", "dark"):
            page.tab.emulate_media(color_scheme=scheme)
            assert not page.violations({}, ("svg", "figure table", "#data")), scheme


@pytest.mark.parametrize("name", [*SAMPLES, "odd", "side by side"])
def test_a_page_fits_a_telephone_and_asks_for_nothing(
    browser: Browser, drawn: dict[str, bytes], name: str
) -> None:
    with Shown(browser, drawn[name], width=TELEPHONE) as page:
        for _ in range(2):
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
            page.tab.evaluate(OPEN_ALL)
        assert page.asked == [ADDRESS]
        assert not page.complaints


def test_colours_follow_the_scheme_and_paper_is_white(browser: Browser, drawn: dict[str, bytes]) -> None:
    with Shown(browser, drawn["two classes"]) as page:
        for scheme in ("light", "dark"):
            page.tab.emulate_media(color_scheme=scheme, media="screen")
            for selector, part, colour in (
                ("body", "backgroundColor", "paper"),
                ("svg .f-blue", "fill", "blue"),
            ):
                assert computed(page, selector, part) == rgb(getattr(PALETTE[colour], scheme))
        page.tab.emulate_media(color_scheme="dark", media="print")
        assert computed(page, "body", "backgroundColor") == "rgb(255, 255, 255)"
        assert computed(page, "svg .f-ink", "fill") == rgb(PALETTE["ink"].light)


def computed(page: Shown, selector: str, part: str) -> str:
    return str(page.tab.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{part}"))


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[place : place + 2], 16) for place in (1, 3, 5)))


@pytest.mark.parametrize("name", ["two classes", "three numbers"])
def test_figures_are_not_black_where_styles_are_forbidden(
    browser: Browser, drawn: dict[str, bytes], name: str
) -> None:
    """Under the policy of Jenkins: mostly paper, with some colour and some ink."""
    with Shown(browser, drawn[name], policy=JENKINS) as page:
        assert computed(page, "body", "backgroundColor") == "rgba(0, 0, 0, 0)", "the policy holds"
        for place, pixels in enumerate(page.pixels("svg")):
            dark = (pixels.max(axis=2) < 60).mean()
            coloured = (np.ptp(pixels, axis=2) > 60).mean()
            assert dark < 0.15, f"figure {place}: {dark:.0%} is dark"
            assert coloured > 0.0005, f"figure {place}"


def test_the_title_of_a_figure_stands_on_a_line_of_its_own(browser: Browser, drawn: dict[str, bytes]) -> None:
    with Shown(browser, drawn["two classes"]) as page:
        assert computed(page, "figcaption b", "display") == "block"
        assert computed(page, "caption b", "display") == "block"
        assert computed(page, "figcaption b", "color") == rgb(PALETTE["ink"].light)


def test_a_page_prints_with_its_configuration_and_without_what_is_closed(
    browser: Browser, drawn: dict[str, bytes]
) -> None:
    with Shown(browser, drawn["two classes"]) as page:
        page.tab.emulate_media(media="print")
        assert not page.tab.locator("figure details").first.is_visible()
        assert page.tab.locator("pre").bounding_box()["height"] > 20
        assert page.tab.pdf(format="A4").startswith(b"%PDF")


def test_a_name_from_right_to_left_stays_where_it_is(browser: Browser, drawn: dict[str, bytes]) -> None:
    """In a sentence the number behind a Hebrew name is to the right of it: they do not change places."""
    with Shown(browser, drawn["odd"]) as page:
        places = page.tab.evaluate(
            """() => {
                const text = [...document.querySelectorAll('figcaption')]
                    .flatMap(one => [...one.childNodes]).find(node => node.textContent.includes('עולם'));
                const range = document.createRange();
                const at = (from, length) => {
                    range.setStart(text, from); range.setEnd(text, from + length);
                    return range.getClientRects()[0];
                };
                const name = text.textContent.indexOf('שלום');
                const number = text.textContent.slice(name).search(/[0-9]/) + name;
                const [a, b] = [at(name, 4), at(number, 1)];
                return [a.left, a.top, b.left, b.top];
            }"""
        )
        (left, top, number_left, number_top) = places
        assert number_top > top + 5 or number_left > left
