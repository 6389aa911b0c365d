"""What the words of a page mean, for whoever has not met them."""

from __future__ import annotations

from typing import Final

METRICS: Final = {
    "loss": "what the training makes small; it has no unit that means something by itself",
    "accuracy": "the share of rows whose class is right",
    "balanced_accuracy": "the share that is right in each class, mean over the classes",
    "precision": "of the rows that were called positive, the share that are",
    "precision_macro": "of the rows that were called a class, the share that are; mean over the classes",
    "recall": "of the positive rows, the share that is found",
    "recall_macro": "of the rows of a class, the share that is found; mean over the classes",
    "f1": "precision and recall of the positive class in one number (their harmonic mean)",
    "f1_macro": "precision and recall in one number, mean over the classes, rare ones like frequent ones",
    "f1_weighted": "precision and recall in one number, mean over the classes by their rows",
    "mcc": "the correlation of predicted and true classes, from −1 to 1; 0 is guessing",
    "roc_auc": "how often a row of a class has a higher score than one that is not of it; 0.5 is guessing",
    "average_precision": "the area below the precision-recall curve; guessing has the share of the class",
    "log_loss": "how surprised the probabilities are by the truth: less is better, 0 is certain and right",
    "brier": "the mean squared distance of the probabilities from the truth: less is better",
    "mae": "how far predictions are off in the mean, in the units of the target",
    "mse": "the mean squared error, in squared units of the target",
    "rmse": "how far predictions are off, large errors counted more, in the units of the target",
    "mape": "how far predictions are off in the mean, as a share of the true value",
    "median_absolute_error": "half of the predictions are off by less than this, in the units of the target",
    "r2": "the share of the target's variation that is explained; 0 is a constant prediction, 1 is perfect",
}
VERDICTS: Final = {
    "better": "better than a constant prediction",
    "unsure": "not surely better than a constant prediction",
    "worse": "no better than a constant prediction",
}


def meaning(metric: str) -> str:
    """What a metric says, or nothing of one that is not known here."""
    return METRICS.get(metric, "")
