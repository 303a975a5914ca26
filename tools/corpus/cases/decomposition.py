"""PCA and truncated SVD."""

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.random_projection import GaussianRandomProjection

from data import *
from registry import case, since

case("decomposition/pca", "all components", lambda: PCA(), X, None, Xt)
case("decomposition/pca-two", "two components", lambda: PCA(2), X, None, Xt)
case("decomposition/pca-whiten", "whitened", lambda: PCA(3, whiten=True), X, None, Xt)
case("decomposition/pca-share", "components for 90 % of the variance", lambda: PCA(0.9), X, None, Xt)
case("decomposition/pca-mle", "Minka's choice", lambda: PCA("mle"), X, None, Xt)
case("decomposition/pca-randomized", "randomized solver", lambda: PCA(2, svd_solver="randomized", random_state=0), X, None, Xt)
case("decomposition/pca-float32", "fitted on float32", lambda: PCA(2), X.astype(np.float32), None, Xt)
case("decomposition/pca-columns", "fitted on a DataFrame", lambda: PCA(2), Xdf, None, Xdft)
case("decomposition/pca-wide", "60 features", lambda: PCA(8), Xwide, None, Xtwide)
case("decomposition/pca-covariance", "covariance solver", lambda: PCA(2, svd_solver="covariance_eigh"), X, None, Xt, first="1.5")
case("decomposition/svd", "two components", lambda: TruncatedSVD(2, random_state=0), X, None, Xt)
case("decomposition/svd-sparse", "fitted on a sparse matrix, arpack", lambda: TruncatedSVD(2, algorithm="arpack", random_state=0), sp.csr_matrix(Xi.astype(float)), None, Xti.astype(float))

# --- beyond the first list --------------------------------------------------------------------------------------
case("decomposition/fast-ica", "two components", lambda: FastICA(2, random_state=0, whiten="unit-variance"), X, None, Xt)
case("decomposition/fast-ica-arbitrary", "whitened to any variance", lambda: FastICA(2, random_state=0, whiten="arbitrary-variance"), X, None, Xt)
case("decomposition/incremental-pca", "two components", lambda: IncrementalPCA(2, batch_size=16), X, None, Xt)
case("decomposition/incremental-pca-whiten", "whitened", lambda: IncrementalPCA(3, whiten=True, batch_size=24), X, None, Xt)
for kernel, options in (("linear", {}), ("rbf", {"gamma": 0.1}), ("rbf", {}), ("poly", {"degree": 2}), ("sigmoid", {"gamma": 0.01}), ("cosine", {})):
    name = kernel + ("-default" if kernel == "rbf" and not options else "")
    case("decomposition/kernel-pca-" + name, "kernel %s %s" % (kernel, options or ""), lambda k=kernel, o=options: KernelPCA(2, kernel=k, **o), X, None, Xt)

case("decomposition/gaussian-random-projection", "three components", lambda: GaussianRandomProjection(3, random_state=0), X, None, Xt)
case("decomposition/gaussian-random-projection-wide", "60 features", lambda: GaussianRandomProjection(5, random_state=0), Xwide, None, Xtwide)
