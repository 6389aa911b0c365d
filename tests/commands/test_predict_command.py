"""`mlp predict`: every row in its place, every text as it was, every number as the network had it."""

from __future__ import annotations

import csv
import gzip
import io
import random
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli.run.predictions_csv import csv_rows
from mlpcli.sklearn import MLPClassifier
from mlpcli.tables import source
from tests.support.running import MLP, Done, mlp, ok, tree, write_config, write_table

INPUTS = ("length", "width", "colour")
PROBABILITIES = ["probability_ash", "probability_elm", "probability_oak"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table and models of it: a classifier with an id, and a regression."""
    directory = tmp_path_factory.mktemp("trained")
    write_table(directory)
    write_config(directory / "kind.yaml", data={"id": ["id"]}, training={"epochs": 20})
    write_config(directory / "size.yaml", data={"target": "size"}, training={"epochs": 20})
    for name in ("kind", "size"):
        ok("train", directory / f"{name}.yaml", "-o", directory / name, "--no-plots", "-q")
        (directory / name / "model.npz").rename(directory / f"{name}.npz")
    return directory


@pytest.fixture(autouse=True)
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the table and the models."""
    monkeypatch.chdir(tmp_path)
    for name in ("t.csv", "kind.npz", "size.npz"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    return tmp_path


def read_table() -> list[dict[str, str]]:
    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(name: str, rows: list[dict[str, str]]) -> str:
    """A table of these rows, their columns in the order of the first."""
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return name


def bare(row: dict[str, str], **changed: str) -> dict[str, str]:
    """A row's inputs and its id, without the target and all the rest."""
    return {name: changed.get(name, row[name]) for name in ("id", *INPUTS)}


# --- columns and rows ---------------------------------------------------------------------------------------


def test_ids_come_first_then_the_prediction_then_the_probabilities() -> None:
    rows = ok("predict", "kind.npz", "t.csv").rows()
    assert list(rows[0]) == ["id", "prediction", *PROBABILITIES]
    assert [row["id"] for row in rows] == [row["id"] for row in read_table()]
    for row in rows:
        probabilities = {name.removeprefix("probability_"): float(row[name]) for name in PROBABILITIES}
        assert sum(probabilities.values()) == pytest.approx(1.0, abs=1e-6)
        assert row["prediction"] == max(probabilities, key=probabilities.__getitem__)


def test_more_ids_and_all_inputs() -> None:
    more = ok("predict", "kind.npz", "t.csv", "--id", "count", "--id", "w", "--id", "count").rows()
    assert list(more[0])[:4] == ["id", "count", "w", "prediction"]
    every = ok("predict", "kind.npz", "t.csv", "--include-inputs").rows()
    assert list(every[0]) == [*read_table()[0], "prediction", *PROBABILITIES]
    assert [{name: row[name] for name in read_table()[0]} for row in every] == read_table()


def test_a_regression_has_one_column_in_the_target_s_units() -> None:
    rows = ok("predict", "size.npz", "t.csv").rows()
    assert list(rows[0]) == ["prediction"]
    truth = np.array([float(row["size"]) for row in read_table()])
    found = np.array([float(row["prediction"]) for row in rows])
    assert np.corrcoef(truth, found)[0, 1] > 0.8


def test_the_order_of_columns_and_further_columns_never_matter() -> None:
    rows = [bare(row) for row in read_table()]
    expected = ok("predict", "kind.npz", write_rows("bare.csv", rows)).out
    assert ok("predict", "kind.npz", "t.csv").out == expected
    for seed in range(5):
        names = [*rows[0], "further"]
        random.Random(seed).shuffle(names)
        shuffled = [{name: row.get(name, "?") for name in names} for row in rows]
        assert ok("predict", "kind.npz", write_rows("shuffled.csv", shuffled)).out == expected


@pytest.mark.kernels
def test_the_order_of_rows_only_orders_the_output() -> None:
    rows = [bare(row) for row in read_table()]
    expected = {row["id"]: row for row in ok("predict", "kind.npz", write_rows("a.csv", rows)).rows()}
    random.Random(1).shuffle(rows)
    found = ok("predict", "kind.npz", write_rows("b.csv", rows)).rows()
    assert found == [expected[row["id"]] for row in rows]


@pytest.mark.kernels
@pytest.mark.parametrize("model", ["kind.npz", "size.npz"])
def test_a_row_alone_gives_what_it_gives_among_others(model: str) -> None:
    together = ok("predict", model, "t.csv").rows()
    for row, among in list(zip(read_table(), together, strict=True))[::8]:
        assert ok("predict", model, write_rows("one.csv", [row])).rows() == [among]


def test_numbers_read_back_to_the_same_value() -> None:
    """The shortest text of each: Python's repr."""
    for row in ok("predict", "size.npz", "t.csv").rows():
        assert repr(float(row["prediction"])) == row["prediction"]
    for row in ok("predict", "kind.npz", "t.csv").rows():
        assert all(float(repr(float(row[name]))) == float(row[name]) for name in PROBABILITIES)


def test_no_rows_give_a_header_or_an_error_but_never_an_empty_file(place: Path) -> None:
    (place / "none.csv").write_text("id,length,width,colour\n")
    done = mlp("predict", "kind.npz", "none.csv")
    assert (done.code, done.out) in ((0, "id,prediction," + ",".join(PROBABILITIES) + "\n"), (4, ""))


# --- where from and where to --------------------------------------------------------------------------------


def test_standard_input_a_file_and_gzip_give_the_same(place: Path) -> None:
    expected = ok("predict", "kind.npz", "t.csv")
    content = (place / "t.csv").read_bytes()
    (place / "t.csv.gz").write_bytes(gzip.compress(content))
    assert ok("predict", "kind.npz", "-", stdin=content) == expected
    assert ok("predict", "kind.npz", "-", stdin=gzip.compress(content)) == expected
    assert ok("predict", "kind.npz", "t.csv.gz") == expected


def test_a_file_gets_the_same_bytes_as_standard_output(place: Path) -> None:
    done = ok("predict", "kind.npz", "t.csv", "-o", "p.csv")
    assert done == Done(0, "", "")
    assert (place / "p.csv").read_text("utf-8") == ok("predict", "kind.npz", "t.csv").out


def test_the_input_itself_may_be_the_output(place: Path) -> None:
    expected = ok("predict", "kind.npz", "t.csv", "--include-inputs").out
    ok("predict", "kind.npz", "t.csv", "--include-inputs", "-o", "t.csv")
    assert (place / "t.csv").read_text("utf-8") == expected


def test_a_bad_row_leaves_the_old_output_and_prints_nothing(place: Path) -> None:
    rows = read_table()
    rows[-1]["width"] = "wide"
    write_rows("bad.csv", rows)
    (place / "p.csv").write_text("old")
    before = tree(place)
    for flags in ((), ("-o", "p.csv")):
        done = mlp("predict", "kind.npz", "bad.csv", *flags)
        assert (done.code, done.out, tree(place)) == (4, "", before)
        assert done.err.startswith("mlp: error: bad.csv:41: column 'width': expected a number, found 'wide'")


def test_only_the_expected_model_predicts() -> None:
    facts = ok("inspect", "kind.npz", "--json").document()
    ok("predict", "kind.npz", "t.csv", "--expect-sha256", facts["sha256"].upper())
    assert mlp("predict", "size.npz", "t.csv", "--expect-sha256", facts["sha256"]).code == 5


# --- cells that training did not have -----------------------------------------------------------------------


def test_an_unseen_category_is_zeros_counted_and_refused_on_demand() -> None:
    rows = [bare(row) for row in read_table()]
    rows[3]["colour"] = rows[5]["colour"] = "mauve"
    rows[7]["colour"] = "pink"
    write_rows("new.csv", rows)
    done = ok("predict", "kind.npz", "new.csv", "-q")
    assert len(done.rows()) == 40
    assert done.err == (
        "mlp: warning: 3 values of 'colour' not seen in training, such as 'mauve': encoded as zeros\n"
    )
    strict = mlp("predict", "kind.npz", "new.csv", "--strict")
    assert (strict.code, strict.out) == (4, "")
    assert strict.err.startswith("mlp: error: new.csv:5: column 'colour': 'mauve' was not seen in training")


def test_bad_rows_are_empty_on_demand_and_the_others_as_ever() -> None:
    rows = [bare(row) for row in read_table()]
    expected = ok("predict", "kind.npz", write_rows("good.csv", rows)).rows()
    rows[0]["width"], rows[9]["length"] = "", "long"
    done = ok("predict", "kind.npz", write_rows("bad.csv", rows), "--on-bad-row", "empty")
    found = done.rows()
    for index, (row, good) in enumerate(zip(found, expected, strict=True)):
        if index in {0, 9}:
            assert row == {name: "" if name != "id" else good["id"] for name in good}
        else:
            assert row == good
    assert done.err == "mlp: warning: 2 rows could not be predicted: left empty\n"


def test_a_column_that_is_not_there_is_named_with_a_close_one() -> None:
    rows = [{"Length": row["length"], "width": row["width"]} for row in read_table()]
    done = mlp("predict", "size.npz", write_rows("bad.csv", rows))
    assert (done.code, done.out) == (4, "")
    assert done.err == (
        "mlp: error: bad.csv:1: there is no column 'length'\n"
        "hint: did you mean 'Length'?\n"
        "mlp: error: bad.csv:1: there is no column 'colour'\n"
        "hint: the columns are: Length, width\n"
    )


# --- labels and texts ---------------------------------------------------------------------------------------


def predicted_from(train: list[str], config: dict[str, Any], inputs: list[str] | None = None) -> Done:
    """Train on some lines, predict the same or other ones."""
    Path("l.csv").write_text("\n".join(train) + "\n", "utf-8")
    Path("new.csv").write_text("\n".join(inputs or train) + "\n", "utf-8")
    data = {"train": "l.csv", "features": ["x"], **config.pop("data", {})}
    optimizer = {"name": "adam", "learning_rate": 0.05}
    write_config(Path("l.yaml"), data=data, optimizer=optimizer, training={"epochs": 60}, **config)
    ok("train", "l.yaml", "-o", "labels", "--no-plots", "-q", "--overwrite")
    return ok("predict", "labels/model.npz", "new.csv", "--include-inputs")


@pytest.mark.parametrize(
    "labels",
    [
        ("NA", "None"),
        ("010", "10", "9"),
        ("true", "false"),
        ("1e3", "999"),
        ("-1", "1"),
        (" a", "a "),
        ('q"', "c,d"),
    ],
    ids=ascii,
)
def test_labels_are_exactly_those_of_the_file(labels: tuple[str, ...]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("x", "label"), *[(i % len(labels), labels[i % len(labels)]) for i in range(30)]])
    done = predicted_from(
        text.getvalue().splitlines(), {"data": {"target": "label", "task": "classification"}}
    )
    rows = done.rows()
    assert {row["prediction"] for row in rows} == set(labels)
    assert set(rows[0]) == {"x", "label", "prediction", *(f"probability_{label}" for label in labels)}
    assert sum(row["prediction"] == row["label"] for row in rows) >= 25


def test_texts_come_through_unchanged() -> None:
    awkward = [
        'say "hi"',
        "two\nlines",
        "comma,",
        "",
        " spaced ",
        "é漢",
        "007",
        "1e5",
        "NA",
        "tab\there",
        "\rreturn",
    ]
    rows = [
        {"id": text, **{name: row[name] for name in INPUTS}}
        for text, row in zip(awkward, read_table(), strict=False)
    ]
    with Path("awkward.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    assert [row["id"] for row in ok("predict", "kind.npz", "awkward.csv").rows()] == awkward


def test_texts_that_a_spreadsheet_would_compute_are_kept_and_counted_once() -> None:
    starts = ["=cmd()", "+1+1", "-2+3", "@SUM(A1)", "-1", "+5", "plain", "a=b"]
    rows = [bare(row, id=text) for text, row in zip(starts, read_table(), strict=False)]
    done = ok("predict", "kind.npz", write_rows("formulas.csv", rows))
    assert [row["id"] for row in done.rows()] == starts
    assert done.err == ("mlp: warning: 4 texts begin as a formula does: not to be opened in a spreadsheet\n")


@pytest.mark.parametrize("model", ["kind", "size"])
def test_numbers_beyond_the_precision_of_the_network_are_bad_cells(model: str) -> None:
    """Infinite inputs would make up a class, or a prediction that is no number."""
    first, second = map(bare, read_table()[:2])
    path = write_rows("far.csv", [first, {**second, "width": "1e45"}])
    done = mlp("predict", f"{model}.npz", path)
    assert (done.code, done.out) == (4, "")
    assert "far.csv:3: column 'width': expected a number that can be scaled, found 1e+45" in done.err
    assert "hint: --on-bad-row empty leaves such rows without a prediction" in done.err
    kept, lost = ok("predict", f"{model}.npz", path, "--on-bad-row", "empty").rows()
    assert (bool(kept["prediction"]), lost["prediction"]) == (True, "")


def test_what_has_no_name_has_the_separator_of_the_training_file() -> None:
    """A model that learnt from a .tsv reads tabs from a pipe; a .csv still has commas."""
    tabs = Path("t.csv").read_text("utf-8").replace(",", "\t")
    Path("t.tsv").write_text(tabs, "utf-8")
    write_config(Path("tabs.yaml"), data={"train": "t.tsv"})
    ok("train", "tabs.yaml", "-o", "tabs", "--no-plots", "-q")
    expected = ok("predict", "tabs/model.npz", "t.tsv").out
    assert ok("predict", "tabs/model.npz", "t.csv").out == expected
    assert ok("predict", "tabs/model.npz", "-", stdin=tabs.encode()).out == expected


def test_an_output_that_is_not_finite_is_no_prediction() -> None:
    """e^z of counts far outside of the training data is more than float32 holds."""
    lines = [f"{x / 10},{x % 4 + x // 10}" for x in range(40)]
    Path("counts.csv").write_text("\n".join(["x,n", *lines]), "utf-8")
    write_config(
        Path("n.yaml"), data={"train": "counts.csv", "target": "n", "features": None}, loss="poisson"
    )
    ok("train", "n.yaml", "-o", "n", "--no-plots", "-q", "--set", "training.epochs=50")
    Path("far.csv").write_text("x,n\n1,2\n1e30,2\n", "utf-8")
    for command in ("predict", "evaluate"):
        done = mlp(command, "n/model.npz", "far.csv")
        assert (done.code, done.out) == (4, "")
        assert "far.csv:3: the network's output for this row is not a finite number" in done.err
    done = ok("predict", "n/model.npz", "far.csv", "--on-bad-row", "empty")
    assert [bool(row["prediction"]) for row in done.rows()] == [True, False]
    assert "1 row could not be predicted" in done.err


def test_nor_is_one_that_is_not_finite_in_the_units_of_the_target() -> None:
    """Of targets near the largest number there is, and a row that is beyond them."""
    lines = [f"{x},{x}e306" for x in range(40)]
    Path("large.csv").write_text("\n".join(["x,y", *lines, "1e10,1e306"]), "utf-8")
    Path("far.csv").write_text("x,y\n1,1e306\n1e20,1e306\n", "utf-8")
    write_config(Path("l.yaml"), data={"train": "large.csv", "target": "y", "features": {"x": "none"}})
    ok("train", "l.yaml", "-o", "l", "--no-plots", "-q")
    for command in ("predict", "evaluate"):
        done = mlp(command, "l/model.npz", "far.csv")
        assert (done.code, done.out) == (4, "")
        assert "far.csv:3: the network's output for this row is not a finite number" in done.err


def test_an_id_with_the_name_of_an_output_column_is_refused_before_training() -> None:
    """The model would carry it, and nobody could leave it out."""
    rows = [{**row, "prediction": row["id"]} for row in read_table()]
    write_rows("ids.csv", rows)
    write_config(Path("ids.yaml"), data={"train": "ids.csv", "id": "prediction"})
    done = mlp("train", "ids.yaml", "-o", "ids")
    assert (done.code, Path("ids").exists()) == (3, False)
    assert "column 'prediction' has the name of a column of the predictions" in done.err


def test_an_input_column_with_the_name_of_an_output_column_is_refused() -> None:
    rows = [{**bare(row), "prediction": "mine"} for row in read_table()]
    done = mlp("predict", "kind.npz", write_rows("taken.csv", rows), "--include-inputs")
    assert (done.code, done.out) == (4, "")
    assert "column 'prediction' of the input has the name of a column of the predictions" in done.err
    assert ok("predict", "kind.npz", "taken.csv").out == ok("predict", "kind.npz", "t.csv").out


# --- size ---------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_input(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five times the rows at the same peak, where the file is read in pieces far smaller than it is."""
    monkeypatch.setattr(source, "CHUNK", 1 << 17)
    header, *rows = (place / "t.csv").read_text("utf-8").splitlines()
    lines = [",".join([row, "x" * 100]) for row in rows]

    def peak(times: int) -> int:
        (place / "big.csv").write_text("\n".join([f"{header},long", *(lines * times)]) + "\n", "utf-8")
        tracemalloc.start()
        ok("predict", "kind.npz", "big.csv", "-o", "out.csv", "--id", "long")
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(10)  # what is loaded once
    small, large = peak(60), peak(300)
    assert large < 1.3 * small
    with (place / "out.csv").open(encoding="utf-8") as written:
        assert sum(1 for _ in written) == 1 + 300 * 40


@pytest.fixture(scope="module")
def many_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a table of 200 classes, a model of it, and rows to predict."""
    directory = tmp_path_factory.mktemp("many")
    lines = [f"{row % 17},{row % 5},item {row % 200}" for row in range(1_200)]
    (directory / "t.csv").write_text("\n".join(["a,b,y", *lines, ""]), "utf-8")
    (directory / "c.yaml").write_text("data: {train: t.csv, target: y}\ntraining: {epochs: 1}\n", "utf-8")
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    return directory


def peak_of(call: Callable[[], object]) -> int:
    """The bytes that a call holds at most."""
    tracemalloc.start()
    call()
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_memory_does_not_grow_with_the_rows_of_many_classes(many_classes: Path, command: str) -> None:
    """All of them are one piece of the file: it is the answers that are many."""
    header, *rows = (many_classes / "t.csv").read_text("utf-8").splitlines()
    large, small, least = (many_classes / f"{name}.csv" for name in ("large", "small", "least"))
    large.write_text("\n".join([header, *(rows * 4), ""]), "utf-8")
    small.write_text("\n".join([header, *rows, ""]), "utf-8")
    least.write_text("\n".join([header, *rows[:10], ""]), "utf-8")
    out = ("-o", many_classes / "p.csv") if command == "predict" else ("--json",)
    peaks = [
        peak_of(lambda source=source: ok(command, many_classes / "run" / "model.npz", source, *out))
        for source in (least, small, large)  # the first time, things are loaded
    ]
    assert peaks[2] < 1.3 * peaks[1]
    assert peaks[2] < 40e6  # of a piece; 4,800 rows of 200 numbers are 60 MB as texts


def test_python_holds_little_more_than_what_it_answers(many_classes: Path) -> None:
    model = mlpcli.load(many_classes / "run" / "model.npz")
    frame = pd.concat([pd.read_csv(many_classes / "t.csv")] * 4, ignore_index=True)
    model.predict(frame[:10])
    answer = 8 * 200 * len(frame)
    assert peak_of(lambda: model.predict(frame)) < 15e6
    assert peak_of(lambda: model.predict_proba(frame)) < 2.2 * answer + 15e6
    x, y = frame[["a", "b"]].to_numpy(), frame["y"].to_numpy()
    fitted = MLPClassifier(optimizer="adam", epochs=1).fit(x[:1_200], y[:1_200])
    assert peak_of(lambda: fitted.predict(x)) < 15e6
    assert peak_of(lambda: fitted.predict_proba(x)) < 2.2 * answer + 15e6


def test_a_reader_that_has_gone_ends_the_command_silently() -> None:
    command = " ".join(f"'{word}'" for word in [*MLP, "predict", "kind.npz", "t.csv"])
    shell = f"{command} | head -c 1; exit ${{PIPESTATUS[0]}}"
    Path("t.csv").write_text(
        Path("t.csv").read_text() * 1 + "\n".join(Path("t.csv").read_text().splitlines()[1:] * 300)
    )
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (141, "i", "")


def test_equal_cells_of_other_kinds_stay_what_they_are() -> None:
    """0.0, -0.0 and False are one key of a dictionary: a column with an empty cell holds objects."""
    column = np.array([0.0, -0.0, None, "0.0", 1.0, 1, True], object)
    assert csv_rows([column, column]).splitlines() == [
        f"{cell},{cell}" for cell in ("0.0", "-0.0", "", "0.0", "1.0", "1", "True")
    ]


# --- the file that is written -------------------------------------------------------------------------------


def test_the_name_of_the_output_says_how_it_is_written() -> None:
    """As it does for a table that is read: tabs in .tsv, packed in .gz, to the same bytes each time."""
    plain = ok("predict", "kind.npz", "t.csv", "--include-inputs").out
    for name, separator in (("p.csv", ","), ("p.tsv", "\t"), ("p.csv.gz", ","), ("P.TSV.GZ", "\t")):
        ok("predict", "kind.npz", "t.csv", "--include-inputs", "-o", name)
        content = Path(name).read_bytes()
        if name.lower().endswith(".gz"):
            ok("predict", "kind.npz", "t.csv", "--include-inputs", "-o", f"again{name}")
            assert Path(f"again{name}").read_bytes() == content
            content = gzip.decompress(content)
        rows = list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter=separator))
        assert rows == list(csv.reader(io.StringIO(plain)))
        assert ok("evaluate", "kind.npz", name).out == ok("evaluate", "kind.npz", "t.csv").out


def test_a_text_with_a_tab_is_quoted_where_tabs_separate() -> None:
    rows = read_table()
    rows[0]["id"], rows[1]["id"] = "a\tb", "a,b"
    source = write_rows("tabs.csv", rows)
    for name, separator in (("p.csv", ","), ("p.tsv", "\t")):
        ok("predict", "kind.npz", source, "-o", name)
        with Path(name).open(encoding="utf-8", newline="") as file:
            assert [row[0] for row in csv.reader(file, delimiter=separator)][1:3] == ["a\tb", "a,b"]


def test_a_dash_is_stdout() -> None:
    assert ok("predict", "kind.npz", "t.csv", "-o", "-").out == ok("predict", "kind.npz", "t.csv").out
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("out", "lost"),
    [("kind.npz", "kind.npz"), ("t.csv", "t.csv"), ("link.csv", "t.csv"), ("./t.csv", "t.csv")],
)
def test_what_is_read_is_not_lost(out: str, lost: str) -> None:
    """The input alone may be replaced, by itself and the predictions."""
    Path("link.csv").symlink_to("t.csv")
    before = {name: Path(name).read_bytes() for name in ("kind.npz", "t.csv")}
    flags = ("--include-inputs",) if lost == "kind.npz" else ()
    done = mlp("predict", "kind.npz", "t.csv", "-o", out, *flags)
    assert done.code == 2
    assert f"{lost} would be lost" in done.err
    assert {name: Path(name).read_bytes() for name in before} == before
