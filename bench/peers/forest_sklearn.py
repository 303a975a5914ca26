"""Predicts with a forest on command: writes 10,000 rows and their answers into the folder, then answers lines with milliseconds."""
import pickle
import sys
import time
from pathlib import Path

import numpy as np

model_path, folder = sys.argv[1:]
with open(model_path, "rb") as file:
    model = pickle.load(file)
rows = np.random.RandomState(1).randn(10000, model.n_features_in_)
rows.tofile(Path(folder) / "rows.f64")
model.predict(rows).tofile(Path(folder) / "answers.f64")

CALLS = {"batch": [rows], "row": [rows[i : i + 1] for i in range(50)]}

print("ready", flush=True)
for line in sys.stdin:
    calls = CALLS[line.strip()]
    start = time.perf_counter()
    for call in calls:
        model.predict(call)
    print((time.perf_counter() - start) * 1000 / len(calls), flush=True)
