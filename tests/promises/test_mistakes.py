"""Whatever a user gets wrong: one message per problem, the documented exit code, and nothing on the disk."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from mlpcli.artifacts.run_lock import run_lock
from tests.support.running import Done, mlp, ok, raw_characters, tree, write_config, write_table

# what a hostile file may have in a name or a value: colours, the clipboard, a reversed line, markup, a bell
HOSTILE = "\x1b[31m\x1b]52;c;AAAA\x07\u202e[red]\u200bx"
YAML_HOSTILE = json.dumps(HOSTILE)
HEADER = "length,width,colour,kind\n"
ROWS = "1,2,red,ash\n2,3,green,elm\n3,4,red,oak\n4,6,green,ash\n5,5,red,elm\n6,7,green,oak\n"


@dataclass(frozen=True)
class Mistake:
    """A command line, the files that it reads beside the good ones, and how it must be refused."""

    name: str
    arguments: str
    code: int
    says: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    problems: int = 1


def config(name: str, code: int, says: str, text: str, problems: int = 1) -> Mistake:
    """A wrong config: what is added to a good `data` section."""
    good = "data:\n  train: t.csv\n  target: kind\n  features: [length, width, colour]\n"
    return Mistake(name, "train bad.yaml", code, says, {"bad.yaml": good + text}, problems)


def document(name: str, code: int, says: str, text: str | bytes, problems: int = 1) -> Mistake:
    """A wrong config, all of it."""
    return Mistake(name, "train bad.yaml", code, says, {"bad.yaml": text}, problems)


def table(name: str, says: str, content: str | bytes, extra: str = "", problems: int = 1) -> Mistake:
    """A wrong table to train on."""
    text = f"data:\n  train: bad.csv\n  target: kind\n{extra}"
    return Mistake(name, "train bad.yaml", 4, says, {"bad.yaml": text, "bad.csv": content}, problems)


def given(name: str, says: str, content: str | bytes, flags: str = "", problems: int = 1) -> Mistake:
    """A wrong table to predict."""
    return Mistake(
        name, f"predict model.npz bad.csv {flags}", 4, says, {"bad.csv": content}, problems=problems
    )


def model(name: str, says: str, content: bytes) -> Mistake:
    """A wrong model file."""
    return Mistake(name, "predict bad.npz t.csv", 5, says, {"bad.npz": content})


USAGE = [
    Mistake("unknown command", "trian c.yaml", 2, "no such command 'trian'"),
    Mistake("unknown option", "train c.yaml --epochs 3", 2, "no such option: --epochs"),
    Mistake("no config", "train", 2, "missing argument 'CONFIG'"),
    Mistake("no input", "predict model.npz", 2, "missing argument 'INPUT'"),
    Mistake("one argument too many", "train c.yaml c.yaml", 2, "unexpected extra argument"),
    Mistake("a word for a seed", "train c.yaml --seed one", 2, "'--seed': expected a whole number\nhint: "),
    Mistake(
        "no threads",
        "train c.yaml --threads 0",
        2,
        "'--threads': expected a number greater than or equal to 1\n",
    ),
    Mistake("no parameters", "train c.yaml --max-params 0", 2, "invalid value for '--max-params'"),
    Mistake("resume and overwrite", "train c.yaml --resume --overwrite", 2, "exclude each other"),
    Mistake("an unknown policy", "predict model.npz t.csv --on-bad-row skip", 2, "'--on-bad-row'"),
    Mistake(
        "an unknown method",
        "gradcheck c.yaml --method forward",
        2,
        "'--method': 'forward' is not one of 'central', '",
    ),
    Mistake("no rows to check", "gradcheck c.yaml --rows 0", 2, "'--rows'"),
    Mistake("a step of 0", "gradcheck c.yaml --eps 0", 2, "expected a number above 0, found 0"),
    Mistake("a step that is nan", "gradcheck c.yaml --eps nan", 2, "expected a number above 0, found nan"),
    Mistake("a negative tolerance", "gradcheck c.yaml --rtol -1", 2, "expected a number above 0, found -1"),
    Mistake("no such layer", "gradcheck c.yaml --inject-error 9", 2, "expected a layer from 0 to 2"),
    Mistake("an assertion of words", "evaluate model.npz t.csv --assert good", 2, "good"),
    Mistake("an unknown metric", "evaluate model.npz t.csv --assert beauty>=1", 2, "beauty"),
    Mistake("init without a target", "init t.csv", 2, "missing option '--target'"),
    Mistake("set without a value", "train c.yaml --set seed", 2, "expected --set KEY=VALUE, found 'seed'"),
]

CONFIGS = [
    Mistake("no such file", "train none.yaml", 3, "none.yaml: "),
    Mistake("a directory", "train .", 3, "directory"),
    Mistake("set an unknown key", "train c.yaml --set lr=1", 3, "--set lr"),
    Mistake("set a wrong value", "train c.yaml --set training.epochs=few", 3, "epochs"),
    Mistake(
        "a negative seed", "train c.yaml --seed -1", 3, "expected a whole number of at least 0, found -1"
    ),
    document("an empty config", 3, "bad.yaml", ""),
    document("not text", 3, "bad.yaml", b"\xff\xfe\x00\x01"),
    document("not YAML", 3, "bad.yaml:1", "data: [unclosed"),
    document("a list", 3, "bad.yaml", "- data\n"),
    document("no data", 3, "data", "seed: 1\n"),
    document("no target", 3, "target", "data:\n  train: t.csv\n"),
    document("two documents", 3, "bad.yaml:2", "seed: 1\n---\nseed: 2\n"),
    config("a tag", 3, "bad.yaml:5", "seed: !!int 3\n"),
    config("an anchor", 3, "bad.yaml:5", "seed: &a 3\n"),
    config("a key twice", 3, "bad.yaml:6", "seed: 1\nseed: 2\n"),
    config("a misspelt key", 3, "did you mean `training`?", "trainig: {epochs: 3}\n"),
    config("a key of another tool", 3, "learning_rate", "optimizer: {name: adam, lr: 0.1}\n"),
    config("an unknown optimizer", 3, "adam", "optimizer: adamm\n"),
    config("an unknown loss", 3, "bad.yaml:5", "loss: cross_entrophy\n"),
    config("weights without classes", 3, "classification", "loss: poisson\nclass_weight: balanced\n"),
    config("a word for a number", 3, "bad.yaml:5", "l2: much\n"),
    config("YAML 1.1's boolean", 3, "bad.yaml:5", "model: {bias: no}\n"),
    config("a number out of bounds", 3, "bad.yaml:5", "model: {dropout: 1.5}\n"),
    config("an infinite rate", 3, "bad.yaml:5", "optimizer: {name: adam, learning_rate: .inf}\n"),
    config("nothing to monitor", 3, "val_loss", "training: {early_stopping: {monitor: val_loss}}\n"),
    config("epochs for bfgs", 3, "epochs", "optimizer: bfgs\ntraining: {epochs: 3}\n"),
    config("batches for rprop", 3, "full", "optimizer: rprop\ntraining: {batch_size: 2}\n"),
    config("softmax inside", 3, "output only", "model: {activation: softmax}\n"),
    config("a wrong input width", 3, "expected 5", "model: {layers: [4, 8, auto]}\n"),
    config("a wrong output width", 3, "expected 3", "model: {layers: [auto, 8, 2]}\n"),
    config("a metric of another task", 3, "r2", "training: {metrics: [r2]}\n"),
    config("an unknown class", 3, "there is no class 'pine'", "class_weight: {pine: 2}\n"),
    config(
        "a billion units",
        3,
        "from 1 to 1000000 or auto, found 1000000000",
        "model: {layers: [auto, 1000000000, auto]}\n",
    ),
    config("too many parameters", 3, "at most 50,000,000", "model: {layers: [auto, 900000, 900000, auto]}\n"),
    config("no weights to start from", 3, "none.npz", "model: {init: {from: none.npz}}\n"),
    config(
        "the weights of another", 3, "layers.0", "model: {layers: [auto, 9, auto], init: {from: model.npz}}\n"
    ),
    config(
        "bfgs on too much", 9, "not enough memory", "optimizer: bfgs\nmodel: {layers: [auto, 20000, auto]}\n"
    ),
    config(
        "five at once",
        3,
        "bad.yaml:5",
        "sed: 1\nl1: -1\nl2: x\noptimizer: {name: adam, beta1: 2}\ntraining: {epochs: 0}\n",
        problems=5,
    ),
    Mistake("too many for the limit", "train c.yaml --max-params 10", 3, "expected at most 10 parameters"),
    Mistake("gradcheck: no such file", "gradcheck none.yaml", 3, "none.yaml: "),
    Mistake("gradcheck: unknown key", "gradcheck c.yaml --set model.depth=3", 3, "depth"),
]

DATA = [
    Mistake(
        "no such feature",
        "train bad.yaml",
        4,
        "did you mean 'length'?",
        {"bad.yaml": "data: {train: t.csv, target: kind, features: [lenght]}\n"},
    ),
    document("no such target", 4, "t.csv has no column 'kid'", "data: {train: t.csv, target: kid}\n"),
    document("no such table", 4, "none.csv", "data: {train: none.csv, target: kind}\n"),
    document(
        "a table from the network", 3, "only local files", "data: {train: 'http://a/t.csv', target: kind}\n"
    ),
    document("a directory for a table", 4, "directory", "data: {train: ., target: kind}\n"),
    document(
        "no such weights",
        4,
        "t.csv has no column 'weigth'",
        "data: {train: t.csv, target: kind, weight: weigth}\n",
    ),
    table("an empty table", "empty", ""),
    table("no rows", "no rows", HEADER),
    table("a column twice", "several columns are called 'width'", "length,width,width,kind\n1,2,3,ash\n"),
    table("a short row", "bad.csv:8", HEADER + ROWS + "7,8,red\n"),
    table("a long row", "bad.csv:8", HEADER + ROWS + "7,8,red,oak,9\n"),
    table("a missing cell", "bad.csv:8: column 'width': a missing value", HEADER + ROWS + "7,,red,oak\n"),
    table("a missing target", "column 'kind'", HEADER + ROWS + "7,8,red,\n"),
    table("infinity", "column 'width'", HEADER + ROWS + "7,inf,red,oak\n"),
    table("too large to be finite", "column 'width'", HEADER + ROWS + "7,1e400,red,oak\n"),
    table("one class", "class", HEADER + ROWS.replace("elm", "ash").replace("oak", "ash")),
    table("not UTF-8", "bad.csv", (HEADER + ROWS).encode() + b"7,8,gr\xfcn,oak\n"),
    table("a picture", "PNG", b"\x89PNG\r\n\x1a\n"),
    table("semicolons", "semicolon", (HEADER + ROWS).replace(",", ";")),
    table(
        "text where a number is asked for",
        "bad.csv:2: column 'colour': expected a number, found 'red'",
        HEADER + ROWS,
        "  features: {colour: standardize}\n",
    ),
    table("a negative weight", "bad.csv:2", "length,kind,w\n1,ash,-1\n2,elm,1\n", "  weight: w\n"),
    table("a split without rows", "val", HEADER + ROWS, "  validation: {column: colour, value: val}\n"),
    Mistake("init: no table", "init none.csv --target kind", 4, "none.csv"),
    Mistake("init: no such target", "init t.csv --target kid", 4, "did you mean 'kind'?"),
    Mistake("gradcheck: no table", "gradcheck c.yaml --set data.train=none.csv", 4, "none.csv"),
    Mistake("gradcheck against nothing", "gradcheck c.yaml --against none.npz", 4, "none.npz"),
    Mistake("gradcheck against text", "gradcheck c.yaml --against t.csv", 4, "t.csv"),
    Mistake("predict: no such table", "predict model.npz none.csv", 4, "none.csv"),
    given("predict: a column is not there", "did you mean 'widht'?", "length,widht,colour\n1,2,red\n"),
    given("predict: two columns are not there", "no column", "length\n1\n", problems=2),
    given(
        "predict: text for a number", "bad.csv:3: column 'width'", "length,width,colour\n1,2,red\n1,x,red\n"
    ),
    given("predict: a missing value", "column 'length': a missing", "length,width,colour\n,2,red\n"),
    given(
        "predict: an unseen category", "'pink' was not seen", "length,width,colour\n1,2,pink\n", "--strict"
    ),
    given("predict: no such id", "no column 'key'", "length,width,colour\n1,2,red\n", "--id key"),
    given("predict: a short row", "bad.csv:3", "length,width,colour\n1,2,red\n1,2\n", "--on-bad-row empty"),
    given(
        "predict: a name is taken",
        "column 'prediction'",
        "length,width,colour,prediction\n1,2,red,x\n",
        "--include-inputs",
    ),
    Mistake("predict: nothing on standard input", "predict model.npz -", 4, "stdin"),
    Mistake(
        "evaluate: no truth",
        "evaluate model.npz bad.csv",
        4,
        "there is no column 'kind'",
        {"bad.csv": "length,width,colour\n1,2,red\n"},
    ),
]

MODELS = [
    Mistake("no such model", "predict none.npz t.csv", 5, "none.npz"),
    Mistake("a directory for a model", "predict . t.csv", 5, "directory"),
    Mistake("a table for a model", "predict t.csv t.csv", 5, "t.csv"),
    Mistake("a config for a model", "inspect c.yaml", 5, "c.yaml"),
    Mistake("another file", f"predict model.npz t.csv --expect-sha256 {'0' * 64}", 5, "expected sha256 0000"),
    Mistake("evaluate without a model", "evaluate none.npz t.csv", 5, "none.npz"),
    model("an empty model", "bad.npz", b""),
    model("a shell script", "bad.npz", b"#!/bin/sh\nexit 0\n"),
    model("a zip of nothing", "bad.npz", b"PK\x05\x06" + b"\0" * 18),
]

OUTPUTS = [
    Mistake("a file for a run directory", "train c.yaml -o t.csv", 6, "t.csv: expected a directory"),
    Mistake("somebody's files", "train c.yaml -o mine", 6, "notes.txt", {"mine/notes.txt": "mine"}),
    Mistake("below a file", "train c.yaml -o t.csv/run", 6, "t.csv/run"),
    Mistake("predictions into a directory", "predict model.npz t.csv -o mine", 6, "mine", {"mine/a": ""}),
    Mistake("predictions into no directory", "predict model.npz t.csv -o none/p.csv", 6, "none/p.csv"),
    Mistake("a full device", "predict model.npz t.csv -o /dev/full", 6, "No space left on device"),
]

EVERY = [*USAGE, *CONFIGS, *DATA, *MODELS, *OUTPUTS]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a table, a config, and the model that they give."""
    directory = tmp_path_factory.mktemp("good")
    write_table(directory)
    write_config(directory / "c.yaml")
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    shutil.move(directory / "run" / "model.npz", directory / "model.npz")
    shutil.rmtree(directory / "run")
    return directory


@pytest.fixture
def place(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the good files, to work in."""
    place = tmp_path / "place"
    shutil.copytree(good, place)
    monkeypatch.chdir(place)
    return place


def assert_refused(done: Done, code: int, says: str = "", problems: int = 1) -> None:
    """One message per problem, at most four lines each, on stderr only; nothing that a terminal obeys."""
    assert (done.code, done.out) == (code, ""), done.err
    assert not raw_characters(done.err), ascii(done.err)
    assert "Traceback" not in done.err
    assert says in done.err
    lines = done.err.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("mlp: error: ")]
    assert starts[:1] == [0], done.err
    assert len(starts) == problems, done.err
    for start, end in itertools.pairwise([*starts, len(lines)]):
        assert end - start <= 4, done.err
        assert all(line.startswith(("  ", "hint: ")) for line in lines[start + 1 : end]), done.err
        assert len(lines[start]) > len("mlp: error: "), done.err


def refuse(place: Path, mistake: Mistake) -> Done:
    """Run the mistake; the disk must be as it was."""
    for name, content in mistake.files.items():
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    before = tree(place)
    done = mlp(*mistake.arguments.split())
    assert tree(place) == before
    return done


@pytest.mark.parametrize("mistake", EVERY, ids=lambda mistake: mistake.name)
def test_a_mistake_is_named_and_leaves_nothing(place: Path, mistake: Mistake) -> None:
    assert_refused(refuse(place, mistake), mistake.code, mistake.says, mistake.problems)


def test_every_exit_code_of_a_mistake_is_in_the_table() -> None:
    assert {mistake.code for mistake in EVERY} == {2, 3, 4, 5, 6, 9}
    assert len({mistake.name for mistake in EVERY}) == len(EVERY) >= 50


def test_a_config_error_shows_the_line_with_a_caret(place: Path) -> None:
    (place / "bad.yaml").write_text("data:\n  train: t.csv\n  target: kind\ntraining: {epochz: 3}\n")
    assert mlp("train", "bad.yaml").err == (
        "mlp: error: bad.yaml:4:12: unknown key `training.epochz`\n"
        "  training: {epochz: 3}\n"
        "             ^\n"
        "hint: did you mean `epochs`?\n"
    )


def test_a_run_directory_in_use_is_left_to_its_run(place: Path) -> None:
    with run_lock(place / "run"):
        before = tree(place)
        done = mlp("train", "c.yaml", "-o", "run")
        assert tree(place) == before
    assert_refused(done, 8, "run is in use by another run")


def test_a_truncated_model_is_refused_wherever_it_ends(place: Path) -> None:
    whole = (place / "model.npz").read_bytes()
    for end in range(0, len(whole), len(whole) // 25):
        assert_refused(refuse(place, model("", "", whole[:end])), 5, "bad.npz")


def test_a_pickle_is_no_model(place: Path) -> None:
    np.savez(place / "bad.npz", meta=np.array([{"a": 1}], dtype=object))
    assert_refused(mlp("predict", "bad.npz", "t.csv"), 5, "bad.npz")


# --- hostile text -------------------------------------------------------------------------------------------

HOSTILE_TABLE = f'"{HOSTILE}",kind\n1,ash\n2,elm\n3,"{HOSTILE}"\n'

HOSTILE_MISTAKES = [
    Mistake("command", f"{HOSTILE} c.yaml", 2, "no such command"),
    Mistake("option", f"train c.yaml --{HOSTILE}", 2, "no such option"),
    Mistake("config path", f"train {HOSTILE}.yaml", 3, "\\x1b"),
    Mistake("key given with --set", f"train c.yaml --set {HOSTILE}=1", 3, "\\x1b"),
    Mistake("value given with --set", f"train c.yaml --set loss={HOSTILE}", 3, "--set loss"),
    document("YAML key", 3, "\\x1b", f"data: {{train: t.csv, target: kind}}\n{YAML_HOSTILE}: 1\n"),
    document("YAML value", 3, "\\x1b", f"data: {{train: t.csv, target: kind}}\nloss: {YAML_HOSTILE}\n"),
    document("raw YAML", 3, "bad.yaml:1", f"data: {HOSTILE}\n"),
    document("table path", 4, "\\x1b", f"data: {{train: {YAML_HOSTILE}, target: kind}}\n"),
    document("column that is not there", 4, "\\x1b", f"data: {{train: t.csv, target: {YAML_HOSTILE}}}\n"),
    table("column name", "\\x1b", f'"{HOSTILE}","{HOSTILE}",kind\n1,2,ash\n'),
    table("cell", "\\x1b", f'length,kind\n1,ash\n"{HOSTILE}",elm\n', "  features: {length: none}\n"),
    Mistake("model path", f"predict {HOSTILE}.npz t.csv", 5, "\\x1b"),
    Mistake("input path", f"predict model.npz {HOSTILE}.csv", 4, "\\x1b"),
    Mistake("output path", f"predict model.npz t.csv -o {HOSTILE}/p.csv", 6, "\\x1b"),
    Mistake("run directory", f"train c.yaml -o t.csv/{HOSTILE}", 6, "\\x1b"),
    Mistake("hash", f"predict model.npz t.csv --expect-sha256 {HOSTILE}", 5, "\\x1b"),
    given("unseen category", "\\x1b", f'length,width,colour\n1,2,"{HOSTILE}"\n', "--strict"),
]


@pytest.mark.parametrize("mistake", HOSTILE_MISTAKES, ids=lambda mistake: mistake.name)
def test_hostile_text_is_escaped_in_messages(place: Path, mistake: Mistake) -> None:
    assert_refused(refuse(place, mistake), mistake.code, mistake.says)


def test_hostile_names_and_labels_are_escaped_in_results(place: Path) -> None:
    """A run with them succeeds; what a person sees of it is harmless, what a program reads is unchanged."""
    (place / "hostile.csv").write_text(HOSTILE_TABLE + f'4,"{HOSTILE}"\n5,ash\n6,elm\n', "utf-8")
    write_config(
        place / "h.yaml",
        data={"train": "hostile.csv", "features": None},
        class_weight={HOSTILE: 2},
    )
    shown = [
        ok("train", "h.yaml", "-o", "hostile", "--no-plots"),
        ok("train", "h.yaml", "--dry-run"),
        ok("train", "h.yaml", "-o", "hostile", "--no-plots", "--json"),
        ok("gradcheck", "h.yaml", "--verbose"),
        ok("inspect", "hostile/model.npz"),
        ok("inspect", "hostile/model.npz", "--json"),
        ok("evaluate", "hostile/model.npz", "hostile.csv"),
        ok("evaluate", "hostile/model.npz", "hostile.csv", "--json"),
    ]
    for done in shown:
        assert not raw_characters(done.out + done.err), ascii(done.out + done.err)
    predicted = ok("predict", "hostile/model.npz", "hostile.csv", "--include-inputs")
    assert [row["kind"] for row in predicted.rows()][2] == HOSTILE
    assert not raw_characters(predicted.err)


def test_names_of_several_lines_are_escaped_by_every_command(place: Path) -> None:
    """Line ends, separators and overrides in columns, categories, classes and the target."""
    names = ("two\nlines\r\nand\ttab", HOSTILE, 'quo"te,\u2028comma', "ca\x7ft", "tar\nget\x9b1m")
    labels = ("a\nA", HOSTILE, "c\u2029C", "true")
    with (place / "lines.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for i in range(24):
            category = ("u\nU", HOSTILE, "w\x85")[i % 3]
            writer.writerow([i % 7, i % 5 / 2, i % 11, category, labels[i % 4]])
    short = ("--set", "training.epochs=2", "--no-plots")
    commands = [
        ("init", "lines.csv", "--target", names[-1]),
        ("train", "lines.yaml", "-o", "lines", *short),
        ("train", "lines.yaml", "-o", "lines", *short, "--json"),
        ("train", "lines.yaml", "-o", "lines", *short, "--resume"),
        ("train", "lines.yaml", "--dry-run", "--json"),
        ("gradcheck", "lines.yaml", "--json"),
        ("inspect", "lines/model.npz"),
        ("evaluate", "lines/model.npz", "lines.csv"),
    ]
    for command in commands:
        done = ok(*command)
        assert not raw_characters(done.out + done.err), (command, ascii(done.out + done.err))
    predicted = ok("predict", "lines/model.npz", "lines.csv", "--include-inputs")
    assert not raw_characters(predicted.err)
    assert [row[names[-1]] for row in predicted.rows()] == [labels[i % 4] for i in range(24)]
    assert {row["prediction"] for row in predicted.rows()} <= set(labels)
