"""Tables as people have them come to what a plain one comes to, and `mlp init` finds what pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.test_init import comment, numbers, words, write
from tests.support.running import mlp, ok

ROWS = 120
QUICK = ("--set", "training.epochs=3")
SIZES = numbers(ROWS, 1)
COLOURS = words(ROWS, "red", "green", "blue")
PRICES = [
    f"{10 + 2 * size + 3 * (colour == 'red') + noise / 5:.2f}"
    for size, colour, noise in zip(SIZES, COLOURS, numbers(ROWS, 2), strict=True)
]
BELOW = [f"{size},{colour},{price}" for size, colour, price in zip(SIZES, COLOURS, PRICES, strict=True)]
PLAIN = "\n".join(["size,colour,price", *BELOW, ""])


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def unedited(path: str, *targets: str, options: Sequence[object] = QUICK) -> dict[str, Any]:
    """The results of the config that `init` writes for a table."""
    config, named = Path(path).with_suffix(".yaml"), [word for name in targets for word in ("--target", name)]
    ok("init", "--recipe", "quick", path, *named, "-q", "--overwrite")
    done = ok("train", config, "-o", "run", "--json", "--no-plots", "-q", "--overwrite", *options)
    return dict(done.document())


def results(columns: dict[str, Sequence[Any]], target: str, options: Sequence[object] = QUICK) -> Any:
    """The metrics of the unedited config for these columns, by part."""
    write(Path("t.csv"), columns)
    found = unedited("t.csv", target, options=options)
    return {part: found[part] for part in ("train", "val", "test") if part in found}


# --- how a file is laid out ---------------------------------------------------------------------------------

DRESSES: dict[str, Callable[[], str]] = {
    "pandas' to_csv": lambda: "\n".join(
        [",size,colour,price", *(f"{i},{row}" for i, row in enumerate(BELOW)), ""]
    ),
    "R's write.csv": lambda: "\n".join(
        ['"","size","colour","price"', *(f'"{i}",{row}' for i, row in enumerate(BELOW, 1)), ""]
    ),
    "to_csv of what to_csv wrote": lambda: "\n".join(
        [",Unnamed: 0,size,colour,price", *(f"{i},{i},{row}" for i, row in enumerate(BELOW)), ""]
    ),
    "a separator at the end of the header": lambda: PLAIN.replace("price\n", "price,\n"),
    "three of them": lambda: PLAIN.replace("price\n", "price,,,\n"),
    "a separator and an empty name in quotes": lambda: PLAIN.replace("price\n", 'price,""\n'),
    "carriage returns": lambda: PLAIN.replace("\n", "\r"),
    "carriage returns but the last": lambda: PLAIN.rstrip().replace("\n", "\r"),
    "carriage returns after a mark": lambda: "\ufeff" + PLAIN.replace("\n", "\r"),
    "a line that names the separator": lambda: "sep=;\n" + PLAIN.replace(",", ";"),
    "blank lines first": lambda: "\n\n" + PLAIN,
}


@pytest.mark.parametrize("dress", DRESSES)
def test_the_same_table_comes_to_the_same(dress: str) -> None:
    """To the last bit: what is no column and no row is not learnt from."""
    Path("plain.csv").write_text(PLAIN, "utf-8", newline="")
    Path("t.csv").write_text(DRESSES[dress](), "utf-8", newline="")
    found = []
    for name in ("plain.csv", "t.csv"):
        results = unedited(name, "price")["test"]
        found.append((results, ok("predict", "run/model.npz", name).out))
    assert found[0] == found[1]


# --- numbers with decoration --------------------------------------------------------------------------------

AMOUNTS: dict[str, tuple[str, float]] = {
    "currency": ("${:,.2f} ", 1000),
    "percent": ("{:.3f}%", 1),
    "thousands": ("{:,.0f}", 100_000),
    "unit": ("{:.4f} kg", 1),
}


@pytest.mark.parametrize("kind", AMOUNTS)
def test_a_target_of_amounts_is_learnt_as_the_numbers_are(kind: str) -> None:
    """In their own units."""
    form, unit = AMOUNTS[kind]
    columns = {"size": SIZES, "colour": COLOURS}
    cells = [form.format(float(price) * unit) for price in PRICES]
    plain = results({**columns, "y": [float(price) * unit for price in PRICES]}, "y")
    found = results({**columns, "y": cells}, "y")
    for part, metrics in plain.items():
        assert found[part]["r2"] == pytest.approx(metrics["r2"], abs=1e-3)
        assert found[part]["rmse"] == pytest.approx(metrics["rmse"], rel=1e-3)


def near(low: float, high: float, seed: int) -> list[float]:
    return np.random.default_rng(seed).uniform(low, high, ROWS).tolist()


TABLES: dict[str, dict[str, tuple[str, list[float]]]] = {
    "cars": {
        "mileage": ("{:.2f} kmpl", near(11, 18, 1)),
        "engine": ("{:.0f} CC", near(998, 1999, 2)),
        "reach": ("{:,.0f}", near(20_000, 80_000, 3)),
        "fee": ("${:.2f}", near(130, 270, 4)),
        "delta": ("{:.1f}%", near(-31, 28, 5)),
    },
    "laptops": {"memory": ("{:.0f}GB", near(4, 64, 6)), "weight": ("{:.2f}kg", near(1, 3, 7))},
    "apps and rooms": {
        "installs": ("{:,.0f}+", near(10_000, 90_000, 8)),
        "fee": ("${:,.2f}", near(900, 2000, 9)),
    },
}


@pytest.mark.parametrize("kind", TABLES)
def test_features_that_are_amounts_are_learnt_as_the_numbers_are(kind: str) -> None:
    """To the last bit."""
    texts = {name: [form.format(value) for value in values] for name, (form, values) in TABLES[kind].items()}
    plain = {
        name: ["".join(sign for sign in cell if sign in "-.0123456789") for cell in cells]
        for name, cells in texts.items()
    }
    scaled = [np.argsort(np.argsort(values)) / ROWS for _, values in TABLES[kind].values()]
    target = {"y": np.sum(scaled, axis=0).round(3).tolist()}
    assert results({**texts, **target}, "y") == results({**plain, **target}, "y")


# --- missing cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "spellings"),
    [("-200", ("-200", "-200.0")), ("-999", ("-999", "-9.99e2", "-999.00")), ("9999", ("9999", "9999."))],
)
def test_a_mark_for_missing_in_two_spellings_is_as_an_empty_cell(
    mark: str, spellings: tuple[str, ...]
) -> None:
    """In the target and in a feature."""
    temperature = near(2, 33, 1)
    order = np.random.default_rng(3).permutation(ROWS).reshape(-1, 10)
    holes = dict(zip(spellings, order, strict=False))

    def cells(values: list[float], shift: int, missing: bool) -> list[str]:
        texts = [f"{value:.1f}" for value in values]
        for spelling, places in holes.items():
            for place in places:
                texts[(place + shift) % ROWS] = "" if missing else spelling
        return texts

    features = "{temp: {encode: standardize, missing: median}}"
    document = f"data: {{train: t.csv, target: co, features: {features}, missing: drop}}\n"
    Path("c.yaml").write_text(document + "training: {epochs: 3}\n", "utf-8")
    found = []
    for missing in (True, False):
        write(
            Path("t.csv"),
            {"temp": cells(temperature, 5, missing), "co": cells([t / 10 for t in temperature], 0, missing)},
        )
        options = ["--json", "--no-plots", "--overwrite", "--set", f'data.na_values=["{mark}"]']
        found.append(ok("train", "c.yaml", "-o", "run", *options).document())
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["numbers", "classes", "labels"])
def test_rows_without_a_target_are_left_out_by_all_commands(kind: str) -> None:
    """With what `init` writes; they are counted where the model is judged."""
    values: dict[str, list[Any]] = {
        "numbers": [float(price) for price in PRICES],
        "classes": ["dear" if float(price) > 11 else "cheap" for price in PRICES],
        "labels": [int(float(price) > 11) for price in PRICES],
    }
    gaps = [None if i % 7 == 2 else value for i, value in enumerate(values[kind])]
    columns = {"size": SIZES, "colour": COLOURS, "y": gaps}
    targets = ["y"]
    if kind == "labels":
        columns["z"], targets = [int(colour == "red") for colour in COLOURS], ["y", "z"]
    write(Path("t.csv"), columns)
    unedited("t.csv", *targets)
    left = sum(cell is None for cell in gaps)
    done = ok("evaluate", "run/model.npz", "t.csv", "--json")
    assert (done.document()["rows"], done.document()["left_out"]) == (ROWS - left, left)
    assert done.err.startswith(f"{left} rows without a target left out\n")
    unedited("t.csv", *targets, options=[*QUICK, "--set", "data.test=t.csv"])


SPARSE: dict[str, dict[int, str]] = {
    "a word": {7: "yes"},
    "two numbers": {7: "3.5", 31: "4"},
    "a date": {40: "2024-02-03"},
    "two words": {1: "tracking", 59: "partisan"},
}


@pytest.mark.parametrize("kind", SPARSE)
def test_a_column_with_hardly_a_value_stops_no_seed(kind: str) -> None:
    """Whichever rows train: the config of `init`, and one that keeps the column."""
    cells = [SPARSE[kind].get(i) for i in range(60)]
    write(Path("t.csv"), {"banned": cells, "size": SIZES[:60], "colour": COLOURS[:60], "price": PRICES[:60]})
    ok("init", "--recipe", "quick", "t.csv", "--target", "price", "-q")
    count = len(SPARSE[kind])
    said = comment(Path("t.yaml").read_text("utf-8"), "- banned")
    assert said == f"{count} of 60 cells {'is' if count == 1 else 'are'} not missing"
    for seed in range(8):
        ok("train", "t.yaml", "--seed", seed, "-q", "--dry-run")


# --- what tells most ----------------------------------------------------------------------------------------


def draw() -> np.random.Generator:
    """The same numbers for every test, whichever ran before."""
    return np.random.default_rng(3)


def frauds(rows: int) -> dict[str, list[Any]]:
    """Every fraud has an account of one day; others have one of 2 to 2,000 days, many of a few."""
    fraud = np.arange(rows) % 60 == 0
    days = np.where(fraud, 1, np.ceil(2000 ** draw().uniform(0.1, 1, rows)))
    return {"days": days.astype(int).tolist(), "label": fraud.astype(int).tolist()}


def even_frauds(rows: int) -> dict[str, list[Any]]:
    """The same where the others are spread evenly: standardized, one day and two are the same number."""
    fraud = np.arange(rows) % 60 == 0
    days = np.where(fraud, 1, draw().integers(2, 2001, rows))
    return {"days": days.tolist(), "label": fraud.astype(int).tolist()}


def small_amounts(rows: int) -> dict[str, list[Any]]:
    """Amounts over six powers of ten, of which the small ones are another thing."""
    amounts = draw().lognormal(5, 3, rows)
    return {"days": amounts.round(2).tolist(), "label": np.where(amounts < 20, "test", "sale").tolist()}


def seldom_seen(rows: int) -> dict[str, list[Any]]:
    """Counts, of which 0, 1 and 2 mean new customers."""
    visits = np.floor(draw().pareto(0.8, rows) * 3).astype(int)
    return {"days": visits.tolist(), "label": (visits > 2).astype(int).tolist()}


@pytest.mark.parametrize("made", [frauds, even_frauds, small_amounts, seldom_seen])
def test_what_small_amounts_tell_is_learnt(made: Callable[[int], dict[str, list[Any]]]) -> None:
    """Standardized beside large ones, they would all be the same number."""
    columns = {"items": draw().integers(1, 4, 900).tolist(), "time": numbers(900), **made(900)}
    write(Path("t.csv"), columns)
    found = unedited("t.csv", "label", options=("--set", "training.epochs=40"))["test"]
    assert "days: {encode: quantile, output: normal}" in Path("t.yaml").read_text("utf-8")
    assert found["roc_auc"] > 0.99
    assert found["f1_macro"] > 0.9


@pytest.mark.parametrize(
    ("form", "odd", "said"),
    [
        ("%m/%d/%Y", {7: "1992-02-23T02:58:41.000Z"}, "'1992-02-23T02:58:41.000Z' (1 cell)"),
        ("%B %d, %Y", {7: "2021/09/25"}, "'2021/09/25' (1 cell)"),
        ("%d.%m.%Y", {7: "soon", 9: "soon", 30: "31.02.2020"}, "'soon' and 1 other text (3 cells)"),
    ],
)
def test_a_date_column_with_odd_cells_says_which(form: str, odd: dict[int, str], said: str) -> None:
    days = [np.datetime64("1990-01-01") + 3 * i for i in range(ROWS)]
    cells = [odd.get(i, day.item().strftime(form)) for i, day in enumerate(days)]
    write(Path("t.csv"), {"day": cells, "size": SIZES, "price": PRICES})
    unedited("t.csv", "price")
    assert comment(Path("t.yaml").read_text("utf-8"), "- day").startswith(
        f"dates written {form}, but not {said}"
    )


def uneven(rows: int) -> list[int]:
    """A few that many have, and many that few have."""
    return draw().exponential(30, rows).astype(int).tolist()


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("model {}", lambda rows: draw().integers(0, 120, rows).tolist()),
        ("Suburb of {}", uneven),
        ("{} bhp @ 4000rpm", lambda rows: draw().integers(0, 105, rows).tolist()),
    ],
)
def test_texts_of_many_levels_are_learnt_from(name: str, levels: Callable[[int], list[int]]) -> None:
    """Where most rows hold one that comes again."""
    level = levels(2000)
    effect = np.random.default_rng(1).normal(0, 3, 400)
    price = 10 + effect[level] + 0.3 * np.array(numbers(2000))
    columns = {"km": numbers(2000, 4), "model": [name.format(one) for one in level], "price": price.round(2)}
    found = results(columns, "price", ("--set", "training.epochs=30"))["test"]
    assert "model: {encode: embed, min_count: 5}" in Path("t.yaml").read_text("utf-8")
    assert found["r2"] > 0.8


# --- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    ["# exported by tool X\n# units: cm\n", "Data Source,Station 12,\n\nUpdated,2024,\n\n", "Sales 2024\n"],
)
def test_the_command_that_is_named_makes_a_table_that_trains(before: str) -> None:
    """Lines before the header are taken away by what the hint says."""
    Path("t.csv").write_text(before + PLAIN, "utf-8")
    done = mlp("init", "--recipe", "quick", "t.csv", "--target", "price")
    first = before.count("\n") + 1
    assert (done.code, done.out) == (4, "")
    assert done.err.endswith(
        f"hint: line {first} looks like the header: remove the lines before it "
        f"(tail -n +{first} t.csv > table.csv)\n"
    )
    Path("table.csv").write_text(
        "".join(Path("t.csv").read_text("utf-8").splitlines(True)[first - 1 :]), "utf-8"
    )
    Path("plain.csv").write_text(PLAIN, "utf-8")
    assert unedited("table.csv", "price")["test"] == unedited("plain.csv", "price")["test"]
