"""A real browser for pages: Debian's Chromium, which finds nothing outside; pages are served from memory."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlpcli.arrays import Array

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADDRESS = "http://report.test/report.html"
JENKINS = "default-src 'none'; img-src 'self'; style-src 'self'"  # that of its archived files


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Shown:
    """A page in a tab: what it asked for, and what the browser complained about."""

    def __init__(self, browser: Browser, html: bytes, policy: str | None = None, width: int = 1100) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.tab: Page = browser.new_page(viewport={"width": width, "height": 800})
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        headers = {"Content-Type": "text/html; charset=utf-8"}
        if policy is not None:
            headers["Content-Security-Policy"] = policy

        def answer(route: Route) -> None:
            self.asked.append(route.request.url)
            route.fulfill(body=html, headers=headers)

        self.tab.route("**/*", answer)
        self.tab.goto(ADDRESS)

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self.tab.close()

    def pixels(self, selector: str) -> list[Array]:
        """What each such element looks like: (height, width, 3), from 0 to 255."""
        from PIL import Image

        picture = Image.open(io.BytesIO(self.tab.screenshot(full_page=True))).convert("RGB")
        boxes = self.tab.evaluate(
            """selector => [...document.querySelectorAll(selector)].map(one => {
                const box = one.getBoundingClientRect();
                return [box.left, box.top + scrollY, box.right, box.bottom + scrollY].map(Math.round);
            })""",
            selector,
        )
        return [np.asarray(picture.crop(box)).astype(int) for box in boxes]

    def violations(self, rules: dict[str, bool], leave_out: tuple[str, ...] = ()) -> list[Any]:
        """What axe finds wrong: rule, help, and the first elements. `rules` turns some on or off."""
        from axe_playwright_python.sync_playwright import Axe

        options = {
            "resultTypes": ["violations"],  # to describe all that is right takes most of the time
            "rules": {name: {"enabled": enabled} for name, enabled in rules.items()},
        }
        context = {"exclude": [[selector] for selector in leave_out]} if leave_out else None
        found = Axe().run(self.tab, context=context, options=options).response["violations"]
        return [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
