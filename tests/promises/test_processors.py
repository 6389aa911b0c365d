"""What is promised of one processor is promised of all: a part of the suite runs as on others."""

from __future__ import annotations

import pytest

from tests.processors import PROCESSORS, Processor, environment, kernels, run, runs_here

# a part of what is marked `kernels`: `python -m tests.processors` runs all of it
PREDICTIONS = [
    "nn/test_evaluation.py::test_every_kind_of_layer",
    "promises/test_golden_model.py",
]
TRAININGS = [
    "commands/test_resume.py::test_stopped_at_random_updates_and_resumed[adam-linear]",
    "promises/test_documents.py::test_one_gate_is_learnt_one_row_at_a_time",
    "promises/test_documents.py::test_notebook_and_follows_the_documents_losses",
    "nn/test_gradcheck.py::test_complex_step_agrees_with_backpropagation_to_the_last_digits[tanh-cross_entropy]",
]
ONE = "Sandybridge"  # whose kernels are no others'
OTHERS = ("Haswell", "SkylakeX")


@pytest.mark.parametrize(
    "processor",
    [
        *(pytest.param(p, id=p.name) for p in PROCESSORS if p.name == ONE),
        *(pytest.param(p, id=p.name, marks=pytest.mark.slow) for p in PROCESSORS if p.name in OTHERS),
    ],
)
def test_predictions_and_trainings_keep_their_promises(processor: Processor) -> None:
    chosen = kernels(environment(processor))
    if not runs_here(processor) or chosen in {"", kernels({})}:
        pytest.skip("this processor cannot, or does so anyway, or NumPy has another library")
    done = run(
        processor, ["-n", "0", "-m", "kernels", *(f"tests/{name}" for name in PREDICTIONS + TRAININGS)]
    )
    assert done.returncode == 0, done.stdout
