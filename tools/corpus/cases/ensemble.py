"""Bagging, voting, stacking."""

import numpy as np
from sklearn import ensemble as en
from sklearn import linear_model as lm
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from data import *
from registry import case, since

BASE = "estimator" if since("1.2") else "base_estimator"
BC, BR, VC, VR, SC, SR = en.BaggingClassifier, en.BaggingRegressor, en.VotingClassifier, en.VotingRegressor, en.StackingClassifier, en.StackingRegressor
B = {"n_estimators": 4, "random_state": 0}
LR, DT, DTR = lm.LogisticRegression, DecisionTreeClassifier, DecisionTreeRegressor


def bag(kind, estimator, **options):
    return lambda: kind(**{BASE: estimator(), **B, **options})


def dt(depth=3):
    return DT(max_depth=depth, random_state=0)


def dtr(depth=3):
    return DTR(max_depth=depth, random_state=0)


case("ensemble/bagging-trees", "trees, three string classes", bag(BC, dt), X, y3s, Xt, exact=["predict_proba"])
case("ensemble/bagging-features", "two features each, sampled with replacement", bag(BC, dt, max_features=2, bootstrap_features=True), X, y3, Xt, exact=["predict_proba"])
case("ensemble/bagging-logistic", "logistic regressions: has a decision function", bag(BC, LR), X, ys, Xt)
case("ensemble/bagging-svc", "SVC without probabilities: voting", bag(BC, SVC), X, y3s, Xt)
case("ensemble/bagging-ridge-classifier", "no probabilities, two classes", bag(BC, lm.RidgeClassifier, max_features=0.5), X, yb, Xt)
case("ensemble/bagging-knn", "neighbours on half of the rows", bag(BC, KNeighborsClassifier, max_samples=0.5, bootstrap=False), X, y3, Xt)
case("ensemble/bagging-default", "the default trees", lambda: BC(n_estimators=2, max_samples=0.4, random_state=0), X, yb, Xt, exact=["predict_proba"])
case("ensemble/bagging-missing-classes", "samples in which a class is missing", bag(BC, lambda: KNeighborsClassifier(3), max_samples=4, bootstrap=False), X, y3s, Xt)
case("ensemble/bagging-weights", "sample weights", bag(BC, dt, oob_score=True, n_estimators=8), X, y3, Xt, weights=weights)
case("ensemble/bagging-columns", "fitted on a DataFrame", bag(BC, dt, max_features=2), Xdf, ys, Xdft)
case("ensemble/bagging-regressor", "trees", bag(BR, dtr), X, yr, Xt, exact=["predict"])
case("ensemble/bagging-regressor-features", "three features each", bag(BR, dtr, max_features=3), X, yr, Xt, exact=["predict"])
case("ensemble/bagging-regressor-linear", "ridges", bag(BR, lm.Ridge), X, yr, Xt)
case("ensemble/bagging-regressor-multi-output", "two targets", bag(BR, dtr, n_estimators=2), X, Yr2, Xt)
case("ensemble/bagging-pipeline", "pipelines inside", bag(BC, lambda: make_pipeline(StandardScaler(), LR())), X, y3s, Xt)


def classifiers(last=None):
    return [("lr", LR(max_iter=300)), ("nb", GaussianNB()), ("dt", last if last is not None else dt())]


case("ensemble/voting-hard", "majority; ties go to the first label", lambda: VC(classifiers()), X, y3s, Xt)
case("ensemble/voting-hard-weights", "weighted majority", lambda: VC(classifiers(), weights=[2, 1, 1.5]), X, y3, Xt)
case("ensemble/voting-soft", "mean probability", lambda: VC(classifiers(), voting="soft"), X, y3s, Xt)
case("ensemble/voting-soft-weights", "weighted mean probability, two classes", lambda: VC(classifiers(), voting="soft", weights=[1, 2, 3]), X, ys, Xt)
case("ensemble/voting-drop", "one dropped", lambda: VC(classifiers("drop"), voting="soft", weights=[1, 2, 5]), X, y3, Xt)
case("ensemble/voting-hard-even", "two voters", lambda: VC(classifiers("drop")), X, yneg, Xt)
case("ensemble/voting-no-flatten", "transform not flattened", lambda: VC(classifiers(), voting="soft", flatten_transform=False), X, y3, Xt, methods=["predict", "predict_proba"])
case("ensemble/voting-columns", "pipelines over a DataFrame", lambda: VC([("a", make_pipeline(StandardScaler(), LR())), ("b", dt())], voting="soft"), Xdf, ys, Xdft)
case("ensemble/voting-multilabel-hard", "SVC and ridge without probabilities", lambda: VC([("svc", SVC()), ("ridge", lm.RidgeClassifier()), ("svc2", LinearSVC(random_state=0, dual=False))]), X, y3s, Xt)
case("ensemble/voting-regressor", "the mean of three", lambda: VR([("r", lm.Ridge()), ("t", dtr()), ("k", KNeighborsRegressor(3))]), X, yr, Xt)
case("ensemble/voting-regressor-weights", "weighted, one dropped", lambda: VR([("r", lm.Ridge()), ("t", "drop"), ("k", KNeighborsRegressor(3))], weights=[1, 7, 3]), X, yr, Xt)

LOGISTIC = {"final_estimator": LR()}
case("ensemble/stacking", "automatic methods: probabilities and decisions", lambda: SC([("lr", LR(max_iter=300)), ("svc", LinearSVC(random_state=0, dual=False)), ("nb", GaussianNB())], cv=3), X, y3s, Xt)
case("ensemble/stacking-binary", "two classes: one column of probabilities each", lambda: SC(classifiers(), cv=3), X, ys, Xt)
case("ensemble/stacking-predict", "stacked predictions", lambda: SC(classifiers(), stack_method="predict", cv=3), X, y3, Xt)
case("ensemble/stacking-proba", "stacked probabilities, rows passed through", lambda: SC(classifiers(), stack_method="predict_proba", passthrough=True, final_estimator=dt(), cv=3), X, y3s, Xt)
case("ensemble/stacking-decision", "stacked decisions", lambda: SC([("a", LR(max_iter=300)), ("b", SVC())], stack_method="decision_function", cv=3), X, y3, Xt)
case("ensemble/stacking-drop", "one dropped, rows passed through", lambda: SC(classifiers("drop"), passthrough=True, cv=3, **LOGISTIC), X, yb, Xt)
case("ensemble/stacking-prefit", "fitted before", lambda: SC([("lr", LR(max_iter=300).fit(X, y3)), ("dt", dt().fit(X, y3))], cv="prefit"), X, y3, Xt)
case("ensemble/stacking-columns", "over a DataFrame, rows passed through", lambda: SC([("lr", make_pipeline(StandardScaler(), LR())), ("dt", dt())], passthrough=True, cv=3), Xdf, ys, Xdft)
case("ensemble/stacking-multilabel", "three labels", lambda: SC([("dt", dt()), ("knn", KNeighborsClassifier(3))], final_estimator=KNeighborsClassifier(7), cv=3), X, Yml, Xt, first="1.3")
case("ensemble/stacking-nested", "a stack in a stack", lambda: SC([("s", SC(classifiers(), final_estimator=LR(), cv=3)), ("nb", GaussianNB())], cv=3), X, y3, Xt)
case("ensemble/stacking-regressor", "regression", lambda: SR([("r", lm.Ridge()), ("t", dtr())], cv=3), X, yr, Xt)
case("ensemble/stacking-regressor-passthrough", "rows passed through, a forest at the end", lambda: SR([("r", lm.Ridge()), ("s", SVR())], final_estimator=en.RandomForestRegressor(n_estimators=3, max_depth=3, random_state=0), passthrough=True, cv=3), X, yr, Xt)
case("ensemble/stacking-regressor-drop", "one dropped", lambda: SR([("r", lm.Ridge()), ("t", "drop")], cv=3, final_estimator=lm.LinearRegression()), X, yr, Xt)
