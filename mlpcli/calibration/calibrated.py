"""All that is fitted after the weights: by the validation rows, and by rows of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlpcli.calibration.conformal import Intervals
from mlpcli.calibration.said import Known
from mlpcli.calibration.temperature import Temperature, fit_temperature
from mlpcli.calibration.threshold import Goal, Threshold, choose_threshold
from mlpcli.config.calibration_spec import ThresholdGoal
from mlpcli.config.spec import Spec
from mlpcli.training.decoder import OutputDecoder


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What was fitted; None where that was not asked for, or could not be told from the rows.

    `warnings` are what a person should know about it.
    """

    temperature: Temperature | None = None
    threshold: Threshold | None = None
    intervals: Intervals | None = None
    warnings: tuple[str, ...] = ()

    def read_by(self, decoder: OutputDecoder) -> OutputDecoder:
        """The decoder with the temperature and the threshold."""
        return replace(
            decoder,
            temperature=None if self.temperature is None else self.temperature.temperature,
            least=None if self.threshold is None else self.threshold.threshold,
        )


NOT_CALIBRATED = Calibrated()
NO_ROWS = "no validation row weighs anything: no temperature is fitted"
ONE_CLASS = "the validation rows do not have both classes: no threshold is chosen, it stays 0.5"


def calibrated(spec: Spec, decoder: OutputDecoder, validation: Known | None) -> Calibrated:
    """The temperature and the threshold that the settings ask for, by rows that did not train."""
    found = NOT_CALIBRATED
    if spec.calibration is not None and validation is not None:
        classes = decoder.class_scores(validation.said.scores)
        temperature = fit_temperature(classes, validation.truth, validation.weights)
        found = replace(found, temperature=temperature, warnings=() if temperature else (NO_ROWS,))
    if isinstance(spec.threshold, float):
        return replace(found, threshold=Threshold(spec.threshold))
    if spec.threshold is None or validation is None:
        return found
    return _with_threshold(found, goal_of(spec.threshold), validation.with_decoder(found.read_by(decoder)))


def goal_of(asked: ThresholdGoal) -> Goal:
    """What a threshold is for."""
    if asked.maximize is not None:
        return Goal(asked.maximize)
    name = "recall" if asked.precision is None else "precision"
    return Goal(name, asked.precision if asked.recall is None else asked.recall)


def _with_threshold(found: Calibrated, goal: Goal, known: Known) -> Calibrated:
    rows = known.usable
    positive = rows.said.decoder.target.positive
    probability = rows.said.decoder.probability_of_each(rows.said.scores)[:, positive]
    chosen = choose_threshold(probability, rows.truth == positive, goal, rows.weights)
    if chosen is None:
        return replace(found, warnings=(*found.warnings, ONE_CLASS))
    if chosen.reached:
        return replace(found, threshold=chosen)
    missed = f"no threshold gives the validation rows a {goal.of} of {goal.at_least:g}"
    warning = f"{missed}: the highest is {chosen.value:.3g}, from {chosen.threshold:g} on"
    return replace(found, threshold=chosen, warnings=(*found.warnings, warning))
