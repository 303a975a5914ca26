"""Decision trees, forests and isolation forests: float32 inputs, everything equal to the last bit."""

import numpy as np
from sklearn import ensemble as en
from sklearn import tree

from data import *
from registry import case, since

DT, DTR, ET, ETR = tree.DecisionTreeClassifier, tree.DecisionTreeRegressor, tree.ExtraTreeClassifier, tree.ExtraTreeRegressor
RF, RFR, EF, EFR = en.RandomForestClassifier, en.RandomForestRegressor, en.ExtraTreesClassifier, en.ExtraTreesRegressor
S = {"random_state": 0}
SHALLOW = {"max_depth": 4, "random_state": 0}
FOREST = {"n_estimators": 4, "max_depth": 4, "random_state": 0}

case("trees/tree-binary", "two string classes, grown out", lambda: DT(**S), X, ys, Xt)
case("trees/tree-binary-bools", "two boolean classes", lambda: DT(**SHALLOW), X, ybool, Xt)
case("trees/tree-multi", "three classes; leaves are mixed", lambda: DT(**{**SHALLOW, "max_depth": 2}), X, y3s, Xt)
case("trees/tree-entropy", "entropy, best-first growth", lambda: DT(criterion="entropy", max_leaf_nodes=6, **S), X, y3, Xt)
case("trees/tree-weights", "sample and class weights", lambda: DT(class_weight="balanced", **{**SHALLOW, "max_depth": 3}), X, y3, Xt, weights=weights)
case("trees/tree-multi-output", "two outputs of three and two classes", lambda: DT(**{**SHALLOW, "max_depth": 3}), X, Yc2, Xt)
case("trees/tree-multi-output-strings", "two outputs of string classes", lambda: DT(**{**SHALLOW, "max_depth": 3}), X, Yc2s, Xt)
case("trees/tree-one-leaf", "a tree that is one leaf", lambda: DT(**S), X, np.zeros(N, dtype=int), Xt)
case("trees/tree-one-row", "one row asked", lambda: DT(**SHALLOW), X, y3s, X1t)
case("trees/tree-columns", "fitted on a DataFrame", lambda: DT(**SHALLOW), Xdf, y3s, Xdft)
case("trees/tree-missing", "missing values", lambda: DT(**SHALLOW), Xn, y3, Xtn, first="1.3")
case("trees/tree-missing-unseen", "missing values only in the question", lambda: DT(**{**SHALLOW, "max_depth": 3}), np.where(np.arange(D) == 0, Xn, X), y3, np.where(np.arange(D) == 0, Xtn, Xt), first="1.3")
case("trees/tree-tenths", "one-decimal features: thresholds meet float32 rounding", lambda: DT(**S), Xtenths, y3, Xttenths)
case("trees/tree-pruned", "cost-complexity pruning", lambda: DT(ccp_alpha=0.02, **S), X, y3, Xt)
case("trees/tree-ten-classes", "ten classes, 60 features", lambda: DT(**SHALLOW), Xwide, y10s, Xtwide)
case("trees/tree-monotonic", "monotonic constraints", lambda: DT(monotonic_cst=[1, 0, 0, -1], **SHALLOW), X, yb, Xt, first="1.5")
case("trees/tree-large-values", "values beyond float32's whole numbers", lambda: DT(**S), np.round(X * 1e8) + 0.5, y3, np.round(Xt * 1e8) + 0.5)
case("trees/regressor", "regression, grown out", lambda: DTR(**S), X, yr, Xt)
case("trees/regressor-tenths", "one-decimal features", lambda: DTR(**S), Xtenths, yr, Xttenths)
case("trees/regressor-absolute-error", "leaf medians", lambda: DTR(criterion="absolute_error", **SHALLOW), X, yr, Xt)
case("trees/regressor-friedman", "friedman_mse", lambda: DTR(criterion="friedman_mse" if not since("1.9") else "squared_error", max_leaf_nodes=8, **S), X, yr, Xt)
case("trees/regressor-poisson", "poisson criterion", lambda: DTR(criterion="poisson", **SHALLOW), X, ycount, Xt)
case("trees/regressor-weights", "sample weights", lambda: DTR(**SHALLOW), X, yr, Xt, weights=weights)
case("trees/regressor-multi-output", "three targets", lambda: DTR(**SHALLOW), X, Yr3, Xt)
case("trees/regressor-missing", "missing values", lambda: DTR(**SHALLOW), Xn, yr, Xtn, first="1.3")
case("trees/regressor-float32", "fitted on float32", lambda: DTR(**SHALLOW), X.astype(np.float32), yr.astype(np.float32), Xt)
case("trees/extra-tree", "three classes", lambda: ET(**SHALLOW), X, y3s, Xt)
case("trees/extra-tree-multi-output", "two outputs", lambda: ET(**{**SHALLOW, "max_depth": 3}), X, Yc2, Xt)
case("trees/extra-tree-regressor", "regression", lambda: ETR(**SHALLOW), X, yr, Xt)
case("trees/extra-tree-regressor-multi-output", "two targets", lambda: ETR(**SHALLOW), X, Yr2, Xt)
case("trees/extra-tree-missing", "missing values", lambda: ET(**SHALLOW), Xn, y3, Xtn, first="1.7")

case("trees/forest-binary", "two classes", lambda: RF(**FOREST), X, ys, Xt)
case("trees/forest-multi", "three string classes", lambda: RF(**FOREST), X, y3s, Xt)
case("trees/forest-many", "a forest of 12 trees grown out", lambda: RF(n_estimators=12, max_features=None, **S), X, y3, Xt)
case("trees/forest-no-bootstrap", "no bootstrap, log loss", lambda: RF(bootstrap=False, criterion="log_loss", **FOREST), X, y3, Xt)
case("trees/forest-weights", "sample and balanced class weights, out-of-bag score", lambda: RF(class_weight="balanced_subsample", oob_score=True, **{**FOREST, "n_estimators": 8}), X, y3, Xt, weights=weights)
case("trees/forest-multi-output", "two outputs of three and two classes", lambda: RF(**FOREST), X, Yc2, Xt)
case("trees/forest-multi-output-strings", "two outputs of string classes", lambda: RF(**{**FOREST, "n_estimators": 3}), X, Yc2s, Xt)
case("trees/forest-multilabel", "three labels", lambda: RF(**{**FOREST, "n_estimators": 3}), X, Yml, Xt)
case("trees/forest-missing", "missing values", lambda: RF(**FOREST), Xn, y3s, Xtn, first="1.5")
case("trees/forest-ten-classes", "ten classes, 60 features", lambda: RF(**{**FOREST, "n_estimators": 2}), Xwide, y10s, Xtwide)
case("trees/forest-tenths", "one-decimal features", lambda: RF(n_estimators=4, **S), Xtenths, y3, Xttenths)
case("trees/forest-one-row", "one row asked", lambda: RF(**FOREST), X, y3s, X1t)
case("trees/forest-columns", "fitted on a DataFrame", lambda: RF(**FOREST), Xdf, ys, Xdft)
case("trees/forest-regressor", "regression", lambda: RFR(**FOREST), X, yr, Xt)
case("trees/forest-regressor-tenths", "one-decimal features, grown out", lambda: RFR(n_estimators=4, **S), Xtenths, yr, Xttenths)
case("trees/forest-regressor-multi-output", "two targets", lambda: RFR(**FOREST), X, Yr2, Xt)
case("trees/forest-regressor-weights", "sample weights, sampled rows", lambda: RFR(max_samples=0.6, **FOREST), X, yr, Xt, weights=weights)
case("trees/forest-regressor-missing", "missing values", lambda: RFR(**FOREST), Xn, yr, Xtn, first="1.5")
case("trees/forest-regressor-poisson", "poisson criterion", lambda: RFR(criterion="poisson", **FOREST), X, ycount, Xt)
case("trees/forest-regressor-wide", "60 features, 16 trees", lambda: RFR(**{**FOREST, "n_estimators": 16, "max_depth": 3}), Xwide, ywide, Xtwide)
case("trees/extra-trees", "three string classes", lambda: EF(**FOREST), X, y3s, Xt)
case("trees/extra-trees-binary-bootstrap", "two classes, bootstrap", lambda: EF(bootstrap=True, **FOREST), X, yb, Xt)
case("trees/extra-trees-multi-output", "two outputs", lambda: EF(**{**FOREST, "n_estimators": 3}), X, Yc2, Xt)
case("trees/extra-trees-missing", "missing values", lambda: EF(**FOREST), Xn, y3, Xtn, first="1.7")
case("trees/extra-trees-regressor", "regression", lambda: EFR(**FOREST), X, yr, Xt)
case("trees/extra-trees-regressor-multi-output", "three targets", lambda: EFR(**{**FOREST, "n_estimators": 3}), X, Yr3, Xt)
case("trees/extra-trees-regressor-missing", "missing values", lambda: EFR(**FOREST), Xn, yr, Xtn, first="1.7")

IF = en.IsolationForest
case("trees/isolation-forest", "automatic threshold", lambda: IF(n_estimators=6, max_samples=32, **S), X, None, Xt)
case("trees/isolation-forest-contamination", "a tenth of the rows are outliers", lambda: IF(n_estimators=5, contamination=0.1, **S), X, None, Xt)
case("trees/isolation-forest-features", "two features a tree, half of the rows, bootstrap", lambda: IF(n_estimators=5, max_features=2, max_samples=0.5, bootstrap=True, **S), X, None, Xt)
case("trees/isolation-forest-columns", "fitted on a DataFrame", lambda: IF(n_estimators=4, max_samples=16, contamination=0.2, **S), Xdf, None, Xdft)
case("trees/isolation-forest-tiny-samples", "two rows a tree", lambda: IF(n_estimators=6, max_samples=2, **S), X, None, Xt)
case("trees/isolation-forest-one-row", "one row asked", lambda: IF(n_estimators=4, max_samples=16, **S), X, None, X1t)

# --- beyond the first list --------------------------------------------------------------------------------------
case("trees/embedding", "leaves as one-hot columns", lambda: en.RandomTreesEmbedding(n_estimators=3, max_depth=2, random_state=0), X, None, Xt)
