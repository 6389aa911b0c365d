"""The rules between settings that need no data: each a function of the spec, listed in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mlpcli.config import (
    calibration_rules,
    data_rules,
    ensemble_rules,
    model_rules,
    refit_rules,
    training_rules,
)
from mlpcli.config.nodes import Key
from mlpcli.config.refusals import Finding
from mlpcli.config.spec import DECIDES_TASK, Spec


@dataclass(frozen=True, eq=False, repr=False)
class Rule:
    """A rule and the settings that it looks at: where one of them is wrong itself, the rule has to wait."""

    check: Callable[[Spec], Iterable[Finding]]
    reads: tuple[Key, ...]


COLUMNS: tuple[Key, ...] = (("data",),)
PARTS: tuple[Key, ...] = tuple(("data", part) for part in ("validation", "calibration", "test"))
MONITORING: tuple[Key, ...] = (*DECIDES_TASK, ("data", "validation"), ("ensemble",), ("training", "metrics"))
CALIBRATION: tuple[Key, ...] = (("calibration",), ("threshold",), ("intervals",), ("ensemble",))

RULES: tuple[Rule, ...] = (
    Rule(data_rules.each_column_has_one_role, COLUMNS),
    Rule(data_rules.parts_leave_training_rows, PARTS),
    Rule(data_rules.parts_differ, PARTS),
    Rule(
        data_rules.one_thing_chooses_rows_of_a_database,
        (("data", "table"), ("data", "query"), ("data", "train"), *PARTS),
    ),
    Rule(data_rules.stratify_needs_classes, (*DECIDES_TASK, ("data", "stratify"))),
    Rule(data_rules.a_positive_class_needs_classes, (*DECIDES_TASK, ("data", "positive"))),
    Rule(
        data_rules.one_thing_decides_where_to_cut,
        (("data", "group"), ("data", "order"), ("data", "stratify")),
    ),
    Rule(
        data_rules.separator_is_not_the_decimal_mark,
        (("data", "separator"), ("data", "decimal"), ("data", "train")),
    ),
    Rule(data_rules.scaled_targets_are_numbers, (*DECIDES_TASK, ("data", "target_scale"))),
    Rule(
        data_rules.treated_targets_are_numbers,
        (*DECIDES_TASK, ("data", "target_transform"), ("data", "target_clip")),
    ),
    Rule(data_rules.decorated_columns_are_numbers, (("data", "features"),)),
    Rule(data_rules.decorated_targets_are_numbers, DECIDES_TASK),
    Rule(data_rules.policies_fit_encodings, (("data", "features"),)),
    Rule(data_rules.indicators_have_something_to_say, (("data", "features"), ("data", "missing"))),
    Rule(data_rules.targets_fit_task, DECIDES_TASK),
    Rule(data_rules.class_weight_needs_classes, (*DECIDES_TASK, ("class_weight",))),
    Rule(model_rules.one_activation_per_layer, (("model", "layers"), ("model", "activation"))),
    Rule(model_rules.output_activations_at_the_output, (("model", "activation"),)),
    Rule(model_rules.outputs_learn_no_activation, (("model", "activation"),)),
    Rule(model_rules.one_dropout_per_hidden_layer, (("model", "layers"), ("model", "dropout"))),
    Rule(model_rules.normalized_layers_exist, (("model", "layers"), ("model", "normalization"))),
    Rule(model_rules.residual_layers_exist, (("model", "layers"), ("model", "residual"))),
    Rule(model_rules.drawn_biases_exist, (("model", "init"), ("model", "bias"))),
    Rule(model_rules.output_fits_loss, (*DECIDES_TASK, ("model", "activation"), ("model", "layers"))),
    Rule(training_rules.loss_serves_task, DECIDES_TASK),
    Rule(training_rules.metrics_fit_task, (*DECIDES_TASK, ("training", "metrics"))),
    Rule(training_rules.early_stopping_can_watch, (*MONITORING, ("training", "early_stopping"))),
    Rule(training_rules.plateau_can_watch, (*MONITORING, ("schedule",))),
    Rule(training_rules.full_batch_optimizers, (("optimizer",), ("training", "batch_size"))),
    Rule(training_rules.quasi_newton_has_its_own_pace, (("optimizer",), ("training",), ("schedule",))),
    Rule(training_rules.parts_know_all_rows, (("training", "parts"), ("model", "normalization"))),
    Rule(ensemble_rules.an_ensemble_has_members, (("ensemble",),)),
    Rule(ensemble_rules.folds_validate, (("ensemble",), ("data", "validation"), ("data", "order"))),
    Rule(
        refit_rules.a_refit_knows_how_long,
        (("training", "refit"), ("data", "validation"), ("ensemble",), ("optimizer",)),
    ),
    Rule(refit_rules.a_refit_has_the_same_rates, (("training", "refit"), ("schedule",))),
    Rule(training_rules.one_cycle_goes_up_and_down, (("optimizer",), ("schedule",))),
    Rule(calibration_rules.calibration_fits_task, (*DECIDES_TASK, ("model", "activation"), *CALIBRATION)),
    Rule(calibration_rules.calibration_has_rows, (("data", "validation"), *CALIBRATION)),
    Rule(calibration_rules.intervals_have_rows, (("data", "calibration"), *CALIBRATION)),
)


def findings(spec: Spec, wrong: Iterable[Key] = ()) -> Iterator[Finding]:
    """What the rules find, leaving out those that read a setting found wrong before."""
    wrong = tuple(wrong)
    for rule in RULES:
        if not any(_overlap(key, read) for key in wrong for read in rule.reads):
            yield from rule.check(spec)


def _overlap(one: Key, other: Key) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
