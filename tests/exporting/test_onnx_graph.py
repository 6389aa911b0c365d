"""The pieces of ONNX graphs: formulas, activations, calendars, spellings; each against what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

from mlpcli.arrays import Array
from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS
from mlpcli.config.encode_spec import CYCLIC_PARTS
from mlpcli.data.number_feature import QuantileCurve
from mlpcli.data.target import TargetEncoder
from mlpcli.exporting.columns import Date, DatePart, Rank
from mlpcli.exporting.description import Units
from mlpcli.exporting.onnx import dates, digits, numbers, special_functions
from mlpcli.exporting.onnx.graph import Graph, Value
from mlpcli.exporting.onnx.network import activated
from mlpcli.exporting.onnx.operators import OPERATORS
from mlpcli.exporting.onnx.outputs import in_units
from mlpcli.exporting.onnx.running import Runner, onnxruntime_runner, reference_runner
from mlpcli.exporting.onnx.texts import spellings
from mlpcli.exporting.steps import activation_of
from mlpcli.nn.activations import ActivationChoice
from mlpcli.tables.dates import PARTS, part_of, turn_of
from mlpcli.tables.spellings import manner_of, places_by_meaning
from tests.support.few_digits_cases import few_digits_cases

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

RUNNERS: tuple[Callable[[bytes], Runner], ...] = (onnxruntime_runner, reference_runner)
ENDS = [0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300, np.inf, -np.inf, np.nan]


def evaluated(function: Callable[[Value], Value], x: Array) -> list[Array]:
    """What a function of values gives for an array (rows, columns), in each runtime."""
    from mlpcli.exporting.onnx.messages import Port, model_message

    graph = Graph(["x", "y"])
    found = function(Value(graph, "x", x.dtype))
    graph.named("y", found)
    width = len(x[0])
    message = model_message(graph, "test", [Port("x", x.dtype, width)], [Port("y", found.dtype, width)], {})
    with np.errstate(all="ignore"):
        return [runner(message.SerializeToString())({"x": x})["y"] for runner in RUNNERS]


@pytest.mark.parametrize("bounds", [None, np.array([[0.25], [4.0]])])
@pytest.mark.parametrize("transform", [None, "log1p"])
def test_numbers_in_the_targets_units_are_those_of_the_target(
    bounds: Array | None, transform: str | None
) -> None:
    """Those of outputs that are not finite too."""
    units = Units(np.array([0.5]), np.array([2.0]), transform is not None, bounds)
    x = np.array([[-np.inf, -900.0, 0.5, 3.0, 900.0, np.inf, np.nan]]).T
    target = TargetEncoder(
        "regression", ("y",), (), 1, units.center, units.scale, {}, transform=transform, bounds=bounds
    )
    with np.errstate(all="ignore"):
        expected = target.predicted(x.copy())
    for found in evaluated(lambda value: in_units(units, value), x):
        np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_numbers_have_the_digits_that_predict_gives_them() -> None:
    numbers, centers, scales, told = few_digits_cases()
    usual = (np.abs(numbers) >= digits.LEAST) & (np.abs(numbers) < digits.MOST)
    for found in evaluated(lambda value: digits.few_digits(value, centers, scales), numbers[np.newaxis]):
        np.testing.assert_array_equal(found[0][usual], told[usual])
        np.testing.assert_array_equal(found[0][~usual], numbers[~usual])


UNARY = [one for one in OPERATORS if one.nin == 1]
BINARY = [one for one in OPERATORS if one.nin == 2 and one not in {np.floor_divide, np.remainder}]


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda one: one.__name__)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_operator_is_the_function_that_it_stands_for(ufunc: np.ufunc, precision: str) -> None:
    """Where the numbers are not finite too."""
    if ufunc is scipy.special.erf and precision == "float64":
        return  # composed there
    with np.errstate(all="ignore"):
        x = np.array([[*ENDS, *np.linspace(-5, 5, 101)]]).astype(precision)
        expected = ufunc(x)
    for found in evaluated(lambda value: ufunc(value), x):
        np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(x.dtype).eps, atol=1e-7)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda one: one.__name__)
def test_an_operator_of_two_is_the_function_that_it_stands_for(ufunc: np.ufunc) -> None:
    x, y = np.meshgrid([*ENDS, 2.0, -3.5], [*ENDS, 2.0, 0.5])
    truths = ufunc in {np.bitwise_or, np.bitwise_and}
    with np.errstate(all="ignore"):
        expected = ufunc(x > 0, y > 0) if truths else ufunc(x, y)
    function = (lambda value: ufunc(value > 0, value.graph.constant(y > 0, bool))) if truths else None
    for found in evaluated(function or (lambda value: ufunc(value, y)), x):
        np.testing.assert_array_equal(found, expected)


def mpmath_erfc(x: float) -> float:
    return float(mpmath.erfc(x))


EXACT: Mapping[str, tuple[Callable[[float], Any], Array]] = {
    "erfc": (mpmath_erfc, np.linspace(-6, 26, 401)),
    "log1p": (
        mpmath.log1p,
        np.concatenate([np.geomspace(1e-300, 1e300, 200), -np.geomspace(1e-300, 0.999, 200)]),
    ),
    "expm1": (
        mpmath.expm1,
        np.concatenate([np.geomspace(1e-300, 700, 200), -np.geomspace(1e-300, 700, 200)]),
    ),
    "ndtri": (
        lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(p) - 1),
        np.concatenate([np.geomspace(9e-8, 0.5, 100), 1 - np.geomspace(9e-8, 0.5, 100)]),
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_formula_for_a_missing_operator_holds_to_the_last_places(name: str) -> None:
    function, x = EXACT[name]
    with mpmath.workdps(40), np.errstate(all="ignore"):
        expected = np.array([float(function(one)) for one in x.tolist()])
        found = getattr(special_functions, name)(x)
    np.testing.assert_allclose(found, expected, rtol=2e-15)


@pytest.mark.parametrize("known", [scipy.special.erfc, scipy.special.ndtr, np.log1p, np.expm1])
def test_a_formula_is_at_the_ends_what_the_function_is(known: np.ufunc) -> None:
    x = np.array([ENDS[:6] if known is np.log1p else ENDS])  # no number of a table is infinite
    with np.errstate(all="ignore"):
        expected = known(x)
    for found in evaluated(lambda value: known(value), x):
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-300)


OPTIONS: Mapping[str, Mapping[str, float]] = {"leaky_relu": {"slope": 0.1}, "elu": {"alpha": 1.5}}


@pytest.mark.parametrize("name", [*HIDDEN_ACTIVATIONS, "exponential"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_activation_is_that_of_the_network(name: str, precision: str) -> None:
    """Near 0, far from it, and where exponentials overflow."""
    dtype = np.dtype(precision)
    far = np.geomspace(1e-20, 1e4, 200)
    z = np.concatenate([np.linspace(-12, 12, 401), far, -far])[:, np.newaxis].astype(dtype)
    choice = ActivationChoice(name, OPTIONS.get(name, {}))
    with np.errstate(all="ignore"):
        expected = choice.formula(dtype)(z)[0]
    # SciPy's own error in the tails of erfc is 2e-13
    double = 1e-12 if name in {"gelu", "erf_sigmoid"} else 1e-14
    tolerance = double if precision == "float64" else 1e-6
    smallest = float(np.finfo(dtype).tiny) * 1e2 if precision == "float64" else 3e-7
    for found in evaluated(lambda value: activated(activation_of(choice, dtype), value), z):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=smallest)


@pytest.mark.parametrize("count", [2, 7, 64, 1000])
@pytest.mark.parametrize("normal", [False, True])
def test_ranks_are_those_of_the_curve(count: int, normal: bool) -> None:
    """With ties, at quantiles, between them, beyond them, and for nothing."""
    rng = np.random.default_rng(count)
    quantiles = np.sort(rng.normal(size=count).round(1))
    between = rng.uniform(quantiles[0] - 1, quantiles[-1] + 1, 200)
    x = np.concatenate([quantiles, between, quantiles[[0, -1]] + 1e-8, [1e300, -1e300, np.nan]])[
        :, np.newaxis
    ]
    rank = Rank("x", None, tuple(quantiles.tolist()), normal)
    expected = QuantileCurve(rank.quantiles, "normal" if normal else "uniform")(x[:, 0])
    for found in evaluated(lambda value: numbers.encoded([rank], value), x):
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("part", PARTS)
def test_the_parts_of_dates_are_those_of_the_calendar(part: str) -> None:
    """On days of four centuries, the first and the last there are, and around leap days."""
    rng = np.random.default_rng(0)
    start = datetime(1, 1, 1)
    some = [start + timedelta(seconds=int(one)) for one in rng.integers(0, 3_652_059 * 86_400, 2_000)]
    around = [
        datetime(year, month, day, 23, 59, 59)
        for year in (4, 1600, 1899, 1900, 1970, 2000, 2023, 2024, 9999)
        for month, day in ((1, 1), (2, 28), (3, 1), (12, 31))
    ]
    moments = np.array([*some, *around, datetime(1, 1, 1), datetime(2024, 2, 29)], "datetime64[us]")
    seconds = moments.astype(np.int64)[:, np.newaxis] / 1e6
    date = Date("d", None, None, (DatePart(part, cyclic=False),))
    for found in evaluated(lambda value: dates.encoded(date, value), seconds):
        np.testing.assert_allclose(found[:, 0], part_of(moments, part), rtol=1e-15)
    if part in CYCLIC_PARTS:
        turned = Date("d", None, None, (DatePart(part, cyclic=True),))
        turn = turn_of(moments, part)
        for wave, place in ((np.sin, 0), (np.cos, 1)):
            for found in evaluated(lambda value, at=place: dates.encoded(turned, value).taken([at]), seconds):
                np.testing.assert_allclose(found[:, 0], wave(turn), atol=1e-15)


@pytest.mark.parametrize("moment", [-62_135_596_801.0, 253_402_300_800.0, np.inf, -np.inf, np.nan])
def test_what_is_no_date_is_no_number(moment: float) -> None:
    date = Date("d", None, None, (DatePart("year", cyclic=False),))
    for found in evaluated(lambda value: dates.encoded(date, value), np.array([[moment]])):
        assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("text", "others", "decimal"),
    [
        ("1", {"1", "1.0", "1."}, "."),
        ("2.50", {"2.50", "2.5"}, "."),
        ("2,50", {"2,50", "2,5"}, ","),
        ("True", None, "."),
        ("é b", {"é b", "e\u0301 b", "é\u00a0b", "e\u0301\u00a0b"}, "."),
    ],
)
def test_spellings_mean_the_same(text: str, others: set[str] | None, decimal: str) -> None:
    manner = manner_of((text,), decimal)
    found = set(spellings(text, manner, decimal))
    assert set(places_by_meaning(found, (text,), decimal)) == {0}
    assert (len(found) == 16) if others is None else (found == others)


def test_what_no_output_needs_is_left_out() -> None:
    """A derivative, say; and what is asked for twice is there once."""
    graph = Graph(["x", "y"])
    x = Value(graph, "x", np.dtype(np.float64))
    np.tanh(x)
    graph.named("y", np.exp(x + 1.0) * np.exp(x + 1.0))
    nodes, constants = graph.needed(["y"])
    assert [node.operator for node in nodes] == ["Add", "Exp", "Mul", "Identity"]
    assert [one.tolist() for one in constants.values()] == [1.0]


def test_names_of_a_user_are_no_names_of_nodes() -> None:
    graph = Graph(["exp", "exp_1", "constant"])
    x = Value(graph, "exp", np.dtype(np.float64))
    assert np.exp(x).name == "exp_2"
    assert graph.constant(1.0, float).name == "constant_1"
