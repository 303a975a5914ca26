"""Boosted trees: gradient boosting, histogram gradient boosting, AdaBoost."""

import numpy as np
import pandas as pd
from sklearn import ensemble as en
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from data import *
from registry import case, since

GB, GBR, HGB, HGBR = en.GradientBoostingClassifier, en.GradientBoostingRegressor, en.HistGradientBoostingClassifier, en.HistGradientBoostingRegressor
G = {"n_estimators": 3, "max_depth": 2, "random_state": 0}

case("boosting/gradient-binary", "two string classes", lambda: GB(**G), X, ys, Xt)
case("boosting/gradient-multi", "three classes", lambda: GB(**G), X, y3, Xt)
case("boosting/gradient-multi-strings", "three string classes", lambda: GB(**{**G, "n_estimators": 3}), X, y3s, Xt)
case("boosting/gradient-exponential", "exponential loss", lambda: GB(loss="exponential", **G), X, yb, Xt)
case("boosting/gradient-weights", "sample weights, subsample", lambda: GB(subsample=0.6, **G), X, y3, Xt, weights=weights)
case("boosting/gradient-init-zero", "no initial prediction", lambda: GB(init="zero", **G), X, yb, Xt)
case("boosting/gradient-init-zero-multi", "no initial prediction, three classes", lambda: GB(init="zero", **{**G, "n_estimators": 3}), X, y3, Xt)
# Gradient boosting hands float32 rows to the model it starts from; from 1.8 on that model also computes in float32.
SINGLE = {"rel": 1e-4, "abs": 1e-5, "reason": "scikit-learn evaluates the initial model in float32"}
for suffix, span in (("", {"last": "1.7"}), ("-single", {"first": "1.9", "tolerance": SINGLE})):
    case("boosting/gradient-init-estimator" + suffix, "a logistic regression to start from", lambda: GB(init=LogisticRegression(max_iter=300), **G), X, y3, Xt, exact=[], **span)
    case("boosting/gradient-init-bayes" + suffix, "naive Bayes to start from", lambda: GB(init=GaussianNB(var_smoothing=0.3), **G), X, ys, Xt, exact=[], **span)
    case("boosting/gradient-exponential-init" + suffix, "exponential loss, a logistic regression to start from", lambda: GB(loss="exponential", init=LogisticRegression(), **G), X, yb, Xt, exact=[], **span)
case("boosting/gradient-init-dummy", "a given dummy to start from", lambda: GB(init=DummyClassifier(strategy="prior"), **G), X, ys, Xt)
case("boosting/gradient-ten-classes", "ten classes, 60 features", lambda: GB(n_estimators=1, max_depth=2, random_state=0), Xwide, y10s, Xtwide)
case("boosting/gradient-one-row", "one row asked", lambda: GB(**G), X, ys, X1t)
case("boosting/gradient-columns", "fitted on a DataFrame", lambda: GB(**G), Xdf, ys, Xdft)
case("boosting/gradient-early-stop", "stopped early", lambda: GB(n_iter_no_change=2, **{**G, "n_estimators": 20}), X, yb, Xt)
case("boosting/gradient-raw-zero", "raw prediction of exactly 0", lambda: GB(init="zero", n_estimators=1, max_depth=1, random_state=0), np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 1, 0, 1]), np.array([[0.0], [1.0], [2.0]]))
case("boosting/gradient-regressor", "squared error", lambda: GBR(**G), X, yr, Xt)
case("boosting/gradient-regressor-tenths", "one-decimal features", lambda: GBR(**{**G, "max_depth": 4}), Xtenths, yr, Xttenths)
case("boosting/gradient-regressor-absolute", "absolute error", lambda: GBR(loss="absolute_error", **G), X, yr, Xt)
case("boosting/gradient-regressor-huber", "Huber loss", lambda: GBR(loss="huber", alpha=0.8, **G), X, yr, Xt)
case("boosting/gradient-regressor-quantile", "quantile loss", lambda: GBR(loss="quantile", alpha=0.8, **G), X, yr, Xt)
case("boosting/gradient-regressor-init-zero", "no initial prediction", lambda: GBR(init="zero", **G), X, yr, Xt)
case("boosting/gradient-regressor-init-ridge", "a ridge to start from: it sees float32 rows", lambda: GBR(init=Ridge(), **G), X, yr, Xt, exact=[],
     tolerance=SINGLE)  # fmt: skip
case("boosting/gradient-regressor-init-dummy", "a median to start from", lambda: GBR(init=DummyRegressor(strategy="median"), **G), X, yr, Xt)
case("boosting/gradient-regressor-weights", "sample weights, subsample, feature sampling", lambda: GBR(subsample=0.7, max_features=2, **G), X, yr, Xt, weights=weights)
case("boosting/gradient-regressor-wide", "60 features, 20 stages", lambda: GBR(n_estimators=20, max_depth=2, random_state=0), Xwide, ywide, Xtwide)

H = {"max_iter": 3, "min_samples_leaf": 4, "max_leaf_nodes": 6, "random_state": 0}
case("boosting/hist-binary", "two string classes", lambda: HGB(**H), X, ys, Xt)
case("boosting/hist-multi", "three string classes", lambda: HGB(**H), X, y3s, Xt)
case("boosting/hist-missing", "missing values", lambda: HGB(**H), Xn, y3, Xtn)
case("boosting/hist-missing-only-asked", "missing values only in the question", lambda: HGB(**H), X, yb, Xtn)
case("boosting/hist-weights", "sample weights, early stopping", lambda: HGB(early_stopping=True, n_iter_no_change=2, **{**H, "max_iter": 10}), X, yb, Xt, weights=weights)
case("boosting/hist-class-weight", "class weights", lambda: HGB(class_weight="balanced", **H), X, y3, Xt, first="1.3")
case("boosting/hist-monotonic", "monotonic constraints", lambda: HGB(monotonic_cst=[1, -1, 0, 0], **H), X, yb, Xt)
case("boosting/hist-one-row", "one row asked", lambda: HGB(**H), X, ys, X1t)
case("boosting/hist-columns", "fitted on a DataFrame", lambda: HGB(**H), Xdf, ys, Xdft)
case("boosting/hist-ten-classes", "ten classes, 60 features", lambda: HGB(max_bins=12, **{**H, "max_iter": 1}), Xwide, y10, Xtwide)
case("boosting/hist-stump-of-one-leaf", "trees of one leaf", lambda: HGB(max_iter=2, min_samples_leaf=50, random_state=0), X, yb, Xt)
case("boosting/hist-few-bins", "few bins", lambda: HGB(max_bins=5, **H), X, yb, Xt)
case("boosting/hist-float32", "fitted on float32", lambda: HGB(**H), X.astype(np.float32), y3, Xt)
case("boosting/hist-infinite", "a threshold of infinity", lambda: HGB(**H), np.where(X[:, :1] > 0.7, np.inf, X[:, :1]), yb, np.array([[1e308], [0.0], [-3.0], [0.69]]))
case("boosting/hist-regressor", "squared error", lambda: HGBR(**H), X, yr, Xt)
case("boosting/hist-regressor-missing", "missing values", lambda: HGBR(**H), Xn, yr, Xtn)
case("boosting/hist-regressor-absolute", "absolute error", lambda: HGBR(loss="absolute_error", **H), X, yr, Xt)
case("boosting/hist-regressor-poisson", "poisson loss", lambda: HGBR(loss="poisson", **H), X, ycount, Xt)
case("boosting/hist-regressor-quantile", "quantile loss", lambda: HGBR(loss="quantile", quantile=0.7, **H), X, yr, Xt)
case("boosting/hist-regressor-gamma", "gamma loss", lambda: HGBR(loss="gamma", **H), X, ypos, Xt, first="1.3")
case("boosting/hist-regressor-wide", "60 features", lambda: HGBR(max_bins=12, **{**H, "max_iter": 12}), Xwide, ywide, Xtwide)

# Categories: codes 0..3 beside numbers; questions hold unseen, negative and missing codes.
Xcat = np.c_[X[:, 0], Xc[:, 0], X[:, 1], Xc[:, 1]]
Xtcat = np.c_[Xt[:, 0], Xtc_unseen[:, 0], Xt[:, 1], Xtc_unseen[:, 1]].astype(float)
Xtcat[8, 1], Xtcat[9, 3], Xtcat[10, 1] = np.nan, -1.0, 3.0
Xcat_nan = Xcat.copy()
Xcat_nan[::7, 1] = np.nan
ycat = rounded(yr + np.array([0.0, 6.0, -4.0, 2.0])[Xc[:, 0]] + np.array([3.0, 0.0, -3.0, 1.0])[Xc[:, 1]])
ycatb, ycat3s = (ycat > np.median(ycat)).astype(int), np.array(["a", "b", "c"], dtype=object)[np.digitize(ycat, np.percentile(ycat, [33, 66]))]
HC = {**H, "max_leaf_nodes": 10}
case("boosting/hist-categories", "categories by index; unseen, negative and missing codes", lambda: HGB(categorical_features=[1, 3], **HC), Xcat, ycatb, Xtcat)
case("boosting/hist-categories-missing", "missing categories in training", lambda: HGB(categorical_features=[1, 3], **HC), Xcat_nan, ycat3s, Xtcat)
case("boosting/hist-categories-mask", "categories by mask", lambda: HGBR(categorical_features=[False, True, False, True], **HC), Xcat, ycat, Xtcat)
case("boosting/hist-categories-regressor", "categories by index, missing in training", lambda: HGBR(categorical_features=[1, 3], **HC), Xcat_nan, ycat, Xtcat)
case("boosting/hist-categories-only", "nothing but categories", lambda: HGBR(categorical_features=[0, 1, 2], **HC), Xc, ycat, Xtc_unseen)
many = np.random.RandomState(11).randint(0, 100, size=(120, 1))
case("boosting/hist-categories-many", "a hundred categories: bitsets of several words", lambda: HGBR(categorical_features=[0], **{**HC, "min_samples_leaf": 2}),
     many * 2.0, rounded(np.sin(many[:, 0] * 2.0) * 5), np.arange(-1, 256, 7).reshape(-1, 1) * 1.0)  # fmt: skip
case("boosting/hist-categories-interactions", "interaction constraints", lambda: HGBR(categorical_features=[1], interaction_cst=[{0, 1}, {2, 3}], **HC), Xcat, ycat, Xtcat, first="1.3")
FLOATS = ["age", "income", "score"]
case("boosting/hist-categories-names", "categories by column name", lambda: HGBR(categorical_features=["rooms"], **HC), dfn[FLOATS + ["rooms"]], yfn, dftn[FLOATS + ["rooms"]], first="1.3")


def categorical(f, names=("color", "city")):
    out = f.copy()
    for name in names:
        out[name] = pd.Categorical(out[name])
    return out


case("boosting/hist-categories-from-dtype", "pandas categories, unseen ones and missing values", lambda: HGBR(categorical_features="from_dtype", **HC), categorical(dfn), yfn, categorical(dftn_unseen), first="1.5")
case("boosting/hist-categories-from-dtype-classes", "pandas categories, three classes", lambda: HGB(categorical_features="from_dtype", **HC), categorical(df), yfs, categorical(dft), first="1.5")
case("boosting/hist-categories-strings", "string columns by name", lambda: HGBR(categorical_features=["color", "city"], **HC), dfn, yfn, dftn_unseen, first="1.5")

ADA, ADAR = en.AdaBoostClassifier, en.AdaBoostRegressor
SAMME = {} if since("1.8") else {"algorithm": "SAMME"}
SAMME_R = {} if since("1.7") else {"algorithm": "SAMME.R"}
BASE = "estimator" if since("1.2") else "base_estimator"


def stump(depth=1, **more):
    return {BASE: DecisionTreeClassifier(max_depth=depth, random_state=0), "n_estimators": 5, "random_state": 0, **more}


EXACT_ADA = ["decision_function"]
case("boosting/ada-default", "what each version takes by default", lambda: ADA(n_estimators=5, random_state=0), X, y3s, Xt)
case("boosting/ada-binary", "SAMME, two classes", lambda: ADA(**stump(), **SAMME), X, ys, Xt, exact=EXACT_ADA)
case("boosting/ada-multi", "SAMME, three classes", lambda: ADA(**stump(2), **SAMME), X, y3, Xt, exact=EXACT_ADA)
case("boosting/ada-real-binary", "SAMME.R, two classes", lambda: ADA(**stump(), **SAMME_R), X, yb, Xt, last="1.5")
case("boosting/ada-real-multi", "SAMME.R, three classes", lambda: ADA(**stump(2), **SAMME_R), X, y3s, Xt, last="1.5")
case("boosting/ada-weights", "sample weights, learning rate", lambda: ADA(**stump(2, learning_rate=0.5), **SAMME), X, y3, Xt, weights=weights)
case("boosting/ada-logistic", "logistic regressions inside", lambda: ADA(**{**stump(), BASE: LogisticRegression()}, **SAMME), X, y3, Xt)
case("boosting/ada-svc", "SVC without probabilities inside", lambda: ADA(**{**stump(), BASE: SVC(kernel="linear"), "n_estimators": 3}, **SAMME), X, yb, Xt)
case("boosting/ada-perfect", "the first tree is perfect: one estimator", lambda: ADA(**stump(8), **SAMME), X, ys, Xt)
case("boosting/ada-ten-classes", "ten classes, 60 features", lambda: ADA(**stump(3, n_estimators=3), **SAMME), Xwide, y10s, Xtwide)
case("boosting/ada-one-row", "one row asked", lambda: ADA(**stump(2), **SAMME), X, y3s, X1t)
case("boosting/ada-regressor", "regression: a weighted median", lambda: ADAR(n_estimators=6, random_state=0, **{BASE: DecisionTreeRegressor(max_depth=2)}), X, yr, Xt, exact=["predict"])
for loss in ("square", "exponential"):
    case("boosting/ada-regressor-" + loss, loss + " loss", lambda l=loss: ADAR(n_estimators=4, random_state=0, loss=l, **{BASE: DecisionTreeRegressor(max_depth=3)}), X, yr, Xt, exact=["predict"])
case("boosting/ada-regressor-linear", "linear regressions inside", lambda: ADAR(n_estimators=4, random_state=0, **{BASE: LinearRegression()}), X, yr, Xt)
case("boosting/ada-regressor-svr", "an SVR inside", lambda: ADAR(n_estimators=3, random_state=0, **{BASE: SVR()}), X[:30], yr[:30], Xt)
