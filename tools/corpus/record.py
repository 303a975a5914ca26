"""How a fitted model and its answers are written down: case.json, <minor>.pkl and <minor>.json in one folder."""

import json
import platform

import joblib
import numpy as np
import pandas as pd
import scipy
import scipy.sparse as sp
import sklearn

METHODS = ["predict", "predict_proba", "decision_function", "transform", "score_samples"]

SCORE_SAMPLES = {"IsolationForest", "LocalOutlierFactor", "OneClassSVM"}

# What the published contract wants equal to the last bit, by method. Labels are compared by identity everywhere.
EXACT_TRANSFORM = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Binarizer", "PolynomialFeatures",
    "KBinsDiscretizer", "OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "LabelEncoder", "LabelBinarizer",
    "SimpleImputer", "MissingIndicator", "VarianceThreshold", "SelectKBest", "SelectPercentile",
    "CountVectorizer", "DictVectorizer",
}  # fmt: skip
EXACT_TREES = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
}  # fmt: skip
EXACT_RAW_BOOSTING = {
    "GradientBoostingClassifier", "GradientBoostingRegressor",
    "HistGradientBoostingClassifier", "HistGradientBoostingRegressor",
}  # fmt: skip
CONTAINERS_OF_STEPS = {"Pipeline", "FeatureUnion", "ColumnTransformer"}


def public_name(cls):
    """The importable name a user knows: sklearn.linear_model._ridge.Ridge -> sklearn.linear_model.Ridge."""
    parts = []
    for part in cls.__module__.split("."):
        if part.startswith("_"):
            break
        parts.append(part)
    return ".".join(parts + [cls.__name__])


def classes_of(value, found):
    """Adds the public names of all scikit-learn objects with parameters reachable from an unfitted estimator."""
    if isinstance(value, (list, tuple)):
        for item in value:
            classes_of(item, found)
    elif isinstance(value, dict):
        classes_of(list(value.values()), found)
    elif hasattr(value, "get_params") and not isinstance(value, type) and type(value).__module__.startswith(("sklearn.", "imblearn.pipeline")):
        found.add(public_name(type(value)))
        classes_of(list(value.get_params(deep=False).values()), found)


def exact_methods(estimator, covers, methods):
    """The methods of this estimator that the contract wants bit-exact."""
    name = type(estimator).__name__
    short = {c.rsplit(".", 1)[1] for c in covers}
    exact = []
    if "transform" in methods and short <= EXACT_TRANSFORM | CONTAINERS_OF_STEPS:
        exact.append("transform")
    if name in EXACT_TREES:
        exact += [m for m in ("predict", "predict_proba") if m in methods]
    if name in EXACT_RAW_BOOSTING:
        if "decision_function" in methods:
            exact.append("decision_function")
        elif getattr(estimator, "loss", "") not in ("poisson", "gamma"):
            exact.append("predict")
    return exact


def plain(value):
    """A fitted or predicted value as JSON: nested lists, non-finite numbers as strings."""
    if sp.issparse(value):
        value = value.toarray()
    if isinstance(value, (pd.DataFrame, pd.Series)):
        value = value.to_numpy()
    if isinstance(value, np.ndarray):
        if value.dtype == np.float32:
            value = value.astype(np.float64)
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and str(value) != "-0.0":
        return int(value)  # the same number to every JSON reader, in half the bytes
    return value


def scalar_input(value):
    """One cell as a user would send it: null for a missing value of any kind."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, dict):
        return {k: scalar_input(v) for k, v in value.items()}
    if isinstance(value, list):
        return [scalar_input(v) for v in value]
    return value


def input_rows(X):
    """The JSON rows a user would send for X, and their kind."""
    if sp.issparse(X):
        X = X.toarray()
    if isinstance(X, pd.DataFrame):
        columns = [str(c) for c in X.columns]
        return "objects", [
            {c: scalar_input(v) for c, v in zip(columns, row)} for row in X.itertuples(index=False, name=None)
        ]
    if isinstance(X, list) and isinstance(X[0], str):
        return "texts", X
    if isinstance(X, list) and isinstance(X[0], dict):
        return "records", [scalar_input(x) for x in X]
    X = np.asarray(X)
    if X.ndim == 1:
        return "labels", [scalar_input(v) for v in X]
    return "rows", [[scalar_input(v) for v in row] for row in X]


def call(estimator, method, X):
    value = getattr(estimator, method)(X)
    if method == "predict_proba" and isinstance(value, list):
        return {"outputs": [plain(v) for v in value]}
    return plain(value)


def settle(value, seen=None):
    """Zeroes what would differ between two runs: a search's clock readings, a vectorizer's memory address."""
    seen = set() if seen is None else seen
    if isinstance(value, (list, tuple)):
        for item in value:
            settle(item, seen)
    elif isinstance(value, np.ndarray) and value.dtype == object:
        settle(value.ravel().tolist(), seen)
    elif type(value).__module__.startswith("sklearn.") and hasattr(value, "__dict__") and id(value) not in seen:
        seen.add(id(value))
        if hasattr(value, "_stop_words_id"):
            value._stop_words_id = 0
        if hasattr(value, "refit_time_"):
            value.refit_time_ = 0.0
            for key, column in value.cv_results_.items():
                if key.endswith("_time"):
                    column[:] = 0.0
        settle(list(vars(value).values()), seen)


def lines(pairs, depth=1):
    """A JSON object with one line per key and, for long lists of rows, per row: small diffs, readable cases."""
    pad = " " * depth
    out = []
    for key, value in pairs:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if isinstance(value, list) and len(text) > 120 and key == "input":
            text = "[\n" + ",\n".join(pad * 2 + json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in value) + "\n" + pad + "]"
        elif isinstance(value, dict) and key == "expected":
            text = lines(value.items(), depth + 1)
        out.append(pad + json.dumps(key) + ": " + text)
    return "{\n" + ",\n".join(out) + "\n" + " " * (depth - 1) + "}"



def public_case(name, about, versions, estimator, covers, methods, asked, exact=None, tolerance=None):
    """The text of case.json."""
    kind, rows = input_rows(asked)
    fields = [("case", name), ("class", public_name(type(estimator))), ("covers", sorted(covers))]
    fields += [("description", about), ("versions", versions), ("methods", methods)]
    exact = exact_methods(estimator, covers, methods) if exact is None else exact
    if exact:
        fields.append(("exact", exact))
    if tolerance is not None:
        fields.append(("tolerance", tolerance))
    fields += [("inputKind", kind), ("input", rows)]
    return lines(fields) + "\n"


def methods_of(estimator):
    """The methods to record of a fitted estimator; score_samples only where an outlier detector answers it."""
    methods = [m for m in METHODS if hasattr(estimator, m)]
    return methods if type(estimator).__name__ in SCORE_SAMPLES else [m for m in methods if m != "score_samples"]


def answers(estimator, methods, asked):
    """What the estimator says to the rows asked, by method, with its classes."""
    expected = {m: call(estimator, m, asked) for m in methods if hasattr(estimator, m)}
    if not expected:
        raise AssertionError("no method to record")
    if hasattr(estimator, "classes_") and set(expected) & {"predict", "predict_proba", "decision_function"}:
        expected["classes"] = plain(estimator.classes_)
    return expected


def write_answers(path, expected):
    provenance = {
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "joblib": joblib.__version__,
        "pandas": pd.__version__,
        "python": platform.python_version(),
        "platform": "%s-%s" % (platform.system().lower(), platform.machine()),
    }
    with open(path, "w", encoding="utf-8") as f:
        f.write(lines([("provenance", provenance), ("expected", expected)]) + "\n")
