"""Columns of decorated numbers are recognised, and nothing that only looks like one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.errors import DataError
from mlpcli.tables.decorated_numbers import decorated_numbers
from mlpcli.tables.decorations import decoration_of
from tests.support.tables import config_for, prepare

AMOUNTS = [
    ("$15,871.29 |$9,169.61|$840.00", {"prefix": "$", "thousands": ","}),
    ("$5.00|$7.25|-$3.10", {"prefix": "$"}),
    ("$1,200.00|($35.00)", {"prefix": "$", "thousands": ","}),
    ("15.883%|10.16%|-0.4%", {"suffix": "%"}),
    ("12 %|3 %", {"suffix": " %"}),
    ("15,881|9,166|840", {"thousands": ","}),
    ("1,234,500|2,345,600", {"thousands": ","}),
    ("12,34,567|3,21,000|999", {"thousands": ","}),
    ("15.8830 kg|9.1 kg", {"suffix": " kg"}),
    ("23.4 kmpl|16.29 kmpl|17.3 kmpl", {"suffix": " kmpl"}),
    ("1248 CC|998 CC", {"suffix": " CC"}),
    ("74 bhp|103.52 bhp", {"suffix": " bhp"}),
    ("8GB|16GB", {"suffix": "GB"}),
    ("1.37kg|2.2kg", {"suffix": "kg"}),
    ("10,000+|500+|1,000,000+", {"suffix": "+", "thousands": ","}),
    ("Rs1366850|Rs450000|Rs99", {"prefix": "Rs"}),
    ("Rs. 1,50,000|Rs. 999", {"prefix": "Rs.", "thousands": ","}),
    ("₹1,50,000|₹999", {"prefix": "₹", "thousands": ","}),
    ("€1.234,50|€12,00|€7,5", {"prefix": "€", "thousands": "."}),
    ("12,50 €|3,99 €|1.200,00 €", {"suffix": " €", "thousands": "."}),
    ("1 234 kr|89 kr", {"suffix": " kr", "thousands": " "}),
    ("CHF 1'234.50|CHF 90.00", {"prefix": "CHF", "thousands": "'"}),
    ("USD 5|USD 7.5", {"prefix": "USD"}),
    ("£12.00/month|£9.50/month", {"prefix": "£", "suffix": "/month"}),
    ("120 km/h|95 km/h", {"suffix": " km/h"}),
    ("21.5°C|-3°C", {"suffix": "°C"}),
    ("21.5 ° C|-3 ° C", {"suffix": " ° C"}),
    ("900 sq ft|1,250 sq ft", {"suffix": " sq ft", "thousands": ","}),
    ("36 months|60 months", {"suffix": " months"}),
    ("19M|1.2M|8.7M", {"suffix": "M"}),
    ("7.5 L/100km|6 L/100km", {"suffix": " L/100km"}),
    ("80 m2|95.5 m2", {"suffix": " m2"}),
    ("1 234\u00a0567|12 000", {"thousands": " "}),
    ("$4.99|0|$12.00|0.00", {"prefix": "$"}),
    ("LAK 1,200|LAK 90", {"prefix": "LAK", "thousands": ","}),
    ('15.6"|13.3"', {"suffix": '"'}),
    ("3.5 flurbs|4 flurbs|5 flurbs|6 flurbs|7.25 flurbs", {"suffix": " flurbs"}),
    ("R$ 10,50|R$ 7,00", {"prefix": "R$", "thousands": "."}),
    ("12,5|0,25|3|-4,75|5,5|6,125|70,1|8,2|9,3|10,4", {"thousands": "."}),
    ("0,5|0,1|0,2|0,3|0,4|-0,6|0,7|1,8|0,9|2,0", {"thousands": "."}),
]


def counts(texts: str) -> dict[str, int]:
    """How often each of the texts occurs: three times."""
    return dict.fromkeys(texts.split("|"), 3)


@pytest.mark.parametrize(("texts", "parse"), AMOUNTS)
def test_amounts(texts: str, parse: dict[str, Any]) -> None:
    """How they are parsed; with marks of missing cells among them too."""
    for marks in ("", "|-|N/A| "):
        found = decoration_of(counts(texts + marks))
        assert found is not None
        assert found.parse is not None
        assert found.parse.options == parse
        assert found.seen == f"numbers written as '{texts.split('|')[0].strip()}'"


@pytest.mark.parametrize(
    ("texts", "parse"),
    [
        ("1.234,5 €|12,5 €", {"suffix": " €", "thousands": "."}),
        ("12,5 €|3,75 €", {"suffix": " €"}),
        ("1.234|12.345|999", {"thousands": "."}),
        ("$1,234.50|$7.00", {"prefix": "$", "thousands": ","}),
    ],
)
def test_amounts_in_a_file_with_decimal_commas(texts: str, parse: dict[str, Any]) -> None:
    """Where the point is no decimal mark, it may part thousands."""
    found = decoration_of(counts(texts), ",")
    assert found is not None
    assert found.parse is not None
    assert found.parse.options == parse


OTHERS = [
    "1,2|1,3|2,4|3,1|1,4|2,3|4,1|3,2|4,2|5,1|6",  # lists
    "22|18,22|3,13|6|15|19|7,22|4|9|11|12|13,14",
    "12,5|0,25|3,75",  # too few to tell
    "1,25|2,50|1,25,50|3,4|4,5|5,6|6,7|7,8|8,9|9,1",
    "2024-01-31|2024-02-01", "31.01.2024|01.02.2024", "1/2/2024|3/4/2024",
    "12 Jan|3 Jan|7 Jan|8 Jan|9 Jan", "Jan 5|Jan 7", "12:30|09:15", "5pm|6pm|7pm|8pm|9pm|10pm",
    "10 AM|11 AM|9 AM|8 AM|7 AM", "2020Q1|2021Q1", "Q1|Q2|Q3|Q4", "US 8|US 9", "1.2.3|1.2.4|2.0.1",
    "v1.2|v1.3|v2.0", "Python 3.8|Python 3.9", "192.168.1.1|10.0.0.1", "192.168.100.200|192.168.100.201",
    "A123|A124|A125|A126|A127|A128", "user_17|user_18", "#1|#2|#3", "No. 5|No. 6", "Room 101|Room 102",
    "12A|12B|13A", "4WD|2WD", "V6|V8", "SW1A 1AA|EC1A 1BB", "K1A 0B1|K2B 0C1", "08001|08002",
    "007 kg|008 kg", "10-20|20-30", "5+3|2+2", "1/2|3/4", "7/10|8/10", "1920x1080|1280x720",
    "5'3\"|5'10\"", "5 ft 3 in|6 ft 1 in", "1h 30m|2h 15m", "1st|2nd|3rd", "4th|5th|6th|7th|8th|9th",
    "555-0100|555-0101", "555 123 456|555 987 654", "(555) 123-4567|(555) 987-6543",
    "+49 170 123|+49 171 98765", "978-3-16|978-0-13", "1,2,3|4,5,6", "1,23|4,56", "0,123|1,234",
    "12345|1,234", "red|green", "7 Eleven|red", "12 Main Street|7 High Street|3 Park Road", "<=50K|>50K",
    "XL|XXL", "2 of 5|3 of 5", "1e5f|2e5a", "1,234.5.6|7", "101z|102z|103z|104z|105z|106z",
    "101abc|102abc|103abc|104abc|105abc", "$|$$|$$$", "", "5 kg", "nan|1 kg", "75001 Paris|69001 Lyon",
    "3 blind mice|4 blind mice", "12.5.|13.5.", "Rs|Rs5", "1 234|2 345", "45.3° N|12.1° N", "-|N/A",
    "100 m|2 km", "12 kg|red", "2,5|3,5", "1.5|x2", "(1994)|(2001)", "(35%)|(40%)", "3G|4G|5G",
    "7a|8a|9a", "5 @home|6 @home|7 @home|8 @home|9 @home",
]  # fmt: skip


@pytest.mark.parametrize("texts", OTHERS)
def test_what_only_looks_like_amounts(texts: str) -> None:
    """Ranks, dates, times, codes, versions, ranges, names: none of them."""
    once = dict.fromkeys(texts.split("|"), 1)
    for known in (counts(texts), once):
        assert decoration_of(known) is None


MIXED = [
    ({f"{i}.5 kmpl": 3 for i in range(90)} | {f"{i} km/kg": 1 for i in range(12)},
     "numbers with different units: 'kmpl' (270), 'km/kg' (12)"),
    ({f"{i}GB": 2 for i in range(12)} | {f"{i}": 1 for i in range(3)},
     "numbers with different units: 'GB' (24), none (2)"),
    ({f"{i}M": 9 for i in range(30)} | {"Varies with device": 5},
     "numbers with 'M', but not 'Varies with device' (5): if that means missing, name it in na_values"),
    ({f"{i}M": 80 for i in range(9)} | {f"{i}k": 3 for i in range(3)} | {"Varies": 90},
     "numbers with different units: 'M' (720), 'k' (9), but not 'Varies' (90): "
     "if that means missing, name it in na_values"),
    ({f"${i}": 2 for i in range(12)} | {f"€{i}": 1 for i in range(3)},
     "numbers with different units: '$' (24), '€' (3)"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "seen"), MIXED)
def test_what_is_seen_where_cells_disagree(known: dict[str, int], seen: str) -> None:
    """The units with their counts, and nothing to parse them by."""
    found = decoration_of(known)
    assert found is not None
    assert (found.parse, found.seen) == (None, seen)


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        ("74 bhp|bhp|103 bhp| bhp", ("bhp", " bhp")),
        ("$5|$7|$-|$ -", ("$-", "$ -")),
        ("£5/mo|£7/mo|£/mo", ("£/mo",)),
    ],
)
def test_a_decoration_without_a_number_is_a_missing_one(texts: str, marks: tuple[str, ...]) -> None:
    """As the power of a car is that nobody knows."""
    found = decoration_of(counts(texts))
    assert found is not None
    assert found.parse is not None
    assert found.marks == marks


def test_too_many_odd_cells_make_it_a_text() -> None:
    """And so do units that nobody knows, and codes that are all different and alike."""
    assert decoration_of({f"RM{i}": 1 for i in range(100, 120)}) is None
    assert decoration_of({f"RM{i}": 1 for i in range(90, 120)}) is not None
    assert decoration_of({f"{i}M": 1 for i in range(30)} | {"Varies": 9}) is None
    assert decoration_of({f"{i} flurbs": 9 for i in range(30)} | {"7 blorbs": 1}) is None


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=6, max_size=40, unique=True),
    st.sampled_from(["$", "€", "Rs.", "USD ", ""]),
    st.sampled_from(["%", " kg", "GB", " kmpl", "/month", ""]),
    st.sampled_from(["{:,.2f}", "{:.2f}", "{:,.1f}"]),
)
def test_what_is_recognised_is_read(numbers: list[int], prefix: str, suffix: str, form: str) -> None:
    """Every number, exactly, whatever stands around it."""
    values = [number / 100 for number in numbers]
    texts = [f"{'-' if value < 0 else ''}{prefix}{form.format(abs(value))}{suffix}" for value in values]
    found = decoration_of(dict.fromkeys(texts, 1))
    if not prefix and not suffix and not any("," in text for text in texts):
        assert found is None
        return
    if len(set(texts)) < 2:
        return
    assert found is not None
    assert found.parse is not None
    written = [float(text.replace(",", "").replace(prefix or "~", "").removesuffix(suffix)) for text in texts]
    assert decorated_numbers(texts, found.parse, ".").tolist() == written


AMOUNT = "they are numbers written as '$1,000.5'"
HINTS = [
    ("a", "", 'to predict numbers, write `target_parse: {prefix: "$", thousands: ","}` under `data`'),
    ("a", "task: regression", 'write `target_parse: {prefix: "$", thousands: ","}` under `data`'),
    (
        "a",
        "task: classification",
        'to predict numbers, write `target_parse: {prefix: "$", thousands: ","}` under',
    ),
    ("y", "features: {a: standardize}", 'give the feature a `parse: {prefix: "$", thousands: ","}` beside'),
    (
        "y",
        "features: [a]",
        'as numbers: `features: {a: {encode: standardize, parse: {prefix: "$", thousands: ","}}}`',
    ),
]


@pytest.mark.parametrize(("target", "line", "hint"), HINTS)
def test_training_names_the_line_that_reads_amounts(
    target: str, line: str, hint: str, tmp_path: Path
) -> None:
    """Whatever was asked for in place of it."""
    rows = "".join(f'"${1000.5 + 37 * i:,.1f}",{i % 5}\n' for i in range(40))
    features = [] if line.startswith("features") else ["features: [y]"] if target == "a" else []
    with pytest.raises(DataError) as caught:
        prepare(
            config_for(tmp_path, "a,y\n" + rows, [f"target: {target}", "validation: 0.2", *features, line])
        )
    (problem,) = caught.value.problems
    assert problem.hint is not None
    assert AMOUNT in problem.hint
    assert hint in problem.hint


def test_a_few_odd_cells_keep_the_usual_hint(tmp_path: Path) -> None:
    """Most cells are numbers: these may be missing. And many that are words are no amounts."""
    for cells, hint in (("1|2|3|$4", "na_values"), ("$1|2|x|y", "na_values")):
        rows = "".join(f"{cell},{i}\n" for i, cell in enumerate(cells.split("|") * 3))
        with pytest.raises(DataError) as caught:
            prepare(config_for(tmp_path, "a,y\n" + rows, ["target: y", "features: {a: standardize}"]))
        assert hint in str(caught.value.problems[0].hint)


KNOWN = "is it known when you predict?"


def test_amounts_with_few_values_are_texts_with_a_note(tmp_path: Path) -> None:
    """As features and as classes; an encoding that is stated is meant, and a mixture is said."""
    sizes = ["8GB", "16GB", "32GB"]
    mixed = [*(f"{i} kg" for i in range(1, 9)), *(f"{i} lb" for i in range(1, 5))]
    rows = "".join(f"{sizes[i % 3]},{mixed[i % 12]},{sizes[i % 3]},{(i % 4) * 5}%\n" for i in range(60))
    lines = ["target: p", "features: {a: , b: , c: one_hot}"]
    prepared = prepare(config_for(tmp_path, "a,b,c,p\n" + rows, lines))
    assert (prepared.task, prepared.inputs.width) == ("classification", 3 + 12 + 3)
    assert tuple(note for note in prepared.notes if not note.endswith(KNOWN)) == (
        "column 'a': numbers written as '8GB', taken as texts; as numbers: "
        '`features: {a: {encode: standardize, parse: {suffix: "GB"}}}`',
        "column 'b': numbers with different units: 'kg' (40), 'lb' (20), taken as texts",
        "column 'p': the classes are numbers written as '0%'; to predict numbers, write "
        '`target_parse: {suffix: "%"}` under `data`',
    )


def test_a_letter_behind_some_plain_numbers_is_no_unit() -> None:
    """The lifeboats of the Titanic."""
    boats = {str(number): 20 for number in range(1, 17)} | {"C": 38, "5 B": 1, "13 B": 1}
    assert decoration_of(boats) is None
