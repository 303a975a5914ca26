"""Fits the corpus' models under the scikit-learn that runs this script and writes each of them with its outputs.

    python tools/corpus/generate.py --out corpus [--only 'linear/*']

One run writes one version's files (``<minor>.pkl`` and ``<minor>.json``); ``tools/corpus/generate-all.sh`` runs it under
every pinned version. The first version a case exists for writes its ``case.json``; every later one must arrive at the
same bytes, so that all versions are asked the same question.
"""

import argparse
import fnmatch
import glob
import importlib
import json
import os
import shutil
import sys
import time
import zlib

sys.dont_write_bytecode = True

# Iteration order of str sets reaches the pickles (stop words), so a fixed hash seed is part of reproducibility.
PINNED_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SCIPY_ARRAY_API": "0",
}
if any(os.environ.get(key) != value for key, value in PINNED_ENVIRONMENT.items()):
    os.environ.update(PINNED_ENVIRONMENT)
    os.execv(sys.executable, [sys.executable, *sys.argv])

import pickle  # noqa: E402
import platform  # noqa: E402
import warnings  # noqa: E402

warnings.filterwarnings("ignore")

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy  # noqa: E402
import scipy.sparse as sp  # noqa: E402
import sklearn  # noqa: E402

from registry import CASES, MINOR, MINORS  # noqa: E402

AREAS = [
    "linear",
    "trees",
    "boosting",
    "neighbors",
    "svm",
    "kernels",
    "bayes",
    "neural",
    "cluster",
    "decomposition",
    "preprocessing",
    "impute",
    "selection",
    "text",
    "compose",
    "ensemble",
    "meta",
]

METHODS = ["predict", "predict_proba", "decision_function", "transform", "score_samples"]

SCORE_SAMPLES = {"IsolationForest", "OneClassSVM"}

# What the published contract wants equal to the last bit, by method. Labels are compared by identity everywhere.
EXACT_TRANSFORM = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Binarizer", "PolynomialFeatures",
    "KBinsDiscretizer", "OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "LabelEncoder", "LabelBinarizer",
    "SimpleImputer", "KNNImputer", "MissingIndicator", "VarianceThreshold", "SelectKBest", "SelectPercentile",
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
    elif hasattr(value, "get_params") and not isinstance(value, type) and type(value).__module__.startswith("sklearn"):
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


def container(case):
    """(file suffix, writer) of one model file, spread over the cases so that every reading path is met."""
    if "wide" in case.name or "ten-classes" in case.name:
        kind = zlib.crc32((case.name + MINOR).encode()) % 6  # the large ones are always compressed
    elif case.container is not None:
        kind = case.container
    else:
        kind = zlib.crc32((case.name + MINOR).encode()) % 32
    compressions = {0: ("gz", "gzip"), 1: ("z", "zlib"), 2: ("bz2", "bz2"), 3: ("lzma", "lzma"), 4: ("xz", "xz"), 5: ("lz4", "lz4")}
    if kind in compressions:
        suffix, name = compressions[kind]
        return "joblib." + suffix, lambda e, f: joblib.dump(e, f, compress=(name, 3))
    if kind in (6, 7):
        return "joblib", lambda e, f: joblib.dump(e, f)
    protocol = {8: 0, 9: 1, 10: 2, 11: 2, 12: 3, 13: 3, 14: 5, 15: 5, 16: 5}.get(kind, 4)

    def write(estimator, path):
        with open(path, "wb") as f:
            pickle.dump(estimator, f, protocol=protocol)

    return "pkl", write


def settle(estimator):
    """Zeroes the clock readings a search keeps, the one thing that would differ between two runs."""
    if hasattr(estimator, "refit_time_"):
        estimator.refit_time_ = 0.0
        for key, column in estimator.cv_results_.items():
            if key.endswith("_time"):
                column[:] = 0.0


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


def generate(case, out):
    np.random.seed(0)
    estimator = case.make()
    covers = set()
    classes_of(estimator, covers)
    if case.fit is not None:
        fitted = case.fit(estimator)
        estimator = estimator if fitted is None else fitted
    else:
        kwargs = {} if case.weights is None else {"sample_weight": case.weights}
        estimator = estimator.fit(case.X, **kwargs) if case.y is None else estimator.fit(case.X, case.y, **kwargs)
    classes_of(estimator, covers)
    settle(estimator)

    methods = case.methods
    if methods is None:
        methods = [m for m in METHODS if hasattr(estimator, m)]
        if type(estimator).__name__ not in SCORE_SAMPLES:
            methods = [m for m in methods if m != "score_samples"]
    expected = {m: call(estimator, m, case.Xt) for m in methods if hasattr(estimator, m)}
    if not expected:
        raise AssertionError("no method to record")
    if hasattr(estimator, "classes_") and set(expected) & {"predict", "predict_proba", "decision_function"}:
        expected["classes"] = plain(estimator.classes_)

    kind, rows = input_rows(case.Xt)
    description = [("case", case.name), ("class", public_name(type(estimator))), ("covers", sorted(covers))]
    description += [("description", case.about), ("versions", case.versions()), ("methods", methods)]
    exact = exact_methods(estimator, covers, methods) if case.exact is None else case.exact
    if exact:
        description.append(("exact", exact))
    if case.tolerance is not None:
        description.append(("tolerance", case.tolerance))
    description += [("inputKind", kind), ("input", rows)]
    text = lines(description) + "\n"

    folder = os.path.join(out, case.name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "case.json")
    if MINOR == case.versions()[0] or not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    else:
        with open(path, encoding="utf-8") as f:
            if f.read() != text:
                raise AssertionError("case.json differs from the one an earlier version wrote")

    for old in glob.glob(os.path.join(folder, MINOR + ".*")):
        os.remove(old)
    suffix, write = container(case)
    write(estimator, os.path.join(folder, "%s.%s" % (MINOR, suffix)))
    provenance = {
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "joblib": joblib.__version__,
        "pandas": pd.__version__,
        "python": platform.python_version(),
        "platform": "%s-%s" % (platform.system().lower(), platform.machine()),
    }
    with open(os.path.join(folder, MINOR + ".json"), "w", encoding="utf-8") as f:
        f.write(lines([("provenance", provenance), ("expected", expected)]) + "\n")


def prune(out, names):
    """Removes folders and versions of cases that are no longer defined."""
    for path in glob.glob(os.path.join(out, "*", "*", "case.json")):
        folder = os.path.dirname(path)
        name = os.path.relpath(folder, out).replace(os.sep, "/")
        if name not in names:
            shutil.rmtree(folder)
            continue
        if MINOR not in names[name].versions():
            for old in glob.glob(os.path.join(folder, MINOR + ".*")):
                os.remove(old)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="the corpus folder")
    parser.add_argument("--only", default="*", help="a shell pattern of case names; default all")
    parser.add_argument("--slow", type=float, default=5.0, help="name cases that take longer, in seconds")
    options = parser.parse_args()
    for area in AREAS:
        importlib.import_module("cases." + area)
    names = {case.name: case for case in CASES}
    if len(names) != len(CASES):
        raise SystemExit("case names are not unique: %s" % sorted({c.name for c in CASES if CASES.count(c) > 1}))
    if options.only == "*":
        prune(options.out, names)
    failures = []
    done = 0
    for case in CASES:
        if MINOR not in case.versions() or not fnmatch.fnmatch(case.name, options.only):
            continue
        started = time.time()
        try:
            generate(case, options.out)
            done += 1
        except Exception as error:
            failures.append("%s: %s: %s" % (case.name, type(error).__name__, str(error)[:300]))
        if time.time() - started > options.slow:
            print("  slow: %s %.1f s" % (case.name, time.time() - started))
    print("scikit-learn %s: %d cases written, %d failed" % (sklearn.__version__, done, len(failures)))
    for failure in failures:
        print("  " + failure)
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    assert MINOR in MINORS, "no corpus version: scikit-learn %s" % sklearn.__version__
    main()
