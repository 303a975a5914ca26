"""Nearest neighbours and centroids."""

import numpy as np
from sklearn import neighbors as ne

from data import *
from registry import case, since

KC, KR, RC, RR, NC = ne.KNeighborsClassifier, ne.KNeighborsRegressor, ne.RadiusNeighborsClassifier, ne.RadiusNeighborsRegressor, ne.NearestCentroid

case("neighbors/knn", "five neighbours, string classes", lambda: KC(), X, y3s, Xt)
case("neighbors/knn-binary", "two classes, one neighbour", lambda: KC(1), X, yb, Xt)
case("neighbors/knn-even", "four neighbours: vote ties go to the first class", lambda: KC(4), X, y3, Xt)
case("neighbors/knn-distance", "weighted by distance; one question is a training row", lambda: KC(weights="distance"), X, y3s, Xt)
case("neighbors/knn-multi-output", "two outputs", lambda: KC(), X, Yc2, Xt)
case("neighbors/knn-multi-output-distance", "two outputs of strings, weighted", lambda: KC(weights="distance"), X, Yc2s, Xt)
case("neighbors/knn-multilabel", "three labels", lambda: KC(), X, Yml, Xt)
case("neighbors/knn-one-row", "one row asked", lambda: KC(), X, y3s, X1t)
case("neighbors/knn-columns", "fitted on a DataFrame", lambda: KC(), Xdf, ys, Xdft)
case("neighbors/knn-column-target", "target of shape [n, 1]", lambda: KC(), X, y3.reshape(-1, 1), Xt)
case("neighbors/knn-float32", "fitted on float32", lambda: KC(), X.astype(np.float32), y3, Xt)
case("neighbors/knn-ten-classes", "ten classes, 60 features, twelve neighbours", lambda: KC(12), Xhalf, y10shalf, Xtwide)
case("neighbors/knn-more-training-rows", "sixty rows through a k-d tree of leaf size 5", lambda: KC(algorithm="kd_tree", leaf_size=5), X, y3, Xt)
for algorithm in ("brute", "kd_tree", "ball_tree"):
    for metric, extra in (("euclidean", {}), ("manhattan", {}), ("chebyshev", {}), ("minkowski", {"p": 3}), ("minkowski", {"p": 1.5})):
        if algorithm != "brute" and metric == "euclidean" or (algorithm == "kd_tree" and extra == {"p": 1.5}):
            continue
        name = "%s-%s%s" % (algorithm.replace("_", "-"), metric, str(extra.get("p", "")).replace(".", ""))
        kind = KR if algorithm == "brute" else KC
        # A training row is at distance 0 only by subtraction: brute force leaves rounding noise, and divides by it.
        asked = Xt[1:] if algorithm == "brute" else Xt
        case("neighbors/knn-" + name, "%s, %s %s" % (algorithm, metric, extra or ""), lambda a=algorithm, m=metric, e=extra, k=kind: k(weights="distance", algorithm=a, metric=m, **e), X, yr if kind is KR else y3, asked)
for metric in ("cosine", "sqeuclidean", "canberra", "braycurtis", "correlation", "l1", "l2", "cityblock"):
    case("neighbors/knn-brute-" + metric, "brute force, " + metric, lambda m=metric: KR(weights="distance", algorithm="brute", metric=m), Xp + 0.1, yr, Xtp[2:] + 0.1)
case("neighbors/knn-hamming", "categories by share that differ", lambda: KC(48, algorithm="brute", metric="hamming", weights="distance"), np.c_[Xc, Xi], y3, np.c_[Xtc, Xti])
case("neighbors/knn-nan-euclidean", "missing values", lambda: KC(algorithm="brute", metric="nan_euclidean", weights="distance"), Xn, y3, Xtn[np.isfinite(Xtn).any(axis=1)], first="1.7")
case("neighbors/knn-jaccard", "boolean rows", lambda: KC(40, algorithm="brute", metric="jaccard", weights="distance"), np.random.RandomState(3).rand(40, 12) < 0.4, y3[:40], np.random.RandomState(4).rand(10, 12) < 0.4)
SE = {"V": np.array([1.0, 4.0, 0.25, 9.0])}
case("neighbors/knn-seuclidean", "standardised Euclidean", lambda: KR(weights="distance", algorithm="brute", metric="seuclidean", metric_params=SE), X, yr, Xt)
case("neighbors/knn-minkowski-w", "weighted Minkowski", lambda: KR(weights="distance", algorithm="brute", metric="minkowski", p=2, metric_params={"w": np.array([1.0, 0.5, 2.0, 0.25])}), X, yr, Xt)
case("neighbors/knn-regressor", "regression", lambda: KR(), X, yr, Xt)
case("neighbors/knn-regressor-distance", "weighted by distance", lambda: KR(weights="distance"), X, yr, Xt)
case("neighbors/knn-regressor-multi-output", "three targets", lambda: KR(), X, Yr3, Xt)
case("neighbors/knn-regressor-multi-output-distance", "two targets, weighted", lambda: KR(7, weights="distance"), X, Yr2, Xt)
case("neighbors/knn-regressor-column-target", "target of shape [n, 1]", lambda: KR(), X, yr.reshape(-1, 1), Xt)
case("neighbors/knn-regressor-integers", "integer targets", lambda: KR(3), X, ycount.astype(int), Xt)
case("neighbors/knn-regressor-wide", "60 features", lambda: KR(weights="distance"), Xhalf, yhalf, Xtwide)

case("neighbors/radius", "within 14, string classes", lambda: RC(14.0), X, y3s, Xt)
case("neighbors/radius-distance", "within 14, weighted", lambda: RC(14.0, weights="distance"), X, y3, Xt)
case("neighbors/radius-outlier", "outliers get a label of their own", lambda: RC(1.5, outlier_label=9), X, y3, Xt)
case("neighbors/radius-outlier-known", "outliers get a known label", lambda: RC(1.5, outlier_label="setosa"), X, y3s, Xt)
case("neighbors/radius-outlier-most-frequent", "outliers get the most frequent label", lambda: RC(1.5, outlier_label="most_frequent", algorithm="brute"), X, y3s, Xt)
case("neighbors/radius-multi-output", "two outputs", lambda: RC(14.0), X, Yc2, Xt)
case("neighbors/radius-regressor", "within 9", lambda: RR(9.0), X, yr, Xt)
case("neighbors/radius-regressor-distance", "within 9, weighted, manhattan", lambda: RR(12.0, weights="distance", metric="manhattan"), X, yr, Xt)
case("neighbors/radius-regressor-multi-output", "two targets", lambda: RR(9.0), X, Yr2, Xt)
case("neighbors/radius-regressor-empty", "no neighbour gives NaN", lambda: RR(1.5), X, yr, Xt)

NCM = ["predict", "predict_proba", "decision_function"]
case("neighbors/centroid", "string classes", lambda: NC(), X, y3s, Xt, methods=NCM)
case("neighbors/centroid-binary", "two classes", lambda: NC(), X, yb, Xt, methods=NCM)
case("neighbors/centroid-manhattan", "medians, manhattan", lambda: NC(metric="manhattan"), X, y3, Xt, methods=["predict"])
case("neighbors/centroid-shrunk", "shrunken centroids", lambda: NC(shrink_threshold=0.5), X, y3s, Xt, methods=NCM)
case("neighbors/centroid-priors", "given priors", lambda: NC(priors=[0.2, 0.5, 0.3]), X, y3, Xt, methods=NCM, first="1.7")

# --- beyond the first list --------------------------------------------------------------------------------------
LOF = ne.LocalOutlierFactor
case("neighbors/outlier-factor", "novelty by local density", lambda: LOF(n_neighbors=5, novelty=True), X, None, Xt)
case("neighbors/outlier-factor-contamination", "a tenth are outliers, manhattan", lambda: LOF(n_neighbors=8, novelty=True, contamination=0.1, metric="manhattan"), X, None, Xt)
