"""Numbers with decoration are the numbers that they are: from a config to a prediction and back."""

from __future__ import annotations

import io
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlpcli
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.tables.decorated_numbers import decorated_numbers, example_of
from tests.support.running import mlp, ok
from tests.support.tables import config_for, prepare

DOLLARS = {"prefix": "$", "thousands": ","}
NUMBERS = [
    (DOLLARS, ".", "$15,871.29 ", 15871.29),
    (DOLLARS, ".", "1200", 1200),
    (DOLLARS, ".", "1,200", 1200),
    (DOLLARS, ".", "$ 5", 5),
    (DOLLARS, ".", "-$5", -5),
    (DOLLARS, ".", "$-5", -5),
    (DOLLARS, ".", "- $5", -5),
    (DOLLARS, ".", "\u2212$5", -5),
    (DOLLARS, ".", "+$5", 5),
    (DOLLARS, ".", "($5.50)", -5.5),
    (DOLLARS, ".", "$.5", 0.5),
    (DOLLARS, ".", "$1e3", 1000),
    (DOLLARS, ".", "12,34,567", 1234567),
    (DOLLARS, ".", "$1,23", None),
    (DOLLARS, ".", "$1,2345", None),
    (DOLLARS, ".", "1234,567", None),
    (DOLLARS, ".", "0,123", None),
    (DOLLARS, ".", "-$-5", None),
    (DOLLARS, ".", "(-$5)", None),
    (DOLLARS, ".", "($5", None),
    (DOLLARS, ".", "€5", None),
    (DOLLARS, ".", "$5 a month", None),
    (DOLLARS, ".", "$", None),
    (DOLLARS, ".", "$1e400", None),
    (DOLLARS, ".", "nan", None),
    (DOLLARS, ".", "$1.2.3", None),
    ({"suffix": " kmpl"}, ".", "23.4 kmpl", 23.4),
    ({"suffix": " kmpl"}, ".", "23.4kmpl", 23.4),
    ({"suffix": " kmpl"}, ".", "23.4 KMPL", None),
    ({"suffix": " kmpl"}, ".", "23.4 km/kg", None),
    ({"suffix": " kmpl"}, ".", "1,200 kmpl", None),
    ({"suffix": "sq ft"}, ".", "900 sq\u00a0 ft", 900),
    ({"suffix": "%"}, ".", "10.79 %", 10.79),
    ({"suffix": "+", "thousands": ","}, ".", "10,000+", 10000),
    ({"prefix": "Rs."}, ".", "Rs. 500", 500),
    ({"prefix": "Rs."}, ".", "Rs.500", 500),
    ({"suffix": "€", "thousands": "."}, ".", "1.234.567,8 €", 1234567.8),
    ({"suffix": "€", "thousands": "."}, ",", "1.234 €", 1234),
    ({"suffix": "€", "thousands": "."}, ",", "12.5 €", None),
    ({"suffix": "€", "thousands": ","}, ",", "1,234.5 €", 1234.5),
    ({"suffix": "€"}, ",", "12,5 €", 12.5),
    ({"suffix": "€"}, ",", "12.5 €", None),
    ({"thousands": " "}, ",", "1 234\u00a0567,5", 1234567.5),
    ({"thousands": " "}, ".", "1\u202f234", 1234),
    ({"thousands": "'"}, ".", "1'234.5", 1234.5),
    ({"thousands": "'"}, ".", "1\u2019234", 1234),
    ({"thousands": " "}, ".", "12 34 567", None),
    ({"prefix": "(", "suffix": ")"}, ".", "(5)", 5),
]


@pytest.mark.parametrize(("options", "decimal", "text", "value"), NUMBERS)
def test_what_a_text_is(options: dict[str, Any], decimal: str, text: str, value: float | None) -> None:
    """The number, or nothing."""
    found = decorated_numbers([text], ParseSpec(**options), decimal)[0]
    assert math.isnan(found) if value is None else found == value


@given(
    st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=2),
    st.sampled_from([None, "$", "US $", "Rs."]),
    st.sampled_from([None, "%", " kg", "sq ft"]),
    st.sampled_from([",", ".", " ", "'"]),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " ", "\u00a0"]),
)
def test_what_python_formats_is_read_back(
    number: Decimal, prefix: str | None, suffix: str | None, thousands: str, decimal: str, blank: str
) -> None:
    """With any decoration, the number is Python's own."""
    parse = ParseSpec(prefix=prefix, suffix=suffix, thousands=thousands)
    mark = {".": ",", ",": "."}[thousands] if thousands == decimal else decimal
    written = f"{abs(number):,.2f}".translate({ord(","): thousands, ord("."): mark})
    sign = "-" if number < 0 else ""
    forms = [f"{sign}{prefix or ''}{blank}{written}", f"{prefix or ''}{sign}{blank}{written}"]
    texts = [f"{blank}{form}{blank}{suffix or ''}" for form in forms]
    assert decorated_numbers(texts, parse, decimal).tolist() == [float(number)] * 2
    assert decorated_numbers([example_of(parse, decimal)], parse, decimal).tolist() == [1234.5]


FEATURES = {
    "fee": {"encode": "standardize", "missing": "median", "parse": DOLLARS},
    "mileage": {"encode": "quantile", "parse": {"suffix": " kmpl"}},
    "reach": {"parse": {"thousands": ","}},
}
HEAD = "fee,mileage,reach,price\n"


def rows(decorated: bool) -> str:
    """The same table, its numbers decorated or bare."""
    lines = []
    for i in range(40):
        fee, mileage, reach = 1000.5 + 37 * i % 900, 12.5 + i % 7, 20_000 + 999 * i
        price = fee / 10 + mileage
        if decorated:
            gap = ["", "-"][i % 2] if i % 10 == 3 else f'"${fee:,.2f}"'
            lines.append(f'{gap},{mileage} kmpl,"{reach:,}",{price:.2f}%')
        else:
            lines.append(f"{'' if i % 10 == 3 else f'{fee:.2f}'},{mileage},{reach},{price:.2f}")
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, on decorated and on bare numbers."""
    directory = tmp_path_factory.mktemp("decorated")
    for name, features, target in (
        ("decorated", FEATURES, {"target_parse": {"suffix": "%"}}),
        ("bare", {"fee": {"missing": "median"}, "mileage": "quantile", "reach": None}, {}),
    ):
        (directory / f"{name}.csv").write_text(rows(name == "decorated"), "utf-8")
        data = {"train": f"{name}.csv", "target": "price", "features": features, "na_values": ["-"]}
        config = {"data": {**data, "test": 0.2, **target}, "optimizer": {"name": "lbfgs", "iterations": 9}}
        (directory / f"{name}.yaml").write_text(json.dumps(config), "utf-8")
        ok("train", directory / f"{name}.yaml", "-o", directory / name, "--no-plots", "-q")
    return directory


def test_the_same_numbers_train_the_same_network(trained: Path) -> None:
    """Weights, scales and metrics; the model says how its numbers are written, and the bare one nothing."""
    one, other = (np.load(trained / name / "model.npz") for name in ("decorated", "bare"))
    for name in one.files:
        if name != "meta":
            np.testing.assert_array_equal(one[name], other[name])
    metas = [json.loads(bytes(file["meta"])) for file in (one, other)]
    assert metas[0]["target"]["parse"] == {"price": {"suffix": "%"}}
    assert metas[0]["features"][0]["parse"] == DOLLARS
    assert "parse" not in json.dumps([metas[1]["features"], metas[1]["target"]])
    metrics = [(trained / name / "metrics.json").read_bytes() for name in ("decorated", "bare")]
    assert metrics[0] == metrics[1]


def test_the_config_that_is_written_down_trains_the_same(trained: Path) -> None:
    """The resolved config has the decorations."""
    again = trained / "again"
    ok("train", trained / "decorated" / "config.yaml", "-o", again, "--no-plots", "-q")
    assert (again / "history.csv").read_bytes() == (trained / "decorated" / "history.csv").read_bytes()
    ok("train", again / "config.yaml", "-o", again, "--no-plots", "-q", "--resume")


def test_either_table_is_predicted_and_evaluated(trained: Path) -> None:
    """A number without its decoration is a number."""
    model = trained / "decorated" / "model.npz"
    tables = [trained / f"{name}.csv" for name in ("decorated", "bare")]
    assert len({ok("predict", model, table).out for table in tables}) == 1
    assert len({ok("evaluate", model, table, "--json").out for table in tables}) == 1


def test_a_frame_may_hold_numbers_or_texts(trained: Path) -> None:
    """Numbers among texts too; in a file with thousands of points a float is no thousand."""
    model = mlpcli.load(trained / "decorated" / "model.npz")
    bare = pd.read_csv(io.StringIO(rows(decorated=False)))
    texts = pd.read_csv(io.StringIO(rows(decorated=True)), keep_default_na=False)
    mixed = texts.assign(fee=[bare.fee[i] if i % 3 else texts.fee[i] for i in range(len(bare))])
    expected = model.predict(bare)
    for frame in (texts, mixed):
        np.testing.assert_array_equal(model.predict(frame), expected)


def test_a_float_among_texts_with_points_between_thousands(tmp_path: Path) -> None:
    """234.567 is no 234567."""
    cells = "".join(f'"{i}.000,5",{i % 7}\n' for i in range(1, 30))
    features = "features: {a: {encode: none, parse: {thousands: .}}}"
    config_for(tmp_path, "a,y\n" + cells, ["target: y", "task: regression", features], "optimizer: lbfgs")
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    model = mlpcli.load(tmp_path / "run" / "model.npz")
    frames = [pd.DataFrame({"a": pd.Series([cell, "1.000"], dtype=object)}) for cell in (234.567, "234,567")]
    assert model.predict(frames[0]).tolist() == model.predict(frames[1]).tolist()


def test_inspect_says_how_numbers_are_written(trained: Path) -> None:
    """For a person and as a document."""
    model = trained / "decorated" / "model.npz"
    shown = ok("inspect", model).out
    for said in (
        "price written with suffix '%'",
        "written with prefix '$', thousands ','",
        "with suffix ' kmpl'",
    ):
        assert said in shown
    features = ok("inspect", model, "--json").document()["features"]
    assert [feature.get("parse") for feature in features] == [
        DOLLARS,
        {"suffix": " kmpl"},
        {"thousands": ","},
    ]


@pytest.mark.parametrize(
    ("cells", "column", "expected", "found"),
    [
        ("12 km/l,1", "a", "1234.5 kmpl", "12 km/l"),
        ("12 kmpl,1", "a", None, None),
        ("12 kmpl,EUR 1", "y", "$1,234.5", "EUR 1"),
    ],
)
def test_a_cell_that_does_not_fit_is_told_with_what_would(
    cells: str, column: str, expected: str | None, found: str | None, tmp_path: Path
) -> None:
    """In training, evaluation and prediction."""
    lines = [
        "target: y",
        "features: {a: {parse: {suffix: ' kmpl'}}}",
        "target_parse: {prefix: $, thousands: ','}",
    ]
    good = "a,y\n" + "".join(f'{i}.5 kmpl,"$1,{i}00"\n' for i in range(1, 9))
    config_for(tmp_path, good, lines, "optimizer: lbfgs")
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    config_for(tmp_path, good + cells + "\n", lines, "optimizer: lbfgs")
    model = tmp_path / "run" / "model.npz"
    done = [
        mlp("train", tmp_path / "c.yaml", "-o", tmp_path / "bad", "--no-plots", "-q"),
        mlp("evaluate", model, tmp_path / "t.csv"),
        *([mlp("predict", model, tmp_path / "t.csv")] if column == "a" else []),
    ]
    message = f"t.csv:10: column '{column}': expected a number written as '{expected}', found '{found}'"
    for one in done:
        assert one.code == (0 if expected is None else 4)
        assert expected is None or message in one.err


def test_targets_may_be_decorated_each_in_its_way(tmp_path: Path) -> None:
    """Or some of them; parsed targets are numbers, two values as well."""
    cells = "".join(f"{i},{i % 2}%,{i} kg,{i}\n" for i in range(12))
    both = "target_parse: {p: {suffix: '%'}, q: {suffix: kg}}"
    prepared = prepare(
        config_for(tmp_path, "x,p,q,r\n" + cells, ["target: [p, q, r]", "features: [x]", both])
    )
    assert prepared.task == "regression"
    assert prepared.target.unscaled(prepared.train.y)[:3].tolist() == [[0, 0, 0], [1, 1, 1], [0, 2, 2]]
    one = "target_parse: {suffix: '%'}"
    prepared = prepare(config_for(tmp_path, "x,p,q,r\n" + cells, ["target: p", "features: [x]", one]))
    assert (prepared.task, prepared.target.classes) == ("regression", ())


def test_a_missing_number_with_decoration_is_missing(tmp_path: Path) -> None:
    """`na_values: [0]` means $0.00 too."""
    cells = "".join(f"{cell},{i}\n" for i, cell in enumerate(["$0.00", "$1", "$2", "", "0", "$3"], 1))
    lines = [
        "target: y",
        "features: {a: {encode: none, missing: {constant: 9}, parse: {prefix: $}}}",
        "na_values: 0",
    ]
    prepared = prepare(config_for(tmp_path, "a,y\n" + cells, [*lines, "target_scale: none"], "loss: mse"))
    assert prepared.train.x[:, 0].tolist() == [9, 1, 2, 9, 9, 3]
