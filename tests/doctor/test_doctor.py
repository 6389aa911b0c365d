"""Each check of `mlp doctor` finds the fault that it is for, and leaves healthy configs alone."""

from __future__ import annotations

import csv
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.load import load_config
from mlpcli.doctor import cost, rates
from mlpcli.doctor.duplicates import repeated_rows, shared_rows
from mlpcli.doctor.examination import examine
from mlpcli.doctor.findings import Finding, worst
from mlpcli.doctor.initial_loss import initial_loss
from mlpcli.doctor.overfitting import by_heart, chosen, least_loss
from mlpcli.doctor.patient import Patient, patient_of
from mlpcli.doctor.probing import Probe, probe
from mlpcli.doctor.units import steepest
from mlpcli.nn.activations import ACTIVATIONS, ActivationChoice
from mlpcli.nn.losses import Loss
from mlpcli.training.batches import Part
from tests.support.config_runs import CONFIGS
from tests.support.running import arrays, mlp, ok, tree, write_config, write_table

HEALTHY = [
    "iris",
    "concrete",
    "linnerud",
    "xor",
    "documents/d1_deep",
    "documents/d2_and",
    "documents/d5_dense_layer",
]
CHECKS = [
    "target",
    "leaks",
    "rows in two parts",
    "rows that come again",
    "constant columns",
    "scale of the inputs",
    "initial loss",
    "dead units",
    "saturated units",
    "activations",
    "gradients",
    "a few rows by heart",
    "learning rate",
    "memory",
    "time",
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table of 40 rows."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    return tmp_path


def patient(**sections: Any) -> Patient:
    return patient_of(load_config(write_config(Path("c.yaml"), **sections), ()), 100_000)


def started(**sections: Any) -> tuple[Patient, Probe]:
    made = patient(**sections)
    return made, probe(made.network(), made.some_rows)


def found(check: str, **sections: Any) -> Finding:
    """What one check of all says."""
    return next(one for one in examine(patient(**sections)) if one.check == check)


def network(**keys: Any) -> dict[str, Any]:
    return {"model": {"layers": ["auto", 8, 8, "auto"], "activation": "relu", **keys}}


@pytest.mark.parametrize("stem", HEALTHY)
def test_shipped_configs_are_not_wrong(stem: str) -> None:
    """And their starting weights are what they were before."""
    examined = patient_of(load_config(CONFIGS / f"{stem}.yaml", ()), 100_000)
    before = examined.experiment.network.state.copy()
    findings = list(examine(examined))
    assert [one for one in findings if one.verdict == "wrong"] == []
    quasi = "learning rate" not in [one.check for one in findings]
    assert [one.check for one in findings] == [
        name for name in CHECKS if not quasi or name != "learning rate"
    ]
    assert quasi == (stem in {"linnerud", "documents/d1_deep"})
    np.testing.assert_array_equal(examined.experiment.network.state, before)
    assert not examined.experiment.network.grad.any()


def test_a_relu_network_of_zeros_is_dead_and_learns_nothing() -> None:
    wrong = {one.check for one in examine(patient(**network(init="zeros"))) if one.verdict == "wrong"}
    assert {"dead units", "gradients", "a few rows by heart"} <= wrong


def test_a_tanh_network_of_zeros_has_no_gradient_in_its_first_layer() -> None:
    finding = found("gradients", **network(init="zeros", activation="tanh"))
    assert finding.verdict == "wrong"
    assert finding.numbers["first_to_last"] == 0.0


def test_biases_far_below_zero_are_dead() -> None:
    """The weights are as ever; every relu is off for every row."""
    write_config(Path("c.yaml"), **network())
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--set", "training.epochs=1")
    start = {name: array for name, array in arrays(Path("run")).items() if name.startswith("layers.")}
    biases = {name: np.full_like(a, -10.0) for name, a in start.items() if name.endswith("bias")}
    np.savez("start.npz", **{**start, **biases})
    finding = found("dead units", **network(init={"from": "start.npz"}))
    assert (finding.verdict, finding.numbers["layers"]) == ("wrong", {"layers.0": 1.0, "layers.1": 1.0})
    assert "layer 1 (relu): 100% of its units" in finding.says


def test_huge_weights_saturate() -> None:
    finding = found("saturated units", **network(activation="tanh", init={"name": "normal", "std": 100}))
    assert finding.verdict == "wrong"
    assert found("saturated units", **network(activation="tanh")).verdict == "ok"


def test_which_activations_saturate_is_read_off_their_slopes() -> None:
    flat = {name for name in ACTIVATIONS if steepest(ActivationChoice(name, {})) is not None}
    assert flat == {"sigmoid", "tanh", "softsign", "erf_sigmoid"}
    assert steepest(ActivationChoice("sigmoid", {})) == 0.25


def test_activations_explode_and_vanish() -> None:
    layers = ["auto", 32, 32, 32, 32, 32, 32, 32, "auto"]
    huge = {"layers": layers, "activation": "relu", "init": {"name": "normal", "std": 30}}
    assert found("activations", model=huge).verdict == "wrong"
    assert found("gradients", model=huge).verdict in {"look", "wrong"}
    tiny = {**huge, "init": {"name": "normal", "std": 0.001}}
    assert found("activations", model=tiny).verdict in {"look", "wrong"}
    assert found("gradients", model=tiny).verdict == "wrong"
    assert "vanish" in found("gradients", model=tiny).says


def test_a_loss_that_is_not_finite_is_wrong() -> None:
    endless = {
        "layers": ["auto", 8, "auto"],
        "activation": "identity",
        "init": {"name": "normal", "std": 1e30},
    }
    sections: dict[str, Any] = {"model": endless, "data": {"target": "size"}}
    assert initial_loss(*started(**sections)).verdict == "wrong"
    assert found("gradients", **sections).verdict == "wrong"
    finding = found("a few rows by heart", **sections)
    assert finding.verdict == "wrong"
    assert None in finding.document()["numbers"].values()


def test_targets_far_from_zero_are_seen_in_the_first_loss() -> None:
    write_column("far", lambda row: 1000 + float(row["size"]))
    data = {"train": "n.csv", "target": "far", "target_scale": "none"}
    finding = initial_loss(*started(data=data))
    assert finding.verdict == "wrong"
    assert "target_scale" in str(finding.hint)
    assert initial_loss(*started(data={**data, "target_scale": "standardize"})).verdict == "ok"


def test_chance_of_three_classes_is_ln_3() -> None:
    finding = initial_loss(*started())
    assert finding.numbers["ln_classes"] == pytest.approx(1.0986, abs=1e-4)
    assert finding.numbers["chance"] == pytest.approx(1.0986, abs=0.01)


def test_of_a_sum_the_loss_is_that_of_a_row() -> None:
    mean = initial_loss(*started(loss={"name": "cross_entropy", "reduction": "mean"}))
    total = initial_loss(*started(loss={"name": "cross_entropy", "reduction": "sum"}))
    assert total.numbers == pytest.approx(mean.numbers, rel=1e-5)


def write_column(name: str, value: Any, times: int = 1) -> None:
    """The table with one more column, as `n.csv`."""
    with Path("t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with Path("n.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], name], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, name: value(row)} for row in rows * times)


def test_a_column_that_is_the_target_is_a_leak() -> None:
    write_column("told", lambda row: row["kind"].upper())
    data = {"train": "n.csv", "features": ["length", "told"]}
    finding = found("leaks", data=data)
    assert finding.verdict == "wrong"
    assert "exclude: [told]" in str(finding.hint)
    assert finding.numbers == {"columns": [{"column": "told", "told": 1.0}]}
    assert found("leaks", data={"features": ["width", "colour"]}).verdict == "ok"


def test_test_rows_that_are_training_rows() -> None:
    finding = shared_rows(patient(data={"test": "t.csv"}))
    assert (finding.verdict, finding.numbers["test"]) == ("wrong", {"rows": 40, "training_rows": 40})
    write_column("x", lambda row: row["length"], times=2)
    assert shared_rows(patient(data={"train": "n.csv", "test": 0.5})).verdict == "wrong"
    assert shared_rows(patient(data={"test": 0.5})).verdict == "ok"
    assert shared_rows(patient()).says == "no part is held out"


def test_one_row_in_two_parts_may_be_chance() -> None:
    lines = Path("t.csv").read_text("utf-8").splitlines()
    Path("one.csv").write_text("\n".join(lines[:2]) + "\n", "utf-8")
    finding = shared_rows(patient(data={"validation": "one.csv"}))
    assert (finding.verdict, finding.says) == ("ok", "1 row held out is equal to a training row")


def test_equal_rows_with_other_targets_are_counted() -> None:
    """Of 8 rows: two pairs that are equal, one pair that differs in its target alone."""
    rows = ["1,0,a", "1,0,a", "2,0,b", "2,0,b", "3,0,a", "3,0,b", "4,0,a", "5,0,b"]
    Path("u.csv").write_text("p,q,y\n" + "\n".join(rows) + "\n", "utf-8")
    finding = repeated_rows(patient(data={"train": "u.csv", "target": "y", "features": ["p", "q"]}))
    assert finding.numbers == {"rows": 8, "repeated": 0.5, "conflicting": 0.25}
    assert finding.verdict == "look"
    assert "column missing" in str(finding.hint)
    write_column("x", lambda row: row["length"], times=2)
    again = repeated_rows(patient(data={"train": "n.csv"}))
    assert again.numbers == {"rows": 80, "repeated": 1.0, "conflicting": 0.0}
    assert "data.group" in str(again.hint)


def test_constant_columns_and_unscaled_ones() -> None:
    write_column("same", lambda _row: 7)
    data = {"train": "n.csv", "features": ["length", "same"]}
    finding = found("constant columns", data=data)
    assert (finding.verdict, finding.numbers["constant"]) == ("look", ["same"])
    write_column("seldom", lambda row: int(row["id"] == "r3"), times=10)
    finding = found("constant columns", data={"train": "n.csv", "features": ["length", "seldom"]})
    assert finding.numbers["nearly"] == []  # one in forty is not nearly none
    with Path("n.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"q{i},{i},0,red,oak,no,0,0,1,0\n" for i in range(2000))
    finding = found("constant columns", data={"train": "n.csv", "features": ["length", "seldom"]})
    assert finding.numbers["nearly"] == ["seldom"]
    write_column("large", lambda row: 1e4 + float(row["size"]))
    data = {"train": "n.csv", "features": {"length": "standardize", "large": "none"}}
    finding = found("scale of the inputs", data=data)
    assert (finding.verdict, finding.numbers["unscaled"]) == ("look", ["large"])
    codes = {"colour": {"encode": "embed", "width": 2}}
    assert found("scale of the inputs", data={"features": codes}).says == "all of them are codes"


def test_classes_with_few_rows_and_nearly_one_class() -> None:
    write_column("rare", lambda row: "b" if row["id"] in {"r1", "r2"} else "a")
    finding = found("target", data={"train": "n.csv", "target": "rare"})
    assert (finding.verdict, finding.numbers) == ("look", {"classes": {"a": 38, "b": 2}})
    assert "pr_auc" in str(finding.hint)
    few = {"r1": "c", "r2": "c"}
    write_column("three", lambda row: few.get(row["id"], "ab"[int(row["id"][1:]) % 2]))
    finding = found("target", data={"train": "n.csv", "target": "three"})
    assert finding.verdict == "look"
    assert "2 rows of c" in str(finding.hint)
    assert found("target").verdict == "ok"


def test_numbers_that_are_constant_or_have_a_long_tail() -> None:
    write_column("same", lambda _row: 7)
    assert found("target", data={"train": "n.csv", "target": "same", "task": "regression"}).verdict == "wrong"
    write_column("tail", lambda row: 1e6 if row["id"] == "r1" else float(row["size"]), times=3)
    rows = Path("n.csv").read_text("utf-8").splitlines()
    kept = [row for row in rows[41:] if not row.startswith("r1,")]
    Path("n.csv").write_text("\n".join([*rows[:41], *kept]) + "\n", "utf-8")
    finding = found("target", data={"train": "n.csv", "target": "tail"})
    assert finding.verdict == "look"
    assert "log1p" in str(finding.hint)
    assert found("target", data={"target": "size"}).verdict == "ok"


def test_labels_that_are_seldom_there() -> None:
    write_column("other", lambda row: "yes" if row["id"] == "r3" else "no")
    data = {"train": "n.csv", "target": ["two", "other"], "task": "multilabel"}
    finding = found("target", data=data)
    assert finding.verdict == "look"
    assert finding.numbers["shares"]["other"] == pytest.approx(1 / 40)
    assert "too few rows to learn from: other" in str(finding.hint)


def test_a_rate_of_a_thousand_is_wrong_and_one_of_a_billionth_too_small() -> None:
    def rate(value: float) -> Finding:
        return found("learning rate", **network(), optimizer={"name": "adam", "learning_rate": value})

    high, low, usual = rate(1e3), rate(1e-9), rate(1e-2)
    assert (high.verdict, low.verdict, usual.verdict) == ("wrong", "look", "ok")
    assert 1e-3 <= usual.numbers["proposal"] <= 0.5
    assert f"try optimizer.learning_rate: {high.numbers['proposal']:g}" == high.hint
    assert len(usual.numbers["rates"]) == len(usual.numbers["losses"]) - 1


def test_a_schedule_s_peak_is_the_rate_that_counts() -> None:
    one_cycle = {"name": "one_cycle", "peak": 1e3}
    finding = found("learning rate", **network(), schedule=one_cycle)
    assert (finding.verdict, finding.numbers["configured"]) == ("wrong", 1e3)


def test_a_proposal_trains() -> None:
    """From the start's loss well down in ten epochs: what the sweep is for."""
    sections = network()
    proposal = found("learning rate", **sections).numbers["proposal"]
    training = {"epochs": 10, "batch_size": 16}
    write_config(Path("c.yaml"), **sections, training=training)
    flags = ("-o", "run", "--no-plots", "--json", "--set", f"optimizer.learning_rate={proposal}")
    assert ok("train", "c.yaml", *flags).document()["train"]["loss"] < 0.5


def test_what_a_sweep_says_of_a_curve() -> None:
    """A loss that is 1, falls to 0 between places 40 and 60, and explodes from 80 on."""
    places = np.arange(100)
    losses = np.clip((60 - places) / 20, 0.0, 1.0) + np.where(places >= 80, 10.0, 0.0)
    of = np.geomspace(1e-6, 10.0, 100)
    read = rates.read(of, losses.tolist())
    assert of[59] <= read.best <= of[79]
    assert of[40] <= read.steepest <= of[62]
    assert read.worse == of[79]
    assert read.proposal <= read.best / 5 * 1.1
    rising = rates.read(of[:3], [1.0, 2.0, inf])
    assert rising.steepest == rising.best == of[0]
    assert rising.worse is not None


def test_a_few_rows_are_far_apart() -> None:
    y = np.eye(3)[np.repeat([0, 1, 2], [30, 5, 5])]
    part = Part(np.arange(40.0).reshape(-1, 1), y, None)
    rows = chosen(part)
    assert len(rows) == 8
    assert y[rows].sum(axis=0).min() >= 1
    assert len(chosen(Part(part.x[:3], y[:3], None))) == 3


@pytest.mark.parametrize(
    ("name", "y", "least"),
    [
        ("squared_error", [[1.0, -2.0]], 0.0),
        ("mae", [[5.0]], 0.0),
        ("binary_cross_entropy", [[1.0], [0.0]], 0.0),
        ("cross_entropy", [[0.0, 1.0, 0.0]], 0.0),
        ("cross_entropy", [[0.25, 0.75]], -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))),
        ("poisson", [[3.0]], 3.0 - 3.0 * np.log(3.0)),
        ("hinge", [[0.0, 1.0]], 0.0),
    ],
)
def test_what_cannot_be_lost(name: str, y: list[list[float]], least: float) -> None:
    targets = np.array(y)
    assert least_loss(Loss(name), Part(targets, targets, None)) == pytest.approx(least, abs=1e-12)


def test_smoothed_labels_are_learnt_by_heart() -> None:
    smoothed = {"name": "cross_entropy", "label_smoothing": 0.3}
    finding = by_heart(patient(**network(), loss=smoothed))
    assert finding.verdict == "ok"
    assert finding.numbers["end"] < 0.1


def test_dropout_does_not_disturb_what_is_learnt_by_heart() -> None:
    finding = by_heart(patient(**network(dropout=0.9)))
    assert finding.verdict == "ok"


def test_a_long_training_and_a_large_one_are_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    made = patient(training={"epochs": 10**9}, ensemble={"members": 3})
    finding = cost.duration(made)
    assert finding.verdict == "look"
    assert finding.says.endswith(", 3 networks")
    numbers = finding.numbers
    epoch = numbers["updates"] * numbers["update"] + numbers["judging"]
    assert numbers["total"] == pytest.approx(3 * 10**9 * epoch)
    assert numbers["updates"] == 3
    assert cost.memory(made).verdict == "ok"
    monkeypatch.setattr(cost, "available_bytes", lambda: 1000)
    assert cost.memory(made).verdict == "look"
    monkeypatch.setattr(cost, "available_bytes", lambda: None)
    assert cost.memory(made).verdict == "ok"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0123, "12 ms"), (3.14, "3.1 s"), (720.0, "12 min"), (36_000.0, "10.0 h")]
)
def test_times_are_said_in_units_that_fit(seconds: float, said: str) -> None:
    assert cost.said(seconds) == said


def test_the_command_writes_nothing_and_says_a_line_a_check(place: Path) -> None:
    write_config(Path("c.yaml"), **network())
    before = tree(place)
    done = ok("doctor", "c.yaml")
    assert tree(place) == before
    lines = done.out.splitlines()
    assert [line[7:27].strip() for line in lines if line[:1].strip()][: len(CHECKS)] == CHECKS
    assert lines[-1].endswith(" ok")
    hints = [line for line in lines if line.strip().startswith("→")]
    assert len(hints) == sum(line.startswith(("look", "wrong")) for line in lines)


def test_strict_is_exit_10_where_something_is_wrong() -> None:
    write_config(Path("c.yaml"), **network(init="zeros"))
    assert mlp("doctor", "c.yaml", "-q").code == 0
    done = mlp("doctor", "c.yaml", "--strict", "--json")
    assert done.code == 10
    assert done.err == ""
    document = done.document()
    assert document["verdict"] == "wrong"
    assert [check["check"] for check in document["checks"]] == CHECKS
    assert {tuple(check) for check in document["checks"]} == {("check", "verdict", "says", "hint", "numbers")}
    write_config(Path("c.yaml"), **network())
    assert mlp("doctor", "c.yaml", "--strict", "-q").code == 0


def test_nothing_found_is_ok() -> None:
    assert worst([]) == "ok"


def test_wrong_configs_and_data_are_those_of_train() -> None:
    write_config(Path("c.yaml"), data={"train": "none.csv"})
    assert mlp("doctor", "c.yaml").code == 4
    write_config(Path("c.yaml"), model={"layers": ["auto", 3, 7]})
    assert mlp("doctor", "c.yaml").code == 3


EVERYTHING = {
    "layers": ["auto", 6, 6, "auto"],
    "activation": {"name": "selu", "learnable": True},
    "normalization": "batch_norm",
    "residual": True,
    "scaling": True,
    "numeric_embedding": {"name": "periodic", "frequencies": 3, "width": 2},
    "dropout": 0.2,
}


def test_a_network_with_everything_is_healthy() -> None:
    features = {"length": "standardize", "width": "standardize", "colour": {"encode": "embed", "width": 2}}
    data = {"features": features, "weight": "w", "test": 0.2}
    findings = list(examine(patient(model=EVERYTHING, data=data, optimizer={"name": "adamw"})))
    assert [one.check for one in findings if one.verdict == "wrong"] == []
