"""The arrays every case is made from.

Only NumPy's legacy RandomState and elementwise arithmetic are used, and values are rounded to three decimals: they are
the same bytes under every NumPy version, and short in the case files.
"""

import numpy as np
import pandas as pd

rs = np.random.RandomState(20240)
N, D, T = 48, 4, 20


def rounded(a, digits=3):
    return np.round(np.asarray(a, dtype=np.float64), digits) + 0.0


SCALES, SHIFTS = np.array([1.0, 2.0, 0.5, 3.0]), np.array([0.0, 1.0, 5.0, -2.0])
X = rounded(rs.randn(N, D) * SCALES + SHIFTS)
Xt = rounded(rs.randn(T, D) * SCALES + SHIFTS)
Xt[0] = X[0]  # a training row
Xt[1] = 0.0
Xt[2] = rounded(Xt[2] * 3)  # outside the training range
X1t = Xt[5:6]

_w = np.array([1.2, -0.7, 0.9, 0.4])
_z = sum(X[:, j] * _w[j] for j in range(D)) + 0.5 * rs.randn(N)
_z = _z - np.median(_z)
yr = rounded(_z * 3 + 2)
yb = (_z > 0).astype(int)
ys = np.array(["no", "yes"], dtype=object)[yb]
ybool = yb.astype(bool)
y3 = np.digitize(_z, [-1.3, 1.3])
y3s = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y3]
yneg = np.array([-5, 0, 7])[y3]
yfloat = np.array([0.5, 1.5, 2.5])[y3]
ypos = rounded(np.abs(yr) + 0.1)
ycount = rs.poisson(np.exp(np.clip(0.4 * X[:, 0] + 0.3, -2, 2))).astype(float)
Yr2 = rounded(np.c_[yr, 2 * yr - X[:, 0] + 0.3 * rs.randn(N)])
Yr3 = rounded(np.c_[Yr2, X[:, 1] * X[:, 3]])
Yml = np.c_[yb, (X[:, 0] > 0).astype(int), (X[:, 1] - X[:, 3] > 3).astype(int)]  # multilabel indicator
Yc2 = np.c_[y3, yb]  # two outputs of different class counts
Yc2s = np.c_[y3s, ys]
weights = rounded(rs.rand(N) * 2 + 0.1)

Xn = X.copy()
Xn[rs.rand(N, D) < 0.12] = np.nan
Xtn = Xt.copy()
Xtn[rs.rand(T, D) < 0.2] = np.nan
Xtn[3] = np.nan
Xp, Xtp = np.abs(X), np.abs(Xt)
Xi = rs.randint(0, 6, size=(N, D))  # counts
Xti = rs.randint(0, 6, size=(T, D))
Xtenths = np.round(X, 1)  # float32 rounding of thresholds matters on such data
Xttenths = np.round(Xt, 1)

# Integer categories 0..3; the questions hold codes that were never seen.
Xc = rs.randint(0, 4, size=(N, 3))
Xtc = rs.randint(0, 4, size=(T, 3))
Xtc_unseen = Xtc.copy()
Xtc_unseen[2, 0], Xtc_unseen[4, 1], Xtc_unseen[6] = 9, 7, [8, 8, 8]

COLORS = np.array(["red", "green", "blue", "teal"], dtype=object)
SIZES = np.array(["S", "M", "L", "XL"], dtype=object)
Xs = np.c_[COLORS[Xc[:, 0]], SIZES[Xc[:, 1]]].astype(object)
Xts = np.c_[COLORS[Xtc[:, 0]], SIZES[Xtc[:, 1]]].astype(object)
Xts_unseen = Xts.copy()
Xts_unseen[2, 0], Xts_unseen[4, 1], Xts_unseen[6] = "pink", "XXL", ["", "s"]


def with_missing(a, marker, share, seed):
    """A copy of an object array with this share of its cells replaced by the marker."""
    out = a.copy()
    out[np.random.RandomState(seed).rand(*a.shape) < share] = marker
    return out


Xs_nan, Xts_nan = with_missing(Xs, np.nan, 0.15, 1), with_missing(Xts, np.nan, 0.2, 2)
Xs_none, Xts_none = with_missing(Xs, None, 0.15, 1), with_missing(Xts, None, 0.2, 2)

# Skewed category counts, so that min_frequency and max_categories group some.
_p = rs.choice(8, size=(N, 2), p=[0.3, 0.25, 0.2, 0.1, 0.05, 0.04, 0.03, 0.03])
_p[:8, 0] = _p[8:16, 1] = np.arange(8)  # each at least once
LETTERS = np.array(list("abcdefgh"), dtype=object)
Xrare = LETTERS[_p]
Xtrare = LETTERS[rs.randint(0, 8, size=(T, 2))]
Xtrare_unseen = Xtrare.copy()
Xtrare_unseen[1], Xtrare_unseen[3, 0] = ["zz", "zz"], "y"
Xrare_int, Xtrare_int = _p, rs.randint(0, 10, size=(T, 2))

# Wide: NumPy's pairwise summation, BLAS blocking and more than eight classes show only there.
W = 60
Xwide = rounded(rs.randn(80, W))
Xtwide = rounded(rs.randn(12, W))
ywide = rounded(sum(Xwide[:, j] * np.cos(j) for j in range(W)) + 0.1 * rs.randn(80))
y10 = np.argsort(np.argsort(ywide)) * 10 // 80
CLASSES10 = np.array(["class-%02d" % c for c in range(10)], dtype=object)
y10s = CLASSES10[y10]
# Half the rows for the models that keep their training data.
Xhalf, yhalf = Xwide[:40], ywide[:40]
y10half = np.argsort(np.argsort(yhalf)) * 10 // 40
y10shalf = CLASSES10[y10half]


def frame(n, seed, missing=0.0, unseen=False):
    """A small table of mixed columns, as people train on."""
    r = np.random.RandomState(seed)
    colors, cities = np.array(["red", "green", "blue"], dtype=object), np.array(["Oslo", "Bern", "Łódź", "São Paulo"], dtype=object)
    data = {
        "age": r.randint(18, 80, size=n).astype(float),
        "income": rounded(np.exp(r.randn(n) * 0.5 + 10), 1),
        "color": colors[r.randint(0, 3, size=n)],
        "city": cities[r.randint(0, 4, size=n)],
        "rooms": r.randint(1, 6, size=n),
        "owner": r.rand(n) < 0.4,
        "score": rounded(r.randn(n)),
    }
    for name in ("age", "income", "score"):
        data[name] = np.where(r.rand(n) < missing, np.nan, data[name])
    for name in ("color", "city"):
        data[name] = np.where(r.rand(n) < missing, np.nan, data[name]).astype(object)
    if unseen:
        data["color"][2], data["city"][4] = "purple", "Atlantis"
    return pd.DataFrame(data)


df, dft = frame(N, 5), frame(T, 6)
dfn, dftn = frame(N, 7, missing=0.12), frame(T, 8, missing=0.2)
dft_unseen = frame(T, 9, unseen=True)
dftn_unseen = frame(T, 10, missing=0.2, unseen=True)


def frame_target(f):
    return rounded(
        np.nan_to_num(f["age"].to_numpy(dtype=float)) * 0.1
        + f["rooms"].to_numpy(dtype=float) * 2
        + np.where(f["color"].to_numpy(dtype=object) == "red", 3.0, 0.0)
        + np.where(f["owner"].to_numpy(dtype=bool), 1.5, 0.0)
        + np.nan_to_num(f["score"].to_numpy(dtype=float))
    )


yf, yfn = frame_target(df), frame_target(dfn)
yfb, yfnb = (yf > np.median(yf)).astype(int), (yfn > np.median(yfn)).astype(int)
yfs = np.array(["low", "mid", "high"], dtype=object)[np.digitize(yf, np.percentile(yf, [33, 66]))]
Xdf = pd.DataFrame(X, columns=["a", "b", "c", "d"])
Xdft = pd.DataFrame(Xt, columns=["a", "b", "c", "d"])

DOCS = [
    "the quick brown fox jumps over the lazy dog",
    "Hello World, hello again! It's the FOX.",
    "café naïve résumé: a déjà-vu café",
    "brown dog, brown fox, brown hen; 3 hens & 12 eggs",
    "Straße und Größe, ÄÖÜ äöü",
    "don't stop — e-mail me at foo.bar@example.com, please",
    "the lazy dog sleeps while a fox runs, runs, runs",
    "日本語 テキスト 処理 日本語",
    "İstanbul ve ISPARTA, ığdır İzmir",
    "good movie great acting wonderful plot",
    "bad movie terrible acting awful plot",
    "good plot but bad acting in a long movie",
    "emoji 😀 party 🎉 time 😀😀",
    "tabs\tand\nnewlines  and   spaces",
    "x y z a b c 1 2 3 42 2024",
    "snake_case and CamelCase and kebab-case",
] * 2
DOCST = [
    "the FOX and the Dog",
    "hello café",
    "wholly unheard vocabulary",
    "",
    "brown brown lazy fox-dog runs 42",
    "Déjà vu, CAFÉ! cafe\u0301 nai\u0308ve",
    "STRASSE straße GRÖSSE",
    "日本語 の 処理",
    "istanbul İSTANBUL ISTANBUL ısparta i\u0307zmir",
    "😀 🎉 party😀time",
    "it's don't foo.bar@example.com e-mail",
    "  leading and trailing\t\n",
    "good terrible movie plot",
    "snake_case kebab-case 3 12 2024",
    "ﬁne ﬂuﬀy ligatures ½ ² Ⅷ ㎏",
    "Здравствуй мир привет МИР",
    "مرحبا بالعالم हिन्दी भाषा",
    "zero\u200bwidth non\u00a0breaking soft\u00adhyphen",
]
yd = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1] * 2)
yd3 = np.array(["neutral", "pos", "neg", "neutral", "pos", "neg", "neg", "pos", "neutral", "pos", "neg", "neutral", "pos", "neg", "neutral", "pos"] * 2, dtype=object)
ydr = rounded(np.cos(np.arange(len(DOCS))) * 3)
