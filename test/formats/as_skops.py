"""Saves models of the corpus again as skops files, and says which of them skops cannot save.

    python test/formats/as_skops.py CORPUS OUT MINOR

Writes OUT/<folder>/<case>.skops and OUT/report.json: {"saved": {case: [types that skops does not trust]}, "refused": {case: why}}.
"""

import glob
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")

import joblib  # noqa: E402
import sklearn  # noqa: E402
import skops  # noqa: E402
import skops.io  # noqa: E402


def main(corpus, out, minor):
    saved, refused = {}, {}
    for path in sorted(glob.glob(os.path.join(corpus, "*", "*", minor + ".*"))):
        if path.endswith(".json"):
            continue
        case = os.path.relpath(os.path.dirname(path), corpus)
        target = os.path.join(out, case + ".skops")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            model = joblib.load(path)
            # Every other one compressed: both are zip files that skops writes.
            skops.io.dump(model, target, **({"compression": 8} if len(saved) % 2 else {}))
            saved[case] = skops.io.get_untrusted_types(file=target)
        except Exception as error:  # noqa: BLE001
            refused[case] = "%s: %s" % (type(error).__name__, error)
            if os.path.exists(target):
                os.remove(target)
    versions = {"sklearn": sklearn.__version__, "skops": skops.__version__}
    with open(os.path.join(out, "report.json"), "w", encoding="utf-8") as f:
        json.dump({"versions": versions, "saved": saved, "refused": refused}, f)


if __name__ == "__main__":
    main(*sys.argv[1:])
