"""Several files of the same columns train as their rows in one file do; listed, or named by a pattern."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RESULTS, Done, mlp, ok, write_config, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and a model of it."""
    directory = tmp_path_factory.mktemp("made")
    write_table(directory)
    train(directory, "t.csv")
    return directory


def train(directory: Path, given: Any, **data: Any) -> None:
    """Train on files of a directory, into `run` in it."""
    write_config(directory / "c.yaml", data={"train": given, "id": ["id"], "test": 0.2, **data})
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")


@pytest.fixture
def parts(made: Path, tmp_path: Path) -> Path:
    """The rows in three files, of which one has its columns in another order, and one is no CSV."""
    with (made / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (tmp_path / "parts").mkdir()
    for name, some in (("a.csv", rows[:9]), ("b.csv", rows[9:10]), ("c.tsv", rows[10:])):
        names = sorted(rows[0], reverse=name == "b.csv")
        with (tmp_path / "parts" / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, delimiter="\t" if name == "c.tsv" else ",")
            writer.writeheader()
            writer.writerows(some)
    return tmp_path


def assert_same(found: Path, expected: Path) -> None:
    for name in (*RESULTS, "predictions.csv", "splits.csv"):
        assert (found / "run" / name).read_bytes() == (expected / "run" / name).read_bytes(), name


@pytest.mark.parametrize(
    "given", ["parts/*", "p?rts/[abc].*", "**/[a-c].?sv", ["parts/a.csv", "parts/b.csv", "parts/c.tsv"]]
)
def test_they_train_the_same_model(given: Any, made: Path, parts: Path) -> None:
    """A pattern means its files in the order of their names; the run's own config trains it again."""
    train(parts, given)
    assert_same(parts, made)
    ok("train", parts / "run/config.yaml", "-o", parts / "again", "--no-plots", "-q")
    assert (parts / "again/history.csv").read_bytes() == (parts / "run/history.csv").read_bytes()


def test_other_parts_may_be_several_too(made: Path, parts: Path) -> None:
    rows = (made / "t.csv").read_text("utf-8").splitlines(keepends=True)
    for name, some in (
        ("whole.csv", rows[1:]),
        ("v1.csv", rows[1:4]),
        ("v2.csv", rows[4:9]),
        ("v.csv", rows[1:9]),
    ):
        (parts / name).write_text("".join([rows[0], *some]), "utf-8")
    metrics = []
    for validation in (["v1.csv", "v2.csv"], "v.csv", "v[12].csv"):
        train(parts, "whole.csv", validation=validation)
        metrics.append((parts / "run/metrics.json").read_bytes())
    assert len({*metrics}) == 1


def refused(directory: Path, given: Any) -> Done:
    write_config(directory / "c.yaml", data={"train": given, "features": None})
    done = mlp("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    assert not (directory / "run").exists()
    return done


def test_files_of_other_columns_are_refused(parts: Path) -> None:
    text = (parts / "parts/b.csv").read_text("utf-8")
    (parts / "parts/b.csv").write_text(text.replace("width", "girth"), "utf-8")
    done = refused(parts, "parts/*")
    assert done.code == 4
    first, other = parts / "parts/a.csv", parts / "parts/b.csv"
    assert f"mlp: error: {other}:1: there is no column 'width'\n" in done.err
    assert f"mlp: error: {other}:1: column 'girth' is not in {first}\n" in done.err
    assert f"hint: all files have the columns of {first}\n" in done.err


def test_a_wrong_cell_is_told_with_its_own_file(parts: Path) -> None:
    path = parts / "parts/c.tsv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    number = lines[0].split("\t").index("length")
    cells = lines[3].split("\t")
    lines[3] = "\t".join([*cells[:number], "long", *cells[number + 1 :]])
    path.write_text("".join(lines), "utf-8")
    write_config(parts / "c.yaml", data={"train": "parts/*", "features": {"length": "standardize"}})
    done = mlp("train", parts / "c.yaml", "-o", parts / "run", "--no-plots", "-q")
    assert (done.code, done.err.splitlines()[0]) == (
        4,
        f"mlp: error: {path}:4: column 'length': expected a number, found 'long'",
    )
    assert (
        f"most of its cells are numbers, but not 'long' in line 4 of {path}; or"
        in refused(parts, "parts/*").err
    )


@pytest.mark.parametrize("given", ["none/*.csv", "parts/[xyz].csv"])
def test_a_pattern_of_no_file(given: str, parts: Path) -> None:
    done = refused(parts, given)
    assert done.code == 4
    assert f"no file is called as {parts / given} says" in done.err


def test_a_list_of_nothing_and_of_one_file_twice(parts: Path) -> None:
    assert "expected the path of a table or a list of them, found an empty list" in refused(parts, []).err
    assert "'parts/a.csv' is listed twice" in refused(parts, ["parts/a.csv", "parts/a.csv"]).err


def test_rows_of_several_files_are_counted(parts: Path) -> None:
    from mlpcli.tables.csv_format import CsvFormat
    from mlpcli.tables.reader import open_table
    from mlpcli.tables.source import find, one_of

    files = [find(parts / "parts" / name) for name in ("a.csv", "b.csv", "c.tsv")]
    with open_table(one_of(files), CsvFormat()) as reader:
        assert reader.skip() == 40


def test_a_pattern_is_an_input(made: Path, parts: Path) -> None:
    """Its rows are those of the one file, to the byte; also a shard of them, wherever it begins."""
    model, given = made / "run/model.npz", parts / "parts/*"
    carried = ("--id", "colour", "--id", "length")
    expected = ok("predict", model, made / "t.csv", *carried).out
    assert ok("predict", model, given, *carried).out == expected
    shards = [ok("predict", model, given, *carried, "--shard", f"{i}/4").out for i in range(1, 5)]
    assert "".join(shards) == expected
    for command in (("drift", "--json"), ("explain", "--json", "--force")):
        name, *flags = command
        assert ok(name, model, given, *flags).out == ok(name, model, made / "t.csv", *flags).out


def test_a_pattern_is_evaluated(made: Path, parts: Path) -> None:
    """Sums over the rows of several files round in another order."""
    model = made / "run/model.npz"
    found, expected = (
        ok("evaluate", model, given, "--json").document() for given in (parts / "parts/*", made / "t.csv")
    )
    assert found["rows"] == expected["rows"]
    assert found["metrics"] == pytest.approx(expected["metrics"], rel=1e-12)


def test_what_is_wrong_with_an_input_of_several_files(made: Path, parts: Path) -> None:
    """Nothing fits; one of them would be lost; a cell is wrong in the second, which is named."""
    model, given, second = made / "run/model.npz", parts / "parts/*.csv", parts / "parts/b.csv"
    done = mlp("predict", model, parts / "parts/*.parquet")
    assert (done.code, done.out) == (4, "")
    assert done.err == f"mlp: error: {parts}/parts/*.parquet: is a pattern that fits no file\n"
    done = mlp("predict", model, given, "-o", second)
    assert done.code == 2
    assert f"{second} would be lost" in done.err
    with second.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    row["length"] = "long"
    second.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", "utf-8")
    done = mlp("predict", model, given)
    assert done.code == 4
    assert f"{second}:2: column 'length'" in done.err


def test_a_file_whose_name_looks_like_a_pattern(made: Path, tmp_path: Path) -> None:
    """It is the file."""
    model = made / "run/model.npz"
    (tmp_path / "t[1].csv").write_bytes((made / "t.csv").read_bytes())
    (tmp_path / "t1.csv").write_text("nothing\n1\n")
    assert ok("predict", model, tmp_path / "t[1].csv").out == ok("predict", model, made / "t.csv").out


@pytest.mark.parametrize("given", ["parts/*", ["parts/a.csv", "parts/b.csv", "parts/c.tsv"]])
def test_init_takes_them_and_names_them(given: Any, made: Path, parts: Path, monkeypatch: Any) -> None:
    """The config that it writes is that of one file, but for the name; and trains unedited."""
    monkeypatch.chdir(parts)
    options = ("--target", "kind", "--recipe", "quick", "-q")
    ok("init", made / "t.csv", *options, "-o", "one.yaml")
    ok("init", *([given] if isinstance(given, str) else given), *options, "-o", "c.yaml")
    one, several = (Path(name).read_text("utf-8") for name in ("one.yaml", "c.yaml"))
    told = "parts/*" if isinstance(given, str) else "[parts/a.csv, parts/b.csv, parts/c.tsv]"
    assert f"  train: {told} " in several
    differing = [text for text, other in zip(several.split(), one.split(), strict=False) if text != other]
    assert "train:" not in differing
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", "training.epochs=1")


def test_what_init_cannot_take_of_several(parts: Path, monkeypatch: Any) -> None:
    """No file, one that is missing, one that is no file, and the config in place of one of them."""
    monkeypatch.chdir(parts)
    for given, says in (
        (["none/*"], "none/*: is a pattern that fits no file"),
        (["parts/a.csv", "parts/z.csv"], "parts/z.csv: cannot be read: No such file or directory"),
        (["parts/a.csv", "/dev/null"], "parts/a.csv and 1 more file: is no regular file"),
    ):
        done = mlp("init", *given, "--target", "kind")
        assert (done.code, done.out) == (4, "")
        assert done.err.startswith(f"mlp: error: {says}")
    done = mlp("init", "parts/*", "--target", "kind", "-o", "parts/c.tsv", "--overwrite")
    assert (done.code, "parts/c.tsv would be lost" in done.err) == (2, True)


def test_a_file_is_read_once_whatever_it_is_called(made: Path, parts: Path) -> None:
    """By a pattern and besides, by another path, by a link; the name of several is what they share."""
    from mlpcli.commands.init import name_of
    from mlpcli.tables.patterns import find_each

    (parts / "link.csv").symlink_to(parts / "parts/a.csv")
    given = ["parts/*.csv", "parts/a.csv", "parts/../parts/b.csv", "link.csv"]
    assert len(find_each([f"{parts}/{name}" for name in given]).parts) == 2
    train(parts, [*given, "parts/c.tsv"])
    assert_same(parts, made)
    for names, expected in (
        (["a/part-2.csv", "a/part-10.csv.gz"], "part"),
        (["a/part-*.parquet"], "part"),
        (["a/*.jsonl"], "a"),
        (["a/2023.csv", "b/2024.csv"], "a"),
        (["**/*.csv"], "table"),
        (["rows.2.csv"], "rows.2"),
    ):
        assert name_of(names) == expected
