"""What both plain scripts read from their command line, and the picture that both draw."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd


def asked() -> argparse.Namespace:
    """The table and the network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("target")
    parser.add_argument("out", type=Path)
    parser.add_argument("--hidden", type=int, required=True)
    parser.add_argument("--activation", choices=["relu", "tanh"], required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--test", type=float, default=0.0)
    return parser.parse_args()


def training_and_test_rows(frame: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows in random order, cut in two."""
    frame = frame.sample(frac=1, random_state=0)
    count = round(share * len(frame))
    return frame[count:], frame[:count]


def draw(losses: list[float], out: Path) -> None:
    """The loss of every epoch as a PNG."""
    import matplotlib.pyplot as plt

    plt.plot(range(1, len(losses) + 1), losses)
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.savefig(out / "loss.png")
