"""Every shipped config does what its first lines say; those of the documents are in test_documents."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from mlpcli.config.load import load_config
from tests.support.config_runs import CONFIGS, DATA, STEMS, Train, once_each

# config, part, metric, what it must reach
LEVELS = [
    ("xor", "train", "accuracy", 1.0),
    ("iris", "test", "accuracy", 0.93),
    ("penguins", "test", "accuracy", 0.97),
    ("digits", "test", "accuracy", 0.96),
    ("concrete", "test", "r2", 0.87),
    ("linnerud", "train", "r2", 0.5),
    ("seattle_weather", "test", "accuracy", 0.72),
]

# config whose data are fetched: what shortens it on a stand-in
EPOCHS = ("training.epochs=10", "training.batch_size=10")
ITERATIONS = ("optimizer.iterations=10",)
SHORTER = {
    "fashion_mnist": EPOCHS,
    "mnist": EPOCHS,
    "documents/d1_mnist": EPOCHS,
    "documents/d1_mnist_lbfgs": ITERATIONS,
}

# config, its training file in data/fetched, what it must reach on the 10,000 real test rows
FETCHED = [
    ("fashion_mnist", "fashion_mnist_train.csv", 0.88),
    ("mnist", "mnist_train.csv", 0.90),
    ("documents/d1_mnist", "mnist_train.csv", 0.90),
    ("documents/d1_mnist_lbfgs", "mnist_train.csv", 0.90),
]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    return once_each(tmp_path_factory.mktemp("runs"))


def test_every_config_is_run_by_a_test() -> None:
    run = {row[0] for row in LEVELS} | SHORTER.keys()
    assert {stem for stem in STEMS if not stem.startswith("documents/")} <= run


@pytest.mark.parametrize("stem", STEMS)
def test_a_config_says_at_its_top_what_comes_out(stem: str) -> None:
    head = (CONFIGS / f"{stem}.yaml").read_text("utf-8").split("\ndata:")[0]
    assert head.startswith("# ")
    assert "Comes out: " in head
    load_config(CONFIGS / f"{stem}.yaml")


@pytest.mark.parametrize(("stem", "part", "metric", "level"), LEVELS)
def test_a_config_reaches_its_level(train: Train, stem: str, part: str, metric: str, level: float) -> None:
    metrics = train(stem).metrics
    assert metrics["status"] in {"finished", "early_stopped"}
    assert metrics[part][metric] >= level
    assert metrics[part]["loss"] < metrics[part]["baseline"]["loss"]


def test_early_stopping_keeps_the_best_epoch(train: Train) -> None:
    """The penguins' saved weights are those of the lowest validation loss."""
    run = train("penguins")
    losses = run.history("val_loss")
    assert run.metrics["best_epoch"] == 1 + int(np.argmin(losses))
    assert run.metrics["val"]["loss"] == pytest.approx(min(losses), rel=1e-6)


def write_stand_in(path: Path, rows: int, seed: int) -> None:
    """A CSV with the columns of MNIST: ten classes, each lighting its own stretch of pixels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 10
    pixels = rng.integers(0, 40, (rows, 784))
    for row, label in enumerate(labels):
        pixels[row, 78 * label : 78 * (label + 1)] += 200
    header = ",".join(["label", *(f"p{index}" for index in range(784))])
    np.savetxt(path, np.column_stack([labels, pixels]), "%d", ",", header=header, comments="")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder configs/ beside a data/fetched/ that holds small tables of the fetched ones' names."""
    root = tmp_path_factory.mktemp("stand_in")
    fetched = root / "data" / "fetched"
    fetched.mkdir(parents=True)
    shutil.copytree(CONFIGS, root / "configs", ignore=shutil.ignore_patterns("*.npz", "*.py"))
    for stem in ("mnist", "fashion_mnist"):
        write_stand_in(fetched / f"{stem}_train.csv", 200, 1)
        write_stand_in(fetched / f"{stem}_test.csv", 50, 2)
    return root / "configs"


@pytest.mark.parametrize("stem", SHORTER)
def test_a_config_of_fetched_data_learns_a_stand_in(train: Train, stand_in: Path, stem: str) -> None:
    run = train(stem, *SHORTER[stem], configs=stand_in)
    assert run.metrics["status"] == "finished"
    assert run.metrics["epochs"] == 10
    assert run.arrays()["layers.0.weight"].shape[0] == 784
    assert run.metrics["test"]["loss"] < run.metrics["test"]["baseline"]["loss"]


@pytest.mark.slow
@pytest.mark.parametrize(("stem", "file", "level"), FETCHED)
def test_a_config_of_fetched_data_reaches_its_level(
    train: Train, request: pytest.FixtureRequest, stem: str, file: str, level: float
) -> None:
    if request.config.getoption("markexpr") != "slow":
        pytest.skip("takes minutes; run with -m slow")
    if not (DATA / "fetched" / file).exists():
        pytest.skip("needs python data/fetch.py")
    assert train(stem).metrics["test"]["accuracy"] >= level


def described_files() -> dict[str, tuple[int, int, str]]:
    """The table of data/README.md: rows, columns and sha256 by file."""
    text = (DATA / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\S+\.csv) \| (\d+) \| (\d+) \| .* \| `([0-9a-f]{64})` \|$", text, re.MULTILINE)
    return {name: (int(count), int(columns), sha256) for name, count, columns, sha256 in rows}


def test_the_data_are_those_that_their_readme_describes() -> None:
    found = {}
    for path in [*DATA.glob("*.csv"), *(DATA / "documents").glob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert {len(row) for row in rows} == {len(rows[0])}
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.relative_to(DATA).as_posix()] = (len(rows) - 1, len(rows[0]), sha256)
    assert found == described_files()
