"""From Python as from the command line: the same models, the same predictions, the same errors."""

from __future__ import annotations

import datetime
import io
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import mlpcli
from mlpcli import errors
from mlpcli.artifacts import curves
from mlpcli.optim.stepper import Stepper
from tests.support.running import ok, results, write_config, write_table

SPELT = """\
code,size,flag,kind
01,1.50,true,ash
02,2.50,false,elm
03,,true,ash
01,4.50,false,elm
02,5.50,true,ash
03,-999,false,elm
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write_table(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def spelt_run(tmp_path_factory: pytest.TempPathFactory) -> mlpcli.Run:
    """A model whose categories a DataFrame spells in other ways than the file: 01, 1.50, true."""
    table = tmp_path_factory.mktemp("spelt") / "s.csv"
    table.write_text(SPELT, encoding="utf-8")
    features = {"code": "one_hot", "flag": "one_hot", "size": {"missing": "median"}}
    data = {"train": table, "target": "kind", "features": features, "na_values": ["-999"]}
    config = {"data": data, "optimizer": {"name": "lbfgs", "iterations": 5}}
    return mlpcli.train(config, output=table.with_name("run"))


@pytest.fixture
def spelt(spelt_run: mlpcli.Run) -> mlpcli.TrainedModel:
    return spelt_run.model


@pytest.fixture(scope="module")
def spelt_by_command(spelt_run: mlpcli.Run) -> pd.DataFrame:
    return by_command(spelt_run.directory / "model.npz", spelt_run.directory.with_name("s.csv"))


def by_command(model: Path, table: Path) -> pd.DataFrame:
    out = ok("predict", model, table, "--quiet").out
    return pd.read_csv(io.StringIO(out), keep_default_na=False)


def test_the_package_is_light_until_a_name_is_used() -> None:
    code = "import sys, mlpcli; before = set(sys.modules); mlpcli.load; print(*before); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = ({name.split(".")[0] for name in line.split()} for line in done.stdout.splitlines())
    assert {"numpy", "pandas", "yaml", "pydantic"}.isdisjoint(before)
    assert {"numpy", "pandas"} <= after


def test_the_names_are_there_whatever_was_imported_before() -> None:
    code = (
        "import mlpcli.training.loop, mlpcli; from mlpcli import load, train; "
        "assert mlpcli.train is train and mlpcli.load is load; "
        "assert set(mlpcli.__all__) == set(dir(mlpcli)) and all(hasattr(mlpcli, n) for n in mlpcli.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'mlpcli' has no attribute 'fit'"):
        _ = mlpcli.fit  # type: ignore[attr-defined]


def test_training_leaves_what_the_command_leaves(directory: Path) -> None:
    config = write_config(directory / "c.yaml", data={"validation": 0.2})
    ok("train", config, "-o", directory / "a", "--no-plots", "-q")
    run = mlpcli.train(config, output=directory / "b")
    assert results(directory / "a") == results(run.directory)
    assert run.directory == directory / "b"
    assert run.metrics["val"]["loss"] == pytest.approx(run.history["val_loss"].iloc[-1])
    written = pd.read_csv(directory / "a" / "history.csv")
    pd.testing.assert_frame_equal(run.history, written)


def test_a_mapping_is_a_config(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_config(directory / "c.yaml", seed=7)
    monkeypatch.chdir(directory)
    features = ("length", "width", "colour")
    training = {"epochs": np.int64(3), "batch_size": 16}
    given = {"data": {"train": Path("t.csv"), "target": "kind", "features": features}, "training": training}
    from_file, from_mapping = mlpcli.train(config), mlpcli.train(given, seed=7)
    assert from_file.directory == directory / "runs" / "c"
    assert from_mapping.directory == directory / "runs" / "config"
    one, other = (np.load(run.directory / "model.npz") for run in (from_file, from_mapping))
    np.testing.assert_array_equal(one["layers.0.weight"], other["layers.0.weight"])
    # the next run moves this one aside, as on the command line
    mlpcli.train(given, seed=8)
    assert (directory / "runs" / "config.1" / "model.npz").exists()


def test_quasi_newton_history_has_no_rate(directory: Path) -> None:
    config = write_config(directory / "c.yaml")
    document = {
        "data": {"train": directory / "t.csv", "target": "size", "features": ["length"]},
        "optimizer": {"name": "lbfgs", "iterations": 3},
    }
    run = mlpcli.train(document, output=directory / "r")
    assert run.history["learning_rate"].isna().all()
    assert run.history["epoch"].tolist() == [1, 2, 3]
    assert config.exists()


@pytest.mark.parametrize("target", ["kind", "two", ["size", "width"]])
def test_predictions_are_those_of_the_command(directory: Path, target: Any) -> None:
    data = {"target": target, "features": ["length", "colour"]}
    run = mlpcli.train(write_config(directory / "c.yaml", data=data), output=directory / "r")
    frame, model = pd.read_csv(directory / "t.csv"), run.model
    expected = by_command(directory / "r" / "model.npz", directory / "t.csv")
    shuffled = frame.sample(frac=1.0, axis="columns", random_state=0).set_index(frame.index + 100)
    found = model.predict(shuffled)
    assert list(found.index) == list(frame.index + 100)
    if isinstance(target, list):
        assert list(found.columns) == target
        np.testing.assert_array_equal(found, expected[["size_prediction", "width_prediction"]])
        return
    assert found.name == target
    assert found.tolist() == expected["prediction"].tolist()
    assert model.targets == (target,)
    probability = model.predict_proba(shuffled)
    assert tuple(probability.columns) == model.classes
    np.testing.assert_array_equal(probability, expected.filter(like="probability_"))


def test_labels_and_their_probabilities(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40)}).assign(a=lambda f: f.x > 0, b=lambda f: f.x > 1)
    frame.astype(int).assign(x=frame.x).to_csv(tmp_path / "t.csv", index=False)
    config = {"data": {"train": tmp_path / "t.csv", "target": ["a", "b"]}, "loss": "binary_cross_entropy"}
    model = mlpcli.train({**config, "optimizer": "lbfgs"}, output=tmp_path / "r").model
    assert model.task == "multilabel"
    assert list(model.predict(frame)) == list(model.predict_proba(frame)) == ["a", "b"]
    assert set(model.predict(frame).to_numpy().ravel()) <= {"0", "1"}


def test_what_a_model_says_of_itself(directory: Path) -> None:
    run = mlpcli.train(write_config(directory / "c.yaml"), output=directory / "r")
    model = mlpcli.load(str(directory / "r" / "model.npz"), sha256=run.model.sha256)
    assert model.task == "classification"
    assert model.features == ("length", "width", "colour")
    assert model.classes == ("ash", "elm", "oak")
    assert model.metrics["train"] == run.metrics["train"]
    assert f"classification of kind, sha256 {model.sha256[:12]}" in repr(model)
    with pytest.raises(mlpcli.MlpError, match="expected sha256 00, found"):
        mlpcli.load(directory / "r" / "model.npz", sha256="00")


def test_no_rows_are_no_predictions(spelt: mlpcli.TrainedModel) -> None:
    empty = pd.DataFrame({"code": [], "size": [], "flag": []})
    assert len(spelt.predict(empty)) == 0
    assert spelt.predict_proba(empty).shape == (0, 2)


FORMS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "as pandas reads it": lambda frame: frame,
    "texts": lambda _: pd.read_csv(io.StringIO(SPELT), dtype=str, keep_default_na=False),
    "texts as objects": lambda _: pd.read_csv(io.StringIO(SPELT), dtype=object, keep_default_na=False),
    "nullable": lambda frame: frame.convert_dtypes(),
    "categories": lambda frame: frame.astype({"code": "category", "flag": "category", "size": "category"}),
    "objects": lambda frame: frame.astype(object),
    "objects and None": lambda frame: frame.astype(object).where(frame.notna(), None),
    "decimals": lambda frame: frame.assign(
        size=[None if pd.isna(x) else Decimal(str(x)) for x in frame["size"]]
    ),
    "fractions": lambda frame: frame.assign(
        code=[Fraction(x) for x in frame["code"]],
        size=[None if pd.isna(x) else Fraction(str(x)) for x in frame["size"]],
    ),
    "codes became floats": lambda frame: frame.astype({"code": float}),
    "names with spaces": lambda frame: frame.rename(columns=lambda name: f" {name} "),
    "float32": lambda frame: frame.astype({"size": np.float32}),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_dtypes_the_cells_mean_what_they_do_in_the_file(
    form: str, spelt: mlpcli.TrainedModel, spelt_by_command: pd.DataFrame
) -> None:
    frame = FORMS[form](pd.read_csv(io.StringIO(SPELT)))
    expected = spelt_by_command.filter(like="probability_")
    np.testing.assert_array_equal(spelt.predict_proba(frame), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"size": "abc"},
            "DataFrame:0: column 'size': expected a number, found 'abc' (and 5 more: rows 1, 2, …)",
        ),
        ({"size": [1, True, 2, 3, 4, 5]}, "DataFrame:1: column 'size': expected a number, found 'True'"),
        ({"size": [1.0, np.inf, 2, 3, 4, 5]}, "DataFrame:1: column 'size': expected a number, found 'inf'"),
        (
            {"size": [1, 10**400, 2, 3, 4, 5]},
            "DataFrame:1: column 'size': expected a number within ±1.79769e+308, found a larger int",
        ),
        (
            {"size": [1, -(10**5000), 2, Fraction(10**400, 3), 4, 5]},
            "DataFrame:1: column 'size': expected a number within ±1.79769e+308, found a larger int",
        ),
        (
            {"size": [Fraction(10**400, 3)] * 6},
            "DataFrame:0: column 'size': expected a number within ±1.79769e+308, found a larger Fraction",
        ),
        (
            {"code": [1, 10**400, 2, 3, 1, 2]},
            "DataFrame:1: column 'code': expected a number within ±1.79769e+308",
        ),
        ({"size": [1, Decimal("1e400"), 2, 3, 4, 5]}, "column 'size': expected a number, found '1E+400'"),
        ({"size": [1j] * 6}, "column 'size': expected a text or a number, found something of type complex"),
        (
            {"code": [1, 2, None, 1, 2, 3]},
            "DataFrame:2: column 'code': a missing value, and no policy for it",
        ),
        ({"code": [[1]] * 6}, "column 'code': expected a text or a number, found something of type list"),
    ],
)
def test_cells_that_cannot_be_used_are_errors(
    spelt: mlpcli.TrainedModel, change: dict[str, Any], message: str
) -> None:
    frame = pd.read_csv(io.StringIO(SPELT)).assign(**change)
    with pytest.raises(errors.DataError) as caught:
        spelt.predict(frame)
    assert message in str(caught.value)


@pytest.mark.parametrize("cell", [Fraction(51, 10), Fraction(1, 3), Fraction(10**20), Fraction(-1, 10**30)])
def test_a_fraction_is_the_number_that_it_is(spelt: mlpcli.TrainedModel, cell: Fraction) -> None:
    frame = pd.read_csv(io.StringIO(SPELT))
    found = spelt.predict_proba(frame.assign(size=[cell] * 6))
    np.testing.assert_array_equal(found, spelt.predict_proba(frame.assign(size=float(cell))))


def test_every_nan_is_a_missing_cell(spelt: mlpcli.TrainedModel) -> None:
    frame = pd.read_csv(io.StringIO(SPELT))
    missing = spelt.predict_proba(frame.assign(size=None))
    for nan in (Decimal("NaN"), Decimal("sNaN"), np.float32("nan"), float("nan"), pd.NA):
        found = spelt.predict_proba(frame.assign(size=pd.Series([nan] * 6, dtype=object)))
        np.testing.assert_array_equal(found, missing)


def test_a_number_that_may_be_two_categories_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("c,y\n" + "1,a\n01,b\nx,a\n" * 5, encoding="utf-8")
    data = {"train": tmp_path / "t.csv", "target": "y"}
    model = mlpcli.train({"data": data, "optimizer": "lbfgs"}, output=tmp_path / "r").model
    with pytest.raises(mlpcli.MlpError) as caught:
        model.predict(pd.DataFrame({"c": ["x", 1]}))
    assert str(caught.value) == (
        "mlp: error: DataFrame:1: column 'c': 1 may be any of '01', '1'\n"
        "hint: give the column as texts, spelt as in the training data"
    )
    assert model.predict(pd.DataFrame({"c": ["1", "01"]})).tolist() == ["a", "b"]


def test_numbers_as_categories_of_a_column_with_an_indicator(tmp_path: Path) -> None:
    """The indicator beside the column has no spelling of its own."""
    (tmp_path / "t.csv").write_text("c,y\n" + "01,1\n02,2\n,3\n" * 5, encoding="utf-8")
    feature = {"encode": "one_hot", "missing": "category", "indicator": True}
    data = {"train": tmp_path / "t.csv", "target": "y", "features": {"c": feature}}
    model = mlpcli.train({"data": data, "optimizer": "lbfgs"}, output=tmp_path / "r").model
    texts, numbers = (model.predict(pd.DataFrame({"c": cells})) for cells in (["01", "02"], [1, 2]))
    assert numbers.tolist() == texts.tolist()


def test_the_columns_of_the_command_come_from_any_frame(spelt: mlpcli.TrainedModel) -> None:
    polars = pytest.importorskip("polars")
    frame = pd.read_csv(io.StringIO(SPELT), dtype=str)
    found = spelt.predictions(polars.from_pandas(frame))
    pd.testing.assert_frame_equal(found, spelt.predictions(frame))
    assert found["prediction"].tolist() == spelt.predict(frame).tolist()


def test_columns_that_are_not_there_are_named(spelt: mlpcli.TrainedModel) -> None:
    frame = pd.read_csv(io.StringIO(SPELT))
    with pytest.raises(mlpcli.MlpError) as caught:
        spelt.predict(frame.rename(columns={"code": "Codes"}))
    assert (
        str(caught.value) == "mlp: error: DataFrame: there is no column 'code'\nhint: did you mean 'Codes'?"
    )
    with pytest.raises(mlpcli.MlpError, match="several columns are called 'size'"):
        spelt.predict(pd.concat([frame, frame[["size"]]], axis="columns"))
    with pytest.raises(
        TypeError, match="expected a DataFrame of pandas or polars, or an Arrow table, found list"
    ):
        spelt.predict([1, 2])  # type: ignore[arg-type]


def test_an_unseen_category_is_a_warning(spelt: mlpcli.TrainedModel) -> None:
    frame = pd.read_csv(io.StringIO(SPELT)).assign(code=[9, 1, 1, 2, 2, 2])
    with pytest.warns(UserWarning, match="1 value of 'code' not seen in training, such as '9'"):
        spelt.predict(frame)
    days = frame.assign(code=pd.Timestamp(2024, 1, 31))
    with pytest.warns(UserWarning, match="6 values of 'code' not seen in training, such as '2024-01-31'"):
        spelt.predict(days)
    with pytest.warns(UserWarning, match="such as '2024-01-31 12:00:00'"):
        spelt.predict(frame.assign(code=datetime.datetime(2024, 1, 31, 12)))


@pytest.mark.parametrize("form", ["%d.%m.%Y", None])
def test_dates_are_spelt_as_the_column_has_them(tmp_path: Path, form: str | None) -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=30))
    texts = pd.DataFrame({"day": days.dt.strftime(form or "%Y-%m-%d"), "y": np.arange(30.0)})
    texts.to_csv(tmp_path / "t.csv", index=False)
    encode = {"name": "datetime"} if form is None else {"name": "datetime", "format": form}
    data = {"train": tmp_path / "t.csv", "target": "y", "features": {"day": {"encode": encode}}}
    model = mlpcli.train({"data": data, "optimizer": "lbfgs"}, output=tmp_path / "r").model
    expected = model.predict(texts)
    for frame in (days.to_frame("day"), days.dt.date.to_frame("day")):
        np.testing.assert_array_equal(model.predict(frame), expected)
    with pytest.raises(mlpcli.MlpError, match="expected a date"):
        model.predict(texts.assign(day="tomorrow"))


def test_scores_are_no_probabilities(directory: Path) -> None:
    run = mlpcli.train(write_config(directory / "c.yaml", loss="hinge"), output=directory / "r")
    frame = pd.read_csv(directory / "t.csv")
    assert len(run.model.predict(frame)) == len(frame)
    with pytest.raises(mlpcli.MlpError, match="has no probabilities"):
        run.model.predict_proba(frame)


def test_errors_are_those_of_the_command(directory: Path) -> None:
    bad = {"data": {"train": directory / "t.csv", "target": "kind"}, "optimiser": "adam"}
    with pytest.raises(errors.ConfigError) as caught:
        mlpcli.train(bad)
    assert str(caught.value).splitlines()[:2] == [
        "mlp: error: config:4:1: unknown key `optimiser`: it is called `optimizer` here",
        "  optimiser: adam",
    ]
    with pytest.raises(errors.ConfigError, match="found set"):
        mlpcli.train({"data": {1, 2}})
    with pytest.raises(errors.ConfigError, match=r"config: model\.layers: expected texts, .*, found object"):
        mlpcli.train({"model": {"layers": ["auto", object()]}})
    with pytest.raises(errors.ConfigError, match=r"config: model: expected texts, .*, found tuple"):
        mlpcli.train({"model": {("layers", "init"): 1}})
    with pytest.raises(errors.DataError, match="there is no file"):
        mlpcli.train({"data": {"train": directory / "tt.csv", "target": "kind"}})
    with pytest.raises(errors.ModelError):
        mlpcli.load(directory / "t.csv")


def test_a_run_worse_than_a_constant_warns(directory: Path) -> None:
    config = write_config(
        directory / "c.yaml", training={"epochs": 1}, model={"init": {"name": "normal", "std": 9}}
    )
    with pytest.warns(UserWarning, match="worse than that of a constant prediction"):
        run = mlpcli.train(config, output=directory / "r")
    assert run.metrics["status"] == "worse_than_baseline"


def test_what_a_run_warns_of_is_a_python_warning(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(directory / "c.yaml")
    without_ink = patch.object(curves, "loss_pictures", side_effect=RuntimeError("no ink"))
    with without_ink, pytest.warns(UserWarning, match="no picture of the loss: no ink") as caught:
        mlpcli.train(config, output=directory / "r")
    assert [Path(warning.filename).name for warning in caught] == ["test_api.py"]
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_is_a_keyboard_interrupt_after_saving(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(directory / "c.yaml", training={"epochs": 50})
    step = Stepper.step

    def interrupted(stepper: Stepper, *given: float) -> None:
        step(stepper, *given)
        signal.raise_signal(signal.SIGINT)

    with patch.object(Stepper, "step", interrupted), pytest.raises(KeyboardInterrupt):
        mlpcli.train(config, output=directory / "r")
    assert capsys.readouterr() == ("", "")
    assert (directory / "r" / "checkpoint.npz").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_threads_may_train_and_predict_at_once(directory: Path) -> None:
    config = write_config(directory / "c.yaml")
    frame = pd.read_csv(directory / "t.csv")
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda i: mlpcli.train(config, output=directory / f"r{i}"), range(2)))
        model = runs[0].model
        parts = [frame.iloc[i % 40 :] for i in range(64)]
        found = list(pool.map(model.predict_proba, parts))
    assert results(runs[0].directory) == results(runs[1].directory)
    for part, probability in zip(parts, found, strict=True):
        pd.testing.assert_frame_equal(probability, model.predict_proba(part))
    assert pickle.loads(pickle.dumps(model)).predict(frame).equals(model.predict(frame))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"data": {"train": "no.csv", "target": "kind"}}, "hint: a path in a mapping starts at the working"),
        (
            {"data": {"train": "{}/t.csv", "target": "kind", "validation": "no.csv"}},
            "hint: a path in a mapping starts at the working directory",
        ),
        (
            {"data": {"train": "{}/t.csv", "target": "kind"}, "model": {"init": {"from": "no.npz"}}},
            "cannot take weights from 'no.npz': could not open it: no such file or directory",
        ),
    ],
)
def test_what_a_mapping_names_is_told_as_a_mapping_has_it(
    directory: Path, settings: dict[str, Any], says: str
) -> None:
    settings["data"]["train"] = settings["data"]["train"].format(directory)
    settings["data"]["features"] = ["length"]
    with pytest.raises(errors.MlpError) as caught:
        mlpcli.train(settings, output=directory / "run")
    assert says in str(caught.value)


@pytest.mark.parametrize("cell", [None, "wide", "1,5"])
def test_a_bad_cell_of_a_frame_is_for_whoever_has_the_frame(directory: Path, cell: str | None) -> None:
    """The model is trained: no policy for missing cells and no key of a config can help any more."""
    write_config(directory / "c.yaml")
    model = mlpcli.train(directory / "c.yaml", output=directory / "run").model
    frame = pd.read_csv(directory / "t.csv").astype(object)
    frame.loc[3, "width"] = cell
    with pytest.raises(errors.DataError) as caught:
        model.predict(frame)
    assert caught.value.problems[0].hint == (
        "fill or convert such cells, or drop their rows, before predicting"
    )


def test_lbfgs_that_starts_where_it_ends_has_a_history(directory: Path) -> None:
    """Its only record is that of the start, which is what it has accepted."""
    optimizer = {"name": "lbfgs", "iterations": 2000, "tolerance": 0.01}
    data = {"train": directory / "t.csv", "target": "kind", "features": ["length", "width"]}
    config = {"data": data, "optimizer": optimizer, "l2": 0.1}
    first = mlpcli.train(config, output=directory / "first")
    init = {"init": {"from": directory / "first" / "model.npz"}}
    again = mlpcli.train({**config, "model": init}, output=directory / "again")
    assert again.history["epoch"].tolist() == [1]
    assert again.history["loss"].iloc[-1] == first.history["loss"].iloc[-1]
    assert (again.metrics["epochs"], again.metrics["status"]) == (1, "finished")


class PrunedError(Exception):
    """What a search raises to end a trial, as optuna.TrialPruned."""


class Trial:
    """A trial of a search that prunes: it hears of a value each epoch, and says when it has seen enough."""

    def __init__(self, enough: int) -> None:
        self.values: list[float] = []
        self.enough = enough

    def callback(self, epoch: mlpcli.Epoch) -> None:
        assert epoch.val_loss is not None
        self.values.append(epoch.val_loss)
        if len(self.values) == self.enough:
            raise PrunedError


WATCHED: dict[str, Any] = {"training": {"epochs": 6}, "optimizer": {"name": "adam", "learning_rate": 0.01}}


def watched(directory: Path, **more: Any) -> dict[str, Any]:
    data = {
        "train": directory / "t.csv",
        "target": "kind",
        "features": ["length", "width"],
        "validation": 0.3,
    }
    return {"data": data, **WATCHED, **more}


def test_a_callback_hears_of_every_epoch_and_ends_a_training(directory: Path) -> None:
    heard: list[mlpcli.Epoch] = []
    run = mlpcli.train(watched(directory), output=directory / "all", callback=heard.append)
    assert [epoch.row() for epoch in heard] == run.history.to_dict("records")
    assert run.metrics["status"] == "finished"
    ended = mlpcli.train(
        watched(directory), output=directory / "some", callback=lambda epoch: epoch.epoch == 4
    )
    pd.testing.assert_frame_equal(ended.history, run.history[:4])
    assert (ended.metrics["status"], ended.metrics["epochs"]) == ("early_stopped", 4)
    assert ended.model.predict(pd.read_csv(directory / "t.csv")).notna().all()
    few = {"optimizer": {"name": "lbfgs", "iterations": 9}, "training": {}}
    short = mlpcli.train(
        watched(directory, **few), output=directory / "few", callback=lambda epoch: np.bool_(epoch.epoch == 2)
    )
    assert (len(short.history), short.metrics["status"]) == (2, "early_stopped")


def test_a_search_prunes_by_what_a_callback_raises(directory: Path) -> None:
    """The run is left as a stopped one, which goes on to what it would have been."""
    trial = Trial(enough=3)
    with pytest.raises(PrunedError):
        mlpcli.train(watched(directory), output=directory / "run", callback=trial.callback)
    whole = mlpcli.train(watched(directory), output=directory / "whole")
    assert trial.values == whole.history["val_loss"].tolist()[:3]
    assert not (directory / "run" / "model.npz").exists()
    data = {"train": str(directory / "t.csv"), "features": ["length", "width"], "validation": 0.3}
    training = {"training": {"epochs": 6, "batch_size": None}}
    write_config(directory / "c.yaml", **{**WATCHED, **training}, data=data)
    ok("train", directory / "c.yaml", "-o", directory / "run", "--resume", "--no-plots")
    assert results(directory / "run")["history.csv"] == results(whole.directory)["history.csv"]


def test_what_was_stopped_goes_on_from_python(directory: Path) -> None:
    """Of a frame too, to the bytes of a run that was not; what is finished is as it is."""
    table = pd.read_csv(directory / "t.csv")
    config = watched(directory)
    config["data"] = {**config["data"], "train": table}
    whole = mlpcli.train(config, output=directory / "whole")
    with pytest.raises(PrunedError):
        mlpcli.train(config, output=directory / "run", callback=Trial(enough=3).callback)
    heard: list[mlpcli.Epoch] = []
    run = mlpcli.train(config, output=directory / "run", resume=True, callback=heard.append)
    first = heard[0].epoch
    assert first > 1
    assert [epoch.epoch for epoch in heard] == [*range(first, 7)]
    assert results(run.directory) == results(whole.directory)
    again = mlpcli.train(config, output=directory / "run", resume=True)
    assert (again.directory, again.metrics) == (run.directory, run.metrics)
    pd.testing.assert_frame_equal(again.history, run.history)
    no_function: Any = "me"
    with pytest.raises(TypeError, match="callback: expected a function of an epoch, found 'me'"):
        mlpcli.train(config, output=directory / "none", callback=no_function)
    assert not (directory / "none").exists()


def test_of_several_networks_a_callback_hears_one_after_the_other(directory: Path) -> None:
    heard: list[tuple[int | None, int]] = []

    def callback(epoch: mlpcli.Epoch) -> None:
        heard.append((epoch.member, epoch.epoch))

    run = mlpcli.train(
        watched(directory, ensemble={"members": 2}), output=directory / "run", callback=callback
    )
    assert heard == [*zip(run.history["member"], run.history["epoch"], strict=True)]


def test_a_frame_in_place_of_a_file_trains_the_same(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes, by whichever library; the config that is left trains again from the file it names."""
    monkeypatch.chdir(directory)
    frame = pd.read_csv("t.csv")
    frame[:30].to_csv("train.csv", index=False)
    frame[30:].to_csv("validation.csv", index=False)
    rest: dict[str, Any] = {"target": "kind", "features": ["length", "colour"], "id": ["id"]}
    files = {"train": "train.csv", "validation": "validation.csv"}
    expected = mlpcli.train({"data": {**files, **rest}, **WATCHED}, output="files")
    Path("train.csv").rename("elsewhere.csv")
    Path("validation.csv").unlink()
    given: list[Any] = [(frame[:30], frame[30:])]
    polars = pytest.importorskip("polars")
    given.append([polars.from_pandas(one) for one in given[0]])
    given.append([{name: one[name].to_numpy() for name in one} for one in given[0]])
    for number, (train, validation) in enumerate(given):
        data = {"train": train, "validation": validation, **rest}
        run = mlpcli.train({"data": data, **WATCHED}, output=f"run{number}")
        assert results(run.directory) == results(expected.directory)
        assert (run.directory / "report.html").exists()
    Path("elsewhere.csv").rename("train.csv")
    frame[30:].to_csv("validation.csv", index=False)
    ok("train", "run0/config.yaml", "-o", "again", "--no-plots")
    assert results(Path("again"))["history.csv"] == results(expected.directory)["history.csv"]


def test_what_is_wrong_in_a_frame_is_told_as_of_its_file(directory: Path) -> None:
    frame = pd.read_csv(directory / "t.csv")
    frame["width"] = frame["width"].astype(object)
    frame.loc[2, "width"] = "wide"
    data = {"train": frame, "target": "size", "features": {"width": "standardize"}}
    with pytest.raises(
        errors.DataError, match=r"train.csv:4: column 'width': expected a number, found 'wide'"
    ):
        mlpcli.train({"data": data}, output=directory / "run")
    with pytest.raises(
        TypeError, match="expected a DataFrame of pandas or polars, or an Arrow table, found set"
    ):
        mlpcli.train({"data": {**data, "train": {1}}}, output=directory / "run")
    twice, levels = frame.rename(columns={"width": "size"}), frame.copy()
    levels.columns = pd.MultiIndex.from_product([["t"], frame.columns])
    nested, binned = frame.assign(l=[[1]] * len(frame)), frame.assign(l=pd.cut(frame["size"], 2))
    for wrong, message in (
        (nested, "data.train: column 'l': expected texts, numbers or dates, found something of type list\n"),
        (binned, "data.train: column 'l': expected texts, numbers or dates, found something of type Inter"),
        (twice, "mlp: error: data.train: several columns of the frame are called 'size'\nhint: give each"),
        (levels, "mlp: error: data.train: the names of the frame's columns have 2 levels\nhint: make one of"),
    ):
        with pytest.raises(errors.DataError, match=message):
            mlpcli.train({"data": {**data, "train": wrong}}, output=directory / "run")
    with pytest.raises(errors.ConfigError, match=r"data\.train: the frame cannot be written as a file"):
        mlpcli.train({"data": {**data, "encoding": "none"}}, output=directory / "run")
    assert not (directory / "run").exists()
