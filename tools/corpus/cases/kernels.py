"""Gaussian processes and kernel ridge."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor as GPR
from sklearn.gaussian_process import kernels as gk
from sklearn.kernel_ridge import KernelRidge

from data import *
from registry import case, since

XG, yG, YG = X[:25], yr[:25], Yr2[:25]
KERNELS = {
    "rbf": lambda: gk.RBF(2.0),
    "rbf-anisotropic": lambda: gk.RBF([1.0, 2.0, 0.5, 3.0]),
    "matern-half": lambda: gk.Matern(2.0, nu=0.5),
    "matern-three-halves": lambda: gk.Matern(2.0, nu=1.5),
    "matern-five-halves": lambda: gk.Matern([1.0, 2.0, 0.5, 3.0], nu=2.5),
    "matern-infinite": lambda: gk.Matern(2.0, nu=np.inf),
    "matern-other": lambda: gk.Matern(2.0, nu=0.8),
    "matern-larger": lambda: gk.Matern(3.0, nu=4.2),
    "rational-quadratic": lambda: gk.RationalQuadratic(length_scale=1.5, alpha=0.7),
    "dot-product": lambda: gk.DotProduct(1.5),
    "constant": lambda: gk.ConstantKernel(2.0) + gk.RBF(1.0),
    "sum": lambda: gk.ConstantKernel(2.0) * gk.RBF(2.0) + gk.WhiteKernel(0.5),
    "product": lambda: gk.RBF(2.0) * gk.DotProduct(1.0),
    "exponentiation": lambda: gk.DotProduct(1.0) ** 2,
    "nested": lambda: 0.5 * gk.RBF(1.0) + 2.0 * gk.Matern(3.0, nu=1.5) * gk.RationalQuadratic() + gk.WhiteKernel(0.1),
    "compound-kernel-scaled": lambda: 1.5 * gk.RBF(2.0) ** 0.5 + 0.5,
    "pairwise-linear": lambda: gk.PairwiseKernel(metric="linear") + gk.WhiteKernel(0.1),
    "pairwise-polynomial": lambda: gk.PairwiseKernel(metric="polynomial", gamma=0.2) + gk.WhiteKernel(0.1),
}
for name, kernel in KERNELS.items():
    case("kernels/process-" + name, "a Gaussian process, kernel " + name, lambda k=kernel: GPR(k(), optimizer=None, alpha=0.1), XG, yG, Xt)
case("kernels/process-exp-sine-squared", "a periodic kernel on one feature", lambda: GPR(gk.ExpSineSquared(length_scale=1.5, periodicity=4.0), optimizer=None, alpha=0.1), XG[:, :1], yG, Xt[:, :1])
case("kernels/process-default", "the default kernel", lambda: GPR(alpha=0.1), XG, yG, Xt)
case("kernels/process-normalised", "a normalised target", lambda: GPR(gk.RBF(2.0), optimizer=None, alpha=0.1, normalize_y=True), XG, yG, Xt)
case("kernels/process-multi-output", "two targets, normalised", lambda: GPR(gk.RBF(2.0), optimizer=None, alpha=0.1, normalize_y=True), XG, YG, Xt)
case("kernels/process-multi-output-plain", "two targets", lambda: GPR(gk.Matern(2.0, nu=1.5), optimizer=None, alpha=0.1), XG, YG, Xt)
case("kernels/process-optimised", "kernel parameters found by the fit", lambda: GPR(1.0 * gk.RBF(1.0) + gk.WhiteKernel(0.5), normalize_y=True, random_state=0), XG, yG, Xt)
case("kernels/process-one-row", "one row asked", lambda: GPR(gk.RBF(2.0), optimizer=None, alpha=0.1), XG, yG, X1t)
case("kernels/process-columns", "fitted on a DataFrame", lambda: GPR(gk.RBF(2.0), optimizer=None, alpha=0.1), Xdf[:25], yG, Xdft)

for name, options, x, xt in (
    ("linear", {}, X, Xt),
    ("rbf", {"gamma": 0.2}, X, Xt),
    ("rbf", {}, X, Xt),
    ("poly", {"degree": 3, "gamma": 0.1}, X, Xt),
    ("polynomial", {"degree": 2, "coef0": 0.5}, X, Xt),
    ("sigmoid", {"gamma": 0.01, "coef0": 0.1}, X, Xt),
    ("laplacian", {"gamma": 0.3}, X, Xt),
    ("laplacian", {}, X, Xt),
    ("cosine", {}, X, Xt),
    ("chi2", {"gamma": 0.5}, Xp, Xtp),
    ("additive_chi2", {}, Xp, Xtp),
):
    suffix = name.replace("_", "-") + ("" if "gamma" in options or name in ("linear", "cosine", "additive_chi2", "polynomial") else "-default")
    case("kernels/ridge-" + suffix, "kernel ridge, %s %s" % (name, options or ""), lambda n=name, o=options: KernelRidge(kernel=n, **o), x, yr, xt)
case("kernels/ridge-multi-output", "two targets", lambda: KernelRidge(kernel="rbf", gamma=0.1), X, Yr2, Xt)
case("kernels/ridge-weights", "sample weights", lambda: KernelRidge(kernel="rbf", gamma=0.1, alpha=0.5), X, yr, Xt, weights=weights)
case("kernels/ridge-wide", "60 features", lambda: KernelRidge(kernel="rbf", gamma=0.01), Xhalf, yhalf, Xtwide)
