"""Searches, calibration, multiclass and multi-output wrappers."""

import numpy as np
from scipy import stats
from sklearn import linear_model as lm
from sklearn import multiclass as mc
from sklearn import multioutput as mo
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from data import *
from registry import case, since

LR = lm.LogisticRegression


def lr():
    return LR(max_iter=300)


def dt(depth=3):
    return DecisionTreeClassifier(max_depth=depth, random_state=0)


# --- searches ---------------------------------------------------------------------------------------------------
GRID = {"C": [0.1, 1.0]}
case("meta/grid-search", "a classifier chosen over a grid", lambda: GridSearchCV(lr(), GRID, cv=3), X, y3s, Xt)
case("meta/grid-search-pipeline", "a pipeline chosen over a grid", lambda: GridSearchCV(Pipeline([("s", StandardScaler()), ("p", PCA()), ("c", SVC())]), {"p__n_components": [2, 3], "c__C": [1.0, 3.0]}, cv=3), X, ys, Xt)
case("meta/grid-search-regressor", "a tree", lambda: GridSearchCV(DecisionTreeRegressor(random_state=0), {"max_depth": [2, 3]}, cv=3, scoring="neg_mean_absolute_error"), X, yr, Xt)
case("meta/grid-search-columns", "over a DataFrame", lambda: GridSearchCV(make_pipeline(StandardScaler(), lr()), {"logisticregression__C": [0.1, 1.0]}, cv=3), Xdf, ys, Xdft)
case("meta/grid-search-transformer", "a transformer", lambda: GridSearchCV(PCA(), {"n_components": [1, 2]}, cv=3), X, None, Xt)
case("meta/grid-search-refit-callable", "several scores", lambda: GridSearchCV(lr(), GRID, cv=3, scoring=["accuracy", "f1_macro"], refit="f1_macro"), X, y3, Xt)
case("meta/randomized-search", "a ridge from a list", lambda: RandomizedSearchCV(lm.Ridge(), {"alpha": [0.1, 1.0, 10.0]}, n_iter=2, cv=3, random_state=0), X, yr, Xt)
case("meta/randomized-search-scipy", "a classifier from a scipy distribution", lambda: RandomizedSearchCV(lr(), {"C": stats.loguniform(0.1, 10)}, n_iter=2, cv=3, random_state=0), X, ys, Xt)
HALVING = {"cv": 2, "random_state": 0, "min_resources": 20, "factor": 2}
case("meta/halving-grid-search", "a grid by halves", lambda: HalvingGridSearchCV(dt(), {"max_depth": [1, 2, 3]}, **HALVING), X, yb, Xt)
case("meta/halving-grid-search-regressor", "a ridge by halves", lambda: HalvingGridSearchCV(lm.Ridge(), {"alpha": [0.1, 1.0]}, **HALVING), X, yr, Xt)
case("meta/halving-random-search", "a random search by halves", lambda: HalvingRandomSearchCV(lr(), {"C": [0.1, 1.0, 10.0]}, **HALVING), X, ys, Xt)

# --- calibration ------------------------------------------------------------------------------------------------
CC = CalibratedClassifierCV


def svc():
    return LinearSVC(random_state=0, dual=False)


for method in ("sigmoid", "isotonic"):
    case("meta/calibrated-%s-binary" % method, "folds, decisions, two classes", lambda m=method: CC(svc(), cv=3, method=m), X, ys, Xt)
    case("meta/calibrated-%s-multi" % method, "folds, probabilities, three classes", lambda m=method: CC(GaussianNB(), cv=3, method=m), X, y3s, Xt)
    case("meta/calibrated-%s-multi-decisions" % method, "folds, decisions, three classes", lambda m=method: CC(svc(), cv=3, method=m), X, y3, Xt)
    case("meta/calibrated-%s-single" % method, "one calibrator", lambda m=method: CC(svc(), cv=3, method=m, ensemble=False), X, y3s, Xt)
    case("meta/calibrated-%s-single-binary" % method, "one calibrator, two classes", lambda m=method: CC(dt(), cv=3, method=m, ensemble=False), X, yb, Xt)


# What wraps the fitted model changed with 1.6: cv="prefit" before, FrozenEstimator after, and 1.8 took the former away.
case("meta/calibrated-prefit", "cv prefit, two classes", lambda: CC(svc().fit(X, ys), cv="prefit"), X, ys, Xt, last="1.7")
case("meta/calibrated-prefit-isotonic", "cv prefit, three classes", lambda: CC(GaussianNB().fit(X, y3), cv="prefit", method="isotonic"), X, y3, Xt, last="1.7")
if since("1.7"):
    from sklearn.frozen import FrozenEstimator

    case("meta/calibrated-frozen", "a frozen model, two classes", lambda: CC(FrozenEstimator(svc().fit(X, ys))), X, ys, Xt, first="1.7")
    case("meta/calibrated-frozen-isotonic", "a frozen model, three classes, one calibrator", lambda: CC(FrozenEstimator(GaussianNB().fit(X, y3)), method="isotonic", ensemble=False), X, y3, Xt, first="1.7")
    case("meta/frozen", "a frozen classifier", lambda: FrozenEstimator(lr().fit(X, y3s)), X, y3s, Xt, first="1.7")
case("meta/calibrated-temperature", "temperature, three classes", lambda: CC(lr(), cv=3, method="temperature"), X, y3s, Xt, first="1.9")
case("meta/calibrated-temperature-binary", "temperature, two classes, decisions", lambda: CC(svc(), cv=3, method="temperature"), X, ys, Xt, first="1.9")
case("meta/calibrated-temperature-proba", "temperature, probabilities", lambda: CC(GaussianNB(), cv=3, method="temperature", ensemble=False), X, y3, Xt, first="1.9")
case("meta/calibrated-forest", "a forest", lambda: CC(RandomForestClassifier(n_estimators=2, max_depth=3, random_state=0), cv=2), X, y3, Xt)
case("meta/calibrated-default", "the default classifier", lambda: CC(cv=3), X, ys, Xt)
case("meta/calibrated-columns", "a pipeline over a DataFrame", lambda: CC(make_pipeline(StandardScaler(), lr()), cv=3), Xdf, ys, Xdft)
case("meta/calibrated-ten-classes", "ten classes, 60 features", lambda: CC(svc(), cv=2), Xwide, y10s, Xtwide)

# --- multiclass -------------------------------------------------------------------------------------------------
OVR, OVO, OCC = mc.OneVsRestClassifier, mc.OneVsOneClassifier, mc.OutputCodeClassifier
case("meta/one-vs-rest", "three string classes", lambda: OVR(lr()), X, y3s, Xt)
case("meta/one-vs-rest-binary", "two classes", lambda: OVR(lr()), X, ys, Xt)
case("meta/one-vs-rest-multilabel", "three labels", lambda: OVR(lr()), X, Yml, Xt)
case("meta/one-vs-rest-constant", "a label always present and one never", lambda: OVR(lr()), X, np.c_[yb, np.ones(N, dtype=int), np.zeros(N, dtype=int)], Xt)
case("meta/one-vs-rest-decisions", "decisions only", lambda: OVR(svc()), X, y3, Xt)
case("meta/one-vs-rest-trees", "probabilities only; ties go to the last class", lambda: OVR(dt(1)), X, y3s, Xt)
case("meta/one-vs-rest-regressor", "a regressor inside", lambda: OVR(lm.Ridge()), X, y3, Xt)
case("meta/one-vs-rest-multilabel-trees", "three labels, trees", lambda: OVR(dt()), X, Yml, Xt)
case("meta/one-vs-one", "three string classes", lambda: OVO(svc()), X, y3s, Xt)
case("meta/one-vs-one-binary", "two classes", lambda: OVO(svc()), X, ys, Xt)
case("meta/one-vs-one-proba", "probabilities inside", lambda: OVO(GaussianNB()), X, y3, Xt)
case("meta/one-vs-one-trees", "trees inside", lambda: OVO(dt(2)), X, y3s, Xt)
case("meta/output-code", "error-correcting codes, decisions", lambda: OCC(svc(), code_size=3, random_state=0), X, y3s, Xt)
case("meta/output-code-proba", "error-correcting codes, probabilities", lambda: OCC(GaussianNB(), code_size=4, random_state=1), X, y3, Xt)

# --- multi-output -----------------------------------------------------------------------------------------------
MC, MR, CH, RCH = mo.MultiOutputClassifier, mo.MultiOutputRegressor, mo.ClassifierChain, mo.RegressorChain
case("meta/multi-output-classifier", "three labels", lambda: MC(lr()), X, Yml, Xt)
case("meta/multi-output-classifier-multi", "three and two classes", lambda: MC(dt()), X, Yc2, Xt)
case("meta/multi-output-classifier-strings", "string classes", lambda: MC(KNeighborsClassifier(5)), X, Yc2s, Xt)
case("meta/multi-output-classifier-decisions", "no probabilities", lambda: MC(svc()), X, Yml, Xt)
case("meta/multi-output-regressor", "two targets", lambda: MR(SVR()), X, Yr2, Xt)
case("meta/multi-output-regressor-boosting", "three targets, boosted trees", lambda: MR(GradientBoostingRegressor(n_estimators=3, max_depth=2, random_state=0)), X, Yr3, Xt)
case("meta/multi-output-regressor-columns", "over a DataFrame", lambda: MR(lm.Ridge()), Xdf, Yr2, Xdft)
case("meta/classifier-chain", "three labels in a chain", lambda: CH(lr()), X, Yml, Xt)
case("meta/classifier-chain-order", "a given order", lambda: CH(lr(), order=[2, 0, 1]), X, Yml, Xt)
case("meta/classifier-chain-random-cv", "a random order, links fitted over folds", lambda: CH(dt(), order="random", cv=3, random_state=1), X, Yml, Xt)
case("meta/classifier-chain-decisions", "decisions only", lambda: CH(svc()), X, Yml, Xt)
if since("1.5"):
    case("meta/classifier-chain-proba", "probabilities passed along", lambda: CH(lr(), chain_method="predict_proba"), X, Yml, Xt, first="1.5")
    case("meta/classifier-chain-decision-link", "decisions passed along", lambda: CH(lr(), chain_method="decision_function"), X, Yml, Xt, first="1.5")
case("meta/regressor-chain", "two targets in a chain", lambda: RCH(lm.Ridge()), X, Yr2, Xt)
case("meta/regressor-chain-order", "a given order, trees", lambda: RCH(DecisionTreeRegressor(max_depth=3, random_state=0), order=[1, 2, 0]), X, Yr3, Xt)
case("meta/regressor-chain-cv", "links fitted over folds", lambda: RCH(lm.Ridge(), cv=3, order=[1, 0]), X, Yr2, Xt)

# --- wrappers that keep the column names and hand arrays on -----------------------------------------------------
for name, make, target in (
    ("one-vs-rest", lambda: OVR(lr()), y3s),
    ("one-vs-one", lambda: OVO(svc()), y3s),
    ("output-code", lambda: OCC(svc(), code_size=3, random_state=0), y3s),
    ("multi-output-classifier", lambda: MC(dt()), Yc2),
    ("classifier-chain", lambda: CH(lr()), Yml),
    ("regressor-chain", lambda: RCH(lm.Ridge()), Yr2),
    ("bagging-over-columns", lambda: BaggingClassifier(n_estimators=2, max_samples=0.5, random_state=0), ys),
    ("ada-over-columns", lambda: AdaBoostClassifier(n_estimators=3, random_state=0), ys),
    ("ransac", lambda: lm.RANSACRegressor(random_state=0), yr),
    ("target", lambda: TransformedTargetRegressor(lm.Ridge(), transformer=StandardScaler()), yr),
    ("rfe", lambda: RFE(lr(), n_features_to_select=2), ys),
    ("from-model", lambda: SelectFromModel(lr()), ys),
    ("randomized-search", lambda: RandomizedSearchCV(lr(), {"C": [0.1, 1.0]}, n_iter=1, cv=3, random_state=0), ys),
    ("k-bins", lambda: KBinsDiscretizer(3, strategy="uniform", encode="ordinal"), None),
    ("label-free-union", lambda: FeatureUnion([("a", StandardScaler()), ("b", PCA(1))]), None),
):
    case("meta/%s-columns" % name, "over a DataFrame", make, Xdf, target, Xdft)

# --- beyond the first list, cheap -------------------------------------------------------------------------------
for strategy in ("prior", "most_frequent", "constant"):
    constant = {"constant": "virginica"} if strategy == "constant" else {}
    case("meta/dummy-" + strategy.replace("_", "-"), "a dummy, " + strategy, lambda s=strategy, k=constant: DummyClassifier(strategy=s, **k), X, y3s, Xt)
for strategy in ("mean", "median", "quantile"):
    case("meta/dummy-regressor-" + strategy, "a dummy, " + strategy, lambda s=strategy: DummyRegressor(strategy=s, quantile=0.3 if s == "quantile" else None), X, yr, Xt)
case("meta/dummy-regressor-multi-output", "a dummy, two targets", lambda: DummyRegressor(), X, Yr2, Xt)
case("meta/isotonic", "isotonic regression, clipped", lambda: IsotonicRegression(out_of_bounds="clip"), X[:, 0], yr, Xt[:, 0], methods=["predict"])
if since("1.5"):
    from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

    case("meta/fixed-threshold", "a threshold of 0.3", lambda: FixedThresholdClassifier(lr(), threshold=0.3), X, ys, Xt, first="1.5")
    case("meta/tuned-threshold", "a tuned threshold", lambda: TunedThresholdClassifierCV(lr(), cv=3), X, yb, Xt, first="1.5")
