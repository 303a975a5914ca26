"""Multi-layer perceptrons."""

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from data import *
from registry import case, since


def net(kind, *layers, **options):
    return lambda: kind(hidden_layer_sizes=layers, random_state=0, **{"max_iter": 25, **options})


C, R = MLPClassifier, MLPRegressor
for activation in ("relu", "tanh", "logistic", "identity"):
    case("neural/classifier-" + activation, "three string classes, " + activation, net(C, 5, 3, activation=activation), X, y3s, Xt)
    case("neural/regressor-" + activation, "regression, " + activation, net(R, 5, activation=activation), X, yr, Xt)
case("neural/classifier-binary", "two string classes", net(C, 5), X, ys, Xt)
case("neural/classifier-binary-bools", "two boolean classes", net(C, 3, activation="tanh"), X, ybool, Xt)
case("neural/classifier-multilabel", "three labels", net(C, 5), X, Yml, Xt)
case("neural/classifier-lbfgs", "lbfgs", net(C, 4, solver="lbfgs"), X, y3, Xt)
case("neural/classifier-early-stop", "sgd, stopped early", net(C, 4, solver="sgd", early_stopping=True), X, y3, Xt)
case("neural/classifier-ten-classes", "ten classes, 60 features", net(C, 9, solver="lbfgs"), Xwide, y10s, Xtwide)
case("neural/classifier-float32", "fitted on float32", net(C, 5), X.astype(np.float32), y3, Xt)
case("neural/classifier-one-row", "one row asked", net(C, 5), X, y3s, X1t)
case("neural/classifier-columns", "fitted on a DataFrame", net(C, 4), Xdf, ys, Xdft)
case("neural/classifier-no-hidden", "no hidden layer", net(C), X, y3, Xt)
case("neural/regressor-multi-output", "three targets", net(R, 6, 4), X, Yr3, Xt)
case("neural/regressor-lbfgs", "lbfgs", net(R, 4, solver="lbfgs", activation="tanh"), X, yr, Xt)
case("neural/regressor-float32", "fitted on float32", net(R, 4), X.astype(np.float32), yr.astype(np.float32), Xt)
case("neural/regressor-wide", "60 features", net(R, 9, solver="lbfgs"), Xwide, ywide, Xtwide)
case("neural/regressor-poisson", "poisson loss: exponential output", net(R, 5, loss="poisson"), X, ycount, Xt, first="1.7")
