"""Imputers."""

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.tree import DecisionTreeRegressor

from data import *
from registry import case, since

SI = SimpleImputer
for strategy in ("mean", "median", "most_frequent"):
    case("impute/simple-" + strategy.replace("_", "-"), "the %s of each column" % strategy.replace("_", " "), lambda s=strategy: SI(strategy=s), Xn, None, Xtn)
case("impute/simple-constant", "a constant", lambda: SI(strategy="constant", fill_value=-1.5), Xn, None, Xtn)
case("impute/simple-constant-default", "the default constant", lambda: SI(strategy="constant"), Xn, None, Xtn)
case("impute/simple-indicator", "with indicator columns", lambda: SI(strategy="median", add_indicator=True), np.where(np.arange(D) == 1, X, Xn), None, np.where(np.arange(D) == 1, Xt, Xtn))
case("impute/simple-strings", "strings: the most frequent", lambda: SI(strategy="most_frequent"), Xs_nan, None, Xts_nan)
case("impute/simple-strings-constant", "strings: a constant", lambda: SI(strategy="constant", fill_value="unknown"), Xs_nan, None, Xts_nan)
case("impute/simple-strings-constant-default", "strings: the default constant", lambda: SI(strategy="constant"), Xs_nan, None, Xts_nan)
case("impute/simple-none", "None marks what is missing", lambda: SI(missing_values=None, strategy="most_frequent"), Xs_none, None, Xts_none)
case("impute/simple-strings-indicator", "strings with indicator columns", lambda: SI(strategy="constant", fill_value="?", add_indicator=True), Xs_nan, None, Xts_nan)
case("impute/simple-marker", "0 marks what is missing", lambda: SI(missing_values=0, strategy="mean"), Xi.astype(float), None, Xti.astype(float))
case("impute/simple-marker-integers", "-1 marks what is missing, integers", lambda: SI(missing_values=-1, strategy="most_frequent"), np.where(Xi == 0, -1, Xi), None, np.where(Xti == 0, -1, Xti))
empty, emptyt = np.c_[np.full(N, np.nan), Xn[:, :2]], np.c_[Xtn[:, 3], Xtn[:, :2]]
case("impute/simple-empty-dropped", "a column without values is dropped", lambda: SI(strategy="mean"), empty, None, emptyt)
case("impute/simple-empty-kept", "a column without values is kept", lambda: SI(strategy="median", keep_empty_features=True), empty, None, emptyt, first="1.3")
case("impute/simple-empty-constant", "a column without values, constant", lambda: SI(strategy="constant", fill_value=7.0, keep_empty_features=True), empty, None, emptyt, first="1.3")
case("impute/simple-empty-indicator", "a column without values, indicators", lambda: SI(strategy="mean", add_indicator=True), empty, None, emptyt)
case("impute/simple-columns", "fitted on a DataFrame", lambda: SI(strategy="median"), dfn[["age", "income", "score", "rooms"]], None, dftn[["age", "income", "score", "rooms"]])
case("impute/simple-columns-strings", "fitted on a DataFrame of strings", lambda: SI(strategy="most_frequent"), dfn[["city", "color"]].astype(object), None, dftn[["city", "color"]].astype(object))
case("impute/simple-one-row", "one row asked", lambda: SI(), Xn, None, Xtn[3:4])
case("impute/simple-float32", "fitted on float32", lambda: SI(), Xn.astype(np.float32), None, Xtn, exact=[])
KI = KNNImputer
# The donors are summed in the order numpy.argpartition leaves them in, which the processor decides: three and more of
# them are not equal to the last bit even between two machines. Two are.
case("impute/knn", "five neighbours", lambda: KI(), Xn, None, Xtn)
case("impute/knn-two", "two neighbours", lambda: KI(n_neighbors=2), Xn, None, Xtn, exact=["transform"])
case("impute/knn-distance", "weighted by distance", lambda: KI(n_neighbors=3, weights="distance"), Xn, None, Xtn)
case("impute/knn-training-row", "weighted; a question is a training row", lambda: KI(n_neighbors=3, weights="distance"), Xn, None, Xn[:10])
case("impute/knn-indicator", "with indicator columns", lambda: KI(n_neighbors=3, add_indicator=True), Xn, None, Xtn)
case("impute/knn-empty", "a column without values", lambda: KI(n_neighbors=3), empty, None, emptyt)
case("impute/knn-empty-kept", "a column without values is kept", lambda: KI(n_neighbors=3, keep_empty_features=True), empty, None, emptyt, first="1.3")
case("impute/knn-no-common", "rows without a common value fall back to the mean", lambda: KI(n_neighbors=2), np.array([[1.0, np.nan], [np.nan, 2.0], [3.0, np.nan], [np.nan, 5.0]]), None, np.array([[np.nan, 3.0], [np.nan, np.nan], [2.0, np.nan]]), exact=["transform"])
case("impute/knn-few-donors", "fewer donors than neighbours", lambda: KI(n_neighbors=5), Xn[:6], None, Xtn)
case("impute/knn-columns", "fitted on a DataFrame", lambda: KI(n_neighbors=3), dfn[["age", "income", "score"]], None, dftn[["age", "income", "score"]])
MI = MissingIndicator
case("impute/indicator", "columns that miss values", lambda: MI(error_on_new=False), np.where(np.arange(D) == 1, X, Xn), None, np.where(np.arange(D) == 1, Xt, Xtn))
case("impute/indicator-all", "every column", lambda: MI(features="all"), Xn, None, Xtn)
case("impute/indicator-strings", "strings", lambda: MI(features="all"), Xs_nan, None, Xts_nan)
case("impute/indicator-marker", "0 marks what is missing", lambda: MI(missing_values=0, features="all"), Xi, None, Xti)

# --- beyond the first list --------------------------------------------------------------------------------------
II = IterativeImputer
case("impute/iterative", "Bayesian ridges in turn", lambda: II(random_state=0, max_iter=3), Xn, None, Xtn)
case("impute/iterative-bounds", "bounded, median first, nearest features", lambda: II(random_state=0, max_iter=2, min_value=-3, max_value=6, initial_strategy="median", n_nearest_features=2, imputation_order="descending"), Xn, None, Xtn)
case("impute/iterative-tree", "trees in turn, with indicator columns", lambda: II(DecisionTreeRegressor(max_depth=3, random_state=0), random_state=0, max_iter=2, add_indicator=True), Xn, None, Xtn)
case("impute/iterative-columns", "fitted on a DataFrame", lambda: II(random_state=0, max_iter=2), dfn[["age", "score", "rooms"]], None, dftn[["age", "score", "rooms"]])
