#!/usr/bin/env bash
# Installs what the tests need beyond npm: Debian packages, and a Python environment with scikit-learn and the real
# clients. Writes their places to $CACHE/test-env. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
mkdir -p "$cache"
sudo=''
[ "$(id -u)" = 0 ] || sudo='sudo'

# program:package
wanted='chromium:chromium promtool:prometheus curl:curl'
missing=''
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
  echo "installing Debian packages:$missing …" >&2
  $sudo apt-get update -qq
  # Policy layer: a server package must not start its service here.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

. tools/python-env.sh
python=$(find_python)
if [ -z "$python" ]; then
  echo "installing Debian packages: python3 python3-venv …" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
  python=/usr/bin/python3
fi
test_python=$(python_env "$python" test-python test/python/requirements.txt)

cat > "$cache/test-env" <<ENV
export LOADLINE_TEST_PYTHON='$test_python'
export LOADLINE_CHROMIUM='$(command -v chromium)'
export LOADLINE_PROMTOOL='$(command -v promtool)'
ENV
