"""A wrong command line leads to the right one: other tools' flags, other names, files of another kind."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mlpcli.config.key_paths import key_paths
from mlpcli.config.synonyms import KEYS_ELSEWHERE
from tests.support.running import mlp, ok, process, write_config, write_table

TO_SET = "hint: that is a setting of the config: --set "


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table and a config."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml")
    return tmp_path


def hint_of(line: str, code: int = 2) -> str:
    """The hint of a wrong command line."""
    done = mlp(*shlex.split(line))
    assert (done.code, done.out) == (code, "")
    *_, hint = done.err.splitlines()
    return hint


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("train c.yaml --epochs 50", "training.epochs=50"),
        ("train --epochs=50 c.yaml", "training.epochs=50"),
        ("train --epochs 50 c.yaml", "training.epochs=50"),
        ("train c.yaml --lr 0.1", "optimizer.learning_rate=0.1"),
        ("train c.yaml -lr 1e-3", "optimizer.learning_rate=1e-3"),
        ("train c.yaml --batch-size 64", "training.batch_size=64"),
        ("train c.yaml --batch_size=64", "training.batch_size=64"),
        ("train c.yaml --layers 64 32", "'model.layers=[auto, 64, 32, auto]'"),
        ("train c.yaml --hidden-layer-sizes 64,32", "'model.layers=[auto, 64, 32, auto]'"),
        ("train c.yaml --dropout 0.1 0.2", "'model.dropout=[0.1, 0.2]'"),
        ("train c.yaml --optimiser adam", "optimizer=adam"),
        ("train c.yaml --optmizer adam", "optimizer=adam"),
        ("train c.yaml --no-shuffle", "training.shuffle=false"),
        ("train c.yaml --patience 5", "training.early_stopping.patience=5"),
        ("train c.yaml --early-stopping", "training.early_stopping.patience=VALUE"),
        ("train c.yaml --training.epochs 5", "training.epochs=5"),
        ("train c.yaml --l2 -1", "l2=-1"),
        ("train c.yaml --data x.csv", "data.train=x.csv"),
        ("train c.yaml epochs=5", "training.epochs=5"),
        ("train c.yaml training.epochs=5", "training.epochs=5"),
        ("gradcheck c.yaml --activation 'leaky relu'", "'model.activation=leaky relu'"),
    ],
)
def test_a_setting_given_as_a_flag_leads_to_set(line: str, setting: str) -> None:
    assert hint_of(line) == TO_SET + setting


@pytest.mark.parametrize("word", sorted({*key_paths(), *KEYS_ELSEWHERE} - {"seed", "out", "folds"}))
def test_every_key_and_every_other_name_of_one_leads_somewhere(word: str) -> None:
    hint = hint_of(f"train c.yaml --{word.replace('_', '-')} 1")
    if word in {"model", "training", "network", "architecture"}:
        assert hint == "hint: see `mlp train --help`"
    elif hint.startswith("hint: it is called"):
        assert hint in {"hint: it is called `--seed` here", "hint: it is called `--out` here"}
    else:
        path = KEYS_ELSEWHERE.get(word) or key_paths()[word]
        assert hint.startswith(TO_SET)
        assert path in hint


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("train c.yaml --overwite", "did you mean `--overwrite`?"),
        ("train c.yaml --dryrun", "did you mean `--dry-run`?"),
        ("train c.yaml --force", "it is called `--overwrite` here"),
        ("train c.yaml --output run", "it is called `--out` here"),
        ("train c.yaml --random-state 1", "it is called `--seed` here"),
        ("predict m.npz t.csv --output p.csv", "it is called `--out` here"),
        ("evaluate m.npz t.csv --asert 'accuracy>1'", "did you mean `--assert`?"),
        ("init t.csv --tagret kind", "did you mean `--target`?"),
        ("train c.yaml --foo", "see `mlp train --help`"),
        ("train c.yaml --model m.npz", "see `mlp train --help`"),
        ("gradcheck c.yaml d.yaml", "see `mlp gradcheck --help`"),
        ("train c.yaml --seed", "see `mlp train --help`"),
        ("train c.yaml --seed x", "see `mlp train --help`"),
        ("train c.yaml --set training.epochs 5", "a setting is one word: --set training.epochs=5"),
        ("predict m.npz t.csv u.csv", "see `mlp predict --help`"),
        (
            "init t.csv --target kind --epochs 5",
            "that is a setting of the training: mlp train CONFIG --set training.epochs=5",
        ),
        ("train", "name a config; `mlp init data.csv --target COLUMN` writes one"),
        ("init t.csv", "say which column is to be predicted: --target COLUMN"),
        ("predict m.npz", "name a table after the model, or - for standard input"),
        ("c.yaml", "did you mean `mlp train c.yaml`?"),
        ("t.csv.gz", "did you mean `mlp init t.csv.gz --target COLUMN`?"),
        ("run/model.npz", "did you mean `mlp inspect run/model.npz`?"),
        ("fit c.yaml", "it is called `train` here"),
        ("nonsense", "see `mlp --help`"),
        ("--foo", "see `mlp --help`"),
    ],
)
def test_a_wrong_command_line_leads_to_a_right_one(line: str, hint: str) -> None:
    assert hint_of(line) == f"hint: {hint}"


def test_a_table_or_a_model_in_place_of_a_config_leads_to_its_command() -> None:
    assert hint_of("train t.csv", 3) == "hint: did you mean `mlp init t.csv --target COLUMN`?"
    Path("m.npz").write_bytes(b"PK\x03\x04")
    assert hint_of("gradcheck m.npz", 3) == "hint: did you mean `mlp inspect m.npz`?"
    assert "found nothing there" in mlp("train", "none.csv").err


@pytest.mark.parametrize("command", ["init {} --target size", "predict m.npz {}", "evaluate m.npz {}"])
def test_a_config_or_a_model_in_place_of_a_table_leads_to_its_command(command: str) -> None:
    assert hint_of(command.format("c.yaml"), 4) == "hint: did you mean `mlp train c.yaml`?"
    assert "c.yaml: expected a table, found a config" in mlp(*command.format("c.yaml").split()).err
    assert hint_of(command.format("other.npz"), 4) == "hint: did you mean `mlp inspect other.npz`?"


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_the_input_before_the_model_is_told(command: str) -> None:
    done = mlp(command, "t.csv", "runs/a b/model.npz")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "mlp: error: expected the model first, then the input, found t.csv first\n"
        "hint: the other way round: 'runs/a b/model.npz' t.csv\n"
    )


def test_mlp_alone_shows_the_help_and_is_wrong_usage() -> None:
    alone, asked = mlp(), ok("--help")
    assert (alone.code, alone.out, alone.err) == (2, "", asked.out)
    assert process(env={"COLUMNS": "80"}).err == process("--help", env={"COLUMNS": "80"}).out


@pytest.mark.parametrize(
    "command",
    [
        "",
        "train",
        "predict",
        "evaluate",
        "report",
        "export",
        "search",
        "explain",
        "drift",
        "init",
        "inspect",
        "gradcheck",
        "trace",
        "doctor",
        "schema",
    ],
)
def test_the_help_fits_80_columns_and_cuts_nothing(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = ok(*command.split(), "--help").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines[1:] if line.endswith("...") or "{" in line]
    usage = rf"Usage: mlp {command}".rstrip() + r" \[OPTIONS\]( [A-Z]+(\.\.\.)?)*( \[ARGS\]\.\.\.)?"
    assert re.fullmatch(usage, lines[0]), lines[0]
    monkeypatch.setenv("COLUMNS", "60")
    narrow = ok(*command.split(), "--help").out
    assert max(map(len, narrow.splitlines())) <= 60
