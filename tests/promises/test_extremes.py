"""Settings at the edge of what can be written: a sensible result or a message, no bug and no silence."""

from __future__ import annotations

import encodings.aliases
import json
from pathlib import Path
from typing import Any

import pytest

from mlpcli.artifacts.checkpoint import read_checkpoint
from mlpcli.parallel import threads
from tests.support.running import NO_EPOCHS, Done, mlp, ok, raw_characters, write_config, write_table

HUGE = 10**30
NONE = {"data": {"target": "size", "target_scale": "none"}}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def train(*flags: object, **sections: Any) -> Done:
    """Train a small network."""
    write_config(Path("c.yaml"), **{"model": {"layers": ["auto", 4, "auto"]}, **sections})
    return mlp("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite", *flags)


SENSIBLE: dict[str, dict[str, Any]] = {
    "one row a batch": {"training": {"batch_size": 1}},
    "more rows a batch than there are": {"training": {"batch_size": 10**9}},
    "no hidden layer": {"model": {"layers": ["auto", "auto"]}},
    "a hidden layer of one": {"model": {"layers": ["auto", 1, "auto"]}},
    "a penalty that drowns the loss": {"l2": 1e30},
    "nearly all dropped": {"model": {"dropout": 0.999999}},
    "moments that never forget": {"optimizer": {"name": "adam", "beta1": 1 - 1e-12, "beta2": 1 - 1e-12}},
    "an epsilon that stops everything": {"optimizer": {"name": "adam", "epsilon": 1e300}},
    "a gradient clipped to nothing": {"training": {"clip_norm": 1e-300}},
    "a class without weight": {"class_weight": {"ash": 0}},
    "a class with all the weight": {"class_weight": {"ash": 1e300}},
    "a rate that falls to nothing at once": {"schedule": {"name": "exponential", "decay": 1e-300}},
    "a power beyond floating point": {"schedule": {"name": "inverse_scaling", "power": 1e300}},
    "a warm-up longer than the run": {"schedule": {"name": "constant", "warmup": 10**6}},
    "a target in huge units": {"data": {"target": "size", "target_scale": {"divide": 1e30}}},
    "a kink at zero": {"data": {"target": "size"}, "loss": {"name": "huber", "delta": 1e-300}},
    "one iteration": {"optimizer": {"name": "lbfgs", "iterations": 1}, "training": NO_EPOCHS},
}


@pytest.mark.parametrize("sections", SENSIBLE.values(), ids=SENSIBLE)
def test_a_strange_choice_trains(sections: dict[str, Any]) -> None:
    done = train(**sections)
    assert (done.code, done.out) == (0, "")
    assert "nan" not in Path("run/history.csv").read_text("utf-8")
    document = json.loads(Path("run/metrics.json").read_text("utf-8"))
    assert document["status"] in {"finished", "worse_than_baseline"}
    assert ok("predict", "run/model.npz", "t.csv").rows()


def test_a_constant_target_is_learnt() -> None:
    rows = Path("t.csv").read_text("utf-8").splitlines()
    Path("flat.csv").write_text("\n".join([rows[0] + ",flat", *(f"{row},5" for row in rows[1:])]) + "\n")
    assert train(data={"train": "flat.csv", "target": "flat", "task": "regression"}).code == 0
    predicted = [float(row["prediction"]) for row in ok("predict", "run/model.npz", "flat.csv").rows()]
    assert all(abs(value - 5.0) < 2.0 for value in predicted)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a rate of 0": ({"optimizer": {"name": "sgd", "learning_rate": 0}}, "expected a number above 0"),
    "a momentum of 1": ({"optimizer": {"name": "sgd", "momentum": 1}}, "of at least 0 and below 1"),
    "epochs for ever": ({"training": {"epochs": HUGE}}, "a whole number from 1 to 1000000000, found"),
    "a seed of 71 bits": ({"seed": 2**70}, "a whole number from 0 to 9223372036854775807, found"),
    "a number at the end of floats": ({"l2": 1.7e308}, "at least 0, no larger than 1e+308, found"),
    "bounds too far apart": (
        {"model": {"init": {"name": "uniform", "low": -1e308, "high": 1e308}}},
        "`low` -1e+308 and `high` 1e+308 are too far apart",
    ),
}


@pytest.mark.parametrize(("sections", "says"), REFUSED.values(), ids=REFUSED)
def test_a_choice_without_meaning_is_refused_with_its_bounds(sections: dict[str, Any], says: str) -> None:
    done = train(**sections)
    assert done.code == 3
    assert says in done.err


# --- runs that go wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1e3, 1e6])
def test_a_blow_up_that_stays_finite_is_flagged_in_every_output(rate: float) -> None:
    """The case in which scikit-learn reports success."""
    optimizer = {"optimizer": {"name": "adam", "learning_rate": rate}}
    done = train(**optimizer)
    assert done.code == 0
    assert "worse than that of a constant prediction" in done.err
    assert json.loads(Path("run/metrics.json").read_text("utf-8"))["status"] == "worse_than_baseline"
    assert ok("inspect", "run/model.npz", "--json").document()["training"]["status"] == "worse_than_baseline"
    assert "worse_than_baseline" in ok("inspect", "run/model.npz").out
    assert train("--json", **optimizer).document()["status"] == "worse_than_baseline"
    failed = train("--fail-worse-than-baseline", **optimizer)
    assert (failed.code, failed.out) == (7, "")


DIVERGING: dict[str, dict[str, Any]] = {
    "a rate of 1e30": {"optimizer": {"name": "adam", "learning_rate": 1e30}},
    "a rate of 1e6 with sgd": {**NONE, "optimizer": {"name": "sgd", "learning_rate": 1e6}},
    "weights beyond float32": {"model": {"init": {"name": "normal", "std": 1e300}}},
    "weights whose products overflow": {"model": {"init": {"name": "normal", "std": 1e30}}},
    "a penalty beyond float32": {"l1": 1e300},
    "a full batch": {"optimizer": "lbfgs", "l2": 1e300, "training": NO_EPOCHS},
}


@pytest.mark.parametrize("sections", DIVERGING.values(), ids=DIVERGING)
def test_a_run_that_diverges_never_looks_like_success(sections: dict[str, Any]) -> None:
    done = train(**sections)
    assert (done.code, done.out) == (7, "")
    assert done.err.startswith("mlp: error: training diverged in ")
    assert "not finite" in done.err
    assert "hint: try " in done.err
    assert not Path("run/model.npz").exists()


def test_the_last_finite_state_of_a_run_that_diverged_can_be_loaded() -> None:
    done = train(optimizer={"name": "adam", "learning_rate": 1e30}, training={"epochs": 3})
    assert done.code == 7
    if Path("run/checkpoint.npz").exists():
        assert read_checkpoint(Path("run/checkpoint.npz")).epoch >= 0


# --- the command line and the environment -------------------------------------------------------------------


def test_threads_beyond_any_machine_are_refused_before_training() -> None:
    """Not after it, by the model file that would say so."""
    done = train("--threads", threads.LIMIT + 1)
    assert done.code == 2
    assert "'--threads'" in done.err
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("3", 3), ("003", 3), ("99999", threads.LIMIT), ("9" * 5000, threads.LIMIT)]
    + [(text, 1) for text in ("0", "", "-2", "two", "²", "٣", "1.5", "2,1")],
)
def test_threads_of_the_environment_are_a_number_or_nothing(
    monkeypatch: pytest.MonkeyPatch, asked: str, chosen: int
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.choose((2, 2), 2) == chosen


def test_every_encoding_that_python_has_reads_the_table_or_refuses_it() -> None:
    """Those for host names, bytes as escapes, and lone surrogates included."""
    Path("t.csv").write_bytes(Path("t.csv").read_bytes().replace(b"red", b"r\\ud800\xc3\xa9d", 1))
    names = {*encodings.aliases.aliases.values(), "idna", "punycode", "undefined", "unicode_escape"}
    for name in sorted({*names, "raw_unicode_escape", "utf_8_sig"}):
        write_config(Path("c.yaml"), data={"encoding": name})
        done = mlp("train", "c.yaml", "--dry-run", "-q")
        assert done.code in {0, 3, 4}, (name, done.err)
        assert not raw_characters(done.err), name


def test_a_step_too_small_to_see_anything_finds_nothing_right() -> None:
    """Round-off is no excuse for a step that somebody chose: what cannot be judged is not ok."""
    write_config(Path("c.yaml"), model={"layers": ["auto", 4, "auto"], "activation": "tanh"})
    assert mlp("gradcheck", "c.yaml", "-q", "--eps", "1e-6").code == 0
    for eps in ("1e-13", "1e-20", "1e-320", "1e300"):
        assert mlp("gradcheck", "c.yaml", "-q", "--eps", eps).code == 10, eps
        assert mlp("gradcheck", "c.yaml", "-q", "--eps", eps, "--inject-error").code == 10, eps
