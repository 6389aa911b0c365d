"""A neural network, its backpropagation, Adam and a training loop, as one would write them on a blackboard.

Start here. Everything else in `nn`, `optim` and `training` computes the same numbers (a test holds this file
equal to them, digit for digit but the last few), only faster, with more to choose from, and with an eye on
all that can go wrong. No other module uses this one.

Rows are examples: x (rows, inputs), y (rows, outputs). Layer k has weights W (inputs, outputs), a bias b
(outputs,) and an activation φ:

    z = x W + b,    a = φ(z),    and a is the x of the next layer

A derivative of the loss L is written with a d: dz is ∂L/∂z, and has the shape of z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^(−z))."""
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Matrix) -> Matrix:
    """e^z / Σ e^z over each row; taking its maximum from a row changes nothing, and avoids overflow."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


Function = Callable[[Array], Array]

# φ(z) and φ′(z)
ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
}


def mse(z: Matrix, y: Matrix) -> tuple[Vector, Matrix]:
    """ℓ = mean (z − y)² over a row's outputs,  ∂ℓ/∂z = 2 (z − y) / outputs."""
    return np.mean((z - y) ** 2, axis=1), 2 * (z - y) / z.shape[1]


def binary_cross_entropy(z: Matrix, y: Matrix) -> tuple[Vector, Matrix]:
    """ℓ = Σ −y log p − (1 − y) log(1 − p) with p = σ(z),  ∂ℓ/∂z = p − y."""
    p = sigmoid(z)
    return np.sum(-y * np.log(p) - (1 - y) * np.log(1 - p), axis=1), p - y


def cross_entropy(z: Matrix, y: Matrix) -> tuple[Vector, Matrix]:
    """ℓ = −Σ y log p with p = softmax(z) and y one-hot,  ∂ℓ/∂z = p − y."""
    p = softmax(z)
    return -np.sum(y * np.log(p), axis=1), p - y


@dataclass
class Layer:
    """z = x W + b,  a = φ(z)."""

    W: Matrix
    b: Vector
    activation: str

    def forward(self, x: Matrix) -> Matrix:
        """a; what backward needs is kept."""
        phi, _ = ACTIVATIONS[self.activation]
        self.x = x
        self.z = x @ self.W + self.b  # z = x W + b
        return phi(self.z)  # a = φ(z)

    def backward(self, da: Matrix, l1: float, l2: float) -> Matrix:
        """From da to dx, which is the da of the layer below; dW and db, with l1 Σ|W| + l2/2 Σ W² in L."""
        _, slope = ACTIVATIONS[self.activation]
        dz = da * slope(self.z)  # a = φ(z), so dz = da ∘ φ′(z)
        self.dW = self.x.T @ dz + l1 * np.sign(self.W) + l2 * self.W  # z = x W + b, so dW = xᵀ dz
        self.db = dz.sum(axis=0)  # db = Σ dz over the rows
        return dz @ self.W.T  # dx = dz Wᵀ


Loss = Callable[[Matrix, Matrix], tuple[Vector, Matrix]]


@dataclass
class Network:
    """Layers one after the other, and a loss that takes the outputs of the last for scores z."""

    layers: list[Layer]
    loss: Loss
    l1: float = 0.0
    l2: float = 0.0

    def forward(self, x: Matrix) -> Matrix:
        """The scores of rows x."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, x: Matrix, y: Matrix) -> float:
        """L, the mean of ℓ over the rows; the layers keep the gradients of L and the penalties."""
        losses, slope = self.loss(self.forward(x), y)
        da: Matrix = slope / len(x)
        for layer in reversed(self.layers):
            da = layer.backward(da, self.l1, self.l2)
        return float(losses.mean())

    def parameters(self) -> Iterator[tuple[Array, Array]]:
        """Every parameter array, and its gradient."""
        for layer in self.layers:
            yield layer.W, layer.dW
            yield layer.b, layer.db


class Adam:
    """Adaptive moments: Kingma & Ba 2015, Algorithm 1."""

    def __init__(self, rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8):
        self.rate, self.beta1, self.beta2, self.epsilon = rate, beta1, beta2, epsilon
        self.t = 0
        self.moments: list[tuple[Array, Array]] = []

    def step(self, network: Network) -> None:
        """θ ← θ − η m̂ / (√v̂ + ε) for every parameter array θ, from its gradient g."""
        parameters = [*network.parameters()]
        if self.t == 0:
            self.moments = [(np.zeros_like(g), np.zeros_like(g)) for _, g in parameters]
        self.t += 1
        for (theta, g), (m, v) in zip(parameters, self.moments, strict=True):
            m[...] = self.beta1 * m + (1 - self.beta1) * g  # m ← β₁ m + (1 − β₁) g
            v[...] = self.beta2 * v + (1 - self.beta2) * g**2  # v ← β₂ v + (1 − β₂) g²
            m_hat = m / (1 - self.beta1**self.t)  # m̂ = m / (1 − β₁ᵗ)
            v_hat = v / (1 - self.beta2**self.t)  # v̂ = v / (1 − β₂ᵗ)
            theta -= self.rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


def fit(
    network: Network, adam: Adam, x: Matrix, y: Matrix, epochs: int, batch: int, rng: np.random.Generator
) -> None:
    """Each epoch sees all rows once, in a new order, and takes a step after every batch of them."""
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            network.backward(x[rows], y[rows])
            adam.step(network)
