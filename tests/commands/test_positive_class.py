"""The positive class of two: the last in order, or the one that the config names; every output says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import mlp, ok, write_config, write_table


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "hinge"])
def test_the_positive_class_is_the_one_that_the_config_names(tmp_path: Path, loss: str) -> None:
    """scikit-learn's values for it; probabilities and confusion matrix keep their order."""
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

    write_table(tmp_path)
    metrics = ["precision", "recall", "f1", "average_precision", "roc_auc"]
    sections = {"loss": loss, "training": {"metrics": metrics}, "data": {"target": "two", "positive": "no"}}
    write_config(tmp_path / "c.yaml", **sections)
    ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q")
    model = tmp_path / "run" / "model.npz"
    found = ok("evaluate", model, tmp_path / "t.csv", "--json").document()
    rows = ok("predict", model, tmp_path / "t.csv", "--include-inputs").rows()
    truth = [row["two"] for row in rows]
    predicted = [row["prediction"] for row in rows]
    wanted = dict(
        zip(metrics, precision_recall_fscore_support(truth, predicted, labels=["no"]), strict=False)
    )
    for name in metrics[:3]:
        assert found["metrics"][name] == pytest.approx(float(wanted[name][0])), name
    if loss != "hinge":
        assert [name for name in rows[0] if name.startswith("prob")] == ["probability_no", "probability_yes"]
        score = [float(row["probability_no"]) for row in rows]
        is_no = [word == "no" for word in truth]
        assert found["metrics"]["average_precision"] == pytest.approx(average_precision_score(is_no, score))
        assert found["metrics"]["roc_auc"] == pytest.approx(roc_auc_score(is_no, score))
    assert found["positive"] == "no"
    assert ok("inspect", model, "--json").document()["target"]["positive"] == "no"
    assert "; positive: no" in ok("inspect", model).out
    assert "40 rows; the positive class is no" in ok("evaluate", model, tmp_path / "t.csv").out


@pytest.mark.parametrize("positive", ["no", "yes"])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "hinge", "mse"])
def test_the_constant_prediction_is_judged_by_the_same_class(
    tmp_path: Path, loss: str, positive: str
) -> None:
    """Average precision is the share of that class; its recall is 1 if it is the frequent one, else 0."""
    lines = [f"{row * 37 % 100},{'yes' if row % 5 else 'no'}\n" for row in range(100)]
    (tmp_path / "t.csv").write_text("x,two\n" + "".join(lines))
    metrics = ["average_precision", "recall", "roc_auc"]
    training = {"metrics": metrics, "epochs": 1}
    data = {"features": ["x"], "target": "two", "positive": positive}
    write_config(tmp_path / "c.yaml", loss=loss, training=training, data=data)
    found = ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots", "-q", "--json").document()
    wanted = {"average_precision": 0.8, "recall": 1.0} if positive == "yes" else {"average_precision": 0.2}
    assert found["train"]["baseline"] == pytest.approx(
        {"recall": 0.0, "roc_auc": 0.5, **wanted, "loss": found["train"]["baseline"]["loss"]}
    )


def test_by_default_the_last_of_two_is_positive_and_every_output_says_so(tmp_path: Path) -> None:
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml", data={"target": "two"})
    line = "classification of two: no, yes (positive)"
    assert line in ok("train", tmp_path / "c.yaml", "--dry-run").out.splitlines()
    assert line in ok("train", tmp_path / "c.yaml", "-o", tmp_path / "run", "--no-plots").out.splitlines()
    assert ok("inspect", tmp_path / "run" / "model.npz", "--json").document()["target"]["positive"] == "yes"


@pytest.mark.parametrize(
    ("target", "positive", "code", "message"),
    [
        ("two", "Yes", 4, "there is no class 'Yes'"),
        ("kind", "oak", 3, "positive is for two classes, the target has 3"),
        ("size", "yes", 3, "positive is for classification, the task is regression"),
    ],
)
def test_a_positive_class_that_cannot_be(
    tmp_path: Path, target: str, positive: str, code: int, message: str
) -> None:
    write_table(tmp_path)
    write_config(tmp_path / "c.yaml", data={"target": target, "positive": positive})
    done = mlp("train", tmp_path / "c.yaml", "--dry-run")
    assert done.code == code and message in done.err
