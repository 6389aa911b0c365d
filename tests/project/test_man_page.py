"""The manual page: made from the code, with every command and flag, and sound for the formatter."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import typer

from mlpcli.cli import app
from mlpcli.errors import ExitCode
from tests.make_man_page import PAGE, man_page, text

PAGE_TEXT = PAGE.read_text("utf-8")


def test_the_page_is_up_to_date() -> None:
    """Where this fails: `python tests/make_reference.py`."""
    assert man_page() == PAGE_TEXT


def test_every_command_and_flag_is_there() -> None:
    for name, command in typer.main.get_command(app).commands.items():
        section = PAGE_TEXT.partition(f".SS mlp {name}\n")[2].partition("\n.S")[0]
        for parameter in command.params:
            for flag in parameter.opts if parameter.param_type_name == "option" else ():
                assert text(flag) in section, (name, flag)


def test_every_exit_code_is_there() -> None:
    status = PAGE_TEXT.partition(".SH EXIT STATUS")[2].partition(".SH ")[0]
    for code in ExitCode:
        assert rf"\fB{code.value}\fR" in status


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_formatter_has_nothing_to_complain_of() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "/model.npz new.csv  # other rows" in done.stdout


def test_no_text_is_a_command_of_the_formatter() -> None:
    assert text(".so /etc/passwd") == r"\&.so /etc/passwd"
    assert text("a\\fB-b") == r"a\efB\-b"
