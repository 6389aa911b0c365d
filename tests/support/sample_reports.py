"""Reports as runs of each kind would have them, made by hand: what draws them needs no training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mlpcli.report.document import ReportDocument

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "‮right to left‬ ",
    "x" * 120,
    "{{ 7 * 7 }}",
    "a\nb\tc\x00",
]


def capped(shown: Sequence[Any], total: int | None = None) -> dict[str, Any]:
    """A list and how long it would be."""
    return {"total": len(shown) if total is None else total, "shown": list(shown)}


def score(
    metric: str,
    value: float | None,
    baseline: float | None = None,
    interval: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """A metric."""
    low, high = interval or (None, None)
    greater = metric in {"accuracy", "f1_macro", "roc_auc", "r2"}
    own = {"metric": metric, "value": value, "greater_is_better": greater}
    return {**own, "baseline": baseline, "low": low, "high": high}


def curve(x: Any, y: Any) -> dict[str, Any]:
    """Points."""
    return {"x": np.round(x, 6).tolist(), "y": np.round(y, 6).tolist()}


def history(metric: str, greater: bool) -> dict[str, Any]:
    """100 epochs, the best one the 60th."""
    epochs = np.arange(1, 101)
    falling = np.exp(-epochs / 20)
    kinds = (("loss", falling + 0.01, falling + 0.05 + 0.1 * (epochs / 100) ** 4, False),
             (metric, 1 - falling, 0.95 - falling, greater))  # fmt: skip
    curves = [
        {
            "metric": name,
            "greater_is_better": better,
            "series": [
                {"part": "train", "words": "training", "curve": curve(epochs, train)},
                {"part": "val", "words": "validation", "curve": curve(epochs, held_out)},
            ],
        }
        for name, train, held_out, better in kinds
    ]
    return {"epochs": 100, "best_epoch": 60, "averaged": 1, "curves": curves}


def parts(scores: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Training, validation and test rows."""
    rows = (("train", "training", 206), ("val", "validation", 69), ("test", "test", 69))
    return [{"part": part, "words": words, "rows": n, "scores": list(scores)} for part, words, n in rows]


def data(features: Sequence[str], classes: Sequence[str], targets: Sequence[str]) -> dict[str, Any]:
    """344 rows; the last column is of texts."""
    columns = [
        {"column": name, "kind": "number", "encode": "standardize", "inputs": 1, "missing": 0.0058,
         "policy": "median", "fill": "44.5", "center": 43.9, "scale": 5.45}
        for name in features[:-1]
    ]  # fmt: skip
    text = {"column": features[-1], "kind": "text", "encode": "one_hot", "inputs": 3, "levels": 3}
    columns.append({**text, "missing": 0.0, "policy": "error"})
    ranges = [{"target": name, "least": 13.0, "median": 34.5, "most": 82.6} for name in targets]
    return {
        "files": ["penguins.csv"],
        "rows": 344,
        "parts": [{"part": part["part"], "words": part["words"], "rows": part["rows"]} for part in parts([])],
        "cut": "at random, with the same shares of classes in each part",
        "columns": capped(columns),
        "inputs": len(features) + 2,
        "classes": capped([{"name": name, "rows": max(1, 90 - 20 * k)} for k, name in enumerate(classes)]),
        "ranges": capped([] if classes else ranges),
        "notes": capped(["column 'sex': 11 missing cells became 'male', the most frequent one"]),
        "leaks": ["the target is the same for all rows with one value of 'rowid'"],
    }


def network(outputs: int, members: int = 1) -> dict[str, Any]:
    """9-16-16-outputs."""
    widths = [9, 16, 16, outputs]
    layers = [
        {"name": f"layers.{k}", "inputs": a, "outputs": b, "then": ["relu" if k < 2 else "softmax"],
         "parameters": a * b + b}
        for k, (a, b) in enumerate(pairwise(widths))
    ]  # fmt: skip
    cities = "a vector of 4 numbers for each of 12 levels of city"
    before = [{"name": "embeddings.0", "what": cities, "parameters": 48}]
    together = "the mean of what 5 networks say, each of which validated on another fifth"
    cooler = "scores are divided by 1.3 (temperature): log loss 0.31 before, 0.28 after"
    return {
        "before": capped(before if members > 1 else []),
        "layers": capped(layers),
        "parameters": sum(layer["parameters"] for layer in layers),
        "members": members,
        "together": together if members > 1 else None,
        "loss": "cross_entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "dtype": "float32",
        "afterwards": [cooler] if members > 1 else [],
    }  # fmt: skip


def importance(features: Sequence[str], metric: str, greater: bool) -> dict[str, Any]:
    """The columns in their order, the first one twice as important as the next."""
    columns = [{"column": name, "mean": 0.3 / 2**k, "std": 0.02 / 2**k} for k, name in enumerate(features)]
    own = {"metric": metric, "greater_is_better": greater, "whole": 0.98, "words": "test", "rows": 69}
    notes = ["a and b correlate by 0.95: each may stand in for the other, and neither looks important"]
    return {**own, "of_rows": 69, "repeats": 5, "columns": capped(columns, len(features) + 3), "notes": notes}


def worst(
    targets: Sequence[str], said: Callable[[int], tuple[list[str], list[str]]], features: Sequence[str]
) -> Any:
    """Ten of 69 rows."""
    rows = []
    for k in range(10):
        truth, predicted = said(k)
        cells = [f"{40 + k}.5" for _ in features[:4]]
        rows.append({"row": 7 * k + 1, "truth": truth, "predicted": predicted, "error": 4.2 - 0.3 * k,
                     "probability": 0.01 + k / 50, "cells": cells})  # fmt: skip
    columns = capped(features[:4], len(features))
    return {"by": "the probability of the true class", "targets": capped(targets), "columns": columns,
            "rows": capped(rows, 69)}  # fmt: skip


def ranking(name: str) -> dict[str, Any]:
    """One that is rather good."""
    t = np.linspace(0, 1, 40)
    roc, precision = curve(t**3, t), curve(t, 1 - 0.4 * t**6)
    own = {"name": name, "share": 0.36, "roc": roc, "roc_auc": 0.83}
    return {**own, "precision_recall": precision, "average_precision": 0.92}


def reliability(of: str) -> dict[str, Any]:
    """Ten bins, a little too sure."""
    said = np.linspace(0.05, 0.99, 10)
    found = np.clip(said - 0.05 * np.sin(6 * said), 0, 1)
    around = {"low": np.clip(found - 0.15, 0, 1).tolist(), "high": np.clip(found + 0.15, 0, 1).tolist()}
    own = {"of": of, "rows": [7] * 9 + [6], "said": said.tolist(), "found": found.tolist(), **around}
    return {**own, "ece": 0.034, "brier": 0.041}


def class_scores(name: str, rows: int) -> dict[str, Any]:
    """Of one that is found mostly."""
    shares = dict.fromkeys(("precision", "recall", "f1", "roc_auc", "average_precision"), 0.96)
    return {"name": name, "rows": rows, "predicted": rows, "hits": rows - 1, **shares}


def summary(
    task: str, targets: Sequence[str], classes: Sequence[str], main: dict[str, Any]
) -> dict[str, Any]:
    """That of a run with two things to distrust."""
    few = "69 rows judge the run: the interval is wide"
    late = "the validation loss was still falling at the end: train for more epochs"
    good = "On 69 test rows the accuracy is 0.986 (95 %: 0.957 to 1.000); a constant prediction has 0.435."
    return {
        "task": task,
        "targets": capped(targets),
        "classes": capped(classes),
        "positive": classes[-1] if task == "classification" and len(classes) == 2 else None,
        "judged": {"part": "test", "words": "test", "rows": 69, "sentence": "no network has seen these rows"},
        "main": main,
        "verdict": "better",
        "learnt": f"{targets[0]} from 7 columns of 206 rows",
        "good": good,
        "distrust": [
            {"kind": "few_rows", "severity": "warning", "text": few},
            {"kind": "still_falling", "severity": "note", "text": late},
        ],
        "status": "early_stopped",
        "epochs": 100,
        "best_epoch": 60,
        "networks": 1,
        "ending": "stopped early after 100 epochs; the weights are those of epoch 60, the best",
    }


def report(name: str, own: dict[str, Any]) -> ReportDocument:
    """The document, with what all have."""
    text = f"seed: 0\n\ndata:\n  train: {name}.csv\n  target: y\n"
    settings = [("data.train", f"{name}.csv"), ("data.target", "y"), ("training.epochs", "100")]
    return ReportDocument.model_validate(
        {
            "format": "mlp-report",
            "version": 1,
            "mlp": "0.1.0",
            "name": name,
            "config": {
                "text": text,
                "settings": capped([{"key": key, "value": value} for key, value in settings]),
            },
            "versions": {"python": "3.11.9", "numpy": "2.4.0"},
            "targets": capped([]),
            "folds": [],
            **own,
        }
    )


FEATURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year", "sex", "island"]


def of_classes(classes: Sequence[str], features: Sequence[str] = FEATURES) -> ReportDocument:
    """A classification; two classes have a decision surface, three have folds and groups."""
    count, two = len(classes), len(classes) == 2
    main = score("accuracy", 0.9855, 0.4348, (0.957, 1.0))
    scores = [score("loss", 0.0112, 1.054), main, score("f1_macro", 0.9878, 0.2, (0.95, 1.0))]
    matrix = np.full((count, count), 1) + np.diag(np.arange(20, 20 + count))
    groups = [
        {"level": level, "rows": 20, "scores": [score("accuracy", 0.9, 0.4, (0.8, 0.97))]} for level in "abc"
    ]
    folds = [{"metric": "accuracy", "mean": 0.98, "std": 0.01, "folds": capped([0.97, 0.99, None])}]
    return report(
        "penguins",
        {
            "summary": summary("classification", ["species"], classes, main),
            "parts": parts(scores),
            "folds": [] if two else folds,
            "history": history("accuracy", True),
            "classes": {
                "confusion": {
                    "classes": capped(classes),
                    "counts": matrix.tolist(),
                    "most": [{"truth": classes[0], "predicted": classes[1], "rows": 1}],
                },
                "each": capped([class_scores(name, 23) for name in classes]),
                "rankings": capped([ranking(name) for name in classes[two:]]),
                "reliability": reliability(f"the probability of {classes[-1]}"),
            },
            "groups": None
            if two
            else {"column": features[-1], "reason": "the groups", "groups": capped(groups, 5)},
            "importance": importance(features, "accuracy", True),
            "worst": worst(["species"], lambda k: ([classes[0]], [classes[k % count]]), features),
            "data": data(features, classes, ["species"]),
            "network": network(count, 1 if two else 5),
            "surface": class_surface(features, classes) if two else None,
        },
    )


def axis(column: str) -> dict[str, Any]:
    """From 30 to 60."""
    return {"column": column, "places": np.linspace(30, 60, 24).tolist(), "low": 32.0, "high": 58.0}


def class_surface(features: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
    """The classes to both sides of a curve."""
    x, y = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 24))
    cells = (y > np.sin(3 * x) / 2).astype(int).tolist()
    spots = {"x": [35.5, 40.1, 52.0], "y": [44.0, 51.2, 33.3]}
    return {"kind": "classes", "x": axis(features[0]), "y": axis(features[1]), "classes": capped(classes),
            "cells": cells, "rows": {"total": 69, **spots, "classes": [0, 1, 1]}}  # fmt: skip


def target_errors(name: str, many: bool) -> dict[str, Any]:
    """Points along the diagonal, or hexagons."""
    truth = np.linspace(10, 80, 69)
    predicted = truth + 5 * np.sin(truth)
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(10, 80, 10.0), np.arange(10, 80, 10.0)))
    near = np.abs(x - y) < 25
    rows = (100 - 3 * np.abs(x - y)).astype(int)[near].tolist()
    hexagons = {"x": x[near].tolist(), "y": y[near].tolist(), "rows": rows, "width": 10.0, "height": 6.67}
    counts, edges = np.histogram(predicted - truth, bins=15)
    quantiles = [
        {"share": p, "value": float(np.quantile(predicted - truth, p))} for p in (0.05, 0.25, 0.5, 0.75, 0.95)
    ]
    return {
        "target": name,
        "rows": sum(rows) if many else 69,
        "points": None if many else curve(truth, predicted),
        "hexagons": hexagons if many else None,
        "errors": {"edges": edges.tolist(), "rows": counts.tolist()},
        "quantiles": quantiles,
        "mean_error": 0.12,
    }


def of_numbers(targets: Sequence[str], features: Sequence[str] = FEATURES) -> ReportDocument:
    """A regression; one target has hexagons and a fitted curve, several a surface."""
    single = len(targets) == 1
    main = score("r2", 0.89, 0.0, (0.85, 0.92))
    scores = [score("loss", 0.1, 1.0), main, score("rmse", 5.4, 16.2, (4.8, 6.1)), score("mae", 4.1, 13.1)]
    own = [{"target": name, "scores": [score("r2", 0.8, 0.0), score("rmse", 5.0, 9.0)]} for name in targets]
    z = np.linspace(0, 1, 24)
    spots = {"total": 69, "x": [35.5, 40.1, 52.0], "y": [44.0, 51.2, 33.3]}
    fitted = {"kind": "curve", "axis": axis(features[0]), "rows": spots,
              "lines": capped([{"name": targets[0], "y": (30 + 40 * z**2).tolist()}])}  # fmt: skip
    surface = {"kind": "numbers", "x": axis(features[0]), "y": axis(features[1]), "target": targets[0],
               "cells": np.round(np.add.outer(z, z**2), 4).tolist(), "rows": spots}  # fmt: skip
    return report(
        "concrete",
        {
            "summary": summary("regression", targets, [], main),
            "parts": parts(scores),
            "targets": capped([] if single else own),
            "history": history("r2", True),
            "numbers": {
                "targets": capped([target_errors(name, single) for name in targets], 1 if single else 7),
                "coverages": [{"level": "0.9", "coverage": 0.913, "width": 18.2}] if single else [],
            },
            "importance": importance(features, "r2", True),
            "worst": worst(
                targets, lambda k: ([f"{30 + k}"] * len(targets), ["61.25"] * len(targets)), features
            ),
            "data": data(features, [], targets),
            "network": network(len(targets)),
            "surface": fitted if single else surface,
        },
    )


def of_labels(labels: Sequence[str]) -> ReportDocument:
    """A multilabel task."""
    main = score("f1_macro", 0.7, 0.2, (0.61, 0.78))
    scores = [score("loss", 0.4, 0.9), main, score("accuracy", 0.55, 0.3, (0.44, 0.66))]
    return report(
        "genres",
        {
            "summary": summary("multilabel", labels, ["0", "1"], main),
            "parts": parts(scores),
            "targets": capped([{"target": name, "scores": scores} for name in labels]),
            "history": history("f1_macro", True),
            "classes": {
                "each": capped([class_scores(name, 20) for name in labels], 14),
                "rankings": capped([ranking(name) for name in labels], 14),
                "reliability": reliability("the probability of any label"),
            },
            "importance": importance(FEATURES, "f1_macro", True),
            "worst": worst(labels, lambda k: (["1", "0", "1"], ["0", "0", str(k % 2)]), FEATURES),
            "data": data(FEATURES, labels, labels),
            "network": network(len(labels)),
        },
    )


SAMPLES = {
    "two classes": of_classes(["no", "yes"]),
    "three classes": of_classes(["Adelie", "Chinstrap", "Gentoo"]),
    "one number": of_numbers(["strength"]),
    "three numbers": of_numbers(["weight", "waist", "pulse"]),
    "labels": of_labels(["drama", "comedy", "crime"]),
    "hostile": of_classes(HOSTILE[:3], HOSTILE[::-1]),
}
