"""Normalization, shortcuts and embeddings in torch: values, gradients, statistics. Skipped without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import NORMALIZATIONS
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from tests.support.network_cases import Case, Values, relative_errors

torch = pytest.importorskip("torch")
nn = torch.nn

COLUMNS = (EmbeddedColumn(0, 4, 3), EmbeddedColumn(2, 6, 2), EmbeddedColumn(3, 3, 1))
BASE = Case(Loss("mse"), (5, 6, 6, 4, 3), rows=9)
CASES = {
    f"{normalization}, {['plain', 'residual'][residual]}, {'codes' if embeddings else 'numbers'}": replace(
        BASE,
        normalization=None if normalization == "none" else NORMALIZATIONS[normalization](**options),
        residual=residual,
        embeddings=embeddings,
        widths=(9 if embeddings else 5, *BASE.widths[1:]),
    )
    for normalization, options in (
        ("none", {}),
        ("batch_norm", {"epsilon": 1e-3, "momentum": 0.3}),
        ("layer_norm", {"epsilon": 1e-2}),
    )
    for residual in (False, True)
    for embeddings in ((), COLUMNS)
}


class Twin(nn.Module):
    """The same network of torch's own layers, with our parameters."""

    def __init__(self, case: Case, network: Network) -> None:
        super().__init__()
        self.case = case
        pairs = list(zip(case.widths[:-1], case.widths[1:], strict=True))
        self.affine = nn.ModuleList(nn.Linear(*pair) for pair in pairs)
        self.norms = nn.ModuleList(self.norm(width) for width in case.widths[1:-1])
        self.tables = nn.ModuleList(nn.Embedding(e.levels, e.width) for e in case.embeddings)
        self.double()
        for name, array in network.parameters.items():
            self.tensor(name).data = torch.from_numpy(array.T.copy() if is_layer(name) else array.copy())

    def norm(self, width: int) -> Any:
        choice = self.case.normalization
        if choice is None:
            return nn.Identity()
        if choice.name == "layer_norm":
            return nn.LayerNorm(width, eps=choice.epsilon)
        return nn.BatchNorm1d(width, eps=choice.epsilon, momentum=choice.momentum)

    def tensor(self, name: str) -> Any:
        kind, number, part = name.split(".")
        if kind == "embeddings":
            return self.tables[int(number)].weight
        owner = self.affine if part in {"weight", "bias"} else self.norms
        return getattr(owner[int(number)], {"gamma": "weight", "beta": "bias"}.get(part, part))

    def forward(self, x: Any) -> Any:
        tables = dict(zip((e.column for e in self.case.embeddings), self.tables, strict=True))
        columns = [tables[i](x[:, i].long()) if i in tables else x[:, i : i + 1] for i in range(x.shape[1])]
        h = torch.cat(columns, dim=1)
        last = len(self.affine) - 1
        for i, affine in enumerate(self.affine):
            z = affine(h)
            if i < last:
                z = torch.tanh(self.norms[i](z))
                if self.case.residual and i > 0 and z.shape == h.shape:
                    z = z + h
            h = z
        return h


def is_layer(name: str) -> bool:
    return name.startswith("layers.") and name.endswith(".weight")


def gradients(twin: Twin, network: Network) -> Values:
    """In the order and the orientation of `network.grad`."""
    found = {name: twin.tensor(name).grad.numpy() for name in network.parameters}
    return np.concatenate([(g.T if is_layer(name) else g).ravel() for name, g in found.items()])


@pytest.mark.parametrize("name", CASES)
def test_training_and_evaluation_are_torch_s(name: str) -> None:
    case = CASES[name]
    network = case.network()
    twin = Twin(case, network)
    idle = {"layers.0.bias", "layers.1.bias", "layers.2.bias"} if name.startswith("batch") else set()
    for seed in range(3):
        x, y, w = case.batch(seed)
        loss = network.loss_and_grad(x, y, w)
        twin.zero_grad()
        expected = (
            ((twin(torch.from_numpy(x)) - torch.from_numpy(y)) ** 2).mean(1) * torch.from_numpy(w[:, 0])
        ).mean()
        expected.backward()
        assert loss == pytest.approx(expected.item(), rel=1e-12)
        errors = relative_errors(network, network.grad, gradients(twin, network))
        assert max(error for array, error in errors.items() if array not in idle) < 1e-10, errors
    for array, statistic in network.statistics.items():
        torch_name = array.replace("variance", "var")
        np.testing.assert_allclose(statistic, twin.tensor(torch_name).numpy(), rtol=1e-12, err_msg=array)
    assert len(network.statistics) == (6 if name.startswith("batch") else 0)
    twin.eval()
    x, _, _ = case.batch(7)
    np.testing.assert_allclose(
        network.predict(x), twin(torch.from_numpy(x)).detach().numpy(), rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize("rows", [2, 3, 100])
def test_batch_norm_of_few_rows_and_of_many_is_torch_s(rows: int) -> None:
    case = replace(CASES["batch_norm, plain, numbers"], rows=rows, hidden=ActivationChoice("tanh", {}))
    network = case.network()
    twin = Twin(case, network)
    x, y, _ = case.batch()
    network.loss_and_grad(x, y)
    ((twin(torch.from_numpy(x)) - torch.from_numpy(y)) ** 2).mean().backward()
    weights = network.layout.n_weights
    np.testing.assert_allclose(
        network.grad[:weights], gradients(twin, network)[:weights], rtol=1e-8, atol=1e-12
    )
    for array, statistic in network.statistics.items():
        found = twin.tensor(array.replace("variance", "var")).numpy()
        np.testing.assert_allclose(statistic, found, rtol=1e-12)
