"""The page of a study: what it says, that it escapes what is hostile, the same bytes for the same trials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("optuna")

from mlpcli.searching.page import study_page
from mlpcli.searching.study_file import StudyFile, load_study
from mlpcli.searching.tried import Found, Tried
from tests.support.browser import ADDRESS, Shown, chromium
from tests.support.studies import write_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser

KEYS = ("optimizer.learning_rate", "model.layers")
TELEPHONE = 360
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> StudyFile:
    return load_study(write_study(tmp_path_factory.mktemp("page")))


def found(trials: int, **importance: float) -> Found:
    """A study of so many trials, one of them pruned, one failed."""
    tried = [
        Tried(
            number, "complete", 1 / (1 + number), {KEYS[0]: 0.1 / (number + 1), KEYS[1]: "[auto, 4, auto]"}, 4
        )
        for number in range(trials)
    ]
    tried += [
        Tried(trials, "pruned", 0.9, {KEYS[0]: 0.01, KEYS[1]: "[auto, 4, auto]"}, 2),
        Tried(trials + 1, "failed", None, {}, reason="<script>alert(1)</script>"),
    ]
    return Found("val_loss", False, KEYS, tried, importance)


def test_it_says_what_was_found(file: StudyFile) -> None:
    page = study_page(file, found(3, **{"optimizer.learning_rate": 0.75, "model.layers": 0.25})).decode()
    assert "val_loss of the best trial, number 2" in page
    assert "the config as it is: 1" in page
    assert "the best score is optimistic: of 3 scores" in page
    assert "optimizer.learning_rate 75 %" in page
    assert "5 trials: 3 complete, 1 pruned, 1 failed, 0 under way" in page
    assert "<script>" not in page
    assert "There are no test rows" in page


def test_the_same_trials_are_the_same_page(file: StudyFile) -> None:
    assert study_page(file, found(3)) == study_page(file, found(3))


@pytest.mark.parametrize("trials", [0, 1, 2, 500])
def test_any_number_of_trials_has_a_page(file: StudyFile, trials: int) -> None:
    page = study_page(file, found(trials)).decode()
    assert ("No trial has a score yet" in page) is (trials == 0)
    assert ("200 of 502 trials shown" in page) is (trials == 500)
    assert len(page) < 150_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_it_is_sound_in_a_browser(browser: Browser, file: StudyFile) -> None:
    """axe finds nothing, it fits a telephone, and it asks for nothing."""
    page = study_page(file, found(40, **{"optimizer.learning_rate": 0.75, "model.layers": 0.25}))
    with Shown(browser, page, width=TELEPHONE) as shown:
        assert shown.tab.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
        shown.tab.evaluate(OPEN_ALL)
        assert not shown.violations({})
        assert shown.asked == [ADDRESS]
        assert not shown.complaints
