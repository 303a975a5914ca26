"""libsvm's estimators."""

import numpy as np
import scipy.sparse as sp
from sklearn import svm

from data import *
from registry import case, since

SVC, NuSVC, SVR, NuSVR, OC = svm.SVC, svm.NuSVC, svm.SVR, svm.NuSVR, svm.OneClassSVM
P = {"probability": True, "random_state": 0}

case("svm/svc-binary", "two string classes", lambda: SVC(), X, ys, Xt)
case("svm/svc-multi", "three string classes", lambda: SVC(), X, y3s, Xt)
for kernel, extra in (("linear", {}), ("poly", {"degree": 3, "coef0": 1.0}), ("poly", {"degree": 2, "gamma": 0.1}), ("sigmoid", {"gamma": 0.05, "coef0": 0.3})):
    name = kernel + str(extra.get("degree", ""))
    case("svm/svc-%s-binary" % name, "%s kernel %s" % (kernel, extra or ""), lambda k=kernel, e=extra: SVC(kernel=k, **e), X, yb, Xt)
    case("svm/svc-%s-multi" % name, "%s kernel %s, three classes" % (kernel, extra or ""), lambda k=kernel, e=extra: SVC(kernel=k, **e), X, y3, Xt)
case("svm/svc-gamma-auto", "gamma 1 / n_features", lambda: SVC(gamma="auto"), X, y3, Xt)
case("svm/svc-ovo", "one against one", lambda: SVC(decision_function_shape="ovo"), X, y3s, Xt)
case("svm/svc-ovo-binary", "one against one with two classes", lambda: SVC(decision_function_shape="ovo"), X, yb, Xt)
case("svm/svc-break-ties", "ties broken by the decision values", lambda: SVC(break_ties=True, kernel="linear"), Xhalf, y10shalf, Xtwide)
case("svm/svc-ten-classes", "ten classes, 60 features", lambda: SVC(), Xhalf, y10half, Xtwide)
case("svm/svc-ten-classes-ovo", "ten classes, linear, one against one", lambda: SVC(kernel="linear", decision_function_shape="ovo"), Xhalf, y10shalf, Xtwide)
case("svm/svc-proba-binary", "probabilities, two classes", lambda: SVC(**P), X, ys, Xt)
case("svm/svc-proba-multi", "probabilities, three classes", lambda: SVC(**P), X, y3s, Xt)
case("svm/svc-proba-linear", "probabilities, linear kernel", lambda: SVC(kernel="linear", **P), X, y3, Xt)
case("svm/svc-proba-ten-classes", "probabilities, ten classes", lambda: SVC(**P), Xhalf, y10half, Xtwide)
case("svm/svc-weights", "sample and class weights", lambda: SVC(class_weight="balanced"), X, y3, Xt, weights=weights)
case("svm/svc-sparse", "fitted on a sparse matrix", lambda: SVC(), sp.csr_matrix(X), y3s, Xt)
case("svm/svc-sparse-linear", "sparse, linear", lambda: SVC(kernel="linear"), sp.csr_matrix(Xi.astype(float)), yb, Xti.astype(float))
case("svm/svc-sparse-proba", "sparse with probabilities", lambda: SVC(**P), sp.csr_matrix(Xi.astype(float)), y3, Xti.astype(float))
case("svm/svc-float32", "fitted on float32", lambda: SVC(), X.astype(np.float32), y3, Xt)
case("svm/svc-columns", "fitted on a DataFrame", lambda: SVC(), Xdf, ys, Xdft)
case("svm/svc-one-row", "one row asked", lambda: SVC(**P), X, y3s, X1t)
case("svm/nu-svc-binary", "two classes", lambda: NuSVC(nu=0.3), X, ys, Xt)
case("svm/nu-svc-multi", "three classes", lambda: NuSVC(nu=0.3), X, y3s, Xt)
case("svm/nu-svc-proba", "probabilities", lambda: NuSVC(nu=0.3, **P), X, y3, Xt)
case("svm/nu-svc-poly", "polynomial kernel, one against one", lambda: NuSVC(nu=0.3, kernel="poly", decision_function_shape="ovo"), X, y3, Xt)
for kernel, extra in (("rbf", {}), ("linear", {}), ("poly", {"degree": 2, "coef0": 1.0}), ("sigmoid", {"gamma": 0.05})):
    case("svm/svr-" + kernel, kernel + " kernel", lambda k=kernel, e=extra: SVR(kernel=k, **e), X, yr, Xt)
case("svm/svr-weights", "sample weights, wide epsilon", lambda: SVR(epsilon=1.0, gamma="auto"), X, yr, Xt, weights=weights)
case("svm/svr-sparse", "fitted on a sparse matrix", lambda: SVR(), sp.csr_matrix(X), yr, Xt)
case("svm/svr-no-support", "no support vectors at all", lambda: SVR(epsilon=1e6), X, yr, Xt)
case("svm/svr-wide", "60 features", lambda: SVR(C=10.0), Xhalf, yhalf, Xtwide)
case("svm/nu-svr", "regression", lambda: NuSVR(nu=0.4), X, yr, Xt)
case("svm/nu-svr-linear", "linear kernel", lambda: NuSVR(nu=0.4, kernel="linear"), X, yr, Xt)
for kernel, extra in (("rbf", {}), ("linear", {}), ("poly", {"degree": 2}), ("sigmoid", {"gamma": 0.01})):
    case("svm/one-class-" + kernel, "outliers, %s kernel" % kernel, lambda k=kernel, e=extra: OC(kernel=k, nu=0.2, **e), X, None, Xt)
case("svm/one-class-sparse", "outliers, fitted on a sparse matrix", lambda: OC(nu=0.2), sp.csr_matrix(X), None, Xt)
