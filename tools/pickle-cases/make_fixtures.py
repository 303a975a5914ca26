"""Writes src/pickle/fixtures/*.json: pickles made by CPython, numpy, scipy, pandas and joblib, with what they hold.

Run with a Python that has numpy 2, scipy, pandas, pyarrow, joblib and lz4:
    python3 tools/pickle-cases/make_fixtures.py src/pickle/fixtures
"""

import base64
import collections
import datetime
import decimal
import fractions
import functools
import io
import json
import pathlib
import pickle
import sys
import uuid

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp

RNG = np.random.RandomState(0)


def b64(data):
    return base64.b64encode(data).decode()


def number(value):
    """A number as JSON; what JSON has not, as a tagged string."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        value = int(value)
        return value if abs(value) < 2**53 else {"big": str(value)}
    value = float(value)
    if value != value or value in (float("inf"), float("-inf")):
        return {"float": str(value)}
    return value


def elements(array):
    """Elements in C order."""
    kind = array.dtype.kind
    flat = array.ravel(order="C")
    if kind in "biuf":
        return [number(x) for x in flat]
    if kind == "S":
        return [x.decode("latin1") for x in flat.tolist()]
    if kind == "c":
        return None
    if kind in "Mm":
        return None
    return flat.tolist()


def dump_joblib(value, compress=0):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def samples(code):
    """Values of a dtype that show its extremes."""
    dtype = np.dtype(code)
    if dtype.kind == "b":
        return np.array([True, False, False, True, True, False])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0, 1, info.max // 3, info.min // 2], dtype)
    if dtype.kind == "f":
        info = np.finfo(dtype)
        return np.array([info.min, info.max, info.tiny, -0.0, np.nan, 1 / 3], dtype)
    return np.array([1 + 2j, -1j, 0, np.nan, 3, 4], dtype)


def array_cases():
    def case(name, array, data, source):
        return {
            "name": f"{name} {source}",
            "pickle": b64(data),
            "dtype": array.dtype.name if not array.dtype.names else "struct",
            "shape": list(array.shape),
            "elements": elements(array),
        }

    arrays = []
    codes = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
    for code in codes:
        base = samples(code)
        for order in "<>" if base.dtype.itemsize > 1 else "=":
            typed = base.astype(base.dtype.newbyteorder(order))
            matrix = typed.reshape(2, 3)
            arrays.append((f"{order}{code} C", np.ascontiguousarray(matrix)))
            arrays.append((f"{order}{code} F", np.asfortranarray(matrix)))
        arrays.append((f"{code} 0-d", base[:1].reshape(())))
    cube = np.arange(24.0).reshape(2, 3, 4)
    arrays += [
        ("cube C", cube),
        ("cube F", np.asfortranarray(cube)),
        ("cube permuted", cube.transpose(1, 2, 0)),
        ("cube strided", cube[:, ::2, 1:3]),
        ("empty", np.empty((0, 3))),
        ("empty vector", np.empty(0, "i4")),
        ("U", np.array([["a", "bé", ""], ["日本", "😀", "x" * 5]])),
        ("U F", np.asfortranarray([["a", "b", "c"], ["d", "e", "f"]])),
        (">U", np.array(["a", "bé", "日本😀"]).astype(">U5")),
        ("S", np.array([b"a", b"\xe9\x00b", b""])),
    ]
    for name, array in arrays:
        for protocol in (2, 5) if not name.startswith("f8") else range(6):
            # A deep copy inside pickle would lose the byte order of 0-d arrays; none is made here.
            yield case(name, array, pickle.dumps(array, protocol), f"protocol {protocol}")
        yield case(name, array, dump_joblib(array), "joblib")
    masked = np.ma.masked_array([1.5, 2.5, 3.5], [0, 1, 0])
    for protocol in (2, 5):
        yield case("masked", masked.data, pickle.dumps(masked, protocol), f"protocol {protocol}")
        yield case("matrix", np.arange(4.0).reshape(2, 2), pickle.dumps(np.matrix("0 1; 2 3", float), protocol), f"protocol {protocol}")
    for spec in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        # Large enough for matches far back, and for a buffer to grow; also a part that does not compress.
        big = np.concatenate([np.repeat(np.arange(40), 50), RNG.randint(0, 2**31, 300), np.arange(600)]).astype("i4")
        yield case("compressed", big, dump_joblib(big, (spec, 3)), spec)


def struct_cases():
    packed = np.dtype([("a", "u1"), ("b", "f8"), ("c", ">i4"), ("d", "U3"), ("e", "f4", (2,)), ("f", "?")])
    aligned = np.dtype([("a", "u1"), ("b", "f8"), ("c", "i2")], align=True)
    nested = np.dtype([("p", [("x", "i2"), ("y", "f8")]), ("q", "i8")])
    for name, dtype in (("packed", packed), ("aligned", aligned), ("nested", nested)):
        array = np.zeros((2, 3), dtype)
        for field in dtype.names:
            if field == "p":
                array["p"]["x"] = np.arange(6).reshape(2, 3)
                array["p"]["y"] = np.arange(6).reshape(2, 3) / 7
            elif field == "d":
                array[field] = np.array([f"s{i}" for i in range(6)]).reshape(2, 3)
            elif field == "e":
                array[field] = np.arange(12).reshape(2, 3, 2)
            else:
                array[field] = (np.arange(6) * 3 % 7).reshape(2, 3)
        for order, ordered in (("C", array), ("F", np.asfortranarray(array))):
            fields = {
                field: {"shape": list(ordered[field].shape), "elements": elements(np.ascontiguousarray(ordered[field]))}
                for field in dtype.names
                if field != "p"
            }
            for source, data in (
                ("protocol 2", pickle.dumps(ordered, 2)),
                ("protocol 5", pickle.dumps(ordered, 5)),
                ("joblib", dump_joblib(ordered)),
            ):
                yield {"name": f"{name} {order} {source}", "pickle": b64(data), "itemSize": dtype.itemsize, "fields": fields}


def scalar_cases():
    values = [np.bool_(True), np.str_("né"), np.bytes_(b"a\x00b")]
    values += [samples(code)[i] for code in ("i1", "i2", "i4", "i8", "u1", "u4", "u8", "f2", "f4", "f8") for i in (0, 1, 5)]
    for value in values:
        for protocol in (0, 2, 4, 5):
            expected = {"bytes": b64(bytes(value))} if isinstance(value, bytes) else str(value) if isinstance(value, str) else number(value)
            yield {"name": f"{value.dtype} {value!r} protocol {protocol}", "pickle": b64(pickle.dumps(value, protocol)), "value": expected}


def tagged(value):
    """A Python value as JSON with tags for what JSON has not."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": b64(bytes(value))}
    if isinstance(value, tuple):
        return {"tuple": [tagged(x) for x in value]}
    if isinstance(value, list):
        return {"list": [tagged(x) for x in value]}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted((tagged(x) for x in value), key=repr), "frozen": isinstance(value, frozenset)}
    if isinstance(value, dict):
        return {"dict": [[tagged(k), tagged(v)] for k, v in value.items()]}
    raise TypeError(type(value))


def value_cases():
    text = "a\\b\n\r\x00\x1aé日😀\u2028'\""
    values = [
        None, True, False, 0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53, -(2**53) - 1,
        2**63, -(2**63), 2**64, 10**40, -(10**40), 0.0, -0.0, 1.5, 1e300, 5e-324, 1 / 3, float("nan"), float("inf"), -float("inf"),
        "", text, "x" * 300, "\ud800", "\\u0041", "\\\\u0041", b"", b"\x00\xff" * 200, bytearray(b"ab\x80"), bytearray(),
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], list(range(1100)), {}, {"a": 1, 1: "a", (1, "x"): None, b"a": 2},
        dict.fromkeys(map(str, range(1100)), 0), set(), {1, "a"}, frozenset(), frozenset({1, "a"}), [[], ()], ((), [{}]),
        collections.OrderedDict([("b", 1), ("a", 2)]), collections.defaultdict(list, {"k": [1]}),
    ]  # fmt: skip
    for value in values:
        for protocol in range(6):
            yield {"name": f"{value!r:.40} protocol {protocol}", "pickle": b64(pickle.dumps(value, protocol)), "value": tagged(value)}


def sparse_cases():
    dense = np.array([[0, 1.5, 0, 0], [2, 0, 0, -3], [0, 0, 0, 0]])
    duplicated = sp.coo_matrix(([1.0, 2.0, 4.0, 8.0], ([0, 1, 0, 2], [3, 0, 3, 1])), (3, 4))
    unsorted = sp.csr_matrix(([1.0, 2.0, 4.0], [3, 0, 1], [0, 2, 3]), (2, 4))
    unsorted_twice = sp.csr_matrix(([1.0, 2.0, 4.0], [3, 0, 3], [0, 3, 3]), (2, 4))
    wide = sp.csr_matrix(dense)
    wide.indices = wide.indices.astype("i8")
    wide.indptr = wide.indptr.astype("i8")
    cases = {
        "csr": sp.csr_matrix(dense), "csc": sp.csc_matrix(dense), "coo": sp.coo_matrix(dense), "csr array": sp.csr_array(dense),
        "csc array": sp.csc_array(dense), "coo array": sp.coo_array(dense), "duplicated": duplicated, "unsorted": unsorted,
        "unsorted, twice": unsorted_twice, "int64 indices": wide, "int32": sp.csr_matrix(dense.astype("i4")), "empty": sp.csr_matrix((3, 4)),
    }  # fmt: skip
    for name, matrix in cases.items():
        for protocol in (2, 5):
            yield {
                "name": f"{name} protocol {protocol}",
                "pickle": b64(pickle.dumps(matrix, protocol)),
                "dense": np.asarray(matrix.todense(), float).tolist(),
            }


def index_cases():
    for name, index in {
        "object": pd.Index(["a", "b", "né"], dtype=object),
        "python strings": pd.Index(pd.array(["a", "b", "né"], dtype=pd.StringDtype("python"))),
        "mixed": pd.Index(["a", 1, None], dtype=object),
        "int64": pd.Index([3, 1, 2]),
        "float64": pd.Index([0.5, 1.5]),
        "range": pd.RangeIndex(2, 11, 3),
        "arrow": pd.DataFrame({"aa": [1], "b": ["x"], "né": [2.0]}).select_dtypes("number").columns,
        "arrow with gaps": pd.Index(pd.array(["x", None, "日本"], dtype="string[pyarrow]")),
    }.items():
        labels = [None if label is pd.NA else label for label in index.tolist()]
        for protocol in (2, 5):
            yield {"name": f"{name} protocol {protocol}", "pickle": b64(pickle.dumps(index, protocol)), "labels": labels}


def named_cases():
    """What stays a record: its name is what counts."""
    recursive = []
    recursive.append(recursive)
    loop = ([],)
    loop[0].append(loop)
    for name, value in {
        "datetime": datetime.datetime(2024, 2, 29, 1, 2, 3), "date": datetime.date(2024, 2, 29), "timedelta": datetime.timedelta(1, 2, 3),
        "time": datetime.time(1, 2), "utc": datetime.timezone.utc, "decimal": decimal.Decimal("1.5"), "fraction": fractions.Fraction(1, 3),
        "uuid": uuid.UUID(int=5), "complex": 1 + 2j, "slice": slice(1, "b", None), "partial": functools.partial(int, "7", base=8),
        "datetime64": np.datetime64("2024-02-29T01:02:03"), "dates": np.array(["2024-02-29"], "M8[D]"), "timedelta64": np.timedelta64(3, "s"),
        "log1p": np.log1p, "random state": np.random.RandomState(0), "generator": np.random.default_rng(0), "counter": collections.Counter("aab"),
        "deque": collections.deque([1, 2]), "range": range(3), "object array": np.array([1, "a", None, (1, 2)], object),
        "object matrix F": np.asfortranarray(np.array([[1, "a"], [None, 2.5]], object)), "recursive list": recursive, "recursive tuple": loop,
    }.items():  # fmt: skip
        for protocol in range(6):
            yield {"name": f"{name} protocol {protocol}", "pickle": b64(pickle.dumps(value, protocol))}
        yield {"name": f"{name} joblib", "pickle": b64(dump_joblib(value))}


def main(folder):
    for file, cases in {
        "arrays": array_cases(), "structs": struct_cases(), "scalars": scalar_cases(), "values": value_cases(),
        "sparse": sparse_cases(), "indexes": index_cases(), "named": named_cases(),
    }.items():  # fmt: skip
        made = f"numpy {np.__version__}, joblib {joblib.__version__}, pandas {pd.__version__}, Python {sys.version.split()[0]}"
        path = pathlib.Path(folder) / f"{file}.json"
        rows = ",\n".join(json.dumps(case) for case in cases)
        path.write_text(f'{{"made": {json.dumps(made)}, "cases": [\n{rows}\n]}}\n')


main(sys.argv[1])
