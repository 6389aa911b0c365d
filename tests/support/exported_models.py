"""Small models of a table with every kind of column, for the exports: how they are made, and hostile rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.running import ok

ROWS = 72
HEADER = (
    *("number", "wide", "count", "price", "gap", "flat", "day", "stamp", "epoch", "colour", "code", "truth"),
    *("rank", "rated", "noise", "two", "three", "twelve", "size", "other", "left", "right", "amount"),
)
COLOURS = ('blue, "deep"', "grün", "caf\u00e9 au lait", "red\\n??/", "Việt Nam", "*/ end /*", "True", "-7")
FILLED = {"missing": "median"}
FEATURES: dict[str, Any] = {
    "number": "standardize",
    "wide": {"encode": "robust_clip", **FILLED, "na_values": ["-999"]},
    "count": {"encode": "log1p", "missing": "mean"},
    "price": {
        "encode": "minmax",
        "parse": {"prefix": "$", "thousands": ","},
        "missing": {"constant": 12},
        "na_values": ["7"],
    },
    "gap": {
        "encode": {"name": "quantile", "output": "normal"},
        "missing": "most_frequent",
        "indicator": True,
    },
    "flat": {"encode": "robust", **FILLED},
    "day": {"encode": "datetime", "missing": "most_frequent", "indicator": True},
    "stamp": {
        "encode": {"name": "datetime", "format": "%d %b %Y %I:%M %p", "parts": ["year", "hour", "minute"]}
    },
    "epoch": {"encode": {"name": "datetime", "format": "epoch", "parts": ["timestamp", "day_of_year"]}},
    "colour": {"encode": "one_hot", "missing": "category", "indicator": True},
    "code": {"encode": {"name": "one_hot", "min_count": 6}, "missing": "drop"},
    "truth": {"encode": "one_hot", "missing": "most_frequent"},
    "rank": {"encode": {"name": "ordinal", "categories": ["low", "mid", "high"]}, "missing": "most_frequent"},
    "rated": {"encode": {"name": "embed", "width": 3}, "missing": {"constant": "2"}},
    "noise": {"encode": {"name": "piecewise_linear", "bins": 5}, "missing": "median"},
}


def written_table(directory: Path) -> None:
    """The table to train on, `t.csv`."""
    with (directory / "t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(_rows(np.random.default_rng(0)))


def _rows(rng: np.random.Generator) -> list[list[object]]:
    rows: list[list[object]] = []
    for index in range(ROWS):
        x = float(rng.normal())
        day = np.datetime64("2023-12-20") + int(rng.integers(400))
        moment = f"{rng.integers(1, 29):02d} {rng.choice(['Jan', 'Feb', 'May'])} {rng.integers(1999, 2026)}"
        stamp = f"{moment} {rng.integers(1, 13):02d}:{rng.integers(60):02d} {rng.choice(['AM', 'PM'])}"
        inputs: list[object] = [
            *(round(x, 4), rng.choice([1, 2, 3, 4, -999, 2000]), int(rng.integers(0, 90))),
            *(
                f"${rng.integers(1, 4000):,}",
                "" if index % 9 == 4 else round(float(rng.normal()), 1),
                index % 7 // 6,
            ),
            *(day if index % 8 else "", stamp, int(rng.integers(1_500_000_000, 1_700_000_000))),
            "" if index % 11 == 3 else COLOURS[int(rng.integers(len(COLOURS)))],
            f"{rng.choice([1, 2, 3, 40, 50]):02d}",
            rng.choice(["true", "false"]),
            rng.choice(["low", "mid", "high"]),
            "" if index % 10 == 7 else int(rng.integers(1, 5)),
            round(float(rng.normal()), 3),
        ]
        size = 100 + 12 * x + float(rng.normal())
        rows.append(
            [
                *inputs,
                *("yes" if x > 0 else "no", "abc"[int(np.digitize(x, [-0.5, 0.5]))], f"class {index % 12}"),
                *(
                    round(size, 3),
                    round(-3 * x, 4),
                    int(x > 0.3),
                    int(x < 0.1),
                    round(float(np.exp(2 * x)), 4),
                ),
            ]
        )
    return rows


HOSTILE: tuple[Mapping[str, object], ...] = (
    {},
    {"number": "1e300"},
    {"number": "-1e38"},
    {"number": ""},
    {"number": "abc"},
    {"number": " +1.5e0 "},
    {"wide": "-999.0"},
    {"wide": "1e308"},
    {"wide": ""},
    {"count": "-2"},
    {"count": "-1"},
    {"count": "1e-12"},
    {"price": "($1,200.50)"},
    {"price": "-$3"},
    {"price": "12%"},
    {"price": "$7.00"},
    {"gap": ""},
    {"gap": "1e300"},
    {"gap": "-7"},
    {"flat": "0.5"},
    {"day": ""},
    {"day": "2024-02-29T23:59:59.5+05:30"},
    {"day": "2023-02-29"},
    {"day": " 0001-01-01 "},
    {"day": "9999-12-31 00:00"},
    {"stamp": "3 feb 2024  2:7 pm"},
    {"stamp": "29 Feb 2023 01:00 AM"},
    {"stamp": "2024-01-31"},
    {"epoch": "1.5e9"},
    {"epoch": "-1.25"},
    {"epoch": "1e300"},
    {"colour": "unknown"},
    {"colour": "cafe\u0301 au lait"},
    {"colour": "caf\u00e9\u00a0au lait"},
    {"colour": "Vie\u0323\u0302t Nam"},
    {"colour": "Vie\u0302\u0323t Nam"},
    {"colour": "Viê\u0323t Nam"},
    *({"colour": text} for text in ("TRUE", "tRUE", "fal\u017fe", "-7.00", "-7.", "-7,0", "-07", "GRÜN")),
    {"colour": ""},
    {"colour": "x" * 5000},
    {"code": "1"},
    {"code": "01 "},
    {"code": "99"},
    {"code": ""},
    {"truth": "TRUE"},
    {"truth": "maybe"},
    {"truth": ""},
    {"rank": "LOW"},
    {"rank": ""},
    {"rated": "2.0"},
    {"rated": "+3e0"},
    {"rated": "30e-1"},
    {"rated": "02"},
    *({"rated": text} for text in ("9", "-4e-324")),
    {"rated": ""},
    {"noise": "1e300"},
    {"noise": "-50"},
    {"noise": "50"},
)


def hostile_csv() -> bytes:
    """Rows of the table, each with one cell changed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    rows = _rows(np.random.default_rng(1))
    for row, changes in zip(rows * 2, (*HOSTILE, *({} for _ in rows[:16])), strict=False):
        writer.writerow([changes.get(name, cell) for name, cell in zip(HEADER, row, strict=True)])
    return out.getvalue().encode()


def model_of(
    directory: Path, name: str, features: Sequence[str] | dict[str, Any] | None = None, **sections: Any
) -> Path:
    """Train a model of some features of the table, all by default; the path of its file."""
    chosen: Any = features
    if not isinstance(features, dict):
        chosen = {key: FEATURES[key] for key in (FEATURES if features is None else features)}
    document = {
        "model": {"layers": ["auto", 6, 6, "auto"], **sections.pop("model", {})},
        **sections,
        "data": {"train": "t.csv", "target": "three", "features": chosen, **sections.get("data", {})},
        "training": {"epochs": 3, **sections.get("training", {})},
    }
    config = directory / f"{name}.yaml"
    config.write_text(json.dumps(document), encoding="utf-8")
    ok("train", config, "-o", directory / name, "--no-plots", "-q", "--overwrite")
    return directory / name / "model.npz"
