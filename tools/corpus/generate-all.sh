#!/bin/sh
# Writes the whole corpus: every pinned scikit-learn in turn, the oldest first.
# Arguments go to generate.py, for example: tools/corpus/generate-all.sh --only 'linear/*'
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/loadline/corpus
minors="1.1 1.3 1.5 1.7 1.9"

"$here/make-envs.sh" $minors
status=0
for minor in $minors; do
    "$cache/$minor/bin/python" "$here/generate.py" --out "$here/../../corpus" "$@" || status=1
done
exit $status
