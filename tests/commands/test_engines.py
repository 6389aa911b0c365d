"""A loaded model elsewhere: sent to other processes, and called by the engines of distributed tables."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mlpcli
from mlpcli.api import TrainedModel
from tests.support.running import ok, write_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")
CODE = re.findall(
    r"```python\n(.*?)```", PAGE.partition("### Predictions by Dask")[2].partition("\n#")[0], re.DOTALL
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the flowers, and one of a network with many weights."""
    directory = tmp_path_factory.mktemp("trained")
    data = {"train": str(ROOT / "data" / "iris.csv"), "target": "species", "features": None}
    for name, layers in (("flowers", ["auto", 8, "auto"]), ("wide", ["auto", 300, 300, "auto"])):
        config = write_config(directory / f"{name}.yaml", data=data, model={"layers": layers})
        ok("train", config, "-o", directory / name, "--no-plots", "-q")
    return directory


@pytest.fixture(autouse=True)
def place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README's code finds where it runs: a model, and a table in two files."""
    monkeypatch.chdir(tmp_path)
    Path("model.npz").write_bytes((trained / "flowers" / "model.npz").read_bytes())
    Path("wide.npz").write_bytes((trained / "wide" / "model.npz").read_bytes())
    flowers = pd.read_csv(ROOT / "data" / "iris.csv").drop(columns="species")
    for number, rows in enumerate((flowers[:80], flowers[80:]), start=1):
        rows.to_csv(f"new-{number}.csv", index=False)


def flowers() -> pd.DataFrame:
    return pd.concat([pd.read_csv(f"new-{number}.csv") for number in (1, 2)], ignore_index=True)


def run_code(word: str) -> dict[str, Any]:
    """Run the block of the README that has a word; what it defines."""
    (code,) = (block for block in CODE if word in block)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    return names


@pytest.mark.parametrize("name", ["model.npz", "wide.npz"])
def test_a_model_is_sent_in_as_many_bytes_as_its_file_has(name: str) -> None:
    """Also after it has predicted: what it keeps for that stays here."""
    model = mlpcli.load(name)
    expected = model.predict_proba(flowers())
    sent = pickle.dumps(model)
    assert len(sent) <= 1.1 * Path(name).stat().st_size
    arrived: TrainedModel = pickle.loads(sent)
    pd.testing.assert_frame_equal(arrived.predict_proba(flowers()), expected)
    assert (arrived.sha256, arrived.metrics, arrived.features) == (
        model.sha256,
        model.metrics,
        model.features,
    )


@pytest.mark.parametrize("scheduler", ["synchronous", pytest.param("processes", marks=pytest.mark.slow)])
def test_dask_predicts_partition_by_partition(scheduler: str) -> None:
    pytest.importorskip("dask.dataframe")
    found = run_code("import dask")["found"]
    assert found.npartitions == 2
    expected = mlpcli.load("model.npz").predict_proba(flowers())
    computed = found.compute(scheduler=scheduler, num_workers=2)
    pd.testing.assert_frame_equal(computed.reset_index(drop=True), expected)


@pytest.mark.slow
def test_ray_predicts_batch_by_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With `pip install '.[test-ray]'`. It writes to the home directory, and warns of itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    ray = pytest.importorskip("ray")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = run_code("import ray")["found"].to_pandas()
    finally:
        ray.shutdown()
    rows = pd.read_csv("new-1.csv")
    expected = rows.assign(prediction=mlpcli.load("model.npz").predict(rows))
    columns = [*rows.columns, "prediction"]
    assert sorted(found[columns].values.tolist()) == sorted(expected[columns].values.tolist())


def test_the_function_for_spark_predicts_the_frames_that_it_is_given() -> None:
    """By its pandas part: Spark calls it with an iterator of DataFrames in another process."""
    predicted = run_code("for rows in batches")["predicted"]
    parts = [pd.read_csv(f"new-{number}.csv") for number in (1, 2)]
    found = pd.concat(predicted(iter(parts)), ignore_index=True)
    expected = mlpcli.load("model.npz").predict(flowers())
    assert list(found.columns) == ["species"]
    assert found["species"].tolist() == expected.tolist()
