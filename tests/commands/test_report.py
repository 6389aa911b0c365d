"""`mlp report`: the page of a run again, of several side by side, and what to do where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mlpcli.report.document import read_document
from mlpcli.report.page import render
from tests.support.running import Done, mlp, ok, tree, write_config, write_table


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two runs that have reports, and one that has none."""
    place = tmp_path_factory.mktemp("reports")
    write_table(place)
    for name, rate, flags in (("one", 1e-3, ()), ("two", 1e-2, ()), ("plain", 1e-3, ("--no-plots",))):
        config = write_config(place / f"{name}.yaml", optimizer={"name": "adam", "learning_rate": rate})
        ok("train", config, "-o", place / name, "-q", *flags)
    return place


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def page_of(*runs: Path) -> bytes:
    return render([read_document((run / "report.json").read_bytes()) for run in runs])


def test_a_run_leaves_the_page_that_the_command_draws_again(trained: Path) -> None:
    run = trained / "one"
    before = tree(run)
    written = (run / "report.html").read_bytes()
    assert written == page_of(run)
    (run / "report.html").unlink()
    assert ok("report", run) == Done(0, "", f"wrote {run / 'report.html'}\n")
    assert tree(run) == before
    assert ok("report", run / "report.json", "-o", "page.html", "-q") == Done(0, "", "")
    assert Path("page.html").read_bytes() == written
    assert ok("report", run, "-o", "-").out.encode() == written


def test_several_runs_stand_side_by_side_on_one_page(trained: Path) -> None:
    runs = trained / "one", trained / "two"
    assert ok("report", *runs) == Done(0, "", "wrote report.html\n")
    both = Path("report.html").read_bytes()
    assert both == page_of(*runs) != page_of(*runs[::-1])
    assert b"optimizer.learning_rate" in both


def test_runs_of_one_config_are_told_apart_by_their_directories(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "one", tmp_path / "again")
    ok("report", trained / "one", "again", "-q")
    assert "<h1>one, again</h1>" in Path("report.html").read_text("utf-8")


def test_the_numbers_are_there_for_scripts(trained: Path) -> None:
    runs = trained / "one", trained / "two"
    documents = [json.loads((run / "report.json").read_bytes()) for run in runs]
    one = ok("report", runs[0], "--json")
    assert (json.loads(one.out), one.err) == (documents[0], "")
    assert json.loads(ok("report", *runs, "--json").out) == {"reports": documents}
    assert list(Path().iterdir()) == []
    both = ok("report", *runs, "--json", "-o", "both.html", "-q")
    assert json.loads(both.out) == {"reports": documents}
    assert Path("both.html").read_bytes() == page_of(*runs)


def test_a_run_without_a_report_says_what_to_do(trained: Path) -> None:
    run = trained / "plain"
    assert not (run / "report.html").exists()
    why = "trained with --no-plots, by an older version, or not to its end"
    again = f"mlp train {run}/config.yaml -o {run}"
    assert mlp("report", run) == Done(
        2,
        "",
        f"mlp: error: the run in {run} has no report.json: {why}\nhint: train it again: {again}\n",
    )
    Path("empty").mkdir()
    hint = "hint: a run is what `mlp train` has written\n"
    assert mlp("report", "empty") == Done(2, "", f"mlp: error: there is no run in empty\n{hint}")
    assert mlp("report", "nowhere") == Done(2, "", f"mlp: error: there is no run nowhere\n{hint}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "this is no report of a run"),
        (b'{"format": "mlp-report", "version": 99}', "the report is of another version of mlp"),
        (b"\xff", "the metadata is not UTF-8 text"),
    ],
)
def test_another_file_is_refused(content: bytes, message: str) -> None:
    Path("report.json").write_bytes(content)
    hint = "hint: train the run again, which writes another one\n"
    assert mlp("report", "report.json") == Done(4, "", f"mlp: error: report.json: {message}\n{hint}")


def test_the_schema_of_the_report_is_printed(trained: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(ok("schema", "--report").out)
    assert schema["title"] == "mlp report"
    document = json.loads((trained / "one" / "report.json").read_bytes())
    assert Draft202012Validator(schema).is_valid(document)
