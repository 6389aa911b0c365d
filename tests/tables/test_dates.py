"""Dates are read as written and nothing else is, and their parts are those that the standard library has."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from mlpcli.config.date_format import known_format, read_date
from mlpcli.config.encode_spec import CYCLIC_PARTS
from mlpcli.config.spec import FeatureSpec, MissingSpec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.fitting import FittedInputs, fit_inputs
from mlpcli.errors import DataError
from mlpcli.tables.date_formats import COMMON_FORMATS, formats_of, likely_format, swapped
from mlpcli.tables.dates import CYCLES, PARTS, dates_of, part_of, turn_of
from mlpcli.tables.table import Table
from tests.support.tables import all_rows, table_of

DATES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
DAYS = ["2024-01-31", "2023-02-28", "2024-02-29", "2023-12-31", "2024-07-04", "2024-01-31"]


def text_table(cells: Sequence[object]) -> Table:
    """A table with one column of texts, d."""
    return table_of({"d": cells, "y": [0] * len(cells)}, texts=("d",))


def fit(table: Table, rows: Sequence[int] | None = None, **options: object) -> FittedInputs:
    """d encoded as dates, fitted on some rows, on all unless said."""
    spec = FeatureSpec.model_validate({"encode": "datetime", **options})
    chosen = all_rows(table) if rows is None else np.array(rows)
    return fit_inputs({"d": spec}, MissingSpec(name="error"), table, chosen)


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", datetime(2024, 1, 31)),
        ("2024-01-31T18:05", datetime(2024, 1, 31, 18, 5)),
        ("2024-01-31 18:05:59.5", datetime(2024, 1, 31, 18, 5, 59, 500_000)),
        ("2024-01-31T18:05:59Z", datetime(2024, 1, 31, 18, 5, 59)),
        ("2024-01-31T18:05:59+02:00", datetime(2024, 1, 31, 18, 5, 59)),
        ("0001-01-01", datetime(1, 1, 1)),
    ],
)
def test_dates_as_iso_has_them(text: str, expected: datetime) -> None:
    """By the clock that they were written by."""
    assert read_date(text, None) == expected


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-1-31", "20240131", "2024-02-30", "2024-W05-3", "2024-01-31T", "2024-01-31T18",
     "2024-01-31T25:00", "31.01.2024", "2024/01/31", "٢٠٢٤-٠١-٣١", "nan",
     "-2024-01-31", "12024-01-31", "1706659200", "today"],
)  # fmt: skip
def test_nothing_else_is_a_date(text: str) -> None:
    """Not what only looks like one, either."""
    assert read_date(text, None) is None


NEARLY = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["0000", "0001", "2023", "2024", "9999", "12024", "-2024", "24", ""]),
        st.sampled_from(["-01-01", "-02-28", "-02-29", "-02-30", "-13-01", "-00-01", "-1-1", "-01"]),
        st.sampled_from(["", "T00:00", " 23:59:59", "T24:00", "T12:60", "T1:00", " 12:00:60", "T01"]),
        st.sampled_from(["", ".5", ",5", ".123456", ".1234567", "Z", "+02:00", " "]),
    ),
)


@given(st.lists(st.one_of(DATES.map(datetime.isoformat), DATES.map(str), NEARLY), max_size=4))
def test_many_at_once_are_what_each_is(texts: list[str]) -> None:
    """Where all of them are plain NumPy reads them, else Python."""
    alone = [read_date(text, None) for text in texts]
    assert dates_of(texts, None).tolist() == alone


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("31.1.24", "%d.%m.%y", datetime(2024, 1, 31)),
        ("1/31/2024 6:05 PM", "%m/%d/%Y %I:%M %p", datetime(2024, 1, 31, 18, 5)),
        ("31 Jan 2024", "%d %b %Y", datetime(2024, 1, 31)),
        ("2024 031", "%Y %j", datetime(2024, 1, 31)),
        ("2024-01-31", "%d.%m.%Y", None),
        (" 31.1.24 ", "%d.%m.%y", datetime(2024, 1, 31)),
        (" 2024-01-31 ", None, datetime(2024, 1, 31)),
        ("1706724300", "epoch", datetime(2024, 1, 31, 18, 5)),
        ("1706724300.5", "epoch", datetime(2024, 1, 31, 18, 5, 0, 500_000)),
        ("1706724300250", "epoch_ms", datetime(2024, 1, 31, 18, 5, 0, 250_000)),
        ("-1", "epoch", datetime(1969, 12, 31, 23, 59, 59)),
        ("1e300", "epoch", None),
        ("soon", "epoch", None),
        ("6:05 PM", "%I:%M %p", datetime(1900, 1, 1, 18, 5)),
        ("30.2.24", "%d.%m.%y", None),
    ],
)
def test_dates_in_a_stated_format(text: str, form: str | None, expected: datetime | None) -> None:
    """In no other one."""
    assert read_date(text, form) == expected


@given(DATES)
def test_what_is_written_is_read(date: datetime) -> None:
    """To the microsecond."""
    assert read_date(date.isoformat(), None) == date
    assert dates_of([date.isoformat()], None)[0].item() == date


# --- parts --------------------------------------------------------------------------------------------------

STANDARD = {
    "year": lambda date: date.year,
    "month": lambda date: date.month,
    "day": lambda date: date.day,
    "day_of_week": lambda date: date.weekday(),
    "day_of_year": lambda date: date.timetuple().tm_yday,
    "hour": lambda date: date.hour,
    "minute": lambda date: date.minute,
    "second": lambda date: date.second,
    "timestamp": lambda date: (date - datetime(1970, 1, 1)).total_seconds() / 86400,
}


@pytest.mark.parametrize("part", PARTS)
@given(st.lists(DATES, min_size=1, max_size=8))
def test_parts_are_those_of_the_standard_library(part: str, dates: list[datetime]) -> None:
    """From the year 1 to 9999."""
    found = part_of(np.array(dates, dtype="datetime64[us]"), part)
    np.testing.assert_allclose(found, [STANDARD[part](date) for date in dates], rtol=1e-15)


@pytest.mark.parametrize(
    ("part", "text", "turn"),
    [
        ("month", "2024-01-31", 0), ("month", "2024-12-01", 11 / 12), ("day_of_week", "2024-01-01", 0),
        ("day_of_week", "2024-01-07", 6 / 7), ("day_of_year", "2023-12-31", 364 / 365),
        ("day_of_year", "2024-12-31", 365 / 366), ("hour", "2024-01-01T18:59", 18 / 24),
        ("minute", "2024-01-01T18:59", 59 / 60), ("second", "2024-01-01T18:59:30.9", 30 / 60),
    ],
)  # fmt: skip
def test_a_cycle_begins_with_its_first_value(part: str, text: str, turn: float) -> None:
    """And the last value is one step before the first."""
    assert turn_of(dates_of([text], None), part)[0] == pytest.approx(2 * math.pi * turn)


def test_the_config_knows_which_parts_are_cycles() -> None:
    """It cannot ask for them, as it loads no NumPy."""
    assert set(CYCLES) == CYCLIC_PARTS


# --- the column ---------------------------------------------------------------------------------------------


def test_the_inputs_of_dates_without_times() -> None:
    """The year and the day are standardized, the others are points on a circle."""
    table = text_table(DAYS)
    encoder = fit(table).encoder
    assert encoder.names == (
        "d.year", "d.month.sin", "d.month.cos", "d.day", "d.day_of_week.sin", "d.day_of_week.cos",
    )  # fmt: skip
    x = encoder.encode(table).x
    years, days = ([getattr(datetime.fromisoformat(text), part) for text in DAYS] for part in ("year", "day"))
    expected = StandardScaler().fit_transform(np.column_stack([years, days]))
    np.testing.assert_allclose(x[:, [0, 3]], expected, atol=1e-12)
    np.testing.assert_allclose(x[0, [1, 2]], [0, 1], atol=1e-12)
    np.testing.assert_allclose((x[:, [1, 4]] ** 2 + x[:, [2, 5]] ** 2), 1)


def test_the_hour_is_an_input_where_there_are_times() -> None:
    """In the training rows, whatever the others have."""
    table = text_table([*DAYS, "2024-05-05T12:00"])
    assert fit(table).encoder.names[-2:] == ("d.hour.sin", "d.hour.cos")
    assert "d.hour.sin" not in fit(table, rows=range(len(DAYS))).encoder.names


def test_parts_as_numbers() -> None:
    """In the order asked for."""
    table = text_table(DAYS)
    encoder = fit(table, parts=["timestamp", "month"], cyclic=False).encoder
    assert encoder.names == ("d.timestamp", "d.month")
    x = encoder.encode(table).x
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(axis=0), 1)


def test_texts_that_are_no_dates_are_faults() -> None:
    """With where they are, and the format that they may have."""
    encoder = fit(text_table(DAYS)).encoder
    found = encoder.encode(table := text_table(["2024-01-01", "31.01.2024", "", "2023-02-29"]))
    wrong = "column 'd': expected a date such as 2024-01-31, found '31.01.2024' (and 1 more: line 5)"
    assert [fault.problem(table).lines() for fault in found.faults] == [
        [
            "mlp: error: t.csv:4: column 'd': a missing value, and no policy for it",
            "hint: `missing: median` (or mean, most_frequent, category, drop, ...) says what training does "
            "about it",
        ],
        [
            f"mlp: error: t.csv:3: {wrong}",
            'hint: if that is a date, state how it is written: `format: "%d.%m.%Y"`',
        ],
    ]
    assert (found.x[1:] == 0).all()
    stated = fit(text_table(["31.01.2024", "01.02.2024"]), format="%d.%m.%Y").encoder
    (fault,) = stated.encode(text_table(["2024-01-01"])).faults
    assert (fault.message, fault.hint) == ("expected a date written as %d.%m.%Y, found '2024-01-01'", None)


def test_a_wrong_date_in_the_training_rows_is_found_too() -> None:
    """It is left out of the fit, and reported when the rows are encoded."""
    table = text_table(["2024-01-01", "2024-13-01", "2026-01-01"])
    (fault,) = fit(table).encoder.encode(table).faults
    assert (fault.message, fault.rows.tolist()) == (
        "expected a date such as 2024-01-31, found '2024-13-01'",
        [1],
    )


@pytest.mark.parametrize("policy", ["mean", "median", "most_frequent", {"constant": "2024-01-31"}])
def test_missing_dates_are_filled(policy: object) -> None:
    """With a date; before the parts are fitted."""
    filled = text_table([text or DAYS[0] for text in ("", *DAYS, "")])
    table = text_table(["", *DAYS, ""])
    encoder = fit(table, missing=policy).encoder
    np.testing.assert_array_equal(encoder.encode(table).x, fit(filled).encoder.encode(filled).x)
    assert encoder.meta()[0]["fill"] == "2024-01-31"


def test_what_cannot_fill_a_missing_date() -> None:
    """A policy of all columns may be none for dates."""
    table = text_table([*DAYS, ""])
    for policy, words in (("category", "category"), ({"constant": "0"}, "{constant: 0}")):
        default = MissingSpec.model_validate(policy)
        features = {"d": FeatureSpec.model_validate("datetime")}
        with pytest.raises(DataError) as caught:
            fit_inputs(features, default, table, all_rows(table))
        assert str(caught.value).split("\n") == [
            "mlp: error: t.csv:8: column 'd': a missing value in a column of dates, "
            f"which the policy `{words}` cannot fill",
            "hint: give the feature a policy of its own: `d: {missing: most_frequent}`",
        ]
        entire = fit_inputs(features, default, table, all_rows(table)[:-1]).encoder
        assert entire.meta()[0]["missing"] == "error"


def test_dates_that_never_change_are_noted() -> None:
    """Like any constant column."""
    fitted = fit(table := text_table(["2024-01-31"] * 3), parts=["year", "timestamp"])
    assert fitted.notes == ("constant columns, which tell the network nothing: d",)
    assert fitted.encoder.encode(table).x.tolist() == [[0, 0]] * 3


CELLS = st.lists(st.one_of(st.just(""), DATES.map(datetime.isoformat)), min_size=1, max_size=9)


@given(CELLS.filter(any), CELLS, st.booleans())
def test_what_is_fitted_comes_from_training_rows_and_is_stored(
    cells: list[str], others: list[str], cyclic: bool
) -> None:
    """Other rows change nothing, rows one by one are encoded as all at once, JSON and arrays hold it all."""
    options = {"missing": "most_frequent", "cyclic": cyclic, "parts": list(PARTS)}
    encoder = fit(text_table(cells), **options).encoder
    assert fit(text_table(cells + others), rows=range(len(cells)), **options).encoder == encoder
    restored = InputEncoder.from_meta(json.loads(json.dumps(encoder.meta())), encoder.arrays())
    assert restored == encoder
    whole = encoder.encode(text_table(others)).x
    rows = [restored.encode(text_table([cell])).x[0] for cell in others]
    np.testing.assert_array_equal(whole, rows)


# --- never by itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("%Y-%m-%d", ""), ("%Y-%m-%dT%H:%M", ""), ("%Y/%m/%d", "%Y/%m/%d"), ("%d.%m.%Y", "%d.%m.%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"), ("%d %B %Y", "%d %b %Y"),
    ],
)  # fmt: skip
def test_the_format_that_texts_seem_to_have(written: str, form: str) -> None:
    """The most common one that fits all of them."""
    texts = [datetime(2024, 5, day).strftime(written) for day in range(1, 29)]
    assert likely_format(texts) == form
    assert likely_format([*texts, "soon"]) is None
    assert likely_format([]) is None


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("2-Feb-14", ["%d-%b-%y"]),
        ("2-Feb-2014", ["%d-%b-%Y"]),
        ("January 7, 2018", ["%B %d, %Y"]),
        (" September 25, 2021", ["%B %d, %Y"]),
        ("Feb 2014", ["%b %Y"]),
        ("2014-02", ["%Y-%m"]),
        ("03/04/2024 01:05 PM", ["%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p"]),
        ("13/04/2024 01:05", ["%d/%m/%Y %H:%M"]),
        ("20140213", ["%Y%m%d"]),
        ("20140213235900", ["%Y%m%d%H%M%S"]),
        ("3 Jan, 2018", ["%d %b, %Y"]),
        ("13 January, 2018", ["%d %B, %Y"]),
        ("20140213T000000", ["%Y%m%dT%H%M%S"]),
        ("2015-05-07 19:52:06 UTC", ["%Y-%m-%d %H:%M:%S UTC"]),
        ("2015-05-07T19:52:06.25Z", [""]),
        ("18:05", ["%H:%M"]),
        ("18:05:33", ["%H:%M:%S"]),
        ("6:05 PM", ["%I:%M %p"]),
        ("16:9", []), ("2014", []), ("5.5", []), ("1.2.3.4", []), ("Feb", []), ("7", []), ("2014213", []),
    ],
)  # fmt: skip
def test_every_format_that_a_text_may_have(text: str, forms: list[str]) -> None:
    """In the order in which they are suggested."""
    assert list(formats_of([text])) == forms


def test_a_format_has_to_fit_all_texts_and_not_just_the_first() -> None:
    """The first days of a month are in two formats, its last ones in one."""
    days = [f"{day:02}/{month:02}/2011 00:30" for month in range(1, 13) for day in range(1, 13)]
    assert list(formats_of(days)) == ["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"]
    assert list(formats_of([*days, "13/01/2011 00:30"])) == ["%d/%m/%Y %H:%M"]
    assert swapped("%m/%d/%Y %H:%M") == "%d/%m/%Y %H:%M"


def test_what_is_suggested_can_be_written_in_a_config() -> None:
    """And reads what it writes."""
    date = datetime(2024, 11, 28, 18, 0, tzinfo=UTC)
    for form in COMMON_FORMATS:
        text = date.strftime(known_format(form))
        assert form in formats_of([text]), form
        read = read_date(text, form)
        assert read is not None and read.replace(tzinfo=UTC).strftime(form) == text


# --- times alone, and numbers since 1970 --------------------------------------------------------------------


def test_times_alone_have_no_day() -> None:
    """Only hour, minute and second are inputs, those that differ."""
    table = text_table(["18:05", "06:05", " 7:05", "18:05", "23:05", "00:05"])
    encoder = fit(table, format="%H:%M").encoder
    assert encoder.names == ("d.hour.sin", "d.hour.cos")
    half = fit(text_table(["6:05 PM", "6:06 AM"]), format="%I:%M %p").encoder
    assert half.names == ("d.hour.sin", "d.hour.cos", "d.minute.sin", "d.minute.cos")
    x = half.encode(text_table(["12:00 AM", "12:00 PM"])).x
    np.testing.assert_allclose(x[:, :2], [[0, 1], [0, -1]], atol=1e-12)


@pytest.mark.parametrize(("form", "unit"), [("epoch", "s"), ("epoch_ms", "ms")])
def test_numbers_since_1970_are_the_dates_that_they_are(form: str, unit: str) -> None:
    """As ISO has the same moments."""
    days = (np.array(DAYS, "datetime64[h]") + np.arange(len(DAYS))).astype(f"datetime64[{unit}]")
    numbers = text_table([str(day.astype(np.int64)) for day in days])
    written = text_table([str(day) for day in days])
    expected = fit(written).encoder
    found = fit(numbers, format=form).encoder
    assert found.names == expected.names
    np.testing.assert_array_equal(found.encode(numbers).x, expected.encode(written).x)


def test_a_part_that_is_the_same_in_all_rows_is_no_input() -> None:
    """Unless it is asked for; and one is left where all are."""
    assert fit(text_table(["2024-01-31", "2024-01-30"])).encoder.names == (
        "d.day", "d.day_of_week.sin", "d.day_of_week.cos",
    )  # fmt: skip
    assert fit(text_table(["2024-01-31", "2024-01-31"])).encoder.names == ("d.year",)
    assert fit(text_table(["2024-01-31"] * 2), parts=["day", "month"], cyclic=False).encoder.width == 2


@pytest.mark.parametrize(("written", "option"), [("%Y-%m-%d", ""), ("%d.%m.%Y", ', format: "%d.%m.%Y"')])
def test_a_text_column_of_dates_is_not_taken_for_dates_but_told_of(written: str, option: str) -> None:
    """Only a config that says so makes dates of texts."""
    table = text_table([datetime(2024, 5, day).strftime(written) for day in range(1, 29)])
    with pytest.raises(DataError) as caught:
        fit_inputs({"d": FeatureSpec()}, MissingSpec(name="error"), table, all_rows(table))
    assert str(caught.value).split("\n") == [
        "mlp: error: t.csv: column 'd': 28 different texts in 28 training rows, too many for one_hot",
        f"hint: its texts look like dates: `features: {{d: {{encode: datetime{option}}}}}`; or leave it out "
        "(`exclude: [d]`), or state its encoding (`features: {d: one_hot}`)",
    ]
