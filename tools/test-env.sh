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

python=''
for candidate in python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(command -v "$candidate")
    break
  fi
done
if [ -z "$python" ]; then
  echo "installing Debian packages: python3 python3-venv …" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
  python=$(command -v python3)
fi

lock=test/python/requirements.txt
key=$( { cat "$lock"; "$python" -V; } | sha256sum | cut -c1-12)
venv="$cache/test-python-$key"
if [ ! -f "$venv/.installed" ]; then
  echo "installing the tests' Python packages …" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --only-binary=:all: -r "$lock"
  touch "$venv/.installed"
fi

cat > "$cache/test-env" <<ENV
export LOADLINE_TEST_PYTHON='$venv/bin/python'
export LOADLINE_CHROMIUM='$(command -v chromium)'
export LOADLINE_PROMTOOL='$(command -v promtool)'
ENV
