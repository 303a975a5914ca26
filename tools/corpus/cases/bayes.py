"""Naive Bayes."""

import numpy as np
import scipy.sparse as sp
from sklearn import naive_bayes as nb

from data import *
from registry import case, since

case("bayes/gaussian", "string classes", lambda: nb.GaussianNB(), X, y3s, Xt)
case("bayes/gaussian-binary", "two classes, given priors", lambda: nb.GaussianNB(priors=[0.3, 0.7]), X, yb, Xt)
case("bayes/gaussian-weights", "sample weights", lambda: nb.GaussianNB(var_smoothing=1e-3), X, y3, Xt, weights=weights)
case("bayes/gaussian-wide", "ten classes, 60 features", lambda: nb.GaussianNB(), Xwide, y10s, Xtwide)
case("bayes/gaussian-columns", "fitted on a DataFrame", lambda: nb.GaussianNB(), Xdf, ys, Xdft)
case("bayes/gaussian-one-row", "one row asked", lambda: nb.GaussianNB(), X, y3s, X1t)
case("bayes/gaussian-partial", "fitted in two parts", lambda: nb.GaussianNB(), X, y3, Xt, fit=lambda e: e.partial_fit(X[:30], y3[:30], classes=[0, 1, 2]).partial_fit(X[30:], y3[30:]))
for name in ("Multinomial", "Complement"):
    make = getattr(nb, name + "NB")
    low = name.lower()
    case("bayes/%s" % low, "counts, string classes", lambda m=make: m(), Xi, y3s, Xti)
    case("bayes/%s-binary" % low, "counts, two classes", lambda m=make: m(alpha=0.3), Xi, yb, Xti)
    case("bayes/%s-uniform" % low, "no prior fitted", lambda m=make: m(fit_prior=False), Xi, y3, Xti)
    case("bayes/%s-weights" % low, "sample weights, a sparse matrix", lambda m=make: m(), sp.csr_matrix(Xi), y3, Xti, weights=weights)
    case("bayes/%s-one-class" % low, "one class only", lambda m=make: m(), Xi, np.full(N, 4), Xti)
case("bayes/multinomial-priors", "given priors", lambda: nb.MultinomialNB(class_prior=[0.2, 0.5, 0.3]), Xi, y3, Xti)
case("bayes/complement-norm", "normalised weights", lambda: nb.ComplementNB(norm=True), Xi, y3s, Xti)
case("bayes/bernoulli", "numbers split at 0", lambda: nb.BernoulliNB(), X, y3s, Xt)
case("bayes/bernoulli-binary", "two classes, split at 1.5", lambda: nb.BernoulliNB(binarize=1.5, alpha=0.5), X, yb, Xt)
case("bayes/bernoulli-uniform", "no prior, rows already binary", lambda: nb.BernoulliNB(binarize=None, fit_prior=False), (Xi > 2).astype(int), y3, (Xti > 2).astype(int))
case("bayes/bernoulli-ten-classes", "ten classes, 60 features", lambda: nb.BernoulliNB(), Xwide, y10, Xtwide)
case("bayes/categorical", "category codes, string classes", lambda: nb.CategoricalNB(), Xc, y3s, Xtc)
case("bayes/categorical-min", "more categories than were seen", lambda: nb.CategoricalNB(min_categories=10, alpha=0.5), Xc, yb, Xtc_unseen)
case("bayes/categorical-min-each", "a number of categories per feature, no prior", lambda: nb.CategoricalNB(min_categories=[10, 9, 9], fit_prior=False), Xc, y3, Xtc_unseen)
case("bayes/categorical-floats", "codes as floats", lambda: nb.CategoricalNB(), Xc.astype(float), y3, Xtc.astype(float), weights=weights)
