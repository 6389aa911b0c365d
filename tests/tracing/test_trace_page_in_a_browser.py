"""The page of a trace as people see it: readable in both schemes, small, and with nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import ADDRESS, JENKINS, Shown, chromium
from tests.support.running import ok

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCUMENT = Path(__file__).parents[2] / "configs" / "documents" / "d1.yaml"
TELEPHONE = 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("trace") / "step.html"
    ok("trace", DOCUMENT, "--rows", "1..3", "--page", path, "-q")
    return path.read_bytes()


def test_axe_finds_nothing_wrong_in_either_scheme(browser: Browser, page: bytes) -> None:
    with Shown(browser, page) as shown:
        for scheme in ("light", "dark"):
            shown.tab.emulate_media(color_scheme=scheme)
            assert not shown.violations({}, ("svg",)), scheme


def test_it_fits_a_telephone_and_asks_for_nothing(browser: Browser, page: bytes) -> None:
    with Shown(browser, page, width=TELEPHONE) as shown:
        assert shown.tab.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
        assert shown.asked == [ADDRESS]
        assert shown.complaints == []


def test_the_network_is_seen_where_styles_are_forbidden(browser: Browser, page: bytes) -> None:
    """A drawing whose colours are in styles alone is a black box there."""
    with Shown(browser, page, policy=JENKINS) as shown:
        for picture in shown.pixels("svg"):
            assert (picture.min(axis=2) > 200).mean() > 0.3
