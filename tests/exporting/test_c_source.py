"""Files of C, whatever names are in them: texts escaped, no symbol there twice, and compilers content."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.activation_spec import HIDDEN_ACTIVATIONS
from mlpcli.exporting.c import running
from mlpcli.exporting.c.exporter import CExporter
from mlpcli.exporting.c.network import function_of, number
from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.spellings import one_spelling, spellings_of
from mlpcli.exporting.c.words import RESERVED, comment, literal
from mlpcli.exporting.exporter import Naming, unsayable
from mlpcli.exporting.python.runtime import activations
from mlpcli.exporting.python.runtime.dates import read_date
from mlpcli.exporting.steps import activation_of
from mlpcli.exporting.symbols import distinct, mangled
from mlpcli.nn.activations import ActivationChoice
from mlpcli.tables.spellings import amount_of
from tests.support.compiled_models import COMPILER, Exported, c_scorer
from tests.support.exported_models import model_of, written_table
from tests.support.few_digits_cases import few_digits_cases
from tests.support.running import mlp

needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler is here")
COMPILERS = {
    "gcc": ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"),
    "clang": ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic"),
    "tcc": ("-std=c99", "-Wall", "-Werror"),
    "g++": ("-x", "c++", "-O2", "-Wall", "-Wextra", "-Werror"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of all columns, in a directory with its table."""
    directory = tmp_path_factory.mktemp("c")
    written_table(directory)
    return model_of(directory, "model")


@pytest.fixture(scope="module")
def exported(model: Path) -> Exported:
    """The same with its description."""
    return Exported.of(model, "all_columns")


@given(texts=st.lists(st.text(max_size=12), max_size=6))
def test_symbols_are_what_c_allows_and_none_is_there_twice(texts: list[str]) -> None:
    found = distinct([*texts, "int", "unix", "a b", "a_b", "1st", ""], RESERVED)
    assert len(set(found)) == len(found) == len(texts) + 6
    assert not set(found) & RESERVED
    assert all(one.isascii() and one.isidentifier() and not one.startswith("_") for one in found)


def test_a_symbol_is_like_its_text() -> None:
    assert [mangled(text) for text in ("bill length (mm)", "Größe", "2024", "年齢", "x")] == [
        *("bill_length_mm", "Gr_e", "x_2024", "x", "x"),
    ]


@given(text=st.text(max_size=20))
def test_comments_hold_no_end_and_no_trigraph(text: str) -> None:
    shown = comment(f"{text}*/ ??/ /* \\\n{text}")
    assert not any(bad in shown for bad in ("*/", "/*", "??", "\n"))


def test_literals_are_ascii() -> None:
    assert literal('a"b\\c??/\n\u00e9') == '"a\\"b\\\\c\\?\\?/\\012\\303\\251"'


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-45, 3.4028235e38, -0.0, 16777216.0, 5e-324])
def test_numbers_read_back_as_the_same(value: float) -> None:
    single, double = np.float32(value), np.float64(value)
    assert np.float32(number(single).removesuffix("f")) == single
    assert float(number(double)) == double
    assert "." in number(double) or "e" in number(double)


@given(text=st.text("0123456789.eE+- ", max_size=9), other=st.text("0123456789.eE+- ", max_size=9))
def test_amounts_that_are_the_same_have_one_spelling(text: str, other: str) -> None:
    if amount_of(text) is not None and amount_of(other) is not None:
        assert (one_spelling(text, ".") == one_spelling(other, ".")) == (amount_of(text) == amount_of(other))


def test_numbers_are_spelt_in_one_way() -> None:
    assert one_spelling("-1e-400", ".") == "0"
    assert spellings_of([-999.0, 0.0, 0.5, 1200.0]) == ["-999e0", "0", "12e2", "5e-1"]


@needs_compiler
@pytest.mark.parametrize("compiler", COMPILERS)
def test_compilers_find_nothing_wrong(compiler: str, exported: Exported, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not here")
    for suffix, content in zip(
        (".c", ".h"), CExporter().files(exported.description, Naming("m", "m")), strict=True
    ):
        (tmp_path / f"m{suffix}").write_bytes(content)
    source = tmp_path / ("m.h" if compiler == "g++" else "m.c")
    command = [compiler, *COMPILERS[compiler], "-c", str(source), "-o", str(tmp_path / "m.o")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


MOMENT = """
int moment(const char *text, const char *form, int *found)
{
    struct date date;
    int known = formatted_date(text, form, &date);

    found[0] = date.year, found[1] = date.month, found[2] = date.day, found[3] = (int)(date.time / 1000000);
    return known;
}
"""
DATES = {
    "%d.%m.%Y": ("29.02.2024", "29.2.2024", "31.04.2024", " 1.1.2024 ", "01.01.24", "1.1.20"),
    "%j/%Y": ("366/2023", "366/2024", "365/2023", "60/2024", "001/2024", "0/2024", "367/2024", "366/9999"),
    "%m/%d/%y": ("2/29/24", "12/31/69", "12/31/68", "1/1/1", "13/1/24"),
    "%I:%M %p": ("12:00 am", "12:59 PM", "1:5 pm", "00:00 AM", "13:00 PM"),
    "%A, %d %B %Y": ("monday, 1 JANUARY 2024", "Tue, 1 January 2024", "Sunday, 31 june 2024"),
    "%Y%m%d%H": ("2024022923", "202411", "20241111", "2024111123"),
}


MACROS = """#include <math.h>
#include <string.h>
#define real float
#define TO_UNITS(u) (u)
#define CENTER_AT(y, center) (center)
#define SCALE_AT(y, scale) (scale)
"""


def source_of(*parts: str) -> Source:
    """Some parts."""
    source = Source()
    for part in parts:
        source.use(part)
    return source


def library(directory: Path, source: Source, own: str) -> ctypes.CDLL:
    """The parts with functions of their own around them."""
    (directory / "parts.c").write_text(MACROS + source.text() + own, "utf-8")
    assert COMPILER is not None
    options = ("-std=c99", "-ffp-contract=off", "-shared", "-fPIC", "-lm")
    command = [COMPILER, str(directory / "parts.c"), "-o", str(directory / "parts.so"), *options]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(directory / "parts.so"))


SCORES = [0.0, -0.5, 3.0, -30.0, -87.5, 88.0, -1e3, 1e3, -1e34, 1e34, np.inf, np.nan]


@needs_compiler
def test_activations_are_those_of_python(tmp_path: Path) -> None:
    """Of scores as large as single precision has them, too."""
    source, own = Source(), ""
    each = {
        name: activation_of(ActivationChoice(name, {}), np.dtype(np.float32)) for name in HIDDEN_ACTIVATIONS
    }
    for name, activation in each.items():
        own += f"double c_{name}(double z) {{ return {function_of(source, activation)}(z); }}\n"
    compiled = library(tmp_path, source, own)
    for name, activation in each.items():
        function = getattr(compiled, f"c_{name}")
        function.argtypes, function.restype = [ctypes.c_double], ctypes.c_double
        expected = [getattr(activations, activation.name)(**activation.options)(score) for score in SCORES]
        np.testing.assert_allclose([function(z) for z in SCORES], expected, rtol=1e-14, err_msg=name)


@needs_compiler
def test_numbers_have_the_digits_that_predict_gives_them(tmp_path: Path) -> None:
    own = """
void few(const double *numbers, const double *centers, const double *scales, double *found, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        struct units units = {centers[i], scales[i], 0, 0.0, 0.0};
        found[i] = numbers[i];
        shorten(found + i, &units, 1);
    }
}
"""
    few = library(tmp_path, source_of("rounded_float", "few_digits"), own).few
    numbers, centers, scales, told = few_digits_cases()
    found = np.empty(len(numbers))
    places = (ctypes.c_void_p(one.ctypes.data) for one in (numbers, centers, scales, found))
    few(*places, len(found))
    usual = (np.abs(numbers) >= 1e-14) & (np.abs(numbers) < 1e22)
    np.testing.assert_array_equal(found[usual], told[usual])
    np.testing.assert_array_equal(found[~usual], numbers[~usual])


@needs_compiler
def test_dates_are_what_python_reads(tmp_path: Path) -> None:
    moment, found = library(tmp_path, source_of("formatted_date"), MOMENT).moment, (ctypes.c_int * 4)()
    for form, texts in DATES.items():
        for text in texts:
            date = read_date(text, form)
            known = moment(text.encode(), form.encode(), found)
            assert known == (date is not None), text
            if date is not None:
                seconds = (date.hour * 60 + date.minute) * 60 + date.second
                assert list(found) == [date.year, date.month, date.day, seconds], text


@needs_compiler
def test_a_compiler_that_knows_no_nan_is_told_so(model: Path, tmp_path: Path) -> None:
    mlp("export", model, "-o", tmp_path / "m.c")
    assert COMPILER is not None
    command = [COMPILER, "-O2", "-ffast-math", "-c", str(tmp_path / "m.c"), "-o", str(tmp_path / "m.o")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "without -ffast-math" in done.stderr


HOSTILE_NAMES = (
    "int",
    'a"b',
    "a*/b",
    "x??/",
    "a b",
    "a_b",
    "Größe",
    "\u202e",
    "%s%n",
    "#define",
    "unix",
    "\\",
)


@needs_compiler
def test_hostile_names_are_columns_like_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cells = (map(str, rng.normal(size=len(HOSTILE_NAMES)).round(3)) for _ in range(30))
    rows = [[*HOSTILE_NAMES, "kind"], *([*row, "*/ " + "ab"[place % 2]] for place, row in enumerate(cells))]
    text = "\n".join(map("\t".join, rows))
    (tmp_path / "t.tsv").write_text(text.replace('a"b', '"a""b"') + "\n", "utf-8")
    model = model_of(
        tmp_path, "run", (), data={"train": "t.tsv", "target": "kind", "features": list(HOSTILE_NAMES)}
    )
    exported = Exported.of(model, "hostile")
    assert c_scorer(tmp_path, exported)
    for form in ("c", "python"):
        out = tmp_path / f"out.{form}"
        done = mlp("export", model, "-o", out, "--format", form, "--check", tmp_path / "t.tsv")
        assert (done.code, done.out[:11]) == (0, "30 rows by "), done.err


@pytest.mark.parametrize(
    ("name", "told"), [('a"b.c', "no program can include a header"), ("Math.c", "take Math.h for C's own")]
)
def test_a_header_that_no_program_can_include_is_refused(
    name: str, told: str, model: Path, tmp_path: Path
) -> None:
    done = mlp("export", model, "-o", tmp_path / name)
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
    assert told in done.err


def test_a_name_is_what_the_symbols_are_called_after(exported: Exported) -> None:
    source, header = CExporter().files(exported.description, Naming("risk", "score"))
    assert b"int risk_predict(const struct risk_row *row, double *probabilities)" in source
    assert b'#include "score.h"' in source
    assert b"RISK_COLUMNS = 15, RISK_CLASSES = 3" in header


@needs_compiler
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("return 0;", "return oops;"), "ended with 1: "),
        (("    real x_0", "    *(volatile int *)0 = 1;\n    real x_0"), "program ended with"),
    ],
)
def test_a_file_that_does_not_run_fails_the_check(
    change: tuple[str, str], told: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = CExporter.files

    def broken(self: Any, *arguments: Any) -> tuple[bytes, ...]:
        source, header = files(self, *arguments)
        return source.decode().replace(*change, 1).encode(), header

    monkeypatch.setattr(CExporter, "files", broken)
    done = mlp("export", model, "-o", tmp_path / "x.c", "--check", model.parents[1] / "t.csv")
    assert done.code == 10
    assert told in done.err


def test_without_a_compiler_nothing_is_checked(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "COMPILERS", ("no-such-compiler",))
    done = mlp("export", model, "-o", tmp_path / "x.c", "--check", model.parents[1] / "t.csv")
    assert done.code == 2
    assert "C needs a compiler, and none of no-such-compiler is here" in done.err


def test_what_a_format_cannot_say_is_a_wrong_config() -> None:
    error = unsayable("onnx", "column 'day': dates written as %d.%m.%Y")
    assert error.exit_code == 3
    assert "onnx: column 'day'" in str(error)
