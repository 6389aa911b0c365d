"""Rows of a database, from the first look to predictions: which table, which query, and what is no choice."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

from tests.support.running import RESULTS, mlp, ok, write_config, write_table

ORDERED = "SELECT * FROM trees WHERE length > -9 ORDER BY id"
UNORDERED = "SELECT * FROM trees"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table in a CSV and in a database beside another one, and a model of it."""
    directory = tmp_path_factory.mktemp("made")
    with write_table(directory).open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    rows.sort()
    with (directory / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
    with sqlite3.connect(directory / "forest.db") as connection:
        connection.execute(f"CREATE TABLE trees ({', '.join(names)})")
        connection.executemany(f"INSERT INTO trees VALUES ({', '.join('?' * len(names))})", rows)
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    write_config(directory / "c.yaml", data={"id": ["id"], "missing": "median"})
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    return directory


@pytest.fixture(autouse=True)
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("t.csv", "forest.db", "run/model.npz"):
        Path(Path(name).name).write_bytes((made / name).read_bytes())


@pytest.mark.parametrize("choice", [{"table": "trees"}, {"query": ORDERED}])
def test_a_model_of_the_rows_that_are_chosen(choice: dict[str, str], made: Path) -> None:
    """It is that of the same rows in a CSV; the choice is in the config of the run, not in the model."""
    data = {"id": ["id"], "missing": "median", "train": "forest.db", **choice}
    write_config(Path("c.yaml"), data=data)
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    assert done.err == ""
    for name in RESULTS:
        assert Path("run", name).read_bytes() == (made / "run" / name).read_bytes()
    (key, value), *_ = choice.items()
    assert f"{key}: {value}\n" in Path("run/config.yaml").read_text("utf-8")
    ok("train", "run/config.yaml", "-o", "again", "--no-plots", "-q")
    assert Path("again/history.csv").read_bytes() == Path("run/history.csv").read_bytes()


@pytest.mark.parametrize("choice", [("--table", "trees"), ("--query", ORDERED)])
def test_every_command_takes_the_rows_that_are_chosen(choice: tuple[str, str]) -> None:
    for command, *options in (
        ["predict", "--include-inputs"],
        ["evaluate", "--json"],
        ["explain", "--json", "--force", "--repeats", "1"],
        ["drift", "--json"],
    ):
        expected = ok(command, "model.npz", "t.csv", *options)
        found = ok(command, "model.npz", "forest.db", *choice, *options)
        assert found.out == expected.out, command
        assert found.err == expected.err.replace("t.csv", "forest.db"), command


@pytest.mark.parametrize("choice", [("--table", "trees"), ("--query", ORDERED)])
def test_an_export_is_checked_on_the_rows_that_are_chosen(choice: tuple[str, str]) -> None:
    expected = ok("export", "model.npz", "-o", "score.py", "--check", "t.csv")
    found = ok("export", "model.npz", "-o", "score.py", "--check", "forest.db", *choice)
    assert (found.out, found.err) == (expected.out, expected.err)
    done = ok("export", "model.npz", "-o", "score.py", "--check", "forest.db", "--query", UNORDERED, "-q")
    assert "mlp: warning: forest.db: the query has no ORDER BY" in done.err


@pytest.mark.parametrize("command", ["predict", "evaluate", "explain", "drift"])
def test_a_query_without_an_order_is_a_warning(command: str) -> None:
    force = ["--force"] if command == "explain" else []
    done = ok(command, "model.npz", "forest.db", "--query", UNORDERED, *force, "-q")
    assert "mlp: warning: forest.db: the query has no ORDER BY" in done.err


def test_a_query_without_an_order_is_a_warning_of_training() -> None:
    write_config(Path("c.yaml"), data={"train": "forest.db", "query": UNORDERED})
    done = ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    assert "mlp: warning: forest.db: the query has no ORDER BY" in done.err


@pytest.mark.parametrize("choice", [("--table", "trees"), ("--query", ORDERED)])
def test_init_writes_the_choice_into_the_config(choice: tuple[str, str]) -> None:
    ok("init", "forest.db", "--target", "kind", *choice, "--recipe", "quick", "-q")
    text = Path("forest.yaml").read_text("utf-8")
    assert f"  {choice[0].removeprefix('--')}: {choice[1]} " in text
    ok("train", "forest.yaml", "-o", "run", "--no-plots", "-q", "--set", "training.epochs=1")


def test_init_of_json_lines_is_init_of_csv() -> None:
    """But for the name of the file."""
    import json

    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        lines = [json.dumps(row) + "\n" for row in csv.DictReader(file)]
    Path("t.jsonl").write_text("".join(lines), "utf-8")
    ok("init", "t.csv", "--target", "kind", "-o", "a.yaml", "-q")
    ok("init", "t.jsonl", "--target", "kind", "-o", "b.yaml", "-q")
    one, other = (Path(name).read_text("utf-8") for name in ("a.yaml", "b.yaml"))
    plain = [text.replace("t.jsonl", "t.csv").replace("b.yaml", "a.yaml").split() for text in (one, other)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["t.csv", "--table", "trees"], "--table is for databases, and t.csv is none"),
        (["-", "--query", UNORDERED], "--query is for databases, and - is none"),
        (
            ["forest.db", "--table", "trees", "--query", UNORDERED],
            "--table and --query are two ways to choose rows",
        ),
    ],
)
def test_a_choice_that_is_none(arguments: list[str], says: str) -> None:
    done = mlp("predict", "model.npz", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"mlp: error: {says}\nhint: ")


def test_several_tables_and_no_choice() -> None:
    done = mlp("predict", "model.npz", "forest.db")
    assert done.code == 4
    assert done.err == (
        "mlp: error: forest.db: holds 2 tables: other, trees\n"
        "hint: say which: `table: NAME` or `query: SELECT ...` under `data`; "
        "--table or --query of a command\n"
    )
