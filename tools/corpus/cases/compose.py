"""Pipelines, column transformers, unions and transformed targets."""

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn import ensemble as en
from sklearn import linear_model as lm
from sklearn import preprocessing as pp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold, chi2
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.svm import SVC, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from data import *
from registry import case, since

DENSE = {"sparse_output": False} if since("1.2") else {"sparse": False}
OH, SS, SI, CT = pp.OneHotEncoder, pp.StandardScaler, SimpleImputer, ColumnTransformer


def onehot(**options):
    return OH(handle_unknown="ignore", **options)


# --- pipelines --------------------------------------------------------------------------------------------------
case("compose/pipeline-scaler-logistic", "scaled, then classified", lambda: make_pipeline(SS(), lm.LogisticRegression()), X, ys, Xt)
case("compose/pipeline-imputer-forest", "imputed, then a forest", lambda: make_pipeline(SI(), en.RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)), Xn, y3s, Xtn)
case("compose/pipeline-passthrough", "steps switched off", lambda: Pipeline([("a", "passthrough"), ("b", SS()), ("c", "passthrough"), ("d", lm.Ridge())]), X, yr, Xt)
case("compose/pipeline-nested", "a pipeline in a pipeline", lambda: make_pipeline(make_pipeline(SI(), SS()), PCA(2), make_pipeline(pp.PolynomialFeatures(2), lm.Lasso(alpha=0.1))), Xn, yr, Xtn)
case("compose/pipeline-transform-only", "transformers only", lambda: make_pipeline(SI(strategy="median"), pp.MinMaxScaler()), Xn, None, Xtn)
case("compose/pipeline-ends-in-passthrough", "ends in passthrough", lambda: Pipeline([("s", SS()), ("p", "passthrough")]), X, None, Xt)
case("compose/pipeline-selection", "variance, selection, forest importance, classifier", lambda: make_pipeline(VarianceThreshold(), SelectKBest(k=3), SelectFromModel(en.ExtraTreesClassifier(n_estimators=3, max_depth=3, random_state=0)), LinearSVC(random_state=0, dual=False)), X, y3s, Xt)
case("compose/pipeline-poly-ridge", "polynomials, then ridge", lambda: make_pipeline(pp.PolynomialFeatures(2), SS(), lm.RidgeCV()), X, yr, Xt)
case("compose/pipeline-spline-linear", "splines, then linear", lambda: make_pipeline(pp.SplineTransformer(n_knots=4), lm.LinearRegression()), X, yr, Xt)
case("compose/pipeline-bins-linear", "sparse bins, then logistic", lambda: make_pipeline(pp.KBinsDiscretizer(3, strategy="uniform"), lm.LogisticRegression()), X, y3, Xt)
case("compose/pipeline-one-class", "scaled, then outliers", lambda: make_pipeline(SS(), OneClassSVM(nu=0.2)), X, None, Xt)
case("compose/pipeline-isolation", "scaled, then an isolation forest", lambda: make_pipeline(SS(), en.IsolationForest(n_estimators=4, max_samples=16, random_state=0)), X, None, Xt)
case("compose/pipeline-function", "a logarithm, then linear", lambda: make_pipeline(pp.FunctionTransformer(np.log1p), lm.LinearRegression()), Xp, yr, Xtp)
case("compose/pipeline-function-columns", "a logarithm of a DataFrame, then scaled", lambda: make_pipeline(pp.FunctionTransformer(np.square), SS(), lm.Ridge()), Xdf, yr, Xdft)
case("compose/pipeline-multi-output", "two targets", lambda: make_pipeline(SS(), lm.Ridge()), X, Yr2, Xt)
case("compose/pipeline-one-row", "one row asked", lambda: make_pipeline(SS(), SVC()), X, y3s, X1t)
case("compose/pipeline-columns", "fitted on a DataFrame", lambda: make_pipeline(SS(), PCA(2), lm.LogisticRegression()), Xdf, ys, Xdft)
case("compose/pipeline-target-encoder", "target means, then ridge", lambda: make_pipeline(pp.TargetEncoder(random_state=0, cv=3), lm.Ridge()), Xs, yr, Xts_unseen, first="1.3")
case("compose/pipeline-ordinal-hist", "codes, then boosting over categories", lambda: make_pipeline(pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), en.HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=4, categorical_features=[0, 1], random_state=0)), Xs_nan, y3s, Xts_unseen)

# --- sparse matrices between steps ------------------------------------------------------------------------------
SPARSE = (
    ("logistic", lambda: lm.LogisticRegression()),
    ("sgd", lambda: lm.SGDClassifier(loss="modified_huber", random_state=0)),
    ("ridge-classifier", lambda: lm.RidgeClassifier(solver="sparse_cg")),
    ("svc", lambda: SVC()),
    ("svc-linear", lambda: SVC(kernel="linear")),
    ("linear-svc", lambda: LinearSVC(random_state=0, dual=True)),
    ("multinomial", lambda: MultinomialNB()),
    ("complement", lambda: ComplementNB()),
    ("bernoulli", lambda: BernoulliNB()),
    ("knn", lambda: KNeighborsClassifier(len(DOCS), weights="distance")),  # all of them: ties in distance cannot matter
    ("knn-cosine", lambda: KNeighborsClassifier(len(DOCS), metric="cosine", weights="distance")),
    ("forest", lambda: en.RandomForestClassifier(n_estimators=3, max_depth=4, random_state=0)),
    ("tree", lambda: DecisionTreeClassifier(max_depth=4, random_state=0)),
    ("boosting", lambda: en.GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0)),
    ("mlp", lambda: MLPClassifier((4,), max_iter=20, random_state=0)),
    ("passive-aggressive", lambda: lm.PassiveAggressiveClassifier(random_state=0)),
)
for name, make in SPARSE:
    target = yd3 if name not in ("boosting", "svc-linear") else yd
    case("compose/text-" + name, "weighted words, then " + name, lambda m=make: make_pipeline(TfidfVectorizer(max_features=50), m()), DOCS, target, DOCST)
case("compose/text-svd", "words, latent semantics, classifier", lambda: make_pipeline(TfidfVectorizer(), TruncatedSVD(4, random_state=0), pp.Normalizer(copy=False), lm.LogisticRegression()), DOCS, yd, DOCST)
case("compose/text-chi2", "words chosen by chi-squared", lambda: make_pipeline(CountVectorizer(), SelectKBest(chi2, k=10), MultinomialNB()), DOCS, yd3, DOCST)
case("compose/text-scaled", "words scaled without centring", lambda: make_pipeline(CountVectorizer(max_features=30), SS(with_mean=False), pp.MaxAbsScaler(), lm.LogisticRegression()), DOCS, yd, DOCST)
case("compose/text-ridge", "regression on words", lambda: make_pipeline(TfidfVectorizer(sublinear_tf=True), lm.Ridge()), DOCS, ydr, DOCST)
case("compose/text-union", "words and characters side by side", lambda: make_pipeline(FeatureUnion([("w", TfidfVectorizer(max_features=30)), ("c", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 2), max_features=30))], transformer_weights={"c": 0.5}), lm.LogisticRegression()), DOCS, yd3, DOCST)
SPARSE_ROWS = (
    ("logistic", lambda: lm.LogisticRegression(max_iter=300), y3s),
    ("linear", lambda: lm.LinearRegression(), yr),
    ("forest", lambda: en.RandomForestRegressor(n_estimators=3, max_depth=4, random_state=0), yr),
    ("svc", lambda: SVC(probability=True, random_state=0), y3),
    ("knn", lambda: KNeighborsRegressor(N, weights="distance"), yr),
    ("bernoulli", lambda: BernoulliNB(), ys),
    ("max-abs-lasso", lambda: make_pipeline(pp.MaxAbsScaler(), lm.Lasso(alpha=0.05)), yr),
)
for name, make, target in SPARSE_ROWS:
    case("compose/one-hot-" + name, "sparse one-hot columns, then " + name, lambda m=make: make_pipeline(onehot(), m()), Xs, target, Xts_unseen)

# A sparse matrix into every transformer that takes one: most touch only the values that are stored.
for name, make in (
    ("standard", lambda: SS(with_mean=False)),
    ("max-abs", lambda: pp.MaxAbsScaler()),
    ("robust", lambda: pp.RobustScaler(with_centering=False, quantile_range=(5, 95))),
    ("normalizer-l1", lambda: pp.Normalizer("l1")),
    ("normalizer-max", lambda: pp.Normalizer("max")),
    ("binarizer", lambda: pp.Binarizer()),
    ("polynomial", lambda: pp.PolynomialFeatures(2, interaction_only=True)),
    ("polynomial-bias", lambda: pp.PolynomialFeatures(3)),
    ("quantile", lambda: pp.QuantileTransformer(n_quantiles=10, random_state=0)),
    ("quantile-normal", lambda: pp.QuantileTransformer(n_quantiles=10, output_distribution="normal", random_state=0)),
    ("quantile-ignoring", lambda: pp.QuantileTransformer(n_quantiles=5, ignore_implicit_zeros=True, random_state=0)),
    ("function-log1p", lambda: pp.FunctionTransformer(np.log1p, accept_sparse=True)),
    ("function-sqrt", lambda: pp.FunctionTransformer(np.sqrt, accept_sparse=True, validate=True)),
    ("imputer-zeros", lambda: SI(missing_values=-1, strategy="mean")),
    ("svd", lambda: TruncatedSVD(2, random_state=0)),
    ("variance", lambda: VarianceThreshold(0.05)),
    ("tfidf", lambda: TfidfTransformer()),
    ("k-best", lambda: SelectKBest(chi2, k=3)),
):
    target = y3 if name == "k-best" else None
    exact = ["transform"] if name in ("standard", "max-abs", "robust", "binarizer", "polynomial", "imputer-zeros", "variance", "k-best") else []
    case("compose/sparse-" + name, "sparse one-hot columns, scaled, then " + name, lambda m=make: make_pipeline(onehot(), SS(with_mean=False), m()), Xc[:, :2], target, Xtc_unseen[:, :2], exact=exact)
case("compose/sparse-hist", "sparse to dense before boosting", lambda: make_pipeline(onehot(**DENSE), en.HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=4, random_state=0)), Xs, y3, Xts_unseen)
for name, make in (
    ("extra-trees", lambda: en.ExtraTreesClassifier(n_estimators=3, max_depth=4, random_state=0)),
    ("ada", lambda: en.AdaBoostClassifier(n_estimators=3, random_state=0)),
    ("bagging", lambda: en.BaggingClassifier(n_estimators=3, max_features=0.5, random_state=0)),
    ("one-vs-rest", lambda: OneVsRestClassifier(lm.LogisticRegression())),
    ("one-vs-one", lambda: OneVsOneClassifier(LinearSVC(dual=True, random_state=0))),
    ("calibrated", lambda: CalibratedClassifierCV(LinearSVC(dual=True, random_state=0), cv=3)),
    ("voting", lambda: en.VotingClassifier([("a", lm.LogisticRegression()), ("b", MultinomialNB())], voting="soft")),
    ("stacking", lambda: en.StackingClassifier([("a", lm.LogisticRegression()), ("b", MultinomialNB())], passthrough=True, cv=3)),
    ("grid-search", lambda: GridSearchCV(lm.LogisticRegression(), {"C": [0.1, 1.0]}, cv=3)),
    ("centroid", lambda: NearestCentroid()),
    ("from-model", lambda: make_pipeline(SelectFromModel(LinearSVC(penalty="l1", dual=False, random_state=0)), lm.LogisticRegression())),
    ("rfe", lambda: RFE(lm.LogisticRegression(), n_features_to_select=3)),
    ("k-means", lambda: KMeans(3, n_init=1, random_state=0)),
):
    case("compose/one-hot-" + name, "sparse one-hot columns, then " + name, lambda m=make: make_pipeline(onehot(), m()), Xs, None if name == "k-means" else y3s, Xts_unseen, methods=["predict"] if name == "centroid" else None)

# --- column transformers ----------------------------------------------------------------------------------------
NUMERIC, STRINGS = ["age", "income", "score"], ["color", "city"]


def numbers():
    return make_pipeline(SI(strategy="median"), SS())


def strings():
    return make_pipeline(SI(strategy="most_frequent"), onehot())


def by_name(**options):
    return CT([("num", numbers(), NUMERIC), ("cat", strings(), STRINGS)], **options)


def no_strings(f):
    return f.drop(columns=STRINGS)


case("compose/columns-by-name", "by column name, the rest dropped", lambda: by_name(), dfn, None, dftn)
case("compose/columns-remainder-passthrough", "the rest passes through", lambda: by_name(remainder="passthrough"), dfn, None, dftn_unseen)
case("compose/columns-remainder-estimator", "the rest is scaled", lambda: CT([("cat", onehot(), STRINGS)], remainder=pp.MinMaxScaler()), df, None, dft_unseen)
case("compose/columns-classifier", "then a classifier", lambda: make_pipeline(by_name(), lm.LogisticRegression(max_iter=300)), dfn, yfs, dftn_unseen)
case("compose/columns-forest", "then a forest; all columns used", lambda: make_pipeline(by_name(remainder="passthrough"), en.RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0)), dfn, yfnb, dftn_unseen)
case("compose/columns-regressor", "then a regression", lambda: make_pipeline(by_name(remainder="passthrough"), lm.Ridge()), dfn, yfn, dftn_unseen)
case("compose/columns-hist", "codes, then boosting", lambda: make_pipeline(CT([("cat", pp.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), STRINGS)], remainder="passthrough"), en.HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=4, categorical_features=[0, 1], random_state=0)), dfn, yfn, dftn_unseen)
case("compose/columns-selector-dtype", "columns chosen by type", lambda: CT([("num", numbers(), make_column_selector(dtype_include="number")), ("cat", strings(), make_column_selector(dtype_exclude=["number", "bool"]))]), dfn, None, dftn)
case("compose/columns-selector-pattern", "columns chosen by pattern", lambda: CT([("c", onehot(), make_column_selector(pattern="^c")), ("n", SS(), make_column_selector(pattern="e$"))]), df, None, dft)
case("compose/columns-by-index-frame", "by index on a DataFrame", lambda: CT([("n", SS(), [0, 1]), ("c", onehot(), [2, -4])], remainder="passthrough"), df, None, dft)
case("compose/columns-by-slice-names", "a slice of names", lambda: CT([("n", SS(), slice("age", "income")), ("c", onehot(), slice("color", "city"))]), df, None, dft)
case("compose/columns-by-mask-frame", "a mask", lambda: CT([("n", SS(), [True, True, False, False, False, False, True])], remainder="drop"), df, None, dft)
case("compose/columns-passthrough-drop", "passthrough and drop as transformers", lambda: CT([("p", "passthrough", ["rooms", "age"]), ("d", "drop", ["income"]), ("c", onehot(), ["color"])], remainder="drop"), df, None, dft)
case("compose/columns-same-column-twice", "one column used twice", lambda: CT([("a", SS(), ["age"]), ("b", pp.KBinsDiscretizer(3, encode="ordinal", strategy="uniform"), ["age", "income"])]), df, None, dft)
case("compose/columns-empty-selection", "a transformer with no columns", lambda: CT([("none", SS(), []), ("a", pp.MinMaxScaler(), ["age"])]), df, None, dft)
case("compose/columns-weights", "weights per transformer", lambda: CT([("n", SS(), ["age", "income"]), ("c", onehot(), STRINGS)], transformer_weights={"n": 2.5}), df, None, dft)
case("compose/columns-dense-threshold", "always dense", lambda: CT([("n", SS(), ["age"]), ("c", onehot(), STRINGS)], sparse_threshold=0), df, None, dft)
case("compose/columns-sparse", "always sparse, then linear", lambda: make_pipeline(CT([("n", SS(), ["age"]), ("c", onehot(), STRINGS)], sparse_threshold=1.0), lm.Ridge()), df, yf, dft)
case("compose/columns-no-prefix", "names without prefixes", lambda: CT([("n", SS(), ["age"])], remainder="passthrough", verbose_feature_names_out=False), no_strings(df), None, no_strings(dft))
case("compose/columns-text", "a text column by its name", lambda: make_pipeline(CT([("t", TfidfVectorizer(max_features=20), "text"), ("n", SS(), ["size"])]), lm.LogisticRegression()),
     pd.DataFrame({"size": np.arange(len(DOCS)) * 1.0, "text": DOCS}), yd, pd.DataFrame({"size": np.arange(len(DOCST)) * 2.0, "text": DOCST}))  # fmt: skip
case("compose/columns-nested", "a column transformer in a column transformer", lambda: CT([("inner", CT([("a", SS(), ["age"]), ("i", pp.RobustScaler(), ["income"])]), ["age", "income"]), ("c", onehot(), ["color"])]), df, None, dft)
case("compose/columns-function", "a logarithm by name", lambda: CT([("log", pp.FunctionTransformer(np.log1p), ["income"]), ("p", pp.PowerTransformer(), ["age", "score"])]), df, None, dft)
case("compose/columns-target-encoder", "target means", lambda: make_pipeline(CT([("t", pp.TargetEncoder(random_state=0, cv=3), STRINGS), ("n", numbers(), NUMERIC)]), lm.Ridge()), dfn, yfn, dftn_unseen, first="1.3")
case("compose/columns-one-row", "one row asked", lambda: make_pipeline(by_name(), lm.Ridge()), dfn, yfn, dftn[:1])
if since("1.3"):
    case("compose/columns-pandas-output", "set_output: frames between the steps", lambda: Pipeline([("ct", CT([("n", numbers(), NUMERIC), ("c", OH(handle_unknown="ignore", sparse_output=False), ["color"])], verbose_feature_names_out=False)), ("s", SS()), ("r", lm.Ridge())]).set_output(transform="pandas"), df, yf, dft, first="1.3")
    case("compose/columns-pandas-names", "set_output: the second step chooses by the first one's names", lambda: Pipeline([("a", CT([("n", SS(), ["age"]), ("i", pp.MinMaxScaler(), ["income"])], remainder="passthrough")), ("b", CT([("x", pp.RobustScaler(), ["n__age"]), ("y", "passthrough", ["i__income", "remainder__rooms"])])), ("r", lm.LinearRegression())]).set_output(transform="pandas"), no_strings(df), yf, no_strings(dft), first="1.3")
    case("compose/columns-force-int", "set_output pandas on a scaler alone", lambda: SS().set_output(transform="pandas"), Xdf, None, Xdft, first="1.3")
MIX, MIXT = np.c_[Xn[:, :3], Xc[:, :2].astype(float)], np.c_[Xtn[:, :3], Xtc[:, :2].astype(float)]
case("compose/array-by-index", "an array by index, the rest passes", lambda: CT([("n", numbers(), [0, 2]), ("c", onehot(), [3, 4])], remainder="passthrough"), MIX, None, MIXT)
case("compose/array-by-slice", "slices", lambda: CT([("n", numbers(), slice(0, 3)), ("c", onehot(), slice(-2, None))]), MIX, None, MIXT)
case("compose/array-by-mask", "masks", lambda: CT([("n", numbers(), [True, False, True, False, False]), ("c", onehot(**DENSE), np.array([False, False, False, True, True]))]), MIX, None, MIXT)
case("compose/array-negative-index", "negative indices", lambda: CT([("c", onehot(), [-1]), ("d", "drop", [1])], remainder="passthrough", sparse_threshold=0), MIX, None, MIXT)
case("compose/array-classifier", "then a tree", lambda: make_pipeline(CT([("n", SI(), [0, 1, 2])], remainder="passthrough"), DecisionTreeClassifier(max_depth=4, random_state=0)), MIX, y3s, MIXT)
OBJ, OBJT = np.c_[X[:, :2].astype(object), Xs], np.c_[Xt[:, :2].astype(object), Xts_unseen]
case("compose/array-objects", "an array of numbers and strings", lambda: make_pipeline(CT([("n", SS(), [0, 1]), ("c", onehot(), [2, 3])]), lm.LogisticRegression()), OBJ, ys, OBJT)
case("compose/array-scalar-column", "a column as a vector", lambda: CT([("t", CountVectorizer(token_pattern=r"\S+"), 2), ("n", SS(), [0, 1])], sparse_threshold=0), np.c_[X[:, :2].astype(object), Xs[:, :1]], None, np.c_[Xt[:, :2].astype(object), Xts[:, :1]])

# --- unions -----------------------------------------------------------------------------------------------------
FU = FeatureUnion
case("compose/union", "two transformers side by side", lambda: FU([("p", PCA(2)), ("s", SS())]), X, None, Xt)
case("compose/union-weights", "weighted", lambda: FU([("p", pp.MinMaxScaler()), ("s", SS())], transformer_weights={"p": 2.0, "s": 0.1}), X, None, Xt)
case("compose/union-drop-passthrough", "one dropped, one passing through", lambda: FU([("a", "drop"), ("b", "passthrough"), ("c", pp.Binarizer())]), X, None, Xt)
case("compose/union-classifier", "polynomials and bins, then a classifier", lambda: make_pipeline(make_union(pp.PolynomialFeatures(2), pp.KBinsDiscretizer(3, strategy="uniform")), lm.LogisticRegression(max_iter=500)), X, y3, Xt)
case("compose/union-pipelines", "pipelines in a union", lambda: make_union(make_pipeline(SI(), PCA(1)), make_pipeline(SI(strategy="median"), pp.QuantileTransformer(n_quantiles=10))), Xn, None, Xtn)

# --- transformed targets ----------------------------------------------------------------------------------------
TT = TransformedTargetRegressor
for name, f, g, target in (("log1p", np.log1p, np.expm1, ypos), ("log", np.log, np.exp, ypos), ("sqrt", np.sqrt, np.square, ypos)):
    case("compose/target-" + name, "numpy.%s of the target" % name, lambda a=f, b=g: TT(lm.Ridge(), func=a, inverse_func=b), X, target, Xt)
case("compose/target-scaler", "a scaled target", lambda: TT(lm.Ridge(), transformer=SS()), X, yr, Xt)
case("compose/target-quantile", "a target made normal", lambda: TT(lm.Ridge(), transformer=pp.QuantileTransformer(n_quantiles=15, output_distribution="normal")), X, yr, Xt)
case("compose/target-quantile-uniform", "a target made uniform", lambda: TT(lm.Ridge(), transformer=pp.QuantileTransformer(n_quantiles=15)), X, yr, Xt)
case("compose/target-power", "a power-transformed target", lambda: TT(lm.Ridge(), transformer=pp.PowerTransformer()), X, yr, Xt)
case("compose/target-power-box-cox", "a Box-Cox-transformed target", lambda: TT(lm.Ridge(), transformer=pp.PowerTransformer("box-cox")), X, ypos, Xt)
case("compose/target-min-max", "a target scaled to 0..1", lambda: TT(lm.LinearRegression(), transformer=pp.MinMaxScaler()), X, yr, Xt)
case("compose/target-robust", "a robustly scaled target", lambda: TT(lm.LinearRegression(), transformer=pp.RobustScaler()), X, yr, Xt)
case("compose/target-max-abs", "a target scaled by its largest", lambda: TT(lm.LinearRegression(), transformer=pp.MaxAbsScaler()), X, yr, Xt)
case("compose/target-pipeline", "a pipeline on the target", lambda: TT(lm.Ridge(), transformer=make_pipeline(pp.MinMaxScaler((0.5, 2)), pp.FunctionTransformer(np.log, np.exp, validate=True))), X, yr, Xt)
case("compose/target-multi-output", "two scaled targets", lambda: TT(lm.Ridge(), transformer=SS()), X, Yr2, Xt)
case("compose/target-plain", "no transformation", lambda: TT(lm.Ridge()), X, yr, Xt)
case("compose/target-default-regressor", "the default regressor", lambda: TT(func=np.log1p, inverse_func=np.expm1), X, ypos, Xt)
case("compose/target-in-pipeline", "the regressor is a pipeline over columns", lambda: TT(make_pipeline(by_name(), lm.Ridge()), func=np.log1p, inverse_func=np.expm1), dfn, np.abs(yfn), dftn_unseen)
case("compose/target-forest", "a forest inside", lambda: TT(en.RandomForestRegressor(n_estimators=3, max_depth=3, random_state=0), func=np.log1p, inverse_func=np.expm1), X, ypos, Xt)

# --- imbalanced-learn: samplers act in training only ------------------------------------------------------------
case("compose/imblearn-pipeline", "scaled, oversampled, classified", lambda: SamplingPipeline([("s", SS()), ("o", RandomOverSampler(random_state=0)), ("c", lm.LogisticRegression())]), X, y3s, Xt)
case("compose/imblearn-smote", "synthetic rows, undersampled, a forest", lambda: SamplingPipeline([("o", SMOTE(random_state=0, k_neighbors=3)), ("u", RandomUnderSampler(random_state=0)), ("c", en.RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0))]), X, ys, Xt)
