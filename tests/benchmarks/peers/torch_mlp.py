"""A network for a table with torch, as a short script does it: read, standardize, a loop, judge, save."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from job import asked, draw, training_and_test_rows
from torch import nn

job = asked()
torch.manual_seed(0)
frame = pd.read_csv(job.table)
classes = np.unique(frame[job.target])
training, test = training_and_test_rows(frame, job.test)
mean = std = np.float32(0)


def tensors(rows: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    x = (rows.drop(columns=job.target).to_numpy(np.float32) - mean) / std
    y = np.searchsorted(classes, rows[job.target])
    return torch.from_numpy(x), torch.from_numpy(y)


values = training.drop(columns=job.target).to_numpy(np.float32)
mean, std = values.mean(axis=0), values.std(axis=0)
std[std == 0] = 1
x, y = tensors(training)

activation = nn.Tanh() if job.activation == "tanh" else nn.ReLU()
model = nn.Sequential(nn.Linear(x.shape[1], job.hidden), activation, nn.Linear(job.hidden, len(classes)))
optimizer = torch.optim.Adam(model.parameters(), lr=job.rate)
loss_of = nn.CrossEntropyLoss()

losses = []
for _ in range(job.epochs):
    total = 0.0
    for rows in torch.randperm(len(x)).split(job.batch):
        optimizer.zero_grad()
        loss = loss_of(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    losses.append(total / len(x))


def accuracy(x: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


print(f"training accuracy {accuracy(x, y):.4f}")
if len(test):
    print(f"test accuracy {accuracy(*tensors(test)):.4f}")

job.out.mkdir(parents=True, exist_ok=True)
torch.save(model.state_dict(), job.out / "model.pt")
draw(losses, job.out)
