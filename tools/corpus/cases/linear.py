"""Linear models and discriminant analysis."""

import numpy as np
from sklearn import linear_model as lm
from sklearn import svm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.tree import DecisionTreeRegressor

from data import *
from registry import case, since

NO_PENALTY = {"penalty": None} if since("1.3") and not since("1.8") else {"C": np.inf} if since("1.8") else {"penalty": "none"}


def l1(ratio):
    """The elastic-net share, spelt as each version wants it."""
    if since("1.8"):
        return {"l1_ratio": ratio}
    return {"penalty": "l1"} if ratio == 1 else {"penalty": "elasticnet", "l1_ratio": ratio}


# --- regressors -------------------------------------------------------------------------------------------------
R = "regression on four numeric features"
case("linear/linear-regression", R, lambda: lm.LinearRegression(), X, yr, Xt)
case("linear/linear-regression-multi-output", "two targets", lambda: lm.LinearRegression(), X, Yr2, Xt)
case("linear/linear-regression-weights", "sample weights", lambda: lm.LinearRegression(), X, yr, Xt, weights=weights)
case("linear/linear-regression-no-intercept", "no intercept", lambda: lm.LinearRegression(fit_intercept=False), X, yr, Xt)
case("linear/linear-regression-positive", "coefficients kept positive", lambda: lm.LinearRegression(positive=True), X, yr, Xt)
case("linear/linear-regression-one-row", "one row asked", lambda: lm.LinearRegression(), X, yr, X1t)
case("linear/linear-regression-one-feature", "one feature", lambda: lm.LinearRegression(), X[:, :1], yr, Xt[:, :1])
case("linear/linear-regression-columns", "fitted on a DataFrame; rows are objects", lambda: lm.LinearRegression(), Xdf, yr, Xdft)
case("linear/linear-regression-float32", "fitted on float32", lambda: lm.LinearRegression(), X.astype(np.float32), yr.astype(np.float32), Xt)
case("linear/linear-regression-wide", "60 features", lambda: lm.LinearRegression(), Xwide, ywide, Xtwide)
case("linear/linear-regression-column-target", "target of shape [n, 1]: predictions are rows of one", lambda: lm.LinearRegression(), X, yr.reshape(-1, 1), Xt)
case("linear/ridge", R, lambda: lm.Ridge(), X, yr, Xt)
case("linear/ridge-multi-output", "three targets, one alpha each", lambda: lm.Ridge(alpha=np.array([0.1, 1.0, 10.0])), X, Yr3, Xt)
case("linear/ridge-no-intercept-weights", "no intercept, sample weights", lambda: lm.Ridge(fit_intercept=False), X, yr, Xt, weights=weights)
case("linear/ridge-float32", "fitted on float32", lambda: lm.Ridge(), X.astype(np.float32), yr.astype(np.float32), Xt)
case("linear/ridge-cv", R, lambda: lm.RidgeCV(), X, yr, Xt)
case("linear/ridge-cv-multi-output", "an alpha chosen per target", lambda: lm.RidgeCV(alphas=[0.1, 1.0, 10.0], alpha_per_target=True), X, Yr2, Xt)
case("linear/ridge-cv-folds", "alpha chosen over folds", lambda: lm.RidgeCV(alphas=[0.1, 1.0], cv=3), X, yr, Xt)
case("linear/lasso", "one coefficient is zero", lambda: lm.Lasso(alpha=0.8), X, yr, Xt)
case("linear/lasso-multi-output", "two targets", lambda: lm.Lasso(alpha=0.1), X, Yr2, Xt)
case("linear/lasso-all-zero", "all coefficients zero", lambda: lm.Lasso(alpha=1e4), X, yr, Xt)
case("linear/lasso-cv", R, lambda: lm.LassoCV(cv=3, alphas=[0.01, 0.1, 1.0]), X, yr, Xt)
case("linear/elastic-net", R, lambda: lm.ElasticNet(alpha=0.1), X, yr, Xt)
case("linear/elastic-net-multi-output", "two targets", lambda: lm.ElasticNet(alpha=0.1), X, Yr2, Xt)
case("linear/elastic-net-cv", R, lambda: lm.ElasticNetCV(cv=3, alphas=[0.01, 0.1], l1_ratio=[0.3, 0.9]), X, yr, Xt)
case("linear/multi-task-lasso", "two targets", lambda: lm.MultiTaskLasso(alpha=0.1), X, Yr2, Xt)
case("linear/multi-task-lasso-cv", "two targets", lambda: lm.MultiTaskLassoCV(cv=3, alphas=[0.01, 0.1]), X, Yr2, Xt)
case("linear/multi-task-elastic-net", "two targets", lambda: lm.MultiTaskElasticNet(alpha=0.1), X, Yr2, Xt)
case("linear/multi-task-elastic-net-cv", "two targets", lambda: lm.MultiTaskElasticNetCV(cv=3, alphas=[0.01, 0.1]), X, Yr2, Xt)
case("linear/lars", R, lambda: lm.Lars(), X, yr, Xt)
case("linear/lars-multi-output", "two targets", lambda: lm.Lars(n_nonzero_coefs=2), X, Yr2, Xt)
case("linear/lars-cv", R, lambda: lm.LarsCV(cv=3), X, yr, Xt)
case("linear/lasso-lars", R, lambda: lm.LassoLars(alpha=0.05), X, yr, Xt)
case("linear/lasso-lars-cv", R, lambda: lm.LassoLarsCV(cv=3), X, yr, Xt)
case("linear/lasso-lars-ic", R, lambda: lm.LassoLarsIC(criterion="bic"), X, yr, Xt)
case("linear/omp", R, lambda: lm.OrthogonalMatchingPursuit(n_nonzero_coefs=2), X, yr, Xt)
case("linear/omp-multi-output", "two targets", lambda: lm.OrthogonalMatchingPursuit(n_nonzero_coefs=2), X, Yr2, Xt)
case("linear/omp-cv", R, lambda: lm.OrthogonalMatchingPursuitCV(cv=3), X, yr, Xt)
case("linear/bayesian-ridge", R, lambda: lm.BayesianRidge(), X, yr, Xt)
case("linear/ard", R, lambda: lm.ARDRegression(), X, yr, Xt)
case("linear/huber", R, lambda: lm.HuberRegressor(max_iter=500), X, yr, Xt)
case("linear/theil-sen", R, lambda: lm.TheilSenRegressor(random_state=0, max_subpopulation=200), X, yr, Xt)
case("linear/quantile", "the 70 % quantile", lambda: lm.QuantileRegressor(quantile=0.7, alpha=0.01, solver="highs"), X, yr, Xt)
case("linear/ransac", R, lambda: lm.RANSACRegressor(random_state=0), X, yr, Xt)
case("linear/ransac-tree", "a tree inside", lambda: lm.RANSACRegressor(DecisionTreeRegressor(max_depth=3, random_state=0), min_samples=20, random_state=0), X, yr, Xt)
case("linear/ransac-multi-output", "two targets", lambda: lm.RANSACRegressor(lm.Ridge(), min_samples=15, random_state=0), X, Yr2, Xt)
SGD = {"random_state": 0, "max_iter": 200, "tol": 1e-3}
case("linear/sgd-regressor", R, lambda: lm.SGDRegressor(**SGD), X, yr, Xt)
case("linear/sgd-regressor-huber-average", "averaged, Huber loss", lambda: lm.SGDRegressor(loss="huber", average=True, penalty="elasticnet", **SGD), X, yr, Xt)
case("linear/sgd-regressor-epsilon", "epsilon-insensitive loss", lambda: lm.SGDRegressor(loss="epsilon_insensitive", **SGD), X, yr, Xt)
case("linear/passive-aggressive-regressor", R, lambda: lm.PassiveAggressiveRegressor(**SGD), X, yr, Xt)
case("linear/linear-svr", R, lambda: svm.LinearSVR(random_state=0, max_iter=5000), X, yr, Xt)
case("linear/linear-svr-no-intercept", "no intercept, squared loss", lambda: svm.LinearSVR(random_state=0, fit_intercept=False, loss="squared_epsilon_insensitive", dual=True), X, yr, Xt)
case("linear/poisson", "counts, log link", lambda: lm.PoissonRegressor(alpha=0.1), X, ycount, Xt)
case("linear/poisson-weights", "counts, sample weights", lambda: lm.PoissonRegressor(alpha=0.1, fit_intercept=False), X, ycount, Xt, weights=weights)
case("linear/gamma", "positive target, log link", lambda: lm.GammaRegressor(alpha=0.1), X, ypos, Xt)
for power, link in ((0, "auto"), (0, "log"), (1, "auto"), (1.5, "auto"), (2, "log"), (3, "auto"), (1, "identity")):
    target, extra = (ypos + 5, {"alpha": 2.0}) if link == "identity" else (ypos, {"alpha": 0.1})
    case("linear/tweedie-%s-%s" % (str(power).replace(".", ""), link), "Tweedie of power %s, link %s" % (power, link),
         lambda p=power, l=link, e=extra: lm.TweedieRegressor(power=p, link=l, max_iter=500, **e), X, target, Xt)  # fmt: skip

# --- classifiers ------------------------------------------------------------------------------------------------
LR = lm.LogisticRegression
case("linear/logistic-binary", "two integer classes", lambda: LR(), X, yb, Xt)
case("linear/logistic-binary-strings", "two string classes", lambda: LR(), X, ys, Xt)
case("linear/logistic-binary-bools", "two boolean classes", lambda: LR(), X, ybool, Xt)
case("linear/logistic-multi", "three classes", lambda: LR(max_iter=300), X, y3, Xt)
case("linear/logistic-multi-strings", "three string classes", lambda: LR(max_iter=300), X, y3s, Xt)
case("linear/logistic-multi-negative", "classes -5, 0 and 7", lambda: LR(max_iter=300), X, yneg, Xt)
case("linear/logistic-multi-floats", "classes 0.0, 1.0 and 2.0 as floats", lambda: LR(max_iter=300), X, y3.astype(float), Xt)
case("linear/logistic-weights", "sample and class weights", lambda: LR(class_weight="balanced", max_iter=300), X, y3, Xt, weights=weights)
case("linear/logistic-no-intercept", "no intercept", lambda: LR(fit_intercept=False), X, yb, Xt)
case("linear/logistic-no-penalty", "no penalty", lambda: LR(max_iter=500, **NO_PENALTY), X, y3, Xt)
case("linear/logistic-one-row", "one row asked", lambda: LR(), X, y3s, X1t)
case("linear/logistic-columns", "fitted on a DataFrame", lambda: LR(), Xdf, ys, Xdft)
case("linear/logistic-float32", "fitted on float32: from 1.9 the coefficients stay float32", lambda: LR(), X.astype(np.float32), y3, Xt)
case("linear/logistic-ten-classes", "ten classes, 60 features", lambda: LR(max_iter=50, tol=1e-2), Xwide, y10s, Xtwide)
case("linear/logistic-liblinear", "liblinear, two classes", lambda: LR(solver="liblinear"), X, yb, Xt)
case("linear/logistic-liblinear-multi", "liblinear, one against the rest", lambda: LR(solver="liblinear"), X, y3, Xt, last="1.7")
case("linear/logistic-liblinear-l1", "liblinear, L1", lambda: LR(solver="liblinear", C=0.5, **l1(1)), X, yb, Xt)
case("linear/logistic-saga-elasticnet", "saga, elastic net", lambda: LR(solver="saga", max_iter=200, tol=1e-2, random_state=0, **l1(0.5)), X, y3, Xt)
case("linear/logistic-newton-cg", "newton-cg", lambda: LR(solver="newton-cg"), X, y3, Xt)
case("linear/logistic-sag", "sag", lambda: LR(solver="sag", max_iter=200, tol=1e-2, random_state=0), X, yb, Xt)
case("linear/logistic-newton-cholesky", "newton-cholesky, two classes", lambda: LR(solver="newton-cholesky"), X, yb, Xt, first="1.3")
case("linear/logistic-newton-cholesky-multi", "newton-cholesky, three classes: one against the rest through 1.6", lambda: LR(solver="newton-cholesky"), X, y3, Xt, first="1.3")
case("linear/logistic-ovr", "multi_class ovr", lambda: LR(multi_class="ovr"), X, y3s, Xt, last="1.7")
case("linear/logistic-ovr-ten-classes", "multi_class ovr, ten classes", lambda: LR(multi_class="ovr", max_iter=50, tol=1e-2), Xwide, y10, Xtwide, last="1.7")
case("linear/logistic-multinomial-binary", "multi_class multinomial with two classes", lambda: LR(multi_class="multinomial"), X, yb, Xt, last="1.7")
case("linear/logistic-sparsified", "coef_ turned into a sparse matrix", lambda: LR(solver="liblinear", C=0.1, **l1(1)), X, yb, Xt, fit=lambda e: e.fit(X, yb).sparsify())
CV = {"Cs": [0.1, 1.0], "cv": 3}
if since("1.8"):
    CV.update(use_legacy_attributes=False, l1_ratios=(0.0,), scoring="accuracy")
case("linear/logistic-cv-binary", "C chosen over folds", lambda: lm.LogisticRegressionCV(**CV), X, ys, Xt)
case("linear/logistic-cv-multi", "three classes", lambda: lm.LogisticRegressionCV(max_iter=300, **CV), X, y3, Xt)
case("linear/logistic-cv-ovr", "one against the rest", lambda: lm.LogisticRegressionCV(multi_class="ovr", **CV), X, y3, Xt, last="1.7")
case("linear/logistic-cv-no-refit", "coefficients averaged over folds", lambda: lm.LogisticRegressionCV(refit=False, max_iter=300, **CV), X, y3s, Xt)

case("linear/ridge-classifier-binary", "two classes", lambda: lm.RidgeClassifier(), X, ys, Xt)
case("linear/ridge-classifier-multi", "three classes", lambda: lm.RidgeClassifier(), X, y3s, Xt)
case("linear/ridge-classifier-multilabel", "three labels", lambda: lm.RidgeClassifier(), X, Yml, Xt)
case("linear/ridge-classifier-weights", "class weights", lambda: lm.RidgeClassifier(class_weight={0: 1.0, 1: 3.0}), X, yb, Xt)
case("linear/ridge-classifier-cv-binary", "two classes", lambda: lm.RidgeClassifierCV(alphas=[0.1, 1.0]), X, yb, Xt)
case("linear/ridge-classifier-cv-multi", "three classes", lambda: lm.RidgeClassifierCV(alphas=[0.1, 1.0]), X, y3, Xt)
case("linear/ridge-classifier-cv-multilabel", "three labels", lambda: lm.RidgeClassifierCV(alphas=[0.1, 1.0]), X, Yml, Xt)
for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "huber"):
    for many, target in (("binary", ys), ("multi", y3)):
        if (loss, many) in (("squared_hinge", "binary"), ("huber", "multi")):
            continue
        case("linear/sgd-%s-%s" % (loss.replace("_", "-"), many), "loss %s" % loss, lambda l=loss: lm.SGDClassifier(loss=l, **SGD), X, target, Xt)
case("linear/sgd-modified-huber-far", "probabilities all zero before they are normalised", lambda: lm.SGDClassifier(loss="modified_huber", alpha=1e-5, **SGD), X * 10, y3, Xt * 10)
case("linear/sgd-average", "averaged weights", lambda: lm.SGDClassifier(loss="log_loss", average=10, **SGD), X, y3s, Xt)
case("linear/sgd-one-class", "outlier detection", lambda: lm.SGDOneClassSVM(random_state=0, nu=0.3), X, None, Xt, methods=["predict", "decision_function"])
case("linear/perceptron-binary", "two classes", lambda: lm.Perceptron(random_state=0), X, yb, Xt)
case("linear/perceptron-multi", "three classes", lambda: lm.Perceptron(random_state=0, penalty="l2"), X, y3s, Xt)
case("linear/passive-aggressive-binary", "two classes", lambda: lm.PassiveAggressiveClassifier(random_state=0), X, ys, Xt)
case("linear/passive-aggressive-multi", "three classes", lambda: lm.PassiveAggressiveClassifier(random_state=0, loss="squared_hinge"), X, y3, Xt)
case("linear/linear-svc-binary", "two classes", lambda: svm.LinearSVC(random_state=0, dual=True, max_iter=5000), X, ys, Xt)
case("linear/linear-svc-multi", "three classes", lambda: svm.LinearSVC(random_state=0, dual=False), X, y3s, Xt)
case("linear/linear-svc-crammer-singer", "three classes, one problem", lambda: svm.LinearSVC(random_state=0, multi_class="crammer_singer", max_iter=5000), X, y3, Xt)
case("linear/linear-svc-crammer-singer-binary", "two classes, one problem", lambda: svm.LinearSVC(random_state=0, multi_class="crammer_singer", max_iter=5000), X, yb, Xt)
case("linear/linear-svc-l1-no-intercept", "L1, no intercept", lambda: svm.LinearSVC(random_state=0, penalty="l1", dual=False, fit_intercept=False), X, y3, Xt)

LDA, QDA = LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
case("linear/lda-binary", "two classes", lambda: LDA(), X, ys, Xt)
case("linear/lda-multi", "three classes", lambda: LDA(), X, y3s, Xt)
case("linear/lda-one-component", "one component kept", lambda: LDA(n_components=1), X, y3, Xt)
case("linear/lda-priors", "given priors", lambda: LDA(priors=[0.2, 0.5, 0.3]), X, y3, Xt)
case("linear/lda-lsqr-shrinkage", "lsqr, automatic shrinkage", lambda: LDA(solver="lsqr", shrinkage="auto"), X, y3, Xt, methods=["predict", "predict_proba", "decision_function"])
case("linear/lda-eigen", "eigen, shrinkage", lambda: LDA(solver="eigen", shrinkage=0.1), X, y3s, Xt)
case("linear/lda-eigen-binary", "eigen, two classes", lambda: LDA(solver="eigen"), X, yb, Xt)
case("linear/lda-ten-classes", "ten classes, 60 features", lambda: LDA(n_components=4), Xwide, y10, Xtwide)
case("linear/qda-binary", "two classes", lambda: QDA(), X, ys, Xt)
case("linear/qda-multi", "three classes", lambda: QDA(), X, y3s, Xt)
case("linear/qda-regularised", "regularised, given priors", lambda: QDA(reg_param=0.3, priors=[0.2, 0.5, 0.3], store_covariance=True), X, y3, Xt)
case("linear/qda-eigen", "eigen solver, shrinkage", lambda: QDA(solver="eigen", shrinkage=0.2), X, y3, Xt, first="1.9")
