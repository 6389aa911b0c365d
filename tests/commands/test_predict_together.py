"""`mlp predict` by several processes together: one output, to the byte that of one process, and one voice."""

from __future__ import annotations

import errno
import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mlpcli.commands import predict_together as together
from mlpcli.commands.predict import PredictOptions
from mlpcli.commands.predict_together import PIECE, predict_together
from mlpcli.errors import DataError, MlpError, OutputError, UsageError
from mlpcli.parallel.ranks import Ranks
from mlpcli.parallel.shares import Shard
from mlpcli.tables import csv_rows, source
from mlpcli.terminal.console import Console
from tests.support.running import ok, tree, write_config, write_table
from tests.support.threads_as_ranks import by_ranks

PLAIN = PredictOptions(None, (), False, False, False, None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with odd rows, and a model."""
    directory = tmp_path_factory.mktemp("trained")
    lines = write_table(directory).read_text("utf-8").splitlines()
    write_config(directory / "c.yaml", data={"id": ["id"]})
    ok("train", directory / "c.yaml", "-o", directory / "run", "--no-plots", "-q")
    for number, colour in ((5, "mauve"), (22, "pink"), (39, "mauve")):
        cells = lines[number].split(",")
        lines[number] = ",".join(["=1+1", *cells[1:3], colour, *cells[4:]])
    (directory / "t.csv").write_text("\n".join([*lines, ",,,,,,,,", ""]), "utf-8")
    return directory


@pytest.fixture(autouse=True)
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with both, where a file is read in many pieces and sent in many messages."""
    monkeypatch.chdir(tmp_path)
    for name in ("t.csv", "run/model.npz"):
        (tmp_path / Path(name).name).write_bytes((trained / name).read_bytes())
    monkeypatch.setattr(source, "CHUNK", 150)
    monkeypatch.setattr(csv_rows, "SAMPLE", 150)
    monkeypatch.setattr(together, "PIECE", 64)
    return tmp_path


def by_processes(size: int, options: PredictOptions, table: str = "t.csv") -> None:
    """Predict with so many; raises what the first one raises."""

    def do(ranks: Ranks) -> None:
        if not ranks.leads:
            ranks.follow()
            return
        try:
            predict_together(Path("model.npz"), table, options, Console(), ranks)
        finally:
            ranks.dismiss()

    by_ranks(size, do)


@pytest.mark.parametrize("size", [2, 3, 43])
def test_several_print_and_say_what_one_does(size: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings counted over all rows, with the first example; what is left out at the end told once."""
    alone = ok("predict", "model.npz", "t.csv")
    by_processes(size, PLAIN)
    found = capsys.readouterr()
    assert found.out == alone.out
    assert sorted(found.err.splitlines()) == sorted(alone.err.splitlines())
    assert "3 values of 'colour' not seen in training, such as 'mauve'" in found.err
    assert "3 texts begin as a formula does" in found.err


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.csv.gz", "p.csv.zst", "p.jsonl", "p.jsonl.gz"])
def test_one_file_is_that_of_one_process(place: Path, name: str) -> None:
    ok("predict", "model.npz", "t.csv", "-o", f"alone-{name}", "-q", "--include-inputs")
    by_processes(3, replace(PLAIN, out=Path(name), include_inputs=True))
    found, alone = ((place / one).read_bytes() for one in (name, f"alone-{name}"))
    assert found == alone
    assert {path.name for path in place.iterdir()} == {name, f"alone-{name}", "t.csv", "model.npz"}


def broken(lines: Sequence[str], number: int) -> str:
    """The table with a length that is none in one line."""
    cells = lines[number - 1].split(",")
    changed = ",".join([cells[0], "long", *cells[2:]])
    return "\n".join([*lines[: number - 1], changed, *lines[number:]]) + "\n"


@pytest.mark.parametrize("number", [3, 20, 38])
def test_a_bad_row_is_told_as_by_one_process_and_leaves_nothing(place: Path, number: int) -> None:
    """Whoever has it: the first in the file, where several have one."""
    text = broken((place / "t.csv").read_text("utf-8").splitlines(), number)
    (place / "bad.csv").write_text(broken(text.splitlines(), 40), "utf-8")
    (place / "p.csv").write_text("old")
    before = tree(place)
    with pytest.raises(
        DataError, match=f"bad.csv:{number}: column 'length': expected a number, found 'long'"
    ):
        by_processes(3, replace(PLAIN, out=Path("p.csv")), "bad.csv")
    assert tree(place) == before


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        (
            {"shard": Shard(1, 2)},
            UsageError,
            "--shard 1/2: a launcher started 2 processes, and each takes its own",
        ),
        ({"out": Path("p.parquet")}, UsageError, "processes together write one file of text"),
        ({"out": Path("no/where/p.csv")}, OutputError, "where"),
        ({"ids": ("none",)}, DataError, "there is no column 'none'"),
        ({"expect_sha256": "00"}, MlpError, "expected sha256"),
    ],
)
def test_what_the_first_one_refuses(options: dict[str, Any], kind: type[MlpError], says: str) -> None:
    with pytest.raises(kind, match=says):
        by_processes(2, replace(PLAIN, **options))


@pytest.mark.parametrize("when", ["made", "written", "complete"])
def test_a_full_disk_of_another_process_is_told_with_its_place(
    when: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def fail(self, *_: object) -> NoReturn:
            raise OSError(errno.ENOSPC, "No space left on device")

        write = fail if when == "written" else io.BytesIO.write
        flush = fail if when == "complete" else io.BytesIO.flush

    monkeypatch.setattr(together, "TemporaryFile", Full if when != "made" else Full().fail)
    monkeypatch.setattr(tempfile, "tempdir", "/scratch")
    with pytest.raises(
        OutputError, match="/scratch: the predictions of a process could not be kept: No space"
    ):
        by_processes(2, replace(PLAIN, out=Path("p.csv")))
    assert not (place / "p.csv").exists()


def test_standard_input_cannot_be_shared() -> None:
    with pytest.raises(UsageError, match="stdin can be read only once"):
        by_processes(2, PLAIN, "-")


def test_a_message_is_no_larger_than_it_should_be() -> None:
    assert PIECE == 1 << 20
