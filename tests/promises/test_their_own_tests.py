"""scikit-learn's own tests of its MLP, with our estimators in its place: all pass but those named here.

They take more than half a minute: `pytest -m slow tests/promises/test_their_own_tests.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
OURS = "from tests.support.their_names import MLPClassifier, MLPRegressor"
SEED = """
import pytest


@pytest.fixture
def global_random_seed():
    return 42
"""

# what is another thing on purpose: the tests, and why
DIFFERENT = {
    "test_fit": "sets weights and private state by hand; ours start from a file (`init`)",
    "test_gradient": "calls a private function; `mlp gradcheck` checks ours",
    "test_lbfgs_classification_maxfun": "ours counts iterations, not evaluations",
    "test_lbfgs_regression_maxfun": "ours counts iterations, not evaluations",
    "test_learning_rate_warmstart": "reads the rate of a private optimizer; ours is in `history_`",
    "test_nonfinite_params": "ours says where it diverged, in other words",
    "test_predict_proba_multilabel": "wants probabilities that are rounded to 1 to tie in their logarithms",
    "test_verbose_sgd": "wants the word Iteration; ours says epoch",
    "test_adaptive_learning_rate": "reads the rate of a private optimizer; ours has `schedule: plateau`",
    "test_warm_start": "other classes are refused in other words",
    "test_n_iter_no_change": "reads a private counter",
    "test_n_iter_no_change_inf": "reads a private counter",
    "test_early_stopping_stratified": "a class of one row trains, and is not refused",
    "test_mlp_param_dtypes": "predictions of single precision are float64 arrays here",
    "test_preserve_feature_names": "trains a classifier on one class, which ours refuses",
    "test_mlp_diverging_loss": "a training that diverged is an error",
    "test_minimum_input_sample_size": "too few rows to hold some out are refused in other words",
}


@pytest.mark.slow
def test_all_pass_but_those_that_differ_on_purpose(tmp_path: Path) -> None:
    theirs = pytest.importorskip("sklearn.neural_network.tests.test_mlp")
    source = Path(theirs.__file__).read_text("utf-8")
    assert IMPORT in source
    (tmp_path / "test_theirs.py").write_text(source.replace(IMPORT, OURS), encoding="utf-8")
    (tmp_path / "conftest.py").write_text(SEED, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-rf", "--tb=no", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    failed = set(re.findall(r"^FAILED .*::(test_\w+)", done.stdout, re.MULTILINE))
    known = {name for name in DIFFERENT if f"def {name}(" in source}
    assert failed == known, done.stdout
