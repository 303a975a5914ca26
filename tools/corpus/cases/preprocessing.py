"""Scalers, encoders, discretisers and the other transformers of sklearn.preprocessing."""

import numpy as np
from sklearn import preprocessing as pp

from data import *
from registry import case, since

DENSE = {"sparse_output": False} if since("1.2") else {"sparse": False}
Xconst, Xtconst = np.c_[X[:, :2], np.full(N, 3.0)], np.c_[Xt[:, :2], np.linspace(0, 6, T)]

# --- scalers ----------------------------------------------------------------------------------------------------
case("preprocessing/standard-scaler", "missing values pass through", lambda: pp.StandardScaler(), Xn, None, Xtn)
case("preprocessing/standard-scaler-constant", "a column without variance", lambda: pp.StandardScaler(), Xconst, None, Xtconst)
case("preprocessing/standard-scaler-no-mean", "scale only", lambda: pp.StandardScaler(with_mean=False), X, None, Xt)
case("preprocessing/standard-scaler-no-std", "centre only", lambda: pp.StandardScaler(with_std=False), X, None, Xt)
case("preprocessing/standard-scaler-neither", "neither", lambda: pp.StandardScaler(with_std=False, with_mean=False), X, None, Xt)
case("preprocessing/standard-scaler-weights", "sample weights", lambda: pp.StandardScaler(), X, None, Xt, weights=weights)
case("preprocessing/standard-scaler-float32", "fitted on float32", lambda: pp.StandardScaler(), X.astype(np.float32), None, Xt)
case("preprocessing/standard-scaler-integers", "fitted on integers", lambda: pp.StandardScaler(), Xi, None, Xti)
case("preprocessing/standard-scaler-columns", "fitted on a DataFrame", lambda: pp.StandardScaler(), Xdf, None, Xdft)
case("preprocessing/standard-scaler-one-row", "one row asked", lambda: pp.StandardScaler(), X, None, X1t)
case("preprocessing/min-max", "missing values pass through", lambda: pp.MinMaxScaler(), Xn, None, Xtn)
case("preprocessing/min-max-range-clip", "range -1..2, clipped", lambda: pp.MinMaxScaler(feature_range=(-1, 2), clip=True), X, None, Xt)
case("preprocessing/min-max-clip-missing", "clipped with missing values", lambda: pp.MinMaxScaler(clip=True), Xn, None, Xtn)
case("preprocessing/min-max-constant", "a column without range", lambda: pp.MinMaxScaler(), Xconst, None, Xtconst)
case("preprocessing/min-max-float32", "fitted on float32: scale_ and min_ are float32", lambda: pp.MinMaxScaler(), X.astype(np.float32), None, Xt)
case("preprocessing/max-abs", "missing values pass through", lambda: pp.MaxAbsScaler(), Xn, None, Xtn)
case("preprocessing/max-abs-zero", "a column of zeros", lambda: pp.MaxAbsScaler(), np.c_[X[:, :2], np.zeros(N)], None, Xtconst)
if since("1.9"):
    case("preprocessing/max-abs-clip", "clipped", lambda: pp.MaxAbsScaler(clip=True), X, None, Xt, first="1.9")
case("preprocessing/robust", "missing values pass through", lambda: pp.RobustScaler(), Xn, None, Xtn)
case("preprocessing/robust-variants", "no centring, 10..90 %, unit variance", lambda: pp.RobustScaler(with_centering=False, quantile_range=(10, 90), unit_variance=True), X, None, Xt)
case("preprocessing/robust-no-scaling", "centre only", lambda: pp.RobustScaler(with_scaling=False), X, None, Xt)
for norm in ("l2", "l1", "max"):
    case("preprocessing/normalizer-" + norm, "%s norm; a row of zeros stays" % norm, lambda n=norm: pp.Normalizer(n), X, None, Xt)
case("preprocessing/normalizer-wide", "l1 norm over 60 features", lambda: pp.Normalizer("l1"), Xwide, None, Xtwide)
case("preprocessing/binarizer", "threshold 0", lambda: pp.Binarizer(), X, None, Xt)
case("preprocessing/binarizer-threshold", "threshold 1.5", lambda: pp.Binarizer(threshold=1.5), X, None, Xt)

# --- polynomials, splines, bins ---------------------------------------------------------------------------------
PF = pp.PolynomialFeatures
case("preprocessing/polynomial", "degree 2", lambda: PF(), X, None, Xt)
case("preprocessing/polynomial-degree-3", "degree 3, no bias", lambda: PF(3, include_bias=False), X[:, :3], None, Xt[:, :3])
case("preprocessing/polynomial-interaction", "products of distinct features", lambda: PF(3, interaction_only=True), X, None, Xt)
case("preprocessing/polynomial-interaction-no-bias", "pairs only", lambda: PF(2, interaction_only=True, include_bias=False), X, None, Xt)
case("preprocessing/polynomial-range", "degrees 2 to 3 only", lambda: PF((2, 3)), X[:, :3], None, Xt[:, :3])
case("preprocessing/polynomial-range-no-bias", "degrees 2 to 4, interactions", lambda: PF((2, 4), interaction_only=True, include_bias=False), X, None, Xt)
case("preprocessing/polynomial-order-f", "column-major output, degree 2", lambda: PF(2, order="F"), X[:, :2], None, Xt[:, :2])
case("preprocessing/polynomial-degree-1", "degree 1", lambda: PF(1), X[:, :2], None, Xt[:, :2])
case("preprocessing/polynomial-degree-0", "only the bias", lambda: PF(0), X[:, :2], None, Xt[:, :2], first="1.1")
case("preprocessing/polynomial-columns", "fitted on a DataFrame", lambda: PF(2), Xdf, None, Xdft)
ST = pp.SplineTransformer
for how in ("constant", "linear", "continue", "periodic", "error"):
    asked = X[:T] if how == "error" else Xt
    case("preprocessing/spline-" + how, "extrapolation " + how, lambda h=how: ST(n_knots=4, extrapolation=h), X[:, :3], None, asked[:, :3])
case("preprocessing/spline-degree-1", "degree 1, no bias", lambda: ST(degree=1, n_knots=3, include_bias=False), X[:, :3], None, Xt[:, :3])
case("preprocessing/spline-degree-2-quantile", "degree 2, knots at quantiles", lambda: ST(degree=2, knots="quantile", n_knots=4), X[:, :3], None, Xt[:, :3])
case("preprocessing/spline-degree-0", "degree 0", lambda: ST(degree=0, n_knots=4), X[:, :2], None, Xt[:, :2])
case("preprocessing/spline-linear-degree-1", "degree 1, linear extrapolation", lambda: ST(degree=1, n_knots=4, extrapolation="linear"), X[:, :2], None, Xt[:, :2])
case("preprocessing/spline-linear-no-bias", "linear extrapolation, no bias", lambda: ST(n_knots=4, extrapolation="linear", include_bias=False), X[:, :2], None, Xt[:, :2])
case("preprocessing/spline-periodic-no-bias", "periodic, degree 2, no bias", lambda: ST(degree=2, n_knots=5, extrapolation="periodic", include_bias=False), X[:, :2], None, Xt[:, :2])
case("preprocessing/spline-given-knots", "knots given", lambda: ST(knots=np.array([[-2.0, -3.0], [-0.5, 0.0], [0.1, 1.0], [2.0, 5.0]])), X[:, :2], None, Xt[:, :2])
case("preprocessing/spline-missing", "missing values become zeros", lambda: ST(n_knots=4, handle_missing="zeros"), Xn[:, :3], None, Xtn[:, :3], first="1.9")
case("preprocessing/spline-float32", "fitted on float32", lambda: ST(n_knots=4), X[:, :2].astype(np.float32), None, Xt[:, :2])
KB = pp.KBinsDiscretizer
QM = {"quantile_method": "averaged_inverted_cdf"} if since("1.7") else {}
for strategy in ("uniform", "quantile", "kmeans"):
    for encode in ("ordinal", "onehot-dense", "onehot"):
        if (strategy, encode) in (("kmeans", "onehot"), ("uniform", "onehot-dense")):
            continue
        extra = QM if strategy == "quantile" else {}
        case("preprocessing/k-bins-%s-%s" % (strategy, encode), "%s bins, %s" % (strategy, encode), lambda s=strategy, e=encode, k=extra: KB(4, strategy=s, encode=e, **k), X[:, :3], None, Xt[:, :3])
case("preprocessing/k-bins-per-feature", "2, 3 and 5 bins", lambda: KB([2, 3, 5], strategy="uniform", encode="ordinal"), X[:, :3], None, Xt[:, :3])
case("preprocessing/k-bins-edges", "questions on the bin edges", lambda: KB(4, strategy="uniform", encode="ordinal"), np.array([[0.0], [1.0], [2.0], [4.0]]), None, np.arange(-1, 6).reshape(-1, 1) * 1.0)
case("preprocessing/k-bins-float32", "float32 output", lambda: KB(3, strategy="uniform", encode="onehot-dense", dtype=np.float32), X[:, :2], None, Xt[:, :2])
PT, QT = pp.PowerTransformer, pp.QuantileTransformer
case("preprocessing/power-yeo-johnson", "Yeo-Johnson, standardised", lambda: PT(), X, None, Xt)
case("preprocessing/power-yeo-johnson-missing", "missing values pass through", lambda: PT(), Xn, None, Xtn)
case("preprocessing/power-yeo-johnson-raw", "not standardised", lambda: PT(standardize=False), X, None, Xt)
case("preprocessing/power-box-cox", "Box-Cox, standardised", lambda: PT("box-cox"), Xp + 0.1, None, Xtp + 0.1)
case("preprocessing/power-box-cox-raw", "not standardised", lambda: PT("box-cox", standardize=False), Xp + 0.1, None, Xtp + 0.1)


def fixed_lambdas(values, method):
    def fit(estimator):
        estimator.fit(np.abs(X) + 0.1 if method == "box-cox" else X)
        estimator.lambdas_ = np.array(values)
        return estimator

    return fit


case("preprocessing/power-yeo-johnson-special", "the exponents 0, 1, 2 and -1", lambda: PT(standardize=False), X, None, Xt, fit=fixed_lambdas([0.0, 1.0, 2.0, -1.0], "yeo-johnson"))
case("preprocessing/power-box-cox-special", "the exponents 0, 1, 2 and -1", lambda: PT("box-cox", standardize=False), Xp + 0.1, None, Xtp + 0.1, fit=fixed_lambdas([0.0, 1.0, 2.0, -1.0], "box-cox"))
case("preprocessing/quantile-uniform", "to uniform", lambda: QT(n_quantiles=20, random_state=0), X, None, Xt)
case("preprocessing/quantile-normal", "to normal", lambda: QT(n_quantiles=20, output_distribution="normal", random_state=0), X, None, Xt)
case("preprocessing/quantile-missing", "missing values pass through", lambda: QT(n_quantiles=15, random_state=0), Xn, None, Xtn)
case("preprocessing/quantile-ties", "repeated quantiles", lambda: QT(n_quantiles=20, random_state=0), Xi.astype(float), None, Xti.astype(float) + np.tile([0.0, 0.5, 0.0, 0.25], (T, 1)))
case("preprocessing/quantile-normal-ties", "repeated quantiles, to normal", lambda: QT(n_quantiles=20, output_distribution="normal", random_state=0), Xi.astype(float), None, Xti.astype(float))

# --- one-hot ----------------------------------------------------------------------------------------------------
OH = pp.OneHotEncoder
IGNORE = {"handle_unknown": "ignore"}
RARE = {"handle_unknown": "infrequent_if_exist"}
case("preprocessing/one-hot", "string categories", lambda: OH(), Xs, None, Xts)
case("preprocessing/one-hot-dense", "dense output", lambda: OH(**DENSE), Xs, None, Xts)
case("preprocessing/one-hot-ignore", "unseen categories ignored", lambda: OH(**IGNORE), Xs, None, Xts_unseen)
case("preprocessing/one-hot-drop-first", "the first category dropped", lambda: OH(drop="first"), Xs, None, Xts)
case("preprocessing/one-hot-drop-first-ignore", "first dropped, unseen ignored", lambda: OH(drop="first", **IGNORE), Xs, None, Xts_unseen)
case("preprocessing/one-hot-drop-if-binary", "dropped only where two", lambda: OH(drop="if_binary", **IGNORE), np.c_[Xs, ys], None, np.c_[Xts_unseen, np.resize(ys, T)])
case("preprocessing/one-hot-drop-array", "given categories dropped", lambda: OH(drop=["green", "XL"]), Xs, None, Xts)
case("preprocessing/one-hot-given-categories", "given categories in their order", lambda: OH(categories=[["teal", "red", "blue", "green"], ["S", "M", "L", "XL", "XXL"]], **IGNORE), Xs, None, Xts_unseen)
case("preprocessing/one-hot-integers", "integer categories", lambda: OH(**IGNORE), Xc, None, Xtc_unseen)
case("preprocessing/one-hot-floats-missing", "float categories with NaN", lambda: OH(**IGNORE), np.where(Xn[:, :2] != Xn[:, :2], np.nan, np.round(Xn[:, :2])), None, np.where(Xtn[:, :2] != Xtn[:, :2], np.nan, np.round(Xtn[:, :2])))
case("preprocessing/one-hot-bools", "boolean categories", lambda: OH(drop="if_binary"), np.c_[ybool, ~ybool], None, np.c_[np.resize(ybool, T), np.resize(ybool, T)])
case("preprocessing/one-hot-nan", "NaN is a category", lambda: OH(), Xs_nan, None, Xts_nan)
case("preprocessing/one-hot-none", "None is a category", lambda: OH(), Xs_none, None, Xts_none)
case("preprocessing/one-hot-unseen-missing", "missing values were never seen", lambda: OH(**IGNORE), Xs, None, Xts_nan)
case("preprocessing/one-hot-mixed", "a string and an integer column as objects", lambda: OH(**IGNORE), np.c_[Xs[:, :1], Xc[:, :1].astype(object)], None, np.c_[Xts_unseen[:, :1], Xtc[:, :1].astype(object)])
case("preprocessing/one-hot-min-frequency", "rare categories grouped", lambda: OH(min_frequency=6, **RARE), Xrare, None, Xtrare_unseen)
case("preprocessing/one-hot-min-frequency-share", "rare by share, error on unknown", lambda: OH(min_frequency=0.1), Xrare, None, Xtrare)
case("preprocessing/one-hot-max-categories", "at most four columns", lambda: OH(max_categories=4, **RARE), Xrare, None, Xtrare_unseen)
case("preprocessing/one-hot-rare-ignore", "rare grouped, unseen all zero", lambda: OH(max_categories=3, **IGNORE), Xrare, None, Xtrare_unseen)
case("preprocessing/one-hot-rare-drop-first", "rare grouped, first dropped", lambda: OH(min_frequency=6, drop="first", **RARE), Xrare, None, Xtrare_unseen)
case("preprocessing/one-hot-rare-drop-binary", "grouping leaves two, one dropped", lambda: OH(max_categories=2, drop="if_binary"), Xrare, None, Xtrare)
case("preprocessing/one-hot-rare-drop-array", "a rare group and a dropped category", lambda: OH(min_frequency=6, drop=["b", "a"]), Xrare, None, Xtrare)
case("preprocessing/one-hot-rare-integers", "rare integers grouped", lambda: OH(min_frequency=5, **RARE), Xrare_int, None, Xtrare_int)
case("preprocessing/one-hot-rare-none-rare", "grouping on, nothing is rare", lambda: OH(min_frequency=1, **RARE), Xs, None, Xts_unseen)
case("preprocessing/one-hot-warn", "warns on unknown", lambda: OH(handle_unknown="warn", min_frequency=6), Xrare, None, Xtrare_unseen, first="1.7")
case("preprocessing/one-hot-columns", "fitted on a DataFrame", lambda: OH(**IGNORE), df[["color", "city", "rooms", "owner"]], None, dft_unseen[["color", "city", "rooms", "owner"]])
case("preprocessing/one-hot-columns-missing", "a DataFrame with missing strings", lambda: OH(**IGNORE), dfn[["color", "city"]], None, dftn_unseen[["color", "city"]])
case("preprocessing/one-hot-one-row", "one row asked", lambda: OH(), Xs, None, Xts[:1])
case("preprocessing/one-hot-float32", "float32 output", lambda: OH(dtype=np.float32), Xs, None, Xts)

# --- ordinal ----------------------------------------------------------------------------------------------------
OE = pp.OrdinalEncoder
UNKNOWN = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
case("preprocessing/ordinal", "string categories", lambda: OE(), Xs, None, Xts)
case("preprocessing/ordinal-unknown", "unseen categories become -1", lambda: OE(**UNKNOWN), Xs, None, Xts_unseen)
case("preprocessing/ordinal-unknown-nan", "unseen categories become NaN", lambda: OE(handle_unknown="use_encoded_value", unknown_value=np.nan), Xs, None, Xts_unseen)
case("preprocessing/ordinal-nan", "NaN stays NaN", lambda: OE(), Xs_nan, None, Xts_nan)
case("preprocessing/ordinal-none", "None is a category", lambda: OE(), Xs_none, None, Xts_none)
case("preprocessing/ordinal-encoded-missing", "missing becomes -2, unseen -1", lambda: OE(encoded_missing_value=-2, **UNKNOWN), Xs_nan, None, with_missing(Xts_unseen, np.nan, 0.2, 3))
case("preprocessing/ordinal-unseen-missing", "missing values were never seen", lambda: OE(**UNKNOWN), Xs, None, Xts_nan)
case("preprocessing/ordinal-integers", "integer categories", lambda: OE(**UNKNOWN), Xc, None, Xtc_unseen)
case("preprocessing/ordinal-floats-missing", "float categories with NaN", lambda: OE(handle_unknown="use_encoded_value", unknown_value=99, encoded_missing_value=-1), np.round(Xn[:, :2]), None, np.round(Xtn[:, :2]))
case("preprocessing/ordinal-given-categories", "given order", lambda: OE(categories=[["teal", "red", "blue", "green"], ["S", "M", "L", "XL"]]), Xs, None, Xts)
case("preprocessing/ordinal-bools", "boolean categories", lambda: OE(), np.c_[ybool, ~ybool], None, np.c_[np.resize(ybool, T), np.resize(ybool, T)])
case("preprocessing/ordinal-min-frequency", "rare categories share a code", lambda: OE(min_frequency=6, **UNKNOWN), Xrare, None, Xtrare_unseen, first="1.3")
case("preprocessing/ordinal-max-categories", "at most three codes", lambda: OE(max_categories=3), Xrare, None, Xtrare, first="1.3")
case("preprocessing/ordinal-rare-missing", "rare categories and missing values", lambda: OE(max_categories=3, encoded_missing_value=-5, **UNKNOWN), with_missing(Xrare, np.nan, 0.1, 4), None, with_missing(Xtrare_unseen, np.nan, 0.2, 5), first="1.3")
case("preprocessing/ordinal-columns", "fitted on a DataFrame with missing values", lambda: OE(**UNKNOWN), dfn[["city", "color", "rooms"]], None, dftn_unseen[["city", "color", "rooms"]])

# --- target encoder ---------------------------------------------------------------------------------------------
def te(**options):
    return lambda: pp.TargetEncoder(random_state=0, cv=3, **options)


case("preprocessing/target-binary", "binary target", te(), Xs, yb, Xts, first="1.3")
case("preprocessing/target-binary-strings", "string classes; unseen categories", te(), Xs, ys, Xts_unseen, first="1.3")
case("preprocessing/target-continuous", "regression target; unseen categories", te(target_type="continuous"), Xs, yr, Xts_unseen, first="1.3")
case("preprocessing/target-smooth", "fixed smoothing", te(smooth=3.0), Xc, yr, Xtc_unseen, first="1.3")
case("preprocessing/target-multiclass", "three classes: three columns a feature", te(), Xs, y3s, Xts_unseen, first="1.5")
case("preprocessing/target-missing", "NaN is a category", te(), Xs_nan, yb, Xts_nan, first="1.3")
case("preprocessing/target-unseen-missing", "missing values were never seen", te(), Xs, yb, Xts_nan, first="1.3")
case("preprocessing/target-columns", "fitted on a DataFrame", te(), dfn[["city", "color"]], yfn, dftn_unseen[["city", "color"]], first="1.3")

# --- labels -----------------------------------------------------------------------------------------------------
LE, LB = pp.LabelEncoder, pp.LabelBinarizer
case("preprocessing/label-encoder-strings", "string labels", lambda: LE(), y3s, None, y3s[:12])
case("preprocessing/label-encoder-integers", "integer labels", lambda: LE(), yneg, None, yneg[:12])
case("preprocessing/label-encoder-bools", "boolean labels", lambda: LE(), ybool, None, ybool[:8])
case("preprocessing/label-binarizer-binary", "two string labels: one column", lambda: LB(), ys, None, ys[:12])
case("preprocessing/label-binarizer-multi", "three labels; an unseen one is all zero", lambda: LB(), y3s, None, np.append(y3s[:12], "other"))
case("preprocessing/label-binarizer-values", "-1 and 2", lambda: LB(neg_label=-1, pos_label=2), yneg, None, np.append(yneg[:12], 3))
case("preprocessing/label-binarizer-binary-values", "-1 and 1", lambda: LB(neg_label=-1, pos_label=1), yb, None, yb[:12])
case("preprocessing/label-binarizer-sparse", "sparse output", lambda: LB(sparse_output=True), y3, None, y3[:12])
case("preprocessing/label-binarizer-one-class", "one label", lambda: LB(), np.array(["a", "a"], dtype=object), None, np.array(["a", "b", "a"], dtype=object))

# --- functions --------------------------------------------------------------------------------------------------
FT = pp.FunctionTransformer
case("preprocessing/function-none", "identity", lambda: FT(), X, None, Xt)
POSITIVE = ("log", "log10", "log2", "log1p", "sqrt", "cbrt", "reciprocal")
for name in ("log1p", "log", "log10", "log2", "sqrt", "cbrt", "exp", "expm1", "exp2", "abs", "sign", "square", "negative",
             "reciprocal", "sin", "cos", "tan", "tanh", "arctan", "arcsinh", "floor", "ceil", "rint", "trunc", "deg2rad"):  # fmt: skip
    asked = Xtp[:, :2] + 0.1 if name in POSITIVE else Xt[:, :2]
    case("preprocessing/function-" + name, "numpy." + name, lambda n=name: FT(getattr(np, n)), np.abs(X[:, :2]) + 0.1, None, asked)
case("preprocessing/function-log1p-domain", "log1p outside its domain gives NaN and -inf", lambda: FT(np.log1p), Xp[:, :2], None, np.array([[-1.0, 0.0], [-2.0, 1.0], [1e-20, 1e300]]))
case("preprocessing/function-inverse", "with an inverse and a check switched off", lambda: FT(np.log1p, inverse_func=np.expm1, check_inverse=False), Xp, None, Xtp)
case("preprocessing/function-validate", "validate=True", lambda: FT(np.sqrt, validate=True), Xp, None, Xtp)
case("preprocessing/function-columns", "fitted on a DataFrame, names one to one", lambda: FT(np.square, feature_names_out="one-to-one"), Xdf, None, Xdft, first="1.3")
case("preprocessing/function-kw-args", "numpy.clip with keyword arguments", lambda: FT(np.clip, kw_args={"a_min": -1.0, "a_max": 1.5}), X, None, Xt)

# --- beyond the first list --------------------------------------------------------------------------------------
case("preprocessing/kernel-centerer", "a kernel matrix", lambda: pp.KernelCenterer(), np.round(Xwide[:9] @ Xwide[:9].T, 6), None, np.round(Xtwide @ Xwide[:9].T, 6))
