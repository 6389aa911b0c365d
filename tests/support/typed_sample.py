"""What a type checker has to take: the estimators where scikit-learn takes its own, and the frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import mlpcli
from mlpcli.sklearn import MLPClassifier, MLPRegressor

flowers = pd.read_csv("data/iris.csv")
X, y = flowers.drop(columns="species"), flowers["species"]
print(cross_val_score(MLPClassifier(random_state=0), X, y))
fitted = MLPClassifier(layers=("auto", 8, "auto"), optimizer="adam", validation=0.2).fit(X, y)
print(fitted.score(X, y), fitted.predict(X).shape, fitted.predict_proba(X)[:, 0], fitted.classes_)
again = clone(fitted)
print(fitted.get_params()["layers"], make_pipeline(again).fit(X, y))
search = GridSearchCV(MLPRegressor(), {"l2": [0.1, 0.01]}).fit(np.eye(9), np.arange(9.0))
print(search.best_estimator_, MLPRegressor().set_params(l2=0.1).fit(np.eye(9), np.arange(9.0)).n_iter_)

run = mlpcli.train("configs/iris.yaml", output="runs/typed")
model: mlpcli.TrainedModel = mlpcli.load(run.directory / "model.npz")
print(model.predict(flowers), model.predict_proba(flowers), model.classes)
