"""`mlp init` writes how decorated numbers are written, and what it writes trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.config.spec import DataSpec
from tests.support.running import mlp, ok, starter_written

SIZES = np.random.default_rng(0).normal(size=80).round(3).tolist()


def started(directory: Path, columns: dict[str, list[str]], *targets: str) -> tuple[DataSpec, str]:
    """What the config written for a table says of its data, and its text; it trains, with good results."""
    names = ["size", *columns]
    rows = [
        ",".join(f'"{cell}"' for cell in row) for row in zip(map(str, SIZES), *columns.values(), strict=True)
    ]
    (directory / "t.csv").write_text("\n".join([",".join(names), *rows]) + "\n", "utf-8")
    starter_written(directory, *targets)
    short = ["--set", "training.epochs=2", "--no-plots", "-q", "--overwrite"]
    ok("train", directory / "c.yaml", "-o", directory / "run", *short)
    return load_config(directory / "c.yaml").spec.data, (directory / "c.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("${:,.2f} ", {"prefix": "$", "thousands": ","}),
        ("{:.3f}%", {"suffix": "%"}),
        ("{:,.0f}", {"thousands": ","}),
        ("{:.4f} kg", {"suffix": " kg"}),
        ("Rs{:.0f}", {"prefix": "Rs"}),
        ("{:,.0f}+", {"suffix": "+", "thousands": ","}),
    ],
)
def test_a_target_of_amounts_is_a_regression(form: str, options: dict[str, str], tmp_path: Path) -> None:
    """With the line that reads them, and the model in their units."""
    prices = [10_000 + 2_000 * size for size in SIZES]
    data, text = started(tmp_path, {"price": [form.format(price) for price in prices]}, "price")
    assert data.task == "regression"
    assert {name: parse.options for name, parse in data.decorations.items()} == {"price": options}
    assert f"numbers written as '{form.format(prices[0]).strip()}'" in text
    rows = ok("predict", tmp_path / "run" / "model.npz", tmp_path / "t.csv").rows()
    assert all(0 < float(row["prediction"]) < 30_000 for row in rows)


def test_several_targets_with_one_decoration_or_their_own(tmp_path: Path) -> None:
    """One mapping for all, or one by target."""
    columns = {"p": [f"{size}%" for size in SIZES], "q": [f"{2 * size}%" for size in SIZES]}
    data, text = started(tmp_path, columns, "p", "q")
    assert '  target_parse: {suffix: "%"}' in text
    columns["q"] = [f"${size:,.2f}" for size in np.abs(SIZES)]
    data, text = started(tmp_path, columns, "p", "q")
    assert '  target_parse: {p: {suffix: "%"}, q: {prefix: "$"}}' in text
    assert data.task == "regression"


def test_features_that_are_amounts_are_numbers(tmp_path: Path) -> None:
    """Whatever they are written with, and with missing cells among them."""
    columns = {
        "mileage": [f"{15 + size:.2f} kmpl" for size in SIZES],
        "engine": [f"{[998, 1197, 1248][i % 3]} CC" for i in range(80)],
        "reach": [f"{50_000 + 9_000 * size:,.0f}" for size in SIZES],
        "fee": ["-" if i % 20 == 3 else f"${200 + 20 * size:.2f}" for i, size in enumerate(SIZES)],
        "power": ["bhp" if i % 30 == 7 else f"{70 + i % 9} bhp" for i in range(80)],
        "mixed": [f"{i} {'kg' if i % 4 else 'lb'}" for i in range(80)],
        "price": [f"{10 + size:.2f}" for size in SIZES],
    }
    data, text = started(tmp_path, columns, "price")
    assert data.features is not None
    found = {name: one.parse.options for name, one in data.features.items() if one.parse is not None}
    assert found == {
        "mileage": {"suffix": " kmpl"},
        "engine": {"suffix": " CC"},
        "reach": {"thousands": ","},
        "fee": {"prefix": "$"},
        "power": {"suffix": " bhp"},
    }
    fee = data.features["fee"]
    assert fee.encode is not None
    assert fee.missing is not None
    assert (fee.encode.name, fee.missing.policy, data.na_values) == ("standardize", "median", ("-", "bhp"))
    assert data.exclude == ("mixed",)
    assert "numbers with different units: 'kg' (60), 'lb' (20): as texts too many for one_hot" in text
    assert 'fee: {encode: standardize, missing: median, parse: {prefix: "$"}}' in text


def test_few_amounts_with_two_units_are_texts_with_what_was_seen(tmp_path: Path) -> None:
    """The comment says it."""
    cells = [f"{i % 12} {'kg' if i % 12 < 9 else 'lb'}" for i in range(80)]
    data, text = started(tmp_path, {"a": cells, "y": [str(size) for size in SIZES]}, "y")
    assert data.decorations == {}
    assert "a: one_hot" in text
    assert "text, 12 different: 0 kg, " in text
    assert ", numbers with different units: 'kg' (" in text


def test_amounts_of_a_wide_table_are_left_out(tmp_path: Path) -> None:
    """Where features are not listed there is no place to say how they are written."""
    many: dict[str, Any] = {f"f{i}": [str(size) for size in SIZES] for i in range(201)}
    columns = {**many, "fee": [f"${size}" for size in np.abs(SIZES)], "y": [str(size) for size in SIZES]}
    data, text = started(tmp_path, columns, "y")
    assert (data.features, data.exclude) == (None, ("fee",))
    assert "would have to be listed under `features`" in text


def test_two_values_of_two_writers_are_two_classes(tmp_path: Path) -> None:
    """0, 1 and 0.0, 1.0."""
    cells = [f"{i % 2}{'.0' if i > 40 else ''}" for i in range(80)]
    data, text = started(tmp_path, {"y": cells}, "y")
    assert data.task == "classification"
    assert "2 classes: 0, 1" in text


def test_decimal_commas_in_quotes_between_commas_are_numbers(tmp_path: Path) -> None:
    """As a spreadsheet writes its table where numbers have decimal commas; training names the line."""
    price = [f"{50 + 9 * size:.2f}".replace(".", ",") for size in SIZES]
    other = [f"{size:.1f}".replace(".", ",") for size in SIZES[::-1]]
    data, text = started(tmp_path, {"other": other, "price": price}, "price")
    assert {name: one.options for name, one in data.decorations.items()} == {
        "other": {"thousands": "."},
        "price": {"thousands": "."},
    }
    assert f"numbers written as '{price[0]}'" in text
    (tmp_path / "bare.yaml").write_text("data: {train: t.csv, target: size}\n")
    wrong = mlp("train", tmp_path / "bare.yaml")
    hint = 'as numbers: `features: {price: {encode: standardize, parse: {thousands: "."}}}`'
    assert wrong.code == 4 and hint in wrong.err
    assert '`decimal: ","` under `data` if all of the file is so' in wrong.err
