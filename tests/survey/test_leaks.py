"""A column that alone tells the target is named, by `init` and by `train`; an honest one is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from mlpcli.survey.leaks import MOST_COLUMNS, find_leaks
from tests.support.config_runs import DATA
from tests.support.running import ok, starter_written
from tests.support.tables import table_of

ROWS = 300
RNG = np.random.default_rng(5)
X = RNG.normal(size=ROWS)
NOISE = RNG.normal(size=ROWS)
CLASSES = np.where(NOISE + 0.3 * X > 0.2, "PASS", "FAIL")
ASKED = "is it known when you predict?"


def notes(directory: Path, columns: dict[str, Any], *targets: str) -> list[str]:
    """What `train` notes of leaks, which must be what `init` asks in its comments."""
    frame = pd.DataFrame(columns)
    frame.to_csv(directory / "t.csv", index=False)
    starter_written(directory, *targets)
    done = ok("train", directory / "c.yaml", "--dry-run")
    found = [line for line in done.err.splitlines() if ASKED in line]
    asked = [line for line in (directory / "c.yaml").read_text("utf-8").splitlines() if ASKED in line]
    assert len(found) == len(asked)
    return found


def told(columns: dict[str, Any], *targets: str) -> list[str]:
    """The columns that `find_leaks` names in a table."""
    frame = {name: [None if pd.isna(cell) else cell for cell in column] for name, column in columns.items()}
    inputs = tuple(name for name in columns if name not in targets)
    table = table_of(frame, texts=targets, either=inputs)
    return [leak.column for leak in find_leaks(table, inputs, targets, np.arange(table.rows))]


def test_a_text_that_says_the_class(tmp_path: Path) -> None:
    """As in a table of films, where one column is another in more words."""
    test = np.where(CLASSES == "PASS", RNG.choice(["ok", "ok2"], ROWS), RNG.choice(["men", "dubious"], ROWS))
    found = notes(tmp_path, {"budget": X, "clean_test": test, "outcome": CLASSES}, "outcome")
    assert found == [f"column 'clean_test' tells the target of every row: {ASKED}"]


def test_a_number_in_another_unit(tmp_path: Path) -> None:
    celsius = (10 + 8 * NOISE).round(2)
    columns = {"wind": X, "fahrenheit": (celsius * 9 / 5 + 32).round(2), "celsius": celsius}
    assert notes(tmp_path, columns, "celsius") == [
        f"column 'fahrenheit' tells the target of every row: {ASKED}"
    ]


def test_decorated_numbers_are_seen_as_numbers(tmp_path: Path) -> None:
    """On either side: a price with and without tax, both with their sign."""
    prices = np.exp(8 + NOISE)
    columns = {"a": X, "net": [f"${price:,.2f}" for price in prices]}
    for gross in ([f"€{price * 1.2:,.2f}" for price in prices], (prices * 1.2).round(2)):
        assert notes(tmp_path, {**columns, "gross": gross}, "gross") == [
            f"column 'net' tells the target of every row: {ASKED}"
        ]


def test_a_number_that_nearly_says_it(tmp_path: Path) -> None:
    (found,) = notes(tmp_path, {"a": X, "near": NOISE + 0.03 * X, "y": NOISE}, "y")
    assert found.startswith("column 'near' tells the target nearly, with a rank correlation of 0.99")


def test_of_several_targets_the_one_that_is_told_is_named(tmp_path: Path) -> None:
    columns = {"a": RNG.normal(size=ROWS), "b": NOISE * 3, "p": X, "q": NOISE}
    assert notes(tmp_path, columns, "p", "q") == [f"column 'b' tells the target 'q' of every row: {ASKED}"]


def test_what_else_tells_a_class() -> None:
    base: dict[str, Any] = {"x": X.round(4), "y": CLASSES}
    passed = CLASSES == "PASS"
    day = np.where(passed, "2024-05-", "2023-02-") + pd.Series(1 + np.arange(ROWS) % 28).astype(
        str
    ).str.zfill(2)
    leaks = {
        "threshold": np.where(passed, 1, -1) + 0.5 * np.tanh(X),
        "date": day,
        "reason": np.where(passed, None, pd.Series(np.arange(ROWS)).map(lambda i: f"because {i}")),
        "amount": np.where(passed, np.nan, X),
        "code": np.where(passed, RNG.choice([3, 7, 90], ROWS), RNG.choice([5, 8, 60], ROWS)),
    }
    for name, column in leaks.items():
        assert told({**base, name: column}, "y") == [name], name


def test_what_tells_a_number() -> None:
    kind = RNG.integers(0, 40, ROWS)
    price = kind * 37 % 101 + 0.5
    base: dict[str, Any] = {"x": X.round(4), "y": price}
    assert told({**base, "product": [f"p{i}" for i in kind]}, "y") == ["product"]
    assert told({**base, "number": kind}, "y") == ["number"]
    later = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(ROWS), unit="D")
    columns = {"x": X, "paid_on": later.strftime("%Y-%m-%d"), "y": np.arange(ROWS) ** 1.5}
    assert told(columns, "y") == ["paid_on"]


def test_honest_columns_are_left_alone() -> None:
    rng = np.random.default_rng(9)
    assert told({"a": X, "name": [f"n{i}" for i in range(ROWS)], "y": CLASSES}, "y") == []
    assert told({"a": X, "b": NOISE, "y": np.where(NOISE + 0.1 * X > 0, "u", "v")}, "y") == []
    assert told({"a": X, "b": NOISE, "y": X + 0.3 * NOISE}, "y") == []
    # as many levels as half of the rows, and a column that is right as often as the majority is
    assert told({"a": X, "k": rng.integers(0, 150, ROWS).astype(str), "y": CLASSES}, "y") == []
    rare = np.where(np.arange(ROWS) % 150 == 0, "yes", "no")
    assert told({"a": X, "k": ["same"] * (ROWS - 1) + ["other"], "y": rare}, "y") == []
    # too few rows to say more than chance would
    assert told({"a": X[:8], "k": CLASSES[:8], "y": CLASSES[:8]}, "y") == []
    # there is nothing else to predict from
    assert told({"k": CLASSES, "y": CLASSES}, "y") == []


@pytest.mark.parametrize("load", ["load_iris", "load_wine", "load_breast_cancer", "load_diabetes"])
def test_scikit_learn_s_tables_have_none(load: str) -> None:
    frame = getattr(datasets, load)(as_frame=True).frame
    assert told({name: frame[name].tolist() for name in frame}, "target") == []


@pytest.mark.parametrize(
    ("name", "target"),
    [("penguins", "species"), ("penguins", "body_mass_g"), ("concrete", "compressive_strength"),
     ("seattle_weather", "weather"), ("seattle_weather", "temp_max")],
)  # fmt: skip
def test_our_tables_have_none(name: str, target: str) -> None:
    frame = pd.read_csv(DATA / f"{name}.csv", keep_default_na=False)
    assert told({column: frame[column].tolist() for column in frame}, target) == []


def test_a_rare_class_in_many_rows_is_looked_for() -> None:
    """A sample of a few hundred rows would hold hardly one of them."""
    rng = np.random.default_rng(2)
    fraud = rng.random(20_000) < 0.003
    columns = {"a": rng.integers(0, 9, 20_000), "flag": fraud * 1, "fraud": np.where(fraud, "y", "n")}
    assert told(columns, "fraud") == ["flag"]


def test_what_a_sample_suspects_all_rows_decide() -> None:
    """Of 4,000 rows 3 % are against it, far from the first ones."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 4_000)
    wrong = np.where(np.arange(4_000) >= 3_880, 1 - y, y)
    assert told({"a": rng.normal(size=4_000), "k": wrong, "y": y}, "y") == []


def test_many_are_not_all_named() -> None:
    columns = {f"c{i}": NOISE * (i + 1) for i in range(9)}
    assert len(told({**columns, "y": NOISE}, "y")) == MOST_COLUMNS


def test_a_wide_table_says_it_beside_its_columns(tmp_path: Path) -> None:
    columns = {f"x{i}": RNG.normal(size=60) for i in range(210)}
    found = notes(tmp_path, {**columns, "leak": NOISE[:60] * 2, "y": NOISE[:60]}, "y")
    assert found == [f"column 'leak' tells the target of every row: {ASKED}"]
