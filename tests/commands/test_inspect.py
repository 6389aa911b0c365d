"""`mlp inspect`: everything that a model file holds, and nothing that a terminal would obey."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.artifacts.atomic import write_atomically
from mlpcli.artifacts.model_file import model_content
from mlpcli.config.load import load_config
from tests.support.running import mlp, ok, raw_characters, write_config, write_table
from tests.support.sample_model import sample_arrays, sample_meta

HOSTILE = "\x1b]52;c;x\x07[red]\u202e\x9b"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained model."""
    directory = tmp_path_factory.mktemp("inspected")
    write_table(directory)
    data = {"features": {"length": "standardize", "colour": "one_hot", "width": "minmax"}, "target": "size"}
    model = {"layers": ["auto", 5, "auto"], "activation": {"name": "leaky_relu", "slope": 0.2}}
    config = write_config(directory / "c.yaml", data=data, model=model)
    ok("train", config, "-o", directory / "run", "-q", "--no-plots")
    return directory / "run" / "model.npz"


def facts(path: Path) -> Any:
    return ok("inspect", path, "--json").document()


def test_the_document_tells_what_the_file_holds(model: Path) -> None:
    found = facts(model)
    with np.load(model) as arrays:
        counted = sum(arrays[name].size for name in arrays.files if name.startswith("layers."))
        center, scale = arrays["target.center"], arrays["target.scale"]
        inputs = list(zip(arrays["inputs.center"], arrays["inputs.scale"], strict=True))
    assert found["sha256"] == sha256(model.read_bytes()).hexdigest()
    assert found["parameters"] == sum(layer["parameters"] for layer in found["layers"]) == counted
    assert [(layer["inputs"], layer["outputs"]) for layer in found["layers"]] == [(5, 5), (5, 1)]
    assert found["layers"][0]["activation"] == {"name": "leaky_relu", "slope": 0.2}
    numbers = [(one["center"], one["scale"]) for one in found["features"] if "center" in one]
    assert numbers == inputs
    assert [one.get("categories") for one in found["features"]] == [None, ["blue", "green", "red"], None]
    assert (found["target"]["center"], found["target"]["scale"]) == (center.tolist(), scale.tolist())
    assert found["training"]["optimizer"] == "adam"
    assert found["data"]["rows"] == 40


def test_the_metrics_are_those_of_the_run(model: Path) -> None:
    written = json.loads((model.parent / "metrics.json").read_text("utf-8"))
    assert facts(model)["metrics"] == {"train": written["train"]}


def test_a_person_reads_the_same(model: Path) -> None:
    text = ok("inspect", model).out
    found = facts(model)
    assert found["sha256"] in text
    for part in (
        "regression of  size = output · ",
        "leaky_relu (slope 0.2)",
        "length   standardize  error    mean ",
        "colour   one_hot      error    3 categories: blue, green, red",
        "\ntraining",
        "  constant prediction",
    ):
        assert part in text, part
    assert re.search(rf"\ntotal +float32 +{found['parameters']}\n", text)


def test_the_config_reads_back_as_the_one_that_trained(model: Path, tmp_path: Path) -> None:
    lines = ok("inspect", model).out.split("config as written, but for its files:\n")[1].splitlines()
    path = tmp_path / "again.yaml"
    path.write_text("\n".join(line[2:] for line in lines), "utf-8")
    found = load_config(path, ["data.train=t.csv"])
    assert found.spec == load_config(model.parents[1] / "c.yaml").spec


def test_no_text_of_the_file_reaches_a_terminal_raw(tmp_path: Path) -> None:
    meta = sample_meta()
    meta["features"][0]["name"] = HOSTILE
    meta["features"][1]["categories"][0] = HOSTILE
    meta["features"][1]["fill"] = HOSTILE
    meta["target"] |= {"columns": [HOSTILE], "classes": ["a", HOSTILE, "c"]}
    meta["id"] = [HOSTILE]
    meta["csv"]["na_values"] = [HOSTILE]
    meta["config"] = {HOSTILE: {HOSTILE: [HOSTILE]}}
    path = tmp_path / "m\u202e.npz"
    write_atomically(path, model_content(meta, sample_arrays()))
    for options in ((), ("--json",)):
        printed = ok("inspect", path, *options).out
        assert not raw_characters(printed), options
        assert "\\u001b]52;c;x" in printed or "\\x1b]52;c;x" in printed
    assert facts(path)["target"]["columns"] == [HOSTILE]


def test_long_lists_are_cut_for_a_person_only(tmp_path: Path) -> None:
    meta, arrays = sample_meta(), sample_arrays()
    many = [{"name": f"c{i}", "encode": "none", "missing": "error", "fill": None} for i in range(100)]
    meta["features"], meta["architecture"]["layers"][0] = many, 100
    meta["training"]["parameters"] = 100 * 4 + 4 + 4 * 3 + 3
    arrays["layers.0.weight"] = np.zeros((100, 4), np.float32)
    arrays["check.inputs"] = np.zeros((8, 100))
    arrays |= {f"inputs.{part}": np.ones(100) for part in ("center", "scale", "fill")}
    write_atomically(tmp_path / "m.npz", model_content(meta, arrays))
    assert "\nand 50 more; --json has them all\n" in ok("inspect", tmp_path / "m.npz").out
    assert len(facts(tmp_path / "m.npz")["features"]) == 100


def test_what_is_no_model_is_a_wrong_model(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"no model")
    for options in ((), ("--json",)):
        done = mlp("inspect", tmp_path / "m.npz", *options)
        assert (done.code, done.out) == (5, "")
        assert done.err.startswith(f"mlp: error: {tmp_path / 'm.npz'}: ")
