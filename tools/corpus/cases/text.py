"""Text and record vectorizers."""

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from data import *
from registry import case, since

CV, TV, HV = CountVectorizer, TfidfVectorizer, HashingVectorizer
UNICODE = ["café", "cafe\u0301", "CAFE\u0301S", "İ", "i\u0307x iy", "ıI", "ẞß", "ﬁn ﬁ", "Ⅷ ⅷ", "½ ²³", "ª º", "한국어 텍스트", "中文 字符", "ไทย ภาษา", "नमस्ते दुनिया", "a\u0308o\u0308 äö", "Ωμέγα ΟΔΟΣ", "ΣΑΣ σας", "x\u200dy", "e\u0301\u0302n"]
case("text/count", "words", lambda: CV(), DOCS, None, DOCST)
for name, about, options in (
    ("lowercase-off", "case kept", {"lowercase": False}),
    ("binary", "presence only", {"binary": True}),
    ("ngrams", "one to three words", {"ngram_range": (1, 3), "max_features": 60}),
    ("bigrams", "pairs of words only", {"ngram_range": (2, 2)}),
    ("stop-words-english", "English stop words", {"stop_words": "english"}),
    ("stop-words-list", "given stop words, bigrams", {"stop_words": ["the", "a", "and", "dog"], "ngram_range": (1, 2)}),
    ("token-pattern-single", "tokens of one letter", {"token_pattern": r"(?u)\b\w+\b"}),
    ("token-pattern-letters", "Latin letters", {"token_pattern": r"[a-zA-Z]+"}),
    ("token-pattern-not-space", "runs without a space", {"token_pattern": r"\S+"}),
    ("token-pattern-group", "a captured group", {"token_pattern": r"(?u)\b(\w\w)\w*\b"}),
    ("token-pattern-apostrophe", "words with an apostrophe or hyphen", {"token_pattern": r"(?u)\b\w[\w'-]+\b"}),
    ("token-pattern-digits", "numbers", {"token_pattern": r"\d+"}),
    ("strip-ascii", "accents stripped to ASCII", {"strip_accents": "ascii"}),
    ("strip-unicode", "accents stripped by Unicode", {"strip_accents": "unicode"}),
    ("max-features", "the eight most frequent", {"max_features": 8}),
    ("document-frequency", "in at least four and at most half of the documents", {"min_df": 4, "max_df": 0.5}),
    ("vocabulary", "a given vocabulary", {"vocabulary": ["fox", "dog", "café", "42"]}),
    ("vocabulary-dict", "a given vocabulary with its columns", {"vocabulary": {"fox": 1, "dog": 0, "movie": 2}}),
    ("char", "characters", {"analyzer": "char", "max_features": 40}),
    ("char-ngrams", "runs of two and three characters", {"analyzer": "char", "ngram_range": (2, 3), "max_features": 60}),
    ("char-wb", "characters within words", {"analyzer": "char_wb", "ngram_range": (2, 4), "max_features": 60}),
    ("char-wb-one", "single characters within words", {"analyzer": "char_wb", "max_features": 40}),
    ("char-strip", "characters without accents, case kept", {"analyzer": "char", "strip_accents": "unicode", "lowercase": False, "max_features": 40}),
    ("float32", "float32 counts", {"dtype": np.float32, "max_features": 20}),
):
    case("text/count-" + name, about, lambda o=options: CV(**o), DOCS, None, DOCST)
case("text/count-unicode", "words of many scripts, case folding", lambda: CV(token_pattern=r"(?u)\b\w+\b"), UNICODE, None, UNICODE + ["ΟΔΌΣ ΣΑΣ", "CAFÉ İI", "STRASSE Straße"])
case("text/count-unicode-strip", "many scripts, accents stripped", lambda: CV(token_pattern=r"(?u)\b\w+\b", strip_accents="unicode"), UNICODE, None, UNICODE)
case("text/count-unicode-ascii", "many scripts, stripped to ASCII", lambda: CV(token_pattern=r"(?u)\b\w+\b", strip_accents="ascii"), UNICODE, None, UNICODE)
case("text/count-unicode-char", "characters beyond the basic plane", lambda: CV(analyzer="char", ngram_range=(1, 2)), ["a😀b", "😀😀", "𝔘𝔫𝔦", "e\u0301"], None, ["😀", "b😀a", "𝔘𝔦", "é e\u0301"])
case("text/tfidf", "words", lambda: TV(), DOCS, None, DOCST)
for name, about, options in (
    ("sublinear", "logarithmic counts", {"sublinear_tf": True}),
    ("l1", "l1 norm, bigrams", {"norm": "l1", "ngram_range": (1, 2), "max_features": 40}),
    ("no-norm", "no norm", {"norm": None}),
    ("no-idf", "no idf", {"use_idf": False}),
    ("no-smooth", "idf not smoothed", {"smooth_idf": False}),
    ("binary", "presence only", {"binary": True, "stop_words": "english"}),
    ("char-wb", "characters within words", {"analyzer": "char_wb", "ngram_range": (3, 3), "max_features": 60}),
    ("unicode", "accents stripped, case kept", {"strip_accents": "unicode", "lowercase": False}),
    ("float32", "float32", {"dtype": np.float32, "max_features": 20}),
):
    extra = {"tolerance": {"rel": 1e-6, "abs": 1e-12, "reason": "scikit-learn computes in float32"}} if name == "float32" else {}
    case("text/tfidf-" + name, about, lambda o=options: TV(**o), DOCS, None, DOCST, **extra)
case("text/tfidf-transformer", "counts in, weights out", lambda: TfidfTransformer(), sp.csr_matrix(Xi), None, Xti)
case("text/tfidf-transformer-l1", "l1, sublinear", lambda: TfidfTransformer(norm="l1", sublinear_tf=True), sp.csr_matrix(Xi), None, Xti)
case("text/tfidf-pipeline", "a count vectorizer, then weights", lambda: make_pipeline(CV(), TfidfTransformer()), DOCS, None, DOCST)
case("text/hashing", "l2, alternate signs", lambda: HV(n_features=32), DOCS, None, DOCST)
for name, options in (
    ("l1", {"norm": "l1"}),
    ("no-norm", {"norm": None}),
    ("no-sign", {"norm": None, "alternate_sign": False}),
    ("binary", {"binary": True, "norm": None, "alternate_sign": False}),
    ("bigrams", {"ngram_range": (1, 2), "stop_words": "english"}),
    ("char-wb", {"analyzer": "char_wb", "ngram_range": (2, 3)}),
    ("unicode", {"strip_accents": "unicode", "norm": None}),
):
    case("text/hashing-" + name, "hashing with %s" % options, lambda o=options: HV(n_features=32, **o), DOCS, None, DOCST, exact=["transform"] if options.get("norm", "l2") is None else [])
case("text/hashing-large", "the default 2**20 columns, then a linear model", lambda: make_pipeline(HV(n_features=2**10), Ridge()), DOCS, ydr, DOCST)
RECORDS = [{"city": "Oslo", "temp": 3.5, "sunny": True}, {"city": "Bern", "temp": 12.0}, {"city": "Łódź", "wind": 4, "sunny": False}, {"temp": -2.0, "wind": 1}] * 3
ASKED = [{"city": "Oslo", "temp": 1.25}, {"city": "Paris", "temp": 2.0, "other": 5}, {"wind": 7, "sunny": True}, {}, {"city": "Łódź", "temp": 0}]
case("text/dict", "records, sparse", lambda: DictVectorizer(), RECORDS, None, ASKED)
case("text/dict-dense", "records, dense, unsorted", lambda: DictVectorizer(sparse=False, sort=False), RECORDS, None, ASKED)
case("text/dict-separator", "a separator of its own, float32", lambda: DictVectorizer(separator="::", dtype=np.float32), RECORDS, None, ASKED)
case("text/dict-lists", "lists of strings as values", lambda: DictVectorizer(sparse=False), [{"tags": ["a", "b"], "n": 1}, {"tags": ["b", "c", "c"], "n": 2}, {"tags": "d"}], None, [{"tags": ["a", "c"], "n": 5}, {"tags": "b"}, {"tags": ["zz"]}])
case("text/dict-classifier", "records, then a classifier", lambda: make_pipeline(DictVectorizer(), LogisticRegression()), RECORDS, np.array([0, 1, 1, 0] * 3), ASKED)
case("text/feature-hasher", "records hashed", lambda: FeatureHasher(16), [{"a": 1}], None, [{"a": 2.5, "b": "x", "c": -1}, {"d": "y"}, {"ключ": 3}])
