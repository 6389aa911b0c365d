"""The same rows are the same table, the same model and the same predictions, whatever file they are in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.run.experiment import prepared_of
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.reader import WholeFile, read_whole
from mlpcli.tables.source import find
from mlpcli.tables.table import Wanted
from tests.support.formats import NEEDED, WRITERS, Rows, generated
from tests.support.running import RESULTS, ok, write_config

OTHERS = [name for name in WRITERS if name != "t.csv"]
FORMS = [
    CsvFormat(),
    CsvFormat(na_values=("-", "10", "NA")),
    CsvFormat(own_na_values={"small": ("3",), "word": ("null",), "flag": ("false",)}),
]


def written(name: str, rows: Rows, directory: Path) -> Path:
    """The rows in a file of this name, where what it takes is installed."""
    pytest.importorskip(NEEDED.get(Path(name).suffix, "json"))
    path = directory / name
    WRITERS[name](path, rows)
    return path


def read(path: Path, form: CsvFormat) -> WholeFile:
    """Every column as what its cells are, some besides as texts."""
    return read_whole(
        find(path),
        form,
        lambda reader: Wanted(texts=("word", "big", "price", "when"), either=reader.header.names),
        carried=("word", "code"),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", OTHERS)
def test_every_format_is_the_same_table(name: str, seed: int, tmp_path: Path) -> None:
    """Cell by cell: numbers to the last bit, texts to the last character, what is missing, bad or a code."""
    rows = generated(seed, [1, 5, 40, 90][seed])
    expected_file, file = written("t.csv", rows, tmp_path), written(name, rows, tmp_path)
    for form in FORMS:
        expected, found = read(expected_file, form), read(file, form)
        assert found.header.names == expected.header.names
        assert found.table.rows == expected.table.rows
        assert found.table.numbers.keys() == expected.table.numbers.keys()
        assert found.table.texts.keys() == expected.table.texts.keys()
        for column in expected.table.numbers:
            mine, theirs = found.table.number(column), expected.table.number(column)
            np.testing.assert_array_equal(mine.values, theirs.values, column)
            assert mine.bad.texts.tolist() == theirs.bad.texts.tolist(), column
        for column in expected.table.texts:
            mine_texts, their_texts = (
                whole.table.text(column).texts().tolist() for whole in (found, expected)
            )
            assert mine_texts == their_texts, column
        assert found.digest == expected.digest
        assert {n: p.content for n, p in found.carried.items()} == {
            n: p.content for n, p in expected.carried.items()
        }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows in a CSV, a model of them, and its predictions."""
    directory = tmp_path_factory.mktemp("formats")
    trained_on("t.csv", directory)
    return directory


def trained_on(name: str, directory: Path) -> None:
    """Train on the rows in a file of this name, and predict them."""
    rows = generated(7, 60)
    path = written(name, rows, directory)
    features = {
        "big": "standardize",
        "small": {"encode": "standardize"},
        "code": "one_hot",
        "flag": "one_hot",
        "when": "datetime",
        "day": "datetime",
        "word": "one_hot",
        "price": "minmax",
        "x": "robust",
        "text_number": None,
    }
    write_config(
        directory / f"{name}.yaml",
        data={
            "train": path.name,
            "target": "y",
            "features": {k: {} if v is None else v for k, v in features.items()},
            "id": ["clock"],
            "missing": "most_frequent",
            "validation": 0.2,
            "test": 0.2,
        },
    )
    ok("train", directory / f"{name}.yaml", "-o", directory / f"run-{name}", "--no-plots", "-q")


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_trains_the_same_model(name: str, trained: Path, tmp_path: Path) -> None:
    """To the last byte; and predicts the same of rows in any other."""
    trained_on(name, tmp_path)
    for result in (*RESULTS, "splits.csv", "predictions.csv"):
        expected = (trained / "run-t.csv" / result).read_bytes()
        assert (tmp_path / f"run-{name}" / result).read_bytes() == expected, result
    model = trained / "run-t.csv" / "model.npz"
    expected_out = ok("predict", model, trained / "t.csv", "--include-inputs").out
    assert ok("predict", model, tmp_path / name, "--include-inputs").out == expected_out
    shards = [
        ok("predict", model, tmp_path / name, "--include-inputs", "--shard", f"{i}/3").out for i in (1, 2, 3)
    ]
    assert "".join(shards) == expected_out
    document = ok("evaluate", model, trained / "t.csv", "--json").out
    assert ok("evaluate", model, tmp_path / name, "--json").out == document


def test_what_the_first_rows_seem_to_hold_does_not_matter(tmp_path: Path) -> None:
    """A target that begins with few numbers is one of numbers; of wide rows fewer are looked at."""
    rows = [{"x": index, "wide": "w" * 2000, "y": index // 90} for index in range(300)]
    digests = []
    for name in ("t.csv", "t.jsonl"):
        WRITERS[name](tmp_path / name, rows)
        config = write_config(
            tmp_path / "c.yaml", data={"train": name, "target": "y", "features": ["x"], "exclude": ["wide"]}
        )
        prepared = prepared_of(load_config(config))
        assert prepared.task == "regression"
        digests.append(prepared.sha256)
    assert digests[0] == digests[1]
