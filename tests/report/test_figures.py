"""The figures of a page: colours that can be read, numbers as a reader wants them, shapes in their place."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mlpcli.report.blocks import Capped
from mlpcli.report.figures.class_scores import class_scores
from mlpcli.report.figures.errors import error_histogram, predicted_against_true
from mlpcli.report.figures.importance import importance
from mlpcli.report.figures.lettering import fitted, listed, name, percent, shown, told, width
from mlpcli.report.figures.palette import GROUNDS, HUES, PALETTE, hue, rules, variables
from mlpcli.report.figures.plot import ABOVE
from mlpcli.report.figures.reliability import reliability
from mlpcli.report.figures.score_strip import score_strip
from mlpcli.report.figures.surface import surface
from mlpcli.report.figures.svg import Figure, number
from mlpcli.report.figures.training_curves import training_curves
from mlpcli.report.matrix import heads, shade
from tests.support.sample_reports import SAMPLES

SCHEMES = ("light", "dark")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_and_shapes_stand_out_from_every_ground(scheme: str) -> None:
    """WCAG 2.2: 4.5 for texts, 3 for the parts of figures that matter."""
    for ground in ("paper", "card"):
        under = getattr(PALETTE[ground], scheme)
        for text in ("ink", "soft", "blue"):
            assert contrast(getattr(PALETTE[text], scheme), under) >= 4.5, (text, ground)
        for one in HUES:
            assert contrast(getattr(PALETTE[one], scheme), under) >= 3, (one, ground)


def test_every_colour_has_a_variable_and_rules() -> None:
    for scheme in SCHEMES:
        assert re.findall(r"--(\w+):", variables(scheme)) == [*GROUNDS, *HUES]
    assert all(f".f-{one}{{fill:var(--{one})}}" in rules() for one in PALETTE)
    assert hue(len(HUES)) == hue(0)


@pytest.mark.parametrize(
    ("value", "in_a_table", "in_a_sentence"),
    [
        (None, "–", "–"),
        (float("nan"), "–", "–"),
        (0.0, "0", "0"),
        (3, "3", "3"),
        (12345, "12,345", "12,345"),
        (0.98551, "0.9855", "0.986"),
        (0.99961, "0.9996", "0.99961"),
        (1.0, "1.000", "1"),
        (-0.25, "−0.2500", "−0.25"),
        (16.2, "16.20", "16.2"),
        (4207.3, "4,207", "4,207"),
        (23456.7, "23,457", "23,457"),
        (0.00001234, "1.234e−5", "1.234e−5"),
        (1e15, "1.000e15", "1.000e15"),
    ],
)
def test_numbers_have_as_many_digits_as_one_reads(
    value: float | None, in_a_table: str, in_a_sentence: str
) -> None:
    assert (shown(value), told(value)) == (in_a_table, in_a_sentence)


def test_shares_and_lists_are_words() -> None:
    assert (percent(0.5), percent(0.0058)) == ("50 %", "0.6 %")
    assert [listed(list("abc")[:count]) for count in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [number(value) for value in (-0.01, 2.0, 2.25)] == ["0", "2", "2.2"]


def test_a_name_is_printable_cut_and_kept_apart() -> None:
    assert name("a\nb\x00") == "a\\nb\\x00"
    assert name("x" * 300) == "x" * 60 + "…"
    assert name("שלום") == "\u2068שלום\u2069"
    assert fitted("short", 100, 13) == "short"
    long = fitted("W" * 300, 100, 13)
    assert long.endswith("…")
    assert width(long, 13) <= 100
    assert width("漢", 13) > width("a", 13)


def shapes(figure: Figure, tag: str) -> list[ElementTree.Element]:
    return list(figure.svg.iter(tag))


def test_importance_bars_are_as_long_as_what_is_lost() -> None:
    document = SAMPLES["three classes"].importance
    assert document
    figure = importance(document)
    assert figure
    lengths = [float(bar.get("width", "0")) for bar in shapes(figure, "rect")]
    means = [one.mean for one in document.columns.shown]
    np.testing.assert_allclose(np.array(lengths[:4]) / lengths[0], np.array(means[:4]) / means[0], atol=0.01)
    assert "7 of 10 features shown." in figure.sentence


def test_points_of_numbers_lie_where_both_values_say() -> None:
    document = SAMPLES["three numbers"].numbers
    assert document
    one = document.targets.shown[0]
    figure = predicted_against_true(one)
    assert figure
    assert one.points
    data = next(path.get("d", "") for path in shapes(figure, "path") if "h0" in path.get("d", ""))
    places = np.array([[float(part) for part in dot.split()] for dot in re.findall(r"M([\d. ]+)h0", data)])
    for column, values in ((0, one.points.x), (1, one.points.y)):
        line = np.polyfit(values, places[:, column], 1)
        np.testing.assert_allclose(np.polyval(line, values), places[:, column], atol=0.11)
        assert (line[0] > 0) == (column == 0), "up is less in an SVG"


def test_an_empty_part_of_the_document_makes_no_figure() -> None:
    document = SAMPLES["one number"]
    assert document.numbers
    assert document.importance
    one = document.numbers.targets.shown[0]
    empty = one.model_copy(update={"points": None, "hexagons": None})
    assert predicted_against_true(empty) is None
    none = one.errors.model_copy(update={"rows": (), "edges": ()})
    assert error_histogram(one.model_copy(update={"errors": none})) is None
    assert importance(document.importance.model_copy(update={"columns": Capped(total=0, shown=())})) is None
    assert class_scores(Capped(total=0, shown=())) is None
    assert score_strip(document.summary.main.model_copy(update={"value": None}), "test") is None
    assert training_curves(document.history.curves[0].model_copy(update={"series": ()}), None) is None


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    classes = SAMPLES["three classes"].classes
    assert classes
    never = classes.each.shown[0].model_copy(update={"predicted": 0, "precision": None, "recall": 0.0})
    figure = class_scores(Capped(total=2, shown=(never, classes.each.shown[1])))
    assert figure
    assert "none was predicted" in figure.sentence


def test_a_score_below_zero_and_one_in_units_have_an_axis_of_their_own() -> None:
    main = SAMPLES["one number"].summary.main
    for changes in ({"value": -0.4, "low": -1.0, "high": 0.1}, {"value": 5.4, "greater_is_better": False}):
        figure = score_strip(main.model_copy(update=changes), "test")
        assert figure
        for shape in figure.svg.iter("circle"):
            assert 0 <= float(shape.get("cx", "-1")) <= 460


def test_cells_of_a_surface_cover_it_once() -> None:
    given = SAMPLES["two classes"].surface
    assert given
    paths = [path.attrib for path in shapes(surface(given), "path")]
    areas = [path["d"] for path in paths if path.get("fill-opacity") == "0.3"]
    cells = [float(w) * float(h) for data in areas for w, h in re.findall(r"h([\d.]+)v([\d.]+)h-", data)]
    frame = [re.fullmatch(r"M([\d.]+) ([\d.]+)H([\d.]+)", path["d"]) for path in paths]
    lines = np.array([[float(part) for part in found.groups()] for found in frame if found])
    left, bottom, right = lines[-1]
    assert len(areas) == 2
    assert sum(cells) == pytest.approx((right - left) * (bottom - ABOVE), rel=0.01)


def test_reliability_names_the_bin_that_is_furthest_off() -> None:
    classes = SAMPLES["two classes"].classes
    assert classes
    assert classes.reliability
    given = classes.reliability.model_copy(
        update={
            "said": (0.1, 0.9),
            "found": (0.1, 0.4),
            "low": (0.0, 0.3),
            "high": (0.2, 0.5),
            "rows": (5, 7),
        }
    )
    assert "furthest where 0.9 was said and 0.4 came true, of 7 rows" in reliability(given).sentence


def test_a_confusion_matrix_is_darker_where_more_of_a_class_is() -> None:
    classes = SAMPLES["three classes"].classes
    assert classes
    assert classes.confusion
    counts = ((8, 2, 0), (0, 0, 0), (1, 1, 8))
    some = Capped(total=5, shown=classes.confusion.classes.shown[:2])
    given = classes.confusion.model_copy(update={"counts": counts, "classes": some})
    assert heads(given)[-1] == "all others"
    assert [[shade(given, row, column) for column in range(3)] for row in range(3)] == [
        ["h5", "m1", ""],
        ["", "", ""],
        ["m1", "m1", ""],
    ]
