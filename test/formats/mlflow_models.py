"""Saves models with the MLflow at hand in every form of its scikit-learn flavor, and records what they answer.

    python test/formats/mlflow_models.py OUT

For each model OUT/models/NAME has case.json and MINOR.json as the corpus does, and a folder for each form. OUT/python is a
model of another flavor.
"""

import os
import sys
import warnings

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "corpus"))

import mlflow  # noqa: E402
import mlflow.pyfunc  # noqa: E402
import mlflow.sklearn  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy.sparse as sp  # noqa: E402
import sklearn  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from record import answers, classes_of, methods_of, public_case, write_answers  # noqa: E402
from sklearn import compose, ensemble, feature_extraction, impute, linear_model, pipeline, preprocessing, svm  # noqa: E402

MINOR = ".".join(sklearn.__version__.split(".")[:2])
FORMS = ["pickle", "cloudpickle"] + (["skops"] if not mlflow.__version__.startswith("2.") else [])

rs = np.random.RandomState(0)
N = 60
frame = pd.DataFrame({"area": rs.rand(N) * 100, "rooms": rs.randint(1, 6, N), "age": rs.rand(N) * 50})
price = frame["area"] * 3 + frame["rooms"] * 10 - frame["age"] + rs.randn(N)
mixed = frame.assign(kind=rs.choice(["flat", "house", "loft"], N))
holes = frame.mask(rs.rand(N, 3) < 0.1)
docs = [" ".join(rs.choice("red blue green fox dog sky wald".split(), 5)) for _ in range(N)]
high = np.where(price > price.median(), "high", "low")


def models():
    """Name, model, X, y, the example that is logged, whether a signature is."""
    yield "linear", linear_model.LinearRegression(), frame, price, frame.head(2), True
    yield "scaled", pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), frame, high, frame.head(3), True
    yield "array", svm.SVC(), frame.to_numpy(), high, frame.to_numpy()[:2], True
    yield "forest", ensemble.RandomForestClassifier(5, random_state=0), frame, high, frame.head(1), True
    yield "boosted", ensemble.HistGradientBoostingRegressor(max_iter=5), frame, price, frame.head(2).to_dict("records"), False
    columns = compose.make_column_transformer((preprocessing.OneHotEncoder(), ["kind"]), remainder="passthrough")
    yield "columns", pipeline.make_pipeline(columns, linear_model.Ridge()), mixed, price, mixed.head(2), True
    filled = pipeline.make_pipeline(impute.SimpleImputer(), linear_model.Lasso())
    yield "holes", filled, holes, price, holes.head(5), False
    words = pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), linear_model.SGDClassifier(random_state=0))
    yield "texts", words, docs, high, docs[:2], False
    yield "sparse", linear_model.Ridge(), sp.csr_matrix(frame.to_numpy()), price, sp.csr_matrix(frame.to_numpy()[:2]), True
    yield "params", linear_model.LinearRegression(), frame, price, (frame.head(2), {"threshold": 0.5}), True
    yield "unnamed", linear_model.LinearRegression(), frame.to_numpy(), price, pd.DataFrame(frame.to_numpy()[:2]), True


class Doubles(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


def main(out):
    for name, model, X, y, example, signed in models():
        model.fit(X, y)
        folder = os.path.join(out, "models", name)
        os.makedirs(folder)
        covers = set()
        classes_of(model, covers)
        with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as f:
            asked = X[:8]
            f.write(public_case("models/" + name, name, [MINOR], model, covers, methods_of(model), asked))
        write_answers(os.path.join(folder, MINOR + ".json"), answers(model, methods_of(model), asked))
        signature = infer_signature(X, model.predict(X)) if signed and not sp.issparse(X) else None
        for form in FORMS:
            trusted = {"skops_trusted_types": [
                "sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "numpy.dtype", "sklearn.utils._bunch.Bunch",
            ]} if form == "skops" else {}  # fmt: skip
            mlflow.sklearn.save_model(
                model, os.path.join(folder, form), serialization_format=form, signature=signature,
                input_example=example, pip_requirements=["scikit-learn"], **trusted,
            )  # fmt: skip
    mlflow.pyfunc.save_model(os.path.join(out, "python"), python_model=Doubles(), pip_requirements=["scikit-learn"])
    print(mlflow.__version__)


if __name__ == "__main__":
    main(sys.argv[1])
