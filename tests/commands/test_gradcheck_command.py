"""`mlp gradcheck`: the exit code says whether the gradient is right, the report says where it is not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.nn.affine import Affine
from mlpcli.run.build import build_network
from mlpcli.run.experiment import experiment_of, prepared_of
from tests.support.running import Done, arrays, mlp, ok, tree, write_config, write_table

ARRAYS = ["layers.0.weight", "layers.1.weight", "layers.0.bias", "layers.1.bias"]
KEYS = [
    "name",
    "shape",
    "checked",
    "kinks",
    "worst_index",
    "analytic",
    "numerical",
    "relative_error",
    "verdict",
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table and a smooth network."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml", model={"layers": ["auto", 4, "auto"], "activation": "tanh"})
    return tmp_path


def check(*flags: object) -> dict[str, Any]:
    """The report of a check that ran, whatever it found."""
    done = mlp("gradcheck", "c.yaml", "--json", *flags)
    document = done.document()
    assert done.err == ""
    assert done.code == (0 if document["verdict"] == "ok" else 10)
    assert isinstance(document, dict)
    return document


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {array["name"]: array["verdict"] for array in report["parameters"]}


def test_a_right_gradient_is_ok_and_nothing_is_written(place: Path) -> None:
    before = tree(place)
    done = ok("gradcheck", "c.yaml")
    assert tree(place) == before
    lines = done.out.splitlines()
    assert lines[0].split() == [
        "array",
        "shape",
        "checked",
        "kinks",
        "worst",
        "analytic",
        "numerical",
        "error",
        "verdict",
    ]
    assert [line.split()[0] for line in lines[2:6]] == ARRAYS
    assert [line.split()[-1] for line in lines[2:6]] == ["ok"] * 4
    assert lines[-1] == "ok: central differences on 32 rows, rtol 1e-06"


def test_the_document_has_exactly_the_shape_that_was_promised() -> None:
    report = check()
    assert list(report) == ["verdict", "method", "rtol", "parameters"]
    assert (report["verdict"], report["method"], report["rtol"]) == ("ok", "central", 1e-6)
    assert [array["name"] for array in report["parameters"]] == ARRAYS
    shapes = {array["name"]: array["shape"] for array in report["parameters"]}
    assert shapes == dict(zip(ARRAYS, [[5, 4], [4, 3], [4], [3]], strict=True))
    for array in report["parameters"]:
        assert list(array) == KEYS
        assert array["checked"] == math.prod(array["shape"])
        assert (array["kinks"], array["verdict"]) == (0, "ok")
        assert 0 <= array["relative_error"] < 1e-6
        if array["worst_index"] is not None:
            assert len(array["worst_index"]) == len(array["shape"])
            assert array["analytic"] == pytest.approx(array["numerical"], rel=1e-4, abs=1e-8)


def test_it_is_the_network_that_training_starts_from() -> None:
    """Seed, weights and penalties are those of the config: the worst entry is of that gradient."""
    write_config(Path("c.yaml"), model={"layers": ["auto", 3, "auto"], "activation": "tanh"}, l2=0.1, seed=4)
    config = load_config(Path("c.yaml"))
    prepared = prepared_of(config)
    experiment = experiment_of(config, prepared, (), "float64")
    rows = slice(0, 32)
    experiment.network.loss_and_grad(experiment.training.x[rows], experiment.training.y[rows])
    for array in check()["parameters"]:
        if array["worst_index"] is not None:
            assert (
                array["analytic"] == experiment.network.gradients[array["name"]][tuple(array["worst_index"])]
            )
    assert build_network(config, prepared, "float64", None).theta == pytest.approx(experiment.network.theta)


@pytest.mark.parametrize(
    ("flags", "broken"), [(("--inject-error",), 0), (("--inject-error", 1), 1), (("--inject-error=1",), 1)]
)
def test_an_injected_error_is_found_in_its_layer(flags: tuple[object, ...], broken: int) -> None:
    """Without a number it is layer 0, wherever on the command line the flag stands."""
    report = check(*flags)
    assert report["verdict"] == "FAIL"
    assert {name for name, verdict in verdicts(report).items() if verdict == "FAIL"} == {
        f"layers.{broken}.weight"
    }


def test_an_injected_error_is_found_before_and_after_the_config() -> None:
    for arguments in (
        ("gradcheck", "--inject-error", "c.yaml"),
        ("gradcheck", "c.yaml", "--inject-error", "-q"),
    ):
        done = mlp(*arguments)
        assert done.code == 10
        assert done.err == ""
    done = mlp("gradcheck", "c.yaml", "--inject-error", 1)
    assert done.out.splitlines()[3].split()[-1] == "FAIL"
    assert "FAIL: central differences on 32 rows, rtol 1e-06" in done.out.splitlines()


def test_a_broken_backward_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    backward = Affine.backward

    def wrong(step: Affine) -> None:
        backward(step)
        step.dW *= 1.001

    monkeypatch.setattr(Affine, "backward", wrong)
    found = verdicts(check())
    assert (found["layers.0.weight"], found["layers.1.weight"]) == ("FAIL", "FAIL")


def test_complex_steps_agree_to_rounding() -> None:
    report = check("--method", "complex-step")
    assert (report["verdict"], report["method"]) == ("ok", "complex-step")
    assert all(array["relative_error"] < 1e-11 for array in report["parameters"])
    assert check("--method", "complex-step", "--rtol", "1e-11")["verdict"] == "ok"
    assert check("--method", "complex-step", "--inject-error", 1)["verdict"] == "FAIL"


def test_one_step_may_be_fixed() -> None:
    assert check("--eps", "1e-5")["verdict"] == "ok"
    assert check("--eps", "0.5")["verdict"] == "FAIL"


@pytest.mark.parametrize(("rows", "used"), [(1, 1), (7, 7), (40, 40), (1000, 40)])
def test_the_rows_are_the_first_ones_of_those_that_there_are(rows: int, used: int) -> None:
    done = ok("gradcheck", "c.yaml", "--rows", rows)
    assert f" on {used} row{'s' if used > 1 else ''}, " in done.out


def test_more_rows_are_another_gradient() -> None:
    few, many = check("--rows", 5)["parameters"], check("--rows", 40)["parameters"]
    assert few[0]["analytic"] != many[0]["analytic"]


def test_quiet_leaves_the_exit_code() -> None:
    assert mlp("gradcheck", "c.yaml", "-q") == Done(0, "", "")
    assert mlp("gradcheck", "c.yaml", "-q", "--inject-error") == Done(10, "", "")


def test_verbose_shows_worst_entries_and_what_is_between_the_layers() -> None:
    plain, verbose = (ok("gradcheck", "c.yaml", *flags).out.splitlines() for flags in ((), ("--verbose",)))
    assert len(verbose) > len(plain)
    assert any(line.startswith("  layers.0.weight[") for line in verbose)


@pytest.mark.parametrize("dropout", [0.3, {"rate": 0.3, "schedule": "flat_cos"}])
@pytest.mark.parametrize("loss", ["cross_entropy", "hinge", "mse"])
def test_weights_dropout_and_penalties_are_in_the_check(loss: str, dropout: object) -> None:
    """A dropout that falls in the course of training as it is at its beginning."""
    write_config(
        Path("c.yaml"),
        data={"weight": "w"},
        model={"layers": ["auto", 6, "auto"], "activation": "silu", "dropout": dropout},
        loss=loss,
        class_weight="balanced",
        l1=0.01,
        l2=0.1,
    )
    assert set(verdicts(check()).values()) == {"ok"}


def gradients() -> dict[str, Any]:
    """The gradient on the first 32 rows in float64, as somebody else might have computed it."""
    config = load_config(Path("c.yaml"))
    experiment = experiment_of(config, prepared_of(config), (), "float64")
    experiment.network.loss_and_grad(experiment.training.x[:32], experiment.training.y[:32])
    return {name: gradient.copy() for name, gradient in experiment.network.gradients.items()}


def test_somebody_else_s_gradients_are_compared_array_by_array() -> None:
    theirs = gradients()
    np.savez("theirs.npz", **theirs)
    report = check("--against", "theirs.npz")
    assert report["verdict"] == "ok"
    assert [array["name"] for array in report["parameters"]] == ARRAYS
    theirs["layers.1.bias"][2] *= 1.01
    np.savez("theirs.npz", **theirs)
    report = check("--against", "theirs.npz")
    assert [name for name, verdict in verdicts(report).items() if verdict == "FAIL"] == ["layers.1.bias"]
    assert report["parameters"][3]["worst_index"] == [2]


def test_their_gradients_and_ours_are_called_so() -> None:
    theirs = gradients()
    theirs["layers.0.bias"][1] += 1.0
    np.savez("theirs.npz", **theirs)
    done = mlp("gradcheck", "c.yaml", "--against", "theirs.npz", "--verbose")
    assert done.code == 10
    heads = done.out.splitlines()[0].split()
    assert heads == ["array", "shape", "checked", "kinks", "worst", "theirs", "ours", "error", "verdict"]
    (worst,) = [line.split() for line in done.out.splitlines() if line.startswith("  layers.0.bias[1]")]
    assert worst[1::2][:2] == ["theirs", "ours"]
    assert float(worst[2]) == pytest.approx(float(worst[4]) + 1.0, abs=1e-6)
    assert "FAIL: their gradients beside ours on 32 rows, rtol 1e-06" in done.out.splitlines()


def test_gradients_of_another_network_are_the_data_s_mistake() -> None:
    np.savez("theirs.npz", **{"layers.0.weight": np.zeros((2, 2))})
    done = mlp("gradcheck", "c.yaml", "--json", "--against", "theirs.npz")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("mlp: error: ")


def test_a_config_for_training_by_bfgs_is_checked_too() -> None:
    write_config(
        Path("c.yaml"),
        model={"layers": ["auto", 3, "auto"], "activation": "tanh"},
        optimizer="bfgs",
        training={"epochs": None, "batch_size": None},
    )
    assert check()["verdict"] == "ok"


def test_weights_from_a_file_are_the_ones_checked() -> None:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q")
    weights = arrays(Path("run"))
    init = {"from": "run/model.npz"}
    write_config(Path("c.yaml"), model={"layers": ["auto", 4, "auto"], "activation": "tanh", "init": init})
    config = load_config(Path("c.yaml"))
    network = experiment_of(config, prepared_of(config), (), "float64").network
    assert np.array_equal(network.parameters["layers.0.weight"], weights["layers.0.weight"])
    assert check()["verdict"] == "ok"


def test_on_github_an_array_that_is_wrong_is_annotated(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations go to stderr, so that the JSON on stdout stays one document; elsewhere there are none."""
    config = write_config(place / "annotated.yaml")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert "::error" not in mlp("gradcheck", config, "--inject-error", 0).err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error" not in mlp("gradcheck", config).err
    broken = mlp("gradcheck", config, "--inject-error", 0, "--json")
    first, *_ = broken.err.splitlines()
    assert first.startswith("::error title=gradient check::layers.0.weight: FAIL, relative error ")
    assert broken.document()["verdict"] == "FAIL"
