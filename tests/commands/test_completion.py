"""Completion in a shell: it installs below the home directory, and offers words where shells read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import mlp

FILES = {
    "bash": ".bash_completions/mlp.sh",
    "zsh": ".zfunc/_mlp",
    "fish": ".config/fish/completions/mlp.fish",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of its own, and a shell that is named and not looked for among the parents."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    return tmp_path


@pytest.mark.parametrize("shell", FILES)
def test_it_is_installed_for_a_shell(shell: str, home: Path) -> None:
    assert mlp("--install-completion", shell).code == 0
    script = (home / FILES[shell]).read_text("utf-8")
    assert f"complete_{shell}" in script
    assert "_MLP_COMPLETE" in script


@pytest.mark.parametrize(
    ("shell", "given"),
    [
        ("bash", {"COMP_WORDS": "mlp tra", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "mlp tra"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "mlp tra", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_a_command_is_offered_on_standard_output(
    shell: str, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_MLP_COMPLETE", f"complete_{shell}")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    done = mlp()
    assert (done.code, done.err) == (0, "")
    assert "train" in done.out
    assert "predict" not in done.out


def test_a_flag_is_offered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MLP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "mlp train --ove")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert mlp().out.split() == ["--overwrite"]
