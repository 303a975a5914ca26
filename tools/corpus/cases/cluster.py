"""k-means."""

import numpy as np
from sklearn.cluster import AffinityPropagation, Birch, KMeans, MeanShift, MiniBatchKMeans

from data import *
from registry import case, since

K = {"random_state": 0, "n_init": 2}
case("cluster/k-means", "three clusters", lambda: KMeans(3, **K), X, None, Xt)
case("cluster/k-means-elkan", "elkan, random start", lambda: KMeans(4, algorithm="elkan", init="random", **K), X, None, Xt)
case("cluster/k-means-one", "one cluster", lambda: KMeans(1, **K), X, None, Xt)
case("cluster/k-means-weights", "sample weights", lambda: KMeans(3, **K), X, None, Xt, weights=weights)
case("cluster/k-means-columns", "fitted on a DataFrame", lambda: KMeans(3, **K), Xdf, None, Xdft)
case("cluster/k-means-float32", "fitted on float32: predictions are made in float32", lambda: KMeans(3, **K), X.astype(np.float32), None, Xt.astype(np.float32),
     tolerance={"rel": 1e-5, "abs": 1e-5, "reason": "scikit-learn computes in float32"})  # fmt: skip
case("cluster/k-means-wide", "ten clusters, 60 features", lambda: KMeans(10, **K), Xwide, None, Xtwide)
case("cluster/k-means-one-row", "one row asked", lambda: KMeans(3, **K), X, None, X1t)
case("cluster/mini-batch", "three clusters", lambda: MiniBatchKMeans(3, batch_size=20, **K), X, None, Xt)
case("cluster/mini-batch-weights", "five clusters, sample weights", lambda: MiniBatchKMeans(5, batch_size=16, reassignment_ratio=0.1, **K), X, None, Xt, weights=weights)

# --- beyond the first list --------------------------------------------------------------------------------------
case("cluster/affinity-propagation", "exemplars", lambda: AffinityPropagation(random_state=0), X, None, Xt)
case("cluster/birch", "three clusters of subclusters", lambda: Birch(n_clusters=3), X, None, Xt[1:])
case("cluster/birch-subclusters", "the subclusters themselves", lambda: Birch(n_clusters=None, threshold=1.5), X, None, Xt[1:])
case("cluster/mean-shift", "modes", lambda: MeanShift(bandwidth=4.0), X, None, Xt)
