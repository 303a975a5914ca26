"""The list of corpus cases and the scikit-learn version that is running."""

import sklearn

MINORS = ["1.1", "1.3", "1.5", "1.7", "1.9"]
MINOR = ".".join(sklearn.__version__.split(".")[:2])
CASES = []


def order(minor):
    return tuple(int(part) for part in minor.split("."))


def since(minor):
    """Whether the running scikit-learn is at least this minor version."""
    return order(MINOR) >= order(minor)


class Case:
    """One model to fit and the rows to ask it about."""

    def __init__(self, name, about, make, X, y, Xt, **options):
        self.name, self.about, self.make, self.X, self.y, self.Xt = name, about, make, X, y, Xt
        self.weights = options.pop("weights", None)
        self.methods = options.pop("methods", None)
        self.first = options.pop("first", MINORS[0])
        self.last = options.pop("last", MINORS[-1])
        self.exact = options.pop("exact", None)
        self.tolerance = options.pop("tolerance", None)
        self.fit = options.pop("fit", None)
        assert not options, options

    def versions(self):
        return [m for m in MINORS if order(self.first) <= order(m) <= order(self.last)]


def case(name, about, make, X, y, Xt, **options):
    """Registers a case.

    make: builds the unfitted estimator. weights: sample weights. methods: what to record, by default all it has.
    first, last: the scikit-learn minors it exists for. exact: methods that must agree to the last bit, by default as
    the contract has it. tolerance: {"rel", "abs", "reason"} where the contract's bound does not apply. fit: replaces
    the plain ``fit(X, y)``; gets the estimator and may return another one.
    """
    CASES.append(Case(name, about, make, X, y, Xt, **options))
