"""What `mlp init` sees in columns: dates, codes, ids, missing cells in disguise, tails, levels that recur."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpcli.config.spec import Spec
from tests.commands.test_init import comment, numbers, started, words, write
from tests.support.hostile_tables import table_text
from tests.support.running import mlp, ok

RNG = np.random.default_rng(0)


def seen(path: Path, rows: int = 200, **columns: Sequence[Any]) -> tuple[Spec, str]:
    """The config for a table of these columns, a number and a target; and that it trains."""
    table = write(path / "t.csv", {**columns, "x": numbers(rows), "y": numbers(rows, 1)})
    spec, text = started(table, "y", options=["--overwrite"])
    ok(
        "train",
        path / "c.yaml",
        "-q",
        "--no-plots",
        "--overwrite",
        "-o",
        path / "run",
        "--set",
        "training.epochs=1",
    )
    return spec, text


def encoding(spec: Spec, name: str) -> str | None:
    """How a feature is encoded, None for a column that is left out."""
    feature = (spec.data.features or {}).get(name)
    return feature.encode.name if feature and feature.encode else None


def form_of(spec: Spec, name: str) -> str | None:
    """How the dates of a feature are written."""
    feature = (spec.data.features or {})[name]
    return feature.encode.format if feature.encode else None


def moments(form: str, rows: int = 200, step: int = 1877) -> list[str]:
    """Dates in a format, some minutes from one to the next."""
    start = np.datetime64("2011-11-01T00:00")
    return [(start + i * step).item().strftime(form) for i in range(rows)]


# --- dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%d/%m/%Y %H:%M", "dates 2011-11-01 to 2012-07-17"),
        ("%m/%d/%Y %I:%M %p", "dates 2011-11-01 to 2012-07-17"),
        ("%d-%b-%y", "dates 2011-11-01 to 2012-07-17"),
        ("%d-%b-%Y", "dates 2011-11-01 to 2012-07-17"),
        ("%B %d %Y", "dates 2011-11-01 to 2012-07-17"),
        ("%b %Y", "dates 2011-11-01 to 2012-07-01"),
        ("%Y-%m", "dates 2011-11-01 to 2012-07-01"),
        ("%Y%m%d", "dates 2011-11-01 to 2012-07-17"),
        ("%Y%m%d%H%M%S", "dates 2011-11-01 to 2012-07-17"),
        ("%d %b, %Y", "dates 2011-11-01 to 2012-07-17"),
        ("%I:%M %p", "times 00:"),
        ("%H:%M:%S", "times 00:"),
    ],
)
def test_the_format_that_all_cells_fit(tmp_path: Path, form: str, said: str) -> None:
    """Months, clocks of 12 hours, times alone, digits alone; the inputs that they make are counted."""
    spec, text = seen(tmp_path, when=moments(form))
    feature = (spec.data.features or {})["when"]
    assert feature.encode is not None
    assert (feature.encode.name, feature.encode.format) == ("datetime", form)
    inputs = {"%b %Y": 3, "%Y-%m": 3, "%I:%M %p": 4, "%H:%M:%S": 4}.get(
        form, 8 if "%H" in form or "%I" in form else 6
    )
    assert comment(text, "layers:").startswith(f"about {inputs + 1} inputs")
    assert comment(text, "when:").split(";")[0].startswith(said)


def test_a_format_that_only_the_first_cells_fit_is_none(tmp_path: Path) -> None:
    """The half-hours of November begin with twelve days that are months too."""
    spec, text = seen(tmp_path, 1200, when=moments("%d/%m/%Y %H:%M", 1200, 30))
    assert form_of(spec, "when") == "%d/%m/%Y %H:%M"
    assert comment(text, "when:") == "dates 2011-11-01 to 2011-11-25"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("%d/%m/%Y", "01/02 read as January 2; if it is February 1: %d/%m/%Y"),
        ("%d-%m-%y", "01-02 read as February 1; if it is January 2: %m-%d-%y"),
    ],
)
def test_a_guess_between_day_and_month_is_said(tmp_path: Path, form: str, said: str) -> None:
    """Where every cell is a date in both ways."""
    days = [f"2007-{1 + i % 12:02}-{1 + i % 7:02}" for i in range(200)]
    _, text = seen(tmp_path, day=[np.datetime64(day).item().strftime(form) for day in days])
    assert comment(text, "day:").split("; ", 1)[1] == said


def test_a_few_cells_in_another_form_are_named(tmp_path: Path) -> None:
    """The column is left out; spaces around a date do not count, and a mark for nothing is missing."""
    days = moments("%m/%d/%Y")
    days[7] = "1992-02-23T02:58:41.000Z"
    late = moments("%B %d, %Y")
    late[3], late[9] = f" {late[3]}", "NA"
    spec, text = seen(tmp_path, day=days, late=late)
    assert spec.data.exclude == ("day",)
    assert comment(text, "- day") == "dates written %m/%d/%Y, but not '1992-02-23T02:58:41.000Z' (1 cell)"
    assert (encoding(spec, "late"), spec.data.na_values) == ("datetime", ("NA",))


@pytest.mark.parametrize(("unit", "form"), [(1, "epoch"), (1000, "epoch_ms")])
@pytest.mark.parametrize("name", ["timestamp", "created_at", "unixTime"])
def test_numbers_since_1970_are_dates_where_they_are_called_so(
    tmp_path: Path, unit: int, form: str, name: str
) -> None:
    """And amounts elsewhere."""
    cells = [str((1_390_000_000 + 90_061 * i**2) * unit // 3) for i in range(200)]
    spec, _ = seen(tmp_path, **{name: cells, "pay": [str(int(cell) // 1000 * 10) for cell in cells]})
    assert form_of(spec, name) == form
    assert encoding(spec, "pay") in {"standardize", "quantile"}


def test_years_are_numbers_and_no_names_of_rows(tmp_path: Path) -> None:
    """Also where no two rows have the same one."""
    spec, _ = seen(tmp_path, 60, year=range(1950, 2010), season=[2007 + i % 3 for i in range(60)])
    assert (encoding(spec, "year"), encoding(spec, "season")) == ("standardize", "standardize")


# --- codes and ids ------------------------------------------------------------------------------------------


def test_codes_that_begin_with_0_are_texts(tmp_path: Path) -> None:
    """To init and to train: levels that come again are inputs, and others are none."""
    zips = [f"{8001 + i % 9 * 700:05}" for i in range(200)]
    phones = [f"0{170_000_000 + 7919 * i % 99_999_937}" for i in range(200)]
    spec, text = seen(tmp_path, zip=zips, phone=phones)
    assert encoding(spec, "zip") == "one_hot"
    assert comment(text, "zip:").startswith("codes (some begin with 0), 9 different: ")
    assert spec.data.exclude == ("phone",)
    (tmp_path / "bare.yaml").write_text(
        "data: {train: t.csv, target: y, exclude: [phone]}\ntraining: {epochs: 1}\n"
    )
    ok("train", tmp_path / "bare.yaml", "-q", "--no-plots", "-o", tmp_path / "bare")
    features = ok("inspect", tmp_path / "bare" / "model.npz", "--json").document()["features"]
    assert {one["name"]: one["encode"] for one in features} == {"zip": "one_hot", "x": "standardize"}


@pytest.mark.parametrize(
    ("name", "cells", "excluded"),
    [
        ("customerId", [10_000_000 + 7919 * i for i in range(300)], True),
        ("account", [10_000 + 7919 * i % 99_991 for i in range(300)], True),
        ("ticket_no", [17 * i % 7919 for i in range(300)], True),
        ("v", [1 + 11 * i % 301 for i in range(300)], True),  # each of 300 once
        ("v", [4_900_000_000 + 7_919_123 * i % 99_999_937 for i in range(300)], True),  # telephones
        ("population", RNG.lognormal(9, 1.5, 300).astype(int).tolist(), False),
        ("price", RNG.permutation(RNG.integers(20_000, 900_000, 300)).tolist(), False),
        ("revenue", (RNG.integers(10_000_000, 99_999_999, 300) // 100 * 100).tolist(), False),
        ("steps", RNG.poisson(9000, 300).tolist(), False),
        ("number_of_rooms", RNG.integers(1, 9, 300).tolist(), False),
        ("body_mass_index", RNG.integers(17, 45, 300).tolist(), False),
    ],
)
def test_numbers_that_name_rows_are_left_out_and_amounts_are_not(
    tmp_path: Path, name: str, cells: list[int], excluded: bool
) -> None:
    """By their name, or as no amounts would be so different from each other."""
    spec, _ = seen(tmp_path, 300, **{name: cells})
    assert (name in spec.data.exclude) == excluded


def test_codes_that_come_again_are_levels(tmp_path: Path) -> None:
    """Numbers that are called a code, few or many."""
    few, many = [101 + i % 7 for i in range(900)], [(i * i) % 211 + 20_000 for i in range(900)]
    spec, text = seen(tmp_path, 900, store_id=few, zipcode=many)
    assert (encoding(spec, "store_id"), encoding(spec, "zipcode")) == ("one_hot", "embed")
    assert comment(text, "store_id:") == "codes (called so), 7 different: 101, 102, 103, 104, ..."


# --- missing in disguise ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark", [" ", "**", "NO DATA", "NuLL", "sn", "-", "N/A", "  ", "#DIV/0!", "-1.#IND", "inf", "-Inf"]
)
def test_odd_texts_among_numbers_mean_missing(tmp_path: Path, mark: str) -> None:
    """They are counted, and the column stays."""
    cells = [mark if i in {3, 77} else cell for i, cell in enumerate(numbers(200, 2))]
    spec, text = seen(tmp_path, total=cells)
    assert spec.data.na_values == (mark,)
    assert comment(text, "na_values:") == f"found among numbers: '{mark}' (2 cells)"
    assert encoding(spec, "total") == "standardize"


def test_a_date_of_zeros_is_a_missing_one(tmp_path: Path) -> None:
    """As MySQL writes it."""
    days = ["0000-00-00" if i in {3, 77} else f"2024-01-{1 + i % 28:02}" for i in range(200)]
    spec, _ = seen(tmp_path, day=days)
    assert (encoding(spec, "day"), spec.data.na_values) == ("datetime", ("0000-00-00",))


@pytest.mark.parametrize(
    ("levels", "marks"),
    [
        (["0", "1", "2", "3+"], ()),  # a level of its own
        (["0", "1", "?"], ("?",)),
        ([*map(str, range(40)), "12 a"], ()),  # says a number in some way
        ([*map(str, range(40)), "a", "b", "c"], ()),  # too many
        ([*map(str, range(40)), "a", "b"], ("a", "b")),
    ],
)
def test_a_text_may_be_a_level_among_numbers(
    tmp_path: Path, levels: list[str], marks: tuple[str, ...]
) -> None:
    """Few numbers are levels like it."""
    spec, _ = started(write(tmp_path / "t.csv", {"v": levels * 5, "y": numbers(5 * len(levels))}), "y")
    assert spec.data.na_values == marks


@pytest.mark.parametrize(
    ("mark", "low", "high", "found"),
    [
        (-200, 0, 70, True), (-999, -40, 60, True), (9999, 0, 100, True), (-99, 0, 50, True),
        (99, 1, 7, True), (-1, 0, 400, False), (100, 0, 60, False), (99, 0, 98, False), (9, 1, 5, False),
        (-200, -180, 300, False),
    ],
)  # fmt: skip
def test_numbers_far_off_mean_missing(tmp_path: Path, mark: int, low: int, high: int, found: bool) -> None:
    """Where they are repeated, made up, and far from all others."""
    cells = np.random.default_rng(1).integers(low, high + 1, 200)
    cells[[3, 77, 100]] = mark
    spec, text = seen(tmp_path, level=cells.tolist())
    assert (spec.data.na_values == (str(mark),)) == found
    if found:
        assert comment(text, "na_values:") == f"found among numbers: '{mark}' (3 cells)"
        assert f"numbers {min(cells[cells != mark])} to " in comment(text, "level:")


def test_a_mark_of_one_column_may_be_a_value_of_another(tmp_path: Path) -> None:
    """Then it means missing in its own column alone, also to predictions."""
    far = np.random.default_rng(1).integers(0, 50, 200)
    far[[3, 77, 100]] = -999
    wide = np.random.default_rng(2).integers(-2000, 2000, 200)
    wide[5] = -999
    spec, text = seen(tmp_path, far=far.tolist(), wide=wide.tolist())
    assert (spec.data.na_values, (spec.data.features or {})["far"].na_values) == ((), ("-999",))
    assert comment(text, "far:").endswith("3 missing (with '-999' (3 cells))")
    (tmp_path / "new.csv").write_text("far,wide,x\n-999,-999,0\n,-999,0\n-999,,0\n")
    rows = ok("predict", tmp_path / "run" / "model.npz", tmp_path / "new.csv").rows()
    assert rows[0] == rows[1] != rows[2]


def test_a_class_is_never_taken_for_a_missing_cell(tmp_path: Path) -> None:
    """Though it means nothing among the numbers of a feature."""
    cells = ["none" if i % 9 == 0 else cell for i, cell in enumerate(numbers(90))]
    path = write(tmp_path / "t.csv", {"v": cells, "y": words(90, "none", "some", "all")})
    spec, text = started(path, "y")
    assert (spec.data.na_values, (spec.data.features or {})["v"].na_values) == ((), ("none",))
    assert comment(text, "target:").startswith("3 classes:")


# --- levels, tails, sparse columns --------------------------------------------------------------------------


def test_texts_that_come_again_are_embedded_and_names_are_left_out(tmp_path: Path) -> None:
    """With the inputs that the vectors are."""
    models = [f"model {k}" for k in np.random.default_rng(0).zipf(1.3, 1500) % 900]
    urls = [f"https://x.org/{i // 2}" for i in range(1500)]
    spec, text = seen(tmp_path, 1500, model=models, url=urls)
    feature = (spec.data.features or {})["model"]
    assert feature.encode is not None
    assert (feature.encode.name, feature.encode.min_count) == ("embed", 5)
    assert comment(text, "- url") == "750 different texts, which seldom come again (as https://x.org/0)"
    told = comment(text, "layers:").split()[0]
    features = ok("inspect", tmp_path / "run" / "model.npz", "--json").document()["features"]
    assert abs(int(told) - sum(one.get("width", 1) for one in features)) <= 2


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("amount", RNG.lognormal(3, 2, 400).round(2).tolist(), "times the median"),
        (
            "rain",
            (RNG.exponential(5, 400) * (RNG.random(400) < 0.3)).round(2).tolist(),
            "a long tail, skewness",
        ),
        ("age", [*RNG.integers(1, 7, 40).tolist(), *RNG.integers(200, 2000, 360).tolist()], "crowded near 0"),
        ("days", [*[1] * 6, *RNG.integers(2, 2000, 394).tolist()], "crowded at 1"),
        (
            "days",
            [*[1] * 10, *(2 + RNG.exponential(300, 390).clip(0, 1500).astype(int)).tolist()],
            "crowded at 1",
        ),
        ("grown", [*[18] * 40, *RNG.integers(19, 90, 360).tolist()], None),
        ("often_none", [*[0] * 60, *RNG.uniform(10, 300, 340).round(1).tolist()], None),
        ("plain", RNG.normal(50, 9, 400).round(2).tolist(), None),
        ("even", RNG.uniform(0, 1000, 400).round(1).tolist(), None),
        ("below", (-RNG.lognormal(3, 2, 400)).round(2).tolist(), None),
        ("grade", RNG.choice([1, 2, 3, 90], 400, p=[0.6, 0.3, 0.09, 0.01]).tolist(), None),
    ],
)
def test_only_long_tails_become_ranks(
    tmp_path: Path, name: str, cells: list[float], said: str | None
) -> None:
    """Amounts from 0 on of which a few would make the others look alike; of few rows their logarithms."""
    few = "log1p" if np.median(cells) >= 1 else "quantile"
    for times, expected in ((1, few), (3, "quantile")):
        spec, text = seen(tmp_path, 400 * times, **{name: cells * times})
        assert encoding(spec, name) == (expected if said else "standardize")
        assert (said or "numbers") in comment(text, f"{name}:")


@pytest.mark.parametrize(
    ("holding", "said"), [(1, "1 of 60 cells is not missing"), (2, "2 of 60 cells are not missing")]
)
def test_a_column_with_hardly_a_value_is_left_out(tmp_path: Path, holding: int, said: str) -> None:
    """A split may leave none of them to train on."""
    spec, text = seen(tmp_path, 60, banned=["Banned"] * holding + [""] * (60 - holding))
    assert (spec.data.exclude, comment(text, "- banned")) == (("banned",), said)


def test_one_that_lost_its_values_to_another_part_is_left_out_of_the_training(tmp_path: Path) -> None:
    """With a note, where the config says what a missing cell means; else that is an error."""
    banned = ["Banned" if i in {3, 30} else "" for i in range(60)]
    write(tmp_path / "t.csv", {"banned": banned, "x": numbers(60), "y": numbers(60, 1)})
    config = "data: {train: t.csv, target: y, test: 0.5, features: {x: standardize, banned: BANNED}}\n"
    ended = {}
    for policy in ("category", "most_frequent", "error"):
        (tmp_path / "c.yaml").write_text(
            config.replace("BANNED", f"{{encode: one_hot, missing: {policy}}}") + "training: {epochs: 1}\n"
        )
        for seed in range(12):
            done = mlp(
                "train",
                tmp_path / "c.yaml",
                "--seed",
                seed,
                "--no-plots",
                "--overwrite",
                "-o",
                tmp_path / "r",
            )
            gone = "every cell of the 30 training rows is missing" in done.err
            ended.setdefault((policy, gone), set()).add(int(done.code))
            assert not gone or policy == "error" or "left out, as it tells the network nothing" in done.err
    assert ended == {
        ("category", True): {0}, ("category", False): {0}, ("most_frequent", True): {0},
        ("most_frequent", False): {0}, ("error", True): {4}, ("error", False): {4},
    }  # fmt: skip


# --- everything ---------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_config_trains_with_every_seed(tmp_path: Path, seed: int) -> None:
    """Of small tables with all these columns, and classes of one row."""
    text, target = table_text(seed)
    (tmp_path / "t.csv").write_text(text)
    ok(
        "init",
        "--recipe",
        "quick",
        tmp_path / "t.csv",
        "--target",
        target,
        "-o",
        tmp_path / "c.yaml",
        "-q",
        "--overwrite",
    )
    for other in (0, 1):
        options = ["--seed", other, "-q", "--no-plots", "--overwrite", "--set", "training.epochs=1"]
        ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", *options)


@pytest.mark.parametrize(
    ("columns", "kept", "why"),
    [
        ({"x": range(1, 61)}, "x", "row numbers"),
        ({"": range(60), "month": range(1, 61)}, "month", "row numbers"),
        ({"rownames": range(60), "time": range(1, 61)}, "time", "row numbers"),
        ({"": range(60)}, "Unnamed: 0", "row numbers"),
        ({"id": [7 * i % 61 for i in range(60)], "flat": [1] * 60}, "id", "different in every row"),
        ({"id": [*(7 * i % 61 for i in range(58)), None, None]}, "id", "different in every row"),
    ],
)
def test_a_numbering_is_kept_where_nothing_else_is_there(
    tmp_path: Path, columns: dict[str, Sequence[Any]], kept: str, why: str
) -> None:
    """A curve is fitted over it; the comment says the doubt."""
    table = write(tmp_path / "t.csv", {**columns, "y": numbers(60)})
    spec, text = started(table, "y")
    assert list(spec.data.features or ()) == [kept]
    assert encoding(spec, kept) == "standardize"
    doubt = f"{why}, kept as nothing else is there: amounts, such as times, or names?"
    assert doubt in text
    ok("train", tmp_path / "c.yaml", "-q", "--no-plots", "-o", tmp_path / "run", "--set", "training.epochs=1")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["Male", "male", "female"], "; 'Male' and 'male' differ in capitals or spaces alone"),
        (["north", "south", " north"], "; 'north' and ' north' differ in capitals or spaces alone"),
        (["a", "A", "b"], "b"),  # genes, grades, keys
        ([*map(str, range(30)), "<0.5"], ", most of them numbers, but not '<0.5'"),
        (["1", "2", "3+"], "3+"),
    ],
)
def test_the_comment_says_which_levels_may_be_meant_in_another_way(
    tmp_path: Path, cells: list[str], said: str
) -> None:
    values = cells * (400 // len(cells))
    spec, text = seen(tmp_path, len(values), v=values)
    assert encoding(spec, "v") == "one_hot"
    assert comment(text, "v:").endswith(said)


@pytest.mark.parametrize(("end", "meaning"), [("-", "write such cells as numbers"), ("c", "codes, it seems")])
def test_odd_cells_with_digits_mean_nothing_missing(tmp_path: Path, end: str, meaning: str) -> None:
    """As amounts below 0 with the sign behind them."""
    _, text = seen(tmp_path, v=[f"{i / 7:.3f}{end if i % 5 == 2 else ''}" for i in range(200)])
    assert comment(text, "- v") == f"numbers, but not '0.286{end}': {meaning}"


def test_years_are_written_in_one_piece(tmp_path: Path) -> None:
    _, text = seen(tmp_path, year=[1990 + i % 31 for i in range(200)])
    assert comment(text, "year:") == "numbers 1990 to 2020"
