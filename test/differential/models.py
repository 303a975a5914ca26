"""Fits models of random kind and shape with the scikit-learn at hand and records what they answer, as corpus cases.

    python test/differential/models.py OUT COUNT FIRST_SEED

A seed gives one model: the same one every time under the same scikit-learn.
"""

import os
import pickle
import sys
import warnings

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "corpus"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import sklearn  # noqa: E402
from record import answers, classes_of, methods_of, public_case, write_answers  # noqa: E402
from sklearn import compose, decomposition, ensemble, feature_selection, impute, kernel_ridge, linear_model  # noqa: E402
from sklearn import calibration, cluster, discriminant_analysis, gaussian_process, model_selection, multiclass  # noqa: E402
from sklearn import multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402

MINOR = ".".join(sklearn.__version__.split(".")[:2])
WORDS = "der Wald steht schwarz und schweiget the quick brown fox naïve café 北京 über 42 data don't a I x_y well-known".split()


class Draw:
    """Random choices of one seed."""

    def __init__(self, seed):
        self.rs = np.random.RandomState(seed)

    def one(self, *options):
        return options[self.rs.randint(len(options))]

    def chance(self, share):
        return self.rs.rand() < share

    def whole(self, low, high):
        return int(self.rs.randint(low, high + 1))

    def log(self, low, high):
        return float(np.exp(self.rs.uniform(np.log(low), np.log(high))))


# --- data -------------------------------------------------------------------------------------------------------
def numbers(d, n, width, smooth):
    """Columns of different scale and kind; smooth ones have no repeated values, so that no two distances are equal."""
    columns = []
    for _ in range(width):
        kind = d.one("normal", "normal", "skewed", "whole", "tenths") if not smooth else d.one("normal", "skewed")
        x = d.rs.randn(n)
        if kind == "skewed":
            x = np.exp(x)
        elif kind == "whole":
            x = np.round(x * 3)
        elif kind == "tenths":
            x = np.round(x, 1)
        columns.append(x * (1.0 if kind in ("whole", "tenths") else d.log(0.1, 30)) + d.one(0.0, 0.0, float(d.whole(-5, 5))))
    return np.column_stack(columns)


def targets(d, X, task):
    z = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    w = d.rs.randn(X.shape[1])
    score = np.tanh(z) @ w + 0.3 * d.rs.randn(len(X))
    if task == "regression":
        return score * d.log(0.5, 200) + d.whole(-3, 3)
    if task == "positive":
        return np.exp(score / (1 + np.abs(score).max()) * 3)
    if task == "counts":
        return d.rs.poisson(np.exp(np.clip(score / 3, -2, 2))).astype(float)
    if task == "multi-output":
        return np.column_stack([score, score**2 + X[:, 0], d.rs.randn(len(X))])
    if task == "multilabel":
        return np.column_stack([score > 0, z[:, 0] > 0.2, d.rs.rand(len(X)) < 0.4]).astype(int)
    count = 2 if task == "binary" else d.whole(3, 5) if d.chance(0.8) else 11
    codes = np.argsort(np.argsort(score)) * count // len(score)
    names = d.one(
        np.arange(count),
        np.arange(count) * 3 - 4,
        np.array(["c%02d" % i for i in range(count)], dtype=object),
        np.array([False, True]) if count == 2 else np.arange(count),
    )
    return names[codes]


def gaps(d, X, share):
    out = X.copy()
    out[d.rs.rand(*X.shape) < share] = np.nan
    return out


# --- estimators -------------------------------------------------------------------------------------------------
def a_regressor(d):
    e, lm = ensemble, linear_model
    return d.one(
        lambda: lm.LinearRegression(fit_intercept=d.chance(0.8)),
        lambda: lm.Ridge(alpha=d.log(0.01, 100)),
        lambda: lm.Lasso(alpha=d.log(0.001, 1)),
        lambda: lm.ElasticNet(alpha=d.log(0.001, 1), l1_ratio=d.rs.rand()),
        lambda: lm.BayesianRidge(),
        lambda: lm.HuberRegressor(max_iter=200),
        lambda: lm.SGDRegressor(random_state=0, eta0=1e-4, max_iter=50),
        lambda: tree.DecisionTreeRegressor(max_depth=d.one(None, 3, 8), criterion=d.one("squared_error", "absolute_error"), random_state=0),
        lambda: tree.ExtraTreeRegressor(max_depth=d.one(None, 5), random_state=0),
        lambda: e.RandomForestRegressor(n_estimators=d.whole(1, 12), max_depth=d.one(None, 4), random_state=0),
        lambda: e.ExtraTreesRegressor(n_estimators=d.whole(1, 12), random_state=0),
        lambda: e.GradientBoostingRegressor(n_estimators=d.whole(1, 15), loss=d.one("squared_error", "huber", "quantile", "absolute_error"), subsample=d.one(1.0, 0.7), random_state=0),
        lambda: e.HistGradientBoostingRegressor(max_iter=d.whole(1, 10), loss=d.one("squared_error", "quantile"), quantile=0.6, max_leaf_nodes=d.one(4, 31), min_samples_leaf=d.one(2, 20)),
        lambda: e.AdaBoostRegressor(n_estimators=d.whole(1, 8), random_state=0),
        lambda: e.BaggingRegressor(n_estimators=d.whole(1, 6), max_features=d.one(1.0, 0.5), random_state=0),
        lambda: neighbors.KNeighborsRegressor(d.whole(1, 8), weights=d.one("uniform", "distance"), algorithm=d.one("auto", "kd_tree", "ball_tree"), p=d.one(1, 2, 3)),
        lambda: svm.SVR(kernel=d.one("rbf", "linear", "poly"), C=d.log(0.1, 10), degree=2),
        lambda: svm.NuSVR(nu=0.5, C=d.log(0.1, 10)),
        lambda: svm.LinearSVR(random_state=0, max_iter=300),
        lambda: kernel_ridge.KernelRidge(kernel=d.one("rbf", "laplacian", "linear"), alpha=d.log(0.1, 3)),
        lambda: gaussian_process.GaussianProcessRegressor(d.one(1.0, 2.0) * d.one(gaussian_process.kernels.RBF(2.0), gaussian_process.kernels.Matern(2.0, nu=1.5), gaussian_process.kernels.RationalQuadratic()), alpha=0.5, optimizer=None, normalize_y=True),
        lambda: neural_network.MLPRegressor(hidden_layer_sizes=d.one((4,), (8, 3)), activation=d.one("relu", "tanh", "logistic"), max_iter=20, random_state=0),
    )()


def a_classifier(d):
    e, lm = ensemble, linear_model
    return d.one(
        lambda: lm.LogisticRegression(C=d.log(0.01, 10), max_iter=200, class_weight=d.one(None, "balanced")),
        lambda: lm.RidgeClassifier(),
        lambda: lm.SGDClassifier(loss=d.one("hinge", "log_loss", "modified_huber"), random_state=0, max_iter=100),
        lambda: lm.Perceptron(random_state=0),
        lambda: svm.LinearSVC(random_state=0, dual=False),
        lambda: discriminant_analysis.LinearDiscriminantAnalysis(),
        lambda: discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.3),
        lambda: tree.DecisionTreeClassifier(max_depth=d.one(None, 3, 6), criterion=d.one("gini", "entropy"), random_state=0),
        lambda: tree.ExtraTreeClassifier(max_depth=d.one(None, 4), random_state=0),
        lambda: e.RandomForestClassifier(n_estimators=d.whole(1, 12), max_depth=d.one(None, 4), class_weight=d.one(None, "balanced_subsample"), random_state=0),
        lambda: e.ExtraTreesClassifier(n_estimators=d.whole(1, 12), max_depth=d.one(None, 4), random_state=0),
        lambda: e.GradientBoostingClassifier(n_estimators=d.whole(1, 6), init=d.one(None, "zero"), max_depth=d.one(1, 3), random_state=0),
        lambda: e.HistGradientBoostingClassifier(max_iter=d.whole(1, 6), max_leaf_nodes=d.one(4, 31), min_samples_leaf=d.one(2, 20)),
        lambda: e.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=d.one(1, 2)), n_estimators=d.whole(1, 8), random_state=0),
        lambda: e.BaggingClassifier(d.one(None, svm.SVC()), n_estimators=d.whole(1, 5), max_features=d.one(1.0, 0.5), random_state=0),
        lambda: neighbors.KNeighborsClassifier(d.whole(1, 8), weights=d.one("uniform", "distance"), p=d.one(1, 2)),
        lambda: neighbors.NearestCentroid(),
        lambda: svm.SVC(kernel=d.one("rbf", "linear", "poly", "sigmoid"), C=d.log(0.1, 10), decision_function_shape=d.one("ovr", "ovo")),
        lambda: svm.NuSVC(nu=0.1, decision_function_shape=d.one("ovr", "ovo")),
        lambda: naive_bayes.GaussianNB(),
        lambda: naive_bayes.BernoulliNB(binarize=d.one(0.0, 1.0)),
        lambda: neural_network.MLPClassifier(hidden_layer_sizes=d.one((4,), (8, 3)), activation=d.one("relu", "tanh", "logistic"), max_iter=20, random_state=0),
    )()


def a_transformer(d):
    pp = preprocessing
    return d.one(
        lambda: pp.StandardScaler(with_mean=d.chance(0.8), with_std=d.chance(0.9)),
        lambda: pp.MinMaxScaler(clip=d.chance(0.5)),
        lambda: pp.RobustScaler(),
        lambda: pp.MaxAbsScaler(),
        lambda: pp.Normalizer(d.one("l1", "l2", "max")),
        lambda: pp.PolynomialFeatures(2, interaction_only=d.chance(0.5), include_bias=d.chance(0.5)),
        lambda: pp.SplineTransformer(n_knots=d.whole(3, 5), degree=d.whole(1, 3), extrapolation=d.one("constant", "linear", "continue")),
        lambda: pp.PowerTransformer(standardize=d.chance(0.7)),
        lambda: pp.QuantileTransformer(n_quantiles=d.whole(5, 20), output_distribution=d.one("uniform", "normal")),
        lambda: pp.KBinsDiscretizer(d.whole(2, 5), encode=d.one("ordinal", "onehot", "onehot-dense"), strategy=d.one("uniform", "kmeans")),
        lambda: decomposition.PCA(d.one(None, 1), whiten=d.chance(0.3)),
        lambda: feature_selection.SelectKBest(feature_selection.f_classif, k=1),
        lambda: feature_selection.VarianceThreshold(),
        lambda: cluster.KMeans(d.whole(2, 4), n_init=1, random_state=0),
        lambda: pipeline.FeatureUnion([("a", pp.StandardScaler()), ("b", pp.MinMaxScaler())], transformer_weights={"a": 2.0}),
    )()


def wrapped(d, make, classifier):
    """Mostly the model itself; at times something around one or more of them."""
    e, mc = ensemble, multiclass
    if d.chance(0.6):
        return make(d)
    if not classifier:
        return d.one(
            lambda: e.VotingRegressor([("a", make(d)), ("b", make(d))], weights=d.one(None, [1, 3])),
            lambda: e.StackingRegressor([("a", make(d)), ("b", make(d))], passthrough=d.chance(0.5), cv=3),
            lambda: compose.TransformedTargetRegressor(make(d), transformer=preprocessing.StandardScaler()),
            lambda: model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=3),
        )()
    return d.one(
        lambda: e.VotingClassifier([("a", make(d)), ("b", make(d)), ("c", make(d))], weights=d.one(None, [1, 2, 3])),
        lambda: e.StackingClassifier([("a", make(d)), ("b", make(d))], passthrough=d.chance(0.5), cv=3),
        lambda: calibration.CalibratedClassifierCV(make(d), method=d.one("sigmoid", "isotonic"), cv=2, ensemble=d.chance(0.5)),
        lambda: mc.OneVsRestClassifier(make(d)),
        lambda: mc.OneVsOneClassifier(make(d)),
        lambda: mc.OutputCodeClassifier(make(d), code_size=3, random_state=0),
        lambda: model_selection.GridSearchCV(tree.DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 4]}, cv=3),
    )()


# --- whole models -----------------------------------------------------------------------------------------------
def plain_model(d):
    """Rows of numbers."""
    task = d.one("regression", "regression", "binary", "multi", "multi", "multi-output", "multilabel")
    n, width = d.whole(30, 150), d.whole(1, 8) if d.chance(0.85) else d.whole(30, 60)
    # Equal distances are left to the library: rows of a model that may measure them never repeat a value.
    X = numbers(d, n + d.whole(1, 20), width, smooth=d.chance(0.7))
    smooth = all(len(np.unique(X[:, j])) == len(X) for j in range(width))
    y = targets(d, X[:n], task)
    if task in ("multi-output", "multilabel"):
        single = (lambda q: wrapped(q, a_regressor, False)) if task == "multi-output" else (lambda q: wrapped(q, a_classifier, True))
        around = (multioutput.MultiOutputRegressor, multioutput.RegressorChain) if task == "multi-output" else (multioutput.MultiOutputClassifier, multioutput.ClassifierChain)
        model = d.one(*around)(single(d))
    else:
        model = wrapped(d, a_regressor if task == "regression" else a_classifier, task != "regression")
    steps = [a_transformer(d) for _ in range(d.one(0, 0, 1, 1, 2))]
    model = pipeline.make_pipeline(*steps, model) if steps else model
    if not smooth and "Neighbors" in repr(model):
        return None
    # Columns that depend on one another leave an unregularised fit undetermined, and its rounding without bound.
    if steps and any(k in repr(model) for k in ("LinearRegression", "NearestCentroid", "LinearDiscriminant")):
        return None
    if steps and "Neighbors" in repr(model) and any(k in repr(steps) for k in ("KBins", "Quantile", "Spline", "clip=True", "KMeans", "SelectKBest")):
        return None
    # Products of unscaled columns reach 1e4 and more: a kernel's sum of them cancels beyond what any bound allows.
    if "Polynomial" in repr(steps) and any(k in repr(model) for k in ("KernelRidge", "SV", "GaussianProcess")):
        return None
    if d.chance(0.3):
        X = pd.DataFrame(X, columns=["f%d" % i for i in range(width)])
        return model, X[:n], y, X[n:]
    return model, X[:n], y, X[n:]


def gappy_model(d):
    """Rows with missing values: imputed, or to trees that take them."""
    task = d.one("regression", "binary", "multi")
    n, width = d.whole(40, 120), d.whole(2, 6)
    nearest = d.chance(0.3)  # only rows without repeated values: no two neighbours are equally far
    whole = numbers(d, n + 15, width, smooth=nearest)
    y, X = targets(d, whole[:n], task), gaps(d, whole, d.one(0.05, 0.3))
    e = ensemble
    if not nearest and d.chance(0.6):
        kinds = (
            (e.HistGradientBoostingRegressor, e.RandomForestRegressor, tree.DecisionTreeRegressor, e.ExtraTreesRegressor)
            if task == "regression"
            else (e.HistGradientBoostingClassifier, e.RandomForestClassifier, tree.DecisionTreeClassifier, e.ExtraTreesClassifier)
        )
        kind = d.one(*kinds)
        options = {"max_iter": 5} if "Hist" in kind.__name__ else {"max_depth": d.one(None, 5)}
        if "Forest" in kind.__name__ or "Trees" in kind.__name__:
            options["n_estimators"] = d.whole(1, 8)
        model = kind(random_state=0, **options)
    else:
        filler = (
            impute.KNNImputer(n_neighbors=d.whole(1, 5), weights=d.one("uniform", "distance"))
            if nearest
            else impute.SimpleImputer(strategy=d.one("mean", "median", "most_frequent"), add_indicator=d.chance(0.5))
        )
        # Imputed rows repeat values: a model that measures distances could meet ties.
        last = linear_model.LinearRegression() if task == "regression" else linear_model.LogisticRegression(max_iter=200)
        model = pipeline.make_pipeline(filler, preprocessing.StandardScaler(), last)
    return model, X[:n], y, X[n:]


def table_model(d):
    """Columns of different type by name."""
    task = d.one("regression", "binary", "multi")
    n = d.whole(50, 120)
    total = n + 15
    X = numbers(d, total, 3, smooth=False)
    y = targets(d, X[:n], task)
    colors = np.array(["red", "green", "blue", "teal", "grün"], dtype=object)
    frame = pd.DataFrame(gaps(d, X, d.one(0.0, 0.1)), columns=["a", "b", "c"])
    frame["color"] = colors[d.rs.randint(0, d.whole(2, 5), size=total)]
    frame["level"] = d.rs.randint(0, 4, size=total)
    frame["flag"] = d.rs.rand(total) < 0.5
    frame.loc[frame.index[n + 1], "color"] = "unheard"
    pp = preprocessing
    strings = d.one(
        lambda: pp.OneHotEncoder(handle_unknown="ignore", drop=d.one(None, "if_binary")),
        lambda: pp.OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=3),
        lambda: pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        lambda: pp.TargetEncoder(cv=3, random_state=0) if hasattr(pp, "TargetEncoder") else pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-2),
    )()
    fill = pipeline.make_pipeline(impute.SimpleImputer(strategy=d.one("mean", "median")), d.one(pp.StandardScaler(), pp.RobustScaler(), pp.QuantileTransformer(n_quantiles=10)))
    columns = compose.ColumnTransformer([("num", fill, ["a", "b", "c"]), ("str", strings, ["color"])], remainder=d.one("drop", "passthrough"))
    e, lm = ensemble, linear_model
    last = (
        d.one(lm.Ridge(), e.RandomForestRegressor(n_estimators=4, random_state=0), e.HistGradientBoostingRegressor(max_iter=4), e.GradientBoostingRegressor(n_estimators=5, random_state=0), svm.SVR())
        if task == "regression"
        else d.one(lm.LogisticRegression(max_iter=200), e.RandomForestClassifier(n_estimators=4, random_state=0), e.HistGradientBoostingClassifier(max_iter=4), svm.SVC(), svm.LinearSVC(dual=False))
    )
    return pipeline.make_pipeline(columns, last), frame[:n], y, frame[n:].reset_index(drop=True)


def text_model(d):
    """Documents."""
    n = d.whole(20, 60)
    docs = [" ".join(d.rs.choice(WORDS, size=d.whole(1, 12))) for _ in range(n + 10)]
    vectorizer = d.one(CountVectorizer, TfidfVectorizer)(
        **d.one({}, {"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 3)}, {"strip_accents": "unicode"}, {"lowercase": False, "binary": True})
    )
    last = d.one(linear_model.LogisticRegression(max_iter=200), naive_bayes.MultinomialNB(), naive_bayes.ComplementNB(), svm.LinearSVC(), linear_model.SGDClassifier(random_state=0), svm.SVC(), ensemble.RandomForestClassifier(n_estimators=4, random_state=0))
    y = d.one(np.array(["a", "b", "c"], dtype=object), np.array([0, 1, 2]))[d.rs.randint(0, 3, size=n)]
    return pipeline.make_pipeline(vectorizer, last), docs[:n], y, docs[n:]


def build(seed):
    """The first model a seed gives that fits: a draw may ask for what scikit-learn refuses."""
    for attempt in range(50):
        d = Draw([seed, attempt])
        drawn = d.one(plain_model, plain_model, plain_model, gappy_model, table_model, text_model)(d)
        if drawn is None:
            continue
        model, X, y, asked = drawn
        covers = set()
        classes_of(model, covers)
        np.random.seed(0)
        try:
            model.fit(X, y)
            expected = answers(model, methods_of(model), asked)
        except (ValueError, TypeError, AttributeError, np.linalg.LinAlgError):
            continue
        return model, covers, asked, expected
    raise SystemExit("seed %d gives no model that fits" % seed)


def main(out, count, first):
    for seed in range(first, first + count):
        model, covers, asked, expected = build(seed)
        folder = os.path.join(out, "random", "%06d" % seed)
        os.makedirs(folder)
        about = " ".join(repr(model).split())[:400]
        # The prior of gradient boosting goes through numpy.log, whose last bit depends on the processor.
        exact = [] if isinstance(model, ensemble.GradientBoostingClassifier) else None
        text = public_case("random/%06d" % seed, about, [MINOR], model, covers, methods_of(model), asked, exact)
        with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as f:
            f.write(text)
        with open(os.path.join(folder, MINOR + ".pkl"), "wb") as f:
            pickle.dump(model, f)
        write_answers(os.path.join(folder, MINOR + ".json"), expected)
    print(sklearn.__version__)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
