"""A model file keeps how each column was distributed in its training rows, and its predictions there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.artifacts.atomic import write_atomically
from mlpcli.artifacts.model_file import model_content, read_model
from mlpcli.drift.profile import LevelProfile, NumberProfile
from mlpcli.errors import ModelError
from mlpcli.run.profiles import profiles_of_model
from tests.support.running import ok, write_config, write_table
from tests.support.sample_model import sample_arrays, sample_meta, sample_profile


def test_profiles_come_back_as_they_were_stored(tmp_path: Path) -> None:
    meta, path = sample_meta(), tmp_path / "model.npz"
    meta["data"]["profile"] = 20
    write_atomically(path, model_content(meta, sample_arrays() | sample_profile()))
    found = profiles_of_model(read_model(path), str(path))
    assert list(found.columns) == ["bill length (mm)", "island", "size"]
    number, island, size = found.columns.values()
    assert isinstance(number, NumberProfile) and number.common == (31.5, 58.5) and number.missing == 15
    assert isinstance(island, LevelProfile) and island.counts.tolist() == [100, 100, 70, 5]
    assert isinstance(size, LevelProfile) and size.common.tolist() == [0, 1]
    (predicted,) = found.predictions.values()
    assert predicted.counts.tolist() == [90, 90, 95, 0]


def test_a_model_without_them_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    write_atomically(path, model_content(sample_meta(), sample_arrays()))
    with pytest.raises(ModelError, match="does not know how its training rows were distributed"):
        profiles_of_model(read_model(path), str(path))


@pytest.mark.parametrize(
    ("sections", "predicted"),
    [
        ({"data": {"target": "kind"}}, "classes"),
        ({"data": {"target": "size"}, "ensemble": {"folds": 2}}, "numbers"),
        ({"data": {"target": ["two", "w"], "task": "multilabel"}}, "labels"),
    ],
)
def test_every_training_row_counts_once(
    tmp_path: Path, sections: dict[str, dict[str, object]], predicted: str
) -> None:
    table = write_table(tmp_path)
    text = table.read_text("utf-8").replace(",yes,", ",1,").replace(",no,", ",0,")
    table.write_text(
        "\n".join(line[:-1] + "1" if k else line for k, line in enumerate(text.splitlines())) + "\n"
    )
    ok("train", write_config(tmp_path / "c.yaml", **sections), "-o", tmp_path / "run", "-q", "--no-plots")
    path = tmp_path / "run" / "model.npz"
    found = profiles_of_model(read_model(path), str(path))
    for one in (*found.columns.values(), *found.predictions.values()):
        assert one.counts.sum() + one.missing == 40
    said = [row.get("prediction", "") for row in ok("predict", path, table).rows()]
    (first, *_) = found.predictions.values()
    if predicted == "classes":
        assert first.counts.tolist() == [*(said.count(name) for name in ("ash", "elm", "oak")), 0]
    elif predicted == "numbers":
        assert isinstance(first, NumberProfile)
        numbers = np.sort(np.array(said, float))
        np.testing.assert_allclose(first.edges[[0, 10, 20]], numbers[[0, 19, 39]], rtol=1e-5)
    else:
        assert len(found.predictions) == 2
