"""Writes optimizers.json beside this file: where torch.optim's rules are after 1, 10 and 200 steps.

    python tests/reference/make_optimizers.py        (with torch installed)

Every case runs in float64 on twelve parameters, eight weights and four biases, the biases in a group without
decay. The gradient is a formula, so that no random numbers need be stored; the rate falls from step to step.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

N, N_WEIGHTS = 12, 8
STEPS = (1, 10, 200)

CASES: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"learning_rate": 0.1}),
    ("sgd", {"learning_rate": 0.1, "weight_decay": 0.1}),
    ("sgd", {"learning_rate": 0.05, "momentum": 0.9}),
    ("sgd", {"learning_rate": 0.05, "momentum": 0.9, "dampening": 0.3}),
    ("sgd", {"learning_rate": 0.05, "momentum": 0.9, "dampening": 1.0, "weight_decay": 0.1}),
    ("sgd", {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    ("rmsprop", {}),
    ("rmsprop", {"rho": 0.5, "weight_decay": 0.1}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"rho": 0.9, "centered": True, "momentum": 0.5, "weight_decay": 0.1, "epsilon": 1e-3}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 0.3, "learning_rate_decay": 0.05, "initial_accumulator": 0.1}),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-2, "weight_decay": 0.1}),
    ("adadelta", {}),
    ("adadelta", {"learning_rate": 0.5, "rho": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}),
    ("adam", {"learning_rate": 0.01}),
    ("adam", {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-2}),
    ("adam", {"learning_rate": 0.05, "weight_decay": 0.1}),
    ("adam", {"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3}),
    ("adamw", {"learning_rate": 0.01}),
    ("adamw", {"learning_rate": 0.05, "weight_decay": 0.5, "beta1": 0.8}),
    ("radam", {"learning_rate": 0.01}),
    ("radam", {"learning_rate": 0.05, "beta2": 0.9, "epsilon": 1e-2, "weight_decay": 0.1}),
    ("radam", {"learning_rate": 0.05, "beta2": 0.5}),
    ("nadam", {"learning_rate": 0.01}),
    ("nadam", {"learning_rate": 0.05, "momentum_decay": 0.5, "epsilon": 1e-2, "weight_decay": 0.1}),
    ("nadam", {"learning_rate": 0.05, "beta1": 0.0}),
    ("rprop", {}),
    ("rprop", {"learning_rate": 0.1, "eta_minus": 0.3, "eta_plus": 2.5, "step_min": 1e-2, "step_max": 0.4}),
]

TORCH_NAMES = {
    "learning_rate": "lr",
    "learning_rate_decay": "lr_decay",
    "initial_accumulator": "initial_accumulator_value",
    "epsilon": "eps",
}
TORCH_RULES = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "adamw": "AdamW",
    "radam": "RAdam",
    "nadam": "NAdam",
    "rprop": "Rprop",
}


def start() -> np.ndarray:
    """The parameters before the first step."""
    return np.cos(np.arange(N) * 1.7) * 2


def gradient(theta: np.ndarray, t: int) -> np.ndarray:
    """A bowl, wider along some axes than along others, that sways from step to step; t from 1."""
    axis = np.arange(N)
    return 10.0 ** (axis % 4 - 2) * (theta - np.sin(axis)) + 0.3 * np.cos(0.7 * t + axis)


def rate(learning_rate: float, t: int) -> float:
    """The rate of step t."""
    return learning_rate / (1 + 0.01 * t)


def torch_arguments(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Our options as torch spells them; where it has pairs, its default fills the other half."""
    rest = {key: value for key, value in options.items() if key != "weight_decay"}
    pairs = {
        "betas": (rest.pop("beta1", 0.9), rest.pop("beta2", 0.999)),
        "etas": (rest.pop("eta_minus", 0.5), rest.pop("eta_plus", 1.2)),
        "step_sizes": (rest.pop("step_min", 1e-6), rest.pop("step_max", 50)),
    }
    wanted = (
        ["betas"] if name.endswith(("adam", "adamw")) else ["etas", "step_sizes"] if name == "rprop" else []
    )
    names = {**TORCH_NAMES, "rho": "alpha" if name == "rmsprop" else "rho"}
    return {**{names.get(k, k): v for k, v in rest.items()}, **{key: pairs[key] for key in wanted}}


def torch_trajectory(name: str, options: dict[str, Any]) -> list[np.ndarray]:
    """theta after each of the steps, by torch."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product in this
    try:
        theta = start()
        weights, biases = (torch.tensor(part, requires_grad=True) for part in np.split(theta, [N_WEIGHTS]))
        groups: list[dict[str, Any]] = [{"params": [weights]}, {"params": [biases]}]
        if name != "rprop":
            groups[0]["weight_decay"] = options.get("weight_decay", 1e-2 if name == "adamw" else 0.0)
            groups[1]["weight_decay"] = 0.0
        rule = getattr(torch.optim, TORCH_RULES[name])(groups, **torch_arguments(name, options))
        base = rule.param_groups[0]["lr"]
        found = []
        for t in range(1, max(STEPS) + 1):
            weights.grad, biases.grad = (torch.tensor(g) for g in np.split(gradient(theta, t), [N_WEIGHTS]))
            for group in rule.param_groups:
                group["lr"] = rate(base, t)
            rule.step()
            theta = np.concatenate([weights.detach().numpy(), biases.detach().numpy()])
            found.append(theta)
        return found
    finally:
        torch.set_default_dtype(before)


def main() -> None:
    """Write the file."""
    found = [
        {"name": name, "options": options, "theta": {t: path[t - 1].tolist() for t in STEPS}}
        for name, options in CASES
        for path in [torch_trajectory(name, options)]
    ]
    lines = ",\n".join(json.dumps(case) for case in found)
    Path(__file__).with_name("optimizers.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
