"""Models in every form that scikit-learn users save them in, and what MLflow makes of the folders that Loadline writes.

    python test/store/saved_models.py save OUT      OUT/<model file or folder>; OUT/expected.json, predictions by name
    python test/store/saved_models.py load OUT      reads OUT/folders.json, folder by name; writes OUT/answers.json
"""

import json
import os
import pickle
import sys
import warnings

warnings.filterwarnings("ignore")

import cloudpickle  # noqa: E402
import joblib  # noqa: E402
import mlflow.pyfunc  # noqa: E402
import mlflow.sklearn  # noqa: E402
import pandas as pd  # noqa: E402
import skops.io  # noqa: E402
from mlflow.models import Model  # noqa: E402
from sklearn.compose import make_column_transformer  # noqa: E402
from sklearn.ensemble import RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402

# Whole numbers among the columns: MLflow refuses them where a signature says `double`.
ROWS = pd.DataFrame(
    {
        "area_m2": [50.5, 80.0, 120.25, 65.0, 200.0, 90.0],
        "rooms": [2, 3, 5, 2, 7, 4],
        "kind": ["flat", "flat", "house", "flat", "house", "house"],
    }
)
PRICES = [100.0, 170.0, 300.0, 120.0, 500.0, 210.0]
NUMBERS = ROWS[["area_m2", "rooms"]]


def save(out):
    linear = make_pipeline(StandardScaler(), LinearRegression()).fit(NUMBERS, PRICES)
    kinds = make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, ROWS["kind"])
    mixed = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough"), LinearRegression()
    ).fit(ROWS, PRICES)
    forest = RandomForestRegressor(n_estimators=3, random_state=0).fit(NUMBERS, PRICES)
    unnamed = LinearRegression().fit(NUMBERS.to_numpy(), PRICES)

    def dump(name, module, model):
        with open(os.path.join(out, name), "wb") as file:
            module.dump(model, file)

    dump("pickle.pkl", pickle, linear)
    dump("classes.pkl", pickle, kinds)
    dump("mixed.pkl", pickle, mixed)
    dump("unnamed.pkl", pickle, unnamed)
    joblib.dump(linear, os.path.join(out, "joblib.joblib"))
    joblib.dump(linear, os.path.join(out, "compressed.pkl.gz"), compress=("gzip", 3))
    skops.io.dump(linear, os.path.join(out, "skops.skops"))
    # skops does not trust the type of trees unless told to.
    skops.io.dump(forest, os.path.join(out, "forest.skops"))
    dump("cloudpickle.pkl", cloudpickle, linear)
    mlflow.sklearn.save_model(linear, os.path.join(out, "folder"), serialization_format="pickle", input_example=NUMBERS)
    models = {
        "pickle": (linear, NUMBERS),
        "classes": (kinds, NUMBERS),
        "mixed": (mixed, ROWS),
        "unnamed": (unnamed, NUMBERS.to_numpy()),
        "joblib": (linear, NUMBERS),
        "compressed": (linear, NUMBERS),
        "skops": (linear, NUMBERS),
        "forest": (forest, NUMBERS),
        "cloudpickle": (linear, NUMBERS),
        "folder": (linear, NUMBERS),
    }
    write(out, "expected.json", {name: model.predict(rows).tolist() for name, (model, rows) in models.items()})


def load(out):
    with open(os.path.join(out, "folders.json")) as file:
        folders = json.load(file)
    answers = {}
    for name, folder in folders.items():
        rows = {"mixed": ROWS, "unnamed": NUMBERS.to_numpy()}.get(name, NUMBERS)
        try:
            signature = Model.load(folder).signature
            answers[name] = {
                "sklearn": mlflow.sklearn.load_model(folder).predict(rows).tolist(),
                "pyfunc": mlflow.pyfunc.load_model(folder).predict(rows).tolist(),
                "inputs": None if signature is None else signature.inputs.input_names(),
            }
        except Exception as error:
            answers[name] = {"error": str(error)}
    write(out, "answers.json", answers)


def write(out, name, value):
    with open(os.path.join(out, name), "w") as file:
        json.dump(value, file)


if __name__ == "__main__":
    {"save": save, "load": load}[sys.argv[1]](sys.argv[2])
