"""Writes src/bytes/fixtures/compressed.json: one content in every compression that joblib reads or has written.

Run with a Python that has lz4:
    python3 tools/pickle-cases/make_compressed.py > src/bytes/fixtures/compressed.json
"""

import base64
import bz2
import gzip
import json
import lzma
import random
import sys
import zlib

import lz4.frame


def b64(data):
    return base64.b64encode(data).decode()


random.seed(1)
# Matches near and far, a part that does not compress, a long run, every byte.
BODY = b"pickle " * 30 + bytes(random.randrange(256) for _ in range(300)) + b"\0" * 700 + bytes(range(256))
HALVES = (BODY[:500], BODY[500:])
SIZE = b"ZF" + hex(len(BODY)).ljust(19).encode()
ZEROS = b"\0" * 100_000_000

CASES = {
    "zlib": {"level 0": zlib.compress(BODY, 0), "level 9": zlib.compress(BODY, 9)},
    "gzip": {"one member": gzip.compress(BODY, mtime=0), "two members": b"".join(gzip.compress(half, mtime=0) for half in HALVES)},
    "bz2": {"one stream": bz2.compress(BODY), "two streams": bz2.compress(HALVES[0], 1) + bz2.compress(HALVES[1], 9)},
    "xz": {
        "check crc64": lzma.compress(BODY),
        "check crc32": lzma.compress(BODY, check=lzma.CHECK_CRC32),
        "check sha256": lzma.compress(BODY, check=lzma.CHECK_SHA256),
        "no check": lzma.compress(BODY, check=lzma.CHECK_NONE),
        "two streams": b"".join(map(lzma.compress, HALVES)),
        "lc=1 lp=2 pb=0": lzma.compress(BODY, filters=[{"id": lzma.FILTER_LZMA2, "lc": 1, "lp": 2, "pb": 0}]),
    },
    "lzma": {"alone": lzma.compress(BODY, format=lzma.FORMAT_ALONE)},
    "lz4": {
        "default": lz4.frame.compress(BODY),
        "all checksums": lz4.frame.compress(BODY, content_checksum=True, block_checksum=True),
        "independent blocks, no size": lz4.frame.compress(BODY, block_linked=False, store_size=False),
        "two frames": b"".join(map(lz4.frame.compress, HALVES)),
    },
    "zfile": {"Python 3": SIZE + zlib.compress(BODY), "Python 2": SIZE + b" " + zlib.compress(BODY)},
}
# 100 MB of zeros each.
BOMBS = {"bz2": bz2.compress(ZEROS), "xz": lzma.compress(ZEROS, preset=1), "lzma": lzma.compress(ZEROS, format=lzma.FORMAT_ALONE, preset=1)}

json.dump(
    {
        "made": f"Python {sys.version.split()[0]}, lz4 {lz4.__version__}",
        "body": b64(BODY),
        "cases": [{"container": c, "name": n, "file": b64(f)} for c, files in CASES.items() for n, f in files.items()],
        "bombs": [{"container": c, "file": b64(f)} for c, f in BOMBS.items()],
    },
    sys.stdout,
    indent=0,
)
print()
