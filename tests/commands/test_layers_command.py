"""Normalization, residual layers, learnable activations, embeddings: commands, model files, resumed runs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.artifacts.model_file import read_model
from mlpcli.config.load import load_config
from mlpcli.run import pace
from mlpcli.run.study import study_of
from tests.support.running import NO_EPOCHS, arrays, history, mlp, ok, results, write_config, write_table
from tests.support.stopping import TERM, stopped_after

DEEP = ["auto", 8, 8, 8, "auto"]
MODELS: dict[str, dict[str, Any]] = {
    "batch_norm": {"layers": DEEP, "normalization": "batch_norm"},
    "layer_norm": {"layers": DEEP, "normalization": {"name": "layer_norm", "epsilon": 1e-3}},
    "residual": {"layers": DEEP, "residual": True},
    "learnable": {"layers": DEEP, "activation": {"name": "selu", "learnable": True}},
    "embed": {"layers": ["auto", 8, "auto"]},
    "scaling": {"layers": ["auto", 8, "auto"], "scaling": True},
    "waves": {"layers": ["auto", 8, "auto"], "numeric_embedding": "periodic", "init": "data_driven"},
    "all": {
        "layers": DEEP,
        "init": "data_driven",
        "normalization": "batch_norm",
        "residual": True,
        "dropout": 0.1,
        "numeric_embedding": {"name": "periodic", "frequencies": 5, "width": 3},
        "scaling": True,
    },
}
LEARNT = ("layers.", "embeddings.", "numeric_embedding.", "scaling.")
EMBEDDED = {
    "features": {"length": "standardize", "colour": "embed", "width": {"encode": "embed", "width": 2}}
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table; every epoch is saved, however short it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pace, "rest_after", lambda _took: 0.0)
    write_table(tmp_path)
    return tmp_path


def config(name: str, **sections: Any) -> Path:
    data = {"validation": 0.25, **(EMBEDDED if name in {"embed", "all"} else {}), **sections.pop("data", {})}
    return write_config(Path("c.yaml"), model=MODELS[name], data=data, **sections)


def train(*flags: object) -> Path:
    ok("train", "c.yaml", "-o", "run", "--no-plots", "-q", "--overwrite", *flags)
    return Path("run")


def meta(run: Path) -> dict[str, Any]:
    with np.load(run / "model.npz") as model:
        document: dict[str, Any] = json.loads(model["meta"].tobytes())
    return document


# every command


@pytest.mark.parametrize("name", MODELS)
def test_what_was_trained_evaluates_predicts_and_passes_the_gradient_check(name: str) -> None:
    config(name, data={"validation": None}, training={"epochs": 10})
    run = train()
    trained = json.loads((run / "metrics.json").read_text())["train"]
    evaluated = ok("evaluate", run / "model.npz", "t.csv", "--json").document()["metrics"]
    assert evaluated["loss"] == pytest.approx(trained["loss"], rel=1e-5)
    assert evaluated["accuracy"] == trained["accuracy"]
    rows = ok("predict", run / "model.npz", "t.csv").rows()
    with Path("t.csv").open() as file:
        truth = [row["kind"] for row in csv.DictReader(file)]
    right = np.mean([row["prediction"] == kind for row, kind in zip(rows, truth, strict=True)])
    assert right == pytest.approx(trained["accuracy"])
    narrow = [3 if width == 8 else width for width in MODELS[name]["layers"]]  # every entry is checked
    check = ("gradcheck", "c.yaml", "--set", f"model.layers={json.dumps(narrow)}")
    methods = ("central", "complex-step")
    for method in methods if name == "all" else methods[list(MODELS).index(name) % 2 :][:1]:
        report = ok(*check, "--method", method, "--json").document()
        assert report["verdict"] == "ok"
        checked = {array["name"] for array in report["parameters"]}
        saved = {name for name in arrays(run) if name.startswith(LEARNT)}
        assert checked == {name for name in saved if "running" not in name}
    assert mlp(*check, "--inject-error").code == 10


@pytest.mark.parametrize("name", MODELS)
def test_a_run_that_was_stopped_ends_with_the_bytes_of_one_that_was_not(name: str) -> None:
    stopping = {"monitor": "val_loss", "patience": 4}
    config(name, training={"epochs": 6, "batch_size": 8, "early_stopping": stopping})
    whole = results(train())
    for flags, updates in (((), 6), (("--resume",), 7)):
        with stopped_after(updates):
            assert mlp("train", "c.yaml", "-o", "other", "--no-plots", "-q", *flags).code == TERM
    ok("train", "c.yaml", "-o", "other", "--no-plots", "-q", "--resume")
    assert results(Path("other")) == whole


@pytest.mark.parametrize("name", ["bfgs", "lbfgs"])
def test_with_a_quasi_newton_method_the_saved_model_is_the_one_that_was_minimised(name: str) -> None:
    sections: dict[str, Any] = {"optimizer": {"name": name, "iterations": 6}, "training": NO_EPOCHS}
    config("batch_norm", data={"validation": None}, **sections)
    run = train()
    losses = [float(row["loss"]) for row in history(run)]
    assert losses == sorted(losses, reverse=True)
    saved = json.loads((run / "metrics.json").read_text())
    assert saved["train"]["loss"] == pytest.approx(losses[-1], rel=1e-12)
    evaluated = ok("evaluate", run / "model.npz", "t.csv", "--json").document()["metrics"]
    assert evaluated["loss"] == pytest.approx(losses[-1], rel=1e-9)


def test_early_stopping_saves_the_running_statistics_of_the_best_epoch() -> None:
    stopping = {"monitor": "val_loss", "patience": 3}
    optimizer = {"name": "adam", "learning_rate": 0.05}
    config("all", optimizer=optimizer, training={"epochs": 60, "early_stopping": stopping})
    stopped = train()
    document = json.loads((stopped / "metrics.json").read_text())
    assert document["best_epoch"] < document["epochs"] < 60
    found = arrays(stopped)
    config("all", optimizer=optimizer, training={"epochs": document["best_epoch"]})
    expected = arrays(train())
    assert "layers.1.running_variance" in expected
    for name in expected.keys() - {"meta"}:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_val_loss_is_that_of_the_running_statistics() -> None:
    config("batch_norm", training={"epochs": 4})
    run = train()
    val = json.loads((run / "metrics.json").read_text())["val"]["loss"]
    assert float(history(run)[-1]["val_loss"]) == pytest.approx(val, rel=1e-12)


# the model file


def test_a_model_says_nothing_of_layers_that_it_does_not_have() -> None:
    write_config(Path("c.yaml"))
    document = meta(train())
    assert list(document["architecture"]) == ["layers", "activations", "bias", "dropout", "dtype"]
    assert not any(part in name for name in arrays(Path("run")) for part in ("gamma", "running", "embed"))


def test_a_model_says_what_its_layers_are() -> None:
    config("all")
    run = train()
    document, found = meta(run), arrays(run)
    assert document["architecture"]["normalization"] == {
        "name": "batch_norm",
        "momentum": 0.1,
        "epsilon": 1e-5,
    }
    assert document["architecture"]["residual"] is True
    assert [(one["name"], one.get("width")) for one in document["features"]] == [
        ("length", None),
        ("colour", 3),
        ("width", 2),
    ]
    waves = {"name": "periodic", "frequencies": 5, "width": 3, "std": 0.1}
    assert document["architecture"]["numeric_embedding"] == waves
    assert document["architecture"]["scaling"] is True
    assert document["architecture"]["layers"] == [8, 8, 8, 8, 3]
    assert found["embeddings.0.weight"].shape == (3, 3)
    assert found["embeddings.1.weight"].shape == (len(document["features"][2]["categories"]), 2)
    assert found["check.inputs"].shape == (8, 3)
    assert list(found)[3:14] == [
        *(f"numeric_embedding.{part}" for part in ("frequency", "phase", "weight", "bias")),
        "scaling.factor",
        *(
            f"layers.0.{part}"
            for part in ("weight", "bias", "gamma", "beta", "running_mean", "running_variance")
        ),
    ]
    assert found["numeric_embedding.weight"].shape == (5, 2)
    assert found["scaling.factor"].shape == (8,)
    shown = ok("inspect", run / "model.npz", "--json").document()
    assert shown["parameters"] == document["training"]["parameters"]
    assert shown["embeddings"][0]["column"] == "colour"
    assert shown["numeric_embedding"] == {**waves, "columns": 1, "parameters": 22}
    assert shown["scaling"] == {"inputs": 8, "parameters": 8}
    assert [layer.get("residual") for layer in shown["layers"]] == [None, True, True, None]
    text = ok("inspect", run / "model.npz").out
    assert "batch_norm (momentum 0.1, epsilon 1e-05), relu, residual" in text
    assert "embeddings.1" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "numeric_embedding 1 × 3 periodic (frequencies 5, width 3, std 0.1) 22" in lines
    assert "scaling 8 8" in lines


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers.0.running_variance": -1.0}, "layers.0.running_variance: holds a negative variance"),
        ({"layers.0.gamma": np.nan}, "layers.0.gamma: holds a number that is not finite"),
        ({"layers.0.running_mean": None}, "it lacks 'layers.0.running_mean'"),
        ({"embeddings.0.weight": None}, "it lacks 'embeddings.0.weight'"),
        ({"layers.1.beta": 3.0}, "its outputs for the rows that it carries are not the ones stored"),
        ({"embeddings.0.weight": 3.0}, "its outputs for the rows that it carries are not the ones stored"),
        ({"numeric_embedding.phase": None}, "it lacks 'numeric_embedding.phase'"),
        ({"numeric_embedding.weight": np.inf}, "numeric_embedding.weight: holds a number that is not finite"),
        ({"scaling.factor": 3.0}, "its outputs for the rows that it carries are not the ones stored"),
    ],
)
def test_a_model_whose_arrays_are_not_right_is_refused(change: dict[str, Any], message: str) -> None:
    config("all")
    found = arrays(train())
    for name, value in change.items():
        array = found.pop(name)
        if value is not None:
            found[name] = np.full_like(array, value)
    np.savez("broken.npz", **found)
    done = mlp("predict", "broken.npz", "t.csv")
    assert done.code == 5
    assert message in done.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("layers", [8, 8, 7, 6, 3]), "residual layers need two hidden layers of the same width"),
        (("normalization", {"name": "group_norm"}), "metadata.architecture.normalization"),
        (
            ("normalization", {"name": "batch_norm", "momentum": 7.0}),
            "expected a number above 0 and at most 1",
        ),
        (("residual", "yes"), "metadata.architecture.residual"),
        (("scaling", 1), "metadata.architecture.scaling"),
        (("scaling", False), "scaling.factor"),
        (("numeric_embedding", {"name": "wavelets"}), "metadata.architecture.numeric_embedding"),
        (("numeric_embedding", {"name": "periodic", "width": 1}), "expected a whole number from 2 to 1000"),
        (
            ("numeric_embedding", {"name": "periodic", "width": 9}),
            "the first layer takes 8 inputs, found feat",
        ),
    ],
)
def test_a_model_whose_metadata_is_not_right_is_refused(change: tuple[str, Any], message: str) -> None:
    config("all")
    found, document = arrays(train()), meta(Path("run"))
    document["architecture"][change[0]] = change[1]
    found["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez("broken.npz", **found)
    done = mlp("predict", "broken.npz", "t.csv")
    assert done.code == 5
    assert message in done.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers.1.alpha": np.inf}, "layers.1.alpha: holds a number that is not finite"),
        ({"layers.2.alpha": None}, "it lacks 'layers.2.alpha'"),
        ({"layers.0.alpha": 3.0}, "its outputs for the rows that it carries are not the ones stored"),
        ({0: "yes"}, "metadata.architecture.activations.0"),
        ({0: False}, "it has 'layers.0.alpha' besides"),
        ({3: True}, "metadata.architecture.activations.3"),
    ],
)
def test_a_learnable_activation_that_is_not_right_is_refused(change: dict[Any, Any], message: str) -> None:
    config("learnable")
    found, document = arrays(train()), meta(Path("run"))
    assert found["layers.0.alpha"].shape == (8,)
    assert "layers.3.alpha" not in found
    assert "selu (learnable)" in ok("inspect", "run/model.npz").out
    assert document["architecture"]["activations"][0] == {"name": "selu", "learnable": True}
    for name, value in change.items():
        if isinstance(name, int):
            document["architecture"]["activations"][name]["learnable"] = value
            found["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
        else:
            array = found.pop(name)
            found |= {} if value is None else {name: np.full_like(array, value)}
    np.savez("broken.npz", **found)
    done = mlp("predict", "broken.npz", "t.csv")
    assert done.code == 5
    assert message in done.err


def test_a_run_starts_from_the_arrays_of_a_model_running_statistics_among_them() -> None:
    config("all")
    source = read_model(train() / "model.npz").arrays
    write_config(
        Path("from.yaml"),
        model={**MODELS["all"], "init": {"from": "run/model.npz"}},
        data={"validation": 0.25, **EMBEDDED},
    )
    network = study_of(load_config(Path("from.yaml")), 10**6).whole.network
    assert set(network.arrays()) == {name for name in source if name.startswith(LEARNT)}
    for name, array in network.arrays().items():
        np.testing.assert_array_equal(array, source[name])
    refused = mlp("train", "from.yaml", "--set", "model.normalization=null", "--dry-run")
    assert refused.code == 3
    assert "layers.0.beta: expected no such array, found shape (8,)" in refused.err


# embeddings


@pytest.mark.parametrize("part", ["embeddings.0", "embeddings.1", "numeric_embedding", "scaling"])
def test_an_error_injected_before_the_first_layer_is_found_there(part: str) -> None:
    config("all")
    done = mlp(
        "gradcheck", "c.yaml", "--set", "model.layers=[auto, 3, 3, auto]", "--json", "--inject-error", part
    )
    assert done.code == 10
    failed = [array["name"] for array in done.document()["parameters"] if array["verdict"] == "FAIL"]
    assert failed == [f"{part}.factor" if part == "scaling" else f"{part}.weight"]


def test_an_embedding_table_that_is_not_there_is_wrong_usage() -> None:
    config("embed")
    done = mlp("gradcheck", "c.yaml", "--inject-error", "embeddings.2")
    tables = "embeddings.0 or embeddings.1"
    expected = f"--inject-error: expected a layer from 0 to 1 or {tables}, found embeddings.2"
    assert (done.code, done.err) == (2, f"mlp: error: {expected}\n")


def test_an_unseen_category_is_reported_and_the_zero_vector() -> None:
    config("embed")
    run = train()
    Path("new.csv").write_text("length,width,colour\n0.5,5,red\n0.5,5,mauve\n")
    done = ok("predict", run / "model.npz", "new.csv")
    assert "1 value of 'colour' not seen in training, such as 'mauve': encoded as zeros" in done.err
    assert mlp("predict", run / "model.npz", "new.csv", "--strict").code == 4
    found = arrays(run)
    found["embeddings.0.weight"][:] = 0.0  # now every colour is the zero vector
    del found["check.outputs"]
    zero = study_of(load_config(Path("c.yaml")), 10**6).whole.network
    zero.load(found)
    # 5 is no width of the table either: the second code is -1 too
    encoded = np.array([[0.5, -1.0, -1.0]])
    center, scale = found["inputs.center"][0], found["inputs.scale"][0]
    encoded[0, 0] = (0.5 - center) / scale
    expected = zero.predict(encoded)[0]
    row = done.rows()[1]
    given = [float(row[f"probability_{kind}"]) for kind in ("ash", "elm", "oak")]
    np.testing.assert_allclose(given, expected, rtol=1e-5)


@pytest.mark.parametrize(("levels", "width"), [(2, 2), (10, 6), (100, 21), (500, 50), (3000, 50)])
def test_the_width_is_a_power_of_the_number_of_categories_up_to_fifty(levels: int, width: int) -> None:
    """fastai's emb_sz_rule, but for its limit of 600; more than 100 categories are no obstacle."""
    lines = [f"c{i % levels},{i % 2}" for i in range(levels + 2)]
    Path("t.csv").write_text("\n".join(["code,y", *lines]) + "\n")
    data = {"target": "y", "features": {"code": "embed"}}
    write_config(Path("c.yaml"), data=data, model={"layers": ["auto", 2, "auto"]}, training={"epochs": 1})
    found = arrays(train())
    assert found["embeddings.0.weight"].shape == (levels, width)
    assert found["layers.0.weight"].shape == (width, 2)


def test_missing_cells_and_rare_categories_are_treated_as_for_one_hot() -> None:
    cells = ["a"] * 10 + ["b"] * 10 + [""] * 5 + ["rare", "odd"]
    Path("t.csv").write_text("\n".join(["code,y", *(f"{c},{i % 2}" for i, c in enumerate(cells))]) + "\n")
    for policy, levels in (("category", 4), ("most_frequent", 3)):
        encode = {"encode": "embed", "min_count": 3, "missing": policy}
        data = {"target": "y", "features": {"code": encode}}
        write_config(Path("c.yaml"), data=data, model={"layers": ["auto", 2, "auto"]}, training={"epochs": 1})
        assert arrays(train())["embeddings.0.weight"].shape[0] == levels
        Path("new.csv").write_text("code\nnever seen\nodd\n")
        rows = ok("predict", "run/model.npz", "new.csv").rows()
        assert rows[0] == rows[1]
    write_config(Path("c.yaml"), data={"target": "y", "features": {"code": "embed"}})
    refused = mlp("train", "c.yaml")
    assert refused.code == 4
    assert "missing" in refused.err


def test_a_width_that_does_not_fit_counts_the_vectors() -> None:
    config("embed")
    done = mlp("train", "c.yaml", "--set", "model.layers=[3, 8, auto]")
    assert done.code == 3
    assert "expected 6, the input columns that the data has, found 3" in done.err


def test_parameters_of_tables_count_before_anything_is_allocated() -> None:
    config("embed")
    done = mlp("train", "c.yaml", "--max-params", 100)
    assert done.code == 3
    assert "expected at most 100 parameters, found" in done.err


# checks before a run


def test_the_layer_table_names_everything() -> None:
    config("all")
    lines = [line.split() for line in ok("train", "c.yaml", "--dry-run").out.splitlines()]
    named = re.compile(r"(embeddings|layers)\.\d|numeric_embedding|scaling")
    table = {line[0]: line[1:] for line in lines if line and named.fullmatch(line[0])}
    assert table["embeddings.0"] == ["3", "×", "3", "colour", "9"]
    assert table["numeric_embedding"] == ["1", "×", "3", "periodic", "22"]
    assert table["scaling"] == ["8", "8"]
    assert table["layers.0"] == ["8", "×", "8", "batch_norm,", "relu", "88"]
    assert table["layers.1"] == ["8", "×", "8", "batch_norm,", "relu,", "residual", "88"]
    assert table["layers.3"] == ["8", "×", "3", "softmax", "27"]
    total = next(line[1] for line in lines if line[:1] == ["total"])
    assert int(total) == sum(int(row[-1]) for row in table.values())


@pytest.mark.parametrize(
    ("size", "hint"),
    [(13, "write 14, or use layer_norm"), (39, "write 40, or use layer_norm"), (1, "write 2, or")],
)
def test_batch_norm_of_a_single_row_is_refused_before_the_run(size: int, hint: str) -> None:
    """40 rows: the last batch would have one row."""
    config("batch_norm", data={"validation": None}, training={"batch_size": size})
    for flags in ((), ("--dry-run",)):
        done = mlp("train", "c.yaml", *flags)
        assert done.code == 3
        assert (
            "batch_norm needs at least two rows in every batch: of 40 training rows in batches of" in done.err
        )
        assert hint in done.err
    ok("train", "c.yaml", "--dry-run", "--set", "model.normalization=layer_norm")


def test_numbers_in_dates_are_embedded_and_other_inputs_are_not() -> None:
    """No flags, codes, positions, indicators, sines and cosines."""
    rows = [
        ("" if i % 7 == 3 else i / 9, f"2024-0{1 + i % 9}-1{i % 9}", "SML"[i % 3], "rgb"[i % 3], i % 2)
        for i in range(40)
    ]
    lines = [",".join(map(str, row)) for row in rows]
    Path("t.csv").write_text("\n".join(["a,when,size,colour,y", *lines]) + "\n")
    features = {
        "colour": "one_hot",
        "a": {"encode": "standardize", "missing": "mean", "indicator": True},
        "size": {"encode": "ordinal", "categories": ["S", "M", "L"]},
        "when": {"encode": "datetime", "parts": ["month", "day"]},
    }
    model = {"layers": ["auto", 3, "auto"], "numeric_embedding": "periodic"}
    write_config(Path("c.yaml"), data={"target": "y", "features": features}, model=model)
    network = study_of(load_config(Path("c.yaml")), 10**6).whole.network
    waves = network.architecture.numeric_embedding
    # three colours, a and its indicator, size, the month's sine and cosine, the day
    assert waves is not None
    assert waves.columns == (3, 8)
    train("--set", "training.epochs=2")
    ok("predict", "run/model.npz", "t.csv")


def test_numbers_to_embed_are_needed() -> None:
    data = {"target": "kind", "features": {"colour": "one_hot"}}
    write_config(Path("c.yaml"), data=data, model={**MODELS["waves"]})
    done = mlp("train", "c.yaml")
    assert done.code == 3
    assert "expected a column of numbers to embed, and there is none" in done.err
    config("waves")
    found, document = arrays(train()), meta(Path("run"))
    for feature in document["features"]:
        if feature["encode"] == "standardize":
            feature |= {"encode": "ordinal", "categories": ["1"], "fill": None}
    found["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez("broken.npz", **found)
    refused = mlp("predict", "broken.npz", "t.csv")
    assert refused.code == 5
    assert "a numeric embedding is of numbers, found no feature that is one" in refused.err


def test_memory_is_asked_for_what_a_step_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    needed: list[int] = []
    monkeypatch.setattr("mlpcli.run.limits.require", lambda bytes_, *_words: needed.append(bytes_))
    for model in ({}, {"scaling": True}, {"numeric_embedding": "periodic"}, {"init": "data_driven"}):
        write_config(
            Path("c.yaml"), model={"layers": ["auto", 8, "auto"], **model}, training={"batch_size": 8}
        )
        study_of(load_config(Path("c.yaml")), 10**6)
    plain, *more = needed
    assert all(other > plain for other in more)
