"""Feature selection."""

import numpy as np
import scipy.sparse as sp
from sklearn import feature_selection as fs
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from data import *
from registry import case, since

PLAIN = ["transform"]
case("selection/variance", "a column without variance goes", lambda: fs.VarianceThreshold(), np.c_[X, np.full(N, 3.0)], None, np.c_[Xt, np.arange(T) * 1.0])
case("selection/variance-threshold", "variance of at least 0.5; missing values", lambda: fs.VarianceThreshold(0.5), Xn, None, Xtn)
case("selection/k-best", "two best by F", lambda: fs.SelectKBest(k=2), X, y3, Xt)
case("selection/k-best-all", "all kept", lambda: fs.SelectKBest(k="all"), X, y3, Xt)
case("selection/k-best-ties", "equal scores", lambda: fs.SelectKBest(k=2), np.c_[X[:, 0], X[:, 0], X[:, 0]], yb, np.c_[Xt[:, 0], Xt[:, 1], Xt[:, 2]])
case("selection/k-best-nan-scores", "a constant column scores NaN", lambda: fs.SelectKBest(k=2), np.c_[np.full(N, 1.0), X[:, :2]], yb, Xt[:, :3])
case("selection/k-best-chi2", "chi-squared of counts", lambda: fs.SelectKBest(fs.chi2, k=2), Xi, y3, Xti)
case("selection/k-best-regression", "F of a regression", lambda: fs.SelectKBest(fs.f_regression, k=3), X, yr, Xt)
case("selection/k-best-mutual", "mutual information", lambda: fs.SelectKBest(fs.mutual_info_classif, k=2), np.round(X), y3, Xt)
case("selection/k-best-columns", "fitted on a DataFrame", lambda: fs.SelectKBest(k=2), Xdf, yb, Xdft)
case("selection/percentile", "the better half", lambda: fs.SelectPercentile(percentile=50), X, y3, Xt)
case("selection/percentile-ties", "equal scores at the border", lambda: fs.SelectPercentile(percentile=40), np.c_[X[:, 0], X[:, 0], X[:, 0], X[:, 1], X[:, 0]], yb, np.c_[Xt, Xt[:, 0]])
case("selection/percentile-all", "all kept", lambda: fs.SelectPercentile(percentile=100), X, y3, Xt)
case("selection/percentile-wide", "60 features", lambda: fs.SelectPercentile(fs.f_regression, percentile=10), Xwide, ywide, Xtwide)
FM = fs.SelectFromModel
case("selection/from-model-lasso", "non-zero coefficients", lambda: FM(Lasso(alpha=0.8)), X, yr, Xt)
case("selection/from-model-median", "importances above the median", lambda: FM(ExtraTreesClassifier(n_estimators=4, max_depth=3, random_state=0), threshold="median"), X, y3, Xt)
case("selection/from-model-mean", "1.25 times the mean", lambda: FM(LogisticRegression(max_iter=300), threshold="1.25*mean"), X, y3, Xt)
case("selection/from-model-scaled-median", "0.5 times the median", lambda: FM(RandomForestRegressor(n_estimators=3, max_depth=3, random_state=0), threshold="0.5*median"), X, yr, Xt)
case("selection/from-model-number", "a number", lambda: FM(Ridge(), threshold=2.0), X, yr, Xt)
case("selection/from-model-max-features", "at most two", lambda: FM(LinearRegression(), max_features=2, threshold=-np.inf), X, yr, Xt)
case("selection/from-model-max-and-threshold", "at most three, above the mean", lambda: FM(LinearRegression(), max_features=3), X, Yr2, Xt)
case("selection/from-model-norm", "largest coefficient over the classes", lambda: FM(LogisticRegression(max_iter=300), norm_order=np.inf, threshold="mean"), X, y3, Xt)
case("selection/from-model-prefit", "fitted before", lambda: FM(Lasso(alpha=0.8).fit(X, yr), prefit=True), X, yr, Xt)
case("selection/from-model-getter", "importances by attribute path", lambda: FM(LogisticRegression(max_iter=300), importance_getter="coef_"), X, yb, Xt)
RFE, RFECV = fs.RFE, fs.RFECV
case("selection/rfe", "two features", lambda: RFE(LogisticRegression(max_iter=300), n_features_to_select=2), X, ys, Xt)
case("selection/rfe-tree", "three features of a tree", lambda: RFE(DecisionTreeClassifier(max_depth=3, random_state=0), n_features_to_select=3, step=0.5), X, y3s, Xt)
case("selection/rfe-regressor", "half of the features", lambda: RFE(LinearRegression()), X, yr, Xt)
case("selection/rfe-svc", "a linear SVC", lambda: RFE(SVC(kernel="linear"), n_features_to_select=2), X, y3, Xt)
case("selection/rfecv", "as many as score best", lambda: RFECV(LogisticRegression(max_iter=300), cv=3), X, yb, Xt)
case("selection/rfecv-regressor", "a ridge", lambda: RFECV(Ridge(), cv=3, min_features_to_select=2), Xdf, yr, Xdft)
for name, make in (("fpr", lambda: fs.SelectFpr(alpha=0.01)), ("fdr", lambda: fs.SelectFdr(alpha=0.05)), ("fwe", lambda: fs.SelectFwe(alpha=0.05))):
    case("selection/" + name, "selected by p-value", make, X, yb, Xt)
case("selection/generic", "GenericUnivariateSelect", lambda: fs.GenericUnivariateSelect(mode="k_best", param=2), X, yb, Xt)
case("selection/sequential", "forward selection", lambda: fs.SequentialFeatureSelector(LinearRegression(), n_features_to_select=2, cv=3), X, yr, Xt)
