"""configs/REFERENCE.md is what its generator writes from the code, and leaves nothing out."""

from __future__ import annotations

import re
from typing import get_args

import pytest
import typer

from mlpcli.cli import app
from mlpcli.config.encode_spec import ENCODINGS, POLICIES, SCALES, Encoding
from mlpcli.config.feature_spec import Policy, Scale
from mlpcli.config.model_spec import InitName
from mlpcli.config.spec import Spec
from mlpcli.nn.activations import ACTIVATIONS
from mlpcli.training.metrics import METRICS
from tests.make_reference import INITIALIZERS, WRITTEN, reference
from tests.support.config_runs import CONFIGS, ROOT

PAGE = (CONFIGS / "REFERENCE.md").read_text("utf-8")
CELLS = set(re.findall(r"`([^`]+)`", PAGE))


def test_the_page_is_up_to_date() -> None:
    """Where this fails: `python tests/make_reference.py`."""
    assert reference() == PAGE


def test_every_key_is_there() -> None:
    for name in Spec.model_fields:
        assert name in CELLS
        for below in getattr(Spec.model_fields[name].annotation, "model_fields", {}):
            assert f"{name}.{below}" in CELLS, below


@pytest.mark.parametrize("words", [ENCODINGS, POLICIES, SCALES, INITIALIZERS, ACTIVATIONS, METRICS])
def test_every_word_is_there(words: dict[str, object]) -> None:
    assert set(words) <= CELLS


def test_the_tables_of_words_are_those_of_the_language() -> None:
    assert set(ENCODINGS) == set(get_args(Encoding))
    assert set(POLICIES) == set(get_args(Policy))
    assert set(SCALES) == set(get_args(Scale))
    assert set(INITIALIZERS) == set(get_args(InitName))


def test_every_command_and_flag_is_there() -> None:
    commands = typer.main.get_command(app).commands
    assert {f"mlp {name}" for name in commands} <= CELLS
    flags = {flag for command in commands.values() for option in command.params for flag in option.opts}
    written = {cell.split(" ")[0] for cell in CELLS}
    assert {flag for flag in flags if flag.startswith("-")} <= written


def test_what_is_written_by_hand_is_about_keys_that_exist() -> None:
    assert set(WRITTEN) <= CELLS


def test_the_readme_leads_to_the_page() -> None:
    assert "(configs/REFERENCE.md)" in (ROOT / "README.md").read_text("utf-8")
