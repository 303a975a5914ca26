"""PCA and truncated SVD."""

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import PCA, TruncatedSVD

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
