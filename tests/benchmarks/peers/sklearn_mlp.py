"""A network for a table with scikit-learn, as a short script does it: read, standardize, fit, judge, save."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from job import asked, draw, training_and_test_rows
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

job = asked()
training, test = training_and_test_rows(pd.read_csv(job.table), job.test)
scaler = StandardScaler()
x = scaler.fit_transform(training.drop(columns=job.target).to_numpy(np.float32))

model = MLPClassifier(
    hidden_layer_sizes=(job.hidden,),
    activation=job.activation,
    solver="adam",
    alpha=0.0,
    batch_size=job.batch,
    learning_rate_init=job.rate,
    max_iter=job.epochs,
    n_iter_no_change=job.epochs,  # every epoch is trained
    random_state=0,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)
    model.fit(x, training[job.target])

print(f"training accuracy {model.score(x, training[job.target]):.4f}")
if len(test):
    x_test = scaler.transform(test.drop(columns=job.target).to_numpy(np.float32))
    print(f"test accuracy {model.score(x_test, test[job.target]):.4f}")

job.out.mkdir(parents=True, exist_ok=True)
weights = {f"weight{index}": weight for index, weight in enumerate(model.coefs_)}
biases = {f"bias{index}": bias for index, bias in enumerate(model.intercepts_)}
np.savez(job.out / "model.npz", **weights, **biases)
draw(model.loss_curve_, job.out)
