"""`mlp init`: a config that trains unedited on every shape of table, with a reason for every line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.load import load_config
from mlpcli.config.spec import Spec
from mlpcli.starter.task import CODED
from tests.support.config_runs import DATA
from tests.support.running import mlp, ok, raw_characters

Columns = dict[str, Sequence[Any]]


def write(path: Path, columns: Columns, separator: str = ",", encoding: str = "utf-8") -> Path:
    """A table in quotes where it needs them; None is an empty cell."""
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    quoted = [["" if cell is None else _cell(cell, separator) for cell in row] for row in rows]
    path.write_text("".join(separator.join(row) + "\n" for row in quoted), encoding, newline="")
    return path


def _cell(value: object, separator: str) -> str:
    text = str(value)
    quotes = '"' if any(sign in text for sign in (separator, '"', "\n")) else ""
    return quotes + text.replace('"', '""') + quotes


def numbers(rows: int, seed: int = 0) -> list[float]:
    return np.random.default_rng(seed).normal(size=rows).round(3).tolist()


def words(rows: int, *among: str, seed: int = 0) -> list[str]:
    return np.random.default_rng(seed).choice(among, rows).tolist()


def started(
    path: Path, *targets: str, out: str = "c.yaml", options: Sequence[object] = ()
) -> tuple[Spec, str]:
    """The config written for a table, and its text."""
    named = [word for target in targets for word in ("--target", target)]
    ok("init", "--recipe", "quick", path, *named, "-o", path.parent / out, "-q", *options)
    return load_config(path.parent / out).spec, (path.parent / out).read_text("utf-8")


def comment(text: str, start: str) -> str:
    """What the line that starts like this says in its comment."""
    (line,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return line.split("  # ")[-1].split(" # ")[-1]


def trains(path: Path, *targets: str) -> dict[str, Any]:
    """The results of the unedited config, with two epochs in place of many."""
    started(path, *targets, options=["--overwrite"])
    run = path.parent / "run"
    options = ["--json", "--no-plots", "--overwrite", "--set", "training.epochs=2"]
    return dict(ok("train", path.parent / "c.yaml", "-o", run, *options).document())


def test_penguins_from_the_file_alone(tmp_path: Path) -> None:
    ok("init", "--recipe", "quick", DATA / "penguins.csv", "--target", "species", "-o", tmp_path / "c.yaml")
    spec = load_config(tmp_path / "c.yaml").spec
    assert (spec.data.task, spec.data.na_values) == ("classification", ("NA",))
    assert spec.data.features is not None
    encoded = {name: one.encode and one.encode.name for name, one in spec.data.features.items()}
    assert encoded == {
        "island": "one_hot",
        "bill_length_mm": "standardize",
        "bill_depth_mm": "standardize",
        "flipper_length_mm": "standardize",
        "body_mass_g": "standardize",
        "sex": "one_hot",
        "year": "standardize",
    }
    policies = {name: one.missing.policy for name, one in spec.data.features.items() if one.missing}
    assert policies == {
        "bill_length_mm": "median",
        "bill_depth_mm": "median",
        "flipper_length_mm": "median",
        "body_mass_g": "median",
        "sex": "category",
    }
    run = tmp_path / "run"
    values = ok("train", tmp_path / "c.yaml", "-o", run, "--json", "--no-plots").document()
    assert values["test"]["accuracy"] > 0.95


def test_columns_that_are_left_out_say_why(tmp_path: Path) -> None:
    rows = 60
    columns: Columns = {
        "x": numbers(rows),
        "row": range(1, rows + 1),
        "customerId": [900 - 7 * i for i in range(rows)],
        "name": [f"n{i}" for i in range(rows)],
        "flat": [3] * rows,
        "word": ["same"] * rows,
        "nothing": [None] * rows,
        "street": [f"s{i % 45}" for i in range(rows)],
        "nearly": [*map(str, numbers(rows - 3)), "high", "low", "odd"],
        "y": words(rows, "a", "b"),
    }
    spec, text = started(write(tmp_path / "t.csv", columns), "y")
    assert list(spec.data.features or ()) == ["x"]
    assert {name: comment(text, f"- {name}") for name in spec.data.exclude} == {
        "row": "row numbers: they say nothing about new rows",
        "customerId": "different in every row: a name of the row, which says nothing about others",
        "name": "different in every row: a name of the row, which says nothing about others",
        "flat": "the same in every row",
        "word": "the same in every row",
        "nothing": "every cell is missing",
        "street": "45 different texts, which seldom come again (as s0)",
        "nearly": "numbers, but not 'high': if that means missing, name it in na_values",
    }
    assert trains(tmp_path / "t.csv", "y")["status"] != ""


def test_many_categories_with_many_rows_each_are_kept(tmp_path: Path) -> None:
    columns: Columns = {"route": [f"r{i % 120}" for i in range(9000)], "y": numbers(9000)}
    spec, _ = started(write(tmp_path / "t.csv", columns), "y")
    assert list(spec.data.features or ()) == ["route"]
    assert trains(tmp_path / "t.csv", "y")["epochs"] == 2


@pytest.mark.parametrize(
    ("values", "task", "why"),
    [
        (lambda n: words(n, "a", "b", "c"), "classification", "text"),
        (lambda n: words(n, "0", "1"), "classification", "two values"),
        (lambda n: words(n, "2.5", "7"), "classification", "two values"),
        (lambda n: words(n, *map(str, range(10))), "classification", CODED),
        (lambda n: words(n, *map(str, range(1, 27))), "classification", CODED),
        (lambda n: words(n, "0", "2", "5"), "regression", "numbers"),
        (lambda n: words(n, *map(str, range(40))), "regression", "numbers"),
        (lambda n: words(n, "1.5", "2.5", "3.5"), "regression", "numbers"),
        (numbers, "regression", "numbers"),
        (lambda n: ["0"] * (n - 3) + ["1", "2", "3"], "regression", "numbers"),
    ],
)
def test_the_task_that_a_target_suggests(
    tmp_path: Path, values: Callable[[int], Sequence[Any]], task: str, why: str
) -> None:
    rows = 10_000 if task == "regression" else 400
    spec, text = started(write(tmp_path / "t.csv", {"x": numbers(rows), "y": values(rows)}), "y")
    assert (spec.data.task, comment(text, "task:")) == (task, why)


def test_the_task_may_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", {"x": numbers(60), "y": words(60, "1", "2", "3")})
    assert started(path, "y")[0].data.task == "classification"
    assert started(path, "y", out="d.yaml", options=["--task", "regression"])[0].data.task == "regression"


def test_several_targets_are_numbers_or_labels(tmp_path: Path) -> None:
    columns: Columns = {"x": numbers(60), "a": numbers(60, 1), "b": numbers(60, 2)}
    columns |= {"p": words(60, "0", "1"), "q": words(60, "0", "1", seed=1)}
    path = write(tmp_path / "t.csv", columns)
    spec, _ = started(path, "a", "b")
    assert (spec.data.target, spec.data.task) == (("a", "b"), "regression")
    spec, _ = started(path, "p", "q", out="d.yaml")
    assert (spec.data.target, spec.data.task) == (("p", "q"), "multilabel")
    assert trains(path, "p", "q")["epochs"] == 2


@pytest.mark.parametrize("mark", ["NA", "?", "N/A", "nan", "-", " ? "])
def test_marks_for_missing_cells_are_found_among_numbers(tmp_path: Path, mark: str) -> None:
    x: list[Any] = numbers(60)
    x[7] = x[31] = mark
    low, high = (pick(cell for cell in x if cell != mark) for pick in (min, max))
    spec, text = started(write(tmp_path / "t.csv", {"x": x, "y": words(60, "a", "b")}), "y")
    assert spec.data.na_values == (mark,)
    assert spec.data.features is not None and spec.data.features["x"].missing is not None
    assert comment(text, "x:") == f"numbers {low:.4g} to {high:.4g}, 2 missing"
    assert trains(tmp_path / "t.csv", "y")["epochs"] == 2


def test_a_class_or_a_category_may_be_called_like_nothing(tmp_path: Path) -> None:
    columns: Columns = {
        "x": numbers(60),
        "k": words(60, "NA", "EU", "none"),
        "y": words(60, "None", "unknown"),
    }
    spec, _ = started(write(tmp_path / "t.csv", columns), "y")
    assert spec.data.na_values == ()
    assert trains(tmp_path / "t.csv", "y")["train"]["accuracy"] >= 0


def test_of_three_classes_one_may_be_called_unknown(tmp_path: Path) -> None:
    columns: Columns = {"x": numbers(60), "y": words(60, "0", "1", "unknown")}
    spec, text = started(write(tmp_path / "t.csv", columns), "y")
    assert spec.data.na_values == ()
    assert comment(text, "target:") == "3 classes: 0, 1, unknown"


def test_rows_without_a_target_are_dropped(tmp_path: Path) -> None:
    y: list[Any] = numbers(80)
    x: list[Any] = numbers(80, 1)
    y[3] = y[5] = None
    x[40] = None
    columns: Columns = {"x": x, "k": words(80, "a", "b"), "y": y}
    spec, text = started(write(tmp_path / "t.csv", columns), "y")
    assert spec.data.missing.policy == "drop"
    assert comment(text, "missing:") == "the target of 2 rows is missing: nothing to learn there"
    assert {one.missing.policy for one in (spec.data.features or {}).values() if one.missing} == {"median"}
    assert trains(tmp_path / "t.csv", "y")["epochs"] == 2


def test_a_cell_may_be_missing_in_new_rows_where_others_were(tmp_path: Path) -> None:
    a: list[Any] = numbers(80)
    a[3] = None
    columns: Columns = {"a": a, "b": numbers(80, 1), "k": words(80, "u", "v"), "y": words(80, "p", "q")}
    trains(write(tmp_path / "t.csv", columns), "y")
    (tmp_path / "new.csv").write_text("a,b,k\n,,\n", "utf-8")
    assert len(ok("predict", tmp_path / "run" / "model.npz", tmp_path / "new.csv").rows()) == 1


def test_dates_are_features(tmp_path: Path) -> None:
    days = [f"{1 + i % 28:02}.{1 + i % 12:02}.{2000 + i}" for i in range(60)]
    iso = [f"{2000 + i}-01-02" for i in range(60)]
    spec, _ = started(write(tmp_path / "t.csv", {"day": days, "iso": iso, "y": numbers(60)}), "y")
    encodings = {name: one.encode for name, one in (spec.data.features or {}).items()}
    assert {name: (e.name, e.format) for name, e in encodings.items() if e} == {
        "day": ("datetime", "%d.%m.%Y"),
        "iso": ("datetime", None),
    }
    assert trains(tmp_path / "t.csv", "y")["epochs"] == 2


def test_how_the_file_is_written_is_written_down(tmp_path: Path) -> None:
    columns: Columns = {"größe": [f"{n}".replace(".", ",") for n in numbers(60)], "y": words(60, "ä", "b")}
    path = write(tmp_path / "t.csv", columns, ";", "cp1252")
    data = started(path, "y")[0].data
    assert (data.separator, data.decimal, data.encoding) == (";", ",", "cp1252")
    assert trains(path, "y")["epochs"] == 2


def test_tables_too_small_or_too_wide_train_too(tmp_path: Path) -> None:
    for rows, width in ((4, 1), (12, 2), (49, 3), (200, 300)):
        columns: Columns = {f"x{i}": numbers(rows, i) for i in range(width)}
        x: list[Any] = list(columns["x0"])
        x[0] = None
        columns |= {"x0": x, "flat": [1] * rows, "y": (["a", "b"] * rows)[:rows]}
        folder = tmp_path / str(rows)
        folder.mkdir()
        found = trains(write(folder / "t.csv", columns), "y")
        assert ("test" in found) == (rows >= 50)


def test_a_wide_table_leaves_out_what_cannot_be_inferred(tmp_path: Path) -> None:
    columns: Columns = {f"x{i}": numbers(60, i) for i in range(250)}
    columns |= {"day": [f"2020-01-{1 + i % 28:02}" for i in range(60)], "y": numbers(60, 999)}
    spec, text = started(write(tmp_path / "t.csv", columns), "y")
    assert (spec.data.features, spec.data.exclude) == (None, ("day",))
    assert comment(text, "- day") == (
        "dates 2020-01-01 to 2020-01-28: it would have to be listed under `features`"
    )
    assert trains(tmp_path / "t.csv", "y")["epochs"] == 2


def test_the_path_of_the_table_is_relative_to_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "configs").mkdir()
    path = write(tmp_path / "data" / "t #1.csv", {"x": numbers(60), "y": numbers(60, 1)})
    monkeypatch.chdir(tmp_path)
    ok("init", "--recipe", "quick", "data/t #1.csv", "--target", "y", "-o", "configs/c.yaml")
    config = load_config(Path("configs/c.yaml"))
    assert config.spec.data.train == ("../data/t #1.csv",)
    assert config.input_path(("data", "train")).resolve() == path
    done = ok("init", "--recipe", "quick", "data/t #1.csv", "--target", "y")
    assert done.err == (
        "wrote mlp.schema.json, by which editors complete and check the config\n"
        "wrote t #1.yaml; train with it: mlp train 't #1.yaml'\n"
    )
    assert load_config(Path("t #1.yaml")).spec.data.train == ("data/t #1.csv",)


def test_a_minus_prints_the_config_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "t.csv", {"x": numbers(60), "y": numbers(60, 1)})
    monkeypatch.chdir(tmp_path)
    done = ok("init", "--recipe", "quick", "t.csv", "--target", "y", "-o", "-")
    assert (done.out.splitlines()[0][0], done.err) == ("#", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]


def test_the_table_is_never_replaced_by_its_config(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", {"x": numbers(60), "y": numbers(60, 1)})
    before = path.read_bytes()
    done = mlp("init", "--recipe", "quick", path, "--target", "y", "-o", path, "--overwrite")
    assert (done.code, path.read_bytes()) == (2, before)
    assert f"{path} would be lost" in done.err


def test_a_file_that_is_there_stays_unless_it_may_go(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", {"x": numbers(60), "y": numbers(60, 1)})
    out = tmp_path / "c.yaml"
    out.write_text("mine", "utf-8")
    done = mlp("init", "--recipe", "quick", path, "--target", "y", "-o", out)
    assert (done.code, out.read_text("utf-8")) == (6, "mine")
    assert done.err == (
        f"mlp: error: {out}: there is a file already\n"
        "hint: replace it with --overwrite, or name another with -o\n"
    )
    ok("init", "--recipe", "quick", path, "--target", "y", "-o", out, "--overwrite")
    assert out.read_text("utf-8").startswith("# A starter config for 60 rows and 1 column,")


@pytest.mark.parametrize(
    ("content", "target", "code", "message"),
    [
        ("x,y\n1,2\n", "z", 4, "there is no column 'z'"),
        ("x,y\n1,2\n", "Y", 4, "did you mean 'y'?"),
        ("x,y\n", "y", 4, "there are no rows after the header"),
        ("", "y", 4, "is empty"),
        ("x,y\n1,2\n3\n", "y", 4, "expected 2 fields, found 1"),
        ("x,y\n1,a\n1e999,b\n", "y", 4, "column 'x': expected a number, found '1e999'"),
        ("x,y\n1,a\n2,a\n", "y", 4, "column 'y': the target is the same in every row"),
        ("x,y\n1,a\n1,b\n", "y", 4, "no column is left to learn from"),
        ("x,y\n1,\n2,\n", "y", 4, "column 'y': the target is missing in every row"),
    ],
)
def test_what_cannot_be_learnt_is_wrong_data(
    tmp_path: Path, content: str, target: str, code: int, message: str
) -> None:
    (tmp_path / "t.csv").write_text(content, "utf-8")
    done = mlp("init", "--recipe", "quick", tmp_path / "t.csv", "--target", target, "-o", tmp_path / "c.yaml")
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert not (tmp_path / "c.yaml").exists()


def test_a_target_is_needed(tmp_path: Path) -> None:
    assert mlp("init", "--recipe", "quick", tmp_path / "t.csv").code == 2


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(str.strip)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(NAMES.filter(bool), min_size=4, max_size=4, unique=True), st.data())
def test_every_name_and_text_comes_back_as_it_is(
    tmp_path: Path, names: list[str], data: st.DataObject
) -> None:
    """Whatever columns and categories are called: the config reads back, and a terminal is safe from it."""
    texts = data.draw(st.lists(NAMES.filter(bool), min_size=2, max_size=3, unique=True))
    values = (numbers(60), words(60, *texts), [1] * 60, words(60, *texts, seed=1))
    columns: Columns = dict(zip(names, values, strict=True))
    spec, text = started(write(tmp_path / "t.csv", columns), names[3], options=["--overwrite"])
    assert spec.data.target == (names[3],)
    assert {*(spec.data.features or ()), *spec.data.exclude} == set(names[:3])
    assert not raw_characters(text)
