"""Fits the models of the benchmarks into the folder given, with the answers scikit-learn gives to one row."""
import json
import pickle
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import make_regression
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def save(name, model, X):
    rows = X[:200]
    (out / f"{name}.pkl").write_bytes(pickle.dumps(model))
    (out / f"{name}.json").write_text(
        json.dumps({"rows": rows.tolist(), "prediction": model.predict(rows).tolist()})
    )


X, y = make_regression(2000, 4, random_state=0, noise=3.0)
linear = LinearRegression().fit(X, y)
save("linear", linear, X)
(out / "linear-coefficients.txt").write_text(",".join(repr(float(v)) for v in [*linear.coef_, linear.intercept_]))

X, y = make_regression(4000, 20, random_state=0, noise=3.0)
save("forest", RandomForestRegressor(100, random_state=0, n_jobs=1).fit(X, y), X)

# Brute-force neighbours over many rows: a model that takes a millisecond or more for every row it is asked.
X, y = make_regression(60000, 30, random_state=0, noise=3.0)
save("slow", KNeighborsRegressor(n_neighbors=5, algorithm="brute").fit(X, y), X)

# Two versions of one model of about 10 MB, told apart by what they answer; short numbers, so that requests are mostly
# trees and little JSON.
X, y = make_regression(4000, 20, random_state=0, noise=3.0)
X = X.round(2)
for version in (1, 2):
    save(f"version-{version}", RandomForestRegressor(28, random_state=version, n_jobs=1).fit(X, y), X)
