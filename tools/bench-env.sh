#!/usr/bin/env bash
# Installs what the benchmarks compare with: wrk from Debian, vegeta from the Go modules, and a Python environment with
# Flask, FastAPI and scikit-learn. Writes their places to $CACHE/bench-env.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
mkdir -p "$cache"
sudo=''
[ "$(id -u)" = 0 ] || sudo='sudo'

if ! command -v wrk >/dev/null; then
  echo "installing Debian packages: wrk …" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
fi

vegeta="$cache/go/bin/vegeta"
if [ ! -x "$vegeta" ]; then
  echo "building vegeta …" >&2
  GOBIN="$cache/go/bin" go install github.com/tsenart/vegeta/v12@v12.13.0
fi

python=''
for candidate in python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(command -v "$candidate")
    break
  fi
done
if [ -z "$python" ]; then
  echo "the benchmarks need Python 3.11 or newer with venv: apt-get install python3 python3-venv" >&2
  exit 8
fi
lock=bench/requirements.txt
key=$( { cat "$lock"; "$python" -V; } | sha256sum | cut -c1-12)
venv="$cache/bench-python-$key"
if [ ! -f "$venv/.installed" ]; then
  echo "installing the peers' Python packages …" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --only-binary=:all: -r "$lock"
  touch "$venv/.installed"
fi
models="$cache/bench-models-$( { cat bench/train.py "$lock"; } | sha256sum | cut -c1-12)"
if [ ! -f "$models/slow.json" ]; then
  echo "fitting the models …" >&2
  "$venv/bin/python" bench/train.py "$models"
fi

cat > "$cache/bench-env" <<ENV
export LOADLINE_BENCH_PYTHON='$venv/bin/python'
export LOADLINE_BENCH_MODELS='$models'
export LOADLINE_VEGETA='$vegeta'
ENV
