"""What the README shows is what happens."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path
from sqlite3 import connect

import pytest

from mlpcli.errors import ExitCode
from tests.support.running import mlp

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"<!-- example: mlp (.+?) -->\n```\n(.*?)```", README, re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_shows_what_its_command_prints(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, shapes, counts and verdicts to the letter; the last digits of errors are the processor's."""
    monkeypatch.chdir(ROOT)
    assert without_numbers(mlp(*shlex.split(command)).out) == without_numbers(shown)


def without_numbers(text: str) -> list[str]:
    """The words of every line, without decimal numbers, rules, or the index of a worst entry."""
    plain = re.sub(r"-?\d\.\d+(e[-+]\d+)?|\[[\d, ]+\]|─+", "", text)
    return [" ".join(line.split()) for line in plain.splitlines() if line.split()]


def test_the_configs_are_right_and_fit_their_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (ROOT / "data/penguins.csv").open(encoding="utf-8", newline="") as file, connect("zoo.db") as birds:
        names, *rows = csv.reader(file)
        birds.execute(f"CREATE TABLE birds ({', '.join(names)})")
        cells = [[None if cell in {"", "NA"} else cell for cell in row] for row in rows]
        birds.executemany(f"INSERT INTO birds VALUES ({', '.join('?' * len(names))})", cells)
    birds.close()
    configs = [block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "train:" in block]
    assert len(configs) >= 2
    for config in configs:
        text = config.replace("../data/", f"{ROOT}/data/")
        Path("c.yaml").write_text(text, "utf-8")
        done = mlp("train", "c.yaml", "--dry-run")
        assert (done.code, done.err) == (0, ""), config


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]
    listed = {int(code) for row in table.splitlines() for code in re.findall(r"\| (\d+) \|", row)}
    assert listed >= {int(code) for code in ExitCode}


def test_every_promise_names_a_test_that_there_is() -> None:
    promises = README.partition("## Promises")[2].partition("\n## ")[0].split("\n- ")[1:]
    assert len(promises) >= 10
    for promise in promises:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", promise)
        assert named, promise
        for file, name in named:
            (path,) = (ROOT / "tests").rglob(file)
            assert f"\ndef {name}(" in path.read_text("utf-8"), (file, name)


def test_every_link_leads_to_a_file() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_commands_of_the_set_up_are_marked_for_the_automatic_check() -> None:
    marked = re.findall(r"<!-- ci: (\w+) -->\n```sh\n(.+)\n```", README)
    assert [name for name, _ in marked] == ["train", "test", "processors"]
    assert all("pip install" in command for _, command in marked[:2])
