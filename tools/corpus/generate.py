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
import warnings  # noqa: E402

warnings.filterwarnings("ignore")

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import sklearn  # noqa: E402

from record import answers, classes_of, methods_of, public_case, settle, write_answers  # noqa: E402
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

LARGE = 10_000  # bytes as a plain pickle, above which a model is always compressed


def container(case, estimator):
    """(file suffix, writer) of one model file, spread over the cases so that every reading path is met."""
    large = len(pickle.dumps(estimator, protocol=4)) > LARGE
    kind = zlib.crc32((case.name + MINOR).encode()) % (6 if large else 32)
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
    no_ties(estimator, case)

    methods = methods_of(estimator) if case.methods is None else case.methods
    expected = answers(estimator, methods, case.Xt)
    settle(estimator)
    text = public_case(case.name, case.about, case.versions(), estimator, covers, methods, case.Xt, case.exact, case.tolerance)

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
    suffix, write = container(case, estimator)
    write(estimator, os.path.join(folder, "%s.%s" % (MINOR, suffix)))
    write_answers(os.path.join(folder, MINOR + ".json"), expected)


def no_ties(estimator, case):
    """Refuses a question whose k-th and next neighbour are equally far: which one is taken is an accident."""
    if type(estimator).__name__ not in ("KNeighborsClassifier", "KNeighborsRegressor"):
        return
    k = estimator.n_neighbors
    if k < estimator.n_samples_fit_:
        distances, _ = estimator.kneighbors(case.Xt, n_neighbors=k + 1)
        tied = np.flatnonzero(distances[:, k] - distances[:, k - 1] < 1e-9 * distances[:, k])
        if len(tied):
            raise AssertionError("neighbours of rows %s are tied" % tied.tolist())


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
